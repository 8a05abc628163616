"""The longer attributes of a picture, taken apart: the thing that is shown, the pieces of an outfit, what a note counts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.phrases import article, is_light, tidy, with_article
from rolescape_data.providers.offline.pictures.kinds import STOP
from rolescape_data.records.image import VISUAL_ELEMENTS
from rolescape_data.spans import words

_BODY = r"hair|braids?|curls|feathers|beard|fur|plumage|locks|moustache|mane|coat of fur|skin|ears|tail|paws"


_HOLDS = re.compile(
    r"\b(?:hold|grip|clutch|carr|hug|press|rais|lift|grasp|clasp)(?:s|es|ies|y|ing|ping|e|ed|ped)?\b"
    r"|\bin (?:hand|(?:one|his|her|its|the other|both) (?:other )?(?:hands?|wings?|grip|arms?|fist))\b",
    re.IGNORECASE,
)


_COLOUR = (
    r"(?:(?:bright|dark|deep|pale|light|soft|vivid|dull) )?(?:[a-z]+-)?(?:red|blue|green|yellow|black|white|grey|gray|"
    r"brown|orange|purple|pink|copper|amber|golden|silver|violet|crimson|scarlet|turquoise|russet|mustard|navy|cream)"
    r"(?:-(?:yellow|blue|green|grey|brown|red))?"
)


_NUMBER = r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}"


@dataclass(frozen=True, slots=True)
class Thing:
    """The thing that is shown: phrase "a brass lantern with a lit flame", its short form, its noun, what it has."""

    phrase: str
    short: str
    noun: str
    detail: str
    held: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the outfit; `body` for hair, feathers and the like."""

    phrase: str
    noun: str
    colour: str
    body: bool


def attributes_of(given: dict[str, Any], annotation: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the attributes that say something, tidied; an annotated place stands in for an unknown setting."""
    known = {name: tidy(str(given.get(name) or "")) for name in VISUAL_ELEMENTS}
    known["setting"] = known["setting"] or tidy(str((annotation or {}).get("place_info") or ""))
    known["outfit"] = affirmed(known["outfit"])
    # "dim" and "muted" name no light and no colour by themselves.
    if known["lighting"] and not is_light(known["lighting"]):
        known["lighting"] += " light"
    return {name: phrase for name, phrase in known.items() if phrase}


def thing_of(prop: str, notes: Sequence[str] = ()) -> Thing | None:
    """Take a prop apart and tell whether the notes have it held."""
    if not prop:
        return None
    phrase = with_article(prop)
    parts = re.split(r", | (?=(?:with|that|in|on|under|at|held|to)\b)", phrase, maxsplit=1)
    short, rest = parts[0], parts[1] if len(parts) > 1 else ""
    tokens = words(short)
    several = " and " in short and not _adjectives(short)
    noun = "" if several or not tokens or not lex.is_noun(tokens[-1]) else tokens[-1].lower()
    held = bool(noun) and any(_held(note, noun) for note in notes)
    detail = rest.removeprefix("with ").split(", ")[0] if rest.startswith("with ") else ""
    return Thing(phrase, short, noun, detail, held)


def _adjectives(short: str) -> bool:
    """Whether "and" joins two adjectives ("a brass and leather spyglass") and not two things."""
    first, second = (words(part) for part in short.split(" and ", 1))
    return bool(first) and len(second) > 1 and first[-1].lower() in lex.MATERIALS | lex.COLOURS


def _held(note: str, noun: str) -> bool:
    """Whether a sentence of the note says that the thing is held: the act before it, or "in her hand" after it."""
    at = re.search(rf"\b{re.escape(noun)}\b", note, re.IGNORECASE)
    for found in _HOLDS.finditer(note):
        clear = at is not None and "," not in note[found.end() : at.start()] and at.start() - found.end() < 60
        if at is not None and (found.start() < at.start() and clear):
            return True
        if at is not None and found.group().lower().startswith("in ") and found.start() > at.start():
            return found.start() - at.end() < 40
    return False


def affirmed(outfit: str) -> str:
    """Return an outfit without what is not there: "a bare coat, no collar" -> "a bare coat"; nobody wears "no collar"."""
    parts = re.split(r",? (?:and|but) (?=(?:no|without|not)\b)|, ", outfit)
    kept = [
        part for part in parts if not re.match(r"(?:and |but )?(?:no|without|not|none|nothing|naked)\b", part)
    ]
    kept = [re.sub(r" (?:and |but )?(?:without|with no) (?:an? |any )?[\w -]+$", "", part) for part in kept]
    return ", ".join(kept)


def without_coverings(phrase: str) -> str:
    """Return hair or fur as one draws it: "a bare red-brown coat" is fur and no garment."""
    fur = re.fullmatch(r"an? (?:bare )?(.+) coat", phrase)
    return f"{fur[1]} fur" if fur else phrase


def pieces_of(outfit: str) -> tuple[Piece, ...]:
    """Cut an outfit into pieces: "a red coat with buttons, copper hair in one braid" -> the coat, the hair."""
    found: list[Piece] = []
    for part in re.split(r", (?:and )?| and (?=an? )| above | over (?=an? )", outfit):
        phrase = re.sub(r"^(?:with|and|in) ", "", part.strip())
        if not phrase:
            continue
        head = re.split(
            r" (?:with|of|in|on|over|under|above|trimmed|pushed|slipped|that|from|up|at|around|round|and)\b",
            phrase,
        )[0]
        tokens = words(head)
        noun = tokens[-1].lower() if tokens and lex.is_noun(tokens[-1]) else ""
        colour = re.search(rf"\b{_COLOUR}\b(?= )", head)
        joined = (
            " and " in phrase and bool(re.search(rf" and (?:[\w'-]+ )?{noun}", phrase)) if noun else False
        )
        # The bare coat of an animal is its fur.
        bare = re.fullmatch(r"(?:(?:an?|the|his|her|its) )?bare (.+ )?coat", phrase) is not None
        if bare:
            noun, phrase = "coat", re.sub(r"\bbare ", "", phrase)
        body = bare or (bool(noun) and re.fullmatch(_BODY, noun) is not None)
        if (
            noun in lex.CLOTHES_NOUNS
            and not noun.endswith("s")
            and not re.match(r"(?:an?|the|his|her|one) ", phrase)
        ):
            phrase = f"{article(phrase)} {phrase}"
        found.append(Piece(phrase, noun, "" if joined or not colour else colour.group(), body))
    return tuple(found)


def counts_of(note: str) -> list[tuple[str, str]]:
    """Return (number, things in the plural) that the note counts: ("six", "brass buttons")."""
    found: list[tuple[str, str]] = []
    for match in re.finditer(rf"\b(?P<number>{_NUMBER}) (?P<rest>(?:[\w'-]+ ?){{1,4}})", note, re.IGNORECASE):
        taken: list[str] = []
        for word in match["rest"].split():
            if word.lower() in STOP or word.lower() in lex.UNITS:
                break
            taken.append(word)
            more = match["rest"].split()[len(taken) : len(taken) + 1]
            plural = word.lower().endswith("s") and not word.lower().endswith(("ss", "'s"))
            # "post lamps" and "clock hands": the plural noun ends the phrase, unless another plural follows at once.
            if plural and not (
                more
                and more[0].lower().endswith("s")
                and lex.is_noun(more[0])
                and not lex.verb_lemma(more[0], "VBZ")
            ):
                things = " ".join(taken)
                if lex.is_noun(word) and more != ["of"]:
                    found.append((match["number"].lower(), things.lower()))
                break
    return found


def names(fact: str, noun: str) -> bool:
    """Whether a sentence speaks of the thing itself, and not of a "fish crate" when the thing is a fish."""
    for found in re.finditer(rf"\b{re.escape(noun)}\b(?P<after>(?: [a-z][\w-]*)?)", fact, re.IGNORECASE):
        after = found["after"].strip()
        joined = after and after not in lex.PREPOSITIONS | STOP and "NOUN" in lex.parts_of_speech(after)
        if not joined or lex.verb_lemma(after, "VBZ") or lex.verb_lemma(after, "VBD"):
            return True
    return False


# What only mentions a thing, or tells of wishes and dislikes, puts it into nobody's picture.
_MENTIONED = re.compile(
    r"\b(?:words?|names?|calls?|called|dislikes?|hates?|never|without|not|cannot|dreams?|hopes?|wants?|wishes|pretends?|fears?|afraid|offence)\b"
)
# How something looks: "Oda's coat is red", "Oda wears a red coat".
_LOOKS = r"(?:is|are|has|have|hangs?|reach(?:es)?|shows?|looks?|comes? down|consists?)\b"


def goes_with(fact: str, noun: str) -> bool:
    """Whether a fact tells that a thing or place belongs to somebody, so that seeing it there calls the fact to mind."""
    return names(fact, noun) and not _MENTIONED.search(fact)


def looks_like(fact: str, noun: str, owners: Iterable[str]) -> bool:
    """Whether a fact tells how a thing that somebody wears looks; "Oda's cap blew off the pier" does not."""
    if not names(fact, noun) or _MENTIONED.search(fact):
        return False
    own = "|".join(re.escape(owner) for owner in owners)
    return bool(
        re.match(rf"(?:{own})['’]s (?:[\w'’-]+ ){{0,3}}{re.escape(noun)} {_LOOKS}", fact)
        or re.search(r" (?:wears|has|ties) ", fact)
    )

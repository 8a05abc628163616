"""What is known of one picture -> its parts: who, face, pose, place, light, thing, clothes, framing, counts.

Nothing is seen here. Attributes are phrases that people typed ("standing with one arm stretched out to point"), so a
part is known only where the words say it; every class below is a list of words, and no match means unknown.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.names import Name, names_of
from rolescape_data.providers.offline.phrases import article, capital, is_light, placed, shape_of, tidy, with_article
from rolescape_data.providers.offline.profile import plain
from rolescape_data.records.image import VISUAL_ELEMENTS
from rolescape_data.spans import sentences, words

_MOODS = {
    "worry": r"worr|anxious|concern|uneasy|afraid|frighten|fear",
    "sorrow": r"\bsad|\btears?\b|weep|sorrow|crying|mourn|grie[fv]",
    "anger": r"angr|scowl|\bglar|furious|fierce|rebuke|\brage|bitter|bared teeth",
    "surprise": r"startl|surpris|astonish|shock|\bgape|amaz|stunned",
    "weariness": r"sleep|drows|yawn|tired|weary",
    "mirth": r"laugh|mirth|giggl",
    "pride": r"proud|smirk|smug|haughty",
    "good will": r"smil|\bgrin|pleased|friendly|cheerful",
    "calm": r"calm|serene|grave|watchful|stern|searching|earnest|thoughtful",
}
_POSTURES = {
    "kneeling": r"kneel|on (?:one|both|his|her|its) knees?\b",
    "crouching": r"crouch|hunker|squat",
    "sitting": r"\bsit(?:s|ting)?\b|seated|perche[sd]|perching|enthroned",
    "walking": r"walk|strid|stalk|mid-step|march|\brun(?:s|ning)?\b",
    "lying down": r"\blying\b|\blies\b|reclin",
    "standing": r"\bst(?:ands?|anding|ood)\b|upright|braced|on one leg|single leg",
}
_GESTURES = {
    "point": r"\bpoint",
    "raise": r"\b(?:rais|lift|reach|thrust)\w*(?: up)? (?:one|a|an|both|his|her|its|up)\b|overhead|above (?:the|his|her|its) head|aloft",
    "chest": r"\bchest\b|\bbreast\b|gathered",
    "balance": r"on one leg|single leg",
    "hip": r"\bhips?\b",
    "rest": r"at ease|at the side|facing us|relaxed|lowered arms",
}
TIMES = {
    "early morning": r"dawn|sunrise|morning",
    "midday": r"\bnoon|midday",
    "dusk": r"\bdusk|twilight",
    "night": r"\bnight|moon|midnight",
    "evening": r"evening|sunset|golden hour",
}
WEATHERS = {
    "rainy": r"\brain",
    "snowy": r"\bsnow",
    "stormy": r"\bstorm",
    "misty": r"\bmist|\bfog",
    "clear": r"clear sky",
}
_FRAMINGS = {
    "full": r"full figure|whole figure|from head to foot|full-length",
    "three-quarter": r"three-quarter figure|three-quarter view",
    "half": r"half figure|waist-up|hips up|half-length",
    "close": r"\bclose\b|close-up|portrait|head and (?:chest|shoulders)|\bbust\b",
}
_SIDE = re.compile(
    r"(?:set to|placed to|on|at) the (?P<at>left|right)\b|(?P<of>left|right) of (?:the )?(?:middle|centre|center)"
    r"|(?:in|at) the (?P<mid>middle|centre|center)\b|\b(?P<centred>centred|centered)\b"
)
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
_STOP = frozenset(
    "a an the of in on at to by with and or its his her their one two three for from into under above over behind beside "
    "between before below against across along among around near up down out as is are was were that which very".split()
)


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


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, taken apart. Unknown parts are ''."""

    name: Name
    she: str
    her: str
    hers: str
    known: dict[str, str]
    notes: tuple[str, ...]
    file: str
    own: bool
    thing: Thing | None
    pieces: tuple[Piece, ...]
    mood: str
    posture: str
    gesture: str
    time: str
    weather: str
    framing: str
    framed: str
    side: str
    sided: str
    counts: tuple[tuple[str, str], ...] = field(default=())

    def seed(self, *texts: str) -> int:
        """Return a stable number for this picture and these texts."""
        return stable(self.file, *texts)

    @property
    def told(self) -> str:
        """Every word that is known of the picture, in lower case."""
        return " ".join([*self.known.values(), *self.notes]).casefold()

    def fill(self, frame: str, **given: str) -> str:
        """Fill a frame: {n} name, {s}/{S} subject, {o} object, {p}/{P} owner, and what else is given ({x}, {X} ...)."""
        fields = {"n": self.name.short, "s": self.she, "o": self.her, "p": self.hers, **given}
        fields |= {key.upper(): capital(value) for key, value in fields.items() if len(key) == 1}
        # A quotation that ends in a mark of its own needs no full stop after it.
        return re.sub(r"([?!…]”)\.$", r"\1", frame.format(**fields))


def look_of(block: dict[str, Any]) -> Look:
    """Take apart the picture of a request's block; `shows` there says whether it belongs to this character alone."""
    character, image = block["character"], block["image"]
    notes = _notes(image)
    facts = [str(fact["text"]) for fact in block.get("facts") or []]
    texts = [str(block.get("description") or ""), str(block.get("personality") or ""), *facts, *notes]
    name = names_of(character, texts)
    she, her, hers = _pronouns(name)
    known = attributes_of(image.get("attributes") or {}, image.get("annotation") or {})
    note = " ".join(notes)
    framed, sided, side = _framing(known.get("composition", ""))
    pose = known.get("pose", "")
    light = " ".join(known.get(key, "") for key in ("lighting", "setting"))
    return Look(
        name=name,
        she=she,
        her=her,
        hers=hers,
        known=known,
        notes=tuple(notes),
        file=str(image["file"]),
        own=block.get("shows", "character") == "character",
        thing=thing_of(known.get("prop", ""), notes),
        pieces=pieces_of(known.get("outfit", "")),
        mood=class_of(known.get("expression", ""), _MOODS),
        posture=class_of(pose, _POSTURES),
        gesture=class_of(pose, _GESTURES),
        time=class_of(known.get("lighting", ""), TIMES),
        weather=class_of(light, WEATHERS),
        framing=class_of(framed, _FRAMINGS),
        framed=framed,
        side=side,
        sided=sided,
        counts=tuple(counts_of(note)),
    )


def attributes_of(given: dict[str, Any], annotation: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the attributes that say something, tidied; an annotated place stands in for an unknown setting."""
    known = {name: tidy(str(given.get(name) or "")) for name in VISUAL_ELEMENTS}
    known["setting"] = known["setting"] or tidy(str((annotation or {}).get("place_info") or ""))
    # "dim" and "muted" name no light and no colour by themselves.
    if known["lighting"] and not is_light(known["lighting"]):
        known["lighting"] += " light"
    return {name: phrase for name, phrase in known.items() if phrase}


def stable(*texts: str) -> int:
    """Return the same large number for the same texts, on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(texts).encode()).digest()[:8], "big")


def class_of(phrase: str, classes: dict[str, str]) -> str:
    """Return the first class whose words stand in the phrase, '' for none."""
    return next(
        (name for name, pattern in classes.items() if re.search(pattern, phrase, re.IGNORECASE)), ""
    )


def mood_of(phrase: str) -> str:
    """Return the feeling that an expression shows, '' where the words name none."""
    return class_of(phrase, _MOODS)


def posture_of(phrase: str) -> str:
    """Return how a body is held: standing, sitting ..., '' where the words do not say."""
    return class_of(phrase, _POSTURES)


def gesture_of(phrase: str) -> str:
    """Return what arms or legs do: point, raise ..., '' where the words do not say."""
    return class_of(phrase, _GESTURES)


def time_of(phrase: str) -> str:
    """Return the time of day that a light tells of, '' where the words do not say."""
    return class_of(phrase, TIMES)


def framing_of(phrase: str) -> tuple[str, str]:
    """Return how much is shown and on which side, '' for unknown."""
    framed, _, side = _framing(phrase)
    return class_of(framed, _FRAMINGS), side


def content(phrase: str) -> frozenset[str]:
    """Return the words that carry meaning, without plural endings."""
    found = (word for token in words(phrase.casefold()) for word in token.split("-"))
    return frozenset(word.removesuffix("s") for word in found if word not in _STOP and len(word) > 2)


def brief(light: str) -> str:
    """Return the light without what is in the air: "pink dawn light through drifting sea mist" -> "pink dawn light"."""
    return re.split(r" (?:through|with|among|in|under|against) ", light)[0]


def place_head(setting: str) -> str:
    """Return the place without what stands in it: "the round lamp room beside its lens" -> "the round lamp room"."""
    head = re.split(r",| with | above | beside | behind | below | under | between | before | in front of | crowded | dotted | full of ", setting)[0]
    return head if head.strip() else setting


def place_noun(setting: str) -> str:
    """Return the noun to look a place up by: "lamp room", "pier", "salt flats"; '' for an empty background."""
    if re.match(r"(?:before|against|in front of) a", setting):
        return ""
    head = re.sub(r"^(?:inside|in|on|at|behind|under|near|by) ", "", place_head(setting))
    head = re.sub(r"^(?:the )?(?:end|edge|foot|top|deck|middle|plank walk) of ", "", head)
    tokens = [token for token in words(head) if token.lower() not in _STOP]
    if not tokens:
        return ""
    broad = {"room", "street", "office", "tower", "house", "place", "face", "flats", "market", "stall", "deck", "hall"}
    return " ".join(tokens[-2:]) if tokens[-1].lower() in broad and len(tokens) > 1 else tokens[-1]


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


def pieces_of(outfit: str) -> tuple[Piece, ...]:
    """Cut an outfit into pieces: "a red coat with buttons, copper hair in one braid" -> the coat, the hair."""
    found: list[Piece] = []
    for part in re.split(r", (?:and )?| and (?=an? )| above | over (?=an? )", outfit):
        phrase = re.sub(r"^(?:with|and|in) ", "", part.strip())
        if not phrase:
            continue
        head = re.split(
            r" (?:with|of|in|on|over|under|above|trimmed|pushed|slipped|that|from|up|at|around|round|and)\b", phrase
        )[0]
        tokens = words(head)
        noun = tokens[-1].lower() if tokens and lex.is_noun(tokens[-1]) else ""
        colour = re.search(rf"\b{_COLOUR}\b(?= )", head)
        joined = " and " in phrase and bool(re.search(rf" and (?:[\w'-]+ )?{noun}", phrase)) if noun else False
        body = bool(noun) and re.fullmatch(_BODY, noun) is not None
        if noun in lex.CLOTHES_NOUNS and not noun.endswith("s") and not re.match(r"(?:an?|the|his|her|one) ", phrase):
            phrase = f"{article(phrase)} {phrase}"
        found.append(Piece(phrase, noun, "" if joined or not colour else colour.group(), body))
    return tuple(found)


def clothes(look: Look) -> str:
    """Return what is worn as one phrase; '' where only hair or feathers are known."""
    worn = [piece.phrase for piece in look.pieces if not piece.body]
    if not any(piece.body for piece in look.pieces):
        whole = look.known.get("outfit", "")
        lead, comma, last = whole.rpartition(", ")
        bare = comma and not re.match(r"(?:and|with|in|over|under) ", last) and " and " not in last
        return f"{lead}, and {last}" if bare else whole
    if len(worn) < 2:
        return worn[0] if worn else ""
    return ", ".join(worn[:-1]) + f" and {worn[-1]}"


def looks(look: Look) -> Piece | None:
    """Return the hair, feathers or the like, if the outfit tells of them."""
    return next((piece for piece in look.pieces if piece.body), None)


def counts_of(note: str) -> list[tuple[str, str]]:
    """Return (number, things in the plural) that the note counts: ("six", "brass buttons")."""
    found: list[tuple[str, str]] = []
    for match in re.finditer(rf"\b(?P<number>{_NUMBER}) (?P<rest>(?:[\w'-]+ ?){{1,4}})", note, re.IGNORECASE):
        taken: list[str] = []
        for word in match["rest"].split():
            if word.lower() in _STOP or word.lower() in lex.UNITS:
                break
            taken.append(word)
            more = match["rest"].split()[len(taken) : len(taken) + 1]
            plural = word.lower().endswith("s") and not word.lower().endswith(("ss", "'s"))
            # "post lamps" and "clock hands": the plural noun ends the phrase, unless another plural follows at once.
            if plural and not (more and more[0].lower().endswith("s") and lex.is_noun(more[0]) and not lex.verb_lemma(more[0], "VBZ")):
                things = " ".join(taken)
                if lex.is_noun(word) and more != ["of"]:
                    found.append((match["number"].lower(), things.lower()))
                break
    return found


def names(fact: str, noun: str) -> bool:
    """Whether a sentence speaks of the thing itself, and not of a "fish crate" when the thing is a fish."""
    for found in re.finditer(rf"\b{re.escape(noun)}\b(?P<after>(?: [a-z][\w-]*)?)", fact, re.IGNORECASE):
        after = found["after"].strip()
        joined = after and after not in lex.PREPOSITIONS | _STOP and "NOUN" in lex.parts_of_speech(after)
        if not joined or lex.verb_lemma(after, "VBZ") or lex.verb_lemma(after, "VBD"):
            return True
    return False


def face_clause(look: Look, *, short: bool = False) -> str:
    """Return the expression as a clause: "she has a proud smirk", "he looks sad"; '' when unknown.

    Args:
        look: the picture.
        short: leave out what follows a comma or "with", unless nothing of the feeling would be left.
    """
    phrase = look.known.get("expression", "")
    if not phrase:
        return ""
    head = re.split(r", | with | under ", phrase)[0]
    face = with_article(head if short and mood_of(head) == look.mood else phrase)
    verb = {"noun": "has", "doing": "is", "place": "is", "quality": "looks"}[shape_of(face)]
    return f"{look.she} {verb} {face}"


def pose_clause(look: Look) -> str:
    """Return the pose so that "is" can stand before it; '' when unknown."""
    phrase = with_article(look.known.get("pose", ""))
    return f"in {phrase}" if phrase and shape_of(phrase) == "noun" else phrase


def place_clause(look: Look) -> str:
    """Return where it is: "in the round lamp room"; '' when unknown."""
    return placed(look.known["setting"]) if "setting" in look.known else ""


def quote(text: str, prefer: str = "", limit: int = 14, *, nth: int = 0) -> str:
    """Return one whole short sentence of what is said, in quotation marks; '' if none is short.

    Args:
        text: what is said.
        prefer: the sentence that shares most words with it comes first, then the one with more to say.
        limit: words at most.
        nth: 1 for the second best, so that two questions need not quote the same words.
    """
    clean = re.sub(r"[“”\"]", "'", " ".join(text.split()))
    short = [s.text for s in sentences(clean) if 3 <= len(words(s.text)) <= limit] or (
        [clean] if len(words(clean)) <= limit else []
    )
    if not short:
        return ""
    wanted = content(prefer)
    ranked = sorted(
        short, key=lambda one: (-len(content(one) & wanted), -min(len(words(one)), 6), short.index(one))
    )
    return f"“{ranked[nth % len(ranked)].rstrip('.')}”"


def _notes(image: dict[str, Any]) -> list[str]:
    found = [plain(s.text) for s in sentences(str(image.get("note") or "")) if s.kind == "statement"]
    return list(dict.fromkeys(found))


def _pronouns(name: Name) -> tuple[str, str, str]:
    if "she" in name.pronouns:
        return "she", "her", "her"
    if "he" in name.pronouns:
        return "he", "him", "his"
    return name.short, name.short, f"{name.short}'s"


def _framing(composition: str) -> tuple[str, str, str]:
    """Return what is shown ("a waist-up view"), where it stands ("left of the middle"), and its side."""
    match = _SIDE.search(composition)
    framed = composition
    sided = side = ""
    if match:
        side = match["at"] or match["of"] or "middle"
        sided = re.sub(r"^(?:set|placed) ", "", match.group()).replace("centred", "in the centre")
        sided = re.sub(r"^to the", "on the", sided).replace("centered", "in the centre")
        # "half figure on the left, the staff on the right" places the figure by its first words alone.
        framed = composition[: match.start()].rstrip(" ,") or composition
    framed = framed.split(", ")[0]
    return (with_article(framed) if class_of(framed, _FRAMINGS) else ""), sided, side

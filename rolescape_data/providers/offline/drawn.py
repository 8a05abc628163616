"""Turns what is noted of a picture into the words that would draw it again: a comma list, and one plain sentence.

Both say who is drawn and in what clothes first. Every part comes in several forms, the whole phrase and its heads; all
begin with the head, and grow while there is room, so that long phrases of style and place never push out the coat.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.providers.offline.english.names import names_of
from rolescape_data.providers.offline.phrases import (
    article,
    capital,
    clip_tokens,
    lead_of,
    placed,
    shape_of,
    with_article,
)
from rolescape_data.providers.offline.pictures.kinds import brief, place_head, with_air
from rolescape_data.providers.offline.pictures.parts import pieces_of, without_coverings
from rolescape_data.providers.offline.profile import known_names
from rolescape_data.spans import words

INSTRUCTION_WORDS = 50
INSTRUCTION_ITEMS = 5
INSTRUCTION_TOKENS = 77
CAPTION_WORDS = (15, 40)

# What grows first where there is room, and what is left out first where even the heads are too much.
_GROWS = (
    "pose",
    "lighting",
    "expression",
    "outfit",
    "body",
    "kind",
    "setting",
    "composition",
    "prop",
    "colour",
    "style",
)
_GOES = ("style", "colour", "gesture", "prop", "composition", "pose")
_ORDER = ("expression", "pose", "prop", "setting", "lighting", "colour", "composition", "style")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is drawn: name, kind ("an old grey heron", '' unknown), what is worn and hair or feathers, each from head to whole."""

    name: str
    kind: str
    worn: tuple[str, ...]
    body: tuple[str, ...]


def subject_of(block: dict[str, Any], known: dict[str, str]) -> Subject:
    """Put together who is drawn from the character's description and the picture's outfit."""
    outfit = known.get("outfit", "")
    pieces = pieces_of(outfit)
    worn = [piece.phrase for piece in pieces if not piece.body]
    heads = [_piece_head(phrase) for phrase in worn]
    forms = dict.fromkeys(form for form in (_listed(heads), _listed(worn)) if form)
    body = [without_coverings(piece.phrase) for piece in pieces if piece.body]
    bodies = dict.fromkeys(
        form for form in (_listed([_piece_head(phrase) for phrase in body]), _listed(body)) if form
    )
    return Subject(str(block["character"]["name"]), kind_of(block), tuple(forms), tuple(bodies))


def kind_of(block: dict[str, Any]) -> str:
    """Say what the character is ("a keeper of the tide lamp") from its description; '' where it does not say.

    "of" and what follows belongs to it, unless that is a name, which nobody can draw.
    """
    either = "|".join(re.escape(name) for name in known_names(block["character"]))
    text = re.sub(r"\s*\([^()]*\)", "", str(block.get("description") or ""))
    ends = r"(?= (?:who|that|which|with|in|at|from|on|by|for|of|and)\b|[,.;])"
    of = r"(?: of (?:(?:an?|the|all|its|his|her|their) )?(?:[a-z][\w-]* ){0,2}?[a-z][\w-]*)?"
    found = re.search(
        rf"\b(?:{either}) (?:is|was) (?:an?|the) ((?:[\w-]+ ){{0,5}}?[\w-]+(?:{of}))(?<! of){ends}", text
    )
    phrase = found[1] if found else ""
    # The shortest reading stops before "and": "a charismatic and confident dog" goes on to its noun.
    longer = re.search(rf"\b(?:{either}) (?:is|was) (?:an?|the) ([\w-]+ and [\w-]+ [\w-]+){ends}", text)
    phrase = longer[1] if longer and longer[1].startswith(f"{phrase} and ") else phrase
    return f"{article(phrase)} {phrase}" if phrase else ""


def instruction(block: dict[str, Any], known: dict[str, str], seed: int) -> str | None:
    """Write the comma list of at most 50 words and 77 CLIP tokens; None with fewer than five items."""
    who = subject_of(block, known)
    forms = _forms(known)
    # An age is the last that a drawing needs.
    forms["kind"] = tuple(dict.fromkeys([_ageless(who.kind), who.kind])) if who.kind else (_figure(block),)
    # Rain and snow are drawn; a list has room for them.
    if "lighting" in forms:
        least = with_air(lead_of(known["lighting"]))
        forms["lighting"] = tuple(form for form in forms["lighting"] if len(form) >= len(least))

    def build(chosen: dict[str, str]) -> list[str]:
        figure = chosen["kind"]
        dressed = f"{figure} in {chosen['outfit']}" if "outfit" in chosen else figure
        lead = ", ".join(part for part in (dressed, chosen.get("body", "")) if part)
        items = [lead, *(chosen[name] for name in _ORDER if name in chosen)]
        # The picture's seed decides which item leads, or every instruction for a character would open alike.
        first = seed // 11 % len(items)
        return [items[first], *items[:first], *items[first + 1 :]]

    forms |= {part: given for part, given in (("outfit", who.worn), ("body", who.body)) if given}
    chosen = _grown(forms, lambda found: fits(build(found)))
    return listed(build(chosen))


def listed(items: Sequence[str]) -> str | None:
    """Join items to one comma list; the longest go while it is over 50 words or 77 CLIP tokens."""
    kept = [re.sub(r"[\"“”]|[!?.]+$", "", item.strip()) for item in items if item.strip()]
    while kept and not fits(kept):
        kept.remove(max(kept, key=len))
    text = ", ".join(kept)
    return text if len(text.split(", ")) >= INSTRUCTION_ITEMS and len(kept) > 3 else None


def fits(items: Sequence[str]) -> bool:
    """Whether items joined to a list stay within 50 words and 77 CLIP tokens."""
    text = ", ".join(items)
    return len(words(text)) <= INSTRUCTION_WORDS and clip_tokens(text) <= INSTRUCTION_TOKENS


def plain_caption(block: dict[str, Any], known: dict[str, str], seed: int) -> str | None:
    """Describe the picture in one plain phrase of 15 to 40 words that names who it is, and in what clothes."""
    who = subject_of(block, known)
    forms = _forms(known)
    forms |= {part: given for part, given in (("outfit", who.worn), ("body", who.body)) if given}
    orders = (
        ("subject", "pose", "expression", "prop", "setting", "lighting"),
        ("lighting:", "subject", "pose", "prop", "setting", "expression"),
        ("setting", "subject", "pose", "expression", "prop", "lighting"),
        ("style:", "subject", "pose", "expression", "prop", "setting"),
        ("pose", "subject", "expression", "prop", "setting", "lighting"),
        ("expression", "subject", "pose", "prop", "setting", "lighting"),
        ("composition:", "subject", "pose", "expression", "prop", "setting"),
        ("setting:", "subject", "prop", "pose", "expression", "lighting"),
    )
    order = orders[seed % len(orders)]
    if who.kind:
        # An age is the last that a drawing needs.
        forms["kind"] = tuple(dict.fromkeys([_ageless(who.kind), who.kind]))

    def build(chosen: dict[str, str]) -> str:
        kind = f", {chosen['kind']}" if "kind" in chosen else ""
        body = f" with {chosen['body']}" if "body" in chosen else ""
        worn = f"{',' if body else ''} in {chosen['outfit']}" if "outfit" in chosen else ""
        subject = f"{who.name}{kind}{body}{worn}"
        told = {name: _said(name, phrase) for name, phrase in chosen.items()} | {"subject": subject}
        parts = [(mark, told.get(mark.rstrip(":"), "")) for mark in order]
        if not parts[0][1]:
            # Its lead fell out for want of room; with the name in its place too many would open alike.
            parts = [("setting:", told.get("setting", "")), *(part for part in parts if part[0] != "setting")]
        text = ""
        last = ""
        for mark, part in parts:
            if part.startswith("with ") and last.startswith("with "):
                text = f"{text.removesuffix(', ')} and {part.removeprefix('with ')}, "
            elif part:
                text = f"{text}{part}{': ' if mark.endswith(':') else ', '}"
            last = part or last
        return text.rstrip(",: ")

    def room(chosen: dict[str, str]) -> bool:
        return len(words(build(chosen))) <= CAPTION_WORDS[1]

    used = {mark.rstrip(":") for mark in order} | {"outfit", "body", "kind"}
    text = build(_grown({name: found for name, found in forms.items() if name in used}, room))
    for extra in ("colour", "style", "lighting", "composition"):
        if len(words(text)) < CAPTION_WORDS[0] and extra in known and extra not in used:
            text = f"{text}, {known[extra]}"
    return f"{capital(text)}." if CAPTION_WORDS[0] <= len(words(text)) <= CAPTION_WORDS[1] else None


def _said(element: str, phrase: str) -> str:
    """Make an element stand behind a subject: "with a worried frown", "on the deck", "with a brass lantern"."""
    if element == "setting":
        return placed(phrase)
    whole = with_article(phrase) if element in ("expression", "pose", "prop") else phrase
    if element == "pose":
        return f"in {whole}" if shape_of(whole) == "noun" else whole
    return (
        f"with {whole}"
        if element == "prop" or (element == "expression" and shape_of(whole) == "noun")
        else whole
    )


def _grown(forms: dict[str, tuple[str, ...]], room: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """Choose one form per part: heads first, of which some go if even they are too much; then what still has room grows."""
    # Of the pose only a last resort leaves the gesture out: "standing with one arm stretched out to point".
    chosen = {name: found[-1] if name == "pose" else found[0] for name, found in forms.items()}
    for name in _GOES:
        if room(chosen):
            break
        if name == "gesture" and "pose" in chosen:
            chosen["pose"] = forms["pose"][0]
        chosen.pop(name, None)
    # One long part may have pushed out several; what fits beside the rest comes back.
    for name in reversed(_GOES):
        if name in forms and name not in chosen and room(chosen | {name: forms[name][0]}):
            chosen[name] = forms[name][0]
    for name in _GROWS:
        for longer in forms.get(name, ())[1:] if name in chosen else ():
            if room(chosen | {name: longer}):
                chosen[name] = longer
    return chosen


def _forms(known: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return every part but the outfit in its forms, the head first and the whole phrase last."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _ORDER:
        if name in known:
            whole = known[name]
            found[name] = tuple(dict.fromkeys([*_heads(name, whole, known.get("outfit", "")), whole]))
    # "Holding a drawn sword, with a drawn sword": a thing that the pose has is told again only where more is told of it.
    told = set(words(known.get("pose", "")))
    found["prop"] = tuple(
        form for form in found.pop("prop", ()) if not set(words(form)) <= told | {"a", "an", "the"}
    )
    return {name: forms for name, forms in found.items() if forms}


def _heads(element: str, phrase: str, outfit: str) -> list[str]:
    lead = lead_of(phrase)
    if element == "lighting":
        return [brief(lead), with_air(lead)]
    if element == "setting":
        return [place_head(phrase)]
    if element == "colour":
        front, _, back = phrase.partition(" against ")
        # "a red coat against cold blues": the coat is told of already, and the blues remain.
        worn = bool(back) and words(front)[-1] in words(outfit)
        return [back if worn else phrase]
    if element == "composition":
        side = phrase.split(", ")[1:2]
        head = re.split(r" from ", lead)[0]
        return [head, ", ".join([head, *side])]
    if element == "pose":
        posture = lead.split(" with ")[0]
        return [posture, lead] if shape_of(posture) == "doing" else [lead]
    return [re.split(r" (?:with|that|(?:from )?under|in|on|to)\b", lead)[0] or lead, lead]


def _piece_head(phrase: str) -> str:
    """Return a garment without its trimmings; hair that it sits on stays."""
    head = re.split(r" (?:with|of|over|under|trimmed|that|from|around|round)\b", phrase)[0]
    return re.sub(r" (?:pushed|slipped) up (?:in|on)to ", " on ", head)


def _ageless(kind: str) -> str:
    """Return a kind without its age: "a seventeen-year-old apprentice" -> "an apprentice"."""
    bare = re.sub(r"^an? [\w-]+-year-old ", "", kind)
    return kind if bare == kind else f"{article(bare)} {bare}"


def _figure(block: dict[str, Any]) -> str:
    """Name somebody of whom no description says what they are, by the pronouns of the texts."""
    texts = [str(block.get("description") or ""), str(block.get("personality") or "")]
    pronouns = names_of(block["character"], texts).pronouns
    return "a female figure" if "she" in pronouns else "a male figure" if "he" in pronouns else "a figure"


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"

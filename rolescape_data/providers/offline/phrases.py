"""Makes the visual attributes that people type fit into sentences: "angry", "a worried frown", "on one knee".

An attribute is a noun phrase, an adjective, a participle or a prepositional phrase; each needs its own frame.
"""

import re
from typing import Literal

Shape = Literal["noun", "doing", "place", "quality"]

_DETERMINER = re.compile(
    # "three-quarter figure" counts nothing.
    r"(?:an?|the|his|her|its|their|one|two|three|four|both|no|some|many)\b(?!-)",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"(?:in|inside|on|at|under|behind|below|beneath|beside|between|before|down|up|against|among|amid|by|near|outside|over|"
    r"above|with|within|across|along|around)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:smile|frown|grin|scowl|smirk|glare|look|stare|expression|face|laugh|crouch|figure|view|portrait|close-up|shot|"
    r"illustration|poster|painting|drawing|sketch|photograph|photo|lantern|book|sword|staff|room|street|forest|hall)\b"
)
_ON = r"pier|plank|deck|flats|stairs?|street|quay|beach|bridge|hill|road|roof|field|platform|shore|rampart|meadow"
_IN = r"room|workshop|office|market|tower|hall|forest|house|kitchen|library|garden|cave|cell|studio|alley|wood|city|town"
_LIGHT = re.compile(
    r"(?:light|sun|moon|lamplight|moonlight|sunlight|daylight|candlelight|glow|dusk|dawn|shade|shadows?|fire|lantern|rays?)\w*",
    re.IGNORECASE,
)


def shape_of(phrase: str) -> Shape:
    """Tell whether a phrase is a noun phrase, a doing ("kneeling ..."), a place ("on one knee") or a quality ("angry")."""
    first = re.split(r"[ ,]", phrase, maxsplit=1)[0].lower()
    if _DETERMINER.match(phrase):
        return "noun"
    if first.endswith("ing") and first not in (
        "evening",
        "morning",
        "king",
        "ring",
        "string",
        "building",
        "ceiling",
    ):
        return "doing"
    if _PREPOSITION.match(phrase):
        return "place"
    return "noun" if _COUNTED.search(re.split(r",| with | from | of | in ", phrase)[0]) else "quality"


def tidy(phrase: str) -> str:
    """Strip spaces, end marks and quotation marks; a lower-case start where the first word is no name."""
    phrase = re.sub(r"[\"“”]", "", " ".join(phrase.split())).strip(" .;,:!")
    starts = re.match(r"(?:An?|The|In|On|At|With|[A-Z][a-z]+ing)\b", phrase)
    return phrase[:1].lower() + phrase[1:] if starts else phrase


def with_article(phrase: str) -> str:
    """Put "a" or "an" before a bare countable phrase ("full figure" -> "a full figure"); others stay."""
    head = re.split(r",| with | from | of | in | to ", phrase)[0]
    # The pattern ends at a word's end, so that "half figures" is not counted.
    countable = _COUNTED.search(head)
    if shape_of(phrase) in ("doing", "place") or _DETERMINER.match(phrase) or not countable:
        return phrase
    return f"{article(phrase)} {phrase}"


def lead_of(phrase: str) -> str:
    """Return what stands before the first comma; both sides where that cuts adjectives off: "a stern, searching look"."""
    lead, comma, rest = phrase.partition(", ")
    noun = re.match(rf"(?:[\w-]+ ){{0,2}}{_COUNTED.pattern}(?=$|,| (?:with|from|under|of|in)\b)", rest)
    half = comma and _DETERMINER.match(phrase) and not _DETERMINER.match(rest) and not _COUNTED.search(lead)
    return f"{lead}, {lead_of(rest)}" if half and noun else lead


def article(word: str) -> str:
    """Return the indefinite article that fits a word."""
    return "an" if re.match(r"(?:[aeio]|un(?!i)|hour|honest|heir)", word, re.IGNORECASE) else "a"


def placed(setting: str) -> str:
    """Make a place tell where: "the lamp room" -> "in the lamp room"; "inside the tower" stays."""
    if _PREPOSITION.match(setting):
        return setting
    head = re.split(r",| with | above | beside | behind | below | under | in front ", setting)[0]
    if re.match(r"(?:the )?(?:end|edge|foot|top|door|entrance|mouth)\b", head):
        return f"at {setting}"
    last = max(
        ((match.start(), word) for word, nouns in (("on", _ON), ("in", _IN)) for match in re.finditer(rf"\b(?:{nouns})\b", head)),
        default=(0, "at"),
    )  # fmt: skip
    return f"{last[1]} {with_article(setting)}"


def is_light(phrase: str) -> bool:
    """Whether a phrase names the light itself ("pink dawn light") and not only its quality ("dim")."""
    return bool(_LIGHT.search(phrase))


def capital(phrase: str) -> str:
    """Begin with a capital letter."""
    return phrase[:1].upper() + phrase[1:]


def clip_tokens(text: str) -> int:
    """Estimate CLIP tokens, start and end included: one per mark and short word, more for long ones. Errs high."""
    pieces = re.findall(r"[A-Za-z]+|\d|[^\sA-Za-z\d]+", text)
    return 2 + sum(1 + (len(piece) > 6) + (len(piece) > 11) for piece in pieces)

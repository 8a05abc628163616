"""Names where they do not belong: in words that should draw a picture, and in annotations of a cast.

79 % of RoleScape-20's generation instructions name the character (counted), which no image model knows; MMRole's
`role_info` names whoever is on a picture from left to right.
"""

import re
from collections.abc import Iterable

from rolescape_data.gates.base import Context, measured, name_pattern, plain
from rolescape_data.records import Caption, ImageRecord, Measurement, Record
from rolescape_data.records.visual import ImageAnnotation
from rolescape_data.spans import folded

# A full stop belongs to initials and titles alone: "Dr. Pell", "J. Pike".
_CAPITAL = r"(?:(?:Dr|Mr|Mrs|Ms|St|Prof|Capt|Sgt|[A-Z])\.|[A-ZÀ-ÖØ-Þ][\w'’-]*)"
_SEQUENCE = re.compile(rf"{_CAPITAL}(?:\s+(?:(?:of|the|de|da|di|van|von|al|le|la)\s+){{0,2}}{_CAPITAL})*")
_NO_NAME = frozenset(
    ["a", "an", "the", "from", "left", "right", "in", "on", "at", "and", "with", "to", "behind", "beside", "next", "center", "centre", "middle", "foreground", "background", "both", "two", "three", "four", "five", "several", "another", "one", "he", "she", "they", "it", "his", "her", "their", "there", "this", "that", "these", "those", "some", "no", "only", "i"]
)  # fmt: skip
# Parts of names that are words of everyday speech, and so give nobody away alone.
_COMMON_PARTS = frozenset(
    ["man", "woman", "boy", "girl", "king", "queen", "lord", "lady", "sir", "captain", "doctor", "professor", "prince", "princess", "general", "master", "miss", "mister", "uncle", "aunt", "father", "mother", "brother", "sister", "saint", "iron", "black", "white", "red", "green", "blue", "grey", "gray", "great", "little", "old", "young", "the", "bright", "rose", "will", "may", "june", "april", "august", "summer", "winter", "soldier", "machine", "widow", "keeper", "america"]
)  # fmt: skip
_VAGUE = re.compile(
    r"\b(?:character|person|figure|individual|man|woman|subject|speaker) (?:\d+|[A-E]|one|two|three)\b|"
    r"\bthe (?:person|figure|one|individual|man|woman|character) (?:on|to|at) the (?:far )?(?:left|right)\b|"
    r"\bthe (?:left|right|middle|left-hand|right-hand|leftmost|rightmost|central) (?:person|figure|one|individual|character|"
    r"man|woman)\b|"
    r"\bthe (?:first|second|third|fourth|other) (?:person|figure|individual|character)\b",
    re.IGNORECASE,
)


def leaked_names(text: str, names: Iterable[str], titles: Iterable[str] = ()) -> list[str]:
    """List names and titles that stand in `text` as written (letter case counts: "Quill" is no quill)."""
    pattern = name_pattern((*names, *titles))
    return [match.group() for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", plain(text))]


def perception_names(text: str, names: Iterable[str], titles: Iterable[str] = ()) -> list[str]:
    """List what a perception of a video must not hold: names, aliases, their telling parts, and film titles.

    Rules of EBM-RL's perception prompt (arXiv 2605.04733), section 3.2 of its appendix: no names at all. Case does not
    count for whole names; a part ("Potter") counts when it is capitalised and no everyday word.
    """
    whole = tuple(names)
    parts = {
        part
        for name in whole
        for part in name.split()
        if len(part) > 3 and part[:1].isupper() and part.casefold() not in _COMMON_PARTS
    }
    flat = plain(text)
    found = [
        match.group()
        for match in re.finditer(rf"(?<!\w){name_pattern((*whole, *titles))}(?!\w)", flat, re.IGNORECASE)
        # "the keeper" is an alias and a description both; only the capitalised form names somebody.
        if match.group() != match.group().lower() or " " in match.group()
    ]
    covered = " ".join(found)
    return found + [part for part in leaked_names(text, sorted(parts)) if part not in covered]


def vague_labels(text: str) -> list[str]:
    """List labels that point at nobody: "Character 1", "the person on the left", "the middle figure"."""
    return [match.group() for match in _VAGUE.finditer(plain(text))]


def instruction_names(record: Record, context: Context) -> list[Measurement]:
    """Count names of characters, and titles, in the words that should draw the picture."""
    if not isinstance(record, Caption):
        return []
    names = [name for known in context.names.values() for name in known]
    found = leaked_names(record.generation_instruction, names, context.titles)
    return [measured(record, "instruction_names", len(found), "; ".join(found))]


def role_names(record: Record, context: Context) -> list[Measurement]:
    """Count names in `role_info` that are neither of the script's cast, nor declared, nor anywhere in the material.

    Silent where nothing is annotated; finds nothing in writing without capital letters.
    """
    declared: tuple[str, ...] = ()
    if isinstance(record, ImageAnnotation):
        text = record.role_info
    elif isinstance(record, ImageRecord):
        text, declared = record.annotation.role_info, tuple(record.characters_present)
    else:
        return []
    if not text:
        return []
    known = [*context.cast.get(record.character_id, ()), *context.titles, *declared]
    strangers = [
        name
        for name in unknown_names(text, known)
        # Places and ships that the character's own documents speak of stand in role_info too.
        if not any(name in source for source in context.sources.values())
    ]
    return [measured(record, "role_names", len(strangers), "; ".join(strangers))]


def unknown_names(text: str, known: Iterable[str]) -> list[str]:
    """List runs of capitalised words in `text` that are no name of `known`, nor part of one, nor hold one."""
    cast = [f" {folded(name)} " for name in known if name.strip()]
    flat = plain(text)
    found: list[str] = []
    for match in _SEQUENCE.finditer(flat):
        tokens = match.group().rstrip(".'").removesuffix("'s").split()
        while tokens and tokens[0].casefold() in _NO_NAME:
            tokens.pop(0)
        opens = not flat[: match.start()].strip() or flat[: match.start()].rstrip()[-1] in ".!?:"
        name = " " + folded(" ".join(tokens)) + " "
        # One capitalised word at the start of a sentence is capitalised for that alone.
        if (
            not tokens
            or not name.strip()
            or (opens and len(match.group().split()) == 1 and len(flat.split()) > 2)
        ):
            continue
        if not any(name in whole or whole in name for whole in cast):
            found.append(" ".join(tokens))
    return found

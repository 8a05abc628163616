"""What a character is called in its facts, and the pronouns that stand for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """What a character is called, longest first, and its pronouns where its facts show them."""

    full: str
    forms: tuple[str, ...]
    pronouns: frozenset[str] = frozenset()

    @property
    def short(self) -> str:
        """The form most texts use: the first alias or first word that is a name."""
        return self.forms[-1]


def names_of(character: dict[str, object], texts: Sequence[str]) -> Name:
    """Return the forms of a character's name that stand in its facts, with the pronouns that go with it."""
    full = str(character["name"])
    aliases = character.get("aliases")
    given = [full, *(str(alias) for alias in aliases)] if isinstance(aliases, list) else [full]
    first = full.split(maxsplit=1)[0]
    if first[:1].isupper() and first.lower() not in {
        "the",
        "a",
        "an",
        "mr",
        "mrs",
        "dr",
        "prince",
        "princess",
        "queen",
    }:
        given.append(first)
    forms = tuple(sorted({form for form in given if form}, key=lambda form: (-len(form), form)))
    joined = " ".join(texts).lower()
    her, his = (
        len(re.findall(pattern, joined)) for pattern in (r"\b(?:she|her|hers)\b", r"\b(?:he|his|him)\b")
    )
    feminine, masculine = (
        frozenset({"she", "her", "hers", "herself"}),
        frozenset({"he", "him", "his", "himself"}),
    )
    pronouns = feminine if her > 2 * his else masculine if his > 2 * her else frozenset[str]()
    return Name(full, forms, pronouns)

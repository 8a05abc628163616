"""A spec -> a caption of some of its details, what the caption says, and the same caption with one false detail."""

import random
from dataclasses import dataclass, replace
from typing import Any

from examples.drawing.vocabulary import (
    ACCENTS,
    CHARACTERS,
    EXPRESSIONS,
    FRAMINGS,
    LIGHTS,
    PLACES,
    POSES,
    PROPS,
    SIDES,
    WEATHERS,
    PictureSpec,
    describe,
)

FIELDS: dict[str, tuple[str, ...]] = {
    "character": CHARACTERS,
    "pose": POSES,
    "expression": EXPRESSIONS,
    "place": PLACES,
    "prop": PROPS,
    "light": LIGHTS,
    "accent": ACCENTS,
    "weather": WEATHERS,
    "framing": FRAMINGS,
    "side": SIDES,
}
"""What a picture can differ in, and all values of each."""

# What a slot of `describe` says about a picture. Wordings of faces, poses and clothes tell the character too.
SAYS: dict[str, frozenset[str]] = {
    "expression": frozenset({"expression", "character"}),
    "pose": frozenset({"pose", "character"}),
    "setting": frozenset({"place"}),
    "lighting": frozenset({"light", "weather"}),
    "colour": frozenset({"accent", "character", "light"}),
    "composition": frozenset({"framing", "side"}),
    "prop": frozenset({"prop"}),
    "outfit": frozenset({"accent", "character"}),
    "style": frozenset(),
}
SLOTS = tuple(SAYS)

KINDS: dict[str, str] = {
    "colour": "accent",
    "expression": "expression",
    "prop": "prop",
    "place": "place",
    "pose": "pose",
    "light": "light",
    "character": "character",
}
"""Kinds of false detail, and the field of the spec that each changes."""

_SUBJECTS: dict[str, tuple[str, ...]] = {
    "oda-wren": ("Oda Wren", "Oda", "Oda Wren", "the lamp keeper", "a thirty-four-year-old keeper"),
    "tobin-ash": (
        "Tobin Ash",
        "Tobin",
        "Tobin Ash",
        "the clock mender's boy",
        "a seventeen-year-old apprentice",
    ),
    "quill": ("Quill", "Quill", "the heron", "an old grey heron", "a grey heron in a cap"),
}
_BEFORE: dict[str, tuple[str, ...]] = {
    "expression": ("with ", "", "showing ", "with the face "),
    "setting": ("in ", "at ", "on ", ""),
    "prop": ("with ", "holding ", "", "carrying "),
    "outfit": ("wearing ", "in ", ""),
    "lighting": ("in ", "", "under "),
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a caption is put together, so that another picture can be described in the same way."""

    slots: tuple[str, ...]
    seed: int
    named: bool

    @property
    def fields(self) -> frozenset[str]:
        """The fields of a spec that a caption of this form tells."""
        told = frozenset().union(*(SAYS[slot] for slot in self.slots))
        return told | {"character"} if self.named else told


def form(rng: random.Random, *, least: int = 2, most: int = 7) -> Form:
    """Draw a form of `least` to `most` slots in the usual or any order; seven fit a window of 77 tokens."""
    count = rng.randint(least, most)
    slots = tuple(rng.sample(SLOTS, count))
    if rng.random() < 0.5:
        slots = tuple(slot for slot in SLOTS if slot in slots)
    return Form(slots, rng.randrange(1 << 30), named=rng.random() < 0.75)


def caption(spec: PictureSpec, how: Form) -> str:
    """Say what a picture shows, as a sentence or as a comma list."""
    rng = random.Random(how.seed)
    said = describe(replace(spec, seed=how.seed))
    subject = rng.choice(_SUBJECTS[spec.character])
    as_list = rng.random() < 0.35
    at = rng.randint(0, 1)
    pieces = [
        said[slot] if as_list else rng.choice(_BEFORE.get(slot, ("",))) + said[slot] for slot in how.slots
    ]
    if how.named:
        pieces.insert(0 if as_list else at, subject)
    text = (", " if as_list else rng.choice((", ", ", ", " "))).join(pieces)
    return text[:1].upper() + text[1:] + ("" if as_list else ".")


def falsified(spec: PictureSpec, kind: str, rng: random.Random) -> PictureSpec:
    """Return the spec with one detail of this kind exchanged for another."""
    name = KINDS[kind]
    worn = spec.worn_accent if name == "accent" else getattr(spec, name)
    changed: Any = {name: rng.choice([value for value in FIELDS[name] if value != worn])}
    if name == "character":
        # The accent is the picture's own: only who is seen changes.
        changed["accent"] = spec.worn_accent
    return replace(spec, **changed)

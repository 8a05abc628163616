"""What is noted of a picture -> MMRole's three fields (AnnotationAnswer): who, where, what is going on.

Only note and attributes speak here. Who is to be seen beside the character is told where the note names somebody of
the cast, and "alone" only where the note says so.
"""

import re
from typing import Any

from rolescape_data.providers.offline.phrases import capital
from rolescape_data.providers.offline.pictures.kinds import backdrop
from rolescape_data.providers.offline.pictures.look import (
    Look,
    clothes,
    face_clause,
    look_of,
    place_clause,
    pose_clause,
)
from rolescape_data.spans import words

ROLE_WORDS, PLACE_WORDS, SCENE_WORDS = 40, 15, 60  # RECIPES part 5


_ALONE = re.compile(r"\b(?:alone|all by (?:him|her|it)self|nobody else|no one else)\b", re.IGNORECASE)


def annotation(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write an AnnotationAnswer; None when neither note nor attributes say anything.

    Args:
        block: character, image, shows ("character" or "script"), cast: names of everybody who speaks beside them.
        keys: none; it is one answer.
    """
    if block["character"].get("lang", "en") != "en":
        return None
    look = look_of(block)
    if not look.known and not look.notes:
        return None
    return {
        "role_info": _role(look, [str(name) for name in block.get("cast") or []]),
        "place_info": _place(look),
        "scene_info": _scene(look),
    }


_DRESSED = (
    "{p}{a}, in {w}.",
    "{p}{a}, who wears {w}.",
    "{p}{a}, dressed in {w}.",
    "{p} is to be seen{a}, in {w}.",
    "Wearing {w}: {p}{a}.",
)


def _role(look: Look, cast: list[str]) -> str:
    note = " ".join(look.notes)
    here = [
        name for name in cast if name not in look.name.forms and re.search(rf"\b{re.escape(name)}\b", note)
    ]
    named = [look.name.full] if look.own or any(form in note for form in look.name.forms) else []
    people = [*named, *here]
    if not people:
        return ""
    if here:
        return f"{', '.join(people[:-1])} and {people[-1]}." if len(people) > 1 else f"{people[0]}."
    worn = clothes(look)
    alone = ", alone" if _ALONE.search(note) and look.own else ""
    frames = _DRESSED if worn and look.own else ("{p}{a}.",)
    text = capital(frames[look.seed("role") % len(frames)].format(p=people[0], a=alone, w=worn))
    return text if len(words(text)) <= ROLE_WORDS else f"{people[0]}{alone}."


def _place(look: Look) -> str:
    """Return the place; a backdrop such as "a plain white background" is none."""
    place = look.known.get("setting", "")
    if backdrop(place):
        return ""
    return capital(place) if len(words(place)) <= PLACE_WORDS else ""


def _scene(look: Look) -> str:
    """Return as many whole sentences of the note as fit; without a note, the attributes as one sentence."""
    kept: list[str] = []
    for note in look.notes:
        if len(words(" ".join([*kept, note]))) > SCENE_WORDS:
            break
        kept.append(note)
    if kept or not look.own:
        return " ".join(kept)
    parts = [part for part in (pose_clause(look), place_clause(look)) if part]
    told = f"{look.name.full} is {', '.join(parts)}" if parts else ""
    face = face_clause(look)
    if told and face:
        told = f"{told}, and {face}"
    told = told or capital(face)
    light = look.known.get("lighting", "")
    if light:
        told = f"{told}; there is {light}" if told else f"There is {light}"
    return f"{told}." if told and len(words(told)) <= SCENE_WORDS else ""

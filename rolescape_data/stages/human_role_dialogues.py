"""Passages of a script with a picture -> talks between a person and the character, six messages and more."""

import re
from collections.abc import Sequence
from typing import Any

from rolescape_data.materials import Line
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.records import CharacterProfile, HumanRoleDialogue, ImageRecord, Turn
from rolescape_data.records.answers import HumanRoleAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    image_block,
    numbered,
    read_answer,
    request,
    scene_of,
    shows,
    spoken,
)
from rolescape_data.stages.beside import cells_beside, in_turn, one_each

MIN_MESSAGES = 6
MAX_MESSAGES = 22


def human_role_dialogues(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    *,
    cast: Sequence[str] = (),
    generic: Sequence[ImageRecord] = (),
) -> Result:
    """Make the talks that the contract asks for: so many, or one beside each picture; and one beside each generic one.

    Scenes come first in which none of the set's other characters (`cast`) speaks, and that show a picture not talked about
    yet: talks among characters are a kind of their own. A character without scenes is asked about its
    pictures alone, which the offline writer leaves open.
    """
    places = _places(setting, images, cast)
    context = gate_context(setting, [profile.id, *(image.id for image in [*images, *generic])])
    # Two pictures of one scene may lead to the same talk.
    told: set[tuple[str, ...]] = set()

    def ask(image: ImageRecord, passage: Sequence[Line] = ()) -> Request:
        return request(setting, _block(setting, profile, image, passage), images=[image])

    def make(name: str, image: ImageRecord, outcome: Outcome) -> HumanRoleDialogue | str | None:
        answer, reason = read_answer(setting, outcome)
        if not isinstance(answer, HumanRoleAnswer):
            return reason
        words = tuple(message.text for message in answer.messages)
        if words in told or _meant_for_another(setting, answer, cast):
            return None
        told.add(words)
        return HumanRoleDialogue(
            id=name,
            image_id=image.id,
            messages=[
                Turn(
                    speaker="human" if message.speaker == "human" else setting.material.id,
                    text=message.text,
                    evidence=next(iter(spoken(setting, message.text)), None),
                )
                for message in answer.messages
            ],
            **common_fields(setting, outcome, [profile.id, image.id]),
        )

    if setting.contract.per_image:
        beside: dict[str, list[Line]] = {}
        for image, passage in places:
            beside.setdefault(image.id, passage)
        kept, rejects = one_each(
            setting,
            images,
            ask=lambda image: ask(image, beside.get(image.id, [])),
            make=make,
            kept=[],
            context=context,
        )
    else:
        kept, rejects = in_turn(
            setting,
            places,
            wanted=setting.contract.cells()["count"],
            ask=lambda place: ask(*place),
            make=lambda name, place, outcome: make(name, place[0], outcome),
            context=context,
        )
    more, bad = one_each(setting, generic, ask=ask, make=make, kept=kept, context=context)
    note = "no further scene shows a picture while one person and the character take turns"
    return Result(
        numbered([*kept, *more], f"{setting.material.id}_talk"),
        rejects + bad,
        cells_beside(setting, len(images), len(kept), len(more), note),
    )


def _block(
    setting: Setting, profile: CharacterProfile, image: ImageRecord, passage: Sequence[Line]
) -> dict[str, Any]:
    return {
        "character": character_block(setting),
        "description": profile.description,
        "personality": profile.personality,
        "speech_style": profile.speech_style,
        "image": image_block(image),
        "passage": [
            {"speaker": _shown(setting, line), "text": line.text, "image": line.image} for line in passage
        ],
        "min_messages": MIN_MESSAGES,
        "max_messages": MAX_MESSAGES,
    }


def _meant_for_another(setting: Setting, answer: HumanRoleAnswer, cast: Sequence[str]) -> bool:
    """Say whether the character calls the person by the name of somebody else of the set: then it talks with that one."""
    spoken_to = " ".join(message.text for message in answer.messages if message.speaker != "human")
    called = "|".join(re.escape(name) for name in cast if name not in setting.material.names)
    return bool(called) and bool(re.search(rf", (?:{called})[.,?!]|\b(?:{called})!", spoken_to))


def _shown(setting: Setting, line: Line) -> str:
    """Return the speaker, the character itself always under its full name."""
    names = {name.casefold() for name in setting.material.names}
    return setting.material.entry.name if line.speaker.casefold() in names else line.speaker


def _places(
    setting: Setting, images: Sequence[ImageRecord], cast: Sequence[str]
) -> list[tuple[ImageRecord, list[Line]]]:
    """Return (picture, scene) pairs: scenes without the cast first, new pictures before known ones."""
    scenes: dict[str, list[Line]] = {}
    for line in setting.material.lines:
        scenes.setdefault(scene_of(line), []).append(line)
    found: list[tuple[ImageRecord, list[Line]]] = []
    for passage in scenes.values():
        shown = {image.id: image for line in passage for image in images if shows(line, image.path)}
        # A scene may show several pictures, and hold a talk beside each.
        found += [(image, passage) for image in shown.values()]
    if not found:
        return [(image, []) for image in images]
    others = {name.casefold() for name in cast}
    # Sorting keeps the scenes' order within the two groups.
    found.sort(key=lambda place: any(line.speaker.casefold() in others for line in place[1]))
    seen: set[str] = set()
    fresh: list[tuple[ImageRecord, list[Line]]] = []
    again: list[tuple[ImageRecord, list[Line]]] = []
    for image, passage in found:
        (again if image.id in seen else fresh).append((image, passage))
        seen.add(image.id)
    return fresh + again

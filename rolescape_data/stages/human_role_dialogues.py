"""Passages of a script with a picture -> talks between a person and the character, six messages and more."""

import re
from collections.abc import Sequence

from rolescape_data.materials import Line
from rolescape_data.records import CharacterProfile, HumanRoleDialogue, ImageRecord, Rejected, Turn
from rolescape_data.records.answers import HumanRoleAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
    cells,
    character_block,
    common_fields,
    dropped,
    gate_context,
    image_block,
    numbered,
    read_answer,
    request,
    scene_of,
    shows,
    spoken,
)

MIN_MESSAGES = 6
MAX_MESSAGES = 22


def human_role_dialogues(
    setting: Setting, profile: CharacterProfile, images: Sequence[ImageRecord], *, cast: Sequence[str] = ()
) -> Result:
    """Ask scene by scene, each with the picture shown in it, until the contract is met or the scenes end.

    Scenes come first in which none of the set's other characters (`cast`) speaks, and that show a picture not talked about
    yet: talks among characters are a kind of their own. A character without scenes is asked about its
    pictures alone, which the offline writer leaves open.
    """
    wanted = setting.contract.cells(len(images))["count"]
    places = _places(setting, images, cast)
    kept: list[HumanRoleDialogue] = []
    rejects: list[Rejected] = []
    context = gate_context(setting, [profile.id, *(image.id for image in images)])
    # Two pictures of one scene may lead to the same talk.
    told: set[tuple[str, ...]] = set()
    at = 0
    while len(kept) < wanted and at < len(places):
        asked = places[at : at + wanted - len(kept)]
        at += len(asked)
        requests = [
            request(
                setting,
                {
                    "character": character_block(setting),
                    "description": profile.description,
                    "personality": profile.personality,
                    "speech_style": profile.speech_style,
                    "image": image_block(image),
                    "passage": [
                        {"speaker": _shown(setting, line), "text": line.text, "image": line.image}
                        for line in passage
                    ],
                    "min_messages": MIN_MESSAGES,
                    "max_messages": MAX_MESSAGES,
                },
                images=[image],
            )
            for image, passage in asked
        ]
        candidates: list[HumanRoleDialogue] = []
        for (image, _), outcome in zip(asked, setting.writer.write(requests), strict=True):
            answer, reason = read_answer(setting, outcome)
            name = f"p{at}_{len(candidates) + len(rejects)}"
            if not isinstance(answer, HumanRoleAnswer):
                if outcome.raw:
                    rejects.append(dropped(setting, name, outcome.raw, [reason]))
                continue
            words = tuple(message.text for message in answer.messages)
            if words in told or _meant_for_another(setting, answer, cast):
                continue
            told.add(words)
            candidates.append(
                HumanRoleDialogue(
                    id=f"{setting.material.id}_human_role_{name}",
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
            )
        admitted, more = admit(setting, kept, candidates, context)
        kept.extend(admitted)
        rejects.extend(more)
    note = "no further scene shows a picture while one person and the character take turns"
    records = numbered(kept, f"{setting.material.id}_talk")
    return Result(records, rejects, cells(setting, {"count": wanted}, {"count": len(records)}, note))


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

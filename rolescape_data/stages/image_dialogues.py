"""A picture and what is said beside it -> one exchange per picture."""

from collections.abc import Sequence
from typing import Any

from rolescape_data.materials import Line
from rolescape_data.records import CharacterProfile, ImageDialogue, ImageRecord, Rejected
from rolescape_data.records.answers import ImageDialogueAnswer
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
    image_name,
    read_answer,
    request,
    scene_of,
    shows,
    spoken,
)


def image_dialogues(setting: Setting, profile: CharacterProfile, images: Sequence[ImageRecord]) -> Result:
    """Make one exchange beside every picture that the material carries one for."""
    blocks = [
        {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "speech_style": profile.speech_style,
            "image": image_block(image),
            "spoken_beside": _spoken_beside(setting, image),
        }
        for image in images
    ]
    requests = [request(setting, block, images=[image]) for block, image in zip(blocks, images, strict=True)]
    outcomes = setting.writer.write(requests)
    candidates: list[ImageDialogue] = []
    rejects: list[Rejected] = []
    for image, outcome in zip(images, outcomes, strict=True):
        name = image_name(setting, image)
        answer, reason = read_answer(setting, outcome)
        if isinstance(answer, ImageDialogueAnswer):
            candidates.append(
                ImageDialogue(
                    id=f"{setting.material.id}_imgdlg_{name}",
                    image_id=image.id,
                    user_text=answer.user_text,
                    response=answer.response,
                    evidence=spoken(setting, answer.user_text, answer.response),
                    **common_fields(setting, outcome, [profile.id, image.id]),
                )
            )
        elif outcome.raw:
            rejects.append(dropped(setting, name, outcome.raw, [reason]))
    context = gate_context(setting, [profile.id, *(image.id for image in images)])
    records, more = admit(setting, [], candidates, context)
    wanted = setting.contract.cells(len(images))
    note = "no line of the character that fits is spoken beside the other pictures"
    return Result(records, rejects + more, cells(setting, wanted, {"count": len(records)}, note))


def _spoken_beside(setting: Setting, image: ImageRecord) -> list[dict[str, Any]]:
    """Return the character's lines shown with a picture, and the line before each."""
    mine = {name.casefold() for name in setting.material.names}
    found: list[dict[str, Any]] = []
    before: Line | None = None
    for line in setting.material.lines:
        if before is not None and scene_of(before) != scene_of(line):
            before = None
        if line.speaker.casefold() in mine and shows(line, image.path):
            other = before is not None and before.speaker.casefold() not in mine
            shown = {"speaker": before.speaker, "text": before.text} if other and before is not None else None
            found.append({"before": shown, "reply": line.text})
        before = line
    return found

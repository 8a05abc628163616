"""A picture and one of a pool of questions -> what goes through the character's mind before it (MMRole)."""

from collections.abc import Sequence
from typing import Any

from rolescape_data.records import CharacterProfile, Commentary, ImageRecord, Rejected
from rolescape_data.records.answers import CommentaryAnswer
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
    shows,
    spoken,
)


def commentaries(
    setting: Setting, profile: CharacterProfile, images: Sequence[ImageRecord], questions: Sequence[str]
) -> Result:
    """Ask picture by picture until the contract is met or the pictures end.

    Args:
        setting: the stage's collaborators.
        profile: the character's.
        images: its pictures; those with something long spoken beside them come first.
        questions: one for each commentary wanted, dealt evenly from the pool; none when the pool has no such language.
    """
    wanted = setting.contract.cells(len(images))["count"]
    free = list(questions)
    beside = {image.id: _spoken_beside(setting, image) for image in images}
    rounds = -(-wanted // len(images)) if images and setting.contract.per_image else 1
    places = sorted(images, key=lambda image: not beside[image.id]) * rounds
    kept: list[Commentary] = []
    rejects: list[Rejected] = []
    context = gate_context(setting, [profile.id, *(image.id for image in images)])
    at = 0
    while free and len(kept) < wanted and at < len(places):
        asked = list(zip(places[at : at + wanted - len(kept)], free, strict=False))
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
                    "question": question,
                    "spoken_beside": beside[image.id],
                },
                images=[image],
            )
            for image, question in asked
        ]
        candidates: list[Commentary] = []
        for (image, question), outcome in zip(asked, setting.writer.write(requests), strict=True):
            answer, reason = read_answer(setting, outcome)
            name = f"p{at}_{len(candidates) + len(rejects)}"
            if isinstance(answer, CommentaryAnswer):
                candidates.append(
                    Commentary(
                        id=f"{setting.material.id}_commentary_{name}",
                        image_id=image.id,
                        question=question,
                        reply=answer.reply,
                        evidence=spoken(setting, answer.reply),
                        **common_fields(setting, outcome, [profile.id, image.id]),
                    )
                )
            elif outcome.raw:
                rejects.append(dropped(setting, name, outcome.raw, [reason]))
        admitted, more = admit(setting, kept, candidates, context)
        kept.extend(admitted)
        rejects.extend(more)
        # A question that came to nothing is asked again beside another picture: the pool stays evenly used.
        for record in admitted:
            free.remove(record.question)
    note = (
        "nothing of 60 words or more that stands alone is spoken beside the other pictures"
        if questions
        else f"qa/commentary_questions.yaml has no questions in the language '{setting.material.entry.lang}'"
    )
    records = numbered(kept, f"{setting.material.id}_comment")
    return Result(records, rejects, cells(setting, {"count": wanted}, {"count": len(records)}, note))


def _spoken_beside(setting: Setting, image: ImageRecord) -> list[dict[str, Any]]:
    """Return what the character says beside a picture."""
    return [{"reply": line.text} for line in setting.material.own_lines() if shows(line, image.path)]

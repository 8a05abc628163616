"""A picture and one of a pool of questions -> what goes through the character's mind before it (MMRole)."""

from collections.abc import Callable, Sequence
from typing import Any

from rolescape_data.gates import Context
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.records import CharacterProfile, Commentary, ImageRecord, Rejected
from rolescape_data.records.answers import CommentaryAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
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
from rolescape_data.stages.beside import cells_beside, one_each


def commentaries(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    questions: Sequence[str],
    *,
    generic: Sequence[ImageRecord] = (),
) -> Result:
    """Ask picture by picture until the contract is met or the pictures end.

    Args:
        setting: the stage's collaborators.
        profile: the character's.
        images: its pictures; those with something long spoken beside them come first.
        questions: one for each commentary wanted, dealt evenly from the pool; none when the pool has no such language.
        generic: pictures of the set's pools, each of which owes one commentary.
    """
    owed = setting.contract.cells(len(images))
    free, for_generic = list(questions[: owed["count"]]), list(questions[owed["count"] :])
    beside = {image.id: _spoken_beside(setting, image) for image in [*images, *generic]}
    places = sorted(images, key=lambda image: not beside[image.id])
    context = gate_context(setting, [profile.id, *(image.id for image in [*images, *generic])])

    def ask(image: ImageRecord, question: str) -> Request:
        block = {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "speech_style": profile.speech_style,
            "image": image_block(image),
            "question": question,
            "spoken_beside": beside[image.id],
        }
        return request(setting, block, images=[image])

    def make(name: str, image: ImageRecord, question: str, outcome: Outcome) -> Commentary | str:
        answer, reason = read_answer(setting, outcome)
        if not isinstance(answer, CommentaryAnswer):
            return reason
        return Commentary(
            id=name,
            image_id=image.id,
            question=question,
            reply=answer.reply,
            evidence=spoken(setting, answer.reply),
            **common_fields(setting, outcome, [profile.id, image.id]),
        )

    def each(pictures: Sequence[ImageRecord], asked: Sequence[str], kept: Sequence[Commentary]) -> Any:
        chosen = {image.id: question for image, question in zip(pictures, asked, strict=False)}
        return one_each(
            setting,
            [image for image in pictures if image.id in chosen],
            ask=lambda image: ask(image, chosen[image.id]),
            make=lambda name, image, outcome: make(name, image, chosen[image.id], outcome),
            kept=kept,
            context=context,
        )

    kept: list[Commentary] = []
    rejects: list[Rejected] = []
    if setting.contract.per_image:
        kept, rejects = each(places, free, [])
    elif free:
        kept, rejects = _some(setting, places, free, ask, make, owed["count"], context)
    more, bad = each(generic, for_generic, kept)
    note = (
        "nothing of 60 words or more that stands alone is spoken beside the other pictures"
        if questions
        else f"qa/commentary_questions.yaml has no questions in the language '{setting.material.entry.lang}'"
    )
    return Result(
        numbered([*kept, *more], f"{setting.material.id}_comment"),
        rejects + bad,
        cells_beside(setting, len(images), len(kept), len(more), note),
    )


def _some(
    setting: Setting,
    places: Sequence[ImageRecord],
    free: list[str],
    ask: Callable[[ImageRecord, str], Request],
    make: Callable[[str, ImageRecord, str, Outcome], Commentary | str],
    wanted: int,
    context: Context,
) -> tuple[list[Commentary], list[Rejected]]:
    """Ask beside as many pictures as it takes; a question that came to nothing is asked again beside another one."""
    kept: list[Commentary] = []
    rejects: list[Rejected] = []
    at = 0
    while free and len(kept) < wanted and at < len(places):
        asked = list(zip(places[at : at + wanted - len(kept)], free, strict=False))
        at += len(asked)
        candidates: list[Commentary] = []
        outcomes = setting.writer.write([ask(image, question) for image, question in asked])
        for number, ((image, question), outcome) in enumerate(zip(asked, outcomes, strict=True)):
            name = f"p{at}_{number}"
            made = make(f"{setting.material.id}_commentary_{name}", image, question, outcome)
            if not isinstance(made, str):
                candidates.append(made)
            elif outcome.raw:
                rejects.append(dropped(setting, name, outcome.raw, [made]))
        admitted, more = admit(setting, kept, candidates, context)
        kept.extend(admitted)
        rejects.extend(more)
        # The pool stays evenly used.
        for record in admitted:
            free.remove(record.question)
    return kept, rejects


def _spoken_beside(setting: Setting, image: ImageRecord) -> list[dict[str, Any]]:
    """Return what the character says beside a picture."""
    return [{"reply": line.text} for line in setting.material.own_lines() if shows(line, image.path)]

"""A picture and its exchange -> thinking process, generation instruction and text-to-image caption."""

from collections.abc import Sequence

from rolescape_data.records import Caption, CharacterProfile, ImageDialogue, ImageRecord, Rejected
from rolescape_data.records.answers import CaptionAnswer
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
)


def captions(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    dialogues: Sequence[ImageDialogue],
) -> Result:
    """Make one caption per picture that has an exchange: the thinking explains how it shows *this* exchange."""
    by_image = {dialogue.image_id: dialogue for dialogue in dialogues}
    pairs = [(image, by_image[image.id]) for image in images if image.id in by_image]
    requests = [
        request(
            setting,
            {
                "character": character_block(setting),
                "description": profile.description,
                "personality": profile.personality,
                "image": image_block(image),
                "dialogue": {"user_text": dialogue.user_text, "response": dialogue.response},
            },
            images=[image],
        )
        for image, dialogue in pairs
    ]
    candidates: list[Caption] = []
    rejects: list[Rejected] = []
    for (image, dialogue), outcome in zip(pairs, setting.writer.write(requests), strict=True):
        answer, reason = read_answer(setting, outcome)
        if isinstance(answer, CaptionAnswer):
            candidates.append(
                Caption(
                    id=f"{setting.material.id}_cap_{image_name(setting, image)}",
                    image_id=image.id,
                    dialogue_id=dialogue.id,
                    thinking_process=answer.thinking_process,
                    generation_instruction=answer.generation_instruction,
                    t2i_caption=answer.t2i_caption,
                    **common_fields(setting, outcome, [profile.id, image.id, dialogue.id]),
                )
            )
        elif outcome.raw:
            rejects.append(dropped(setting, image_name(setting, image), outcome.raw, [reason]))
    linked = [profile.id, *(image.id for image in images), *(dialogue.id for dialogue in dialogues)]
    records, more = admit(setting, [], candidates, gate_context(setting, linked))
    note = "the notes of the other pictures say too little, or no exchange belongs to them"
    wanted = setting.contract.cells(len(images))
    return Result(records, rejects + more, cells(setting, wanted, {"count": len(records)}, note))

"""A profile and what its pictures show -> drawing prompts with check questions (Character-GRPO's reward reads them)."""

from collections.abc import Sequence
from typing import Any

from rolescape_data.providers.base import Outcome
from rolescape_data.records import Caption, CharacterProfile, CheckQuestion, ImageRecord, T2ICheck
from rolescape_data.records.answers import Answer, T2ICheckAnswer
from rolescape_data.stages.asking import fill
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    image_block,
    numbered,
)

# So many questions reward one prompt well: the released prompts have 5 to 32 (counted).
LEAST, MOST = 5, 30


def t2i_checks(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    captions: Sequence[Caption],
) -> Result:
    """Fill the contract of drawing prompts; each shows the character as known, in a place and a deed of its own."""
    told = {caption.image_id: caption.t2i_caption for caption in captions}

    def block(kept: list[T2ICheck], part: int, parts: int) -> dict[str, Any]:
        return {
            "character": character_block(setting),
            "description": profile.description,
            "appearance": profile.appearance,
            "facts": [
                {"text": fact.text, "aspect": fact.aspect}
                for fact in profile.facts
                if fact.aspect in ("appearance", "preferences", "abilities")
            ],
            "pictures": [
                {**image_block(image), "caption": told.get(image.id, "")} for image in images[part::parts]
            ],
            "others": [
                {name: text for name, text in image.attributes.model_dump().items() if text}
                for image in images
            ],
            "used": sorted(check.prompt for check in kept),
            "least_questions": LEAST,
            "most_questions": MOST,
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> T2ICheck | str:
        assert isinstance(item, T2ICheckAnswer)
        return T2ICheck(
            id=name,
            prompt=item.prompt,
            questions=[CheckQuestion(**question.model_dump()) for question in item.questions],
            **common_fields(setting, outcome, [profile.id]),
        )

    result = fill(
        setting,
        quota={"check": setting.contract.cells()["count"]},
        block=block,
        make=make,
        context=gate_context(setting, [profile.id]),
        note="what is noted of the pictures gives no further prompt with five checks or more",
    )
    records = numbered(result.records, f"{setting.material.id}_check")
    found = [cell.model_copy(update={"cell": "count"}) for cell in result.cells]
    return Result(records, result.rejects, found)

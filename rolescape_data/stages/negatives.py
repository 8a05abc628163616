"""Profile, pictures and another character's facts -> questions that cannot be answered, and how the character declines.

The kinds: what only another character knows (Ditto's contrastive questions), what the profile does not say, what is
still to come (TimeChara), what a picture does not show. An expectation goes with each, so that a test can hold replies
against it.
"""

from collections.abc import Sequence
from typing import Any

from rolescape_data.providers.base import Outcome
from rolescape_data.records import CharacterProfile, Fact, ImageRecord, NegativeItem, TextQA
from rolescape_data.records.answers import Answer, NegativeAnswer, quota_keys
from rolescape_data.records.training import Expected
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

_EXPECTED: dict[str, Expected] = {
    "unanswerable_profile": "refuse_in_character",
    "other_character_question": "refuse_in_character",
    "future_event": "refuse_in_character",
    "unanswerable_image": "say_not_visible",
    "hard_negative_image": "no",
    "easy_negative_image": "no",
}
# What even acquaintances need not know of each other.
_UNTOLD = ("background", "goals")
_OF_PICTURES = ("unanswerable_image", "hard_negative_image", "easy_negative_image")


def negatives(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    training: Sequence[TextQA],
    rival: CharacterProfile | None,
) -> Result:
    """Fill the contract of negatives.

    Args:
        setting: the stage's collaborators; its contract is a mix of kinds.
        profile: the character's.
        images: its own pictures, dealt out to the questions about pictures.
        training: open questions that the character does answer.
        rival: the character whose facts this one cannot know; None in a set of one.
    """
    wanted = {
        kind: count
        for kind, count in setting.contract.cells().items()
        if (rival is not None or kind != "other_character_question") and (images or kind not in _OF_PICTURES)
    }
    shown = _pictures(wanted, images)
    foreign = _facts(setting, wanted, rival)

    def block(kept: list[NegativeItem], part: int, parts: int) -> dict[str, Any]:
        return {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "speech_style": profile.speech_style,
            "catchphrases": list(profile.catchphrases),
            "facts": [{"text": fact.text, "aspect": fact.aspect} for fact in profile.facts],
            "pictures": {key: image_block(image) for key, image in shown.items()},
            "others": {
                key: {
                    "name": rival.name if rival else "",
                    "fact_id": fact.fact_id,
                    "text": fact.text,
                    "aspect": fact.aspect,
                    "evidence": fact.evidence.text,
                }
                for key, fact in foreign.items()
            },
            "avoid": sorted(question.question for question in training),
            "used": sorted(item.question for item in kept),
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> NegativeItem | str:
        assert isinstance(item, NegativeAnswer)
        kind: Any = key.rpartition("_")[0]
        if kind == "other_character_question" and key not in foreign:
            return "other_character_question: no fact of another character is left to ask about"
        image = shown.get(key)
        parents = [
            profile.id,
            *([image.id] if image else []),
            *([rival.id] if key in foreign and rival else []),
        ]
        return NegativeItem(
            id=name,
            negative=kind,
            question=item.question,
            answer=item.answer,
            expected=_EXPECTED[kind],
            image_id=image.id if image else None,
            source_character_id=rival.character_id if key in foreign and rival else None,
            source_record_id=f"{rival.id}/{foreign[key].fact_id}" if key in foreign and rival else "",
            **common_fields(setting, outcome, parents),
        )

    linked = [profile.id, *(image.id for image in images), *([rival.id] if rival else [])]
    result = fill(
        setting,
        quota=wanted,
        block=block,
        make=make,
        context=gate_context(setting, linked),
        note="the set holds no further picture or fact of another character that such a question can rest on",
    )
    lacking = setting.contract.cells().keys() - wanted.keys()
    note = "the set has no picture, or no other character of this language, for it"
    more = [
        result.cells[0].model_copy(
            update={"cell": kind, "wanted": setting.contract.cells()[kind], "found": 0, "note": note}
        )
        for kind in setting.contract.cells()
        if kind in lacking and result.cells
    ]
    return Result(
        numbered(result.records, f"{setting.material.id}_neg"), result.rejects, [*result.cells, *more]
    )


def _pictures(wanted: dict[str, int], images: Sequence[ImageRecord]) -> dict[str, ImageRecord]:
    """Deal a picture to every key that asks about one."""
    keys = [key for key in quota_keys(wanted) if key.rpartition("_")[0] in _OF_PICTURES]
    return {key: images[number % len(images)] for number, key in enumerate(keys)}


def _facts(setting: Setting, wanted: dict[str, int], rival: CharacterProfile | None) -> dict[str, Fact]:
    """Deal a fact of the other character to every contrastive key: none that names this character, none told of it.

    Who speaks of the other one knows them: how they look, talk and live is no secret then, and to decline it would be wrong.
    Between acquaintances only what was before they met, and what is hoped for, is asked about.
    """
    if rival is None:
        return {}
    mine = [name.casefold() for name in setting.material.names]
    said = " ".join(setting.material.sources().values()).casefold()
    met = any(name.casefold() in said for name in (rival.name, *rival.aliases))
    free = [
        fact
        for fact in rival.facts
        if fact.visibility == "public"
        and not any(name in fact.text.casefold() for name in mine)
        and fact.evidence.text.casefold() not in said
        and (not met or fact.aspect in _UNTOLD)
    ]
    keys = [key for key in quota_keys(wanted) if key.startswith("other_character_question_")]
    # Spread over the whole profile, so that not every question is about its first heading.
    step = max(1, len(free) // len(keys)) if keys else 1
    return dict(zip(keys, free[::step], strict=False))

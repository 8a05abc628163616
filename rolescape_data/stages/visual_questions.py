"""A picture, the exchange beside it and the profile -> open questions; the picture alone -> four-option questions."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from rolescape_data.gates.letters import reletter
from rolescape_data.providers.base import Outcome
from rolescape_data.records import (
    CharacterProfile,
    Fact,
    ImageAnnotation,
    ImageDialogue,
    ImageRecord,
    Options,
    VisualMCQ,
    VisualQA,
)
from rolescape_data.records.answers import Answer, VisualMCQAnswer, VisualQAAnswer, quota_keys
from rolescape_data.records.visual import VISUAL_CATEGORIES
from rolescape_data.spans import words
from rolescape_data.stages.asking import fill_pictures
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    image_block,
)

# Facts sent along with one picture: those on looks, then those that share words with what is noted of it.
MOST_FACTS = 40
# Short words and those of every second fact say nothing of a picture.
SHORTEST_WORD = 4


def visual_qa(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    dialogues: Sequence[ImageDialogue],
    annotations: Sequence[ImageAnnotation],
) -> Result:
    """Fill the contract of open questions: for every picture so many objective and so many subjective ones."""
    beside = {dialogue.image_id: dialogue for dialogue in dialogues}
    noted = {annotation.image_id: annotation for annotation in annotations}
    mix = setting.contract.per_picture()
    combined = setting.contract.vqa_mode == "combined"
    keys = combined_keys(mix) if combined else quota_keys(mix)

    def block(image: ImageRecord, kept: list[VisualQA]) -> dict[str, Any]:
        dialogue = beside.get(image.id)
        return {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "facts": [
                {"text": fact.text, "aspect": fact.aspect} for fact in _facts_for(image, profile.facts)
            ],
            "image": _annotated(image, noted),
            "shows": image.owner,
            "dialogue": {"user_text": dialogue.user_text, "response": dialogue.response}
            if dialogue
            else None,
            "others": _others(image, images),
            "combined": combined,
            "used": [question.question for question in kept],
        }

    def make(name: str, image: ImageRecord, key: str, item: Answer, outcome: Outcome) -> VisualQA | str:
        assert isinstance(item, VisualQAAnswer)
        dialogue = beside.get(image.id)
        if "dialogue" in item.grounding and dialogue is None:
            return "grounding: names a dialogue, but none belongs to this picture"
        cell: Any = key.split("_")[-2]
        category = _read(key)[0] if cell == "visual" else None
        if cell == "visual" and item.grounding != ["image"]:
            return "grounding: a question on the picture alone rests on something else"
        parents = [profile.id, image.id, *([dialogue.id] if dialogue else [])]
        return VisualQA(
            id=name,
            image_id=image.id,
            question=item.question,
            answer=item.answer,
            type=cell,
            grounding=item.grounding,
            polarity=item.polarity,
            category=category,
            element=item.element,
            **common_fields(setting, outcome, parents),
        )

    linked = [profile.id, *(image.id for image in images), *(dialogue.id for dialogue in dialogues)]
    return fill_pictures(
        setting,
        images,
        keys=lambda image: keys,
        block=block,
        make=make,
        prefix="vqa",
        context=gate_context(setting, linked),
        note="the notes of these pictures, their exchanges and the profile carry no further question",
    )


def visual_mcq(setting: Setting, images: Sequence[ImageRecord], *, seed: int) -> Result:
    """Fill the contract of four-option questions, one per visual category and picture; balance their letters by seed."""
    mix = setting.contract.per_picture()

    def block(image: ImageRecord, kept: list[VisualMCQ]) -> dict[str, Any]:
        return {
            "character": character_block(setting),
            "image": image_block(image),
            "shows": image.owner,
            "others": _others(image, images),
            "used": [question.question for question in kept],
        }

    def make(name: str, image: ImageRecord, key: str, item: Answer, outcome: Outcome) -> VisualMCQ | str:
        assert isinstance(item, VisualMCQAnswer)
        category, difficulty = _read(key)
        return VisualMCQ(
            id=name,
            image_id=image.id,
            category=category,
            difficulty=difficulty,
            question=item.question,
            options=Options(**item.options.model_dump()),
            answer_key=item.answer_key,
            rationale=item.rationale,
            **common_fields(setting, outcome, [image.id]),
        )

    result = fill_pictures(
        setting,
        images,
        keys=lambda image: choice_keys(image.id, mix),
        block=block,
        make=make,
        prefix="vmcq",
        context=gate_context(setting, [image.id for image in images]),
        note="the character's pictures differ too little, or too little is noted of them, for wrong options to be wrong",
    )
    records = [record for record in result.records if isinstance(record, VisualMCQ)]
    return Result(reletter(records, seed), result.rejects, result.cells)


def choice_keys(image_id: str, mix: Mapping[str, int]) -> list[str]:
    """Return the keys of one picture: each visual category once, as hard as the mix says.

    Fine detail is asked last, so it is the hard one; which of the other categories are easy differs by picture.

    Returns:
        CATEGORY_DIFFICULTY_NUMBER for each, e.g. 'action_pose_gesture_easy_1'; a mix of more than five goes round again.
    """
    *free, last = VISUAL_CATEGORIES
    free.sort(key=lambda category: hashlib.sha256(f"{image_id}:{category}".encode()).hexdigest())
    ordered = [*free, last]
    cells = quota_keys(mix)
    return [f"{ordered[at % len(ordered)]}_{cell}" for at, cell in enumerate(cells)]


def combined_keys(mix: Mapping[str, int]) -> list[str]:
    """Return the keys of one picture where one prompt asks for both sorts: 'objective_1', .., 'expression_emotion_visual_3'."""
    keys: list[str] = []
    for cell in quota_keys(mix):
        number = int(cell.rpartition("_")[2]) - 1
        category = VISUAL_CATEGORIES[number % len(VISUAL_CATEGORIES)]
        keys.append(f"{category}_{cell}" if cell.startswith("visual_") else cell)
    return keys


def _read(key: str) -> tuple[Any, Any]:
    category = next(name for name in VISUAL_CATEGORIES if key.startswith(f"{name}_"))
    return category, key.removeprefix(f"{category}_").rpartition("_")[0]


def _annotated(image: ImageRecord, noted: Mapping[str, ImageAnnotation]) -> dict[str, Any]:
    """Return the `image` input with the annotation that the set has for it, supplied or written."""
    found = image_block(image)
    annotation = noted.get(image.id)
    if annotation is not None:
        found["annotation"] = annotation.model_dump(include={"role_info", "place_info", "scene_info"})
    return found


def _others(image: ImageRecord, images: Sequence[ImageRecord]) -> list[dict[str, str]]:
    """Return what is noted of the character's other pictures, without empty attributes."""
    found = [
        {name: text for name, text in other.attributes.model_dump().items() if text}
        for other in images
        if other.id != image.id
    ]
    return [attributes for attributes in found if attributes]


def _facts_for(image: ImageRecord, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that may have to do with the picture, in the profile's order."""
    told = " ".join([image.note, *image.attributes.model_dump().values()])
    shown = _words(told)
    shared = {fact.fact_id: len(_words(fact.text) & shown) for fact in facts}
    ranked = sorted(facts, key=lambda fact: (fact.aspect != "appearance", -shared[fact.fact_id]))
    chosen = {
        fact.fact_id for fact in ranked[:MOST_FACTS] if fact.aspect == "appearance" or shared[fact.fact_id]
    }
    return [fact for fact in facts if fact.fact_id in chosen]


def _words(text: str) -> set[str]:
    return {word for word in words(text.casefold()) if len(word) >= SHORTEST_WORD}

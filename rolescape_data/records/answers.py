"""What a writer answers with, before a stage makes records of it.

Answers hold only what a model should write: no ids, no provenance, no offsets. `evidence` is verbatim text
of the given material; the stage finds its place and refuses it when it is not there.

Sets with an exact mix are asked for with one required key per cell (`easy_1` .. `hard_2`), so that a
constrained decoder cannot miscount: see `quota_model`.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, create_model

from rolescape_data.records.character import Aspect
from rolescape_data.records.question import Difficulty, Letter, QuestionType
from rolescape_data.records.visual import Grounding, Polarity


class Answer(BaseModel):
    """A strict reply; every key is required, as structured outputs want it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FactAnswer(Answer):
    """One atomic fact; `evidence` is the verbatim passage of `document`."""

    text: str
    aspect: Aspect
    document: str
    evidence: str


class RelationshipAnswer(Answer):
    """Somebody the character knows."""

    name: str
    relation: str
    note: str


class ProfileAnswer(Answer):
    """A whole profile; empty text where the material says nothing."""

    description: str
    opening: str
    brief_introduction: str
    personality: str
    life_story: str
    relationships: list[RelationshipAnswer]
    catchphrases: list[str]
    speech_style: str
    background: str
    motivation: str
    appearance: str
    facts: list[FactAnswer]


class ImageDialogueAnswer(Answer):
    """One exchange beside a picture."""

    user_text: str
    response: str


class TextDialogueAnswer(Answer):
    """One exchange without a picture."""

    user_text: str
    response: str


class CaptionAnswer(Answer):
    """The three texts of one picture."""

    thinking_process: str
    generation_instruction: str
    t2i_caption: str


class MessageAnswer(Answer):
    """`speaker` is 'human' or 'character'."""

    speaker: str
    text: str


class HumanRoleAnswer(Answer):
    """A whole talk, the human first."""

    messages: list[MessageAnswer]


class TextQAAnswer(Answer):
    """One open question; `evidence` holds verbatim passages of its facts."""

    question: str
    answer: str
    fact_ids: list[str]
    evidence: list[str] = Field(description="verbatim passages of the facts")
    type: QuestionType
    aspect: Aspect
    difficulty: Difficulty
    reasoning_steps: list[str]
    confidence: float


class OptionsAnswer(Answer):
    """The four options."""

    A: str
    B: str
    C: str
    D: str


class TextMCQAnswer(Answer):
    """One four-option question; `evidence` holds verbatim passages of its facts."""

    question: str
    options: OptionsAnswer
    answer_key: Letter
    fact_ids: list[str]
    evidence: list[str] = Field(description="verbatim passages of the facts")
    aspect: Aspect
    rationale: str


class AnnotationAnswer(Answer):
    """MMRole's three fields; empty text where neither picture nor material tells."""

    role_info: str
    place_info: str
    scene_info: str


class CommentaryAnswer(Answer):
    """What the character says in answer to the given question."""

    reply: str


class InterRoleAnswer(Answer):
    """A talk of two characters; `speaker` is 'partner' (who opens) or 'character'."""

    messages: list[MessageAnswer]


class VisualQAAnswer(Answer):
    """One open question about a picture; its key says whether it is objective or subjective."""

    question: str
    answer: str
    grounding: list[Grounding]
    polarity: Polarity
    element: str


class VisualMCQAnswer(Answer):
    """One four-option question about a picture; its key says category and difficulty."""

    question: str
    options: OptionsAnswer
    answer_key: Letter
    rationale: str


class ProbeAnswer(Answer):
    """One input for testing."""

    text: str


ANSWERS: dict[str, type[Answer]] = {
    model.__name__: model
    for model in (
        ProfileAnswer,
        ImageDialogueAnswer,
        TextDialogueAnswer,
        CaptionAnswer,
        HumanRoleAnswer,
        TextQAAnswer,
        TextMCQAnswer,
        AnnotationAnswer,
        CommentaryAnswer,
        InterRoleAnswer,
        VisualQAAnswer,
        VisualMCQAnswer,
        ProbeAnswer,
    )
}


def quota_keys(quota: Mapping[str, int]) -> list[str]:
    """Return the keys of a mix in order: {'easy': 2, 'hard': 1} -> ['easy_1', 'easy_2', 'hard_1']."""
    return [f"{cell}_{number}" for cell, count in quota.items() for number in range(1, count + 1)]


def quota_model(item: type[Answer], keys: list[str]) -> type[Answer]:
    """Return a model that requires exactly `keys`, each one `item`."""
    fields = dict.fromkeys(keys, (item, ...))
    return create_model(f"{item.__name__}Set", __base__=Answer, **fields)  # type: ignore[call-overload, no-any-return]

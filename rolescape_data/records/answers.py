"""What a writer answers with, before a stage makes records of it.

Answers hold only what a model should write: no ids, no provenance, no offsets. Text that a record could not hold
(blank, control characters) is refused here already, so that the writer is asked again and no stage meets it. `evidence` is verbatim text
of the given material; the stage finds its place and refuses it when it is not there.

Sets with an exact mix are asked for with one required key per cell (`easy_1` .. `hard_2`), so that a
constrained decoder cannot miscount: see `quota_model`.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from rolescape_data.records.base import OptionalText, Text
from rolescape_data.records.character import Aspect
from rolescape_data.records.question import Difficulty, Letter, QuestionType
from rolescape_data.records.training import CheckType
from rolescape_data.records.visual import Grounding, Polarity


class Answer(BaseModel):
    """A strict reply; every key is required, as structured outputs want it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FactAnswer(Answer):
    """One atomic fact; `evidence` is the verbatim passage of `document`."""

    text: Text
    aspect: Aspect
    document: Text
    evidence: Text


class RelationshipAnswer(Answer):
    """Somebody the character knows."""

    name: Text
    relation: OptionalText
    note: Text


class ProfileAnswer(Answer):
    """A whole profile; empty text where the material says nothing."""

    description: Text
    opening: OptionalText
    brief_introduction: OptionalText
    personality: OptionalText
    life_story: OptionalText
    relationships: list[RelationshipAnswer]
    catchphrases: list[Text]
    speech_style: OptionalText
    background: OptionalText
    motivation: OptionalText
    appearance: OptionalText
    facts: list[FactAnswer]


class ImageDialogueAnswer(Answer):
    """One exchange beside a picture."""

    user_text: Text
    response: Text


class TextDialogueAnswer(Answer):
    """One exchange without a picture."""

    user_text: Text
    response: Text


class CaptionAnswer(Answer):
    """The three texts of one picture."""

    thinking_process: Text
    generation_instruction: Text
    t2i_caption: Text


class HumanMessageAnswer(Answer):
    """One message of a talk between a person and a character."""

    speaker: Literal["human", "character"]
    text: Text


class HumanRoleAnswer(Answer):
    """A whole talk, the human first."""

    messages: list[HumanMessageAnswer]


class TextQAAnswer(Answer):
    """One open question; `evidence` holds verbatim passages of its facts."""

    question: Text
    answer: Text
    fact_ids: list[Text]
    evidence: list[Text] = Field(description="passages of the facts' evidence, verbatim")
    type: QuestionType
    aspect: Aspect
    difficulty: Difficulty
    reasoning_steps: list[Text]
    confidence: float


class OptionsAnswer(Answer):
    """The four options."""

    A: Text
    B: Text
    C: Text
    D: Text


class TextMCQAnswer(Answer):
    """One four-option question; `evidence` holds verbatim passages of its facts."""

    question: Text
    options: OptionsAnswer
    answer_key: Letter
    fact_ids: list[Text]
    evidence: list[Text] = Field(description="passages of the facts' evidence, verbatim")
    aspect: Aspect
    rationale: Text


class AnnotationAnswer(Answer):
    """MMRole's three fields; empty text where neither picture nor material tells."""

    role_info: OptionalText
    place_info: OptionalText
    scene_info: OptionalText


class CommentaryAnswer(Answer):
    """What the character says in answer to the given question."""

    reply: Text


class PartnerMessageAnswer(Answer):
    """One message of a talk between two characters."""

    speaker: Literal["partner", "character"]
    text: Text


class InterRoleAnswer(Answer):
    """A talk of two characters, the partner first."""

    messages: list[PartnerMessageAnswer]


class VisualQAAnswer(Answer):
    """One open question about a picture; its key says of what sort it is."""

    question: Text
    answer: Text
    grounding: list[Grounding]
    polarity: Polarity
    element: OptionalText


class VisualMCQAnswer(Answer):
    """One four-option question about a picture; its key says category and difficulty."""

    question: Text
    options: OptionsAnswer
    answer_key: Letter
    rationale: Text


class ProbeAnswer(Answer):
    """One input for testing."""

    text: Text


class SolverLetterAnswer(Answer):
    """A solver's choice among four options, or 'none' of them."""

    answer: Literal["none", "A", "B", "C", "D"]


class MetaInformationAnswer(Answer):
    """Who an invented character is; the name is given."""

    gender: Text
    age: Text
    origin: Text
    personality: Text
    experience: Text


class DetailedProfileAnswer(Answer):
    """The five parts of a long profile (MMRole's), plain text each."""

    introduction: OptionalText
    personality: OptionalText
    experience: OptionalText
    relationship: OptionalText
    catchphrase: OptionalText


class CheckQuestionAnswer(Answer):
    """One check of a drawn picture; `choices` for multiple_choice alone."""

    question: Text
    type: CheckType
    category: Text
    answer: Text
    choices: list[Text]
    weight: float
    is_negative: bool


class T2ICheckAnswer(Answer):
    """A drawing prompt and what a picture drawn from it must show."""

    prompt: Text
    questions: list[CheckQuestionAnswer]


class NegativeAnswer(Answer):
    """A question that cannot be answered, and how the character declines; its key says why it cannot."""

    question: Text
    answer: Text


class ReviewAnswer(Answer):
    """A judge's words: reasons first, then the score or scores, in the form that was asked for."""

    review: Text


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
        SolverLetterAnswer,
        MetaInformationAnswer,
        DetailedProfileAnswer,
        T2ICheckAnswer,
        NegativeAnswer,
        ReviewAnswer,
    )
}


def quota_keys(quota: Mapping[str, int]) -> list[str]:
    """Return the keys of a mix in order: {'easy': 2, 'hard': 1} -> ['easy_1', 'easy_2', 'hard_1']."""
    return [f"{cell}_{number}" for cell, count in quota.items() for number in range(1, count + 1)]


def quota_model(item: type[Answer], keys: list[str]) -> type[Answer]:
    """Return a model that requires exactly `keys`, each one `item`."""
    fields = dict.fromkeys(keys, (item, ...))
    return create_model(f"{item.__name__}Set", __base__=Answer, **fields)  # type: ignore[call-overload, no-any-return]

"""What trainers with rewards, preferences and refusals read: drawing checks, preference pairs, negatives.

Sources: Character-GRPO's check questions (UniCharacter), Ditto's contrastive questions, RoleMRC's refusals.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rolescape_data.records.base import CharacterId, Model, OptionalText, Record, RecordId, Text

NegativeKind = Literal[
    "unanswerable_profile",
    "unanswerable_image",
    "other_character_question",
    "future_event",
    "hard_negative_image",
    "easy_negative_image",
]
Expected = Literal["refuse_in_character", "say_not_visible", "no"]

Axis = Literal["personality", "knowledge", "tone", "grounding", "format", "style"]
Fault = Literal[
    "ai_tone",
    "wrong_character_voice",
    "out_of_knowledge_answered",
    "anachronism",
    "hallucinated_object",
    "meta_talk",
    "stage_direction",
    "over_length",
    "generic",
    "contradiction",
]


CheckType = Literal["yes_no", "multiple_choice", "open_ended"]


class CheckQuestion(Model):
    """One question that a picture drawn from the prompt must answer rightly."""

    question: Text
    type: CheckType
    category: Text
    answer: Text
    choices: list[Text] = Field(default_factory=list, description="3 or 4 for multiple_choice, else none")
    weight: float = Field(ge=0, le=1)
    is_negative: bool


class T2ICheck(Record):
    """A drawing prompt with the questions that reward what is drawn (Character-GRPO)."""

    kind: ClassVar[str] = "t2i_check"

    image_id: RecordId | None = Field(None, description="the picture it was derived from, if from one")
    prompt: Text = Field(description="7-21 words")
    questions: Annotated[list[CheckQuestion], Field(min_length=5, max_length=30)]


class NegativeItem(Record):
    """A question that the character cannot or must not answer, and how it declines."""

    kind: ClassVar[str] = "negative"

    negative: NegativeKind
    question: Text
    answer: Text
    expected: Expected
    image_id: RecordId | None = None
    source_character_id: CharacterId | None = Field(None, description="whose question it is, if another's")
    source_record_id: OptionalText = Field("", description="the record that the question was taken from")


class PreferencePair(Record):
    """Two replies to one prompt; the rejected one fails exactly the named gate and the chosen one none."""

    kind: ClassVar[str] = "preference"

    prompt: Text
    chosen: Text
    rejected: Text
    margin: float = Field(gt=0)
    axis: Axis
    fault: Fault
    gate: Text = Field(description="the gate that the rejected reply fails")
    source_record_id: Text = Field(description="the record whose reply was chosen")


class MixPart(Model):
    """The data sets that one training task draws from."""

    task: Literal["t2i_pretrain", "vlm_sft"]
    datasets: Annotated[list[Text], Field(min_length=1)] = Field(
        description="data sets of the character, e.g. 't2i', 'vqa'"
    )
    weight: int = Field(gt=0, description="how often the task is drawn, against the others")
    shuffle_lines: bool = False


class TrainingMix(Record):
    """What one training run of a character reads (UniCharacter's configurations); every row of each data set."""

    kind: ClassVar[str] = "training_mix"

    name: OptionalText = Field(description="e.g. 'full'; the plain one has none")
    parts: Annotated[list[MixPart], Field(min_length=1)]


class MixtureRow(Record):
    """One row of a merged data set that comes from no other record of the set.

    A released set may hold a merged file made from an earlier take of its dialogues and questions; each row is kept
    as what it says, and written with the description that the profile has now.
    """

    kind: ClassVar[str] = "mixture_row"

    dataset: Text = Field(description="the merged data set, e.g. 'full'")
    form: Literal["reply", "thinking", "question", "visual_question", "t2i", "t2i_with_thinking"]
    image_id: RecordId | None = None
    user_text: Text = Field(description="the user's words, or the question")
    response: Text = Field(description="the character's reply, or the answer")
    thinking_process: OptionalText = ""
    generation_instruction: OptionalText = ""
    type: Literal["objective", "subjective"] | None = Field(None, description="of a visual question")

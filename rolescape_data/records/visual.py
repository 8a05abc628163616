"""What is asked and said about a picture: annotations, open questions, four-option questions, drawing prompts.

RoleScape-20 asks 20 open questions per picture (15 objective, 5 subjective) and 5 four-option ones, one per
category; MMRole describes a picture in three short fields.
"""

from typing import ClassVar, Literal, get_args

from pydantic import Field

from rolescape_data.records.base import OptionalText, Record, RecordId, Text
from rolescape_data.records.question import Difficulty, Letter, Options

VisualCategory = Literal[
    "appearance_attributes",
    "action_pose_gesture",
    "expression_emotion",
    "context_element",
    "fine_detail_reasoning",
]
VISUAL_CATEGORIES: tuple[str, ...] = get_args(VisualCategory)

Polarity = Literal["positive", "negative", "unanswerable"]
Grounding = Literal["image", "profile", "dialogue"]
T2IShape = Literal["pure_t2i", "t2i", "t2i_with_thinking", "instruction_only"]
T2I_SHAPES: tuple[T2IShape, ...] = get_args(T2IShape)


class ImageAnnotation(Record):
    """MMRole's three fields for one picture; an empty one is unknown. Supplied ones are kept word for word."""

    kind: ClassVar[str] = "annotation"

    image_id: RecordId
    role_info: OptionalText = ""
    place_info: OptionalText = ""
    scene_info: OptionalText = ""
    supplied: bool = Field(description="the set brought it; otherwise a writer filled it from what is known")


class VisualQA(Record):
    """An open question about a picture."""

    kind: ClassVar[str] = "visual_qa"

    image_id: RecordId
    question: Text
    answer: Text
    type: Literal["objective", "subjective", "visual"] = Field(
        description="visual: asked of the picture alone, in sets whose blueprint has vqa_mode combined"
    )
    category: VisualCategory | None = Field(None, description="of a visual question")
    grounding: list[Grounding] = Field(
        description="what the answer rests on; empty when a data set made elsewhere does not say"
    )
    polarity: Polarity | None = Field(description="null when a data set made elsewhere does not say")
    element: OptionalText = Field("", description="the visual element it asks about, if it asks about one")


class VisualMCQ(Record):
    """A four-option question about a picture, from the picture alone."""

    kind: ClassVar[str] = "visual_mcq"

    image_id: RecordId
    category: VisualCategory | None = Field(description="null when a data set made elsewhere does not say")
    difficulty: Difficulty
    question: Text
    options: Options
    answer_key: Letter
    rationale: Text = Field(description="one or two sentences on visible cues")


class T2IForm(Record):
    """One training form of a picture: the words that should draw it. Derived from caption and exchange, never written."""

    kind: ClassVar[str] = "t2i_form"

    image_id: RecordId
    shape: T2IShape
    prompt: Text

"""One instruction sample of MMRole: everything that its prompt is made of, part by part.

The prompt itself is not stored: `rolescape_data.mmrole.prompt.build` makes it from these parts, byte for byte as MMRole's test
set holds it.
"""

from typing import ClassVar

from pydantic import Field

from rolescape_data.records.base import Model, OptionalText, Record, Text
from rolescape_data.records.image import Annotation


class Said(Model):
    """One message of the history; `speaker` is 'human' or the speaker's name."""

    speaker: Text
    text: Text


class InstructionSample(Record):
    """One turn that a model is to say in character, with all it is told before (MMRole)."""

    kind: ClassVar[str] = "instruction_sample"

    sample_id: Text = Field(description="dialogue_id + '_' + turn_index, as MMRole's files name it")
    dialogue_id: Text = Field(description="as MMRole's files name it: {Name}_{type}_{COCO|script}[_{i}]")
    turn_index: int = Field(ge=0, description="place of the answer among the dialogue's messages")
    image: Text = Field(description="picture's path as MMRole's files name it")
    role: Text = Field(description="name of who is to speak")
    script: Text
    other_role: OptionalText = Field("", description="name of the other character; empty: a curious human")
    other_script: OptionalText = Field(
        "", description="script of the other character; empty: a curious human"
    )
    profile: Text = Field(description="short profile of the role")
    other_profile: OptionalText = Field("", description="short profile of the other character")
    annotation: Annotation = Field(Annotation(), description="all empty for pictures without a script")
    history: list[Said] = Field(default_factory=list)
    last_words: OptionalText = Field(
        "", description="what the role answers to; empty: the role opens the talk itself"
    )
    answer: Text

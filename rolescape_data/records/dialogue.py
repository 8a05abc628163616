"""Exchanges with a character, short and long, and the captions of the pictures they happen beside.

RoleScape-20 holds single exchanges with and without a picture; MMRole holds longer talks about one picture.
"""

from typing import ClassVar

from pydantic import Field

from rolescape_data.records.base import Evidence, Model, Record, RecordId, Text


class Turn(Model):
    """One message. `speaker` is 'human' or a character id."""

    speaker: Text
    text: Text
    evidence: Evidence | None = Field(None, description="the line or sentence it repeats, if it repeats one")


class Exchange(Record):
    """A user's words and the character's reply."""

    user_text: Text
    response: Text
    evidence: list[Evidence] = Field(
        default_factory=list, description="lines or sentences that user_text and response repeat"
    )


class ImageDialogue(Exchange):
    """An exchange that happens beside one picture (RoleScape's scene)."""

    kind: ClassVar[str] = "image_dialogue"

    image_id: RecordId


class TextDialogue(Exchange):
    """An exchange without a picture."""

    kind: ClassVar[str] = "text_dialogue"


class HumanRoleDialogue(Record):
    """A person and the character talk about a picture; the person opens, turns alternate (MMRole)."""

    kind: ClassVar[str] = "human_role_dialogue"

    image_id: RecordId
    messages: list[Turn]


class Caption(Record):
    """How a picture shows its exchange, and the words to draw it again (RoleScape)."""

    kind: ClassVar[str] = "caption"

    image_id: RecordId
    dialogue_id: RecordId
    thinking_process: Text = Field(description="60-160 words, three or more visual elements")
    generation_instruction: Text = Field(description="one line, comma list, at most 77 CLIP tokens")
    t2i_caption: Text = Field(description="15-40 words")

"""Exchanges with a character, short and long, and the captions of the pictures they happen beside.

RoleScape-20 holds single exchanges with and without a picture; MMRole holds longer talks about one picture.
"""

from typing import ClassVar, Literal

from pydantic import Field

from rolescape_data.records.base import CharacterId, Evidence, Model, Record, RecordId, Text


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


class Commentary(Record):
    """What goes through the character's mind before a picture: one fixed question, one long reply (MMRole)."""

    kind: ClassVar[str] = "commentary"

    image_id: RecordId
    question: Text = Field(description="one of a pool of paraphrases, each used about equally often")
    reply: Text = Field(description="60-350 words")
    evidence: list[Evidence] = Field(default_factory=list)


class InterRoleDialogue(Record):
    """The character and another one of its script talk about a picture; the other one opens (MMRole).

    Both perspectives are exported: each character's turns become samples of its own.
    """

    kind: ClassVar[str] = "inter_role_dialogue"

    image_id: RecordId
    partner_id: CharacterId
    messages: list[Turn] = Field(description="speakers are the two character ids, in turn")


class ProbeInput(Record):
    """An input that probes a trained character; it stands in no training record."""

    kind: ClassVar[str] = "probe"

    probe: Literal["memorization", "personality", "diversity"]
    text: Text


class Caption(Record):
    """How a picture shows its exchange, and the words to draw it again (RoleScape)."""

    kind: ClassVar[str] = "caption"

    image_id: RecordId
    dialogue_id: RecordId
    thinking_process: Text = Field(description="60-160 words, three or more visual elements")
    generation_instruction: Text = Field(description="one line, comma list, at most 77 CLIP tokens")
    t2i_caption: Text = Field(description="15-40 words")

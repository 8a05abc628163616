"""Questions about a character's profile: open ones for training, four-option ones for testing (RoleScape-20)."""

from typing import ClassVar, Literal, get_args

from pydantic import Field

from rolescape_data.records.base import Evidence, Model, Record, Text
from rolescape_data.records.character import Aspect

Difficulty = Literal["easy", "medium", "hard"]
Letter = Literal["A", "B", "C", "D"]
LETTERS: tuple[Letter, ...] = get_args(Letter)

QuestionType = Literal[
    "fact",
    "definition",
    "list",
    "reasoning",
    "comparison",
    "timeline",
    "procedure",
    "numeric",
    "quote",
    "location",
    "role",
    "capability",
    "limitation",
    "preference",
]


class Question(Record):
    """What open and four-option questions share."""

    question: Text
    evidence: list[Evidence]
    unanchored: list[Text] = Field(
        default_factory=list,
        description="passages that its author names as evidence and that stand in no source; only imported ones have any",
    )
    fact_ids: list[Text] = Field(description="facts it asks about")
    aspect: Aspect | None = Field(description="null when a data set made elsewhere does not say")
    difficulty: Difficulty


class TextQA(Question):
    """An open question with a short answer."""

    kind: ClassVar[str] = "text_qa"

    answer: Text
    type: QuestionType | None = Field(description="null when an imported one's is outside the list")
    reasoning_steps: list[Text]
    confidence: float = Field(ge=0, le=1)


class Options(Model):
    """Exactly four options, always text."""

    A: Text
    B: Text
    C: Text
    D: Text

    def texts(self) -> dict[Letter, str]:
        """Return the options by letter, in order."""
        return {"A": self.A, "B": self.B, "C": self.C, "D": self.D}


class TextMCQ(Question):
    """A four-option question with one correct answer."""

    kind: ClassVar[str] = "text_mcq"

    options: Options
    answer_key: Letter
    rationale: Text

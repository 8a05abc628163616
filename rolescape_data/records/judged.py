"""What solvers and judges said of records and answers. Gates and score tables read these; nobody else writes them.

Sources: MMRole-Eval's pair reviews (arXiv 2408.04203), Character-LLM's 1-7 scales as RoleScape uses them.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rolescape_data.records.base import OptionalText, Record, Text
from rolescape_data.records.question import Letter


class SolverAnswer(Record):
    """One try of a solver at one four-option question, its options turned by `rotation` places."""

    kind: ClassVar[str] = "solver_answer"

    question_id: Text
    view: Literal["full", "blind", "options_only"] = Field(
        description="full: with profile or picture; blind: question and options alone; options_only: no question"
    )
    rotation: Annotated[int, Field(ge=0, le=3)]
    answer: Letter | None = Field(description="its letter before the turn; None when it gave none")
    correct: bool


class Review(Record):
    """What one judge said of one answer on one metric."""

    kind: ClassVar[str] = "review"

    judge_kind: Literal["mmrole_pair", "rolescape_1to7", "pairwise", "yes_no"]
    metric: Text
    target_id: Text = Field(description="the record or sample whose answer was judged")
    evaluated: Text = Field(description="whose answer: a model's name, or 'reference'")
    order: Literal["AB", "BA"] = "AB"
    score: float | None = Field(
        None, description="of the answer on the judge's scale; yes is 1 and no is 0; None when unreadable"
    )
    reference_score: float | None = Field(None, description="of the reference, where a pair was judged")
    reason: OptionalText = ""
    raw: OptionalText = Field("", description="the judge's own words")
    parse_ok: bool
    attempts: int = Field(ge=1, le=4)

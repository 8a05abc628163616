"""qa/rubrics/NAME.yaml -> what a judge is asked, on which scale, and in which orders."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rolescape_data import assets
from rolescape_data.errors import SettingsError
from rolescape_data.yamlfile import load_yaml

Order = Literal["AB", "BA"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Metric(_Part):
    """One criterion. Scope 'character' looks at all replies of a character at once."""

    name: Annotated[str, Field(min_length=1)]
    question: Annotated[str, Field(min_length=1)]
    steps: list[str] = []
    scope: Literal["answer", "character"] = "answer"
    needs_picture: bool = False


class Rubric(_Part):
    """What a judge is asked of every answer.

    `mmrole_pair` shows the evaluated answer beside the reference; in order AB the evaluated one is A. `rolescape_1to7` and `yes_no`
    show the evaluated answer alone; yes is `highest` and no is `lowest`.
    """

    name: Annotated[str, Field(min_length=1)]
    judge_kind: Literal["mmrole_pair", "rolescape_1to7", "yes_no"]
    prompt: Annotated[str, Field(min_length=1)]
    lowest: int
    highest: int
    orders: Annotated[list[Order], Field(min_length=1)] = ["AB"]
    metrics: Annotated[list[Metric], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> "Rubric":
        if self.lowest >= self.highest:
            raise ValueError("`lowest` is not below `highest`")
        names = [metric.name for metric in self.metrics]
        if len(set(names)) < len(names) or len(set(self.orders)) < len(self.orders):
            raise ValueError("a metric or an order stands there twice")
        if self.judge_kind != "mmrole_pair" and self.orders != ["AB"]:
            raise ValueError("answers that are judged alone have no order")
        if self.judge_kind == "yes_no" and (self.lowest, self.highest) != (0, 1):
            raise ValueError("yes is 1 and no is 0: `lowest` has to be 0 and `highest` 1")
        return self


def load_rubric(name: str, overlay: Path | None = None) -> Rubric:
    """Load `qa/rubrics/NAME.yaml`, from `overlay` (a qa folder) when it holds the file.

    Raises:
        SettingsError: no such rubric, or one that says something wrong; the known ones are listed.
    """
    try:
        path = assets.find("qa", f"rubrics/{name}.yaml", overlay)
    except SettingsError as fault:
        raise SettingsError(
            f"There is no rubric '{name}'. Known: {', '.join(known_rubrics(overlay))}."
        ) from fault
    return load_yaml(path, Rubric)


def known_rubrics(overlay: Path | None = None) -> list[str]:
    """Return the names of the rubrics."""
    return [Path(name).stem for name in assets.names("qa", ".yaml", overlay) if name.startswith("rubrics/")]

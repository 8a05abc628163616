"""What gates found, what was decided, and what was dropped."""

from typing import Literal

from pydantic import Field

from rolescape_data.records.base import CharacterId, Model, OptionalText, Split, Text

Status = Literal["pass", "warn", "fail", "not_run"]


class Measurement(Model):
    """One number that one gate found on one record; thresholds come later."""

    record_id: Text
    kind: Text
    character_id: CharacterId
    gate: Text
    value: float
    detail: OptionalText = ""
    not_run: OptionalText = Field("", description="why nothing was measured; `value` says nothing then")


class Verdict(Model):
    """A measurement held against its threshold of qa/gates.yaml; what was not run has not passed."""

    record_id: Text
    kind: Text
    character_id: CharacterId
    gate: Text
    status: Status
    value: float
    threshold: OptionalText
    reason: OptionalText


class Rejected(Model):
    """A dropped record, kept whole with every reason."""

    record_id: Text
    kind: Text
    character_id: CharacterId
    origin: Literal["stage", "verdicts"] = Field(
        description="dropped while it was made, or over the whole set"
    )
    reasons: list[Text] = Field(min_length=1)
    winner_id: OptionalText = Field("", description="the record kept instead, for duplicates")
    record_json: Text = Field(description="the record as it was, or what was readable of the file")


class SplitRow(Model):
    """The split that a record belongs to, by its group."""

    record_id: Text
    kind: Text
    character_id: CharacterId
    group_id: Text
    split: Split


class Cell(Model):
    """One line of the contract: how many were asked for, how many are there."""

    character_id: CharacterId
    kind: Text
    cell: Text = Field(description="'count', or the mix it belongs to, e.g. 'easy'")
    wanted: int = Field(ge=0)
    found: int = Field(ge=0)
    note: OptionalText = ""

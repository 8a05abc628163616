"""What the report page is made from: plain records, already read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolescape_data.gates.decide import Thresholds
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import Cell, Record, Rejected, SplitRow, Verdict


@dataclass(frozen=True, slots=True)
class CharacterPage:
    """One character's part of the report.

    `taken_over` counts calls by (who was asked, who answered in its place, why); `held` counts the requests in
    quarantine by (kind, reason); `judged` is what the gates made of judges' reviews: gate, status, value,
    threshold, detail.
    """

    id: str
    name: str
    tables: Mapping[str, Sequence[Record]]
    rejects: Sequence[Rejected]
    spent: Spent
    taken_over: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)
    judged: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """The whole report."""

    name: str
    blueprint: str
    about: str
    writer: str
    characters: Sequence[CharacterPage]
    cells: Sequence[Cell]
    verdicts: Sequence[Verdict]
    leaks: Sequence[Verdict]
    splits: Sequence[SplitRow]
    thresholds: Thresholds
    clip_note: str
    blob_folder: Path
    judges: Sequence[str] = ()

"""A report's records -> what its filter lets a reader choose: kinds, and states that a record may be in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolescape_data.report.data import ReportData
from rolescape_data.report.people import SPLITS, split_badge, written_badge

WRITTEN = {"model": "written by a model", "offline": "extracted by rule", "given": "given in the set"}


@dataclass(frozen=True, slots=True)
class Choices:
    """Kinds, and groups of (state, label); a state is a word of `Shown.states`. Only what occurs can be chosen."""

    kinds: Sequence[str]
    states: Mapping[str, Sequence[tuple[str, str]]]


def choices(data: ReportData) -> Choices:
    """Return what the records of a report can be filtered by."""
    rows = [row for page in data.characters for table in page.tables.values() for row in table]
    split_of = {row.record_id: row.split for row in data.splits}
    splits = {split_badge(split_of.get(row.id)).key for row in rows}
    written = {written_badge(row.provenance).key for row in rows}
    kept = {row.id for row in rows}
    gates = {
        verdict.gate
        for verdict in data.verdicts
        if verdict.status in ("warn", "fail") and verdict.record_id in kept
    }
    checked = [
        ("noted", "with a warning"),
        ("quiet", "without a warning"),
        *((name, f"warned by {name}") for name in sorted(gates)),
    ]
    labels = {**SPLITS, "undivided": "no split yet"}
    groups = {
        "Checks": checked if gates else [],
        "Split": [(key, label) for key, label in labels.items() if key in splits],
        "Written": [(key, label) for key, label in WRITTEN.items() if key in written],
    }
    return Choices(
        list(dict.fromkeys(row.kind for row in rows)), {name: own for name, own in groups.items() if own}
    )

"""Everything that a character's records measure, and which of them are dropped over the whole set."""

from collections.abc import Mapping, Sequence

from rolescape_data.blueprints import Blueprint
from rolescape_data.gates import Context, measure_pairs, measure_records, measure_set
from rolescape_data.records import Measurement, Record, Rejected, SplitRow, Verdict


def measure(
    tables: Mapping[str, Sequence[Record]], blueprint: Blueprint, context: Context
) -> list[Measurement]:
    """Run every gate over one character's records.

    Kinds that only test are held against all kinds that only train; kinds that are divided are held against
    each other once they are (`measure_leaks`).
    """
    everything = [record for records in tables.values() for record in records]
    found = measure_records(everything, context)
    for records in tables.values():
        found += measure_set(records, context)
    fixed: dict[str, list[Record]] = {"train": [], "test_id": []}
    for kind, records in tables.items():
        rule = blueprint.kinds[kind].split if kind in blueprint.kinds else None
        if rule in ("train", "test_id"):
            fixed[str(rule)].extend(records)
    return found + measure_pairs(fixed["train"], fixed["test_id"], context)


def measure_leaks(records: Sequence[Record], rows: Sequence[SplitRow], context: Context) -> list[Measurement]:
    """Hold training against test records of one character, after the split."""
    split_of = {row.record_id: row.split for row in rows}
    train = [record for record in records if split_of.get(record.id) == "train"]
    test = [record for record in records if split_of.get(record.id, "train") != "train"]
    return measure_pairs(train, test, context)


def drop(records: Sequence[Record], verdicts: Sequence[Verdict]) -> tuple[list[Record], list[Rejected]]:
    """Part records into accepted ones and rejects; every failing verdict is a reason."""
    failing: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.status == "fail":
            failing.setdefault(verdict.record_id, []).append(verdict.reason)
    accepted = [record for record in records if record.id not in failing]
    rejects = [
        Rejected(
            record_id=record.id,
            kind=record.kind,
            character_id=record.character_id,
            origin="verdicts",
            reasons=failing[record.id],
            record_json=record.model_dump_json(),
        )
        for record in records
        if record.id in failing
    ]
    return accepted, rejects

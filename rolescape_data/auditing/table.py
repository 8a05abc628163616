"""Findings of an importer and verdicts of gates -> one line for each rule: how often it is broken, of how many.

Every rule that was looked at has a line, also where nothing was found: "0 of 200" is news too. What no model was asked
about stands apart, as not run.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rolescape_data.collection import Finding
from rolescape_data.gates.base import all_texts, input_text
from rolescape_data.gates.decide import Thresholds
from rolescape_data.records import Record, Verdict

EXAMPLES = 5
MOST_IN_FILE = 200
EXCERPT = 160

Weight = Literal["hard", "soft", "told"]
_ORDER: dict[str, int] = {"hard": 0, "soft": 1, "told": 2}


@dataclass(frozen=True, slots=True)
class Example:
    """One place where a rule is broken; `said` is what stands there, if it is a text, `where` a record's file and place."""

    place: str
    detail: str
    said: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule over the whole set.

    Args:
        rule: a gate's name, or an importer's word for what it found.
        kind: the record kind it was looked for in; '' for files.
        found: how many places break it.
        of: how many were looked at; None where only what is broken is counted.
        weight: hard fails the audit, soft does not, told was made right while it was read.
        examples: the worst ones first.
        source: where the bound comes from.
    """

    rule: str
    kind: str
    found: int
    of: int | None
    weight: Weight
    examples: Sequence[Example]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole audit."""

    path: str
    form: str
    characters: int
    records: dict[str, int]
    rows: Sequence[Row]
    not_run: dict[str, list[str]]

    @property
    def broken(self) -> list[Row]:
        """Return the rules that fail the audit."""
        return [row for row in self.rows if row.weight == "hard" and row.found]

    @property
    def doubted(self) -> list[Row]:
        """Return the rules that are broken and do not fail the audit."""
        return [row for row in self.rows if row.weight != "hard" and row.found]

    @property
    def kept(self) -> list[Row]:
        """Return the rules that nothing breaks."""
        return [row for row in self.rows if not row.found]

    def counted(self, rule: str, kind: str = "") -> int:
        """Return how many places break a rule, over all kinds or in one."""
        return sum(row.found for row in self.rows if row.rule == rule and kind in ("", row.kind))

    def json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "path": self.path,
            "as": self.form,
            "characters": self.characters,
            "records": self.records,
            "passed": not self.broken,
            "rules": [
                {
                    "rule": row.rule,
                    "kind": row.kind,
                    "found": row.found,
                    "of": row.of,
                    "weight": row.weight,
                    "source": row.source,
                    "examples": [
                        {
                            "place": example.place,
                            "where": example.where,
                            "detail": example.detail,
                            "said": example.said,
                        }
                        for example in row.examples
                    ],
                }
                for row in self.rows
            ],
            "not_run": self.not_run,
        }


def rows_of(
    findings: Sequence[Finding],
    verdicts: Sequence[Verdict],
    thresholds: Thresholds,
    records: Iterable[Record] = (),
    places: Mapping[str, tuple[str, str]] | None = None,
) -> list[Row]:
    """Return one line for each rule and kind, what fails first, the most frequent first.

    Args:
        findings: of the importer.
        verdicts: of every gate, passes included.
        thresholds: where the bounds come from.
        records: the set's, so that examples show what they say.
        places: (file, place in it) of each record, by its id.
    """
    said = {record.id: excerpt(record) for record in records}
    where = {name: _where(file, place) for name, (file, place) in (places or {}).items()}
    rows = [*_found_rows(findings), *_gate_rows(verdicts, thresholds, said, where)]
    return sorted(rows, key=lambda row: (not row.found, _ORDER[row.weight], -row.found, row.rule, row.kind))


def not_run_of(verdicts: Iterable[Verdict]) -> dict[str, list[str]]:
    """Return the gates that no model spoke to, by the reason they give."""
    groups: dict[str, set[str]] = defaultdict(set)
    for verdict in verdicts:
        if verdict.status == "not_run":
            groups[verdict.reason].add(verdict.gate)
    return {why: sorted(gates) for why, gates in sorted(groups.items())}


def _found_rows(findings: Sequence[Finding]) -> list[Row]:
    groups: dict[tuple[str, Weight], list[Finding]] = defaultdict(list)
    for finding in findings:
        weight: Weight = "told" if finding.repaired else "hard" if finding.hard else "soft"
        groups[finding.rule, weight].append(finding)
    return [
        Row(
            rule,
            "",
            len(group),
            None,
            weight,
            [Example(_where(one.file, one.place), one.detail) for one in group[:MOST_IN_FILE]],
        )
        for (rule, weight), group in groups.items()
    ]


def _where(file: str, place: str) -> str:
    return f"{file}: {place}" if place else file


def excerpt(record: Record) -> str:
    """Return the words by which a person knows a record again, at most EXCERPT characters."""
    text = input_text(record) or next(iter(all_texts(record).values()), "")
    flat = " ".join(text.split())
    return flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1].rstrip() + "…"


def _gate_rows(
    verdicts: Sequence[Verdict], thresholds: Thresholds, said: Mapping[str, str], where: Mapping[str, str]
) -> list[Row]:
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.status != "not_run":
            groups[verdict.gate, verdict.kind].append(verdict)
    rows: list[Row] = []
    for (gate, kind), group in groups.items():
        known = thresholds.gates.get(gate)
        source = known.source if known else ""
        failed = [verdict for verdict in group if verdict.status == "fail"]
        warned = [verdict for verdict in group if verdict.status == "warn"]
        if failed or not warned:
            rows.append(Row(gate, kind, len(failed), len(group), "hard", _worst(failed, said, where), source))
        if warned:
            rows.append(Row(gate, kind, len(warned), len(group), "soft", _worst(warned, said, where), source))
    return rows


def _worst(verdicts: Sequence[Verdict], said: Mapping[str, str], where: Mapping[str, str]) -> list[Example]:
    """Return the places of verdicts, the farthest from what the gate usually finds first."""
    if not verdicts:
        return []
    below = "below" in verdicts[0].reason.split(", ", 1)[-1][:8]
    ordered = sorted(
        verdicts, key=lambda one: (one.value if below else -one.value, one.record_id, one.reason)
    )
    return [
        Example(one.record_id, one.reason, said.get(one.record_id, ""), where.get(one.record_id, ""))
        for one in ordered[:MOST_IN_FILE]
    ]

"""What was found over the whole set: the contract, leaks, checks and what was dropped."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from rolescape_data.gates.decide import Thresholds
from rolescape_data.records import Cell, Rejected, Split, Verdict
from rolescape_data.report.data import CharacterPage

EXAMPLES = 4
MORE_EXAMPLES = 40
FIRST_OPEN = 6  # reasons for open cells that stand in sight
EXCERPT = 160

# 'response_words is 93, above 80' and 'reply: answer: Field required' both begin with what was looked at.
_LOOKED_AT = re.compile(r"([a-z][a-z0-9_]*)(?:: | is | could not )")
_HEADLINES = ("question", "user_text", "text", "t2i_caption", "description", "path")


@dataclass(frozen=True, slots=True)
class Owed:
    """How many of one kind a character has, and owes. `open` counts the cells that are short."""

    found: int
    wanted: int
    open: int


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract as a table of kinds by characters, and every cell of it."""

    characters: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Owed | None]]]
    open: Sequence[Cell]
    cells: Sequence[Cell]
    first: Sequence["OpenCells"]
    rest: Sequence["OpenCells"]


@dataclass(frozen=True, slots=True)
class OpenCells:
    """Cells of one kind that are open for one reason: every one of them is named, the reason stands once."""

    kind: str
    note: str
    found: int
    wanted: int
    named: Sequence[tuple[str, Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Leak:
    """One way in which training and testing touch."""

    gate: str
    status: str
    count: int
    examples: Sequence[Verdict]
    more: int
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """One gate over the whole set. `widths`: percent that passed, and percent that did not fail.

    `found` holds what failed and then what warned, cut at MORE_EXAMPLES; `more` counts what was cut off.
    """

    gate: str
    passed: int
    warned: int
    failed: int
    not_run: int
    widths: tuple[str, str]
    thresholds: Sequence[str]
    source: str
    found: Sequence[Verdict]
    more: int

    @property
    def noted(self) -> bool:
        return self.warned + self.failed > 0

    @property
    def ran(self) -> bool:
        return self.passed + self.warned + self.failed > 0


@dataclass(frozen=True, slots=True)
class Silent:
    """Gates that were not run for one reason, which is not a pass."""

    why: str
    gates: Sequence[str]


@dataclass(frozen=True, slots=True)
class Example:
    """One dropped record."""

    id: str
    kind: str
    character: str
    said: str
    reasons: Sequence[str]
    winner: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Everything that was dropped for one reason; a record with two reasons stands in both groups."""

    reason: str
    count: int
    kinds: Mapping[str, int]
    first: Sequence[Example]
    rest: Sequence[Example]
    unshown: int
    source: str = field(default="")


def contract(cells: Sequence[Cell], names: Mapping[str, str]) -> Contract:
    """Sum the contract up; cells about splits are no records of their own, and count only when they are open."""
    owed = [cell for cell in cells if cell.cell not in get_args(Split)]
    kinds = list(dict.fromkeys(cell.kind for cell in owed))
    # Kinds go down and characters across: a set has more kinds than a page is wide, and most have few characters.
    characters = list(dict.fromkeys(cell.character_id for cell in owed))
    rows = [
        (kind, [_owed([c for c in owed if c.character_id == name], kind) for name in characters])
        for kind in kinds
    ]
    still_open = [cell for cell in cells if cell.found < cell.wanted]
    groups = _grouped(still_open, names)
    return Contract(
        [names.get(name, name) for name in characters],
        rows,
        still_open,
        cells,
        groups[:FIRST_OPEN],
        groups[FIRST_OPEN:],
    )


def _grouped(cells: Sequence[Cell], names: Mapping[str, str]) -> list[OpenCells]:
    by_reason: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_reason.setdefault((cell.kind, cell.note), []).append(cell)
    groups: list[OpenCells] = []
    for (kind, note), members in by_reason.items():
        named: dict[str, list[Cell]] = {}
        for cell in members:
            named.setdefault(names.get(cell.character_id, cell.character_id), []).append(cell)
        found, wanted = sum(cell.found for cell in members), sum(cell.wanted for cell in members)
        groups.append(OpenCells(kind, note, found, wanted, list(named.items())))
    return groups


def _owed(cells: Sequence[Cell], kind: str) -> Owed | None:
    own = [cell for cell in cells if cell.kind == kind]
    if not own:
        return None
    return Owed(
        sum(cell.found for cell in own),
        sum(cell.wanted for cell in own),
        sum(1 for cell in own if cell.found < cell.wanted),
    )


def leaks(verdicts: Sequence[Verdict], thresholds: Thresholds) -> list[Leak]:
    """Group what touches across splits by gate, failures first."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.status != "pass":
            groups.setdefault((verdict.status, verdict.gate), []).append(verdict)
    return [
        Leak(
            gate,
            status,
            len(rows),
            rows[:MORE_EXAMPLES],
            max(len(rows) - MORE_EXAMPLES, 0),
            _source(gate, thresholds),
        )
        for (status, gate), rows in sorted(groups.items())
    ]


def checks(verdicts: Iterable[Verdict], thresholds: Thresholds) -> list[Check]:
    """Count verdicts by gate, the gates that found most first."""
    counts: dict[str, dict[str, int]] = {}
    told: dict[str, dict[str, set[str]]] = {}
    noted: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.status in ("warn", "fail"):
            noted.setdefault(verdict.gate, []).append(verdict)
        tally = counts.setdefault(verdict.gate, {"pass": 0, "warn": 0, "fail": 0, "not_run": 0})
        tally[verdict.status] += 1
        limits = told.setdefault(verdict.gate, {})
        limits.setdefault(verdict.threshold, set()).add(verdict.kind)
    found = [
        _check(gate, tally, told[gate], noted.get(gate, []), thresholds) for gate, tally in counts.items()
    ]
    return sorted(found, key=lambda check: (-check.failed, -check.warned, check.gate))


def silent(verdicts: Iterable[Verdict]) -> list[Silent]:
    """Group the gates that were not run by the reason that they give."""
    groups: dict[str, set[str]] = {}
    for verdict in verdicts:
        if verdict.status == "not_run":
            groups.setdefault(verdict.reason, set()).add(verdict.gate)
    return [Silent(why, sorted(gates)) for why, gates in sorted(groups.items())]


def _check(
    gate: str,
    tally: Mapping[str, int],
    told: Mapping[str, set[str]],
    noted: Sequence[Verdict],
    thresholds: Thresholds,
) -> Check:
    # What was not run is no pass: it has no part in the bar.
    total = tally["pass"] + tally["warn"] + tally["fail"] or 1
    passed, unfailed = tally["pass"] / total, (tally["pass"] + tally["warn"]) / total
    texts = [
        text + (f" ({', '.join(kind.replace('_', ' ') for kind in sorted(kinds))})" if len(told) > 1 else "")
        for text, kinds in sorted(told.items())
        if text
    ]
    return Check(
        gate,
        tally["pass"],
        tally["warn"],
        tally["fail"],
        tally["not_run"],
        (f"{100 * passed:.2f}%", f"{100 * unfailed:.2f}%"),
        texts,
        _source(gate, thresholds),
        sorted(noted, key=lambda verdict: verdict.status)[:MORE_EXAMPLES],
        max(len(noted) - MORE_EXAMPLES, 0),
    )


def dropped(characters: Sequence[CharacterPage], thresholds: Thresholds) -> list[Dropped]:
    """Group the rejects of all characters by what was looked at, the largest group first."""
    groups: dict[str, list[Example]] = {}
    for character in characters:
        for row in character.rejects:
            example = _example(row, character.name)
            for reason in dict.fromkeys(_looked_at(text) for text in row.reasons):
                groups.setdefault(reason, []).append(example)
    found = []
    for reason, examples in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        kinds: dict[str, int] = {}
        for example in examples:
            kinds[example.kind] = kinds.get(example.kind, 0) + 1
        shown = examples[:MORE_EXAMPLES]
        found.append(
            Dropped(
                reason,
                len(examples),
                kinds,
                shown[:EXAMPLES],
                shown[EXAMPLES:],
                len(examples) - len(shown),
                _source(reason, thresholds),
            )
        )
    return found


def _looked_at(reason: str) -> str:
    match = _LOOKED_AT.match(reason)
    return match[1] if match else "other"


def _example(row: Rejected, character: str) -> Example:
    return Example(row.record_id, row.kind, character, _said(row.record_json), row.reasons, row.winner_id)


def _said(record_json: str) -> str:
    """Return the words by which a person knows a dropped record again, at most EXCERPT characters."""
    try:
        found = json.loads(record_json)
    except ValueError:
        found = None
    text = ""
    if isinstance(found, dict):
        text = next((found[key] for key in _HEADLINES if isinstance(found.get(key), str)), "")
    flat = " ".join((text or record_json).split())
    if flat == "{}":
        return ""
    return flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1].rstrip() + "…"


def _source(gate: str, thresholds: Thresholds) -> str:
    known = thresholds.gates.get(gate)
    return known.source if known else ""

"""What was wanted and what is there, and everything else that keeps a set from its contract."""

from collections.abc import Sequence
from typing import Any

from flows.steps import STEPS
from flows.whole_set import ABOUT, ALL, WholeSet, contract_of, leaks_of, verdicts_of
from rolescape_data.records import (
    Cell,
    ImageRecord,
    Record,
    Verdict,
)

NOT_BUILT = "not built yet"


def contract(whole: WholeSet, records: Sequence[Record]) -> list[Cell]:
    """Return what was wanted and what is there, cell by cell, after all verdicts."""
    cells: list[Cell] = []
    for character in whole.characters:
        folder = whole.workspace.character(character)
        stamps = folder.stamps()
        owed = whole.owed_by(character).kinds
        pool = pool_pictures_of(records, character)
        for step in STEPS:
            if step.kind not in owed:
                continue
            if step.kind not in stamps:
                # Pictures that were not looked at yet count as usable, so that nothing is owed less than a build will ask.
                wanted = owed[step.kind].cells(len(whole.inputs.material(character).pictures))
                cells += [
                    Cell(
                        character_id=character,
                        kind=step.kind,
                        cell=cell,
                        wanted=count,
                        found=0,
                        note=NOT_BUILT,
                    )
                    for cell, count in wanted.items()
                ]
                continue
            if step.kind in ABOUT:
                cells += stamps[step.kind].cells
                continue
            kept = [
                record for record in records if record.character_id == character and record.kind == step.kind
            ]
            cells += [
                _after_verdicts(cell, kept, stamps[step.kind].rows, pool) for cell in stamps[step.kind].cells
            ]
    return cells


# Cells of a mix are values of these fields; every other cell counts all records of its kind.
_CELL_FIELDS = ("difficulty", "type", "probe", "form", "negative", "fault")


def pool_pictures_of(records: Sequence[Record], character: str) -> frozenset[str]:
    """Return the ids of a character's pictures that come from the set's pools."""
    return frozenset(
        record.id
        for record in records
        if isinstance(record, ImageRecord) and record.owner == "pool" and record.character_id == character
    )


def _after_verdicts(cell: Cell, kept: Sequence[Record], made: int, pool: frozenset[str]) -> Cell:
    if len(kept) == made:
        return cell
    generic = [record for record in kept if {record.id, getattr(record, "image_id", None)} & pool]
    if cell.cell == "count" or cell.cell == "min":
        found = min(cell.found, len(kept) - len(generic))
    elif cell.cell == "generic":
        found = len(generic)
    else:
        found = sum(cell.cell in [getattr(record, name, "") for name in _CELL_FIELDS] for record in kept)
    note = cell.note or f"{made - len(kept)} dropped by verdicts over the whole set; see rejects"
    return cell.model_copy(update={"found": found, "note": note if found < cell.wanted else cell.note})


def shortcomings(whole: WholeSet) -> dict[str, Any]:
    """Return what keeps the set from its contract.

    Returns:
        'missing': open cells; 'leaks': records in training and in test both; 'failed': gates that all questions
        together fail; 'warnings': sentences about too many rejects. Any of them makes exit status 1. 'not_run': the
        gates that read a model's words and were given none, by the reason; that is not a pass, and no fault either.
    """
    workspace = whole.workspace
    together = [
        row for row in verdicts_of(workspace) if row.status == "fail" and row.record_id.startswith(ALL)
    ]
    return {
        "missing": [cell.model_dump() for cell in contract_of(workspace) if cell.found < cell.wanted],
        "leaks": [verdict.model_dump() for verdict in leaks_of(workspace) if verdict.status == "fail"],
        "failed": [verdict.model_dump() for verdict in together],
        "warnings": _too_many_rejects(whole),
        "not_run": _not_run(verdicts_of(workspace)),
    }


def _not_run(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    groups: dict[str, set[str]] = {}
    for verdict in verdicts:
        if verdict.status == "not_run":
            groups.setdefault(verdict.reason, set()).add(verdict.gate)
    return {why: sorted(gates) for why, gates in sorted(groups.items())}


def _too_many_rejects(whole: WholeSet) -> list[str]:
    """Say so when more of what a writer made was dropped than the set's own bound allows without a person looking."""
    made = dropped = 0
    for character in whole.characters:
        folder = whole.workspace.character(character)
        owed = whole.owed_by(character).kinds
        kinds = {step.kind for step in STEPS if step.prompt and step.kind in owed}
        rejects = [row for row in folder.rejects() if row.kind in kinds]
        # What verdicts drop stays in its table; what a stage drops never was in one.
        made += sum(stamp.rows for kind, stamp in folder.stamps().items() if kind in kinds)
        made += sum(row.origin == "stage" for row in rejects)
        dropped += len(rejects)
    bound = whole.thresholds.max_reject_share
    if made == 0 or dropped / made <= bound:
        return []
    return [
        f"{dropped} of {made} generated records were dropped, more than {bound:.0%} (max_reject_share in "
        "qa/gates.yaml). Look at the rejects in the report before you use the set."
    ]

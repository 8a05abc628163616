"""Counts: whether a set holds exactly what its contract names, and whether its questions spread over the aspects.

MMRole and RoleScape-20 drift from their own counts: 4 questions for 5 in one picture, 19 pairs for 20 in 13, 15 to
20 probes for 20 (counted).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from rolescape_data.blueprints import Blueprint
from rolescape_data.gates.base import Context, Quota
from rolescape_data.records import (
    ASPECTS,
    ImageRecord,
    Measurement,
    Question,
    Record,
    Review,
    SolverAnswer,
    TextQA,
)
from rolescape_data.records.visual import VISUAL_CATEGORIES, VisualMCQ

# Fields that a cell of a contract may name a value of.
_CELL_FIELDS = ("difficulty", "type", "category", "probe", "shape", "polarity", "form", "negative", "fault")

# Fewer questions cannot cover eight aspects, and their shares are coarse.
SMALLEST_COVERED = 8
SMALLEST_SHARED = 20


def quotas_of(blueprint: Blueprint, images: Sequence[str]) -> dict[str, Quota]:
    """Return what a blueprint wants exactly of a character with these pictures, by kind.

    Kinds with a lower bound only are left out, and pictures: what a set brings is told by its contract. Of visual four-option questions every picture owes one of each category,
    whatever the mix of difficulties.
    """
    found: dict[str, Quota] = {}
    for kind, contract in blueprint.kinds.items():
        # The counts of solver_answer and review are of what was tried and judged, not of the tries.
        if contract.min is not None or kind in (ImageRecord.kind, SolverAnswer.kind, Review.kind):
            continue
        cells = contract.per_picture()
        if contract.generic:
            # Whichever picture they stand beside: a picture is shown once for each kind, as `links` and stages see to.
            found[kind] = Quota({"count": sum(contract.cells(len(images)).values())})
            continue
        if not cells:
            found[kind] = Quota(contract.cells(len(images)))
            continue
        if kind == VisualMCQ.kind:
            cells |= dict.fromkeys(VISUAL_CATEGORIES, 1)
        found[kind] = Quota(cells, tuple(sorted(images)))
    return found


def quota(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count how far each cell of the contract is off, too many or too few, summed over the cells.

    One measurement of the set; for kinds with a number for each picture one for every picture, also for those that
    have no record at all. Silent for kinds without a contract, or with a lower bound only.
    """
    if not records:
        return []
    first = records[0]
    wanted = context.quotas.get(first.kind)
    if wanted is None:
        return []
    if not wanted.images:
        return [_off(first, "", wanted.cells, records)]
    by_image: dict[str, list[Record]] = {image: [] for image in wanted.images}
    for record in records:
        by_image.setdefault(getattr(record, "image_id", ""), []).append(record)
    return [_off(first, image, wanted.cells, found) for image, found in sorted(by_image.items())]


def off_by(wanted: Mapping[str, int], records: Sequence[Record]) -> dict[str, int]:
    """Return found minus wanted by cell, without the cells that are met.

    The cell 'count' is all records; every other name is a value of difficulty, type, category, probe or shape. A
    record that no cell names is one too many of cell 'other'.
    """
    found: Counter[str] = Counter()
    for record in records:
        values = [getattr(record, name, None) for name in _CELL_FIELDS]
        named = [value for value in values if isinstance(value, str) and value in wanted]
        found.update(named if named else ["count" if "count" in wanted else "other"])
    if "count" in wanted:
        found["count"] = len(records)
    return {
        cell: found[cell] - wanted.get(cell, 0)
        for cell in sorted({*wanted, *found})
        if found[cell] != wanted.get(cell, 0)
    }


def aspect_coverage(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count the aspects (of ten) that the questions of a set ask about; silent below eight questions."""
    asked = _aspects(records)
    if asked.total() < SMALLEST_COVERED:
        return []
    missing = [aspect for aspect in ASPECTS if not asked[aspect]]
    detail = f"none on {', '.join(missing)}" if missing else ""
    return [_on_set(records[0], "", "aspect_coverage", len(asked), detail)]


def aspect_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the largest share of a training set's questions that one aspect has; silent below 20 questions."""
    asked = _aspects([record for record in records if isinstance(record, TextQA)])
    if asked.total() < SMALLEST_SHARED:
        return []
    aspect, count = max(asked.items(), key=lambda item: (item[1], item[0]))
    return [
        _on_set(records[0], "", "aspect_share", count / asked.total(), f"{aspect} {count} of {asked.total()}")
    ]


def _aspects(records: Sequence[Record]) -> Counter[str]:
    return Counter(
        record.aspect for record in records if isinstance(record, Question) and record.aspect is not None
    )


def _off(first: Record, image: str, wanted: Mapping[str, int], records: Sequence[Record]) -> Measurement:
    wrong = off_by(wanted, records)
    detail = ", ".join(
        f"{cell} {wanted.get(cell, 0) + by} for {wanted.get(cell, 0)}" for cell, by in wrong.items()
    )
    return _on_set(first, image, "quota", sum(abs(by) for by in wrong.values()), detail)


def _on_set(first: Record, image: str, gate: str, value: float, detail: str) -> Measurement:
    """Return a measurement of a whole set, or of one picture's share of it: no single record is at fault."""
    return Measurement(
        record_id=f"{first.character_id}/{first.kind}" + (f"/{image}" if image else ""),
        kind=first.kind,
        character_id=first.character_id,
        gate=gate,
        value=float(value),
        detail=detail[:300],
    )

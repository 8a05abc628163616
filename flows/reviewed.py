"""A workspace's verdicts on its reviews -> what judges made of each character's replies, for status and report."""

from collections import Counter
from typing import Any

from flows.whole_set import WholeSet, verdicts_of
from rolescape_data.records import Measurement, Review, Verdict
from rolescape_data.store.tables import read_table

_ITEM = "judged_item"


def reviewed(whole: WholeSet) -> dict[str, list[dict[str, Any]]]:
    """Return what the gates measured on the reviews of each character; {} in a set that asks for none.

    Returns:
        {character: [{'gate', 'status', 'value', 'threshold', 'detail'}]}; a detail holds the size of the sample. A character whose
        replies were not judged has no rows: the gates stand as not run then.
    """
    path = whole.workspace.set_folder / "measurements.parquet"
    if Review.kind not in whole.blueprint.kinds or not path.exists():
        return {}
    measured = [row for row in read_table(path, Measurement) if row.kind == Review.kind and not row.not_run]
    # Both tables are written in one order, so that a verdict stands where its measurement does.
    decided = [
        row for row in verdicts_of(whole.workspace) if row.kind == Review.kind and row.status != "not_run"
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    items: dict[str, list[Verdict]] = {}
    for one, verdict in zip(measured, decided, strict=True):
        if one.gate == _ITEM:
            items.setdefault(one.character_id, []).append(verdict)
        elif one.record_id == f"{one.character_id}/{Review.kind}":
            found.setdefault(one.character_id, []).append(row_of(verdict, one.detail))
    for character, verdicts in items.items():
        found.setdefault(character, []).append(_lowest(verdicts))
    return found


def _lowest(items: list[Verdict]) -> dict[str, Any]:
    """Return the lowest of the single scores, and how many of them are too low."""
    counts = Counter(one.status for one in items)
    low = counts["fail"] + counts["warn"]
    detail = f"the lowest of {len(items)} scores" + (f"; {low} too low" if low else "")
    return row_of(min(items, key=lambda one: one.value), detail)


def row_of(verdict: Verdict, detail: str) -> dict[str, Any]:
    """Return a verdict as status, report and `rolescape judge` tell it; `detail` says what it rests on."""
    return {
        "gate": verdict.gate,
        "status": verdict.status,
        "value": verdict.value,
        "threshold": verdict.threshold,
        "detail": detail,
    }


def judges(whole: WholeSet) -> list[str]:
    """Return who judged, by name; nobody in a set that asks for no reviews."""
    if Review.kind not in whole.blueprint.kinds:
        return []
    found = (one for name in whole.characters for one in whole.workspace.character(name).read(Review))
    return sorted({one.provenance.writer for one in found})


def tell_row(row: dict[str, Any]) -> str:
    """Return one row as text; what did not pass is marked with the bound that it missed."""
    mark = "" if row["status"] == "pass" else f"  [{row['threshold']}]"
    return f"{row['gate']:18} {row['value']:.3f}  {row['detail']}{mark}"

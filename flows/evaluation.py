"""Review files -> MMRole-Eval's tables, as text, JSON and the CSV files that its authors publish."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rolescape_data.errors import InputError
from rolescape_data.judging.reviews import (
    METRICS,
    ReviewFile,
    counted_once,
    pairs_of,
    read_reviews,
    review_files,
)
from rolescape_data.judging.tables import OVERALL, Table, results_csv, tabulate, weights_of
from rolescape_data.records import Review
from rolescape_data.store.atomic import write_text
from rolescape_data.store.inputs import from_workspace
from rolescape_data.store.workspace import Workspace

_SHOWN_PROBLEMS = 10


def score_reviews(paths: Sequence[Path], *, weights: str, seed: int = 0, draws: int = 1000) -> Table:
    """Tabulate the review files that `paths` name (folders are searched), and the pair reviews of workspaces, one row each character.

    Raises:
        InputError: a path that holds no reviews, a sample with two different ones, or weights that nothing fits.
    """
    workspaces = [path for path in paths if is_workspace(path)]
    others = [path for path in paths if path not in workspaces]
    found = _read(review_files(others)) if others else []
    for path in workspaces:
        found += _of_workspace(path)
    return tabulate(found, weights_of(weights), seed=seed, draws=draws)


def is_workspace(path: Path) -> bool:
    """Say whether a path is a workspace, whose pairs are rejected replies beside chosen ones."""
    return (path / "set.yaml").is_file() and (path / "inputs.json").is_file()


def _of_workspace(path: Path) -> list[ReviewFile]:
    """Return the pair reviews of a workspace's characters; MMRole's form holds no others."""
    workspace = Workspace(path)
    found = []
    for entry in from_workspace(workspace).found.characters:
        name = entry.resolved_id()
        reviews = [one for one in workspace.character(name).read(Review) if one.judge_kind == "mmrole_pair"]
        if reviews:
            found.append(pairs_of(reviews, name=name, test="out" if entry.role == "ood" else "in"))
    if not found:
        raise InputError(
            f"{path} holds no reviews of pairs. Name the rubric mmrole_pair under `reviews:` of its set file, and build it with a "
            "model as the writer of `reviews`."
        )
    return found


def _read(paths: Sequence[Path]) -> list[ReviewFile]:
    # Files are named by the shortest tail of their path that tells them apart.
    depth = 1
    while depth < max(len(path.resolve().parts) for path in paths):
        if max(Counter(_tail(path, depth) for path in paths).values()) == 1:
            break
        depth += 1
    return counted_once([read_reviews(path, name=_tail(path, depth)) for path in paths])


def _tail(path: Path, depth: int) -> str:
    return "/".join(path.resolve().parts[-depth:])


def write_results(table: Table, folder: Path) -> list[Path]:
    """Write one CSV per review file, named like it, byte for byte as MMRole-Eval writes them."""
    written = []
    for name in table.rows:
        path = folder / Path(name).with_suffix(".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, results_csv(table, name))
        written.append(path)
    return written


def table_json(table: Table) -> dict[str, Any]:
    """Return a table as plain data, every digit kept."""
    return {
        "counts": dict(table.counts),
        "rows": {name: dict(row) for name, row in table.rows.items()},
        "means": dict(table.means),
        "intervals": {name: list(bounds) for name, bounds in table.intervals.items()},
        "ties": dict(table.ties),
        "order_gap": table.order_gap,
        "problems": [asdict(problem) for problem in table.problems],
    }


def tell_table(table: Table, *, preferences: bool = False) -> str:
    """Say a table in words and columns; with `preferences`, what a ratio of a workspace's pairs means as well."""
    names = [*METRICS, OVERALL]
    wide = max(len(name) for name in names)
    files = list(table.rows)
    # A name's end tells files apart: in_test/ and out_test/ hold the same names.
    head = " ".join(f"{name.removesuffix('.json').removesuffix('_test')[-18:]:>18}" for name in files)
    lines = [f"{'':{wide}} {head} {'mean':>8} {'95 % interval':>17} {'ties':>7}"]
    for metric in names:
        cells = []
        for name in files:
            row = table.rows[name]
            value = (sum(row.values()) / len(row) if row else None) if metric == OVERALL else row.get(metric)
            cells.append(f"{value:>18.3f}" if value is not None else f"{'-':>18}")
        mean = f"{table.means[metric]:>8.3f}" if metric in table.means else f"{'-':>8}"
        low_high = table.intervals.get(metric)
        interval = f"{f'{low_high[0]:.3f} - {low_high[1]:.3f}' if low_high else '-':>17}"
        ties = f"{table.ties[metric] * 100:>6.1f}%" if metric in table.ties else f"{'-':>7}"
        lines.append(f"{metric:{wide}} {' '.join(cells)} {mean} {interval} {ties}")
    counts = " ".join(f"{table.counts[name]:>18}" for name in files)
    lines.append(f"{'samples':{wide}} {counts}")
    if preferences:
        lines.append(
            "A workspace's rows are the rejected replies of its preference pairs over the chosen ones: they should lie below 1."
        )
    if table.order_gap is None:
        lines.append("One order was judged (A = answer, B = reference): position bias is unknown.")
    else:
        lines.append(f"Mean gap between the two orders: {table.order_gap:.3f}.")
    lines += _problems(table)
    return "\n".join(lines)


def _whole(table: Table) -> str:
    unasked = [metric for metric in METRICS if metric not in table.means]
    if unasked:
        return f"Every sample has all reviews that were asked for; nobody asked for {', '.join(unasked)}."
    return "Every sample has all eight reviews."


def _problems(table: Table) -> list[str]:
    lines = [] if any(not one.counted for one in table.problems) else [_whole(table)]
    if not table.problems:
        return lines
    kinds = Counter(problem.what for problem in table.problems)
    told = ", ".join(f"{n} {what}" for what, n in sorted(kinds.items()))
    lines.append(f"Reviews that are missing or odd: {told}")
    for problem in table.problems[:_SHOWN_PROBLEMS]:
        metric = f", {problem.metric}" if problem.metric else ""
        lines.append(f"  {problem.file}: {problem.sample}{metric}: {problem.what} {problem.detail}".rstrip())
    if len(table.problems) > _SHOWN_PROBLEMS:
        lines.append(f"  ... and {len(table.problems) - _SHOWN_PROBLEMS} more (--json lists all)")
    return lines

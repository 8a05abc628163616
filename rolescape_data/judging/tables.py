"""Score pairs -> MMRole-Eval's tables: ratio per sample, mean per file, the chosen way to sum up.

MMRole's own way (RECIPES of its released code and table): the ratio judged / reference per sample, its mean per file, the plain mean
over the three dialogue types, In-Test to Out-Test like 3 to 1, the mean of the eight metrics. Ties, intervals and the gap
between the two orders are left out there and told here, because the scale is blunt: nearly half of the released pairs are ties.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rolescape_data.errors import InputError
from rolescape_data.judging.reviews import METRICS, Problem, ReviewFile

OVERALL = "Overall"


@dataclass(frozen=True, slots=True)
class Weights:
    """How files are summed up: mean over files, mean over samples, or In-Test to Out-Test like `ins` to `outs`."""

    way: Literal["macro_types", "pool", "tests"]
    ins: float = 1.0
    outs: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """What the files say; ratios are judged over reference, so 1 means as good as the reference.

    Args:
        rows: per file, the mean ratio by metric.
        counts: per file, the number of samples.
        means: over all files, by metric and 'Overall'.
        intervals: bootstrap interval of each of `means`.
        ties: share of equal pairs, by metric and 'Overall'.
        order_gap: mean |ratio(AB) - ratio(BA)|; None when only one order was judged.
        problems: reviews that are missing or odd.
    """

    rows: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, int]
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    ties: Mapping[str, float]
    order_gap: float | None
    problems: Sequence[Problem] = field(default_factory=list)


def weights_of(text: str) -> Weights:
    """Read `--weights`.

    Raises:
        InputError: it is neither macro_types, pool, nor two positive numbers such as 3:1.
    """
    if text == "macro_types":
        return Weights("macro_types")
    if text == "pool":
        return Weights("pool")
    match = re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", text)
    if match and float(match[1]) + float(match[2]) > 0:
        return Weights("tests", float(match[1]), float(match[2]))
    raise InputError(
        f"'{text}' is no way to weigh reviews. Use macro_types, pool, or In-Test to Out-Test as in 3:1."
    )


def tabulate(
    files: Sequence[ReviewFile], weights: Weights, *, seed: int = 0, draws: int = 1000, level: float = 0.95
) -> Table:
    """Sum up reviews as MMRole-Eval does, with what its tables leave out: ties, intervals, gaps between the orders.

    Args:
        files: one per dialogue type and test, as `read_reviews` gives them.
        weights: how files count against each other.
        seed: of the bootstrap; the same reviews and seed give the same interval.
        draws: how often samples are drawn again (with replacement, within each file); 0 leaves intervals out.
        level: share of draws that an interval holds.

    Raises:
        InputError: no file, or a weight on a test that no file belongs to.
    """
    if not any(file.pairs for file in files):
        raise InputError("No reviewed sample was given. Name at least one review file that holds some.")
    files = [file for file in files if file.pairs]
    if weights.way == "tests":
        for test, weight in (("in", weights.ins), ("out", weights.outs)):
            if weight and not any(file.test == test for file in files):
                raise InputError(
                    f"The weights {weights.ins:g}:{weights.outs:g} need reviews of {test.title()}-Test, and there are none. "
                    "Name a file or folder with 'out' in its name, or choose --weights macro_types."
                )
    return Table(
        rows={file.name: _row(file.pairs) for file in files},
        counts={file.name: len(file.pairs) for file in files},
        means=_means(files, weights),
        intervals=_intervals(files, weights, seed=seed, draws=draws, level=level),
        ties=_ties(files),
        order_gap=_order_gap(files),
        problems=[problem for file in files for problem in file.problems],
    )


def _row(samples: Sequence[Mapping[str, tuple[float, float]]]) -> dict[str, float]:
    # Plain sums in the file's order: math.fsum or numpy's pairwise sum differ from the published tables in the last digit.
    row: dict[str, float] = {}
    for metric in METRICS:
        ratios = [sample[metric][0] / sample[metric][1] for sample in samples if metric in sample]
        if ratios:
            row[metric] = sum(ratios) / len(ratios)
    return row


def _ratios(file: ReviewFile) -> NDArray[np.float64]:
    """Return judged / reference, samples by metrics; NaN where a review does not count."""
    ratio_SM = np.full((len(file.pairs), len(METRICS)), np.nan)
    for row, sample in enumerate(file.pairs):
        for metric, (judged, reference) in sample.items():
            ratio_SM[row, METRICS.index(metric)] = judged / reference
    return ratio_SM


def _means(files: Sequence[ReviewFile], weights: Weights) -> dict[str, float]:
    if weights.way == "pool":
        everything = [sample for file in files for sample in file.pairs]
        means = _row(everything)
    elif weights.way == "macro_types":
        means = _mean_of_rows([_row(file.pairs) for file in files])
    else:
        sides = {
            test: _mean_of_rows([_row(file.pairs) for file in files if file.test == test])
            for test in ("in", "out")
        }
        means = {}
        for metric in METRICS:
            parts = [
                (weight, sides[test][metric])
                for test, weight in (("in", weights.ins), ("out", weights.outs))
                if weight and metric in sides[test]
            ]
            if parts:
                means[metric] = sum(w * value for w, value in parts) / sum(w for w, _ in parts)
    if means:
        means[OVERALL] = sum(means.values()) / len(means)
    return means


def _mean_of_rows(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    means: dict[str, float] = {}
    for metric in METRICS:
        values = [row[metric] for row in rows if metric in row]
        if values:
            means[metric] = sum(values) / len(values)
    return means


def _intervals(
    files: Sequence[ReviewFile], weights: Weights, *, seed: int, draws: int, level: float
) -> dict[str, tuple[float, float]]:
    if not draws:
        return {}
    dice = np.random.default_rng(seed)
    sums, counts = [], []
    for file in files:
        ratio_SM = _ratios(file)
        # How often each sample is drawn, per draw: D by S.
        times_DS = dice.multinomial(len(ratio_SM), np.full(len(ratio_SM), 1 / len(ratio_SM)), size=draws)
        sums.append(times_DS.astype(np.float64) @ np.nan_to_num(ratio_SM))
        counts.append(times_DS @ ~np.isnan(ratio_SM))
    sum_FDM, count_FDM = np.stack(sums), np.stack(counts).astype(np.float64)
    drawn_DM = _drawn(sum_FDM, count_FDM, [file.test for file in files], weights)
    columns = {metric: drawn_DM[:, at] for at, metric in enumerate(METRICS)} | {OVERALL: _mean(drawn_DM, 1)}
    cut = (1 - level) / 2
    found: dict[str, tuple[float, float]] = {}
    for name, values in columns.items():
        finite = values[np.isfinite(values)]
        if len(finite):
            low, high = np.quantile(finite, (cut, 1 - cut))
            found[name] = (float(low), float(high))
    return found


def _drawn(
    sum_FDM: NDArray[np.float64], count_FDM: NDArray[np.float64], tests: Sequence[str], weights: Weights
) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        if weights.way == "pool":
            pooled_DM: NDArray[np.float64] = sum_FDM.sum(axis=0) / count_FDM.sum(axis=0)
            return pooled_DM
        mean_FDM = sum_FDM / count_FDM
        if weights.way == "macro_types":
            return _mean(mean_FDM, 0)
        total, share = np.zeros(mean_FDM.shape[1:]), np.zeros(mean_FDM.shape[1:])
        for test, weight in (("in", weights.ins), ("out", weights.outs)):
            own = [at for at, name in enumerate(tests) if name == test]
            if weight and own:
                side_DM = _mean(mean_FDM[own], 0)
                total += weight * np.nan_to_num(side_DM)
                share += weight * ~np.isnan(side_DM)
        return total / share


def _mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean of what is there; NaN where nothing is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: NDArray[np.float64] = np.nan_to_num(values).sum(axis) / (~np.isnan(values)).sum(axis)
    return mean


def _ties(files: Sequence[ReviewFile]) -> dict[str, float]:
    equal: dict[str, list[bool]] = {metric: [] for metric in METRICS}
    for file in files:
        for sample in file.pairs:
            for metric, (judged, reference) in sample.items():
                equal[metric].append(judged == reference)
    shares = {metric: sum(found) / len(found) for metric, found in equal.items() if found}
    pooled = [one for found in equal.values() for one in found]
    if pooled:
        shares[OVERALL] = sum(pooled) / len(pooled)
    return shares


def _order_gap(files: Sequence[ReviewFile]) -> float | None:
    gaps = [
        abs(straight[metric][0] / straight[metric][1] - turned[metric][0] / turned[metric][1])
        for file in files
        for straight, turned in zip(file.pairs, file.swapped, strict=True)
        for metric in METRICS
        if metric in straight and metric in turned
    ]
    return sum(gaps) / len(gaps) if gaps else None


def results_csv(table: Table, file: str) -> str:
    """Return one file's row as MMRole-Eval publishes it: a line of names, a line of full-precision numbers."""
    row = table.rows[file]
    values = [str(table.counts[file]), *(repr(row[metric]) if metric in row else "" for metric in METRICS)]
    return f"count,{','.join(METRICS)}\r\n{','.join(values)}\r\n"

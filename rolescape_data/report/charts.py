"""Counts and lengths -> the geometry of bars and histograms.

Horizontal places are percentages and vertical ones pixels, so that a chart fits any width and its text is never
scaled. Style attributes are not used: the page's content policy forbids them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolescape_data.gates.decide import LIMITS, Limits

MOST_COLUMNS = 30
COLUMN_HEIGHT = 84
MARK_HEIGHT = 16
AXIS_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart. `width` is percent of the longest bar, `share` percent of all."""

    label: str
    count: int
    width: str
    share: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart."""

    title: str
    note: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a histogram: x and width in percent, y and height in pixels from the top."""

    x: str
    width: str
    y: str
    height: str
    status: str
    told: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold: a line at x percent with its words on a row of their own."""

    x: str
    y: int
    anchor: str
    shift: int
    status: str
    told: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each length occurs, and where lengths stop being fine."""

    title: str
    summary: str
    columns: Sequence[Column]
    marks: Sequence[Mark]
    top: int
    floor: int
    height: int
    low: str
    high: str


def bars(title: str, values: Iterable[str], *, order: Sequence[str] = ()) -> Bars:
    """Count values; those of `order` come first, also when they do not occur, the others by count and name."""
    counts = dict.fromkeys(order, 0)
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    rest = sorted(set(counts) - set(order), key=lambda value: (-counts[value], value))
    total, most = sum(counts.values()), max(counts.values(), default=0)
    return Bars(
        title,
        f"{total} in all",
        [
            Bar(
                value,
                counts[value],
                _percent(counts[value], most),
                f"{100 * counts[value] / total:.0f} %" if total else "0 %",
            )
            for value in [*order, *rest]
        ],
    )


def histogram(title: str, values: Sequence[float], limits: Limits, unit: str) -> Histogram:
    """Lay out a histogram of whole numbers, its axis wide enough for every value and every limit.

    Args:
        title: what is counted.
        values: one length per record, at least one.
        limits: thresholds to be drawn.
        unit: what the numbers count, e.g. 'words'.
    """
    given = [(name, value) for name in LIMITS if (value := getattr(limits, name)) is not None]
    end = max([*values, *(value for _, value in given), 1.0])
    step = _step(end)
    counts = [0] * (int(end // step) + 1)
    for value in values:
        counts[int(value // step)] += 1
    reach = len(counts) * step
    top = MARK_HEIGHT * len(given)
    floor = top + COLUMN_HEIGHT
    most = max(counts)
    columns = [
        _column(place, count, step=step, reach=reach, floor=floor, most=most, limits=limits, unit=unit)
        for place, count in enumerate(counts)
        if count
    ]
    # A value equal to a limit is fine, so the line of an upper limit stands after the column of that value.
    marks = [
        _mark(name, value, row, value + (0 if "below" in name else 1), reach)
        for row, (name, value) in enumerate(given)
    ]
    ordered = sorted(values)
    bounds = "; ".join(mark.told for mark in marks)
    summary = (
        f"{len(values)} records, {_told(ordered[0])} to {_told(ordered[-1])} {unit}, "
        f"median {_told(ordered[(len(ordered) - 1) // 2])}" + (f"; {bounds}" if bounds else "")
    )
    return Histogram(title, summary, columns, marks, top, floor, floor + AXIS_HEIGHT, "0", f"{reach} {unit}")


def _column(
    place: int, count: int, *, step: int, reach: int, floor: int, most: int, limits: Limits, unit: str
) -> Column:
    first, last = place * step, place * step + step - 1
    height = max(COLUMN_HEIGHT * count / most, 2.0)
    span = f"{first}" if step == 1 else f"{first}-{last}"
    return Column(
        x=_percent(first, reach),
        width=_percent(step * 0.92, reach),
        y=f"{floor - height:.1f}",
        height=f"{height:.1f}",
        status=_status(first, last, limits),
        told=f"{span} {unit}: {count}",
    )


def _status(first: int, last: int, limits: Limits) -> str:
    """Say what befalls a column whose values all lie beyond a limit."""
    for status, low, high in (
        ("fail", limits.fail_below, limits.fail_above),
        ("warn", limits.warn_below, limits.warn_above),
    ):
        if (low is not None and last < low) or (high is not None and first > high):
            return status
    return "pass"


def _mark(name: str, value: float, row: int, at: float, reach: int) -> Mark:
    status, _, side = name.partition("_")
    left = at <= reach / 2
    return Mark(
        x=_percent(at, reach),
        y=row * MARK_HEIGHT + 11,
        anchor="start" if left else "end",
        shift=5 if left else -5,
        status=status,
        told=f"{'dropped' if status == 'fail' else 'warned'} {side} {_told(value)}",
    )


def _step(end: float) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, ... that needs no more than MOST_COLUMNS columns."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if math.floor(end / (factor * power)) + 1 <= MOST_COLUMNS:
                return factor * power
        power *= 10


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def _told(value: float) -> str:
    return f"{value:g}"

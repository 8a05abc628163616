"""A measured figure beside its target -> one line of a table."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`met` is None for a figure that stands there to compare with."""

    part: str
    what: str
    measured: str
    target: str = ""
    met: bool | None = None


def at_least(part: str, what: str, measured: float, target: float) -> Figure:
    return Figure(part, what, f"{measured:.2f}", f">= {target:g}", measured >= target)


def at_most(part: str, what: str, measured: float, target: float, *, digits: int = 2) -> Figure:
    return Figure(part, what, f"{measured:.{digits}f}", f"<= {target:g}", measured <= target)


def exactly(part: str, what: str, measured: object, target: object) -> Figure:
    return Figure(part, what, str(measured), str(target), measured == target)


def line(figure: Figure) -> str:
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    return f"{figure.part:9} {figure.what:66} {figure.measured:>14} {figure.target:>10}  {verdict}".rstrip()


def status(figures: Iterable[Figure]) -> int:
    """Return the exit status: 1 when a target is missed."""
    return int(any(figure.met is False for figure in figures))

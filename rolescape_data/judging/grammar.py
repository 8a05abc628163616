"""A judge's words -> its reasons and scores, or what is wrong with them; never a guess.

    A keeps the manner of the role; B explains itself.        The reply shows patience and dry humour, as the profile ...
    [Scores]: (9, 7)                                          6

    "I could not tell you" leaves the question open.
    yes

The released reviews of MMRole-Eval hold scores of 0 on a scale from 1 to 10; here a score beyond the scale is unreadable.
"""

import re
from dataclasses import dataclass

_PAIR = re.compile(
    r"(?P<reason>.*\S)\s*\[Scores\]:[ ]*\([ ]*(?P<a>\d+(?:\.\d+)?)[ ]*,[ ]*(?P<b>\d+(?:\.\d+)?)[ ]*\)\s*",
    re.DOTALL,
)
_NUMBER = re.compile(r"\d+")
_DECISIONS = {"yes": 1.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Scored:
    """Reasons and one score, or two: of A and of B."""

    reason: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a judge's words cannot be read, as one clause."""

    problem: str


def read_pair(text: str, lowest: float, highest: float) -> Scored | Unreadable:
    """Read `reasons [Scores]: (a, b)`."""
    if text.count("[Scores]") != 1:
        return Unreadable(f"'[Scores]' stands in it {text.count('[Scores]')} times instead of once")
    match = _PAIR.fullmatch(text)
    if match is None:
        if text.lstrip().startswith("[Scores]"):
            return Unreadable("it gives no reasons before the scores")
        return Unreadable("it does not end with '[Scores]: (a, b)', two numbers and nothing behind them")
    scores = (float(match["a"]), float(match["b"]))
    if not all(lowest <= score <= highest for score in scores):
        return Unreadable(f"a score is not between {lowest:g} and {highest:g}")
    return Scored(match["reason"].strip(), scores)


def read_scale(text: str, lowest: int, highest: int) -> Scored | Unreadable:
    """Read reasons and, alone on the last line, one whole number."""
    lines = text.strip().split("\n")
    last = lines[-1].strip()
    if not _NUMBER.fullmatch(last):
        return Unreadable("its last line is not one whole number alone")
    if not lowest <= int(last) <= highest:
        return Unreadable(f"the score is not between {lowest} and {highest}")
    before = [line.strip() for line in lines[:-1] if line.strip()]
    # The score is repeated on the last line; a judge that says two different ones has not decided.
    if before and _NUMBER.fullmatch(before[-1]):
        if before[-1] != last:
            return Unreadable("it gives two different scores")
        before.pop()
    if not before:
        return Unreadable("it gives no reasons before the score")
    return Scored("\n".join(before), (float(last),))


def read_yes_no(text: str) -> Scored | Unreadable:
    """Read a reason and, alone on the last line, yes (1) or no (0)."""
    lines = [line.strip() for line in text.strip().split("\n")]
    decision = _DECISIONS.get(lines[-1].casefold())
    if decision is None:
        return Unreadable("its last line is not 'yes' or 'no' alone")
    before = [line for line in lines[:-1] if line]
    if not before:
        return Unreadable("it gives no reason before the decision")
    return Scored("\n".join(before), (decision,))

"""A text and a window of tokens -> pieces that fit, and how much of the text they hold; nothing is cut in silence.

CLIP cuts what is longer than its window without a word. A longer text is taken sentence by sentence here; a sentence
that is too long itself is taken in runs of its clauses, then of its words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Count = Callable[[str], int]

# Marks that end a sentence or a clause, kept with what they end. Chinese marks need no space behind them.
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n+")
_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<=[，、：])|\s+(?=[–—-]\s)")
_WORD = re.compile(r"\s+|(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
# "Yes." says nothing about a picture: shorter sentences go with the next one.
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a model is given of a text.

    Args:
        texts: in order, each within the window.
        coverage: share of the text's letters (everything but spaces) that stand in `texts`, 0 to 1; below 1 where a
            single word is longer than the window.
    """

    texts: tuple[str, ...]
    coverage: float


def pieces(text: str, *, count: Count, window: int) -> Pieces:
    """Cut a text for a window.

    Args:
        text: any text; runs of spaces count as one.
        count: tokens of a text for the model, start and end included.
        window: most tokens that a piece may have.
    """
    whole = " ".join(text.split())
    if whole and count(whole) <= window:
        return Pieces((whole,), 1.0)
    found: list[str] = []
    for sentence in _joined([part for part in _SENTENCE.split(text) if part.strip()]):
        found += _fitting(" ".join(sentence.split()), count, window)
    letters = _letters(text)
    held = sum(_letters(piece) for piece in found)
    return Pieces(tuple(found), held / letters if letters else 0.0)


def _joined(sentences: list[str]) -> list[str]:
    """Put very short sentences together with the following one, or the last with the one before."""
    found: list[str] = []
    short = ""
    for sentence in sentences:
        joined = f"{short} {sentence}".strip()
        if len(_WORD.split(joined)) < _LEAST_WORDS:
            short = joined
            continue
        found.append(joined)
        short = ""
    if short and found:
        found[-1] = f"{found[-1]} {short}"
    elif short:
        found.append(short)
    return found


def _fitting(sentence: str, count: Count, window: int) -> list[str]:
    """Return the sentence whole if it fits, else runs of clauses, and of words where a clause does not fit."""
    if count(sentence) <= window:
        return [sentence]
    units: list[str] = []
    for clause in _CLAUSE.split(sentence):
        units += [clause] if count(clause) <= window else _WORD.split(clause)
    runs: list[str] = []
    for unit in units:
        if not unit or count(unit) > window:
            continue
        longer = _together(runs[-1], unit) if runs else unit
        if runs and count(longer) <= window:
            runs[-1] = longer
        else:
            runs.append(unit)
    return runs


def _together(first: str, second: str) -> str:
    # Chinese has no spaces between words, and a space would be a token.
    chinese = re.search(r"[\u3000-\u9fff\uff00-\uffef]$", first) and re.match(
        r"[\u3000-\u9fff\uff00-\uffef]", second
    )
    return f"{first}{second}" if chinese else f"{first} {second}"


def _letters(text: str) -> int:
    return len("".join(text.split()))

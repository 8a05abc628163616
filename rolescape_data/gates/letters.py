"""Answer letters dealt evenly, with the rationale's references rewritten.

Writers prefer some letters: RoleScape-20's 200 text questions have A 7, B 83, C 99, D 11 (counted), and generated keys
are structurally biased in general (arXiv 2605.01846), so letters are dealt again after every generation.
"""

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from rolescape_data.records import LETTERS, Options, TextMCQ, VisualMCQ
from rolescape_data.records.question import Letter

_LIST = (
    r"\(?[A-D]\)?(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|\s*[/&]\s*)\(?[A-D]\)?(?!\w))*(?!['\w])"
)
_REFERENCE = re.compile(
    rf"\b(?:[Oo]ptions?|[Aa]nswers?|[Cc]hoices?|[Ll]etters?|[Kk]ey)(?:\s+(?:is|are|being)|\s*:)?\s+[\"']?(?P<listed>{_LIST})"
    r"|\((?P<bracket>[A-D])\)"
    r"|(?<!\w)(?P<closed>[A-D])\)(?!\w)"
    rf"|(?<!\w)(?P<subject>{_LIST})(?=\s+(?:is|are|was|were)\s+(?:\w+\s+)?(?:correct|right|wrong|incorrect|true|false|"
    r"the (?:correct|right|only)|not|distractors?|contradicted|plausible|unsupported)\b)"
)


M = TypeVar("M", TextMCQ, VisualMCQ)


def reletter(questions: Sequence[M], seed: int) -> list[M]:
    """Move every right option to a letter dealt evenly: of n questions each letter gets n/4, rounded down or up.

    The deal depends on the seed and the ids alone, so doing it twice changes nothing, and batches of several characters
    do not all favour the same letters. The right option changes places with the one at its new letter; the others stay.

    Args:
        questions: one batch, in any order; ids should differ.
        seed: any number; another one deals other letters.

    Returns:
        The questions in the given order.
    """
    order = sorted(range(len(questions)), key=lambda number: (questions[number].id, number))
    dealt = deal([questions[number].id for number in order], seed)
    target = dict(zip(order, dealt, strict=True))
    return [_moved(question, target[number]) for number, question in enumerate(questions)]


def deal(ids: Sequence[str], seed: int) -> list[Letter]:
    """Return one letter for each id, as even as the number allows."""
    text = "\n".join([str(seed), *ids])
    rng = random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
    extra = rng.sample(LETTERS, len(ids) % len(LETTERS))
    letters: list[Letter] = [*(LETTERS * (len(ids) // len(LETTERS))), *extra]
    rng.shuffle(letters)
    return letters


def _moved(question: M, target: Letter) -> M:
    old = question.answer_key
    if old == target:
        return question
    swap: dict[str, Letter] = {old: target, target: old}
    texts = question.options.texts()
    options = Options(**{letter: texts[swap.get(letter, letter)] for letter in LETTERS})
    rationale = rewritten(question.rationale, swap)
    return question.model_copy(update={"options": options, "answer_key": target, "rationale": rationale})


def rewritten(rationale: str, swap: Mapping[str, str]) -> str:
    """Return the rationale with references to options ("Option B", "(B)", "answers A and C") put through `swap`.

    An article ("A lamp is right there") or a grade is no reference: a letter counts only beside a word for options,
    in brackets, or as what is called right or wrong.
    """

    def renamed(match: re.Match[str]) -> str:
        group = match.lastgroup or "listed"
        start, end = (edge - match.start() for edge in match.span(group))
        whole = match.group()
        letters = re.sub(
            r"\b[A-D]\b", lambda letter: swap.get(letter.group(), letter.group()), whole[start:end]
        )
        return whole[:start] + letters + whole[end:]

    return _REFERENCE.sub(renamed, rationale)

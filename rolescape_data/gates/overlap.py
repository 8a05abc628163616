"""Runs of words that two texts share: an answer copied into the plan before it, speech inside a description.

EBM-RL's safeguard drops thoughts too like the answer (arXiv 2605.04733); a shared run of words finds the copies
without a model.
"""

import re
from collections.abc import Sequence

from rolescape_data.gates.base import Context, measured, plain
from rolescape_data.records import Caption, Measurement, Record
from rolescape_data.spans import folded

_SENTENCE = re.compile(r".+?(?:[.!?。！？]+[\"'”’)]*(?=\s|$|[\u4e00-\u9fff])|$)", re.DOTALL)
_QUOTED = re.compile(r"[\"“”「」『』]|(?<!\w)'[^'\n]{2,}'(?!\w)")


def shared_runs(first: str, second: str, length: int) -> list[str]:
    """List runs of exactly `length` words that stand in both texts, case and punctuation folded, in order."""
    known = set(_runs(folded(second).split(), length))
    return list(dict.fromkeys(" ".join(run) for run in _runs(folded(first).split(), length) if run in known))


def longest_shared(first: str, second: str) -> str:
    """Return the longest run of words that stands in both texts, folded; '' when they share no word."""
    one, two = folded(first).split(), folded(second).split()
    best, end = 0, 0
    # lengths[j]: the run that ends before one[i] and two[j]; a table of one row is enough.
    lengths = [0] * (len(two) + 1)
    for i, word in enumerate(one):
        for j in range(len(two), 0, -1):
            lengths[j] = lengths[j - 1] + 1 if two[j - 1] == word else 0
            if lengths[j] > best:
                best, end = lengths[j], i + 1
    return " ".join(one[end - best : end])


def without_copies(text: str, target: str, *, length: int = 5) -> str:
    """Return `text` without the sentences that share a run of `length` words with `target`: the repair of a leaking thought."""
    kept = [
        sentence
        for match in _SENTENCE.finditer(text)
        if (sentence := match.group().strip()) and not shared_runs(sentence, target, length)
    ]
    return " ".join(kept)


def spoken_words(perception: str, spoken: Sequence[str], *, length: int = 4) -> list[str]:
    """List signs of speech in a perception: quotation marks, and runs of `length` words of what is said.

    A perception of EBM-RL tells what is seen; any spoken word or subtitle in it is a failure.
    """
    found = [match.group() for match in _QUOTED.finditer(plain(perception))]
    return found + [run for text in spoken for run in shared_runs(perception, text, length)]


def thinking_copies_reply(record: Record, context: Context) -> list[Measurement]:
    """Measure the longest run of words, in words, that a thinking process shares with the reply it plans for.

    Silent where the context does not hold the reply.
    """
    if not isinstance(record, Caption) or record.dialogue_id not in context.replies:
        return []
    run = longest_shared(record.thinking_process, context.replies[record.dialogue_id])
    return [measured(record, "thinking_copies_reply", len(run.split()), run)]


def _runs(tokens: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1)]

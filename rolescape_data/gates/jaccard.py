"""Texts as sets of words, and for each the one most like it.

The Jaccard likeness of two sets is the size of what they share over the size of both together. The search is exact: it
walks a record's words from rare to common and stops where the words left over cannot reach what was found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolescape_data.spans import folded

Words = frozenset[str]
# word -> number of words of a text -> positions of texts that hold the word, ascending.
Index = defaultdict[str, defaultdict[int, list[int]]]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The most alike text: its likeness in [0, 1] and its position, None when no text shares a word."""

    likeness: float
    position: int | None


def word_set(text: str) -> Words:
    """Return the folded words of `text`."""
    return frozenset(folded(text).split())


def likeness(first: Words, second: Words) -> float:
    """Return the Jaccard likeness; 0 when both are empty."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared) if shared else 0.0


def nearest_earlier(texts: Sequence[Words]) -> list[Nearest]:
    """Return, for each text, the most alike among those before it; the earliest of equals."""
    rank = _rarity(texts)
    index: Index = defaultdict(lambda: defaultdict(list))
    first: dict[Words, int] = {}
    found: list[Nearest] = []
    for position, text in enumerate(texts):
        if text and text in first:
            # Nothing is more alike, and whoever is like this one is as like the first.
            found.append(Nearest(1.0, first[text]))
            continue
        found.append(_nearest(text, texts, index, rank))
        first[text] = position
        _enter(index, text, position)
    return found


def nearest_in(queries: Sequence[Words], pool: Sequence[Words]) -> list[Nearest]:
    """Return, for each query, the most alike text of `pool`; the earliest of equals."""
    rank = _rarity(pool)
    index: Index = defaultdict(lambda: defaultdict(list))
    known: set[Words] = set()
    for position, text in enumerate(pool):
        if text not in known:
            known.add(text)
            _enter(index, text, position)
    answers: dict[Words, Nearest] = {}
    for query in queries:
        if query not in answers:
            answers[query] = _nearest(query, pool, index, rank)
    return [answers[query] for query in queries]


def _rarity(texts: Iterable[Words]) -> Counter[str]:
    return Counter(word for text in texts for word in text)


def _enter(index: Index, text: Words, position: int) -> None:
    for word in text:
        index[word][len(text)].append(position)


def _nearest(text: Words, pool: Sequence[Words], index: Index, rank: Counter[str]) -> Nearest:
    best, where = 0.0, None
    seen: set[int] = set()
    # Words in a fixed order, or equal likeness would be found in another order on every run.
    for passed, word in enumerate(sorted(text, key=lambda word: (rank[word], word))):
        left = len(text) - passed
        # Texts not met yet share at most the words still to come.
        if left / len(text) < best:
            break
        for size, positions in index.get(word, {}).items():
            shared = min(left, size)
            most = shared / (len(text) + size - shared)
            if most < best:
                continue
            for position in positions:
                # Of thousands that differ in a number alone, the first is as good as any: a later one cannot win.
                if most == best and where is not None and position > where:
                    break
                if position in seen:
                    continue
                seen.add(position)
                found = likeness(text, pool[position])
                if found > best or (found == best and where is not None and position < where):
                    best, where = found, position
    return Nearest(best, where)

"""How alike two texts are, from 0 to 1, by whatever model is there; without one, by their words.

EBM-RL compares sentences by MiniLM embeddings and cuts at a cosine of 0.4 (arXiv 2605.04733). A gate never knows which
model answered: it writes the name of the likeness beside the number, because bounds of one say nothing of another.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from rolescape_data.spans import folded, words

# Words that stand in every sentence say nothing of what two of them share.
_TEXT = (
    "a about all am an and any are as at be been but by can could did do does for from had has have "
    "he her here him his how i if in into is it its just like me my no not now of on one or our out "
    "own she so some than that the their them then there these they this to too up us very was we "
    "were what when where which who why will with would you your"
)
_COMMON = frozenset(_TEXT.split())


class TextLikeness(Protocol):
    """Whoever compares texts."""

    @property
    def name(self) -> str:
        """Return what stands in verdicts: the model, or the rule."""
        ...

    def likeness(self, first: str, second: str) -> float:
        """Return how alike two texts are, 0 to 1; 0 where one of them says nothing."""
        ...


@dataclass(frozen=True, slots=True)
class WordLikeness:
    """The alternative that needs no model: the cosine of word counts, without the words that stand everywhere."""

    name: str = "words, no model"

    def likeness(self, first: str, second: str) -> float:
        """Return the cosine of the two texts' counts of telling words."""
        one, two = _counts(first), _counts(second)
        shared = sum(count * two[word] for word, count in one.items())
        lengths = math.sqrt(sum(count**2 for count in one.values()) * sum(count**2 for count in two.values()))
        return shared / lengths if shared else 0.0


def _counts(text: str) -> Counter[str]:
    return Counter(word for word in words(folded(text)) if word not in _COMMON)

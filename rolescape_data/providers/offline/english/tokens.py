"""Words of an English sentence with their places, and the constituents that they form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rolescape_data.providers.offline.english import words as lex

_TOKEN = re.compile(r"\d[\d,.]*\d|[^\W_]+(?:['’\-–][^\W_]+)*(?:(?<=s)['’](?=\s))?|[^\w\s]")


Kind = Literal["np", "pp", "adj", "adverb", "inf", "that", "sub", "time", "pronoun", "rest"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word or mark with its place in the sentence."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The word in lower case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Piece:
    """A constituent after the verb; `head` is its preposition, subordinator or first word, in lower case."""

    kind: Kind
    head: str
    text: str

    @property
    def inner(self) -> str:
        """A prepositional phrase without its preposition; other pieces whole."""
        return self.text.split(" ", 1)[1] if self.kind in {"pp", "inf"} and " " in self.text else self.text


def tokens_of(text: str) -> list[Token]:
    """Split a sentence into words and marks."""
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def text_of(tokens: Sequence[Token], body: str) -> str:
    """The exact words of the sentence that these tokens cover, without a comma at the end."""
    return body[tokens[0].start : tokens[-1].end].rstrip(", ") if tokens else ""


def noun_head(phrase: str) -> str:
    """The head noun of a noun phrase, roughly: the last plain word before its first preposition or relative pronoun."""
    head, plain = "", False
    for token in tokens_of(phrase):
        # 'the ferryman Bram Holt': the name tells who the ferryman is.
        if token.text[:1].isupper() and plain:
            break
        if head and (
            token.low in lex.PREPOSITIONS | lex.RELATIVES | {"named", "called", "labelled", ",", "and", "or"}
        ):
            break
        head = token.low
        plain = token.text.isalpha() and token.text.islower() and "NOUN" in lex.parts_of_speech(head)
        plain = plain and head not in lex.DETERMINERS
    return head

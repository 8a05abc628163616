"""One plain English statement -> its clause: subject, verb group, and the pieces after the verb.

There is no parser model behind this: it knows word forms (lemminflect) and a few word lists, and refuses
(None) whatever it cannot take apart with confidence.

Sample: "Oda keeps a ball of twine in her left pocket" -> subject 'Oda', verb 'keeps' (lemma keep),
pieces [np 'a ball of twine', pp 'in her left pocket'].
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.names import Name
from rolescape_data.providers.offline.english.pieces import cut_pieces
from rolescape_data.providers.offline.english.tokens import Piece, Token, text_of, tokens_of
from rolescape_data.providers.offline.english.verbs import Tense, verb_group

_UNUSABLE = re.compile(r"[\"“”()\[\]{}:;!?/—|*_#<>=]|\.\.|…| – | - ")
_LEADS = frozenset(
    [
        "in",
        "at",
        "on",
        "after",
        "before",
        "during",
        "from",
        "by",
        "throughout",
        "since",
        "upon",
        "until",
        "under",
    ]
)
# Openings that may go: what follows them stands as it is.
_DROPPED = frozenset(
    [
        "though",
        "although",
        "while",
        "eventually",
        "later",
        "finally",
        "soon",
        "then",
        "initially",
        "originally",
        "meanwhile",
    ]
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement taken apart. `aux` is the auxiliary that moves before the subject ('does' when none stands)."""

    text: str  # the part of the sentence that was read
    frame: str
    lead: str
    subject: str
    about: Literal["name", "possession", "other"]
    plural: bool
    aux: str
    adverbs: tuple[str, ...]
    verb: str
    lemma: str
    tense: Tense
    finite: str
    pieces: tuple[Piece, ...]
    cut: bool
    copula: bool = False

    @property
    def base(self) -> str:
        """The verb as it stands after the auxiliary: 'keep' after 'does', 'counted' after 'has'."""
        return self.lemma if self.aux in {"do", "does", "did"} else self.verb

    def rest(self, without: Sequence[int] = ()) -> str:
        """The pieces after the verb, in order, without the numbered ones."""
        return " ".join(piece.text for at, piece in enumerate(self.pieces) if at not in without)


def parse(text: str, name: Name) -> Clause | None:
    """Take one statement apart, or return None when it is not of a form that is known to come out right."""
    body = _plain(text)
    if _UNUSABLE.search(body) or not body[:1].isupper():
        return None
    tokens = tokens_of(body)
    if any(token.low in lex.DEICTIC or token.text in lex.HEDGES for token in tokens):
        return None
    frame, lead, tokens = _opening(tokens, body)
    subject = _subject(tokens, body, name)
    if subject is None:
        return None
    end, about, plural = subject
    group = verb_group(tokens, end, plural=plural)
    if group is None:
        return None
    pieces, cut = cut_pieces(
        tokens[group.end :], body, lemma=group.lemma, tense=group.tense, copula=group.copula
    )
    if pieces is None:
        return None
    return Clause(
        text=body,
        frame=frame,
        lead=lead,
        subject=_lowered(text_of(tokens[:end], body)),
        about=about,
        plural=plural,
        aux=group.aux,
        adverbs=group.adverbs,
        verb=group.verb,
        lemma=group.lemma,
        tense=group.tense,
        finite=text_of(tokens[end : group.end], body),
        pieces=tuple(pieces),
        cut=cut,
        copula=group.copula,
    )


def _lowered(subject: str) -> str:
    first, space, more = subject.partition(" ")
    return f"{first.lower()}{space}{more}" if first in {"The", "A", "An", "Some", "Many"} else subject


def _plain(text: str) -> str:
    """The sentence without brackets, without its end mark, and only up to a semicolon or dash."""
    body = re.sub(r" \([^()]{1,60}\)", "", text.strip().rstrip("."))
    first, *more = re.split(r"; | — |…|: (?=[a-z])", body)
    return first.strip() if len(first.split()) > 4 or not more else body


def _opening(tokens: list[Token], body: str) -> tuple[str, str, list[Token]]:
    """Split off 'According to X,' (frame) or one adverbial that opens the sentence (lead)."""
    if tokens and tokens[0].low in _DROPPED and len(tokens) > 4 and tokens[1].text[:1].isupper():
        return "", "", tokens[1:]
    if text_of(tokens[:4], body) == "For the first time" and tokens[4:5] and tokens[4].low != ",":
        return "", "for the first time", tokens[4:]
    comma = next((at for at, token in enumerate(tokens) if token.low == ","), -1)
    if comma < 1:
        return "", "", tokens
    head, tail = tokens[:comma], tokens[comma + 1 :]
    if head[0].low == "according" and len(tail) > 2:
        return text_of(head, body), "", tail
    if (
        head[0].low in _LEADS
        and len(head) > 1
        and len(tail) > 2
        and not any(t.low in lex.CONJUNCTIONS for t in tail[:1])
    ):
        lead = text_of(head, body)
        return "", lead[0].lower() + lead[1:], tail
    loose = head[0].low in _DROPPED or (head[0].low.endswith("ing") and lex.verb_lemma(head[0].text, "VBG"))
    if loose and tail and (tail[0].text[:1].isupper() or tail[0].low in {"a", "the"}):
        return "", "", tail
    return "", "", tokens


def _subject(
    tokens: list[Token], body: str, name: Name
) -> tuple[int, Literal["name", "possession", "other"], bool] | None:
    """Return where the subject ends, whose it is, and whether it is plural."""
    if not tokens:
        return None
    start = tokens[0].start
    form = next((f for f in name.forms if body.startswith(f, start)), None)
    if form:
        size = next((n for n in range(1, len(tokens) + 1) if tokens[n - 1].end >= start + len(form)), 0)
        spelled = text_of(tokens[:size], body)
        if spelled == form:
            return _after_name(tokens, size)
        if spelled in {f"{form}'s", f"{form}’s", f"{form}'", f"{form}’"}:
            return _noun_subject(tokens, size, "possession")
    if tokens[0].low in {"the", "a", "an"}:
        return _noun_subject(tokens, 1, "other")
    size = next((n for n, token in enumerate(tokens) if not token.text[:1].isupper()), 0)
    if size >= 1 and tokens[0].low not in lex.PREPOSITIONS | lex.PRONOUNS | lex.SUBORDINATORS | lex.ADVERBS:
        if tokens[size - 1].text.endswith(("'s", "’s")):
            return _noun_subject(tokens, size, "other")
        if size >= 2 or not lex.parts_of_speech(tokens[0].text):
            return size, "other", False
    return None


def _after_name(tokens: list[Token], size: int) -> tuple[int, Literal["name"], bool] | None:
    """The name alone, or 'A, B, and C' / 'A and B' of names alone."""
    at, joined = size, False
    while at + 1 < len(tokens) and tokens[at].low in {",", "and"}:
        step = at + 1
        if tokens[step].low == "and":
            joined, step = True, step + 1
        joined = joined or tokens[at].low == "and"
        if (
            step >= len(tokens)
            or not tokens[step].text[:1].isupper()
            or tokens[step].text.endswith(("'s", "’s"))
        ):
            return None
        while step < len(tokens) and tokens[step].text[:1].isupper():
            step += 1
        at = step
    if at > size and not joined:
        return None
    return at, "name", at > size


def _noun_subject(
    tokens: list[Token], at: int, about: Literal["possession", "other"]
) -> tuple[int, Literal["possession", "other"], bool] | None:
    """A noun phrase up to its verb: the verb is the first finite form that cannot be the noun itself."""
    start = at
    while at < len(tokens):
        token = tokens[at]
        if at > start:
            if token.low in lex.BE | lex.HAVE | lex.MODALS | {
                "never",
                "always",
                "usually",
                "often",
                "rarely",
            }:
                break
            if token.low == ",":
                closing = _apposition(tokens, at)
                if closing is None:
                    return None
                return closing, about, False
            if _finite(token.text) and not _verb_follows(tokens, at):
                break
            if token.low.endswith("ly") and at + 1 < len(tokens) and _finite(tokens[at + 1].text):
                break
        if token.low in lex.RELATIVES | lex.SUBORDINATORS | lex.PRONOUNS or token.low in lex.PREPOSITIONS - {
            "of"
        }:
            return None
        at += 1
    if at <= start or at >= len(tokens) or not lex.is_noun(tokens[at - 1].text):
        return None
    inner = [token.low for token in tokens[start:at]]
    head = tokens[start + inner.index("of") - 1] if "of" in inner[1:] else tokens[at - 1]
    return at, about, _plural(head.text)


def _apposition(tokens: list[Token], comma: int) -> int | None:
    """Return the place after 'mother, Marit Wren,' when the words between the commas are one name."""
    at = comma + 1
    while at < len(tokens) and tokens[at].text[:1].isupper():
        at += 1
    if at == comma + 1 or at >= len(tokens) or tokens[at].low != ",":
        return None
    return at + 1


def _finite(word: str) -> bool:
    return bool(lex.verb_lemma(word, "VBZ") or lex.verb_lemma(word, "VBD")) and word.islower()


def _verb_follows(tokens: list[Token], at: int) -> bool:
    """A plural noun right before a verb is no verb: 'jokes are', 'brothers moved', 'freckles grow'."""
    if "NOUN" not in lex.parts_of_speech(tokens[at].text) and "ADJ" not in lex.parts_of_speech(
        tokens[at].text
    ):
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is not None and (after.low in lex.BE | lex.HAVE | lex.MODALS or _finite(after.text))


def _plural(word: str) -> bool:
    low = word.lower()
    if low in {"merfolk", "people", "men", "women", "children", "feet", "teeth", "folk", "elves", "dwarves"}:
        return True
    return low.endswith("s") and not low.endswith(("ss", "us", "is", "'s", "’s")) and not word[:1].isupper()

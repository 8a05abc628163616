"""Where an English constituent starts and stops: the decisions that cutting a sentence rests on."""

from collections.abc import Sequence

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.tokens import Kind, Token

_GERUND_VERBS = frozenset(
    {"hate", "love", "enjoy", "like", "dislike", "avoid", "mind", "prefer", "fear", "detest"}
)


def piece_at(tokens: list[Token], at: int, lemma: str, *, first: bool, copula: bool) -> tuple[Kind, int]:
    """Return the kind of the piece that starts at `at`, and where it stops (`at` itself: not understood)."""
    token, size = tokens[at], len(tokens)
    if token.low in {",", "and", "or"}:
        return "rest", at
    stop = _time_phrase(tokens, at)
    if stop:
        return "time", stop
    if token.low == "to" and at + 1 < size and _infinitive(tokens, at, lemma):
        return "inf", _np_end(tokens, at + 2, verb=True)
    if _is_clause(tokens, at):
        return "sub", size
    if first and _is_complement(token, lemma):
        return "that", size
    stop = _adverb_end(tokens, at, first=first, copula=copula)
    if stop:
        return "adverb", stop
    if token.low in lex.PREPOSITIONS:
        return "pp", size if token.low == "from" and _range(tokens, at) else _np_end(tokens, at + 1)
    following = tokens[at + 1].low if at + 1 < size else "of"
    alone = token.low == "her" and following in lex.PREPOSITIONS
    if token.low in lex.PRONOUNS - lex.POSSESSIVES or alone:
        return "pronoun", at + 1
    stop = _np_end(tokens, at)
    describing = first and (copula or lemma in lex.LINKING) and not _is_np(tokens[at:stop])
    return "adj" if describing else "np", stop


def _is_clause(tokens: list[Token], at: int) -> bool:
    low, following = tokens[at].low, tokens[at + 1].low if at + 1 < len(tokens) else ""
    if low == "only":
        return following in {"when", "after", "before", "if", "in", "on"}
    return low in lex.SUBORDINATORS - {"once"} | {"as"} and _holds_clause(tokens, at)


def _is_complement(token: Token, lemma: str) -> bool:
    gerund = token.low.endswith("ing") and lex.verb_lemma(token.text, "VBG") is not None
    return token.low == "that" or (gerund and lemma in _GERUND_VERBS)


def _adverb_end(tokens: list[Token], at: int, *, first: bool, copula: bool) -> int:
    """Where an adverb or a particle ('grow up', 'come home') stops, or 0."""
    token, following = tokens[at], tokens[at + 1].low if at + 1 < len(tokens) else ""
    if token.low == "upside" and following == "down":
        return at + 2
    if first and token.low in lex.PARTICLES and following not in lex.DETERMINERS | lex.POSSESSIVES:
        return at + 1
    known = lex.parts_of_speech(token.text)
    adverb = token.low in lex.ADVERBS or (token.low.endswith("ly") and known <= {"ADV", "ADJ"} and not copula)
    ends = not following or following in lex.PREPOSITIONS | lex.SUBORDINATORS | lex.ADVERBS
    return at + 1 if adverb and (ends or known == {"ADV"}) else 0


def _is_np(tokens: Sequence[Token]) -> bool:
    first = tokens[0]
    if first.low in lex.DETERMINERS or first.text[:1].isupper() or lex.number_value(first.text) is not None:
        return True
    if "of" in {token.low for token in tokens[1:]}:
        return True
    last = tokens[-1].low
    return (
        "NOUN" in lex.parts_of_speech(last)
        and "ADJ" not in lex.parts_of_speech(last)
        and not lex.verb_lemma(last, "VBN")
    )


def _range(tokens: list[Token], at: int) -> bool:
    """Tell 'from October until May' and 'from the shore to the lamp' from two phrases side by side."""
    until = next(
        (near for near in range(at + 2, min(at + 7, len(tokens))) if tokens[near].low in {"until", "to"}), 0
    )
    if not until or any(token.low in lex.SUBORDINATORS - {"until"} for token in tokens[until:]):
        return False
    timely = lex.number_value(tokens[at + 1].text) is not None or tokens[at + 1].low in lex.TIME_NOUNS
    return timely or (tokens[until].low == "to" and until - at <= 4 and lex.verb_lemma(tokens[until + 1].text, "VB") is None
                      if until + 1 < len(tokens) else False)  # fmt: skip


def _infinitive(tokens: list[Token], at: int, lemma: str) -> bool:
    """Tell 'to see the islands' from 'to supper' and 'to the end'."""
    word = tokens[at + 1].low
    if at and tokens[at - 1].low == "able":
        return True
    if lex.verb_lemma(word, "VB") != word or not tokens[at + 1].text.islower():
        return False
    known = lex.parts_of_speech(word)
    after = tokens[at + 2].low if at + 2 < len(tokens) else ""
    if word in {"be", "have", "do"} or not known & {"NOUN", "ADJ"}:
        return True
    return lemma in lex.CATENATIVE | lex.CAUSATIVE or after in lex.DETERMINERS


def _time_phrase(tokens: list[Token], at: int) -> int:
    """Return where 'every Sunday', 'four winters ago', 'last October', 'once a month' stops, or 0."""
    low = [token.low for token in tokens[at : at + 6]]
    if low[0] in {"every", "each", "last", "next"} and len(low) > 1:
        for size in (2, 3):
            if len(low) >= size and low[size - 1] in lex.TIME_NOUNS and _ends_here(tokens, at + size):
                return at + size
    if len(low) > 1 and low[1] == "times" and lex.number_value(low[0]) is not None:
        return at + 2
    if (
        low[0] in {"once", "twice"}
        and len(low) > 2
        and low[1] in {"a", "each", "every"}
        and low[2] in lex.TIME_NOUNS
    ):
        return at + 3
    for size in (2, 3, 4):
        if len(low) > size and low[size] == "ago" and lex.number_value(low[0]) is not None:
            return at + size + 1
    if len(low) > 2 and low[2] == "ago":
        return at + 3
    return 0


def _ends_here(tokens: list[Token], at: int) -> bool:
    """'each week' ends before a preposition or the end of the sentence; 'next spring tides' goes on."""
    return at >= len(tokens) or tokens[at].low in lex.PREPOSITIONS | lex.SUBORDINATORS | lex.ADVERBS | {
        "to",
        ",",
        "and",
    }


def _holds_clause(tokens: list[Token], at: int) -> bool:
    """'before the lamp is put out', 'before giving an opinion' hold a verb; 'before breakfast' does not."""
    if tokens[at].low in {
        "because",
        "when",
        "while",
        "if",
        "although",
        "though",
        "whenever",
        "unless",
        "so",
        "whereas",
    }:
        return not (tokens[at].low == "because" and at + 1 < len(tokens) and tokens[at + 1].low == "of")
    for near, token in enumerate(tokens[at + 1 :], at + 1):
        if token.low in lex.RELATIVES | {"that"}:
            return False
        if token.low in lex.BE | lex.HAVE | lex.MODALS:
            return True
        if near == at + 1 and lex.verb_lemma(token.text, "VBG"):
            return True
        if (
            near > at + 1
            and token.text.islower()
            and (lex.verb_lemma(token.text, "VBZ") or lex.verb_lemma(token.text, "VBD"))
        ) and ("NOUN" not in lex.parts_of_speech(token.text) or tokens[near - 1].low in lex.PRONOUNS):
            return True
    return False


def _np_end(tokens: list[Token], at: int, *, verb: bool = False) -> int:
    """Where a noun phrase stops; what hangs on an 'and' is never cut off from it.

    With `verb`, the phrase is the rest of an infinitive and may itself begin with what ends a phrase.
    """
    start = at
    while at < len(tokens):
        low, joined = tokens[at].low, at > 0 and tokens[at - 1].low in {"and", "or", ","}
        if at > start or verb:
            if low in lex.RELATIVES | {"that", "than"}:
                return len(tokens)
            if at > start and _ends_phrase(tokens, at):
                return len(tokens) if joined else at
        at += 1
    return at


def _ends_phrase(tokens: list[Token], at: int) -> bool:
    low, last = tokens[at].low, at + 1 == len(tokens)
    if low in lex.PREPOSITIONS - {"of", "than", "near", "like"} | lex.SUBORDINATORS - {
        "once"
    } | _AFTER_NOUN | {"to"}:
        return True
    if _time_phrase(tokens, at) and tokens[at - 1].low not in {"and", "of", "or", ","}:
        return True
    adverb = low.endswith("ly") and lex.parts_of_speech(low) == {"ADV"}
    return last and (adverb or low in lex.PARTICLES)


_AFTER_NOUN = frozenset(
    ["twice", "again", "alone", "aloud", "asleep", "together", "home", "upside", "instead", "once"]
)

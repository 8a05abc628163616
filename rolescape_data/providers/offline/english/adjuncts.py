"""Questions for the phrases beside verb and object: where, when, how long, how often, how, why, with whom."""

import re
from collections.abc import Iterator

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import (
    Asked,
    answers_where,
    ask,
    is_named,
    is_person,
    is_single,
    is_time,
    level_without,
    number_prefix,
    place_of,
    question_word,
    strand,
    thing_shape,
    type_of,
)
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.tokens import Piece, noun_head, tokens_of
from rolescape_data.records.question import Difficulty

_MANNER = re.compile(r"by (?:the \w+ of|touch|heart|\w+ing\b|hand\b|ear\b|a system)")
_STILL = frozenset(
    [
        "in",
        "on",
        "at",
        "under",
        "above",
        "below",
        "beneath",
        "beside",
        "behind",
        "near",
        "inside",
        "outside",
        "between",
        "among",
        "around",
        "within",
        "upon",
    ]
)


def phrases(clause: Clause) -> Iterator[Asked]:
    """Where, when, how long, how often, with whom, by what: one question for each phrase that surely says it."""
    if clause.copula or clause.lemma == "spend":
        return
    passive = clause.tense == "VBN" and (clause.aux in lex.BE or "be" in clause.verb)
    never = "never" in clause.adverbs
    for at, piece in enumerate(clause.pieces):
        timely = is_time(piece)
        level: Difficulty = "medium" if timely else level_without(clause, at)
        if timely:
            yield from () if never else _when(clause, at, piece)
        elif place_of(piece) and piece.head not in {"by", "over", "past"} and clause.lemma not in _PLACING:
            yield from _where(clause, at, piece, level)
        elif piece.kind == "pp" and _is_manner(clause, piece):
            yield from () if never else _how(clause, at, piece, level)
        elif piece.kind == "pp" and not passive and _MANNER.match(piece.text):
            question = ask(clause, "how", at)
            yield Asked(question, piece.text, "manner", "by", "how", "procedure", level, weight=8)
        elif piece.kind == "pp" and at == 0:
            yield from _stranded(clause, piece, level)
        elif piece.kind == "pp" and piece.head in lex.VERB_PREPOSITIONS.get(clause.lemma, ()):
            yield from _paired(clause, at, piece, level)


_PLACING = frozenset({"set", "make", "turn"})


def _where(clause: Clause, at: int, piece: Piece, level: Difficulty) -> Iterator[Asked]:
    if not answers_where(clause, at):
        return
    question = ask(clause, "where", at)
    if piece.head != "from":
        shape = "still" if piece.head in _STILL else "way"
        yield Asked(question, piece.text, "place", shape, "where", "location", level, weight=7)
    elif not re.search(r" (?:to|until) ", piece.text):
        # Behind another phrase the preposition would hang on that: "emerge into icy blackness from".
        bare = len(clause.pieces) == 1
        question = f"{question[:-1]} from?" if bare else ask(clause, "from where", at)
        yield Asked(question, piece.inner, "place", "inner", "where from", "location", level, weight=5)


def _is_manner(clause: Clause, piece: Piece) -> bool:
    return clause.lemma in lex.MANNER_VERBS and piece.head in {"in", "with", "without"}


def _how(clause: Clause, at: int, piece: Piece, level: Difficulty) -> Iterator[Asked]:
    if clause.lemma in {"write", "stand", "sleep"} and not re.match(r"in an? .*hand", piece.text):
        return
    yield Asked(ask(clause, "how", at), piece.text, "manner", "how", "how", "fact", level, weight=6)


def _paired(clause: Clause, at: int, piece: Piece, level: Difficulty) -> Iterator[Asked]:
    """Phrases that belong to the verb: 'buy ... from', 'regard ... as', 'share ... with'."""
    inner, head = piece.inner, piece.head
    if head not in {"with", "from", "to", "against", "for", "as", "like"} or " and " in inner:
        return
    stranded, shape = strand(clause, "what", at, head), thing_shape(inner)
    if head == "as":
        yield Asked(stranded, inner, "thing", shape, "what as", "fact", level, weight=6)
    elif is_person(inner) or (is_named(inner) and head in {"with", "against"}):
        whom = f"{head} whom"
        yield Asked(ask(clause, whom, at), inner, "person", shape, whom, "role", level, weight=7)
    elif question_word(inner) == "what":
        yield Asked(stranded, inner, "thing", shape, f"what {head}", "fact", level, weight=5)


def _stranded(clause: Clause, piece: Piece, level: Difficulty) -> Iterator[Asked]:
    passive = clause.tense == "VBN" and (clause.aux in lex.BE or "be" in clause.verb)
    if piece.head not in (lex.PASSIVE_STRANDED if passive else lex.STRANDED.get(clause.lemma, ())):
        return
    if clause.lemma == "take":
        return
    word = question_word(piece.inner)
    if word is None or not is_single(piece.inner) or lex.verb_lemma(piece.inner.split()[0], "VBG"):
        return
    slot = "person" if word == "who" else "thing"
    rest = [p for p in clause.pieces[1:] if p.kind != "adverb"]
    yield Asked(
        strand(clause, word, 0, piece.head),
        piece.inner,
        slot,
        thing_shape(piece.inner),
        f"{word} {piece.head}",
        type_of(clause, "fact"),
        level,
        bare=not rest,
        weight=5 if rest else 4,
    )


def _when(clause: Clause, at: int, piece: Piece) -> Iterator[Asked]:
    text = piece.text
    split = number_prefix(piece.inner) if piece.kind == "pp" else None
    if clause.pieces[at - 1 : at] and clause.pieces[at - 1].kind in {"sub", "that"} and at:
        return
    if split and noun_head(split[2]) in lex.UNITS and piece.head in {"for", "in"}:
        return
    hour = lex.number_value(piece.inner) if piece.kind == "pp" and piece.head == "at" else None
    # No clock strikes eighteen: "hopes to pass the test at eighteen".
    if hour is not None and hour <= 12 and clause.tense == "VBZ":
        yield Asked(
            ask(clause, "at what time", at),
            text,
            "time",
            "clock",
            "at what time",
            "timeline",
            "medium",
            weight=7,
        )
    elif hour is not None:
        yield Asked(
            ask(clause, "at what age", at),
            piece.inner,
            "number",
            "age",
            "at what age",
            "numeric",
            "medium",
            weight=8,
        )
    elif re.match(r"(?:at|until) the age of (.+)", text):
        number = text.split(" of ", 1)[1]
        word = "at what age" if piece.head == "at" else "until what age"
        if lex.number_value(number) is not None:
            yield Asked(ask(clause, word, at), number, "number", "age", word, "numeric", "medium", weight=8)
    elif piece.head in {"every", "each", "once", "twice"}:
        yield Asked(
            ask(clause, "how often", at), text, "time", "often", "how often", "timeline", "medium", weight=8
        )
    elif text.endswith(" times"):
        yield Asked(
            ask(clause, "how many times", at),
            text.removesuffix(" times"),
            "number",
            "times",
            "how many",
            "numeric",
            "medium",
            weight=9,
        )
    elif piece.head == "for":
        if (
            noun_head(piece.inner)
            not in lex.UNITS
            | {
                "time",
                "while",
                "night",
                "winter",
                "summer",
                "lifetime",
            }
            or " first " in text
        ):
            return
        yield Asked(
            ask(clause, "for how long", at), text, "time", "for", "how long", "timeline", "medium", weight=6
        )
    elif piece.head in {"until", "since"}:
        yield Asked(
            ask(clause, f"{piece.head} when", at),
            piece.inner,
            "time",
            piece.head,
            f"{piece.head} when",
            "timeline",
            "medium",
            weight=4,
        )
    else:
        shape = (
            "ago"
            if text.endswith("ago") or piece.head == "last"
            else "range"
            if piece.head == "from"
            else "when"
        )
        shape += "" if clause.tense in {"VBZ", "VBP", "VB"} else "-past"
        yield Asked(ask(clause, "when", at), text, "time", shape, "when", "timeline", "medium", weight=7)


def reasons(clause: Clause) -> Iterator[Asked]:
    """Why, and when told by a clause: 'because ...', 'so that ...', 'when she is angry'."""
    for at, piece in enumerate(clause.pieces):
        if piece.kind == "sub" and piece.head in {"because", "so"} and at == len(clause.pieces) - 1:
            yield Asked(
                ask(clause, "why", at),
                piece.text,
                "reason",
                piece.head,
                "why",
                "reasoning",
                "medium",
                weight=9,
            )
        elif (
            piece.kind == "inf"
            and clause.lemma in lex.PURPOSE_VERBS
            and at == len(clause.pieces) - 1
            and at
            and not clause.copula
            # "to investigate" gives no reason: what for, and of what?
            and len(piece.text.split()) >= 3
        ):
            yield Asked(
                ask(clause, "why", at), piece.text, "reason", "to", "why", "reasoning", "medium", weight=7
            )
        elif (
            piece.kind == "sub"
            and piece.head in {"when", "after", "before", "while", "whenever"}
            and not clause.copula
        ):
            yield Asked(
                ask(clause, "when", at),
                piece.text,
                "time",
                f"sub-{_sub_tense(piece)}",
                "when",
                "timeline",
                "medium",
                weight=6,
            )
        elif piece.kind == "sub" and piece.head == "until":
            yield Asked(
                ask(clause, "until when", at),
                piece.text,
                "time",
                "until-sub",
                "until when",
                "timeline",
                "medium",
                weight=4,
            )


def _sub_tense(piece: Piece) -> str:
    words = [token.low for token in tokens_of(piece.text)]
    return "ing" if len(words) > 1 and lex.verb_lemma(words[1], "VBG") else piece.head

"""Questions for what somebody wants, is able to do, or does at a time or place: the answer is an act."""

from collections.abc import Iterator
from dataclasses import replace

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import (
    Asked,
    answers_where,
    ask,
    is_single,
    is_time,
    place_of,
    question_word,
    thing_shape,
    type_of,
)
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.tokens import Piece, noun_head
from rolescape_data.records.question import QuestionType

_STATIC = (
    lex.STATE_VERBS
    | lex.CATENATIVE
    | {"be", "have", "live", "belong", "remain", "stand", "sit", "lie", "exist", "become"}
)


def catenatives(clause: Clause) -> Iterator[Asked]:
    """'What does Oda want to see?', 'What does Oda want every boat to do before ...?'"""
    pieces = clause.pieces
    at = next((near for near, piece in enumerate(pieces[:2]) if piece.kind == "inf"), None)
    able = at == 1 and clause.copula and pieces[0].text == "able"
    if at is None or (clause.copula and not able):
        return
    if able:
        shown = replace(clause, pieces=(pieces[0], Piece("inf", "to", "to do")))
        inner = clause.rest((0,)).removeprefix("to ")
        kind: QuestionType = "limitation" if "never" in clause.adverbs else "capability"
        yield Asked(ask(shown, "what"), inner, "doing", "VB", "what to do", kind, "easy", bare=True, weight=7)
        return
    if (at == 0 and clause.lemma not in lex.CATENATIVE) or (
        at == 1
        and (clause.lemma not in lex.CAUSATIVE or pieces[0].kind != "np" or not is_single(pieces[0].text))
    ):
        return
    words = pieces[at].text.split(" ")
    if len(words) < 2 or words[1] == "be":
        return
    stop = next(
        (n for n in range(at + 1, len(pieces)) if pieces[n].kind in {"sub", "time"} or is_time(pieces[n])),
        len(pieces),
    )
    inner = " ".join([*words[1:], *(piece.text for piece in pieces[at + 1 : stop])])
    shown = replace(clause, pieces=(*pieces[:at], Piece("inf", "to", "to do"), *pieces[stop:]))
    bare = at == 0 and stop == len(pieces)
    yield Asked(
        ask(shown, "what"),
        inner,
        "doing",
        "VB",
        "what to do",
        type_of(clause, "fact"),
        "medium" if not bare else "easy",
        bare=bare,
        weight=3 if bare else 7,
    )
    phrase = " ".join(words[2:])
    if (
        at == 0
        and phrase
        and question_word(phrase)
        and is_single(phrase)
        and words[1] not in lex.LIGHT_VERBS | {"be"}
    ):
        head = words[2].lower()
        if head not in lex.PRONOUNS - lex.POSSESSIVES | lex.ADVERBS | lex.PREPOSITIONS and lex.is_noun(
            words[-1]
        ):
            word = question_word(phrase) or "what"
            inner_only = replace(clause, pieces=(Piece("inf", "to", f"to {words[1]}"), *pieces[1:]))
            yield Asked(
                ask(inner_only, word),
                phrase,
                "person" if word == "who" else "thing",
                thing_shape(phrase),
                f"{word} to",
                type_of(clause, "fact"),
                "easy",
                weight=6,
            )


def acts(clause: Clause) -> Iterator[Asked]:
    """'What does Oda do when she is angry?': the whole act is the answer, a last phrase stays in the question."""
    if (
        clause.copula
        or clause.about != "name"
        or clause.lemma in _STATIC | {"spend"}
        or "never" in clause.adverbs
    ):
        return
    if (
        not clause.pieces
        or clause.tense not in {"VBZ", "VBD", "VB"}
        or (clause.tense == "VB" and clause.aux not in {"can", "could"})
    ):
        return
    last = clause.pieces[-1]
    placed = (
        place_of(last)
        and last.head in {"in", "on", "at"}
        and answers_where(clause, len(clause.pieces) - 1)
        and noun_head(last.inner) not in lex.CONTAINERS
        and clause.tense != "VB"
        and len(clause.pieces) > 1
    )
    kept = (
        (last.kind == "sub" and last.head in {"when", "while", "before", "after", "whenever"})
        or is_time(last)
        or placed
    )
    kept = kept or (last.kind == "pp" and last.head == "without" and clause.tense == "VB")
    if not kept or (clause.lead and last.text == clause.lead and clause.cut):
        return
    done = " ".join(
        part
        for part in (
            clause.finite if clause.tense != "VB" else clause.verb,
            clause.rest((len(clause.pieces) - 1,)),
        )
        if part
    )
    if len(done.split()) < 2:
        return
    aux = clause.aux
    text = f"What {aux} {clause.subject} do {last.text}?"
    yield Asked(
        text,
        done,
        "doing",
        clause.tense,
        "what do",
        type_of(clause, "fact"),
        "medium",
        weight=5 if not placed else 3,
    )

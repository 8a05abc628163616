"""Questions for the object of a verb, for counts, for what is wanted, for the whole act and for the subject."""

import re
from collections.abc import Iterator
from dataclasses import replace

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import (
    Asked,
    ask,
    is_named,
    is_person,
    is_single,
    level_without,
    number_prefix,
    question_word,
    thing_shape,
    type_of,
)
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.tokens import Piece, noun_head


def numbers(clause: Clause) -> Iterator[Asked]:
    """How many: questions for counts and for lengths of time in figures."""
    for at, piece in enumerate(clause.pieces):
        if piece.kind == "np" and at == 0 and not clause.copula:
            phrase = piece.text.removeprefix("all ")
            split = number_prefix(phrase)
            if (
                split
                and split[1] > 1
                and split[2]
                and is_single(split[2])
                and noun_head(split[2]).endswith("s")
                and (" and " not in split[2])
            ):
                counted, more = _counted(split[2])
                shown = replace(
                    clause,
                    pieces=(Piece("rest", "", more), *clause.pieces[1:]) if more else clause.pieces[1:],
                )
                yield Asked(
                    ask(shown, f"how many {counted}"),
                    split[0],
                    "number",
                    noun_head(split[2]),
                    "how many",
                    "numeric",
                    "medium",
                    said=_said(clause, counted, more),
                    weight=9,
                )
        if piece.kind == "pp" and piece.head in {"in", "for"}:
            split = number_prefix(piece.inner)
            if (
                split
                and split[1] > 1
                and noun_head(split[2]) in lex.UNITS
                and split[2] == noun_head(split[2])
            ):
                word = f"{piece.head} how many {split[2]}"
                yield Asked(
                    ask(clause, word, at),
                    split[0],
                    "number",
                    split[2],
                    "how many",
                    "numeric",
                    "medium",
                    weight=8,
                )


def _said(clause: Clause, counted: str, more: str) -> str:
    """The counted thing as a phrase: 'knots that Oda ties without looking at her hands'."""
    if ", " in clause.subject or clause.cut or clause.frame:
        return ""
    return " ".join(
        part for part in (counted, "that", clause.subject, clause.finite, more, clause.rest((0,))) if part
    )


def _counted(phrase: str) -> tuple[str, str]:
    """Split off a clause, so that it does not stand between noun and verb: 'years' + 'carrying slate'."""
    found = re.search(r",? (?:that|which|who|of which|whose)\b", phrase)
    if found:
        return phrase[: found.start()], ""
    found = re.search(r" (?:with|to|for|about|as|against)\b", phrase)
    if found:
        return phrase[: found.start()], phrase[found.end() - len(found.group().strip()) :]
    first, _, more = phrase.partition(" ")
    gerund = more.split(" ", 1)[0]
    return (first, more) if gerund.endswith("ing") and first in lex.UNITS else (phrase, "")


_NAMING = re.compile(r"((?:the|his|her|its|a) .*?[a-z]|[a-z]\S+) ((?:[A-Z]\S*)(?: [A-Z]\S*)*|old \w+)")
_NAMING_VERBS = frozenset({"name", "call", "christen", "dub", "nickname"})
_PAINTING_VERBS = frozenset({"paint", "light", "dye", "colour", "color"})
_LEAVING_VERBS = frozenset({"keep", "leave", "see", "hear", "find", "watch", "catch"})


def objects(clause: Clause) -> Iterator[Asked]:
    """What or who is kept, built, met: questions for the object, its name, its colour, its kind."""
    if clause.copula or not clause.pieces or (clause.tense == "VBN" and clause.aux not in lex.HAVE):
        return
    piece = clause.pieces[0]
    if piece.kind == "that" and (clause.lemma in lex.SAYING or not piece.text.startswith("that ")):
        shape, kind = "that" if piece.head == "that" else "VBG", type_of(clause, "fact")
        yield Asked(
            ask(clause, "what", 0), piece.text, "that", shape, "what", kind, "medium", bare=True, weight=2
        )
    if piece.kind != "np" or any(near.kind in {"inf", "np", "adj", "that"} for near in clause.pieces[1:2]):
        return
    # "Talks fast", "aims high": how, and not what.
    if " " not in piece.text and "ADV" in lex.parts_of_speech(piece.text):
        return
    if clause.lemma in _NAMING_VERBS:
        naming = _NAMING.fullmatch(piece.text)
        if naming:
            question = ask(_showing(clause, naming[1]), "what")
            yield Asked(question, naming[2], "name", "name", "what name", "fact", "easy", weight=8)
    elif clause.lemma in _PAINTING_VERBS and piece.text.split()[-1] in lex.COLOURS:
        noun, _, colour = piece.text.rpartition(" ")
        question = ask(_showing(clause, noun), "what colour")
        yield Asked(question, colour, "colour", "colour", "what colour", "fact", "easy", weight=9)
    elif _is_object(clause, piece.text):
        yield from _whole_object(clause, piece.text)


def _showing(clause: Clause, phrase: str) -> Clause:
    return replace(clause, pieces=(Piece("np", "", phrase), *clause.pieces[1:]))


def _is_object(clause: Clause, phrase: str) -> bool:
    """Refuse objects with a second one behind them, and those that are no thing: 'the lamp burning'."""
    if clause.lemma == "spend" or clause.lemma in lex.SAYING - {"know", "teach", "feel", "hold"}:
        return False
    if clause.lemma == "take" or clause.lemma in lex.LINKING - {"become", "remain"}:
        return False
    if clause.lemma in _LEAVING_VERBS and lex.verb_lemma(phrase.rsplit(maxsplit=1)[-1], "VBG"):
        return False
    plain = re.split(r" (?:that|who|whom|which|whose) ", phrase)[0]
    who = question_word(phrase) == "who"
    return (
        " to " not in plain
        and not (who and re.search(r" (?:for|with|as|from|like|about|against) ", plain))
        and is_single(phrase)
    )


def _whole_object(clause: Clause, phrase: str) -> Iterator[Asked]:
    bare_noun = phrase.split(maxsplit=1)[0].lower() not in lex.DETERMINERS and number_prefix(phrase) is None
    rest = [piece for piece in clause.pieces[1:] if piece.kind != "adverb"]
    head, size = noun_head(phrase), len(re.split(r" (?:with|that|of|and|which)\b|,", phrase)[0].split())
    if clause.lemma == "have" and bare_noun and head.endswith("s") and size == 2:
        question = ask(clause, f"what kind of {head}", 0)
        yield Asked(question, phrase, "thing", f"kind-{head}", "what kind", "fact", "easy", weight=7)
    word = "what" if clause.lemma in {"become", "remain"} else question_word(phrase)
    if word is None or (clause.lemma in lex.LIGHT_VERBS and (bare_noun or not rest)):
        return
    slot, kind, level = (
        "person" if word == "who" else "thing",
        type_of(clause, "fact"),
        level_without(clause, 0),
    )
    question, shape, weight = ask(clause, word, 0), thing_shape(phrase), 5 if rest else 3
    yield Asked(question, phrase, slot, shape, word, kind, level, bare=not rest, weight=weight)


def subjects(clause: Clause) -> Iterator[Asked]:
    """'Who saved Konrad from the sea?': somebody or something acts on the character."""
    if (
        clause.about != "other"
        or clause.copula
        or ", " in clause.subject
        or clause.tense == "VBP"
        or clause.aux in {"have", "are", "were"}
    ):
        return
    word = (
        "who"
        if is_person(clause.subject)
        or (is_named(clause.subject) and clause.lemma in lex.CAUSATIVE | {"teach", "raise"})
        else None
    )
    if (
        word is None
        and not is_named(clause.subject)
        and clause.subject.split()[-1].islower()
        and clause.subject.lower().startswith(("the ", "a ", "an "))
    ):
        word = "what"
    if word is None:
        return
    text = f"{word} {clause.finite} {clause.rest()}"
    yield Asked(
        f"{text[0].upper()}{text[1:]}?",
        clause.subject,
        "person" if word == "who" else "thing",
        thing_shape(clause.subject),
        f"{word} acts",
        "role" if word == "who" else "fact",
        "easy",
        weight=5,
    )


def kin_names(clause: Clause) -> Iterator[Asked]:
    """'Oda's mother, Marit Wren, ...' tells who her mother is."""
    kin, _, named = clause.subject.partition(", ")
    if clause.about == "possession" and named and kin.split()[-1].lower() in lex.PERSON_NOUNS:
        yield Asked(
            f"What is the name of {kin}?", named, "name", "person-name", "what name", "role", "easy", weight=4
        )

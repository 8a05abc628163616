"""Questions for what somebody or something is: who, what, what colour, how old, how described."""

import re
from collections.abc import Iterator

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import (
    Asked,
    is_named,
    is_person,
    is_single,
    question_word,
    thing_shape,
)
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.tokens import noun_head


def copulas(clause: Clause) -> Iterator[Asked]:
    """Who, what, how old: questions for what follows 'is' and 'was'."""
    if not clause.copula or clause.lemma != "be" or not clause.pieces or clause.verb:
        return
    whole = clause.rest()
    first = clause.pieces[0]
    aux, subject = clause.aux, clause.subject
    age = (
        re.fullmatch(r"(\S+) years old", " ".join(p.text for p in clause.pieces))
        if clause.about == "name"
        else None
    )
    if age:
        yield Asked(
            f"How old {aux} {subject}?", whole, "number", "age-old", "how old", "numeric", "easy", weight=9
        )
    elif (
        clause.about == "possession"
        and len(whole.split()) <= 14
        and not (clause.cut and first.kind == "adj" and "," in clause.text)
    ):
        yield from _described(clause, whole)
    elif (
        clause.about == "name" and first.kind == "np" and first.text.split()[0].lower() in {"a", "an", "the"}
    ):
        if not clause.adverbs and len(whole.split()) <= 18 and not _goes_on(whole):
            yield Asked(
                f"Who {aux} {subject}?",
                whole,
                "role",
                "role",
                "who is",
                "definition",
                "easy",
                bare=True,
                weight=4,
            )
    elif clause.about == "name" and first.kind == "adj" and len(clause.pieces) == 2:
        second = clause.pieces[1]
        if (
            second.kind == "pp"
            and second.head in {"with", "about", "of", "to", "at", "for"}
            and " and " not in first.text
        ):
            word = question_word(second.inner)
            if word:
                yield Asked(
                    f"{word.capitalize()} {aux} {subject} {' '.join([*clause.adverbs, first.text])} {second.head}?",
                    second.inner,
                    "thing" if word == "what" else "person",
                    thing_shape(second.inner),
                    f"{word} {second.head}",
                    "fact",
                    "easy",
                    weight=5,
                )
    elif clause.about == "other" and first.kind == "np" and is_named(subject) and _relates(first.text):
        question = f"Who {aux} {subject} to @?"
        yield Asked(question, whole, "role", "role", "who is other", "role", "easy", weight=6)


def _goes_on(phrase: str) -> bool:
    """Whether a second verb may hide in what somebody is: "the king of his house and approaches life with calm"."""
    after = re.findall(r"\band (\w+)", phrase)
    return any(word.islower() and lex.verb_lemma(word, "VBZ") for word in after)


def _relates(phrase: str) -> bool:
    """Tell whether a phrase says who somebody is to somebody else, by a word for people or a clause of its own."""
    article = phrase.split(maxsplit=1)[0].lower() in {"a", "an", "the"}
    return (
        article
        and len(phrase.split()) <= 18
        and (is_person(phrase) or bool(re.search(r" (?:whom|whose) ", phrase)))
    )


_WORDS = frozenset({"word", "name", "nickname", "motto", "password", "title", "phrase"})
_ONE_WORD = re.compile(r"\b(?:first|last|only|favou?rite)\b")


def _described(clause: Clause, whole: str) -> Iterator[Asked]:
    aux, subject, first = clause.aux, clause.subject, clause.pieces[0]
    shown = f"{subject}," if ", " in subject else subject
    words = whole.lower().split()
    if clause.adverbs:
        return
    if first.kind == "adj" and noun_head(subject) in _WORDS:
        # "Her first word was more": the word itself; "her name is well known" is neither a word nor a look.
        if _ONE_WORD.search(subject) and len(whole.split()) == 1:
            yield Asked(f"What {aux} {shown}?", whole, "name", "name", "what is", "fact", "easy", weight=6)
    elif noun_head(subject) == "birthday" or subject.endswith("birthday"):
        yield Asked(f"When {aux} {shown}?", whole, "time", "date", "when is", "timeline", "easy", weight=9)
    elif words[0].strip(",") in lex.COLOURS and (len(words) == 1 or words[1] in lex.COLOURS):
        if len(first.text.split()) <= 3 and all(
            w.strip(",") in lex.COLOURS | {"and"} for w in first.text.lower().split()
        ):
            yield Asked(
                f"What colour {aux} {shown}?",
                first.text,
                "colour",
                "colour",
                "what colour",
                "fact",
                "easy",
                weight=9,
            )
    elif first.kind in {"np", "adj"} and noun_head(first.text) in lex.MATERIALS:
        yield Asked(
            f"What {aux} {shown} made of?",
            re.split(r" with |,", first.text)[0],
            "material",
            "material",
            "made of",
            "fact",
            "easy",
            weight=8,
        )
    elif first.kind == "np" and first.text.split()[0].lower() in {"the", "a", "an"} and is_person(first.text):
        yield Asked(
            f"Who {aux} {shown}?", whole, "person", thing_shape(whole), "who is", "role", "easy", weight=7
        )
    elif (first.kind == "np" and (words[0] in lex.COLOURS or "," in words[0])) or (
        first.kind == "np" and " and " in whole and "NOUN" not in lex.parts_of_speech(words[0].strip(","))
    ):
        yield Asked(
            f"What {aux} {shown} like?",
            whole,
            "described",
            "adj",
            "how described",
            "fact",
            "easy",
            weight=6,
        )
    elif first.kind == "np" and is_single(first.text):
        # "Her rival is a gull": whoever is somebody's rival is asked for as somebody.
        word, slot = ("who", "person") if noun_head(subject) in lex.PERSON_NOUNS else ("what", "thing")
        yield Asked(
            f"{word.capitalize()} {aux} {shown}?",
            whole,
            slot,
            thing_shape(whole),
            f"{word} is",
            "fact",
            "easy",
            weight=6,
        )
    elif first.kind == "adj":
        yield Asked(
            f"What {aux} {shown} like?",
            whole,
            "described",
            "adj",
            "how described",
            "fact",
            "easy",
            weight=6,
        )

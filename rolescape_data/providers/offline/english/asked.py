"""A question with its answer, and the tests of English phrases that every pattern uses."""

import re
from dataclasses import dataclass, replace

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.names import Name
from rolescape_data.providers.offline.english.tokens import Piece, noun_head, tokens_of
from rolescape_data.records.question import Difficulty, QuestionType


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer. `slot` and `shape` tell which other answers could stand in its place.

    `bare` marks a question with nothing but subject and verb: it is only asked when one fact alone answers it.
    """

    question: str
    answer: str
    slot: str
    shape: str
    form: str
    type: QuestionType
    difficulty: Difficulty
    lemma: str = ""
    subject: str = ""
    said: str = ""
    bare: bool = False
    weight: int = 0


def ask(clause: Clause, word: str, *omit: int, extra: str = "") -> str:
    """Return the question that puts `word` in place of the omitted pieces."""
    subject = f"{clause.subject}," if ", " in clause.subject and clause.about != "name" else clause.subject
    parts = [word, clause.aux, subject, *clause.adverbs, clause.base, clause.rest(omit), extra]
    text = " ".join(part for part in parts if part)
    if clause.frame:
        return f"{clause.frame}, {text}?"
    return f"{text[0].upper()}{text[1:]}?"


def strand(clause: Clause, word: str, at: int, preposition: str) -> str:
    """Ask with the preposition left where the phrase stood: 'What does Oda listen to before dinner?'"""
    pieces = list(clause.pieces)
    pieces[at] = Piece("rest", preposition, preposition)
    return ask(replace(clause, pieces=tuple(pieces)), word)


def self_contained(question: str, name: Name, answer: str = "") -> bool:
    """Tell whether a question names the character and leaves no pronoun without what it stands for."""
    if not any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", question) for form in name.forms):
        return False
    seen_name, other, plural, thing = False, False, False, False
    for token in tokens_of(f"{question} {answer}"):
        low = token.low
        if any(token.text.startswith(form.split()[0]) for form in name.forms):
            seen_name = True
        elif low in {"he", "she", "his", "her", "him", "hers", "himself", "herself"}:
            if not seen_name or not name.pronouns or (low not in name.pronouns and not other):
                return False
        elif low in {"they", "their", "them", "theirs", "themselves"}:
            if not plural:
                return False
        elif low in {"it", "its", "itself"}:
            if not thing:
                return False
        elif token.text[:1].isupper() and seen_name:
            other = True
        elif low not in lex.DETERMINERS | lex.TIME_NOUNS | {
            "what",
            "who",
            "does",
            "do",
            "first",
        } and "NOUN" in lex.parts_of_speech(low):
            plural = (
                plural
                or (low.endswith("s") and not low.endswith("ss"))
                or low in {"people", "men", "children"}
            )
            thing = thing or not low.endswith("s") or low.endswith("ss")
    return True


def number_prefix(phrase: str) -> tuple[str, int, str] | None:
    """Split 'four hundred and twelve paces' into ('four hundred and twelve', 412, 'paces')."""
    parts = phrase.split(" ")
    value, size, at = 0, 0, 0
    while at < len(parts):
        low = parts[at].lower()
        number = lex.number_value(low)
        if low in lex.SCALES and at:
            value = (value or 1) * lex.SCALES[low]
        elif number is not None:
            value += number
        elif not (
            low == "and"
            and at
            and parts[at - 1].lower() in lex.SCALES
            and at + 1 < len(parts)
            and lex.number_value(parts[at + 1]) is not None
        ):
            break
        at += 1
        size = at
    return (" ".join(parts[:size]), value, " ".join(parts[size:])) if size and value else None


def is_time(piece: Piece) -> bool:
    """Tell whether a piece says when."""
    if piece.kind == "time":
        return True
    if piece.kind != "pp":
        return False
    words = [token.low for token in tokens_of(piece.inner)]
    head = noun_head(piece.inner)
    if piece.head in {"until", "since", "during"}:
        return True
    if piece.head in {
        "at",
        "in",
        "on",
        "from",
        "before",
        "after",
        "for",
        "by",
        "throughout",
        "between",
        "around",
    }:
        if (head in lex.TIME_NOUNS and head != "may") or (
            piece.head in {"at", "from"} and lex.number_value(head) is not None
        ):
            return True
        return bool(re.fullmatch(r"\d{3,4}(?: (?:bc|ad|bce|ce))?", " ".join(words)))
    return False


def place_of(piece: Piece) -> bool:
    """Tell whether a prepositional phrase surely says where."""
    if piece.kind != "pp" or piece.head not in lex.PLACE_PREPOSITIONS or is_time(piece):
        return False
    head = noun_head(piece.inner)
    words = piece.inner.split()
    if head in lex.PLACE_NOUNS:
        return not (piece.head in {"by", "from"} and head in {"tin", "box", "world"})
    if (
        head in {"end", "foot", "top", "edge", "middle", "mouth", "corner", "side", "bottom", "back"}
        and "of" in words
    ):
        return noun_head(piece.inner.split(" of ", 1)[1]) in lex.PLACE_NOUNS or " of the " in piece.inner
    named = words[-1][:1].isupper() and words[0][:1].isupper()
    return (
        named
        and piece.head in {"in", "at", "near"}
        and not is_person(piece.inner)
        and head not in lex.TIME_NOUNS
    )


def is_person(phrase: str) -> bool:
    """Tell whether a noun phrase surely means somebody."""
    head = noun_head(phrase)
    if head in lex.PERSON_NOUNS or (len(head) > 6 and head.endswith(("ist", "ician", "opher", "smith"))):
        return True
    words = re.split(r",? (?:as|for|from|to|with|of|in|on|at|who|that|whose) ", phrase)[0].split()
    return words[-1][:1].isupper() and any(word.lower().strip(",") in lex.PERSON_NOUNS for word in words)


def is_named(phrase: str) -> bool:
    """Tell whether the phrase is names alone, so that person and place cannot be told apart."""
    return all(word[:1].isupper() or word in {"and", "of", ","} for word in phrase.split())


def question_word(phrase: str) -> str | None:
    """The question word for a noun phrase: who, what, or None when the words do not tell."""
    if is_person(phrase):
        return "who"
    plain = re.split(r" (?:through|with|from|to|for|in|at|on|by|into) ", phrase, maxsplit=1)[0]
    if is_named(plain) or any(
        word in lex.PERSON_NOUNS for word in phrase.split(" who ", maxsplit=1)[0].lower().split()
    ):
        return None
    return "what"


def thing_shape(phrase: str) -> str:
    """The form of a noun phrase, article and number ('a-one', 'the-list'), so that like stands beside like."""
    first = phrase.split(maxsplit=1)[0].lower()
    article = {
        "a": "a",
        "an": "a",
        "the": "the",
        "his": "poss",
        "her": "poss",
        "its": "poss",
        "their": "poss",
    }.get(first, "bare")
    if article == "bare" and number_prefix(phrase):
        article = "number"
    several = ", " in phrase or bool(re.search(r"\b(?:and|or)\b", phrase))
    plural = noun_head(phrase).endswith("s")
    return f"{article}-{'list' if several else 'many' if plural else 'one'}"


def level_without(clause: Clause, at: int) -> Difficulty:
    """Medium when a time or a second clause stays in the question, easy otherwise."""
    others = [piece for near, piece in enumerate(clause.pieces) if near != at]
    return "medium" if any(piece.kind in {"sub", "time"} or is_time(piece) for piece in others) else "easy"


def is_single(phrase: str) -> bool:
    """Refuse 'every storm a file number': two objects that stand side by side."""
    words = phrase.split()
    for at, word in enumerate(words[1:], 1):
        if word.lower() in lex.DETERMINERS - {"all", "both", "no"} or (
            lex.number_value(word) is not None and at > 1
        ):
            before = words[at - 1].lower().rstrip(",")
            if words[at - 1].endswith(
                ","
            ) or before in lex.PREPOSITIONS | lex.CONJUNCTIONS | lex.RELATIVES | {"that", "all"}:
                continue
            if any(w.lower() in lex.RELATIVES | {"that"} for w in words[:at]) or lex.verb_lemma(
                before, "VBG"
            ):
                continue
            return lex.number_value(before) is not None
    return True


def type_of(clause: Clause, other: QuestionType) -> QuestionType:
    """Limitation, capability or preference where the verb says so, else `other`."""
    if "never" in clause.adverbs or clause.lemma in {"fear", "refuse", "lack"}:
        return "limitation"
    if clause.aux in {"can", "could"}:
        return "capability"
    if clause.lemma in {"like", "love", "prefer", "hate", "dislike", "enjoy", "detest", "favour", "adore"}:
        return "preference"
    return other


def answers_where(clause: Clause, at: int) -> bool:
    """Where only asks for the last phrase of place, right after the verb, an object or an adverb."""
    before = clause.pieces[at - 1] if at else None
    if before is not None and before.kind in {"sub", "inf", "that"}:
        return False
    if before is not None and before.kind == "pp" and not is_time(before):
        return False
    return clause.lemma not in lex.STATE_VERBS | lex.WRITING_VERBS | {
        "worry",
        "argue",
        "depend",
        "insist",
        "rely",
        "read",
        "predict",
        "know",
    }

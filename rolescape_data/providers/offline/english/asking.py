"""One clause -> the questions it answers, each with the words of the clause that answer it.

A question is the clause itself with one piece replaced by a question word and the auxiliary moved, so its
grammar is the grammar of the sentence. Pieces whose meaning the word lists do not know are not asked for.
"""

import re
from dataclasses import replace

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.acts import acts, catenatives
from rolescape_data.providers.offline.english.adjuncts import phrases, reasons
from rolescape_data.providers.offline.english.asked import Asked, is_time, self_contained
from rolescape_data.providers.offline.english.clauses import Clause
from rolescape_data.providers.offline.english.copulas import copulas
from rolescape_data.providers.offline.english.names import Name
from rolescape_data.providers.offline.english.objects import kin_names, numbers, objects, subjects
from rolescape_data.providers.offline.english.tokens import Piece, noun_head


def asked_of(clause: Clause, name: Name) -> list[Asked]:
    """Return every question that the clause answers and that names the character, best first."""
    # "His writings cover a broad range of | subjects": a subject that ends so was cut at no verb.
    if clause.subject.split()[-1:] and clause.subject.split()[-1].lower() in lex.PREPOSITIONS:
        return []
    clause = _bound(clause)
    # "Plato also identified ...": what the sentence adds to is not in the question.
    clause = replace(clause, adverbs=tuple(adverb for adverb in clause.adverbs if adverb != "also"))
    if any(piece.head == "as" and " and " in piece.text for piece in clause.pieces):
        return []
    found = [
        replace(
            item,
            question=item.question.replace("@", name.short).replace(",?", "?"),
            lemma=clause.lemma,
            subject=clause.subject,
        )
        for source in (copulas, numbers, objects, phrases, reasons, catenatives, acts, subjects, kin_names)
        for item in source(clause)
    ]
    kept = [item for item in found if self_contained(item.question, name, item.answer) and _fits(item)]
    return sorted(kept, key=lambda item: -item.weight)


def _bound(clause: Clause) -> Clause:
    """Join phrases that belong to the object ('a lantern' + 'with a dent'), and add the opening adverbial as a piece."""
    pieces: list[Piece] = []
    bound = False
    for piece in clause.pieces:
        last = pieces[-1] if pieces else None
        pair = piece.head in lex.VERB_PREPOSITIONS.get(clause.lemma, ())
        timely = is_time(piece)
        after = piece.head in lex.BINDING and not pair and not piece.text.startswith("by ") and not timely
        after = after or (piece.head in {"of", "like", "as", "than"} and not pair)
        after = after and not (last is not None and _tells_how(last, piece))
        stative = clause.lemma in lex.STATE_VERBS and piece.kind == "pp" and not timely and not pair
        within = last is not None and noun_head(last.text) in lex.BOUND_NOUNS and piece.head in {"in", "on"}
        within = (
            within
            or (bound and piece.kind == "pp" and not timely)
            or bool(re.search(r" (?:its|their) ", piece.text))
        )
        bound = last is not None and piece.kind == "pp" and last.kind == "np" and (after or stative or within)
        if clause.lemma in lex.MANNER_VERBS and piece.head in {"with", "without"}:
            bound = False
        if (bound and last is not None) or (
            last is not None and piece.kind == "pp" and last.kind == "pp" and _belongs(last, piece)
        ):
            pieces[-1] = Piece(last.kind, last.head, f"{last.text} {piece.text}")
        else:
            pieces.append(piece)
    if clause.lead:
        pieces.append(Piece("pp", clause.lead.split()[0], clause.lead))
    return replace(clause, pieces=tuple(pieces))


def _tells_how(last: Piece, piece: Piece) -> bool:
    """'her scarf with thread', 'the word with great tenderness': what is known already gets no mark of its own."""
    known = re.match(r"(?:every|each|his|her|its|their) ", last.text)
    return piece.head == "with" and bool(
        known or re.match(r"with (?:great|much|little|perfect) ", piece.text)
    )


def _belongs(last: Piece, piece: Piece) -> bool:
    """'in the week' + 'after the great fog', 'on the beach' + 'below the quay' are one phrase."""
    if is_time(last):
        return piece.head in {"after", "before", "of"} or (
            not is_time(piece) and piece.head not in lex.PLACE_PREPOSITIONS
        )
    if (last.head in {"to", "from"} and piece.head == "for") or (
        last.head == "from" and piece.head in {"into", "to"}
    ):
        return False
    return not is_time(piece) and piece.head not in {"without", "by", "during"}


def _fits(item: Asked) -> bool:
    """Answers and questions of a readable length, and no leftovers of the cutting."""
    if item.slot == "time" and " with " in item.answer:
        return False
    count = len(item.answer.split())
    asked = len(item.question.split())
    if not 1 <= count <= 25 or not 3 <= asked <= 28 or "  " in item.question or " ," in item.question:
        return False
    if re.search(r"\b(\w+) \1\b", item.question.lower()):
        return False
    return (
        item.answer.lower() not in item.question.lower()
        and item.answer.split()[-1].lower() not in lex.PREPOSITIONS | lex.RELATIVES | lex.CONJUNCTIONS
    )

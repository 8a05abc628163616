"""The words after an English verb -> noun phrases, prepositional phrases, clauses: pieces that can be asked for."""

from collections.abc import Sequence

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.boundaries import piece_at
from rolescape_data.providers.offline.english.tokens import Kind, Piece, Token, text_of


def cut_pieces(
    tokens: list[Token], body: str, *, lemma: str, tense: str, copula: bool
) -> tuple[list[Piece] | None, bool]:
    """Cut what follows a verb into pieces.

    Returns:
        The pieces, and whether a second clause or a loose remark after them was left out; None for a text
        that does not come apart cleanly.
    """
    end = _clause_end(tokens, tense, copula)
    kept, cut = tokens[:end], end < len(tokens)
    pieces: list[Piece] = []
    at = 0
    while at < len(kept):
        kind, stop = piece_at(kept, at, lemma, first=at == 0, copula=copula)
        if stop <= at:
            return None, cut
        piece = Piece(kind, kept[at].low, text_of(kept[at:stop], body))
        if not _clean(kind, kept[at:stop]) or (
            kind == "np" and cut and stop == len(kept) and _half(kept, tokens[end:])
        ):
            return None, cut
        if any(
            near.kind == piece.kind == "pp" and near.head == piece.head and " and " in near.text
            for near in pieces
        ):
            return None, cut
        pieces.append(piece)
        at = stop
    if cut and pieces and pieces[-1].kind == "pp" and _may_be_joined(tokens[end:]):
        return None, cut
    return pieces, cut


def _may_be_joined(left: Sequence[Token]) -> bool:
    """Tell 'through lonely corridors' + 'and abandoned tunnels', which looks like a second verb and its object."""
    if len(left) < 3 or left[0].low not in {"and", "or"} or not left[1].low.endswith("ed"):
        return False
    return left[2].text.islower() and left[2].low.endswith("s") and lex.is_noun(left[2].text)


def _clause_end(tokens: list[Token], tense: str, copula: bool) -> int:
    """Where the first clause ends: at a remark after a comma, or at a second verb of the same subject."""
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.low == "," and not (_in_list(tokens, at) or _in_title(tokens, at)):
            return at
        if token.low in {"but", "yet"}:
            return at - 1 if at and tokens[at - 1].low == "," else at
        if (
            token.low in {"and", "or"}
            and after is not None
            and (
                _second_verb(after, tokens, at + 1, tense, copula)
                or (token.low == "and" and _second_subject(tokens, at + 1))
            )
        ):
            return at - 1 if at and tokens[at - 1].low == "," else at
    return len(tokens)


def _in_list(tokens: list[Token], comma: int) -> bool:
    """Tell the comma of 'tea, a rope and a dry remark' from one that opens a remark."""
    before, after = tokens[comma - 1], tokens[comma + 1 : comma + 3]
    if len(after) == 2 and after[0].low not in {"even", "one"}:
        kinds = [lex.parts_of_speech(token.text) for token in (before, *after)]
        if "ADJ" in kinds[0] & kinds[1] and "NOUN" in kinds[2]:
            return True
    if after and after[0].low in lex.CONJUNCTIONS and not any(token.low == "," for token in tokens[:comma]):
        return False
    rest = [token.low for token in tokens[comma + 1 :]]
    for word in rest:
        if word == "and":
            between = rest[: rest.index("and")]
            return not any(
                word
                in lex.RELATIVES
                | lex.SUBORDINATORS
                | lex.BE
                | lex.HAVE
                | lex.MODALS
                | lex.PREPOSITIONS - {"of"}
                or (lex.verb_lemma(word, "VBG") and word == between[0])
                for word in between
            )
    return False


def _in_title(tokens: list[Token], comma: int) -> bool:
    """Tell the comma of a heading or a place, 'under the heading of Hazards, Moving': two capitals, and the sentence ends."""
    return comma == len(tokens) - 2 and all(tokens[at].text[:1].isupper() for at in (comma - 1, comma + 1))


def _second_subject(tokens: list[Token], at: int) -> bool:
    """'and his critique reshaped ...': a new subject with a verb of its own."""
    for near in range(at, min(at + 6, len(tokens))):
        low = tokens[near].low
        if low in lex.PREPOSITIONS - {"of"} | lex.RELATIVES | lex.SUBORDINATORS | {",", "that"}:
            return False
        verbal = lex.verb_lemma(low, "VBD") or lex.verb_lemma(low, "VBZ")
        if near > at and (
            low in lex.BE | lex.HAVE | lex.MODALS
            or (verbal and not lex.parts_of_speech(low) & {"NOUN", "ADJ"})
        ):
            return True
    return False


def _second_verb(token: Token, tokens: list[Token], at: int, tense: str, copula: bool) -> bool:
    if token.low in lex.BE | lex.HAVE | lex.MODALS | {"cannot", "do", "does", "did"}:
        return True
    if token.low in lex.ADVERBS and at + 1 < len(tokens):
        return _second_verb(tokens[at + 1], tokens, at + 1, tense, copula)
    if not token.text.islower():
        return at + 1 < len(tokens) and _second_verb(tokens[at + 1], tokens, at + 1, tense, copula)
    objective = tokens[at + 1].low in lex.PRONOUNS if at + 1 < len(tokens) else False
    # A second verb has the tense of the first; after 'has' and 'is' it may be a participle.
    tags = {"VBZ": ("VBZ",), "VBD": ("VBD",), "VBN": ("VBD",)}.get(tense, ("VBZ", "VBD"))
    for tag in ("VBZ",) if copula and not objective else tags:
        if lex.verb_lemma(token.text, tag):
            known = lex.parts_of_speech(token.text)
            after = tokens[at + 1].low if at + 1 < len(tokens) else ""
            if "NOUN" not in known and "ADJ" not in known:
                return True
            if (
                after in lex.DETERMINERS | lex.ADVERBS | lex.PRONOUNS
                or lex.number_value(after) is not None
                or (after in lex.PREPOSITIONS - {"of", "and"})
            ):
                return True
    # 'can blow ... and catch': a bare second verb after a modal.
    return (
        not copula
        and tense == "VB"
        and lex.verb_lemma(token.text, "VB") == token.low
        and "NOUN" not in lex.parts_of_speech(token.text)
    )


def _half(kept: Sequence[Token], left: Sequence[Token]) -> bool:
    """Tell a phrase cut between two adjectives: 'an active' + ', ensouling element'."""
    last = kept[-1].text
    if left[0].low != "," or not left[1:] or not last.islower() or "ADJ" not in lex.parts_of_speech(last):
        return False
    return "ADJ" in lex.parts_of_speech(left[1].text) or left[1].low.endswith("ing")


def _clean(kind: Kind, tokens: Sequence[Token]) -> bool:
    """Refuse pieces that hold what the cutting did not understand."""
    low = [token.low for token in tokens]
    relative = next((at for at, word in enumerate(low) if word in lex.RELATIVES | {"that"}), len(low))
    plain = relative == len(low)
    if "than" in low[:relative] or "such" in low or low[-1] in {"and", "or", "the", "a", "an"}:
        return False
    after = low[low.index("and") + 1 :] if "and" in low else []
    if kind == "sub":
        return not lex.SUBORDINATORS & set(after)
    if kind in {"pp", "time"} and plain and (lex.PREPOSITIONS - {"of"}) & set(after):
        return False
    if kind == "np":
        return _clean_noun(tokens, low, plain=plain)
    return kind != "pp" or (len(low) > 1 and not (plain and low[0] != "from" and _two_phrases(low)))


def _clean_noun(tokens: Sequence[Token], low: list[str], *, plain: bool) -> bool:
    adverb = low[0].endswith("ly") and not lex.parts_of_speech(low[0]) & {"NOUN", "ADJ"}
    gerund = len(low) == 1 and low[0].endswith("ing") and lex.verb_lemma(low[0], "VBG")
    if adverb or gerund or {"nobody", "nothing", "none"} & set(low):
        return False
    return not plain or (lex.is_noun(tokens[-1].text) and not (lex.BE | lex.HAVE | lex.MODALS) & set(low))


def _two_phrases(low: list[str]) -> bool:
    """'in Saltmarrow the rule': a determiner in the middle opens a phrase that the cutting missed."""
    joins = lex.PREPOSITIONS | {"and", "or", ","}
    return any(
        low[at] in lex.DETERMINERS - {"all", "both", "no"}
        and low[at - 1] not in joins
        and not lex.verb_lemma(low[at - 1], "VBG")
        for at in range(2, len(low))
    )

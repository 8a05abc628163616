"""A statement or question about a character -> the same said to its face: "Oda hangs her boots" -> "you hang your boots".

It knows word forms and no grammar: where a pronoun may mean somebody else, or a verb may be a noun, it answers None.
"""

import re

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.names import Name

_PIECE = re.compile(r"[^\W_]+(?:['’\-–][^\W_]+)*['’]?|[^\w\s]|\s+")
_AUXILIARY = {
    "does": "do", "is": "are", "was": "were", "has": "have", "did": "did", "can": "can", "could": "could", "will": "will",
    "would": "would", "should": "should", "must": "must", "had": "had", "may": "may", "might": "might",
}  # fmt: skip
_SUBJECT = {"he", "she"}
_OBJECT = {"him": "you", "himself": "yourself", "herself": "yourself", "hers": "yours", "his": "your"}
_PEOPLE = re.compile(
    r"\b(?:man|woman|boy|girl|child|wife|husband|widow|king|queen|god|goddess|lord|lady|friend|stranger|soldier|captain|"
    r"hero|brother|sister|son|daughter|father|mother|uncle|aunt|grandmother|grandfather|keeper|clerk|baker|apprentice|cat|dog)\b"
)
_ENDS_OBJECT = re.compile(
    r"[.,;:!?]|(?:a|an|the|to|for|from|in|on|at|with|by|of|and|or|but|when|while|if|because|as|into|"
    r"before|after|until|again|that|who)$",
    re.IGNORECASE,
)


def to_you(text: str, name: Name) -> str | None:
    """Return the text with the character as 'you', its first letter as it comes; None where that is not certain.

    Args:
        text: one statement, clause or question in plain English.
        name: what the character is called, and its pronouns.
    """
    pieces = _named(_PIECE.findall(text), name)
    said: list[str] = []
    others = False
    for at, piece in enumerate(pieces):
        low = piece.lower()
        if piece in ("\0you", "\0your"):
            said.append(piece[1:])
        elif low in _SUBJECT or low in _OBJECT or low == "her":
            if others or low not in name.pronouns:
                return None
            said.append(_pronoun(low, pieces, at))
        else:
            others = others or (at > 0 and piece[:1].isupper()) or bool(_PEOPLE.fullmatch(low))
            said.append(piece)
    return _agreeing(said)


def _named(pieces: list[str], name: Name) -> list[str]:
    """Return the pieces with the character's name in any form replaced by marks for 'you' and 'your'."""
    found: list[str] = []
    at = 0
    forms = [_PIECE.findall(form) for form in name.forms]
    while at < len(pieces):
        for form in forms:
            size = len(form)
            last = pieces[at + size - 1 : at + size]
            if pieces[at : at + size - 1] == form[:-1] and last:
                if last[0] == form[-1]:
                    found.append("\0you")
                    at += size
                    break
                if re.fullmatch(rf"{re.escape(form[-1])}['’]s?", last[0]):
                    found.append("\0your")
                    at += size
                    break
        else:
            found.append(pieces[at])
            at += 1
    return found


def _pronoun(low: str, pieces: list[str], at: int) -> str:
    if low in _SUBJECT:
        return "you"
    if low != "her":
        return _OBJECT[low]
    following = [piece for piece in pieces[at + 1 :] if not piece.isspace()] or ["."]
    # "makes her grumpy": what is no noun and ends the phrase is said of her.
    bare = not lex.is_noun(following[0]) and (len(following) == 1 or not following[1][:1].isalpha())
    return "you" if bare or _ENDS_OBJECT.match(following[0]) else "your"


def _agreeing(said: list[str]) -> str | None:
    """Make auxiliaries and verbs agree with every 'you' that is a subject; None where a word may be noun or verb."""
    solid = [at for at, piece in enumerate(said) if not piece.isspace()]
    subject = False
    for place, at in enumerate(solid):
        if said[at] == "you":
            if _is_apposed(said, solid, place):
                return None
            before = solid[place - 1] if place else None
            if before is not None and said[before].lower() in _AUXILIARY:
                said[before] = _AUXILIARY[said[before].lower()]
                continue
            if place and not _starts_clause(said[solid[place - 1]]):
                continue
            subject = True
            if not _agree(said, solid, place + 1):
                return None
        elif subject and said[at].lower() in ("and", "but", "or"):
            follows = _verb_place(said, solid, place + 1)
            word = said[solid[follows]] if follows < len(solid) else ""
            if word.islower() and lex.verb_lemma(word, "VBZ"):
                if "NOUN" in lex.parts_of_speech(word):
                    return None
                _agree(said, solid, place + 1)
    text = "".join(said)
    return text if not re.search(r"\byou (?:is|was|has|does)\b", text) else None


def _is_apposed(said: list[str], solid: list[int], place: int) -> bool:
    """Whether a name only says who a noun is, or is one of several: "the young prince Konrad", "Konrad, Kalenz and ..."."""
    before = said[solid[place - 1]] if place else ""
    following = [said[at] for at in solid[place + 1 : place + 3]]
    several = len(following) == 2 and following[0] in (",", "and") and following[1][:1].isupper()
    titled = place > 1 and before[:1].isupper()
    noun = before.islower() and before not in _AUXILIARY and lex.parts_of_speech(before) == {"NOUN"}
    return several or titled or noun


def _starts_clause(before: str) -> bool:
    return before in {",", ";", ":"} or before.lower() in (
        lex.SUBORDINATORS | lex.RELATIVES | lex.CONJUNCTIONS
    )


def _verb_place(said: list[str], solid: list[int], place: int) -> int:
    """Skip adverbs."""
    while place < len(solid) and (
        (said[solid[place]].lower() in lex.ADVERBS and not lex.verb_lemma(said[solid[place]], "VBZ"))
        or (said[solid[place]].endswith("ly") and "ADV" in lex.parts_of_speech(said[solid[place]]))
    ):
        place += 1
    return place


def _agree(said: list[str], solid: list[int], place: int) -> bool:
    place = _verb_place(said, solid, place)
    if place >= len(solid):
        return False
    word = said[solid[place]]
    if word in _AUXILIARY:
        said[solid[place]] = _AUXILIARY[word]
        return True
    lemma = lex.verb_lemma(word, "VBZ") if word.islower() else None
    if lemma and lemma != word:
        said[solid[place]] = lemma
        return True
    return bool(word.islower() and (lex.verb_lemma(word, "VBD") or word in ("have", "are", "were", "do")))

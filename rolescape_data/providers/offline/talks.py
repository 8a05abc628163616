"""Spoken lines -> commentaries and talks of two characters: whole lines, word for word, where they can stand by themselves."""

import re
from collections.abc import Iterator
from typing import Any

from rolescape_data.providers.offline.dialogues import CHARACTER_WORDS, NARRATOR, PERSONS, fits
from rolescape_data.providers.offline.profile import known_names
from rolescape_data.spans import folded, words

COMMENT_WORDS = (60, 350)

_FIRST_SENTENCE = re.compile(r"^[^.!?…]*[.!?…]*")
# What takes up words that somebody else said before: answers, agreement, the matter under discussion.
_TAKES_UP = re.compile(
    r"(?:Yes|No|Nay|Aye|Yours|Mine|Neither|Both|Same|Nor|Then|So|And|But|Or|Indeed|True|Agreed|Exactly|Precisely|Very well|"
    r"Because|Like|About it|It|They|He|She|Them|Him|Her|His|Their|These|Those|This|That|Of|For|To|By way|Is (?:it|that|this|he|she)|"
    r"I (?:do|did|am|was|have|had|can|could|will|would|know|agree|said|see|thought so|think so|suppose so)(?: not)?(?=[,.!?]| but))\b"
)
_OTHERS = re.compile(r"\b(?:he|she|him|her|his|hers|they|them|their|theirs)\b", re.IGNORECASE)
_SELF = re.compile(r"\b(?:I|me|my|mine|myself|we|us|our|ours)\b|[我咱]")
_IT = re.compile(
    r"\b(?:it|its|that|this)\b(?! (?:is|was) (?:raining|late|early|dark|cold|hot))", re.IGNORECASE
)


def commentary(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write a CommentaryAnswer: the longest line spoken beside the picture that stands as an answer to the invitation."""
    lines = [str(line["reply"]).strip() for line in block.get("spoken_beside") or []]
    # A lecture on something else is no answer to "what goes through your mind?", however long it is.
    fitting = [line for line in lines if fits(line, COMMENT_WORDS) and _muses(line) and _SELF.search(line)]
    return {"reply": max(fitting, key=lambda line: len(words(line)))} if fitting else None


def inter_role(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write an InterRoleAnswer: the longest stretch of a passage in which exactly these two take turns beside the picture.

    The partner opens, with words that need nothing before them; one of the character's lines in it shows the picture.
    """
    own = {folded(name) for name in known_names(block["character"])}
    other = {folded(name) for name in known_names(block["partner"])}
    file = str((block.get("image") or {}).get("file") or "")
    passage = block.get("passage") or []
    best: tuple[int, int] | None = None
    for start, end in _runs(passage, own, other, int(block["max_messages"])):
        shown = any(_shows(line, file) and folded(str(line["speaker"])) in own for line in passage[start:end])
        long_enough = end - start >= int(block["min_messages"])
        if shown and long_enough and (best is None or end - start > best[1] - best[0]):
            best = (start, end)
    if best is None:
        return None
    return {
        "messages": [
            {
                "speaker": "character" if folded(str(line["speaker"])) in own else "partner",
                "text": str(line["text"]),
            }
            for line in passage[best[0] : best[1]]
        ]
    }


def _muses(line: str) -> bool:
    """Whether a line begins as one does who is asked for thoughts and feelings, and not for something in particular."""
    first = _FIRST_SENTENCE.match(line)
    opening = first.group() if first else line
    return not _TAKES_UP.match(opening) and not _unnamed(opening) and _is_said_of_oneself(opening)


def _unnamed(opening: str) -> bool:
    """Whether a sentence speaks of somebody whom it has not named: 'he', where nobody stands before it."""
    found = _OTHERS.search(opening)
    if found is None:
        return False
    before = opening[: found.start()]
    return not re.search(rf"\b(?:{PERSONS})\b|(?<!^)\b[A-Z][a-z]+|\w+s\b", before)


def _is_said_of_oneself(opening: str) -> bool:
    """Whether a sentence speaks of the speaker or is a single cry; "The state of the tide, naturally." answers something."""
    cry = opening.endswith("!") and len(words(opening)) <= 2
    return cry or bool(re.search(r"\b(?:I|me|my|we|our)\b|[我咱]", opening)) or bool(_verb(opening))


def _verb(opening: str) -> re.Match[str] | None:
    return re.search(
        r"\b(?:is|are|was|were|has|have|had|can|could|will|would|does|did|must|keeps?|goes|comes|makes?|looks?|seems?|feels?|says?)\b",
        opening,
    )


def _runs(
    passage: list[dict[str, Any]], own: set[str], other: set[str], most: int
) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of strict alternation between the two, each begun by the partner."""
    for start, line in enumerate(passage):
        if folded(str(line["speaker"])) not in other or not _opens(passage, start):
            continue
        end = start
        while end < len(passage) and end - start < most:
            due = own if (end - start) % 2 else other
            if folded(str(passage[end]["speaker"])) not in due or not _sayable(passage[end]):
                break
            end += 1
        yield start, end


def _opens(passage: list[dict[str, Any]], place: int) -> bool:
    """Whether a line can be the first of a talk: it is the scene's first, or takes up nothing said before."""
    before = folded(str(passage[place - 1]["speaker"])) if place else ""
    if NARRATOR.fullmatch(before):
        return True
    text = str(passage[place]["text"])
    first = _FIRST_SENTENCE.match(text)
    opening = first.group() if first else text
    return (
        len(words(opening)) >= 4
        and not _TAKES_UP.match(text)
        and not _unnamed(opening)
        and not _IT.search(opening)
        # "How long will it sit?"
        and not any(_IT.search(asked) for asked in re.findall(r"[^.!?…]+\?", text))
    )


def _sayable(line: dict[str, Any]) -> bool:
    return not NARRATOR.fullmatch(folded(str(line["speaker"]))) and fits(
        str(line["text"]), (1, CHARACTER_WORDS)
    )


def _shows(line: dict[str, Any], file: str) -> bool:
    return bool(file) and str(line.get("image") or "").replace("\\", "/").rsplit("/", 1)[-1] == file

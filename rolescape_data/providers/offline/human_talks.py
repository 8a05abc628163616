"""Turns a passage of a script into a talk with a person: whoever has no name there becomes the human.

Lines are never merged, cut or changed, so a passage in which a third speaker cuts in gives only the part before or after.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rolescape_data.providers.offline.dialogues import CHARACTER_WORDS, NARRATOR, fits
from rolescape_data.spans import folded

HUMAN_WORDS = 60

# Whoever may be anybody; a person with a name is one of the script's own people, and no stranger can play it.
_NAMELESS = re.compile(
    r"(?:an? |the )?(?:(?:young|old|curious|first|second) )?(?:visitor|stranger|travell?er|guest|user|human|person|somebody|someone|"
    r"passer-?by|tourist|pilgrim|customer|reader|fan|interviewer|reporter|journalist|host|man|woman|boy|girl|child|player|friend|"
    r"游客|用户|访客|旅人|路人|陌生人|记者|读者|观众|客人|某人)(?: [a-z]| \d+)?"
)


def human_role(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write a HumanRoleAnswer: the longest stretch of a passage in which somebody without a name and the character alternate.

    A passage with lines that carry the picture gives a stretch that holds one of them, or nothing.
    """
    own = {folded(name) for name in (block["character"]["name"], *(block["character"].get("aliases") or []))}
    lines = [
        (folded(str(line["speaker"])), str(line["text"]), line.get("image")) for line in block["passage"]
    ]
    least, most = int(block.get("min_messages", 6)), int(block.get("max_messages", 22))
    file = (block.get("image") or {}).get("file")
    shown = {
        place for place, (speaker, _, image) in enumerate(lines) if speaker in own and file and image == file
    }
    best: tuple[int, int] | None = None
    for start, end in _stretches(lines, own):
        for first, last in _windows(start, end, most, shown):
            if last - first >= least and (best is None or last - first > best[1] - best[0]):
                best = (first, last)
    if best is None:
        return None
    return {
        "messages": [
            {"speaker": "character" if speaker in own else "human", "text": text}
            for speaker, text, _ in lines[best[0] : best[1]]
        ]
    }


def _stretches(lines: Sequence[tuple[str, str, Any]], own: set[str]) -> Iterator[tuple[int, int]]:
    """Yield the maximal [start, end) of strict alternation, human first and character last, with one nameless speaker."""
    start = 0
    while start < len(lines):
        speaker = lines[start][0]
        if speaker in own or not _NAMELESS.fullmatch(speaker) or not _sayable(lines[start], HUMAN_WORDS):
            start += 1
            continue
        human, end = lines[start][0], start
        while end < len(lines):
            mine = (end - start) % 2 == 1
            fits = lines[end][0] in own if mine else lines[end][0] == human
            if not fits or not _sayable(lines[end], CHARACTER_WORDS if mine else HUMAN_WORDS):
                break
            end += 1
        end -= (end - start) % 2
        yield start, end
        start = max(end, start + 1)


def _sayable(line: tuple[str, str, Any], most: int) -> bool:
    speaker, text, _ = line
    return not NARRATOR.fullmatch(speaker) and fits(text, (1, most))


def _windows(start: int, end: int, most: int, shown: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a stretch of at most `most` lines that begin with the human and hold a line of the picture."""
    size = min(end - start, most - most % 2)
    for first in range(start, end - size + 1, 2):
        if size and (not shown or any(first <= place < first + size for place in shown)):
            yield first, first + size

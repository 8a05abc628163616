"""Lengths in words, repetition inside a text, and replies that all open alike."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from rolescape_data.gates.base import (
    Context,
    RecordGate,
    all_texts,
    asked_texts,
    measured,
    spoken_texts,
    written_texts,
)
from rolescape_data.records import Caption, Measurement, ProbeInput, Record, VisualMCQ, VisualQA
from rolescape_data.spans import folded, words

NGRAM = 10

# Two replies that open alike are chance, however small the set is.
SMALLEST_GROUP = 3


def word_gate(gate: str, texts: Callable[[Record], list[str]]) -> RecordGate:
    """Return a gate whose value is the number of words of the longest of `texts`; silent when there is none."""

    def count(record: Record, context: Context) -> list[Measurement]:
        found = [len(words(text)) for text in texts(record)]
        return [measured(record, gate, max(found))] if found else []

    count.__name__ = gate
    count.__doc__ = f"Count words for {gate}; the longest text counts, an empty optional one is left out."
    return count


def _one(field: str) -> Callable[[Record], list[str]]:
    return lambda record: [text] if (text := all_texts(record).get(field)) else []


def _many(prefix: str) -> Callable[[Record], list[str]]:
    return lambda record: [text for name, text in written_texts(record).items() if name.startswith(prefix)]


def _said(record: Record) -> list[str]:
    return list(spoken_texts(record).values())


def _asked(record: Record) -> list[str]:
    return list(asked_texts(record).values())


_EXCHANGES = frozenset({"image_dialogue", "text_dialogue"})
_PROFILE = frozenset({"profile"})
_CAPTION = frozenset({"caption"})
_QA = frozenset({"text_qa"})
_MCQ = frozenset({"text_mcq", "visual_mcq"})
_ANNOTATION = frozenset({"annotation"})
_TALK = frozenset({"human_role_dialogue"})
_TALKS = _TALK | {"inter_role_dialogue"}

_COUNTED: dict[str, tuple[Callable[[Record], list[str]], frozenset[str]]] = {
    "user_words": (_asked, _EXCHANGES | {"probe"}),
    "response_words": (_said, _EXCHANGES),
    "message_words": (_said, _TALKS),
    "comment_words": (_said, frozenset({"commentary"})),
    "human_message_words": (_asked, _TALK),
    "thinking_words": (_one("thinking_process"), _CAPTION),
    "instruction_words": (_one("generation_instruction"), _CAPTION),
    "caption_words": (_one("t2i_caption"), _CAPTION),
    "question_words": (_one("question"), _QA | _MCQ | {"visual_qa"}),
    "answer_words": (_one("answer"), _QA | {"visual_qa"}),
    "option_words": (_many("option "), _MCQ),
    "rationale_words": (_one("rationale"), _MCQ),
    "role_words": (_one("role_info"), _ANNOTATION),
    "place_words": (_one("place_info"), _ANNOTATION),
    "scene_words": (_one("scene_info"), _ANNOTATION),
    "description_words": (_one("description"), _PROFILE),
    "opening_words": (_one("opening"), _PROFILE),
    "brief_introduction_words": (_one("brief_introduction"), _PROFILE),
    "personality_words": (_one("personality"), _PROFILE),
    "life_story_words": (_one("life_story"), _PROFILE),
    "catchphrase_words": (_many("catchphrase "), _PROFILE),
}

WORD_GATES: dict[str, tuple[RecordGate, frozenset[str]]] = {
    name: (word_gate(name, texts), kinds) for name, (texts, kinds) in _COUNTED.items()
}


def repetition(record: Record, context: Context) -> list[Measurement]:
    """Measure how much of a text repeats itself: the worst text counts.

    The value is the larger of two shares in [0, 1], both over runs of ten: word runs that occur more than once, and
    character runs among the most frequent ones. Definition and bound (0.5) follow data-juicer's
    word_repetition_filter and character_repetition_filter.
    """
    worst, where = 0.0, ""
    for name, text in all_texts(record).items():
        share = max(_word_share(folded(text).split()), _character_share(text))
        if share > worst:
            worst, where = share, name
    return [measured(record, "repetition", worst, where)]


def _word_share(tokens: Sequence[str]) -> float:
    runs = Counter(tuple(tokens[at : at + NGRAM]) for at in range(len(tokens) - NGRAM + 1))
    total = runs.total()
    return sum(count for count in runs.values() if count > 1) / total if total else 0.0


def _character_share(text: str) -> float:
    runs = Counter(text[at : at + NGRAM] for at in range(len(text) - NGRAM + 1))
    total = runs.total()
    repeated = sorted((count for count in runs.values() if count > 1), reverse=True)
    # Only the most frequent runs count (square root of all), or every long text would look repetitive.
    return sum(repeated[: math.isqrt(len(runs))]) / total if total else 0.0


def opening_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure, for each record, the share of the set that opens with the same three words (0 when it stands alone).

    Looks at replies and thinking processes; 98 % of RoleScape-20's thinking processes open with "The image".
    Fewer than three alike count as chance.
    """
    openings = {number: _opening(record) for number, record in enumerate(records)}
    groups = Counter(opening for opening in openings.values() if opening)
    return [
        measured(
            record,
            "opening_share",
            groups[openings[number]] / len(records) if groups[openings[number]] >= SMALLEST_GROUP else 0.0,
            f'"{openings[number]}" opens {groups[openings[number]]} of {len(records)}',
        )
        for number, record in enumerate(records)
        if openings[number]
    ]


def _opening(record: Record) -> str:
    spoken = next(iter(spoken_texts(record).values()), "")
    text = record.thinking_process if isinstance(record, Caption) else spoken
    text = record.text if isinstance(record, ProbeInput) else text
    text = record.answer if isinstance(record, VisualQA) else text
    text = record.question if isinstance(record, VisualMCQ) else text
    return " ".join(folded(text).split()[:3])

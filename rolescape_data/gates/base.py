"""What gates are given, and the pieces of a record they look at.

A gate measures and nothing else: it knows no threshold, reads no file and calls no model. It answers with
`Measurement`s, which `rolescape_data.gates.decide` holds against qa/gates.yaml.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rolescape_data.gates.likeness import TextLikeness, WordLikeness
from rolescape_data.records import (
    Caption,
    CharacterProfile,
    Commentary,
    DetailedProfile,
    Evidence,
    Exchange,
    HumanRoleDialogue,
    ImageAnnotation,
    InterRoleDialogue,
    Measurement,
    MetaInformation,
    NegativeItem,
    ProbeInput,
    Question,
    Record,
    SolverAnswer,
    T2ICheck,
    TextMCQ,
    TextQA,
    VisualMCQ,
    VisualQA,
)
from rolescape_data.records.score import ScoreRow

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Quota:
    """An exact number for each cell; with `images` each of these pictures owes that many."""

    cells: Mapping[str, int]
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Everything outside a record that a gate may look at.

    Args:
        sources: text by name: a document's name, LINES_FILE#SCENE/LINE for a spoken line, image:ID for a note.
        record_ids: ids of all records that a link may point at.
        names: name and aliases of every character, by character id.
        allow: phrases that are legal for a character, by character id ("ai assistant" for Iron Man).
        character_ids: ids of all characters of the set.
        blob_formats: real format of each stored picture ("png", "jpeg", "webp"), by blob path.
        scores: what a CLIP model said about each record, by record id; empty in a set without `clip:`.
        cast: names of everybody in a character's script, and of other known guests, by character id.
        titles: names of the scripts, as films and books are called.
        replies: what is said in reply in each dialogue, by record id, for gates that compare a linked record.
        quotas: what the contract wants of each kind of this character exactly.
        flagged_words: the list of qa/flagged_words.txt, folded; empty where nobody looks for them.
        answers: what a solver answered, by question id; empty where none was asked.
        negatives: ids of the records that a character must decline to answer.
        catchphrases: of each character, by its id.
        facts_named: whether the set's questions say which facts they rest on; released formats have no place for it.
        text_likeness: whoever says how alike two texts are; its name stands in the verdict.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    record_ids: frozenset[str] = frozenset()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allow: Mapping[str, frozenset[str]] = field(default_factory=dict)
    character_ids: frozenset[str] = frozenset()
    blob_formats: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Sequence[ScoreRow]] = field(default_factory=dict)
    cast: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    replies: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    flagged_words: frozenset[str] = frozenset()
    answers: Mapping[str, Sequence[SolverAnswer]] = field(default_factory=dict)
    negatives: frozenset[str] = frozenset()
    catchphrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts_named: bool = True
    text_likeness: TextLikeness = field(default_factory=WordLikeness)


RecordGate = Callable[[Record, Context], list[Measurement]]
SetGate = Callable[[Sequence[Record], Context], list[Measurement]]
PairGate = Callable[[Sequence[Record], Sequence[Record], Context], list[Measurement]]


def measured(record: Record, gate: str, value: float, detail: str = "") -> Measurement:
    """Return one number that `gate` found on `record`; `detail` is cut to 300 characters."""
    shown = detail if len(detail) <= 300 else detail[:297] + "..."
    return Measurement(
        record_id=record.id,
        kind=record.kind,
        character_id=record.character_id,
        gate=gate,
        value=float(value),
        detail=unicodedata.normalize("NFC", " ".join(shown.split())),
    )


def plain(text: str) -> str:
    """Return `text` with straight quotes and compatibility forms folded (NFKC), so that one pattern fits all.

    Offsets are not kept: use it to look for a pattern, never to cut a text.
    """
    for curly, straight in (("’", "'"), ("‘", "'"), ("ʼ", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, straight)
    return unicodedata.normalize("NFKC", text)


def spoken_texts(record: Record) -> dict[str, str]:
    """Return what the character says, by field name; empty for kinds in which nobody speaks."""
    if isinstance(record, Exchange):
        return {"response": record.response}
    if isinstance(record, HumanRoleDialogue):
        return {
            f"message {number}": turn.text
            for number, turn in enumerate(record.messages, 1)
            if turn.speaker != HUMAN
        }
    if isinstance(record, Commentary):
        return {"reply": record.reply}
    if isinstance(record, NegativeItem):
        return {"answer": record.answer}
    if isinstance(record, InterRoleDialogue):
        # Both speak as characters, and both perspectives are trained on.
        return {f"message {number}": turn.text for number, turn in enumerate(record.messages, 1)}
    return {}


def asked_texts(record: Record) -> dict[str, str]:
    """Return what the human says, by field name."""
    if isinstance(record, Exchange):
        return {"user_text": record.user_text}
    if isinstance(record, HumanRoleDialogue):
        return {
            f"message {number}": turn.text
            for number, turn in enumerate(record.messages, 1)
            if turn.speaker == HUMAN
        }
    if isinstance(record, ProbeInput):
        return {"text": record.text}
    if isinstance(record, NegativeItem):
        return {"question": record.question}
    return {}


def written_texts(record: Record) -> dict[str, str]:
    """Return the texts of a record that nobody speaks, by field name; facts and evidence are left out.

    Facts and evidence are passages of the material: their faults are the material's.
    """
    if isinstance(record, Caption):
        return {
            "thinking_process": record.thinking_process,
            "generation_instruction": record.generation_instruction,
            "t2i_caption": record.t2i_caption,
        }
    if isinstance(record, TextQA):
        steps = {f"reasoning step {number}": step for number, step in enumerate(record.reasoning_steps, 1)}
        return {"question": record.question, "answer": record.answer, **steps}
    if isinstance(record, TextMCQ):
        options = {f"option {letter}": text for letter, text in record.options.texts().items()}
        return {"question": record.question, **options, "rationale": record.rationale}
    if isinstance(record, CharacterProfile):
        return _profile_texts(record)
    if isinstance(record, VisualQA):
        return {"question": record.question, "answer": record.answer}
    if isinstance(record, VisualMCQ):
        options = {f"option {letter}": text for letter, text in record.options.texts().items()}
        return {"question": record.question, **options, "rationale": record.rationale}
    if isinstance(record, ImageAnnotation):
        fields = {name: getattr(record, name) for name in ("role_info", "place_info", "scene_info")}
        return {name: text for name, text in fields.items() if text}
    if isinstance(record, MetaInformation | DetailedProfile):
        own = type(record).model_fields.keys() - Record.model_fields.keys()
        return {name: getattr(record, name) for name in type(record).model_fields if name in own}
    if isinstance(record, T2ICheck):
        asked = {f"question {number}": check.question for number, check in enumerate(record.questions, 1)}
        return {"prompt": record.prompt, **asked}
    return {}


def _profile_texts(profile: CharacterProfile) -> dict[str, str]:
    texts = {
        name: getattr(profile, name)
        for name in (
            "description",
            "opening",
            "brief_introduction",
            "personality",
            "life_story",
            "speech_style",
            "background",
            "motivation",
            "appearance",
        )
    }
    texts |= {f"relationship {number}": bond.note for number, bond in enumerate(profile.relationships, 1)}
    texts |= {f"catchphrase {number}": phrase for number, phrase in enumerate(profile.catchphrases, 1)}
    return {name: text for name, text in texts.items() if text}


def all_texts(record: Record) -> dict[str, str]:
    """Return every text that a writer made for this record, by field name."""
    return {**asked_texts(record), **spoken_texts(record), **written_texts(record)}


def input_text(record: Record) -> str:
    """Return what a model is asked with: the question, the user's words, or a whole talk; '' for other kinds.

    A talk counts as a whole: openers such as "Hello!" may recur. A commentary counts by its reply: its question is one of
    a few fixed ones.
    """
    if isinstance(record, ProbeInput):
        return record.text
    if isinstance(record, Commentary):
        return record.reply
    if isinstance(record, Question | VisualQA | VisualMCQ | NegativeItem):
        return record.question
    if isinstance(record, T2ICheck):
        return record.prompt
    if isinstance(record, Exchange):
        return record.user_text
    if isinstance(record, HumanRoleDialogue | InterRoleDialogue):
        return "\n".join(turn.text for turn in record.messages)
    return ""


def scope_of(record: Record) -> str:
    """Return what questions have to share to count as asked beside each other: the character, of a picture's the picture.

    "What is Mira holding?" may be asked of every picture: each has another answer.
    """
    if isinstance(record, NegativeItem) and record.image_id is not None:
        return record.image_id
    return record.image_id if isinstance(record, VisualQA | VisualMCQ) else record.character_id


def evidence_of(record: Record) -> list[Evidence]:
    """Return every exact span that a record claims."""
    if isinstance(record, Question | Exchange | Commentary):
        return list(record.evidence)
    if isinstance(record, HumanRoleDialogue | InterRoleDialogue):
        return [turn.evidence for turn in record.messages if turn.evidence is not None]
    if isinstance(record, CharacterProfile):
        return [fact.evidence for fact in record.facts]
    return []


@lru_cache(maxsize=256)
def name_pattern(names: tuple[str, ...]) -> str:
    """Return a pattern for any of `names`, longest first; one that never matches when there are none."""
    found = sorted(
        {plain(name).strip() for name in names if name.strip()}, key=lambda name: (-len(name), name)
    )
    return rf"(?:{'|'.join(re.escape(name) for name in found)})" if found else r"(?!)"


def names_of(record: Record, context: Context) -> tuple[str, ...]:
    """Return name and aliases of the record's own character."""
    return context.names.get(record.character_id, ())

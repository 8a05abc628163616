"""Record kinds by name. To add one: a model in this package, one line in RECORDS, then `rolescape schemas`."""

from rolescape_data.records.base import Evidence, Provenance, Record, Split
from rolescape_data.records.character import ASPECTS, CharacterProfile, Fact, Relationship
from rolescape_data.records.dialogue import (
    Caption,
    Exchange,
    HumanRoleDialogue,
    ImageDialogue,
    TextDialogue,
    Turn,
)
from rolescape_data.records.image import VISUAL_ELEMENTS, Annotation, ImageRecord, VisualAttributes
from rolescape_data.records.question import LETTERS, Options, Question, TextMCQ, TextQA
from rolescape_data.records.verdict import Cell, Measurement, Rejected, SplitRow, Verdict

RECORDS: dict[str, type[Record]] = {
    model.kind: model
    for model in (
        CharacterProfile,
        ImageRecord,
        ImageDialogue,
        Caption,
        TextDialogue,
        HumanRoleDialogue,
        TextQA,
        TextMCQ,
    )
}

__all__ = [
    "ASPECTS",
    "LETTERS",
    "RECORDS",
    "VISUAL_ELEMENTS",
    "Annotation",
    "Caption",
    "Cell",
    "CharacterProfile",
    "Evidence",
    "Exchange",
    "Fact",
    "HumanRoleDialogue",
    "ImageDialogue",
    "ImageRecord",
    "Measurement",
    "Options",
    "Provenance",
    "Question",
    "Record",
    "Rejected",
    "Relationship",
    "Split",
    "SplitRow",
    "TextDialogue",
    "TextMCQ",
    "TextQA",
    "Turn",
    "Verdict",
    "VisualAttributes",
]

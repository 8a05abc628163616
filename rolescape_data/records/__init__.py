"""Record kinds by name. To add one: a model in this package, one line in RECORDS, then `rolescape schemas`."""

from rolescape_data.records.base import Evidence, Provenance, Record, Split
from rolescape_data.records.character import (
    ASPECTS,
    CharacterProfile,
    DetailedProfile,
    Fact,
    MetaInformation,
    ProfileText,
    Relationship,
)
from rolescape_data.records.dialogue import (
    Caption,
    Commentary,
    Exchange,
    HumanRoleDialogue,
    ImageDialogue,
    InterRoleDialogue,
    ProbeInput,
    TextDialogue,
    Turn,
)
from rolescape_data.records.image import VISUAL_ELEMENTS, Annotation, ImageRecord, VisualAttributes
from rolescape_data.records.instruction import InstructionSample, Said
from rolescape_data.records.judged import Review, SolverAnswer
from rolescape_data.records.question import LETTERS, Options, Question, TextMCQ, TextQA
from rolescape_data.records.training import (
    CheckQuestion,
    MixPart,
    MixtureRow,
    NegativeItem,
    PreferencePair,
    T2ICheck,
    TrainingMix,
)
from rolescape_data.records.verdict import Cell, Measurement, Rejected, SplitRow, Verdict
from rolescape_data.records.visual import ImageAnnotation, T2IForm, VisualMCQ, VisualQA

RECORDS: dict[str, type[Record]] = {
    model.kind: model
    for model in (
        MetaInformation,
        DetailedProfile,
        CharacterProfile,
        ProfileText,
        ImageRecord,
        ImageAnnotation,
        ImageDialogue,
        Caption,
        TextDialogue,
        HumanRoleDialogue,
        Commentary,
        InterRoleDialogue,
        T2IForm,
        ProbeInput,
        TextQA,
        TextMCQ,
        VisualQA,
        VisualMCQ,
        T2ICheck,
        NegativeItem,
        PreferencePair,
        TrainingMix,
        MixtureRow,
        SolverAnswer,
        Review,
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
    "CheckQuestion",
    "Commentary",
    "DetailedProfile",
    "Evidence",
    "Exchange",
    "Fact",
    "HumanRoleDialogue",
    "ImageAnnotation",
    "ImageDialogue",
    "ImageRecord",
    "InstructionSample",
    "InterRoleDialogue",
    "Measurement",
    "MetaInformation",
    "MixPart",
    "MixtureRow",
    "NegativeItem",
    "Options",
    "PreferencePair",
    "ProbeInput",
    "ProfileText",
    "Provenance",
    "Question",
    "Record",
    "Rejected",
    "Relationship",
    "Review",
    "Said",
    "SolverAnswer",
    "Split",
    "SplitRow",
    "T2ICheck",
    "T2IForm",
    "TextDialogue",
    "TextMCQ",
    "TextQA",
    "TrainingMix",
    "Turn",
    "Verdict",
    "VisualAttributes",
    "VisualMCQ",
    "VisualQA",
]

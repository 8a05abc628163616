"""Small sound records that every gate passes; a test spoils one thing at a time."""

from typing import Any

from rolescape_data.gates import Context
from rolescape_data.records import (
    Caption,
    CharacterProfile,
    Commentary,
    Evidence,
    HumanRoleDialogue,
    ImageDialogue,
    ImageRecord,
    Options,
    Provenance,
    TextDialogue,
    TextMCQ,
    TextQA,
    Turn,
)

DOCUMENT = "Mira Holt keeps the lamp. She was born in Saltby, and she trusts no calm sea."
PHRASE = "born in Saltby"

CONTEXT = Context(
    sources={"mira.md": DOCUMENT},
    record_ids=frozenset({"mira-h_image_001", "mira-h_dialogue_001", "mira-h_profile"}),
    names={"mira-h": ("Mira Holt", "the Keeper"), "jon-2": ("Jon Pike",)},
    allow={"jon-2": frozenset({"AI assistant"})},
    character_ids=frozenset({"mira-h", "jon-2", "anchor"}),
    blob_formats={"ab/abcd.png": "png", "ab/wrong.png": "jpeg"},
    cast={"mira-h": ("Mira Holt", "the Keeper", "Jon Pike", "Dr. Pell")},
    titles=("The Long Light",),
    replies={"mira-h_dialogue_001": "I have trimmed the wick and I shall wait here until the boats are in."},
    flagged_words=frozenset({"blighter*", "坏蛋"}),
    negatives=frozenset({"n1"}),
    catchphrases={"mira-h": ("The lamp first.",)},
)

COMMON: dict[str, Any] = {
    "character_id": "mira-h",
    "lang": "en",
    "license": "CC0-1.0",
    "provenance": Provenance(source_kind="rule", writer="offline", parents=["mira-h_profile"]),
}


def span(text: str = PHRASE, source: str = "mira.md", shift: int = 0) -> Evidence:
    start = DOCUMENT.index(PHRASE) + shift
    return Evidence(source=source, start=start, end=start + len(text), text=text)


def commentary(**changes: Any) -> Commentary:
    fields = {
        "id": "mira-h_comment_001",
        "image_id": "mira-h_image_001",
        "question": "What goes through your mind in this picture?",
        "reply": words(60),
    }
    return Commentary(**{**COMMON, **fields, **changes})


def words(count: int) -> str:
    """Return so many different words."""
    return " ".join(f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(count))


def dialogue(**changes: Any) -> TextDialogue:
    fields = {
        "id": "mira-h_dialogue_001",
        "user_text": "Who keeps the lamp tonight?",
        "response": "I do, as on every night since the great storm.",
    }
    return TextDialogue(**{**COMMON, **fields, **changes})


def image_dialogue(**changes: Any) -> ImageDialogue:
    fields = {
        "id": "mira-h_image-dialogue_001",
        "image_id": "mira-h_image_001",
        "user_text": "Who keeps the lamp tonight?",
        "response": "I do, as on every night since the great storm.",
    }
    return ImageDialogue(**{**COMMON, **fields, **changes})


def talk(*texts: str, **changes: Any) -> HumanRoleDialogue:
    said = texts or (
        "Is it late?",
        "Late enough for the lamp.",
        "And then?",
        "Then I wait.",
        "Alone?",
        "With the sea.",
    )
    messages = [Turn(speaker="mira-h" if at % 2 else "human", text=text) for at, text in enumerate(said)]
    fields = {"id": "mira-h_talk_001", "image_id": "mira-h_image_001", "messages": messages}
    return HumanRoleDialogue(**{**COMMON, **fields, **changes})


def caption(**changes: Any) -> Caption:
    fields = {
        "id": "mira-h_caption_001",
        "image_id": "mira-h_image_001",
        "dialogue_id": "mira-h_dialogue_001",
        "thinking_process": "A keeper's calm needs a steady smile, warm lamplight and a harbour behind her: "
        + words(60),
        "generation_instruction": "a lighthouse keeper, red coat, steady smile, lamp room, warm lamplight",
        "t2i_caption": "A keeper in a red coat smiles in a lamp room, with warm light on every wall of it.",
    }
    return Caption(**{**COMMON, **fields, **changes})


def qa(**changes: Any) -> TextQA:
    fields = {
        "id": "mira-h_qa_001",
        "question": "Where was Mira Holt born?",
        "answer": "In Saltby.",
        "evidence": [span()],
        "fact_ids": ["f1"],
        "aspect": "background",
        "difficulty": "easy",
        "type": "location",
        "reasoning_steps": ["The document says so."],
        "confidence": 1.0,
    }
    return TextQA(**{**COMMON, **fields, **changes})


def mcq(**changes: Any) -> TextMCQ:
    fields = {
        "id": "mira-h_mcq_001",
        "question": "Which town was the birthplace of Mira Holt?",
        "options": Options(A="Saltby", B="Norrow", C="Eastham", D="Kelding"),
        "answer_key": "A",
        "rationale": "Option A is right: Saltby is where she was born.",
        "evidence": [span()],
        "fact_ids": ["f2"],
        "aspect": "background",
        "difficulty": "easy",
    }
    return TextMCQ(**{**COMMON, **fields, **changes})


def profile(**changes: Any) -> CharacterProfile:
    fields = {
        "id": "mira-h_profile",
        "name": "Mira Holt",
        "category": "fictional",
        "description": words(40),
        "brief_introduction": words(60),
        "personality": words(60),
        "life_story": words(60),
        "relationships": [],
        "catchphrases": ["The lamp first."],
        "speech_style": "",
        "facts": [],
        "opening": "The lamp is lit.",
    }
    return CharacterProfile(**{**COMMON, **fields, **changes})


def image(**changes: Any) -> ImageRecord:
    fields = {
        "id": "mira-h_image_001",
        "path": "pictures/one.png",
        "sha256": "0" * 64,
        "blob": "ab/abcd.png",
        "blob_sha256": "0" * 64,
        "phash64": "0" * 16,
        "width": 512,
        "height": 512,
        "format": "png",
        "original_format": "png",
        "brightness": 120.0,
        "sharpness": 600.0,
        "group_id": "mira-h_image_001",
    }
    return ImageRecord(**{**COMMON, **fields, **changes})

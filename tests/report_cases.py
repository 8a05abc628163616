"""A small set as the report sees it, and what a browser would make of the page."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from gates_samples import (
    COMMON,
    caption,
    commentary,
    dialogue,
    image,
    image_dialogue,
    mcq,
    profile,
    qa,
    span,
    talk,
)
from PIL import Image

from rolescape_data import assets
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import (
    Cell,
    CheckQuestion,
    DetailedProfile,
    ImageAnnotation,
    InterRoleDialogue,
    MetaInformation,
    NegativeItem,
    Options,
    PreferencePair,
    ProbeInput,
    ProfileText,
    Provenance,
    Record,
    Rejected,
    SplitRow,
    T2ICheck,
    T2IForm,
    Turn,
    Verdict,
    VisualMCQ,
    VisualQA,
)
from rolescape_data.report.data import CharacterPage, ReportData

HOSTILE = """</style><script>alert("1")</script><img src=x onerror='alert(2)'> & http://evil.example/x.png"""
BLOB = "ab/picture.png"
MODEL = Provenance(source_kind="llm", writer="openai:some-model")


class Seen(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, found, value in self.attributes if found == name]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def picture_folder(tmp_path: Path) -> Path:
    (tmp_path / "ab").mkdir()
    Image.effect_mandelbrot((800, 500), (-2.0, -1.5, 1.0, 1.5), 20).save(tmp_path / BLOB)
    return tmp_path


def verdict_row(record_id: str, gate: str, status: Any, value: float, **changes: Any) -> Verdict:
    fields = {
        "record_id": record_id,
        "kind": "text_dialogue",
        "character_id": "mira-h",
        "gate": gate,
        "status": status,
        "value": value,
        "threshold": "fail below 5, warn above 75, fail above 80",
        "reason": "" if status == "pass" else f"{gate} is {value:g}, above 75",
    }
    return Verdict(**{**fields, **changes})


def rejected_row(record_id: str, *reasons: str, winner: str = "", content: str = "{}") -> Rejected:
    return Rejected(
        record_id=record_id,
        kind="image",
        character_id="mira-h",
        origin="stage",
        reasons=list(reasons),
        winner_id=winner,
        record_json=content,
    )


def picture_question(number: int = 1, **changes: Any) -> VisualQA:
    fields = {
        "id": f"mira-h_vqa_{number:03d}",
        "image_id": "mira-h_image_001",
        "question": "What does the keeper lift?",
        "answer": "A lamp.",
        "type": "objective",
        "grounding": ["image", "profile"],
        "polarity": "unanswerable",
        "element": "held_object",
    }
    return VisualQA(**{**COMMON, **fields, **changes})


def picture_choice(number: int = 1, **changes: Any) -> VisualMCQ:
    fields = {
        "id": f"mira-h_vmcq_{number:03d}",
        "image_id": "mira-h_image_001",
        "category": "context_element",
        "difficulty": "hard",
        "question": "What colour is the coat?",
        "options": Options(A="green", B="blue", C="red", D="grey"),
        "answer_key": "C",
        "rationale": "The coat is red.",
    }
    return VisualMCQ(**{**COMMON, **fields, **changes})


def around_the_picture(text: str = "") -> dict[str, list[Record]]:
    """Return one record of each kind that stands beside a picture, talks with others and probes; `text` in all of it."""
    beside: dict[str, Any] = {**COMMON, "image_id": "mira-h_image_001"}
    turns = [
        Turn(speaker="jon-2", text=text or "You are up late.", evidence=span()),
        Turn(speaker="mira-h", text=text or "So is the sea."),
    ]
    annotation: dict[str, Any] = {
        "role_info": text or "Mira, a keeper",
        "place_info": text,
        "scene_info": text or "A late watch",
    }
    asked: dict[str, Any] = {"question": text, "answer": text, "element": text} if text else {}
    options = Options(A=text or "green", B="blue", C=text or "red", D="grey")
    chosen: dict[str, Any] = {"question": text, "rationale": text} if text else {}
    return {
        "annotation": [ImageAnnotation(**beside, **annotation, id="mira-h_ann_001", supplied=False)],
        "visual_qa": [picture_question(**asked)],
        "visual_mcq": [picture_choice(options=options, **chosen)],
        "t2i_form": [
            T2IForm(
                **beside, id="mira-h_t2i_001", shape="t2i_with_thinking", prompt=text or "Mira lifts a lamp."
            )
        ],
        "commentary": [commentary(**({"question": text, "reply": text} if text else {"evidence": [span()]}))],
        "inter_role_dialogue": [
            InterRoleDialogue(**beside, id="mira-h_inter_001", partner_id="jon-2", messages=turns)
        ],
        "probe": [
            ProbeInput(**COMMON, id="mira-h_probe_001", probe="memorization", text=text or "Which coat?")
        ],
    }


def report_data(blobs: Path, **changes: Any) -> ReportData:
    tables: dict[str, list[Record]] = {
        "profile": [profile()],
        "image": [image(blob=BLOB, note="A keeper in a red coat lifts a lamp.")],
        "image_dialogue": [image_dialogue()],
        "caption": [caption(dialogue_id="mira-h_image-dialogue_001")],
        "human_role_dialogue": [talk()],
        "text_dialogue": [dialogue(provenance=MODEL)],
        "text_qa": [qa()],
        "text_mcq": [mcq()],
        **around_the_picture(),
    }
    rejects = [
        rejected_row(
            "mira-h_image_002", "image_duplicate: shows the same picture", winner="mira-h_image_001"
        ),
        rejected_row("mira-h_image_003", "image_file: no readable picture", content='{"path": "broken.png"}'),
    ]
    split = {"record_id": "mira-h_mcq_001", "kind": "text_mcq", "character_id": "mira-h", "group_id": "g"}
    fields: dict[str, Any] = {
        "name": "harbour",
        "blueprint": "starter",
        "about": "A small set.",
        "writer": "offline@1, openai:some-model",
        "characters": [
            CharacterPage("mira-h", "Mira Holt", tables, rejects, Spent(12, 1, 3400, 560, 0.25, sent=12)),
        ],
        "cells": [Cell(character_id="mira-h", kind="text_qa", cell="count", wanted=1, found=1)],
        "verdicts": [
            verdict_row("mira-h_dialogue_001", "response_words", "pass", 10),
            verdict_row("mira-h_dialogue_001", "user_words", "warn", 78),
        ],
        "leaks": [],
        "splits": [SplitRow(**split, split="test_id")],
        "thresholds": load_thresholds(assets.find("qa", "gates.yaml")),
        "clip_note": "CLIP was not run.",
        "blob_folder": blobs,
    }
    return ReportData(**{**fields, **changes})


def for_trainers() -> dict[str, list[Record]]:
    parts = {name: f"Mira's {name}." for name in ("introduction", "personality", "experience")}
    check = CheckQuestion(
        question="Is the lamp lit?",
        type="yes_no",
        category="prop",
        answer="yes",
        weight=1.0,
        is_negative=False,
    )
    return {
        "meta_information": [
            MetaInformation(
                **COMMON,
                id="mira-h_meta",
                name="Mira Holt",
                gender="woman",
                age="34",
                origin="Saltby",
                personality="steady",
                experience="Twenty years of lamps.",
            )
        ],
        "detailed_profile": [
            DetailedProfile(
                **COMMON, id="mira-h_detailed", relationship="Jon.", catchphrase="Mind the lamp.", **parts
            )
        ],
        "profile_text": [ProfileText(**COMMON, id="mira-h_profile_short", form="short", text="### Who")],
        "t2i_check": [
            T2ICheck(
                **COMMON,
                id="mira-h_check_001",
                prompt="Mira Holt lifts a lamp on the wet stone pier",
                questions=[check] * 5,
            )
        ],
        "negative": [
            NegativeItem(
                **COMMON,
                id="mira-h_neg_001",
                negative="future_event",
                question="Who keeps the lamp in a hundred years?",
                answer="Ask again then.",
                expected="refuse_in_character",
            )
        ],
        "preference": [
            PreferencePair(
                **COMMON,
                id="mira-h_dialogue_001_ai_tone",
                prompt="Is it late?",
                chosen="Late enough.",
                rejected="As an AI language model, late enough.",
                margin=1.0,
                axis="tone",
                fault="ai_tone",
                gate="ai_tone",
                source_record_id="mira-h_dialogue_001",
            )
        ],
    }


def nothing_built(blobs: Path) -> ReportData:
    empty = CharacterPage("mira-h", "Mira Holt", {}, [], Spent(0, 0, 0, 0, 0.0))
    return report_data(blobs, characters=[empty], writer="", cells=[], verdicts=[], splits=[])


def addresses(found: Seen) -> list[str]:
    return [*found.values("src"), *found.values("href"), *found.values("action"), *found.values("srcset")]

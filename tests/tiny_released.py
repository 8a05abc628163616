"""A tiny data set in RoleScape-20's released layout, written here, without a fault: one person, three pictures."""

import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

DESCRIPTION = "Ada Fenn mends clocks in a harbour town and says little, but what she says is meant."
PROFILE = """### Ada Fenn

*   **Trade:** clockmaker
*   **Home:** a loft above the harbour

Ada Fenn has mended clocks for nine years. She keeps a brass key on a green ribbon, and she counts under her breath.
"""
FOLDER = "Harbour-Ada Fenn"
NAME = "Ada Fenn"
TRAIN = f"data/personalized_data/train/{FOLDER}"
TEST = f"data/personalized_data/test/{FOLDER}"
CONFIG = f"data/configs/{FOLDER}"


def said(user: str, reply: str, **more: Any) -> list[dict[str, Any]]:
    """Return one scene."""
    return [{"role": "user", "text": user}, {"role": "machine", "text": reply, **more}]


def _shown(number: int) -> list[dict[str, Any]]:
    user, reply = f"What do you hold there, number {number}?", f"Wheel number {number}; it runs late."
    return said(
        user,
        reply,
        image=str(number),
        thinking_process=f"The picture shows wheel {number} in warm light, held close, her face calm.",
        generation_instruction=f"woman with wheel {number}, warm light, close view, calm face, brass",
        qa_pairs=[
            {"question": f"What shape lies at place {number}?", "answer": "A wheel.", "type": "objective"},
            {"question": f"How may she feel at hour {number}?", "answer": "Patient.", "type": "subjective"},
        ],
        mcq_items=[
            {
                "id": "q1",
                "question": f"Which colour is ring {number}?",
                "options": {"A": "red", "B": "blue", "C": "grey", "D": "white"},
                "answer_key": "B",
                "difficulty": "easy",
                "rationale": f"Ring {number} is plainly blue.",
            }
        ],
    )


def write_tiny(root: Path) -> dict[str, Any]:
    """Write the records' files of the set (nothing derived) and return their JSON by path."""
    shown = [_shown(0), _shown(1)]
    tested = [
        said(
            "Is it late already?",
            "The tower says so; I do not.",
            image="0",
            thinking_process="The picture shows a tower at dusk, its hands at nine.",
            generation_instruction="tower, dusk, clock face, wide view, cold light",
        )
    ]
    plain = [said(s[0]["text"], s[1]["text"], image=s[1]["image"]) for s in shown]
    question = {
        "id": "qa_001",
        "question": "What does Ada Fenn mend?",
        "answer": "Clocks",
        "evidence": "Ada Fenn has mended clocks for nine years.",
        "type": "fact",
        "difficulty": "easy",
        "reasoning_steps": ["The text says so."],
        "confidence": 1.0,
    }
    choice = {
        "id": "mcq_001",
        "question": "Where does she live?",
        "options": {"A": "a mill", "B": "a loft", "C": "a barn", "D": "a ship"},
        "answer_key": "B",
        "difficulty": "easy",
        "evidence": "a loft above the harbour",
        "rationale": "The home line names the loft.",
    }
    told: dict[str, dict[str, Any]] = {
        f"{TRAIN}/annotation.json": {"scenes": plain},
        f"{TRAIN}/{NAME}_with_image.json": {"scenes": shown},
        f"{TRAIN}/{NAME}_t2i_instruction.json": {
            "t2i_instructions": [
                {"image_id": str(n), "t2i_instruction": f"Ada Fenn lifts wheel {n} to a lamp"} for n in (0, 1)
            ]
        },
        f"{TRAIN}/{NAME}_dialogue_text_extension_train.json": {
            "scenes": [
                said("Do you sleep at all?", "Between two strokes."),
                said("Why the ribbon?", "Green is easy to find in the dark."),
                *[said(s[0]["text"], s[1]["text"]) for s in shown],
            ]
        },
        f"{TRAIN}/{NAME}_dialogue_text_extension_test.json": {
            "scenes": [said("Will it rain?", "Ask the barometer; it owes me money.")]
        },
        f"{TRAIN}/{NAME}_knowledge_qa.json": {"qa_items": [question]},
        f"{TRAIN}/{NAME}_knowledge_qa_test.json": {"mcq_items": [choice]},
        f"{TRAIN}/{NAME}_memorization_test.json": {"test_questions": ["Who gave you the key?"]},
        f"{TRAIN}/{NAME}_personality_test.json": {"test_questions": ["I broke your best clock."]},
        f"{TEST}/annotation.json": {"scenes": [said(*(m["text"] for m in tested[0]), image="0")]},
        f"{TEST}/{NAME}_with_image.json": {"scenes": tested},
        f"{TEST}/{NAME}_t2i_instruction.json": {
            "t2i_instructions": [{"image_id": "0", "t2i_instruction": "A clock tower over the harbour"}]
        },
    }
    head = {"description": DESCRIPTION, "opening": "The shop bell rings."}
    told = {path: content | head for path, content in told.items()}
    for path, content in told.items():
        save(root / path, content)
    texts = {
        f"{TRAIN}/{NAME}_full_profile.txt": PROFILE,
        f"{TEST}/{NAME}_full_profile.txt": PROFILE,
        f"{TRAIN}/{NAME}_personality_simplified_profile.txt": "- Patient\n- Dry",
    }
    for path, text in texts.items():
        (root / path).write_text(text, encoding="utf-8")
    for path, shade in ((f"{TRAIN}/0", 60), (f"{TRAIN}/1", 140), (f"{TEST}/0", 220)):
        _draw(root / f"{path}.png", shade)
    return told


def save(path: Path, content: Any) -> None:
    """Write JSON, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")


def _draw(path: Path, shade: int) -> None:
    picture = Image.new("RGB", (320, 300), (shade, 90, 255 - shade))
    ImageDraw.Draw(picture).ellipse((shade // 2, 40, shade // 2 + 120, 200), fill=(250, shade, 30))
    picture.save(path)

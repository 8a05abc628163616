"""RoleScape-20's dog as a set from raw material: photographs and 168 words carry so much and no more.

The released exchanges, captions and questions lie beside the photographs; none of them may find its way in.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from real_sets.made import REAL, SETS, Made, make

RAW = REAL / "rolescape20_bo" / "data" / "personalized_data"
NOTES = SETS / "rolescape20_bo" / "notes.jsonl"
# What is made of documents and spoken lines, and what is made of the photographs and their notes.
OF_WORDS = (
    "image_dialogue", "caption", "t2i_form", "commentary", "human_role_dialogue", "text_dialogue", "text_qa", "text_mcq",
)  # fmt: skip


@pytest.fixture
def bo(shared: Path) -> Made:
    return make("rolescape20_bo", shared)


def test_all_fifteen_photographs_are_used_each_under_an_id_of_its_own(bo: Made) -> None:
    given = sorted(
        str(path.relative_to(RAW)) for part in ("train", "test") for path in (RAW / part / "Bo").glob("*.png")
    )
    assert len(given) == 15
    found = {row["id"]: row["path"] for row in bo.rows("image")}
    assert sorted(path.removeprefix("real/data/personalized_data/") for path in found.values()) == given
    assert len(found) == 15


def test_the_photographs_carry_annotations_and_the_objective_questions_in_full(bo: Made) -> None:
    cells = {(cell["kind"], cell["cell"]): (cell["found"], cell["wanted"]) for cell in bo.wanted()}
    assert cells[("annotation", "count")] == (15, 15)
    assert cells[("visual_qa", "objective")] == (225, 225)
    assert cells[("visual_mcq", "hard")][0] >= 5


def test_what_168_words_cannot_carry_is_named_and_not_padded(bo: Made) -> None:
    assert bo.status == 1
    short = {(cell["kind"], cell["cell"]): cell for cell in bo.wanted() if cell["found"] < cell["wanted"]}
    for kind in OF_WORDS:
        cells = [cell for (name, _), cell in short.items() if name == kind]
        assert cells, kind
        assert all(cell["note"] for cell in cells)
    # Nobody speaks in a profile, so nothing is said beside a photograph and nothing is made of what was said.
    for kind in ("image_dialogue", "caption", "t2i_form", "commentary", "human_role_dialogue"):
        assert not bo.rows(kind)
    assert 8 <= len(bo.rows("text_qa")) <= 16
    assert "bo text_dialogue dialogue: 0 of 200 (" in bo.said


def test_every_answer_about_the_dog_stands_word_for_word_in_its_profile(bo: Made) -> None:
    text = bo.document("bo")
    rows = bo.rows("text_qa")
    assert rows
    for row in rows:
        assert row["answer"] in text, row["id"]
        for evidence in row["evidence"]:
            assert text[evidence["start"] : evidence["end"]] == evidence["text"]


def test_nothing_of_the_released_exchanges_and_questions_is_in_the_set(bo: Made) -> None:
    released: set[str] = set()
    for path in RAW.rglob("*.json"):
        released |= {
            text.replace('\\"', '"')
            for text in re.findall(r'"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8"))
            if len(text.split()) >= 6
        }
    assert len(released) > 500
    # A fact has the name where the profile has "he"; so has many a released answer.
    profile = bo.document("bo")
    profile += re.sub(r"\bHe\b", "Bo", profile)
    ours = "\n".join(
        json.dumps(row, ensure_ascii=False)
        for kind in ("annotation", "visual_qa", "visual_mcq", "text_qa", "probe")
        for row in bo.rows(kind)
    ).replace('\\"', '"')
    assert not [text for text in released if text not in profile and text in ours]


def test_a_picture_question_says_what_the_note_of_its_picture_says(bo: Made) -> None:
    notes = {row["image"]: row for row in map(json.loads, NOTES.read_text().splitlines())}
    pictures = {
        row["id"]: row["path"].removeprefix("real/data/personalized_data/") for row in bo.rows("image")
    }
    poses = Counter[str]()
    for row in bo.rows("visual_mcq"):
        if row["category"] == "action_pose_gesture":
            right = (
                row["options"][row["answer_key"].lower()]
                if "a" in row["options"]
                else row["options"][row["answer_key"]]
            )
            assert right == notes[pictures[row["image_id"]]]["attributes"]["pose"], row["id"]
            poses[right] += 1
    assert len(poses) >= 5


def test_the_notes_are_25_to_60_words_of_their_own_for_each_photograph() -> None:
    rows = [json.loads(row) for row in NOTES.read_text().splitlines()]
    assert len({row["note"] for row in rows}) == len({row["image"] for row in rows}) == 15
    assert all(25 <= len(row["note"].split()) <= 60 for row in rows)

"""RoleScape-20's released layout -> strict records: what becomes of each file, and every departure as a finding."""

import copy
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape
from PIL import Image
from tiny_released import NAME, TRAIN, save, write_tiny

from rolescape_data.errors import InputError
from rolescape_data.importers import IMPORTERS
from rolescape_data.records import ImageDialogue, TextQA, VisualQA

CHECKOUT = Path(__file__).resolve().parent.parent
BO = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real")) / "rolescape20_bo"
real = pytest.mark.skipif(not BO.is_dir(), reason=f"no released data set at {BO}")


@real
def test_a_released_character_becomes_records_and_its_known_faults_become_findings() -> None:
    found = IMPORTERS["rolescape20"](BO)
    tables = found.collection.characters["bo"]
    assert {kind: len(rows) for kind, rows in tables.items()} == {
        "profile": 1,
        "profile_text": 2,
        "image": 15,
        "image_dialogue": 15,
        "caption": 15,
        "text_dialogue": 200,
        "probe": 36,
        "text_qa": 100,
        "text_mcq": 10,
        "visual_qa": 239,
        "visual_mcq": 60,
        "training_mix": 8,
        "mixture_row": 784,
    }
    assert Counter(one.rule for one in found.findings) == {
        "image_prefix": 240,
        "stray_key": 158,
        "question_type": 15,
        "evidence_verbatim": 15,
        "merged_rows": 2,
        "num_used_data": 1,
    }
    for record in found.collection.records():
        for evidence in getattr(record, "evidence", None) or []:
            source = found.collection.sources[evidence.source]
            assert source[evidence.start : evidence.end] == evidence.text


def change(root: Path, path: str, edit: Callable[[Any], object]) -> None:
    """Change a JSON file of the set."""
    told = json.loads((root / path).read_text())
    edit(told)
    save(root / path, told)


def rules(root: Path) -> Counter[tuple[str, str, bool]]:
    """Count what the importer says, but for files that are derived and were never written."""
    return Counter(
        (one.rule, one.place, one.repaired)
        for one in IMPORTERS["rolescape20"](root).findings
        if one.rule != "file_missing"
    )


WITH_IMAGE, QA, MCQ = (
    f"{TRAIN}/{NAME}_{end}.json" for end in ("with_image", "knowledge_qa", "knowledge_qa_test")
)
TALKS = f"{TRAIN}/{NAME}_dialogue_text_extension_train.json"


@pytest.mark.parametrize(
    ("path", "edit", "rule", "place", "repaired"),
    [
        (MCQ, lambda t: t["mcq_items"][0]["options"].update(A=7), "text_type", "mcq_items[0].options.A", True),
        (MCQ, lambda t: t["mcq_items"][0].update(answer_key="b"), "answer_key", "mcq_items[0].answer_key", True),
        (MCQ, lambda t: t["mcq_items"][0].update(extra=1), "stray_key", "mcq_items[0].extra", True),
        (MCQ, lambda t: t["mcq_items"][0].update(id="mcq_9"), "item_id", "mcq_items[0].id", True),
        (QA, lambda t: t["qa_items"][0].update(type="trait"), "question_type", "qa_items[0].type", False),
        (QA, lambda t: t["qa_items"][0].update(evidence="A loft, high up"), "evidence_verbatim", "qa_items[0].evidence", False),
        (QA, lambda t: t["qa_items"][0].update(evidence="Trade:  Clockmaker"), "evidence_verbatim", "qa_items[0].evidence", True),
        (QA, lambda t: t["qa_items"][0].update(answer=""), "no_text_qa", "qa_items[0]", False),
        (QA, lambda t: t["qa_items"][0].update(answer="Clocks\u0007"), "text_control", "qa_items[0].answer", True),
        (QA, lambda t: t["qa_items"][0].update(answer="Cafe\u0301s"), "text_nfc", "qa_items[0].answer", True),
        (QA, lambda t: t.update(description="Another."), "header_differs", "description", False),
        (TALKS, lambda t: t["scenes"][0][1].update(image="3"), "stray_key", "scenes[0][1].image", True),
        (TALKS, lambda t: t["scenes"][0].pop(), "turns", "scenes[0]", False),
        (TALKS, lambda t: t["scenes"][0][1].update(text=" "), "turns", "scenes[0]", False),
        (TALKS, lambda t: t["scenes"].insert(0, t["scenes"].pop()), "scene_order", "scenes", False),
        (TALKS, lambda t: t["scenes"].pop(), "derived_count", "scenes", False),
        (TALKS, lambda t: t["scenes"][0][0].update({"from": t["scenes"][0][0].pop("role")}), "turn_key", "scenes[0][0].from", True),
        (TALKS, lambda t: t["scenes"][0][1].update(role="assistant"), "turn_role", "scenes[0][1].role", True),
        (f"{TRAIN}/annotation.json", lambda t: t["scenes"][1][1].update(text="Else."), "derived_row", "scenes[1]", False),
    ],
)  # fmt: skip
def test_a_departure_is_one_finding_with_its_place(
    tmp_path: Path, path: str, edit: Callable[[Any], object], rule: str, place: str, repaired: bool
) -> None:
    write_tiny(tmp_path)
    assert rules(tmp_path) == Counter()
    change(tmp_path, path, edit)
    assert rules(tmp_path) == {(rule, place, repaired): 1}


def test_what_cannot_be_anchored_is_kept_and_what_can_becomes_the_exact_span(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    change(tmp_path, QA, lambda t: t["qa_items"][0].update(evidence=["Home:  a loft", "a cellar"]))
    (question,) = IMPORTERS["rolescape20"](tmp_path).collection.of("harbour_ada_fenn", TextQA)
    assert [piece.text for piece in question.evidence] == ["Home:** a loft"]
    assert question.unanchored == ["a cellar"]


def test_a_scene_without_its_picture_is_left_out_with_everything_that_hangs_on_it(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / TRAIN / "1.png").unlink()
    found = IMPORTERS["rolescape20"](tmp_path)
    assert ("picture_link", "scenes[1][1].image") in [
        (one.rule, one.place) for one in found.findings if one.hard
    ]
    kept = found.collection.of("harbour_ada_fenn", ImageDialogue)
    assert [found.collection.splits[one.id] for one in kept] == ["train", "test_id"]
    assert {one.image_id for one in found.collection.of("harbour_ada_fenn", VisualQA)} == {kept[0].image_id}


def test_names_in_another_case_and_pictures_that_are_something_else_are_read(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / QA).rename(tmp_path / TRAIN / f"{NAME}_Knowledge_QA.json")
    (tmp_path / TRAIN / "0.png").rename(tmp_path / TRAIN / "0.PNG")
    Image.open(tmp_path / TRAIN / "1.png").save(tmp_path / TRAIN / "1.png", "JPEG")
    found = rules(tmp_path)
    assert found == {("file_case", "", True): 1, ("picture_suffix", "", True): 1}
    (tmp_path / TRAIN / "1.png").write_bytes(b"no picture")
    assert ("picture_file", "", False) in rules(tmp_path)


def test_files_that_are_broken_or_unknown_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / MCQ).write_text("{", encoding="utf-8")
    (tmp_path / TRAIN / "prompt.txt").write_text("Do this.", encoding="utf-8")
    found = IMPORTERS["rolescape20"](tmp_path)
    assert {(one.rule, one.file) for one in found.findings if one.rule != "file_missing"} == {
        ("file_json", MCQ),
        ("file_unknown", f"{TRAIN}/prompt.txt"),
    }
    assert found.collection.of("harbour_ada_fenn", TextQA)


def test_every_record_has_a_file_and_a_place_and_what_needs_a_writer_names_them(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_tiny(root)
    talks = f"{TRAIN}/{NAME}_dialogue_text_extension_train.json"
    change(root, talks, lambda t: t["scenes"][1][1].update(text="As an AI language model, I like green."))
    found = IMPORTERS["rolescape20"](root)
    assert found.places.keys() == {one.id for one in found.collection.records()}
    assert all((root / file).exists() for file, _ in found.places.values())
    assert found.places["harbour_ada_fenn_qa_001"] == (QA, "qa_items[0]")
    run_rolescape("audit", root, "--as", "rolescape20", "--out", tmp_path / "a", "--repair", tmp_path / "r")
    needed = [json.loads(row) for row in (tmp_path / "r/needs_writer.jsonl").read_text().splitlines()]
    (row,) = [row for row in needed if row["rule"] == "ai_tone"]
    assert (row["file"], row["place"], row["said"]) == (talks, "scenes[1]", "Why the ribbon?")
    assert f"{talks}: scenes[1]" in (tmp_path / "a/audit.html").read_text()


def test_what_needs_a_writer_stands_where_the_mended_copy_has_it(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_tiny(root)
    talks = f"{TRAIN}/{NAME}_dialogue_text_extension_train.json"

    def twice(told: Any) -> None:
        told["scenes"].insert(1, copy.deepcopy(told["scenes"][0]))
        told["scenes"][2][1].update(text="As an AI language model, I like green.")

    change(root, talks, twice)
    run_rolescape("audit", root, "--as", "rolescape20", "--out", tmp_path / "a", "--repair", tmp_path / "r")
    needed = [json.loads(row) for row in (tmp_path / "r/needs_writer.jsonl").read_text().splitlines()]
    (row,) = [row for row in needed if row["rule"] == "ai_tone"]
    # The repeated talk before it went to the rejects.
    assert (row["file"], row["place"]) == (talks, "scenes[1]")
    scenes = json.loads((tmp_path / "r" / talks).read_text())["scenes"]
    assert scenes[1][1]["text"] == "As an AI language model, I like green."


def test_a_folder_that_is_no_such_set_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="personalized_data"):
        IMPORTERS["rolescape20"](tmp_path)


def test_no_record_of_an_imported_set_holds_json(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    for record in IMPORTERS["rolescape20"](tmp_path).collection.records():
        for name, value in record.model_dump().items():
            texts = (
                [value]
                if isinstance(value, str)
                else [one for one in value if isinstance(one, str)]
                if isinstance(value, list)
                else []
            )
            assert not any(text.lstrip().startswith(("{", "[")) for text in texts), (record.id, name)

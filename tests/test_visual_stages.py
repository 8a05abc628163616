"""Annotations and questions about pictures, as a build makes them."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import Told
from pydantic import ValidationError
from small_set import ROOT, edit

from rolescape_data.blueprints import KindContract

Build = Callable[..., Told]
PEOPLE = ("oda-wren", "quill", "tobin-ash")
KINDS = """\
  caption: {per_image: 1, split: by_image}
  annotation: {per_image: 1, split: by_image}
  visual_qa: {per_image_mix: {objective: 15, subjective: 5}, split: by_image}
  visual_mcq: {per_image_mix: {easy: 2, medium: 2, hard: 1}, split: by_image}
"""


def rows(workspace: Path, character: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(
        workspace / "characters" / character / "tables" / f"{kind}.parquet"
    ).to_pylist()
    return found


def cells(workspace: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    read = json.loads((workspace / "set" / "contract.json").read_text())
    return {(cell["character_id"], cell["kind"], cell["cell"]): cell for cell in read}


def with_visual_kinds(set_file: Path) -> Path:
    edit(set_file.parent / "qa/blueprints/small.yaml", "  caption: {per_image: 1, split: by_image}\n", KINDS)
    return set_file


@pytest.mark.parametrize("character", PEOPLE)
def test_every_starter_picture_has_twenty_open_and_five_four_option_questions(
    starter: Path, character: str
) -> None:
    images = [row["id"] for row in rows(starter, character, "image")]
    asked = Counter((row["image_id"], row["type"]) for row in rows(starter, character, "visual_qa"))
    assert asked == Counter(
        {(image, "objective"): 15 for image in images} | {(image, "subjective"): 5 for image in images}
    )
    chosen = rows(starter, character, "visual_mcq")
    for image in images:
        own = [row for row in chosen if row["image_id"] == image]
        assert len({row["category"] for row in own}) == len(own) == 5
        assert Counter(row["difficulty"] for row in own) == Counter(easy=2, medium=2, hard=1)
        assert [row["category"] for row in own if row["difficulty"] == "hard"] == ["fine_detail_reasoning"]


@pytest.mark.parametrize("character", PEOPLE)
def test_letters_of_visual_questions_are_dealt_evenly(starter: Path, character: str) -> None:
    counts = Counter(row["answer_key"] for row in rows(starter, character, "visual_mcq"))
    assert set(counts) == set("ABCD")
    assert max(counts.values()) - min(counts.values()) <= 1


def test_supplied_annotations_are_kept_word_for_word_and_the_others_are_written(starter: Path) -> None:
    for character in PEOPLE:
        file = ROOT / "examples/starter/pictures" / character / "annotations.json"
        given = {entry["image"]: entry for entry in json.loads(file.read_text())}
        paths = {row["id"]: row["path"].rsplit("/", 1)[-1] for row in rows(starter, character, "image")}
        for row in rows(starter, character, "annotation"):
            entry = given.get(paths[row["image_id"]])
            assert row["supplied"] is (entry is not None)
            assert row["provenance"]["source_kind"] == ("human" if entry else "rule")
            if entry:
                assert {key: row[key] for key in ("role_info", "place_info", "scene_info")} == {
                    key: entry[key] for key in ("role_info", "place_info", "scene_info")
                }


def test_a_picture_and_all_its_questions_lie_in_one_split(starter: Path) -> None:
    splits = {
        row["record_id"]: row["split"] for row in pq.read_table(starter / "set/splits.parquet").to_pylist()
    }
    for character in PEOPLE:
        for kind in ("annotation", "visual_qa", "visual_mcq"):
            for row in rows(starter, character, kind):
                assert splits[row["id"]] == splits[row["image_id"]]


def test_no_question_stands_twice_beside_one_picture(starter: Path) -> None:
    for character in PEOPLE:
        asked = [(row["image_id"], row["question"]) for row in rows(starter, character, "visual_qa")]
        assert len(asked) == len(set(asked))


def test_answers_that_rest_on_the_profile_repeat_one_of_its_facts(starter: Path) -> None:
    for character in PEOPLE:
        facts = [fact["text"].rstrip(".") for fact in rows(starter, character, "profile")[0]["facts"]]
        linked = [
            row for row in rows(starter, character, "visual_qa")
            if "profile" in row["grounding"] and row["type"] == "objective"
        ]  # fmt: skip
        assert len(linked) >= 18
        for row in linked:
            assert any(fact in row["answer"] for fact in facts), row["answer"]


def test_shards_carry_the_picture_with_its_questions(starter: Path) -> None:
    manifest = json.loads((starter / "shards" / "manifest.json").read_text())
    assert "visual_mcq" in json.dumps(manifest)


def test_what_few_pictures_cannot_carry_is_a_named_shortfall(
    small: Path, build: Build, tmp_path: Path
) -> None:
    told = build(with_visual_kinds(small))
    assert told.status == 1
    found = cells(tmp_path / "built.workspace")
    short = found["mara-quist", "visual_mcq", "hard"]
    assert short["wanted"] == 3
    assert short["found"] < 3
    assert "too little" in short["note"]
    assert found["mara-quist", "annotation", "count"]["found"] == 3
    assert found["mara-quist", "visual_qa", "objective"]["wanted"] == 45


def test_editing_an_image_note_makes_its_questions_again_and_leaves_the_other_character_alone(
    small: Path, build: Build, tmp_path: Path
) -> None:
    build(with_visual_kinds(small))
    workspace = tmp_path / "built.workspace"
    before = (workspace / "characters/bram-oake/tables/visual_qa.parquet").read_bytes()
    mine = (workspace / "characters/mara-quist/tables/visual_qa.parquet").read_bytes()
    edit(small.parent / "pictures/mara/notes.jsonl", "a calm smile with half-closed eyes", "a broad laugh")
    build(small)
    assert (workspace / "characters/bram-oake/tables/visual_qa.parquet").read_bytes() == before
    assert (workspace / "characters/mara-quist/tables/visual_qa.parquet").read_bytes() != mine
    asked = rows(workspace, "mara-quist", "visual_qa")
    assert any("a broad laugh" in row["answer"] for row in asked)


def test_a_mix_per_picture_is_counted_over_the_pictures() -> None:
    contract = KindContract(per_image_mix={"objective": 15, "subjective": 5}, split="by_image")
    assert contract.per_picture() == {"objective": 15, "subjective": 5}
    assert contract.cells(4) == {"objective": 60, "subjective": 20}
    assert KindContract(per_image=1).per_picture() == {"count": 1}
    assert KindContract(count=3).per_picture() == {}


def test_a_contract_names_one_amount_alone() -> None:
    with pytest.raises(ValidationError, match="exactly one of count, per_image, per_image_mix, mix and min"):
        KindContract(per_image=1, per_image_mix={"objective": 15})

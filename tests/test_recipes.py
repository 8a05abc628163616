"""Whole recipes through a model server that fills every contract, over real sockets: nothing open, nothing shared, nothing made up.

What the command says is not taken on trust: letters, overlap, evidence and counts are made again here, from the tables.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from adapters import KEY
from conftest import ROOT, run_rolescape
from mmrole_town import TYPES
from model_server import ModelServer

from flows.audit import audit
from rolescape_data.providers.background import background

STARTER = ROOT / "examples" / "starter"
CHINESE = ROOT / "examples" / "starter_zh" / "set.yaml"

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(source="seeded") as running:
        background()._admissions.clear()
        yield running


def made(set_file: Path, out: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    where = ("--writer", "openai:test-model", "--base-url", server.openai_url, "--engine", "none")
    told = run_rolescape("build", set_file, "--out", out, *where)
    assert told.status == 0, told.out + told.err
    return out


def starter_as(folder: Path, blueprint: str, pools: str = "") -> Path:
    """Write the starter's set file with another blueprint; its files are linked, nothing is scored by CLIP."""
    folder.mkdir()
    for name in ("documents", "lines", "pictures"):
        (folder / name).symlink_to(STARTER / name)
    (folder / "qa" / "blueprints").mkdir(parents=True)
    for name, recipe in (("tenth", "mmrole"), ("both", "rolescape20_mmrole")):
        text = f"about: A tenth.\nextends: {recipe}\nscale: 0.1\n"
        (folder / "qa" / "blueprints" / f"{name}.yaml").write_text(text)
    text = re.sub(
        r"^(clip|pools|blueprint):.*\n(?:  .*\n)*", "", (STARTER / "set.yaml").read_text(), flags=re.M
    )
    (folder / "set.yaml").write_text(f"{text}\nblueprint: {blueprint}\nqa: qa\n{pools}")
    return folder / "set.yaml"


def tables(workspace: Path) -> dict[str, Rows]:
    """Read every table without the project's own reader."""
    return {
        folder.name: {
            path.stem: pq.read_table(path).to_pylist() for path in (folder / "tables").glob("*.parquet")
        }
        for folder in sorted((workspace / "characters").iterdir())
    }


def splits_of(workspace: Path) -> dict[str, dict[str, Any]]:
    return {row["record_id"]: row for row in pq.read_table(workspace / "set" / "splits.parquet").to_pylist()}


def open_cells(workspace: Path) -> list[dict[str, Any]]:
    cells = json.loads((workspace / "set" / "contract.json").read_text())
    assert len(cells) > 20
    return [cell for cell in cells if cell["found"] < cell["wanted"]]


def same(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def assert_groups_keep_to_one_split(workspace: Path) -> None:
    groups: dict[str, set[str]] = {}
    for row in splits_of(workspace).values():
        if row["kind"] in ("image", "image_dialogue", "caption", "visual_qa", "visual_mcq", "commentary"):
            groups.setdefault(row["group_id"], set()).add(row["split"])
    assert groups and all(len(found) == 1 for found in groups.values())


@pytest.mark.soak
def test_a_full_rolescape20_meets_every_count(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = made(starter_as(tmp_path / "set", "rolescape20"), tmp_path / "out", server, monkeypatch)

    assert open_cells(out) == []
    found, splits = tables(out), splits_of(out)
    for character, rows in found.items():
        assert {kind: len(rows[kind]) for kind in ("text_dialogue", "text_qa", "text_mcq", "probe")} == {
            "text_dialogue": 200,
            "text_qa": 100,
            "text_mcq": 10,
            "probe": 60,
        }, character
        assert Counter(row["difficulty"] for row in rows["text_mcq"]) == {"easy": 4, "medium": 4, "hard": 2}
        talks = Counter(splits[row["id"]]["split"] for row in rows["text_dialogue"])
        assert talks == {"train": 180, "test_id": 20}
        assert Counter(splits[row["id"]]["split"] for row in rows["image"]) == {"train": 10, "test_id": 3}
        beside = Counter((row["image_id"], row["type"]) for row in rows["visual_qa"])
        assert {number for (_, kind), number in beside.items() if kind == "objective"} == {15}
        assert {number for (_, kind), number in beside.items() if kind == "subjective"} == {5}
        assert set(Counter(row["image_id"] for row in rows["visual_mcq"]).values()) == {5}
        assert_checks_are_balanced(rows["t2i_check"])
        assert_pairs_fail_one_gate(rows["preference"])
        assert_nothing_is_asked_in_training_and_test(rows, splits)
    assert_letters_are_even(found)
    assert_evidence_is_verbatim(out, found)
    assert_groups_keep_to_one_split(out)


def assert_letters_are_even(found: dict[str, Rows]) -> None:
    for kind in ("text_mcq", "visual_mcq"):
        letters = Counter(row["answer_key"] for rows in found.values() for row in rows[kind])
        for letter in "ABCD":
            assert 0.2 <= letters[letter] / letters.total() <= 0.3, (kind, letters)


def assert_nothing_is_asked_in_training_and_test(rows: Rows, splits: dict[str, dict[str, Any]]) -> None:
    asked: dict[str, set[str]] = {"train": set(), "test_id": set()}
    fields = {"text_qa": "question", "text_mcq": "question", "text_dialogue": "user_text", "probe": "text"}
    for kind, field in fields.items():
        for row in rows[kind]:
            asked[splits[row["id"]]["split"]].add(same(row[field]))
    assert len(asked["train"]) >= 280
    assert len(asked["test_id"]) >= 90
    assert not asked["train"] & asked["test_id"]


def assert_evidence_is_verbatim(out: Path, found: dict[str, Rows]) -> None:
    index = json.loads((out / "inputs.json").read_text())
    texts: dict[str, str] = {}
    for name, stored in index.items():
        if "/documents/" in f"/{name}":
            texts[name] = next((out / "inputs").rglob(Path(stored).name)).read_text()
    seen = 0
    for rows in found.values():
        full = next(row["text"] for row in rows["profile_text"] if row["form"] == "full")
        for row in [*rows["text_qa"], *rows["text_mcq"]]:
            for place in row["evidence"]:
                assert texts[place["source"]][place["start"] : place["end"]] == place["text"]
                # Who trains on the profile text finds it there, too.
                assert place["text"] in full
                seen += 1
    assert seen >= 330


def assert_checks_are_balanced(checks: list[dict[str, Any]]) -> None:
    assert len(checks) == 36
    for check in checks:
        assert 7 <= len(check["prompt"].split()) <= 21
        assert 5 <= len(check["questions"]) <= 30
        answers = [one["answer"] for one in check["questions"] if one["type"] == "yes_no"]
        assert 0.4 <= answers.count("yes") / len(answers) <= 0.6
        assert any(one["is_negative"] for one in check["questions"])


def assert_pairs_fail_one_gate(pairs: list[dict[str, Any]]) -> None:
    assert Counter(pair["fault"] for pair in pairs) == dict.fromkeys(
        ["ai_tone", "meta_talk", "stage_direction", "wrong_character_voice", "over_length"], 8
    )
    assert all(pair["chosen"] in pair["rejected"] and pair["margin"] > 0 for pair in pairs)


def assert_talks_are_whole(workspace: Path, generic: int) -> None:
    found, splits = tables(workspace), splits_of(workspace)
    used: Counter[str] = Counter()
    for character, rows in found.items():
        pool = {row["id"]: row["blob_sha256"] for row in rows["image"] if row["owner"] == "pool"}
        own = {row["id"] for row in rows["image"]} - pool.keys()
        used.update(pool.values())
        for kind in ("commentary", "human_role_dialogue", "inter_role_dialogue"):
            beside = [row["image_id"] for row in rows[kind]]
            assert len(set(beside)) == len(beside)
            assert set(beside) & own == own, (character, kind)
            assert len(set(beside) & pool.keys()) == generic
            assert sum(splits[row["id"]]["split"] == "test_id" for row in rows[kind]) >= 1
        questions = Counter(row["question"] for row in rows["commentary"])
        assert max(questions.values()) - min(questions.values()) <= 1
        [short] = [row["text"] for row in rows["profile_text"] if row["form"] == "short"]
        assert len(re.findall(r"^### ", short, flags=re.M)) == 5
        assert rows["detailed_profile"]
    assert used and max(used.values()) == 1


def assert_no_picture_is_tested_and_trained_on(workspace: Path, folder: Path) -> None:
    """Export as MMRole's files, and read them as somebody else's: every character is tested, with pictures of its own."""
    told = run_rolescape("export", workspace, "--to", "mmrole", "--out", folder, "--engine", "none")
    assert told.status == 0, told.out + told.err
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    assert counts["in_test"] == dict.fromkeys(TYPES, counts["characters"])
    assert counts["without_in_test"] == {}
    table, _ = audit(folder, "mmrole", recipe="none", out=folder.parent / "audit")
    assert table.counted("group_split") == 0


@pytest.mark.soak
def test_a_tenth_of_mmrole_meets_every_count(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = "pools:\n  scenes: {folder: pictures/scenes}\n"
    out = made(starter_as(tmp_path / "set", "tenth", pools), tmp_path / "out", server, monkeypatch)
    assert open_cells(out) == []
    assert_talks_are_whole(out, generic=5)
    assert_groups_keep_to_one_split(out)
    assert_no_picture_is_tested_and_trained_on(out, tmp_path / "mmrole")


@pytest.mark.soak
def test_a_tenth_of_both_recipes_together_meets_every_count(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = "pools:\n  scenes: {folder: pictures/scenes}\n"
    out = made(starter_as(tmp_path / "set", "both", pools), tmp_path / "out", server, monkeypatch)
    assert open_cells(out) == []
    assert_talks_are_whole(out, generic=5)
    for rows in tables(out).values():
        own = Counter(splits_of(out)[row["id"]]["split"] for row in rows["image"] if row["owner"] != "pool")
        assert own == {"train": 10, "test_id": 3}
    assert_groups_keep_to_one_split(out)
    assert_no_picture_is_tested_and_trained_on(out, tmp_path / "mmrole")


@pytest.mark.soak
def test_a_tenth_of_mmrole_in_chinese_meets_every_count(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = made(CHINESE, tmp_path / "out", server, monkeypatch)
    assert open_cells(out) == []
    assert_talks_are_whole(out, generic=5)
    assert_no_picture_is_tested_and_trained_on(out, tmp_path / "mmrole")
    for rows in tables(out).values():
        assert {row["lang"] for kind in rows.values() for row in kind} == {"zh"}
        assert rows["profile_text"][0]["text"].startswith("### 人物简介")
        assert all(re.search(r"[\u4e00-\u9fff]", row["reply"]) for row in rows["commentary"])


def test_a_small_pool_is_a_named_shortfall(tmp_path: Path) -> None:
    set_file = starter_as(tmp_path / "set", "few", "pools:\n  scenes: {folder: few}\n")
    (tmp_path / "set" / "few").mkdir()
    for path in sorted((STARTER / "pictures" / "scenes").iterdir())[:4]:
        (tmp_path / "set" / "few" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "set" / "qa" / "blueprints" / "few.yaml").write_text(
        "about: t\nkinds:\n  profile: {count: 1}\n  image: {min: 1, split: by_image}\n"
        "  commentary: {count: 0, generic: 3, split: by_image}\n"
    )
    out = tmp_path / "out"
    told = run_rolescape("build", set_file, "--out", out, "--engine", "none", "--until", "images")
    assert told.status in (0, 1), told.err
    cells = {
        folder.name: [
            (cell["found"], cell["wanted"], cell["note"])
            for cell in json.loads((folder / "stages.json").read_text())["image"]["cells"]
            if cell["cell"] == "generic"
        ]
        for folder in (out / "characters").iterdir()
    }
    found = sorted(number for rows in cells.values() for number, _, _ in rows)
    assert found == [0, 1, 3]
    assert any("had 1 distinct pictures left" in note for rows in cells.values() for _, _, note in rows)

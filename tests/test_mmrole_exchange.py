"""MMRole's format in and out: released files come back, what departs is listed, and training never sees its tests."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape
from gates_samples import image
from mmrole_town import TYPES, content, entries, person, picture, small_town, split_by_picture, written

from flows.audit import audit
from rolescape_data.collection import Collection, Finding
from rolescape_data.export.mmrole import mmrole_files
from rolescape_data.importers import IMPORTERS
from rolescape_data.mmrole.library import library_of
from rolescape_data.mmrole.prompt import build
from rolescape_data.records import (
    RECORDS,
    Annotation,
    Commentary,
    ImageAnnotation,
    InterRoleDialogue,
    ProfileText,
    Record,
)
from rolescape_data.store.tables import read_table, write_table

CHECKOUT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real"))
GREECE = REAL / "mmrole_greece"
needs_greece = pytest.mark.skipif(not GREECE.is_dir(), reason=f"no released MMRole set at {GREECE}")


def stored(collection: Collection, folder: Path) -> Collection:
    """Write a collection as Parquet, one table per character and kind, and read it back."""
    for character, tables in collection.characters.items():
        for kind, rows in tables.items():
            write_table(folder / character / f"{kind}.parquet", list(rows), RECORDS[kind])
    back = {
        character: {
            kind: read_table(folder / character / f"{kind}.parquet", RECORDS[kind]) for kind in tables
        }
        for character, tables in collection.characters.items()
    }
    return replace(collection, characters=back)


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Yield the place of everything that differs between two JSON values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            if key not in one or key not in other:
                yield f"{at}.{key}"
            else:
                yield from differences(one[key], other[key], f"{at}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{at}[{number}]")
    elif one != other:
        yield at


def changed(
    collection: Collection, model: type[Record], where: Callable[[Any], bool], **fields: Any
) -> Collection:
    """Return the collection with the fields of the one record that `where` picks changed."""
    picked = 0
    characters: dict[str, dict[str, list[Record]]] = {}
    for character, tables in collection.characters.items():
        characters[character] = {kind: list(rows) for kind, rows in tables.items()}
        for number, row in enumerate(characters[character].get(model.kind, [])):
            if where(row):
                characters[character][model.kind][number] = row.model_copy(update=fields)
                picked += 1
    assert picked == 1
    return replace(collection, characters=characters)


@needs_greece
def test_the_released_files_come_back_field_for_field_except_for_the_listed_findings(tmp_path: Path) -> None:
    found = IMPORTERS["mmrole"](GREECE)
    files, _ = mmrole_files(stored(found.collection, tmp_path), seed=1)
    released = {path.relative_to(GREECE).as_posix(): path for path in GREECE.rglob("*") if path.is_file()}
    different: set[tuple[str, str]] = set()
    for name, path in released.items():
        if path.suffix == ".json":
            different |= {(name, at) for at in differences(content(path), content(files[name]))}
        elif path.suffix == ".txt":
            assert files[name] == path.read_bytes()
        else:
            [shown] = [out for out in files if out.endswith(f"the_Ancient_Greece_period/{path.name}")]
            value = files[shown]
            assert (value if isinstance(value, bytes) else value.read_bytes()) == path.read_bytes()
    listed = {(one.file, one.place) for one in found.findings if one.rule == "speaker_key"}
    # The key is another one, so both it and the one in its place differ.
    assert {(file, at.removesuffix(".role").removesuffix(".from")) for file, at in different} == {
        (file, at.removesuffix(".from")) for file, at in listed
    }
    assert len(listed) == 6


@needs_greece
def test_no_record_of_the_released_set_holds_source_json() -> None:
    collection = IMPORTERS["mmrole"](GREECE).collection
    assert Counter(record.kind for record in collection.records()) == {
        "profile": 3, "profile_text": 3, "detailed_profile": 3, "image": 3, "annotation": 3,
        "commentary": 6, "human_role_dialogue": 6, "inter_role_dialogue": 6,
    }  # fmt: skip
    for record in collection.records():
        for value in record.model_dump().values():
            assert not (isinstance(value, str) and value.lstrip().startswith(("{", "[{")))


@needs_greece
def test_findings_of_the_released_set_name_their_file_and_place() -> None:
    found = IMPORTERS["mmrole"](GREECE).findings
    assert Counter(one.rule for one in found)["picture_missing"] == 9, "the nine COCO pictures are elsewhere"
    assert Counter(one.rule for one in found)["speaker_key"] == 6
    assert {one.place for one in found if one.rule == "heading_drift"} == {"Aristotle"}
    assert not [one for one in found if one.hard]
    for one in found:
        assert (GREECE / one.file).is_file() and one.place


@needs_greece
@pytest.mark.parametrize(
    ("model", "where", "fields", "places"),
    [
        (
            ImageAnnotation,
            lambda one: one.source.endswith("03.jpg"),
            {"place_info": "Elsewhere"},
            {
                "images/annotations.json": {"[2].place_info"},
                "dialogues/comment.json": {"[5].place_info"},
                "dialogues/human-role.json": {"[5].place_info"},
                "dialogues/inter-role.json": {"[5].place_info"},
            },
        ),
        (ProfileText, lambda one: one.character_id == "plato", {"text": "Plato."}, {"profiles/profiles.json": {".Plato"}}),
        (Commentary, lambda one: one.id == "plato_comment_COCO", {"reply": "No."},
         {"dialogues/comment.json": {"[2].conversations[1].value"}}),
    ],
)  # fmt: skip
def test_editing_one_field_changes_exactly_its_places(
    model: type[Record], where: Callable[[Any], bool], fields: dict[str, Any], places: dict[str, set[str]]
) -> None:
    collection = IMPORTERS["mmrole"](GREECE).collection
    before, _ = mmrole_files(collection, seed=1)
    after, _ = mmrole_files(changed(collection, model, where, **fields), seed=1)
    assert before.keys() == after.keys()
    different = {
        name: set(differences(content(before[name]), content(after[name])))
        for name in before
        if name.endswith(".json") and before[name] != after[name]
    }
    # Prompts are made of the same records; they change where the record is one of their parts, and nowhere else.
    shown = {name: at for name, at in different.items() if not name.startswith("tests/")}
    assert shown == places
    [new] = fields.values()
    for name, at in different.items():
        if name.startswith("tests/"):
            for entry in {int(place[1 : place.index("]")]) for place in at}:
                assert new in json.dumps(content(after[name])[entry], ensure_ascii=False)


@needs_greece
def test_unseen_characters_are_tested_on_and_stand_in_no_training() -> None:
    files, counts = mmrole_files(IMPORTERS["mmrole"](GREECE).collection, seed=5)
    assert counts["out_test"] == dict.fromkeys(TYPES, 6) and counts["train"] == dict.fromkeys(TYPES, 0)
    for kind in TYPES:
        ids = [one["id"].rpartition("_")[0] for one in content(files[f"tests/out_test/{kind}_test.json"])]
        assert ids == [one["id"] for one in content(files[f"dialogues/{kind}.json"])]


def test_every_character_turn_is_one_sample_and_a_talk_of_two_yields_both_sides() -> None:
    collection = small_town()
    library = library_of(collection)
    for entry in library.entries:
        samples = library.samples(entry)
        spoken = [
            n for n, turn in enumerate(getattr(entry.record, "messages", [])) if turn.speaker != "human"
        ] or [1]
        assert [sample.turn_index for sample in samples] == spoken
        assert [sample.sample_id for sample in samples] == [f"{entry.name}_{n}" for n in spoken]
        if isinstance(entry.record, InterRoleDialogue):
            assert {sample.character_id for sample in samples} == {
                entry.record.character_id,
                entry.record.partner_id,
            }
            assert "Please initiate the conversation with" in build(samples[0])
            assert not any("Please initiate" in build(sample) for sample in samples[1:])


def test_samples_are_recomputed_from_their_dialogues_alone() -> None:
    collection = small_town()
    first, again = library_of(collection), library_of(small_town())
    for entry in first.entries:
        for sample in first.samples(entry):
            [same] = [
                one
                for other in again.entries
                if other.name == entry.name
                for one in again.samples(other)
                if one.id == sample.id
            ]
            assert same == sample
            said = [turn.text for turn in getattr(entry.record, "messages", [])]
            if said:
                assert [
                    *(one.text for one in sample.history),
                    *([sample.last_words] if sample.last_words else []),
                    sample.answer,
                ] == (said[: sample.turn_index + 1])


def test_training_holds_no_tested_dialogue_and_nobody_unseen() -> None:
    files, counts = mmrole_files(small_town(), seed=3)
    trained = entries(files, "train_all.json")
    tested = [one for kind in TYPES for one in entries(files, f"tests/in_test/{kind}_test.json")]
    assert Counter(one["id"].split("_")[0] for one in tested) == {"Oda": 3, "Tobin": 3}
    dialogues = {one["id"].rpartition("_")[0] for one in tested}
    assert not [one for one in trained if one["id"].rpartition("_")[0] in dialogues]
    assert not [one for one in (*trained, *tested) if "Quill" in (one["role"], one["other_role"])]
    assert not [one for one in trained if "Oda_Wren_role-role-dialogue_COCO_90" in one["id"]]
    # Three of four dialogues are left per type: one reply, three replies, five lines each.
    assert counts["train"] == {"comment": 2 * 3, "human-role": 2 * 3 * 3, "inter-role": 2 * 3 * 5}
    assert len({one["id"] for one in trained}) == len(trained) == sum(counts["train"].values())


def test_own_dialogues_are_numbered_by_where_their_picture_comes_from_and_generic_pictures_bear_no_notes() -> (
    None
):
    town = small_town()
    pictures = [
        image(id=f"oda_img_{n}", character_id="oda", path=f"pictures/{n}.bmp", owner="pool" if n % 2 else "script",
              annotation=Annotation(place_info="the pier"))
        for n in range(4)
    ]  # fmt: skip
    own = [
        record.model_copy(update={"id": f"oda_comment_{n}", "image_id": pictures[n].id})
        for n, record in enumerate(town.of("oda", Commentary))
    ]
    tables = {**town.characters["oda"], "image": pictures, "commentary": own}
    files, _ = mmrole_files(replace(town, characters={**town.characters, "oda": tables}), seed=1)
    rows = [row for row in entries(files, "dialogues/comment.json") if row["id"].startswith("Oda")]
    assert [row["id"] for row in rows] == [
        "Oda_Wren_comment_script_0", "Oda_Wren_comment_COCO_0", "Oda_Wren_comment_script_1", "Oda_Wren_comment_COCO_1",
    ]  # fmt: skip
    # What is stored is PNG, whatever the file was called.
    assert [row["image"] for row in rows] == [f"pictures/{n}.png" for n in range(4)]
    assert [row.get("place_info") for row in rows] == ["the pier", None, "the pier", None]
    assert [row["image"] for row in entries(files, "images/annotations.json")] == [
        "pictures/0.png",
        "pictures/2.png",
    ]
    prompts = {row["id"]: row["conversations"][0]["value"] for row in entries(files, "train_comment.json")}
    for name, prompt in prompts.items():
        assert ("Place information: the pier" in prompt) == name.startswith("Oda_Wren_comment_script")


def test_an_invented_person_without_a_script_is_one_of_the_hypothetical_characters() -> None:
    town = small_town()
    seeded = person("oda", "Oda Wren").model_copy(update={"category": "hypothetical", "script": ""})
    tables = {**town.characters["oda"], "profile": [seeded]}
    files, _ = mmrole_files(replace(town, characters={**town.characters, "oda": tables}), seed=1)
    row = next(row for row in entries(files, "train_human-role.json") if row["role"] == "Oda Wren")
    assert row["script"] == "Hypothetical Characters"
    assert (
        "the shoes of Oda Wren, a person who is one of the Hypothetical Characters. Imagine"
        in row["conversations"][0]["value"]
    )


def test_splits_of_the_set_come_back_from_its_export(tmp_path: Path) -> None:
    town = small_town()
    splits = split_by_picture(town, {picture(1): "val", picture(2): "test_id"})
    splits = {
        one: split for one, split in splits.items() if one.startswith(("oda", "tobin")) and "90" not in one
    }
    folder = written(replace(town, splits=splits), tmp_path / "town")
    assert len(content(folder / "val_comment.json")) == 2
    found = IMPORTERS["mmrole"](folder)
    assert hard(found.findings) == []
    names = {"oda": "oda-wren", "tobin": "tobin-ash"}
    for one, split in splits.items():
        who, _, tail = one.partition("_")
        assert found.collection.splits[f"{names[who]}_{tail}"] == split
    assert found.collection.splits["quill_comment_COCO_0"] == "test_ood"


def test_tests_are_drawn_by_seed() -> None:
    draws = [mmrole_files(small_town(), seed=seed)[0] for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0]["tests/in_test/human-role_test.json"] != draws[2]["tests/in_test/human-role_test.json"]


def test_held_out_dialogues_are_the_ones_that_are_tested_on() -> None:
    town = small_town()
    collection = replace(town, splits=split_by_picture(town, {picture(2): "test_id"}))
    for seed in range(4):
        files, _ = mmrole_files(collection, seed=seed)
        ids = [one["id"] for one in entries(files, "tests/in_test/comment_test.json")]
        assert ids == ["Oda_Wren_comment_COCO_2_1", "Tobin_Ash_comment_COCO_2_1"]


def test_a_reader_made_like_mmroles_trainer_and_evaluation_reads_every_row() -> None:
    files, _ = mmrole_files(small_town(), seed=3)
    # Trainer: `roles = {"user": ..., "assistant": ...}`, only `conversations` is read, the first sender is the user.
    senders = {"user": "<|im_start|>user", "assistant": "<|im_start|>assistant"}
    for kind in TYPES:
        for row in entries(files, f"train_{kind}.json"):
            turns = row["conversations"]
            assert [senders[turn["from"]] for turn in turns] == list(senders.values())
            assert (
                turns[0]["value"].startswith(f"Picture 1: <img>{row['image']}</img>\n") and turns[1]["value"]
            )
        # Evaluation: the picture's path and the prompt side by side.
        for side in ("in", "out"):
            for row in entries(files, f"tests/{side}_test/{kind}_test.json"):
                assert list(row) == ["id", "system", "image", "conversations", "role", "script", "other_role"]
                assert "<img>" not in row["conversations"][0]["value"] and row["image"].startswith("COCO/")


def hard(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.rule, one.file, one.place) for one in found if one.hard]


def test_our_export_passes_our_importer_and_comes_out_again_the_same(tmp_path: Path) -> None:
    folder = written(small_town(), tmp_path / "town")
    found = IMPORTERS["mmrole"](folder)
    assert hard(found.findings) == []
    again, _ = mmrole_files(found.collection, seed=3)
    for kind in TYPES:
        assert content(again[f"dialogues/{kind}.json"]) == content(folder / f"dialogues/{kind}.json")


def test_the_starter_set_exported_is_whole_and_passes_our_importer_without_a_hard_finding(
    starter: Path, tmp_path: Path
) -> None:
    told = run_rolescape("export", starter, "--to", "mmrole", "--out", tmp_path / "out", "--engine", "none")
    assert told.status == 0, told.out + told.err
    assert run_rolescape("verify", tmp_path / "out").status == 0
    found = IMPORTERS["mmrole"](tmp_path / "out")
    assert hard(found.findings) == []
    counts = json.loads((tmp_path / "out/manifest.json").read_text())["counts"]
    assert counts["in_test"] == dict.fromkeys(TYPES, 3) and min(counts["train"].values()) > 0
    assert counts["without_in_test"] == {}
    assert {"negative", "preference", "text_qa"} < set(counts["left_out"])
    assert not {"profile", "image", "commentary", "annotation"} & set(counts["left_out"])
    table, _ = audit(tmp_path / "out", "mmrole", recipe="none", out=tmp_path / "audit")
    assert table.counted("group_split") == 0
    assert (
        len(found.collection.pictures) == sum(one.kind == "image" for one in found.collection.records()) > 0
    )
    for row in json.loads((tmp_path / "out/train_all.json").read_text()):
        assert (tmp_path / "out" / row["image"]).is_file()
    for kind in TYPES:
        numbers: dict[str, list[int]] = {}
        for row in json.loads((tmp_path / f"out/dialogues/{kind}.json").read_text()):
            head, _, number = row["id"].rpartition("_")
            numbers.setdefault(head, []).append(int(number))
        assert all(found == list(range(len(found))) for found in numbers.values()), numbers


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return written(small_town(), tmp_path / "town")


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    value = content(path)
    path.write_text(json.dumps(change(value) or value, ensure_ascii=False), encoding="utf-8")


def test_every_fault_of_a_dialogue_file_is_one_finding_at_its_place(town: Path) -> None:
    def spoil(rows: list[dict[str, Any]]) -> None:
        rows[0]["conversations"] = []
        rows[1]["conversations"][1]["role"] = "oda wren"
        rows[2]["conversations"][0] = {"from": "human", "value": rows[2]["conversations"][0]["value"]}
        rows[3]["conversations"][1]["role"] = "Nobody"
        rows[4]["id"] = "Stranger_human-role-dialogue_COCO_0"
        rows[5]["extra"] = 1
        rows[6]["conversations"][1]["value"] = ""
        rows[7]["conversations"][0]["value"] += "\x07"

    for path in town.glob("t*/**/*.json"):
        path.unlink()
    for path in town.glob("train*.json"):
        path.unlink()
    edit(town / "dialogues/human-role.json", spoil)
    found = [one for one in IMPORTERS["mmrole"](town).findings if one.file == "dialogues/human-role.json"]
    assert sorted((one.rule, one.place, one.hard) for one in found) == sorted(
        [
            ("empty_conversation", "[0].conversations", True),
            ("speaker_name", "[1].conversations[1].role", False),
            ("speaker_key", "[2].conversations[0].from", False),
            ("unknown_speaker", "[3].conversations[1].role", True),
            ("unknown_character", "[4].id", True),
            ("stray_key", "[5].extra", False),
            ("missing_answer", "[6].conversations[1].value", True),
            ("control_character", "[7].conversations[0].value", False),
        ]
    )


def test_samples_that_do_not_follow_from_their_dialogue_are_found(town: Path) -> None:
    def spoil(rows: list[dict[str, Any]]) -> None:
        rows[0]["conversations"][1]["value"] += "!"
        rows[1]["conversations"][0]["from"] = "human"
        rows[2]["id"] = rows[2]["id"].replace("_COCO_", "_script_")

    edit(town / "train_comment.json", spoil)
    assert hard(IMPORTERS["mmrole"](town).findings) == [
        ("sample_format", "train_comment.json", "[1]"),
        ("sample_differs", "train_comment.json", "[0]"),
        ("sample_unknown", "train_comment.json", "[2]"),
    ]


def test_tested_dialogues_and_unseen_characters_in_training_are_found(town: Path) -> None:
    tested = content(town / "tests/in_test/comment_test.json")[0]
    unseen = content(town / "tests/out_test/comment_test.json")[0]
    edit(town / "train_comment.json", lambda rows: [*rows, tested, unseen])
    rules = Counter(rule for rule, _, _ in hard(IMPORTERS["mmrole"](town).findings))
    assert rules["test_in_training"] == 2 and rules["ood_in_training"] == 1


@needs_greece
def test_pictures_are_found_by_the_tail_of_their_path_whatever_its_case(tmp_path: Path) -> None:
    shutil.copytree(GREECE, tmp_path / "g")
    folder = tmp_path / "g/images/the_ancient_greece_period"
    folder.mkdir()
    for path in (tmp_path / "g/images").glob("*.jpg"):
        path.rename(folder / path.name)
    found = IMPORTERS["mmrole"](tmp_path / "g")
    assert Counter(one.rule for one in found.findings)["picture_case"] == 3
    assert len(found.collection.pictures) == 3


@needs_greece
def test_a_missing_script_picture_is_a_hard_finding(tmp_path: Path) -> None:
    shutil.copytree(GREECE, tmp_path / "g")
    (tmp_path / "g/images/02.jpg").unlink()
    assert [(rule, file) for rule, file, _ in hard(IMPORTERS["mmrole"](tmp_path / "g").findings)] == [
        ("picture_missing", "images/annotations.json")
    ]


IN_TEST = REAL / "mmrole_in_test"


@pytest.mark.skipif(not IN_TEST.is_dir(), reason=f"no released test samples at {IN_TEST}")
def test_released_test_samples_are_read_as_the_dialogues_up_to_their_answers() -> None:
    found = IMPORTERS["mmrole"](IN_TEST)
    kinds = Counter(record.kind for record in found.collection.records())
    assert [kinds[kind] for kind in ("commentary", "human_role_dialogue", "inter_role_dialogue")] == [
        72,
        72,
        72,
    ]
    assert kinds["profile"] == kinds["profile_text"] == 72
    assert set(found.collection.splits.values()) == {"test_id"} and hard(found.findings) == []
    assert Counter(record.lang for record in found.collection.records() if record.kind == "commentary") == {
        "en": 63, "zh": 9
    }  # fmt: skip
    # Every sample is among those that its dialogue yields, prompt and all.
    library = library_of(found.collection)
    made = {one.sample_id: one for entry in library.entries for one in library.samples(entry)}
    rows = [row for path in sorted(IN_TEST.glob("reviews/*.json")) for row in content(path)]
    same = [build(made[row["id"]]) == row["conversations"][0]["value"] for row in rows]
    assert len(same) == 216 and all(same)
    assert all(made[row["id"]].answer == row["conversations"][1]["value"] for row in rows)


@pytest.mark.skipif(not IN_TEST.is_dir(), reason=f"no released test samples at {IN_TEST}")
def test_chinese_samples_pass_the_gates_of_wording_and_break_only_counts_of_cut_dialogues() -> None:
    listing = subprocess.run(
        [sys.executable, "benchmarks/language_gates.py", IN_TEST, "--lang", "zh"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    looked = {line.split()[0]: line for line in listing if line.startswith("  ")}
    for gate in (
        "ai_tone",
        "explanatory_prefix",
        "residue",
        "language",
        "mixed_scripts",
        "flagged_words",
        "pii",
        "repetition",
    ):
        assert " 0 of " in looked[gate], looked[gate]
        assert int(looked[gate].split()[3]) >= 36
    assert {line.split()[1] for line in listing if line.startswith("fail")} == {"message_count"}

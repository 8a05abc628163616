"""What MMRole's export tests with is held out of training, dialogue, picture and all that is like it; who has nothing held out is named."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mmrole_town import TYPES, entries, picture, small_town, split_by_picture

from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.collection import Collection
from rolescape_data.export.mmrole import mmrole_files
from rolescape_data.records.base import Split
from rolescape_data.stages.splits import splits

TRAIN = [f"train_{kind}.json" for kind in TYPES]
VAL = [f"val_{kind}.json" for kind in TYPES]
TESTS = [f"tests/{side}_test/{kind}_test.json" for side in ("in", "out") for kind in TYPES]
SPLITS: tuple[Split | None, ...] = (None, "train", "val", "test_id", "test_ood")
SEEDS = st.integers(0, 10_000)


def drawn_town(seed: int) -> Collection:
    """Draw a town whose dialogues are about any of a few pictures, some of them alike, in any split."""
    dice = random.Random(seed)
    town = small_town(5)
    pictures = [picture(number) for number in range(dice.randint(1, 30))]
    like = {image: dice.choice(["grp_a", "grp_b", image, image]) for image in pictures}
    shown = {record.id: dice.choice(pictures) for record in town.records() if hasattr(record, "image_id")}
    characters = {
        character: {
            kind: [
                one.model_copy(update={"image_id": shown[one.id]}) if one.id in shown else one for one in rows
            ]
            for kind, rows in tables.items()
        }
        for character, tables in town.characters.items()
    }
    said = {one: split for one in shown if (split := dice.choice(SPLITS)) is not None}
    groups = {one: like[image] for one, image in shown.items()}
    return replace(town, characters=characters, splits=said, groups=groups)


def pictures_of(files: Mapping[str, Any], names: list[str], groups: Mapping[str, str]) -> set[str]:
    """Return the groups of the pictures that samples show; a picture's path stands for its id."""
    there = [row["image"] for name in names if name in files for row in entries(dict(files), name)]
    ids = [picture(int(path.rpartition("/")[2].removesuffix(".jpg"))) for path in there]
    return {groups[one] for one in ids}


def like_of(town: Collection) -> dict[str, str]:
    shown = {record.id: record.image_id for record in town.records() if hasattr(record, "image_id")}
    return {image: town.groups[one] for one, image in shown.items()}


@given(SEEDS)
def test_no_picture_of_a_test_nor_one_like_it_is_trained_on_whatever_the_splits_say(seed: int) -> None:
    town = drawn_town(seed)
    files, _ = mmrole_files(town, seed=seed)
    like = like_of(town)
    assert not pictures_of(files, TESTS, like) & pictures_of(files, TRAIN + VAL, like)


@given(SEEDS)
def test_a_type_is_tested_or_named_for_everybody_who_has_dialogues_of_it(seed: int) -> None:
    town = drawn_town(seed)
    rows, _ = splits(town.records(), load_blueprint("mmrole"), ood=frozenset({"quill"}), seed=seed)
    divided = replace(town, splits={row.record_id: row.split for row in rows})
    files, counts = mmrole_files(divided, seed=seed)
    tested: dict[str, set[str]] = {"oda": set(), "tobin": set()}
    for kind in TYPES:
        for row in entries(files, f"tests/in_test/{kind}_test.json"):
            tested[row["id"].split("_")[0].lower()].add(kind)
    for character, found in tested.items():
        named = set(counts["without_in_test"].get(character, []))
        assert found | named == set(TYPES) and not found & named


def test_dialogues_without_a_split_are_trained_on_and_tests_are_owed_by_everybody_but_the_unseen() -> None:
    files, counts = mmrole_files(replace(small_town(), splits={}), seed=1)
    assert counts["in_test"] == dict.fromkeys(TYPES, 0)
    assert counts["without_in_test"] == {"oda": list(TYPES), "tobin": list(TYPES)}
    assert counts["train"]["comment"] == 8
    assert len(entries(files, "tests/out_test/comment_test.json")) == 1


def test_a_dialogue_kept_for_testing_is_no_test_while_another_about_its_picture_trains() -> None:
    town = small_town()
    said = split_by_picture(town, {picture(2): "test_id"}) | {"tobin_comment_COCO_2": "train"}
    files, counts = mmrole_files(replace(town, splits=said), seed=1)
    assert counts["in_test"] == dict.fromkeys(TYPES, 0)
    assert counts["without_in_test"] == {"oda": list(TYPES), "tobin": list(TYPES)}
    assert "Tobin_Ash_comment_COCO_2_1" in {row["id"] for row in entries(files, "train_comment.json")}


def test_pictures_of_an_unseen_character_are_trained_on_by_nobody() -> None:
    town = small_town()
    [first] = [one for one in town.characters["quill"]["commentary"] if one.id.endswith("_0")]
    tables = {**town.characters["quill"], "commentary": [first.model_copy(update={"image_id": picture(0)})]}
    before, _ = mmrole_files(town, seed=1)
    after, _ = mmrole_files(replace(town, characters={**town.characters, "quill": tables}), seed=1)
    [shown] = [row["image"] for row in entries(after, "tests/out_test/comment_test.json")]
    gone = [row for row in entries(before, "train_all.json") if row["image"] == f"images/{shown}"]
    kept = entries(after, "train_all.json")
    assert gone and kept == [row for row in entries(before, "train_all.json") if row not in gone]

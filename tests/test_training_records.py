"""What trainers with rewards, refusals and preferences read, and the profile of somebody described in one line."""

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape
from gates_samples import dialogue, image

from rolescape_data.blueprints import Blueprint, HeldBack, KindContract
from rolescape_data.gates.base import Context
from rolescape_data.gates.checks import check_form, check_yes_share
from rolescape_data.gates.text import ai_tone
from rolescape_data.providers.offline import checks, refusals, seeds
from rolescape_data.records import (
    CharacterProfile,
    NegativeItem,
    PreferencePair,
    ProfileText,
    T2ICheck,
    TextQA,
)
from rolescape_data.stages.splits import splits
from rolescape_data.store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SET = ROOT / "examples" / "starter" / "set.yaml"
BLUEPRINT = """\
about: What trainers read, in small numbers.
kinds:
  detailed_profile: {count: 1}
  profile: {count: 1}
  profile_text: {mix: {full: 1, personality: 1, short: 1}}
  image: {min: 1, split: by_image}
  text_dialogue: {count: 20, split: {test_id: 2}}
  text_qa: {count: 20}
  t2i_check: {count: 6}
  negative: {mix: {other_character_question: 2, unanswerable_profile: 2, future_event: 1, unanswerable_image: 2}}
  preference: {mix: {ai_tone: 2, meta_talk: 2, stage_direction: 2, wrong_character_voice: 2, over_length: 2}, split: by_image}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("training")
    for name in ("documents", "lines", "pictures"):
        (folder / name).symlink_to(SET.parent / name)
    (folder / "qa" / "blueprints").mkdir(parents=True)
    (folder / "qa" / "blueprints" / "training.yaml").write_text(BLUEPRINT)
    text = re.sub(r"^(?:clip|pools):.*\n(?:  .*\n)*", "", SET.read_text(), flags=re.M)
    text = text.replace("blueprint: starter", "blueprint: training\nqa: qa")
    (folder / "set.yaml").write_text(text + "\n")
    told = run_rolescape("build", folder / "set.yaml", "--out", folder / "out", "--engine", "none")
    assert told.status == 0, told.out + told.err
    return Workspace(folder / "out")


def test_the_short_profile_has_five_headings_that_never_change(workspace: Workspace) -> None:
    for name in ("oda-wren", "quill", "tobin-ash"):
        short = next(one for one in workspace.character(name).read(ProfileText) if one.form == "short")
        headings = [line for line in short.text.splitlines() if line.startswith("#")]
        assert headings == [
            "### Brief Introduction",
            "### Personality",
            "### Life Story",
            "### Main Interpersonal Relationships",
            "### Catchphrases",
        ]
        assert short.provenance.parents == [f"{name}_profile"]


def test_the_full_profile_holds_every_passage_that_questions_rest_on(workspace: Workspace) -> None:
    for name in ("oda-wren", "quill", "tobin-ash"):
        folder = workspace.character(name)
        full = next(one.text for one in folder.read(ProfileText) if one.form == "full")
        passages = [place.text for question in folder.read(TextQA) for place in question.evidence]
        assert len(passages) >= 20
        assert all(passage in full for passage in passages)


def test_drawing_checks_say_yes_as_often_as_no(workspace: Workspace) -> None:
    rows = workspace.character("oda-wren").read(T2ICheck)
    assert len(rows) == 6
    for row in rows:
        assert check_yes_share(row, Context())[0].value <= 0.1
        assert check_form(row, Context())[0].value == 0


def test_the_rejected_side_fails_its_gate_and_the_chosen_side_is_the_accepted_reply(
    workspace: Workspace,
) -> None:
    folder = workspace.character("oda-wren")
    pairs = folder.read(PreferencePair)
    assert len(pairs) == 10
    assert len({pair.source_record_id for pair in pairs}) == 10
    for pair in pairs:
        if pair.fault == "ai_tone":
            for text, hits in ((pair.chosen, False), (pair.rejected, True)):
                assert (ai_tone(dialogue(response=text), Context())[0].value > 0) is hits


def test_a_contrastive_question_names_whose_knowledge_it_asks_for(workspace: Workspace) -> None:
    rows = workspace.character("oda-wren").read(NegativeItem)
    foreign = [row for row in rows if row.negative == "other_character_question"]
    assert [row.source_character_id for row in foreign] == ["quill", "quill"]
    assert all("Quill" in row.question and row.expected == "refuse_in_character" for row in foreign)
    assert all(row.image_id for row in rows if row.negative == "unanswerable_image")


def test_an_acquaintance_is_not_taught_to_deny_what_everybody_sees_of_the_other(workspace: Workspace) -> None:
    aspects = {
        f"{profile.id}/{fact.fact_id}": fact.aspect
        for name in ("oda-wren", "quill", "tobin-ash")
        for profile in workspace.character(name).read(CharacterProfile)
        for fact in profile.facts
    }
    rows = [
        row
        for name in ("oda-wren", "quill", "tobin-ash")
        for row in workspace.character(name).read(NegativeItem)
    ]
    asked = [row for row in rows if row.negative == "other_character_question"]
    assert len(asked) == 6
    assert {aspects[row.source_record_id] for row in asked} <= {"background", "goals"}
    assert not any("____" in row.question for row in rows)


def test_a_check_asks_only_about_what_the_drawing_prompt_names(workspace: Workspace) -> None:
    for name in ("oda-wren", "quill", "tobin-ash"):
        rows = workspace.character(name).read(T2ICheck)
        assert len({row.prompt for row in rows}) == 6
        for row in rows:
            for asked in row.questions:
                named = asked.question.partition(": ")[2].rstrip("?") or asked.answer
                assert (
                    asked.type != "yes_no"
                    or asked.category in ("prop", "outfit")
                    or ((named in row.prompt) is (asked.answer == "yes"))
                ), asked


def test_a_pose_that_another_one_may_go_with_is_no_wrong_answer() -> None:
    assert not checks._excluded("lifting one hand high overhead", "standing upright and facing us")
    assert not checks._excluded("standing on one leg", "standing upright and facing us")
    assert checks._excluded("kneeling with one knee on the ground", "standing upright and facing us")


def test_pairs_go_to_the_split_of_the_exchange_they_are_made_from(workspace: Workspace) -> None:
    import pyarrow.parquet as pq

    rows = pq.read_table(workspace.set_folder / "splits.parquet").to_pylist()
    split = {row["record_id"]: row["split"] for row in rows}
    pairs = workspace.character("oda-wren").read(PreferencePair)
    assert all(split[pair.id] == split[pair.source_record_id] for pair in pairs)


def test_a_labelled_seed_line_is_read_and_a_sentence_is_left_open() -> None:
    seed = "gender: woman; age: 34; origin: Saltmarrow; personality: dry, patient; experience: mended ferries"
    assert seeds.meta_information({"seed": seed}) == {
        "gender": "woman",
        "age": "34",
        "origin": "Saltmarrow",
        "personality": "dry, patient",
        "experience": "mended ferries",
    }
    assert seeds.meta_information({"seed": "a ferry mechanic of 34"}) is None


def test_validation_pictures_are_kept_apart_from_test_and_training() -> None:
    pictures = [
        image(
            id=f"mira-h_img_{number}",
            group_id=f"grp_{number}",
            blob_sha256=f"{number:064x}",
            # Far from one another: every hash has its own byte set.
            phash64=f"{0xFFFF << 8 * number & 2**64 - 1:016x}",
        )
        for number in range(8)
    ]
    blueprint = Blueprint(
        about="t",
        test_images=2,
        val_images=3,
        kinds={"image": KindContract(min=1, split="by_image")},
    )
    rows, cells = splits(pictures, blueprint, ood=frozenset(), seed=1)
    found = [row.split for row in rows]
    assert (found.count("test_id"), found.count("val"), found.count("train")) == (2, 3, 3)
    assert {(cell.cell, cell.found) for cell in cells} == {("test_id", 2), ("val", 3)}


def test_exchanges_can_be_held_back_for_validation_as_well() -> None:
    rows_in = [dialogue(id=f"mira-h_dlg_{number:03d}", evidence=[]) for number in range(10)]
    contract = KindContract(count=10, split=HeldBack(test_id=2, val=1))
    blueprint = Blueprint(about="t", kinds={"text_dialogue": contract})
    rows, _ = splits(rows_in, blueprint, ood=frozenset(), seed=1)
    found = [row.split for row in rows]
    assert (found.count("test_id"), found.count("val"), found.count("train")) == (2, 1, 7)


def test_the_offline_writer_leaves_checks_and_refusals_open_in_languages_it_cannot_write() -> None:
    block: dict[str, Any] = {"character": {"name": "欧妲", "lang": "zh"}}
    assert checks.t2i_checks(block, ("check_1",)) is None
    assert refusals.negatives(block, ("future_event_1",)) is None


def test_the_offline_writer_asks_for_no_unseen_thing_twice_of_whichever_picture() -> None:
    block: dict[str, Any] = {
        "character": {"name": "Mira Holt", "lang": "en"}, "facts": [], "others": {}, "used": [], "avoid": [],
    }  # fmt: skip
    keys = tuple(f"unanswerable_image_{number}" for number in range(20))
    made = refusals.negatives(block, keys)
    assert made
    asked = [item["question"] for item in made.values()]
    assert 10 <= len(asked) == len(set(asked)) < len(keys)
    again = refusals.negatives({**block, "used": asked}, keys)
    assert again is None


def test_a_drawing_prompt_of_the_offline_writer_begins_with_whoever_is_drawn() -> None:
    noted = {
        "expression": "a worried frown", "pose": "standing on one leg", "setting": "the lamp room", "lighting": "cold moonlight",
        "prop": "a brass lantern", "outfit": "a grey coat",
    }  # fmt: skip
    other = {
        "expression": "a wide laugh", "pose": "sitting on a crate", "setting": "the fish market", "lighting": "midday sun",
        "prop": "a silver fish", "outfit": "a green scarf",
    }  # fmt: skip
    block: dict[str, Any] = {
        "character": {"name": "Mira Holt", "lang": "en"}, "used": [], "others": [other],
        "pictures": [{"attributes": noted}, {"attributes": other}], "least_questions": 1, "most_questions": 6,
    }  # fmt: skip
    made = checks.t2i_checks(block, tuple(f"check_{number}" for number in range(4)))
    assert made
    leads = [item["prompt"].partition("Mira Holt")[0] for item in made.values()]
    assert leads == ["", "Draw ", "Show ", ""]

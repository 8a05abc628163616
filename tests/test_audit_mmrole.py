"""Audits of sets in MMRole's layout: one with known faults, one without, and three philosophers of the released set."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import released_mmrole as made
from mmrole_town import TYPES, content, small_town, written
from released_counts import tokens
from small_set import ROOT

from flows.audit import audit
from rolescape_data.auditing.table import Table

GREECE = (
    Path(os.environ.get("ROLESCAPE_REAL_INPUTS", ROOT.parent / "shared" / "real")).resolve() / "mmrole_greece"
)


def broken(table: Table) -> dict[str, int]:
    return {row.rule: table.counted(row.rule) for row in table.broken}


def test_a_set_without_faults_breaks_no_hard_rule(tmp_path: Path) -> None:
    made.write_released(tmp_path / "set", made.Faults())
    table, _ = audit(tmp_path / "set", "mmrole", recipe="none", out=tmp_path / "out")
    assert broken(table) == {}
    assert table.records["commentary"] == table.records["human_role_dialogue"] == 24


def test_every_fault_is_found_as_often_as_it_was_put_in(tmp_path: Path) -> None:
    made.write_released(tmp_path / "set", made.FAULTY)
    table, _ = audit(tmp_path / "set", "mmrole", recipe="none", out=tmp_path / "out")
    faults = made.FAULTY
    assert broken(table) == {
        "empty_conversation": faults.empty_talks + faults.empty_inter,
        "missing_answer": faults.unanswered,
        "turn_grammar": faults.wrong_turns,
        "ai_tone": faults.ai_tone,
        "explanatory_prefix": faults.prefixes,
    }
    assert table.counted("speaker_key") == 3 * (made.GENERIC + made.OWN)
    assert table.counted("stray_key") == faults.stray_keys
    assert table.counted("picture_case") == faults.path_case


def test_the_mended_copy_keeps_only_what_a_writer_must_mend(tmp_path: Path) -> None:
    made.write_released(tmp_path / "set", made.FAULTY)
    _, mended = audit(
        tmp_path / "set", "mmrole", recipe="none", out=tmp_path / "out", repair_to=tmp_path / "mended"
    )
    again, _ = audit(tmp_path / "mended", "mmrole", recipe="none", out=tmp_path / "again")

    assert broken(again) == {"ai_tone": made.FAULTY.ai_tone, "explanatory_prefix": made.FAULTY.prefixes}
    for rule in ("speaker_key", "stray_key", "picture_case"):
        assert again.counted(rule) == 0
    assert mended is not None
    needed = [json.loads(line)["rule"] for line in (tmp_path / "mended" / "needs_writer.jsonl").open()]
    assert {rule: needed.count(rule) for rule in set(needed)} == {
        "empty_conversation": 7,
        "missing_answer": 2,
        "ai_tone": 3,
        "explanatory_prefix": 2,
    }
    assert [one.record_id for one in mended.rejects] == ["tessa-quill_human-role-dialogue_script_0"]


def test_talks_of_the_training_about_a_tested_picture_go_to_the_rejects_and_the_tests_stay(
    tmp_path: Path,
) -> None:
    town = small_town()
    folder = written(town, tmp_path / "town")
    everything = written(replace(town, splits={}), tmp_path / "all")
    tests = {kind: content(folder / f"tests/in_test/{kind}_test.json") for kind in TYPES}
    tested = {row["id"].rpartition("_")[0] for row in tests["comment"]}
    rows = [
        row
        for row in content(everything / "train_human-role.json")
        if row["id"].rpartition("_")[0] not in tested
    ]
    # Oda's and Tobin's talks with a person beside picture 3 train here; each one's commentary on it is a test.
    (folder / "train_human-role.json").write_text(json.dumps(rows))
    (folder / "tests/in_test/human-role_test.json").write_text("[]")

    table, mended = audit(
        folder, "mmrole", recipe="none", out=tmp_path / "out", repair_to=tmp_path / "mended"
    )
    assert table.counted("group_split") == 1 and mended is not None
    # Others go because the town's people repeat themselves.
    assert sorted(one.record_id for one in mended.rejects if one.reasons[0].startswith("group_split")) == [
        "oda-wren_human-role-dialogue_COCO_3",
        "tobin-ash_human-role-dialogue_COCO_3",
    ]
    again, _ = audit(tmp_path / "mended", "mmrole", recipe="none", out=tmp_path / "again")
    assert again.counted("group_split") == 0
    kept = content(tmp_path / "mended/tests/in_test/comment_test.json")
    assert {row["id"].rpartition("_")[0] for row in kept} == tested


@pytest.mark.skipif(not GREECE.is_dir(), reason=f"no real inputs at {GREECE}")
def test_three_philosophers_are_counted_as_their_files_say(tmp_path: Path) -> None:
    table, _ = audit(GREECE, "mmrole", recipe="none", out=tmp_path)

    comments = json.loads((GREECE / "dialogues" / "comment.json").read_text(encoding="utf-8"))
    talks = json.loads((GREECE / "dialogues" / "human-role.json").read_text(encoding="utf-8"))
    inter = json.loads((GREECE / "dialogues" / "inter-role.json").read_text(encoding="utf-8"))
    replies = [one["conversations"][1]["value"] for one in comments]
    said = [
        max(len(tokens(turn["value"])) for turn in one["conversations"] if turn["role"] != "human")
        for one in talks
    ]
    every = [one for file in (comments, talks, inter) for one in file]

    assert table.counted("comment_words") == sum(len(tokens(reply)) > 325 for reply in replies)
    assert table.counted("message_words", "human_role_dialogue") == sum(words > 76 for words in said)
    assert table.counted("picture_missing") == len(
        {one["image"] for one in every if one["image"].startswith("COCO")}
    )
    assert table.counted("speaker_key") == sum(
        "from" in turn for one in every for turn in one["conversations"]
    )
    assert table.counted("empty_conversation") == sum(not one["conversations"] for one in every) == 0

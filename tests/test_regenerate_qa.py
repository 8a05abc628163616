"""One character's questions again: nothing else is touched, and what is older now is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Told
from small_set import changed, contents, edit, own_copy, times

from flows.retrying import ask_anew
from flows.set_verdicts import judge
from flows.whole_set import ALL, WholeSet
from rolescape_data.records import Measurement, SplitRow, TextMCQ, TextQA, Verdict
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import CharacterFolder, Stamp, Workspace

Run = Callable[..., Told]

QUESTIONS = {"text_qa", "text_mcq"}
MAY_CHANGE = {
    "characters/mara-quist/tables/text_qa.parquet",
    "characters/mara-quist/tables/text_mcq.parquet",
    "characters/mara-quist/rejects.parquet",
    "characters/mara-quist/stages.json",
    "set/measurements.parquet",
    "set/verdicts.parquet",
    "set/splits.parquet",
    "set/leaks.parquet",
    "set/contract.json",
    "set/stages.json",
}
SET_TABLES = [
    ("measurements", Measurement),
    ("verdicts", Verdict),
    ("splits", SplitRow),
    ("leaks", Verdict),
]


@pytest.fixture
def qa(rolescape: Run, built: Path) -> Run:
    """Regenerate questions in this test's workspace, without Prefect."""

    def run(character: str = "mara-quist", *options: str) -> Told:
        return rolescape("qa", built, character, "--engine", "none", "--quiet", *options)

    return run


def other_rows(workspace: Path, name: str, model: Any) -> list[Any]:
    """Return the rows of a set table that are not about this character's questions, in order."""
    return [
        row
        for row in read_table(workspace / f"set/{name}.parquet", model)
        if not (row.character_id == "mara-quist" and row.kind in QUESTIONS)
        and not row.record_id.startswith(ALL)
    ]


def takes(workspace: Path, character: str) -> set[int]:
    folder = Workspace(workspace).character(character)
    return {row.provenance.take for model in (TextQA, TextMCQ) for row in folder.read(model)}


def ask_differently(base: Path) -> None:
    own_copy("text_qa.md", base / "prompts", "Ask plainly.")


def test_questions_that_are_up_to_date_are_left_alone(built: Path, qa: Run) -> None:
    when = times(built)
    told = qa()
    assert told.status == 0
    assert "Nothing to do" in told.out and "--fresh" in told.out
    assert {name for name in changed(when, times(built)) if not name.startswith("inputs/")} == set()


@pytest.mark.parametrize("options", [[], ["--fresh"]])
def test_regenerating_leaves_everything_else_byte_identical(
    small: Path, built: Path, qa: Run, options: list[str]
) -> None:
    ask_differently(small.parent)
    before = contents(built)
    rows = {name: other_rows(built, name, model) for name, model in SET_TABLES}
    report = (built / "report/index.html").read_bytes()
    told = qa("mara-quist", *options)
    assert told.status == 0, told.err
    differing = changed(before, contents(built))
    assert {name for name in differing if not name.startswith("inputs/overlay/")} <= MAY_CHANGE
    assert differing >= {"characters/mara-quist/tables/text_qa.parquet"}
    for name, model in SET_TABLES:
        assert other_rows(built, name, model) == rows[name], name
    assert (built / "report/index.html").read_bytes() == report


def test_fresh_asks_every_question_anew_and_only_those(built: Path, qa: Run) -> None:
    assert takes(built, "mara-quist") == {0}
    told = qa("mara-quist", "--fresh")
    assert told.status == 0
    assert "text_qa, text_mcq" in told.out
    assert takes(built, "mara-quist") == {1}
    assert takes(built, "bram-oake") == {0}


def test_shards_and_report_are_named_stale_and_the_next_build_renews_them(
    small: Path, built: Path, qa: Run, build: Run
) -> None:
    told = qa("mara-quist", "--fresh")
    assert "Older than the questions now: shards, report" in told.out
    shards = json.loads((built / "shards/manifest.json").read_text())["files"]
    again = build(small)
    assert again.status == 0
    assert "shards" in again.out and "report" in again.out
    renewed = json.loads((built / "shards/manifest.json").read_text())["files"]
    assert {name for name in changed(shards, renewed) if name.endswith(".tar")} == {
        "text_qa/train-000000.tar",
        "text_mcq/test_id-000000.tar",
    }
    assert "Nothing to do" in build(small).out


def test_a_build_after_fresh_questions_keeps_them(small: Path, built: Path, qa: Run, build: Run) -> None:
    qa("mara-quist", "--fresh")
    fresh = {name: sha for name, sha in contents(built).items() if name in MAY_CHANGE}
    build(small)
    after = contents(built)
    kept = MAY_CHANGE - {"set/stages.json"}
    assert {name for name in kept if fresh.get(name) != after.get(name)} == set()


def test_regenerating_brings_the_set_tables_to_where_a_build_would(
    small: Path, built: Path, qa: Run, build: Run, tmp_path: Path
) -> None:
    ask_differently(small.parent)
    own_copy("text_mcq.md", small.parent / "prompts", "Ask plainly.")
    qa("mara-quist")
    qa("bram-oake")
    build(small, out=tmp_path / "fresh.workspace")
    differing = changed(contents(built), contents(tmp_path / "fresh.workspace"))
    assert {name for name in differing if not name.startswith(("inputs/", "shards/"))} <= {"set/stages.json"}


def test_a_changed_document_is_not_read_but_a_later_build_does(
    small: Path, built: Path, qa: Run, build: Run
) -> None:
    """Only prompts and qa/ files are taken up: the profile that the questions rest on must not move under them."""
    with (small.parent / "mara.md").open("a") as file:
        file.write("- Mara repaired forty barometers last winter.\n")
    before = contents(built)
    assert "Nothing to do" in qa().out
    assert changed(before, contents(built)) == set()
    assert "Built mara-quist" in build(small).out


def test_regenerating_works_where_the_set_file_is_gone(small: Path, built: Path, qa: Run) -> None:
    small.unlink()
    told = qa("mara-quist", "--fresh")
    assert told.status == 0, told.err
    assert takes(built, "mara-quist") == {1}


def test_a_profile_that_is_out_of_date_itself_is_named(small: Path, built: Path, qa: Run) -> None:
    own_copy("profile.md", small.parent / "prompts", "Write plainly.")
    told = qa("mara-quist", "--fresh")
    assert "profile of mara-quist is out of date" in told.out


def test_questions_interrupted_before_they_were_judged_are_judged_by_the_next_run(
    small: Path, built: Path, qa: Run, rolescape: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.regenerate_qa as flow

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    ask_differently(small.parent)
    edit(small.parent / "qa/blueprints/small.yaml", "text_qa: {count: 8", "text_qa: {count: 6")
    with monkeypatch.context() as patch:
        # Where a kill would strike: the tables are there, the set tables are not.
        patch.setattr(flow, "judge", interrupted)
        patch.setattr("flows.cli._interrupted", lambda: (_ for _ in ()).throw(SystemExit(130)))
        assert qa().status == 130
    assert qa().status == 0
    known = {row.record_id for row in read_table(built / "set/splits.parquet", SplitRow)}
    asked = Workspace(built).character("mara-quist").read(TextQA)
    assert len(asked) == 6
    assert {name for name in known if name.startswith("mara-quist_qa_")} == {row.id for row in asked}


def interrupted_before_text_mcq(qa: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask anew, and be interrupted where the open questions are there and the four-option ones are not."""
    write = CharacterFolder.write

    def interrupted(folder: CharacterFolder, kind: str, *given: Any) -> None:
        if kind == "text_mcq":
            raise KeyboardInterrupt
        write(folder, kind, *given)

    with monkeypatch.context() as patch:
        patch.setattr(CharacterFolder, "write", interrupted)
        patch.setattr("flows.cli._interrupted", lambda: (_ for _ in ()).throw(SystemExit(130)))
        assert qa("mara-quist", "--fresh").status == 130


def test_asking_anew_goes_on_where_it_was_interrupted(
    built: Path, qa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_before_text_mcq(qa, monkeypatch)
    assert takes(built, "mara-quist") == {0, 1}
    told = qa("mara-quist", "--fresh")
    assert "Rebuilt text_mcq of mara-quist" in told.out
    assert takes(built, "mara-quist") == {1}
    qa("mara-quist", "--fresh")
    assert takes(built, "mara-quist") == {2}, "the next one is another"


@pytest.mark.parametrize("at", ["the second table", "the verdicts"])
def test_of_a_set_that_was_up_to_date_a_finished_interruption_leaves_only_what_any_run_leaves_stale(
    small: Path, built: Path, qa: Run, rolescape: Run, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    if at == "the verdicts":
        with monkeypatch.context() as patch:
            patch.setattr(
                "flows.regenerate_qa.judge", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
            )
            patch.setattr("flows.cli._interrupted", lambda: (_ for _ in ()).throw(SystemExit(130)))
            assert qa("mara-quist", "--fresh").status == 130
    else:
        interrupted_before_text_mcq(qa, monkeypatch)
    assert {"verdicts", "splits"} <= set(json.loads(rolescape("status", built, "--json").out)["stale"])

    judged: list[str] = []

    def judging(whole: WholeSet, only: str) -> None:
        judged.append(only)
        judge(whole, only=only)

    monkeypatch.setattr("flows.regenerate_qa.judge", judging)
    assert qa().status == 0

    assert judged == ["mara-quist"]
    assert json.loads(rolescape("status", built, "--json").out)["stale"] == ["shards", "report"]


def test_what_changed_meanwhile_is_not_taken_for_up_to_date(
    small: Path, built: Path, qa: Run, rolescape: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_before_text_mcq(qa, monkeypatch)
    qa("bram-oake", "--fresh")

    assert qa().status == 0

    assert {"verdicts", "splits"} <= set(json.loads(rolescape("status", built, "--json").out)["stale"])


def test_a_build_goes_on_with_questions_whose_asking_was_interrupted(
    small: Path, built: Path, qa: Run, build: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_before_text_mcq(qa, monkeypatch)
    assert "Built mara-quist: text_mcq" in build(small).out
    assert takes(built, "mara-quist") == {1}
    qa("mara-quist", "--fresh")
    assert takes(built, "mara-quist") == {2}


def test_a_kill_while_takes_are_raised_leaves_none_behind(
    built: Path, qa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, stamp = Workspace(built), CharacterFolder.stamp

    def killed(folder: CharacterFolder, kind: str, found: Stamp) -> None:
        if kind == "text_mcq":
            raise KeyboardInterrupt
        stamp(folder, kind, found)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(CharacterFolder, "stamp", killed)
        ask_anew(workspace, "mara-quist", ("text_qa", "text_mcq"))
    qa("mara-quist", "--fresh")
    folder = workspace.character("mara-quist")
    assert [{row.provenance.take for row in folder.read(model)} for model in (TextQA, TextMCQ)] == [{1}, {1}]
    assert not folder.anew.exists()


def test_a_writer_that_cannot_be_asked_leaves_no_questions_to_be_asked_anew(
    small: Path, built: Path, qa: Run, build: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    assert qa("mara-quist", "--fresh", "--writer", "gemini:any").status == 2
    assert "Nothing to do" in build(small).out


@pytest.mark.parametrize(
    ("character", "words"),
    [("nobody", "There is no character 'nobody' in this set. Known: mara-quist, bram-oake.")],
)
def test_an_unknown_character_is_one_sentence(qa: Run, character: str, words: str) -> None:
    told = qa(character)
    assert (told.status, told.err) == (2, f"rolescape: {words}\n")


def test_a_character_without_a_profile_is_told_what_to_do_first(
    small: Path, build: Run, rolescape: Run, tmp_path: Path
) -> None:
    build(small, "--only", "bram-oake")
    told = rolescape("qa", tmp_path / "built.workspace", "mara-quist", "--engine", "none")
    assert told.status == 2
    assert "has no profile" in told.err and "--only mara-quist" in told.err

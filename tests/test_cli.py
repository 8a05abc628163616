"""The commands as a user meets them: help with examples, one sentence for every mistake, JSON where a program asks."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Told, program, run_rolescape
from small_set import IDS, ROOT, changed, contents, edit

from rolescape_data.providers.ledger import Ledger, beginning

Run = Callable[..., Told]

COMMANDS = [
    "init",
    "check",
    "build",
    "qa",
    "export",
    "verify",
    "status",
    "report",
    "judge",
    "score",
    "schemas",
]


def sentence(told: Told, status: int) -> str:
    """Return the one line that a failing command said."""
    assert told.status == status, told.out + told.err
    assert told.err.startswith("rolescape: ") and told.err.endswith("\n") and told.err.count("\n") == 1, (
        told.err
    )
    assert "Traceback" not in told.out + told.err
    return told.err.removeprefix("rolescape: ").strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_shows_an_example(rolescape: Run, command: str) -> None:
    told = rolescape(command, "--help")
    assert told.status == 0
    assert f"Example: rolescape {command}" in " ".join(told.out.split())


def test_help_lists_every_command(rolescape: Run) -> None:
    told = rolescape("--help")
    assert told.status == 0
    for command in COMMANDS:
        assert re.search(rf"^\s*{command}\b", told.out, re.MULTILINE)


@pytest.mark.parametrize("args", [["biuld"], ["build"], ["build", "--ngine", "none", "x"], ["qa", "w"]])
def test_a_misspelt_command_line_is_status_2_and_no_traceback(rolescape: Run, args: list[str]) -> None:
    told = rolescape(*args)
    assert told.status == 2
    assert "Usage:" in told.err and "Error:" in told.err


@pytest.mark.parametrize("options", [[], ["--with-prompts"]])
def test_init_writes_a_set_that_check_accepts_and_build_builds_below_its_contract(
    rolescape: Run, tmp_path: Path, options: list[str]
) -> None:
    folder = tmp_path / "my set"
    told = rolescape("init", folder, *options)
    assert told.status == 0
    assert (folder / "prompts/profile.md").is_file() == bool(options)
    assert (folder / "qa/gates.yaml").is_file() == bool(options)
    checked = rolescape("check", folder / "set.yaml")
    assert checked.status == 0
    assert "is sound" in checked.out and "hold no picture" in checked.out
    made = rolescape("build", folder / "set.yaml", "--out", tmp_path / "w", "--engine", "none")
    assert made.status == 1
    assert "Below the contract" in made.out
    assert "ada-fenn image count: 0 of 16" in made.out
    assert re.search(r"ada-fenn text_qa \w+: \d+ of 60 \(\S.*\)", made.out)


def test_prompts_that_init_copied_can_be_changed(rolescape: Run, tmp_path: Path) -> None:
    rolescape("init", tmp_path / "mine", "--with-prompts")
    build = ["build", tmp_path / "mine/set.yaml", "--out", tmp_path / "w", "--engine", "none"]
    rolescape(*build)
    assert "Nothing to do" in rolescape(*build).out
    with (tmp_path / "mine/prompts/text_qa.md").open("a") as file:
        file.write("\n")
    edit(
        tmp_path / "mine/qa/blueprints/starter.yaml",
        "count: 60, per_call: 20, split: train",
        "count: 3, split: train",
    )
    again = rolescape(*build)
    assert "Built ada-fenn: text_qa" in again.out


def test_init_refuses_a_folder_that_holds_something(rolescape: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/diary.txt").write_text("mine")
    assert "not empty" in sentence(rolescape("init", tmp_path / "full"), 2)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["diary.txt"]


def test_check_changes_nothing_and_needs_no_workspace(small: Path, rolescape: Run) -> None:
    before = contents(small.parents[1])
    told = rolescape("check", small)
    assert told.status == 0
    assert "0.00 USD" in told.out
    for name in IDS:
        assert re.search(rf"{name}: 1 document\(s\), \d+ own lines, 3 usable picture\(s\)", told.out)
    assert changed(before, contents(small.parents[1])) == set()


def test_json_of_build_status_check_and_export_parses(
    built: Path, small: Path, rolescape: Run, tmp_path: Path
) -> None:
    none = ["--engine", "none"]
    built_again = json.loads(rolescape("build", small, "--out", built, *none, "--json").out)
    assert built_again["built"] == {} and built_again["missing"] == []
    fresh = json.loads(
        rolescape("build", small, "--out", tmp_path / "new", "--until", "profile", *none, "--json").out
    )
    assert fresh["built"] == {name: ["profile"] for name in IDS} | {"bram-oake": ["profile"]}
    status = json.loads(rolescape("status", built, "--json").out)
    assert status["set"] == "small" and status["stale"] == [] and status["cost_usd"] == 0
    assert status["characters"].keys() == set(IDS)
    check = json.loads(rolescape("check", small, "--json").out)
    assert check["problems"] == [] and check["calls"] > 0
    export = json.loads(rolescape("export", built, "--out", tmp_path / "out", *none, "--json").out)
    assert export["counts"]
    qa = json.loads(rolescape("qa", built, "mara-quist", *none, "--json").out)
    assert qa["built"] == []


def test_status_of_a_finished_workspace_counts_records_calls_and_splits(built: Path, rolescape: Run) -> None:
    told = rolescape("status", built)
    assert told.status == 0
    assert re.search(
        r"mara-quist: 1 profile, 3 image, 3 image_dialogue, 3 caption, 1 human_role_dialogue, 4 text_dialogue, 8 text_qa, 2 text_mcq",
        told.out,
    )
    assert "not built" not in told.out and "out of date" not in told.out
    assert "spent in all: 0.0000 USD\n" in told.out


def test_status_tells_what_calls_may_have_cost_whose_end_nobody_knows(
    built: Path, rolescape: Run, tmp_path: Path
) -> None:
    folder = shutil.copytree(built, tmp_path / "killed.workspace")
    with Ledger(folder / "characters" / IDS[0] / "ledger.sqlite").opened() as database, database:
        database.execute(*beginning("of a killed run", 1, "ask", 0.25))

    told = rolescape("status", folder)

    assert "spent in all: 0.0000 USD, and up to 0.2500 USD for calls whose end is not known" in told.out
    assert json.loads(rolescape("status", folder, "--json").out)["open_usd"] == 0.25


@pytest.mark.parametrize(
    ("url", "named"), [("https://models.example.com/v1", True), ("http://127.0.0.1:8000/v1", False)]
)
def test_status_names_a_writer_whose_price_nobody_wrote_down(
    built: Path, rolescape: Run, tmp_path: Path, url: str, named: bool
) -> None:
    folder = shutil.copytree(built, tmp_path / "paid.workspace")
    last = json.loads((folder / "build.json").read_text())
    last["casting"]["default"] = [{"name": "openai:unheard-of", "base_url": url}]
    (folder / "build.json").write_text(json.dumps(last))

    told = rolescape("status", folder)

    assert told.status == 0
    assert ("not in it: what openai:unheard-of charges" in told.out) is named


def test_status_of_an_unfinished_workspace_names_what_is_not_built(
    small: Path, build: Run, rolescape: Run, tmp_path: Path
) -> None:
    build(small, "--until", "images")
    told = rolescape("status", tmp_path / "built.workspace")
    assert (
        "not built: image_dialogue, caption, human_role_dialogue, text_dialogue, text_qa, text_mcq"
        in told.out
    )
    assert "out of date: verdicts, splits, shards, report" in told.out


def test_status_only_reads(built: Path, rolescape: Run) -> None:
    before = contents(built)
    rolescape("status", built)
    assert changed(before, contents(built)) == set()


def test_status_names_rejects_by_reason(small: Path, build: Run, rolescape: Run, tmp_path: Path) -> None:
    (small.parent / "pictures/mara/mara-9.png").write_bytes(b"")
    build(small)
    assert "1 image_file" in rolescape("status", tmp_path / "built.workspace").out


@pytest.mark.parametrize("command", [["status"], ["report"], ["qa", "mara-quist"], ["export"]])
def test_a_folder_that_is_no_workspace_is_named(rolescape: Run, tmp_path: Path, command: list[str]) -> None:
    options = {"qa": ["--engine", "none"], "export": ["--out", str(tmp_path / "o"), "--engine", "none"]}
    (tmp_path / "nothing").mkdir()
    told = rolescape(command[0], tmp_path / "nothing", *command[1:], *options.get(command[0], []))
    said = sentence(told, 2)
    assert "is no workspace" in said and "rolescape build" in said
    assert list((tmp_path / "nothing").iterdir()) == []


def test_a_typo_in_the_set_file_is_a_sentence_with_file_line_and_the_known_keys(
    small: Path, build: Run
) -> None:
    edit(small, "seed: 3", "sead: 3")
    said = sentence(build(small), 2)
    assert f"{small}, line 3" in said and "sead" in said and "seed" in said


def test_yaml_that_is_none_is_a_sentence_with_its_line(small: Path, build: Run) -> None:
    edit(small, "seed: 3", "seed: [3")
    assert re.search(r"set\.yaml, line \d+", sentence(build(small), 2))


def test_a_missing_file_is_a_sentence_with_the_line_that_names_it(small: Path, build: Run) -> None:
    (small.parent / "mara.md").unlink()
    said = sentence(build(small), 2)
    assert re.search(r"set\.yaml, line 18", said) and "mara.md" in said


def test_a_set_file_that_is_not_there_is_a_sentence(build: Run, tmp_path: Path) -> None:
    assert "nowhere.yaml" in sentence(build(tmp_path / "nowhere.yaml"), 2)
    assert not (tmp_path / "built.workspace").exists()


def test_a_broken_line_of_a_script_is_a_sentence_with_its_line(small: Path, build: Run) -> None:
    edit(small.parent / "lines.jsonl", '"speaker": "Joss"', '"speaker: "Joss"')
    assert re.search(r"lines\.jsonl, line \d+", sentence(build(small), 2))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "lokal"], ["lokal", "none, local, dask://HOST:PORT, ray://HOST:PORT"]),
        (["--engine", "dask://here"], ["dask://HOST:PORT"]),
        (["--until", "capshuns"], ["capshuns", "profile, images", "shards, report"]),
        (["--only", "nobody"], ["nobody", "Known: bram-oake, mara-quist"]),
        (["--writer", "openay:gpt"], ["openay:gpt", "offline, openai:MODEL, gemini:MODEL"]),
        (["--writer", "openai"], ["openai:MODEL"]),
        (["--writer", "offline:x"], ["Write offline"]),
    ],
)
def test_unknown_names_list_the_known_ones(
    small: Path, rolescape: Run, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    engine = [] if "--engine" in options else ["--engine", "none"]
    said = sentence(rolescape("build", small, "--out", tmp_path / "w", *engine, *options), 2)
    assert [word for word in words if word not in said] == []


def test_an_unknown_format_lists_the_known_ones(built: Path, rolescape: Run, tmp_path: Path) -> None:
    told = rolescape("export", built, "--out", tmp_path / "out", "--to", "parket", "--engine", "none")
    assert "parket" in sentence(told, 2) and "webdataset" in told.err


def test_an_unknown_blueprint_lists_the_known_ones(small: Path, build: Run) -> None:
    edit(small, "blueprint: small", "blueprint: smal")
    said = sentence(build(small), 2)
    assert "'smal'" in said and "small" in said and "starter" in said


def test_an_unknown_kind_in_a_blueprint_lists_the_known_ones(small: Path, build: Run) -> None:
    edit(small.parent / "qa/blueprints/small.yaml", "text_qa:", "text_qas:")
    said = sentence(build(small), 2)
    assert "text_qas" in said and "text_mcq" in said


@pytest.mark.parametrize(
    ("writer", "key"),
    [("openai:gpt-5-mini", "OPENAI_API_KEY"), ("gemini:gemini-2.5-flash", "GEMINI_API_KEY")],
)
@pytest.mark.parametrize("command", ["build", "check"])
def test_a_missing_key_is_a_sentence_that_names_its_variable(
    small: Path,
    rolescape: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writer: str,
    key: str,
    command: str,
) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    options = ["--out", str(tmp_path / "w"), "--engine", "none"] if command == "build" else []
    said = sentence(rolescape(command, small, "--writer", writer, *options), 2)
    assert key in said
    assert not list((tmp_path / "w").rglob("*.parquet"))


def test_debug_shows_a_traceback_and_nothing_else_does(small: Path, tmp_path: Path) -> None:
    edit(small, "seed: 3", "sead: 3")
    command = program("--debug", "build", small, "--out", tmp_path / "w", "--engine", "none")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" in done.stderr and "sead" in done.stderr.splitlines()[-1]


def test_a_build_without_out_goes_into_a_folder_named_after_the_set(small: Path, tmp_path: Path) -> None:
    command = program("build", small, "--engine", "none", "--until", "profile", "--only", "mara-quist")
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "small.workspace/set.yaml").is_file()


def test_a_reader_that_leaves_early_is_no_error(built: Path) -> None:
    script = f"{' '.join(program('status', built))} | head -c 1 > /dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_output_into_a_closed_pipe_is_no_error_either(built: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            program("status", built, "--json"), cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_report_writes_the_page_again(built: Path, rolescape: Run) -> None:
    page = built / "report/index.html"
    before = page.read_bytes()
    shutil.rmtree(built / "report")
    told = rolescape("report", built)
    assert told.status == 0 and str(page) in told.out
    assert page.read_bytes() == before


def test_schemas_are_written_where_asked(rolescape: Run, tmp_path: Path) -> None:
    assert rolescape("schemas", "--out", tmp_path / "s").status == 0
    assert (tmp_path / "s/text_mcq.schema.json").read_text() == (
        ROOT / "schemas/text_mcq.schema.json"
    ).read_text()


def test_every_command_says_the_same_in_a_process_of_its_own(built: Path) -> None:
    done = subprocess.run(program("status", built), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, run_rolescape("status", built).out)

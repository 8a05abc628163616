"""What a newcomer relies on: the README's commands, the folders it names, a wheel that works anywhere."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from an sdist, as package indexes do."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked in a place of its own."""
    place = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def run_elsewhere(place: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(place)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets == {"demo", "test"}
    assert targets <= rules


def test_the_two_commands_stand_first() -> None:
    first = re.search(r"```\n(.*?)```", README, re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first[1].strip().splitlines()] == [
        "make demo",
        "make test",
    ]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^rolescape (\w+)", README, re.MULTILINE))))
def test_every_command_of_the_readme_exists_and_its_help_has_an_example(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "flows.cli", command, "--help"], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0
    assert f"Example: rolescape {command}" in shown.stdout


def test_the_tree_of_the_readme_is_the_tree_of_the_project() -> None:
    named = set(re.findall(r"`([a-z_]+)/`", README.split("## What each folder holds")[1].split("##")[0]))
    assert {"flows", "rolescape_data", "prompts", "qa", "schemas", "examples", "tests", "benchmarks"} <= named
    assert all((ROOT / name).is_dir() for name in named - {"prompts"})


def test_pictures_of_the_readme_are_there() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file()


def test_a_wheel_renders_a_prompt_outside_the_checkout(elsewhere: Path, tmp_path: Path) -> None:
    code = (
        "import rolescape_data, rolescape_data.prompts as p, pathlib;"
        "prompt = p.load_prompt('caption');"
        "print(pathlib.Path(rolescape_data.__file__).parent);"
        "print(prompt.render({name: '' for name in prompt.inputs} | {'character': {'name': 'Ada', 'lang': 'en'}}))"
    )
    ran = run_elsewhere(elsewhere, "-c", code, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(elsewhere))
    assert "Ada" in ran.stdout


def test_a_wheel_writes_and_checks_a_new_set(elsewhere: Path, tmp_path: Path) -> None:
    made = run_elsewhere(elsewhere, "-m", "flows.cli", "init", "mine", "--with-prompts", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "mine" / "prompts" / "caption.md").is_file()
    checked = run_elsewhere(elsewhere, "-m", "flows.cli", "check", "mine/set.yaml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "sound" in checked.stdout


def test_a_wheel_holds_no_generic_top_level_folder_but_flows(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"flows", "rolescape_data"}


def test_ci_calls_the_verbs_of_the_makefile() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "make check" in script
    assert "make test" in script


def test_constraints_lock_every_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert listed is not None
    names = {
        re.split(r"[\[=<>]", entry)[0].lower().replace("_", "-")
        for entry in re.findall(r'"([^"]+)"', listed[1])
    }
    locked = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert names <= locked

"""A build does what is missing or out of date, and nothing else; whatever stops it, the end is the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Told, program, run_rolescape
from small_set import ROOT, changed, contents, draw, edit, own_copy, tables, times

Build = Callable[..., Told]

QUESTIONS = {"text_qa", "text_mcq"}
TALKS = {"image_dialogue", "human_role_dialogue", "text_dialogue"}
NOTHING = "Nothing to do"


def of(character: str, kinds: set[str]) -> set[str]:
    return {f"{character}/{kind}" for kind in kinds}


def a_document(base: Path) -> None:
    with (base / "mara.md").open("a") as file:
        file.write("- Mara repaired forty barometers last winter.\n")


def a_line(base: Path) -> None:
    edit(base / "lines.jsonl", "a whole heap of it", "a whole cartload of it")


def a_note(base: Path) -> None:
    edit(
        base / "pictures/mara/notes.jsonl",
        "a coil of rope over one shoulder",
        "a folded net over one shoulder",
    )


def a_gate(base: Path) -> None:
    text = (ROOT / "qa/gates.yaml").read_text()
    assert "fail_above: 80\n    warn_above: 75" in text
    stricter = text.replace("fail_above: 80\n    warn_above: 75", "fail_above: 13\n    warn_above: 12")
    (base / "qa/gates.yaml").write_text(stricter)


def a_mix(base: Path) -> None:
    edit(base / "qa/blueprints/small.yaml", "text_qa: {count: 8", "text_qa: {count: 6")


def the_split(base: Path) -> None:
    edit(base / "qa/blueprints/small.yaml", "split: {test_id: 1}", "split: {test_id: 2}")


def the_licence(base: Path) -> None:
    edit(base / "set.yaml", "license: CC0-1.0", "license: CC-BY-4.0")


def the_seed(base: Path) -> None:
    edit(base / "set.yaml", "seed: 3", "seed: 4")


def an_alias(base: Path) -> None:
    edit(base / "set.yaml", "aliases: [Bram]", "aliases: [Bram, Old Bram]")


def another_picture(base: Path) -> None:
    draw(77).save(base / "pictures/bram/bram-0.png")


def a_picture(base: Path) -> None:
    draw(78).save(base / "pictures/bram/bram-2.png")


def a_missing_picture(base: Path) -> None:
    (base / "pictures/bram/bram-3.png").unlink()
    notes = base / "pictures/bram/notes.jsonl"
    notes.write_text(
        "".join(row for row in notes.read_text().splitlines(keepends=True) if "bram-3" not in row)
    )


def a_prompt(base: Path) -> None:
    own_copy("caption.md", base / "prompts", "Write plainly.")


def fewer_kinds(base: Path) -> None:
    edit(base / "qa/blueprints/small.yaml", "  caption: {per_image: 1, split: by_image}\n", "")


def fewer_characters(base: Path) -> None:
    text = (base / "set.yaml").read_text()
    (base / "set.yaml").write_text(text[: text.index("  - name: Bram Oake")])


LONG = [
    a_line,
    a_mix,
    the_split,
    the_seed,
    an_alias,
    another_picture,
    a_picture,
    a_missing_picture,
    fewer_kinds,
]
EDITS = [
    *(a_document, a_note, a_gate, the_licence, a_prompt, fewer_characters),
    *(pytest.param(change, marks=pytest.mark.soak) for change in LONG),
]


def test_a_second_build_does_nothing_and_says_so(small: Path, built: Path, build: Build) -> None:
    before, when = contents(built), times(built)
    told = build(small)
    assert told.status == 0
    assert NOTHING in told.out
    assert changed(before, contents(built)) == set()
    assert changed(when, times(built)) == set()


def test_touching_every_input_rebuilds_nothing(small: Path, built: Path, build: Build) -> None:
    when = times(built)
    for path in small.parent.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert NOTHING in build(small).out
    assert changed(when, times(built)) == set()


def test_a_workspace_that_was_moved_is_still_up_to_date(
    small: Path, built: Path, build: Build, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere" / "w"
    shutil.move(built, moved)
    when = times(moved)
    assert NOTHING in build(small, out=moved).out
    assert changed(when, times(moved)) == set()


LOST = [
    "characters/mara-quist/tables/text_qa.parquet",
    "characters/bram-oake/rejects.parquet",
    "characters/mara-quist/stages.json",
    "set/verdicts.parquet",
    "set/contract.json",
    "shards/manifest.json",
    "report/index.html",
]
LOST_IN_SOAK = ["set/measurements.parquet", "set/splits.parquet", "set/leaks.parquet", "set/stages.json"]


@pytest.mark.parametrize(
    "lost", [*LOST, *(pytest.param(name, marks=pytest.mark.soak) for name in LOST_IN_SOAK)]
)
def test_a_file_that_was_deleted_is_made_again(
    small: Path, small_made: Path, built: Path, build: Build, lost: str
) -> None:
    (built / lost).unlink()
    assert build(small).status == 0
    assert (built / lost).is_file()
    assert changed(contents(small_made / "built.workspace"), contents(built)) == set()


def rebuilt(small: Path, built: Path, build: Build, change: Callable[[Path], None]) -> set[str]:
    """Change something, build, and return the tables that were written again."""
    when = times(built)
    change(small.parent)
    told = build(small)
    assert told.status in (0, 1), told.err
    assert NOTHING not in told.out
    return tables(changed(when, times(built)))


def test_editing_a_document_rebuilds_what_rests_on_it(small: Path, built: Path, build: Build) -> None:
    affected = of("mara-quist", TALKS | QUESTIONS | {"profile", "caption"})
    assert rebuilt(small, built, build, a_document) == affected


def test_editing_somebody_elses_line_leaves_profile_and_questions_alone(
    small: Path, built: Path, build: Build
) -> None:
    assert rebuilt(small, built, build, a_line) == of("bram-oake", TALKS)


def test_editing_an_image_note_rebuilds_what_rests_on_the_picture(
    small: Path, built: Path, build: Build
) -> None:
    again = rebuilt(small, built, build, a_note)
    assert again <= of("mara-quist", {"image", "caption"} | TALKS)
    assert again >= of("mara-quist", {"image", "caption", "image_dialogue"})


@pytest.mark.parametrize(
    "kind",
    [
        *("profile", "caption", "text_dialogue", "text_mcq"),
        *(
            pytest.param(kind, marks=pytest.mark.soak)
            for kind in ("image_dialogue", "human_role_dialogue", "text_qa")
        ),
    ],
)
def test_editing_a_prompt_rebuilds_exactly_the_tables_that_use_it(
    small: Path, built: Path, build: Build, kind: str
) -> None:
    again = rebuilt(
        small, built, build, lambda base: own_copy(f"{kind}.md", base / "prompts", "Write plainly.")
    )
    # The offline writer reads no instructions, so what is made from the new tables stays as it was.
    assert again == {f"mara-quist/{kind}", f"bram-oake/{kind}"}


def test_editing_a_threshold_decides_again_and_taking_it_back_restores_every_byte(
    small: Path, small_made: Path, built: Path, build: Build
) -> None:
    a_gate(small.parent)
    stricter = build(small)
    assert stricter.status == 1
    assert "Below the contract" in stricter.out
    assert changed(contents(small_made / "built.workspace"), contents(built)) >= {"set/verdicts.parquet"}
    (small.parent / "qa/gates.yaml").unlink()
    assert build(small).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(built)) == set()


@pytest.mark.parametrize("change", EDITS)
def test_after_an_edit_a_build_ends_like_one_from_nothing(
    small: Path, built: Path, build: Build, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    change(small.parent)
    after = build(small)
    fresh = build(small, out=tmp_path / "fresh.workspace")
    assert (after.status, after.err) == (fresh.status, fresh.err)
    differing = changed(contents(built), contents(tmp_path / "fresh.workspace"))
    assert {name for name in differing if not name.startswith(left_over(change))} == set()


def left_over(change: Callable[[Path], None]) -> tuple[str, ...]:
    """Return what an edit may leave behind: old inputs, old pictures, and tables that nobody asks for any more."""
    unasked = ("characters/",) if change in (fewer_kinds, fewer_characters) else ()
    return ("inputs/", "blobs/", *unasked)


def test_build_until_a_stage_stops_there_and_the_rest_follows(
    small: Path, small_made: Path, build: Build, tmp_path: Path
) -> None:
    told = build(small, "--until", "images")
    assert told.status == 0
    workspace = tmp_path / "built.workspace"
    assert {path.stem for path in workspace.rglob("*.parquet")} <= {"profile", "image", "rejects"}
    assert build(small).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()


def test_characters_built_one_by_one_make_the_same_set(
    small: Path, small_made: Path, build: Build, tmp_path: Path
) -> None:
    first = build(small, "--only", "bram-oake")
    assert first.status == 1
    assert "mara-quist" in first.out and "not built yet" in first.out
    assert build(small, "--only", "mara-quist").status == 0
    build(small)
    assert changed(contents(small_made / "built.workspace"), contents(tmp_path / "built.workspace")) == set()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel installs it."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        wheel.extractall(place / "site")
    return place / "site"


def test_editing_one_prompt_rebuilds_exactly_its_tables_from_an_installed_wheel_too(
    small: Path, built: Path, tmp_path: Path, installed: Path
) -> None:
    def build_installed() -> str:
        done = subprocess.run(
            program("build", small, "--out", built, "--engine", "none", "--quiet"),
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # The wheel's shipped files are those of the checkout: what was built there is up to date here.
    assert NOTHING in build_installed()
    when = times(built)
    own_copy("caption.md", small.parent / "prompts", "Write plainly.")
    build_installed()
    assert tables(changed(when, times(built))) == {"mara-quist/caption", "bram-oake/caption"}


def kill_when(seen: Path, small: Path, workspace: Path, after: float = 0.0) -> bool:
    """Build in another process and kill -9 it as soon as `seen` is there; return whether it was still at work."""
    process = subprocess.Popen(
        program("build", small, "--out", workspace, "--engine", "none", "--quiet"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not seen.exists() and process.poll() is None:
        time.sleep(0.0005)
    until = time.monotonic() + after
    while time.monotonic() < until:
        pass
    process.kill()
    return process.wait() == -signal.SIGKILL


KILL_POINTS = [
    "inputs",
    "characters/mara-quist/tables/image.parquet",
    "shards/image",
]


@pytest.mark.parametrize("point", KILL_POINTS)
def test_a_build_that_was_killed_ends_with_the_same_bytes(
    small: Path, small_made: Path, build: Build, tmp_path: Path, point: str
) -> None:
    workspace = tmp_path / "built.workspace"
    assert kill_when(workspace / point, small, workspace)
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) != set()
    assert build(small).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_a_build_that_was_killed_anywhere_and_again_ends_with_the_same_bytes(
    small: Path, small_made: Path, build: Build, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    whole = contents(small_made / "built.workspace")
    workspace = tmp_path / "built.workspace"
    for name in chance.sample(sorted(whole), 2):
        kill_when(workspace / name, small, workspace, after=chance.uniform(0.0, 0.2))
    assert build(small).status == 0
    assert changed(whole, contents(workspace)) == set()


def test_a_rebuild_that_was_killed_ends_like_one_from_nothing(
    small: Path, built: Path, build: Build, tmp_path: Path
) -> None:
    a_document(small.parent)
    before = built / "characters/mara-quist/tables/profile.parquet"
    moved = before.stat().st_mtime_ns
    process = subprocess.Popen(
        program("build", small, "--out", built, "--engine", "none", "--quiet"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    while before.stat().st_mtime_ns == moved and process.poll() is None:
        time.sleep(0.0005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    build(small)
    run_rolescape("build", small, "--out", tmp_path / "fresh.workspace", "--engine", "none")
    differing = changed(contents(built), contents(tmp_path / "fresh.workspace"))
    assert {name for name in differing if not name.startswith("inputs/")} == set()

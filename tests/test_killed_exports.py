"""kill -9 in the middle of an export: nobody takes what is there for whole, and the same command ends with the same bytes."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_rolescape
from mmrole_town import content, small_town, written
from small_set import ROOT

from rolescape_data.export.folder import export_folder
from rolescape_data.export.webdataset import MANIFEST, UNFINISHED
from rolescape_data.judging.reviews import METRICS

FOLDERS = ("unicharacter", "mmrole", "mmrole-reward")
LAYOUTS = ("webdataset", *FOLDERS)
POINTS = 12


def options(source: Path, layout: str, out: Path) -> list[str]:
    return ["export", str(source), "--to", layout, "--out", str(out), "--engine", "none", "--quiet"]


def killed_at(step: int, source: Path, layout: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Export in another process, killed at one step; at none when it is 0."""
    return subprocess.run(
        [sys.executable, "tests/killed_export.py", str(step), str(out), *options(source, layout, out)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def reviewed(folder: Path) -> Path:
    """Write review files of the small town's commentaries."""
    rows = content(written(small_town(), folder / "town") / "tests/in_test/comment_test.json")
    for row in rows:
        row["conversations"][-1]["answer"] = "The tide is late."
        row["rm_review"] = {
            metric: {"review": "A is warmer.\n[Scores]: (8, 9)", "score": [8, 9]} for metric in METRICS
        }
    reviews = folder / "reviews"
    reviews.mkdir()
    (reviews / "comment_test.json").write_text(json.dumps(rows))
    return reviews


def source_of(layout: str, small_made: Path, folder: Path) -> Path:
    return reviewed(folder) if layout == "mmrole-reward" else small_made / "built.workspace"


def older(layout: str, whole: Path, out: Path) -> None:
    """Leave an earlier export in the folder: another file of the same name, one that is no longer wanted, no other."""
    first = min(name for name in files(whole) if name != MANIFEST)
    kind = json.loads((whole / MANIFEST).read_text())["format"]
    export_folder({first: b"as it was before", "gone/before.json": b"{}"}, out, kind=kind)


def cut_parts(out: Path, dice: random.Random) -> None:
    """Halve what the killed run was writing: a kill between two writes leaves that."""
    for part in out.rglob("*.part"):
        with part.open("r+b") as file:
            file.truncate(dice.randrange(part.stat().st_size + 1))


def check(layout: str, source: Path, tmp_path: Path, numbers: range) -> None:
    whole = tmp_path / "whole"
    told = killed_at(0, source, layout, whole)
    assert told.returncode == 0, told.stderr
    assert run_rolescape("verify", whole).status == 0
    steps = int(re.findall(r"steps: (\d+)", told.stderr)[-1])
    for number in numbers:
        dice = random.Random(f"{layout}/{number}")
        out = tmp_path / f"killed_{number}"
        if layout in FOLDERS and number % 2:
            older(layout, whole, out)
        began = files(out)
        killed = killed_at(dice.randrange(1, steps + 1), source, layout, out)
        assert killed.returncode == -9, killed.stderr
        cut_parts(out, dice)
        left = files(out)
        if left != began:
            assert MANIFEST not in left or UNFINISHED in left
            assert run_rolescape("verify", out).status in (1, 2)
            refused = run_rolescape("audit", out, "--as", "mmrole", "--out", tmp_path / "audit")
            assert layout != "mmrole" or (refused.status == 2 and "did not finish" in refused.err)
        again = run_rolescape(*options(source, layout, out))
        assert again.status == 0, again.err
        assert files(out) == files(whole)


def test_a_killed_export_is_whole_for_nobody_and_the_same_command_finishes_it(
    small_made: Path, tmp_path: Path
) -> None:
    check("mmrole", small_made / "built.workspace", tmp_path, range(2))


@pytest.mark.soak
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_comes_through_kills(layout: str, small_made: Path, tmp_path: Path) -> None:
    check(layout, source_of(layout, small_made, tmp_path), tmp_path, range(POINTS))

"""Folders full of garbage: an audit with repair ends in seconds, in findings or in one sentence, and keeps to its folders."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
import released_mmrole
import released_set
from conftest import run_rolescape
from hostile import GARBAGE, SECRET
from tiny_released import write_tiny

# Seconds of CPU that a case may take; on the wall it may be ten times as long, for the machine may be busy.
SHORT, LONG = 20, 60
FEW, MANY = 100, 20_000
SEEDS = range(3)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small sound set of each format. Only to be copied."""
    folder = tmp_path_factory.mktemp("sound")
    write_tiny(folder / "rolescape20")
    released_mmrole.write_released(folder / "mmrole", released_mmrole.Faults())
    return {name: folder / name for name in ("rolescape20", "mmrole")}


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Break off what takes more CPU than that, or waits for what never comes."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds} s of CPU")

    before = {one: signal.signal(one, late) for one in (signal.SIGALRM, signal.SIGPROF)}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def files(folder: Path) -> dict[str, int]:
    """Return every file below a folder, links not followed, with its time of change."""
    return {
        str(path): path.lstat().st_mtime_ns
        for where, _, names in os.walk(folder)
        for path in (Path(where) / name for name in names)
    }


def audit_of_garbage(
    source: Path, form: str, kind: str, seed: int, folder: Path, *, size: int, seconds: int
) -> None:
    root = folder / "set"
    shutil.copytree(source, root)
    GARBAGE[kind](root, random.Random(f"{kind} {seed}"), size)
    before = files(folder)
    started = time.process_time()
    with within(seconds):
        told = run_rolescape("audit", root, "--as", form, "--out", folder / "a", "--repair", folder / "r")
    assert time.process_time() - started < seconds
    assert told.status in (0, 1, 2)
    assert (told.status == 2) == bool(told.err), told.err
    assert len(told.err.splitlines()) <= 1 and "should not have" not in told.err, told.err
    after = files(folder)
    new = [path for path in after if after[path] != before.get(path)]
    assert all(any(Path(path).is_relative_to(folder / made) for made in ("a", "r")) for path in new)
    assert before.keys() <= after.keys()
    assert not any(SECRET.encode() in Path(path).read_bytes() for path in new)


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("form", ["rolescape20", "mmrole"])
def test_garbage_ends_in_findings_or_one_sentence(
    form: str, kind: str, sets: dict[str, Path], tmp_path: Path
) -> None:
    audit_of_garbage(sets[form], form, kind, 0, tmp_path, size=FEW, seconds=SHORT)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("form", ["rolescape20", "mmrole"])
def test_much_garbage_ends_in_seconds(
    form: str, kind: str, seed: int, sets: dict[str, Path], tmp_path: Path
) -> None:
    audit_of_garbage(sets[form], form, kind, seed + 1, tmp_path, size=MANY, seconds=LONG)


@pytest.mark.soak
@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_a_set_of_twenty_characters_ends_in_seconds(kind: str, tmp_path: Path) -> None:
    released_set.write_released(tmp_path / "sound", released_set.Faults())
    (tmp_path / "case").mkdir()
    audit_of_garbage(
        tmp_path / "sound", "rolescape20", kind, 0, tmp_path / "case", size=MANY // 10, seconds=2 * LONG
    )

"""Sets and built workspaces that many tests share: each is made once per test session, whatever the number of workers."""

import fcntl
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from model_server import ModelServer, Settings
from small_set import ROOT, write_small_set


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


def run_rolescape(*args: str | Path) -> Told:
    """Run the program in this process, as the command line would."""
    from flows.cli import main

    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["rolescape", *map(str, args)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        return Told(int(end.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("the program came back without ending")


def program(*args: str | Path) -> list[str]:
    """Return the command that runs the program in a process of its own."""
    return [sys.executable, "-m", "flows.cli", *map(str, args)]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test session that all of its workers see."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@contextmanager
def _only_one(shared: Path, name: str) -> Iterator[bool]:
    """Hold a lock between workers; say whether the work is still to be done, and take note that it was."""
    with (shared / f"{name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        mark = shared / f"{name}.made"
        yield not mark.exists()
        mark.touch()


@pytest.fixture(scope="session")
def starter(shared: Path) -> Path:
    """The starter set, built. Only to be read."""
    workspace = shared / "starter.workspace"
    with _only_one(shared, "starter") as due:
        if due:
            command = program(
                "build", ROOT / "examples/starter/set.yaml", "--out", workspace, "--engine", "none"
            )
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            (shared / "starter.out").write_text(done.stdout + done.stderr)
            (shared / "starter.status").write_text(str(done.returncode))
    return workspace


@pytest.fixture(scope="session")
def small_made(shared: Path) -> Path:
    """A folder with the small set's folder `set` and its workspace `built.workspace`. Only to be read."""
    folder = shared / "small"
    with _only_one(shared, "small") as due:
        if due:
            shutil.rmtree(folder, ignore_errors=True)
            set_file = write_small_set(folder / "set")
            told = run_rolescape("build", set_file, "--out", folder / "built.workspace", "--engine", "none")
            assert told.status == 0, told.out + told.err
    return folder


@pytest.fixture
def small(small_made: Path, tmp_path: Path) -> Path:
    """The small set's file in a folder of this test's own."""
    shutil.copytree(small_made / "set", tmp_path / "set")
    return tmp_path / "set" / "set.yaml"


@pytest.fixture
def built(small_made: Path, small: Path, tmp_path: Path) -> Path:
    """The small set's workspace, built, in a folder of this test's own, made from this test's own set file."""
    workspace = tmp_path / "built.workspace"
    shutil.copytree(small_made / "built.workspace", workspace)
    told = (workspace / "build.json").read_text().replace(str(small_made / "set"), str(small.parent))
    (workspace / "build.json").write_text(told)
    return workspace


@pytest.fixture
def rolescape() -> Callable[..., Told]:
    """Run the program in this process."""
    return run_rolescape


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Told]:
    """Build a set without Prefect into `built.workspace` of this test, or where `out` says."""

    def run(set_file: Path, *options: str, out: Path | None = None) -> Told:
        workspace = out or tmp_path / "built.workspace"
        return run_rolescape("build", set_file, "--out", workspace, "--engine", "none", "--quiet", *options)

    return run


@pytest.fixture(scope="session")
def _running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(_running: ModelServer) -> ModelServer:
    """A model server that works, has counted nothing yet, and that no limit is known of in this process."""
    from rolescape_data.providers.background import background

    _running.configure(**asdict(Settings()))
    _running.reset()
    # The limits of a model are shared by the whole process; each test meets a model that nobody knows.
    background()._admissions.clear()
    return _running

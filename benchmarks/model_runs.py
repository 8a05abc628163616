"""A run of paid calls in a process of its own (tests/paid_run.py), against a server in another; left alone or killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def run(server: Any, provider: str, count: int, *, folder: Path, at_once: int = 64, **more: Any) -> Any:
    """Make so many calls; return what the run printed: the replies, or the error that stopped it."""
    started = start(server, provider, count, folder=folder, at_once=at_once, **more)
    out, _ = started.communicate()
    return json.loads(out)


def start(
    server: Any, provider: str, count: int, *, folder: Path, at_once: int = 64, **more: Any
) -> "subprocess.Popen[str]":
    """Start a run; `more` are options of tests/paid_run.py."""
    url = server.gemini_url if provider == "gemini" else server.openai_url
    command = [sys.executable, str(ROOT / "tests" / "paid_run.py"), url, str(folder), str(count)]
    for name, value in ({"provider": provider} | more).items():
        command += [f"--{name}", str(value)] if value is not None else []
    environment = os.environ | {"ROLESCAPE_CONCURRENCY": str(at_once), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill_when(server: Any, provider: str, count: int, *, folder: Path, paid: int, **more: Any) -> None:
    """Start a run, kill -9 it once the server has charged for `paid` calls, and wait until the server is idle."""
    child = start(server, provider, count, folder=folder, **more)
    while server.counters()["paid"] < paid:
        assert child.poll() is None, "the run ended before it could be killed"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    while server.counters()["in_flight"]:
        time.sleep(0.005)


def ledger(folder: Path) -> Path:
    return folder / "characters" / "one" / "ledger.sqlite"


def booked(folder: Path) -> float:
    """Return the USD that the ledger says were, or may have been, spent."""
    from rolescape_data.providers.ledger import Ledger

    spent = Ledger(ledger(folder)).spent()
    return spent.cost_usd + spent.open_usd


def lost(folder: Path) -> int:
    """Return how many calls the ledger knows no end of."""
    with closing(sqlite3.connect(ledger(folder))) as database:
        where = "state IN ('open', 'unknown')"
        return int(database.execute(f"SELECT count(*) FROM attempts WHERE {where}").fetchone()[0])


def is_whole(folder: Path) -> bool:
    """Tell whether the ledger's tables are intact."""
    with closing(sqlite3.connect(ledger(folder))) as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))

"""kill -9 and caps: what is paid for again, and what is never spent. The server's counters are the judge."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer
from paid_cases import booked, writer_of
from paid_run import asked, ledger_of
from small_set import ROOT

from rolescape_data.errors import StoppedError
from rolescape_data.providers.ledger import Ledger


def test_the_server_never_charges_more_than_the_cap(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_json", corruption="missing_key", share=0.05, latency_s=0.02)
    requests = [asked(number) for number in range(200)]

    with pytest.raises(StoppedError, match=r"budget is used up.*--budget"):
        writer_of(server, tmp_path, cap=0.10).write(requests)

    charged = server.counters()["usd"]
    assert 0.07 < charged <= 0.10
    assert booked(tmp_path) == pytest.approx(charged)

    with pytest.raises(StoppedError):
        writer_of(server, tmp_path, character="two", cap=0.10).write(
            [asked(number) for number in range(300, 500)]
        )
    assert server.counters()["usd"] <= 0.10

    writer_of(server, tmp_path, cap=5.0).write(requests)
    assert server.counters()["repeated"] == 0
    assert booked(tmp_path) == pytest.approx(server.counters()["usd"])


def start(
    server: ModelServer, folder: Path, count: int, *, at_once: int, cap: float | None
) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        str(ROOT / "tests" / "paid_run.py"),
        server.openai_url,
        str(folder),
        str(count),
    ]
    command += ["--cap", str(cap)] if cap is not None else []
    environment = os.environ | {"ROLESCAPE_CONCURRENCY": str(at_once), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill_and_go_on(
    server: ModelServer, tmp_path: Path, *, kill_at: int, count: int, at_once: int, cap: float | None = None
) -> Any:
    """Kill a run once the server has charged for `kill_at` calls, and let a second one finish it.

    Returns:
        What the second run printed.
    """
    child = start(server, tmp_path, count, at_once=at_once, cap=cap)
    while server.counters()["paid"] < kill_at:
        assert child.poll() is None, "the run ended before it could be killed"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    while server.counters()["in_flight"]:
        pass
    charged = server.counters()["usd"]
    assert sum(one.cost_usd + one.open_usd for one in [Ledger(ledger_of(tmp_path)).spent()]) >= charged - 1e-9
    out, _ = start(server, tmp_path, count, at_once=at_once, cap=cap).communicate()
    return json.loads(out)


def check_kill(server: ModelServer, tmp_path: Path, kill_at: int, *, count: int, at_once: int) -> None:
    server.configure(latency_s=0.03, mode="bad_json", corruption="missing_key", share=0.1)
    replies = kill_and_go_on(server, tmp_path / "killed", kill_at=kill_at, count=count, at_once=at_once)

    counted = server.counters()
    assert counted["repeated"] <= at_once
    with closing(sqlite3.connect(ledger_of(tmp_path / "killed"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        lost = database.execute(
            "SELECT count(*) FROM attempts WHERE state IN ('open', 'unknown')"
        ).fetchone()[0]
    assert counted["repeated"] <= lost <= at_once
    whole = writer_of(server, tmp_path / "whole").write([asked(number) for number in range(count)])
    assert replies == [one.reply for one in whole]


@pytest.mark.parametrize("kill_at", sorted(random.Random(4).sample(range(1, 75), 2)))
def test_a_killed_run_pays_again_only_for_what_was_in_flight(
    server: ModelServer, tmp_path: Path, kill_at: int
) -> None:
    check_kill(server, tmp_path, kill_at, count=80, at_once=8)


def test_the_cap_holds_across_a_kill(server: ModelServer, tmp_path: Path) -> None:
    server.configure(latency_s=0.03, mode="bad_json", corruption="missing_key", share=0.05)

    told = kill_and_go_on(server, tmp_path, kill_at=20, count=150, at_once=4, cap=0.10)

    assert told["status"] == 3
    assert "budget is used up" in told["error"]
    assert 0.05 < server.counters()["usd"] <= 0.10


@pytest.mark.soak
@pytest.mark.parametrize("kill_at", sorted(random.Random(20).sample(range(1, 390), 20)))
def test_a_killed_run_pays_again_only_for_what_was_in_flight_at_twenty_points(
    server: ModelServer, tmp_path: Path, kill_at: int
) -> None:
    check_kill(server, tmp_path, kill_at, count=400, at_once=64)


@pytest.mark.soak
def test_a_dollar_is_never_exceeded_at_any_speed(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_json", corruption="missing_key", share=0.05, latency_s=0.05)

    told = kill_and_go_on(server, tmp_path, kill_at=500, count=3000, at_once=64, cap=1.0)

    assert told["status"] == 3
    assert 0.5 < server.counters()["usd"] <= 1.0

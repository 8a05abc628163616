"""kill -9 in the middle of a paid build: nothing is paid for again but what was in flight, and the end is the same."""

import os
import random
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Told, program
from model_server import ModelServer
from small_set import ROOT, changed, contents

from rolescape_data.providers import batch_post

Build = Callable[..., Told]
Counters = dict[str, Any]
AT_ONCE = 16


def options(server: ModelServer, provider: str) -> tuple[str, ...]:
    url = server.gemini_url if provider == "gemini" else server.openai_url
    return ("--writer", f"{provider}:test-model", "--base-url", url)


def killed_when(
    server: ModelServer,
    small: Path,
    workspace: Path,
    given: Sequence[str],
    reached: Callable[[Counters], bool],
) -> bool:
    """Build in another process and kill -9 it at a point by the server's counters; return whether it was still at work."""
    command = program("build", small, "--out", workspace, "--engine", "none", "--quiet", *given)
    environment = os.environ | {"ROLESCAPE_CONCURRENCY": str(AT_ONCE)}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    while not reached(server.counters()) and child.poll() is None:
        pass
    child.kill()
    at_work = child.wait() < 0
    while server.counters()["in_flight"]:
        pass
    return at_work


def open_intents(workspace: Path) -> int:
    """Count the calls whose end no ledger knows, and hold every ledger's tables to be intact."""
    found = 0
    for path in workspace.glob("characters/*/ledger.sqlite"):
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            states = "state IN ('open', 'unknown')"
            found += database.execute(f"SELECT count(*) FROM attempts WHERE {states}").fetchone()[0]
    return found


@pytest.mark.parametrize(
    "number", [7, *(pytest.param(number, marks=pytest.mark.soak) for number in range(20) if number != 7)]
)
def test_a_paid_build_that_was_killed_ends_with_the_same_bytes_and_pays_again_only_for_what_was_in_flight(
    small: Path, server: ModelServer, build: Build, tmp_path: Path, number: int
) -> None:
    provider = ("openai", "gemini")[number % 2]
    # Answers of a made-up model fill any contract as far as words go; what gates refuse, they refuse in both runs.
    server.configure(latency_s=0.02)
    whole, killed = tmp_path / "whole.workspace", tmp_path / "killed.workspace"
    status = build(small, *options(server, provider), out=whole).status
    calls = server.counters()["paid"]
    server.reset()

    point = random.Random(number).randrange(1, calls)
    assert killed_when(
        server, small, killed, options(server, provider), lambda counted: counted["paid"] >= point
    )
    lost = open_intents(killed)
    assert build(small, *options(server, provider), out=killed).status == status

    counted = server.counters()
    assert counted["repeated"] <= lost <= AT_ONCE
    assert counted["paid"] - counted["repeated"] == calls
    assert changed(contents(whole), contents(killed)) == set()


@pytest.mark.parametrize(
    ("provider", "counter"),
    [
        ("openai", "batches"),  # submitted: its name may not be in the ledger yet
        pytest.param("openai", "paid", marks=pytest.mark.soak),  # answered, and half harvested
        pytest.param("gemini", "batches", marks=pytest.mark.soak),
        pytest.param("gemini", "paid", marks=pytest.mark.soak),
    ],
)
def test_a_build_in_batches_that_was_killed_ends_with_the_same_bytes_and_pays_for_nothing_twice(
    small: Path,
    server: ModelServer,
    build: Build,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    counter: str,
) -> None:
    monkeypatch.setenv("ROLESCAPE_BATCH_GRACE_S", "2")
    monkeypatch.setattr(batch_post, "FIRST_LOOK_S", 0.02)
    given = (*options(server, provider), "--batch", "--until", "captions")
    whole, killed = tmp_path / "whole.workspace", tmp_path / "killed.workspace"
    status = build(small, *given, out=whole).status
    all_of_it = server.counters()
    server.reset()

    half = all_of_it[counter] // 2 + 1
    assert killed_when(server, small, killed, given, lambda counted: counted[counter] >= half)
    assert build(small, *given, out=killed).status == status

    counted = server.counters()
    assert (counted["repeated"], counted["requests"]) == (0, 0)
    assert counted["paid"] == all_of_it["paid"]
    assert changed(contents(whole), contents(killed)) == set()

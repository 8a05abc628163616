"""A whole build through a model server: the same contract as offline, within its budget, and resumable."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from adapters import KEY
from conftest import Told
from model_server import ModelServer
from small_set import IDS

from flows.build_character_set import shares_of
from rolescape_data.providers.background import background
from rolescape_data.providers.budget import booked, ledgers_under
from rolescape_data.records import RECORDS
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]
PRICES = (
    "prices: {'openai:test-model': {input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}}\n"
)


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="offline") as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.reset()
    background()._admissions.clear()
    return running


def counts(workspace: Path) -> dict[str, dict[str, int]]:
    opened = Workspace(workspace)
    return {name: {kind: len(opened.character(name).read(RECORDS[kind])) for kind in RECORDS} for name in IDS}


def spent(workspace: Path) -> float:
    background().journal.settle()
    return sum(booked(path) for path in ledgers_under(workspace))


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_a_build_through_a_model_meets_the_same_contract_as_offline(
    small: Path, built: Path, server: ModelServer, build: Build, tmp_path: Path, provider: str
) -> None:
    url = server.openai_url if provider == "openai" else server.gemini_url
    out = tmp_path / "paid.workspace"

    told = build(small, "--writer", f"{provider}:test-model", "--base-url", url, out=out)

    assert told.status == 0, told.out + told.err
    assert counts(out) == counts(built)
    assert server.counters()["images"] > 0
    paid = server.counters()["paid"]
    again = build(small, "--writer", f"{provider}:test-model", "--base-url", url, out=out)
    assert "Nothing to do" in again.out
    assert server.counters()["paid"] == paid


def test_a_build_stops_at_its_budget_and_goes_on_with_a_larger_one(
    small: Path, server: ModelServer, build: Build, rolescape: Callable[..., Told], tmp_path: Path
) -> None:
    (small.parent / "qa").mkdir(exist_ok=True)
    (small.parent / "qa" / "prices.yaml").write_text(PRICES)
    out = tmp_path / "paid.workspace"
    told = build(
        small, "--writer", "openai:test-model", "--base-url", server.openai_url, "--budget", "0.1", out=out
    )

    assert told.status == 3, told.out + told.err
    assert "budget is used up" in told.err and "--budget" in told.err
    assert server.counters()["usd"] <= 0.1
    assert spent(out) == pytest.approx(server.counters()["usd"])

    same = build(small, out=out)
    assert same.status == 3, "the cap of the first build holds until somebody raises it"
    assert server.counters()["usd"] <= 0.1

    whole = build(small, "--budget", "20", out=out)
    assert whole.status == 0, whole.out + whole.err
    assert server.counters()["repeated"] == 0
    status = json.loads(rolescape("status", out, "--json").out)
    assert status["cost_usd"] == pytest.approx(server.counters()["usd"], abs=1e-4)


def test_no_key_is_found_in_a_workspace(
    small: Path, server: ModelServer, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    out = tmp_path / "paid.workspace"

    told = build(small, "--writer", "openai:test-model", "--base-url", server.openai_url, out=out)

    assert told.status == 0, told.out + told.err
    background().journal.settle()
    for path in out.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in told.out + told.err


def test_processes_of_a_cluster_share_what_is_left_of_the_cap(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    shares = shares_of(workspace, ["one", "two"], 3.0)

    assert shares == {"one": 1.5, "two": 1.5}
    assert shares_of(workspace, ["one", "two"], None) == {}

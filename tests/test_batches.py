"""Batches over real sockets, judged by the counters of the server: every way that one can end, and kill -9 at every step."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_run import POINTS, prices
from model_server import ModelServer
from paid_run import MODEL, asked, ledger_of
from small_set import ROOT

from rolescape_data.errors import StoppedError, WriterError
from rolescape_data.providers import BatchTerms, Purse, batch_post, open_writer
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Writer
from rolescape_data.providers.batch_ledger import open_batches
from rolescape_data.providers.budget import booked
from rolescape_data.providers.gemini_batch import GeminiBatches
from rolescape_data.providers.ledger import Ledger, Spent
from rolescape_data.providers.openai_batch import OpenAIBatches

PROVIDERS = ("openai", "gemini")
SETTINGS: dict[str, Any] = {
    "mode": "ok",
    "share": 1.0,
    "first": 1,
    "corruption": "mixed",
    "latency_s": 0.0,
    "temperature": True,
    "batch": "complete",
    "batch_lost": False,
    "batch_hidden_s": 0.0,
}


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(running: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    running.configure(**SETTINGS)
    running.reset()
    background()._admissions.clear()
    background()._clients.clear()
    batch_post._posts.clear()
    monkeypatch.setattr(batch_post, "LINGER_S", 0.02)
    monkeypatch.setattr(batch_post, "FIRST_LOOK_S", 0.02)
    monkeypatch.setenv("ROLESCAPE_BATCH_GRACE_S", "0.5")
    return running


def writer_of(
    server: ModelServer,
    folder: Path,
    provider: str = "openai",
    *,
    wait_s: float | None = 30.0,
    cap: float | None = None,
    url: str = "",
) -> Writer:
    """Return a writer in batches, or online when it waits for none."""
    where = url or (server.openai_url if provider == "openai" else server.gemini_url)
    terms = BatchTerms(time.time() + wait_s) if wait_s is not None else None
    purse = Purse(folder, cap, prices(folder), terms)
    return open_writer(f"{provider}:{MODEL}", base_url=where, ledger=ledger_of(folder), purse=purse)


def spent(folder: Path) -> Spent:
    background().journal.settle()
    return Ledger(ledger_of(folder)).spent()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fate", ["complete", "partial", "expired", "cancelled"])
def test_however_a_batch_ends_every_row_is_answered_and_paid_once_at_half_price(
    server: ModelServer, tmp_path: Path, provider: str, fate: str
) -> None:
    server.configure(batch=fate)

    outcomes = writer_of(server, tmp_path, provider, cap=10.0).write([asked(number) for number in range(10)])

    counted = server.counters()
    assert all(set(outcome.reply or {}) == {"dialogue_1", "dialogue_2"} for outcome in outcomes)
    assert (counted["paid"], counted["repeated"], counted["requests"]) == (10, 0, 0)
    assert counted["batch_rows"] == 10 if fate == "complete" else counted["batch_rows"] > 10
    found = spent(tmp_path)
    assert (found.input_tokens, found.output_tokens) == (counted["input_tokens"], counted["output_tokens"])
    assert (found.cost_usd, found.open_usd) == (pytest.approx(counted["usd"]), 0.0)
    assert counted["usd"] == pytest.approx(
        (counted["input_tokens"] + 10 * counted["output_tokens"]) / 2 / 1e6
    )
    assert open_batches(ledger_of(tmp_path)) == []


@pytest.mark.parametrize("fate", ["complete", "partial", "expired", "cancelled"])
def test_a_large_batch_of_geminis_travels_as_a_file_and_ends_as_a_small_one(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    monkeypatch.setattr(GeminiBatches, "inside_bytes", 10_000)
    server.configure(batch=fate)

    outcomes = writer_of(server, tmp_path, "gemini", cap=10.0).write([asked(number) for number in range(10)])

    counted = server.counters()
    assert counted["files"] >= 2, "requests and answers"
    assert all(set(outcome.reply or {}) == {"dialogue_1", "dialogue_2"} for outcome in outcomes)
    assert (counted["paid"], counted["repeated"], counted["requests"]) == (10, 0, 0)
    found = spent(tmp_path)
    assert (found.cost_usd, found.open_usd) == (pytest.approx(counted["usd"]), 0.0)


def run(server: ModelServer, folder: Path, provider: str, *more: str) -> "subprocess.CompletedProcess[str]":
    url = server.openai_url if provider == "openai" else server.gemini_url
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "batch_run.py"), provider, url, str(folder), "6", *more],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_step_pays_for_no_row_twice(
    server: ModelServer, tmp_path: Path, provider: str, point: str
) -> None:
    killed = run(server, tmp_path, provider, point, "10.0")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    [left] = open_batches(ledger_of(tmp_path)) or [None]
    assert (left is None) == (point == "booked")
    if left is not None:
        worst = sum(row.worst_usd for row in left.rows)
        assert booked(ledger_of(tmp_path)) == pytest.approx(worst), "what may be charged is on the books"
        assert bool(left.remote) == (point in ("named", "read"))

    again = run(server, tmp_path, provider, "", "10.0")

    assert again.returncode == 0, again.stdout + again.stderr
    replies = json.loads(again.stdout)
    assert len(replies) == 6 and all(replies)
    counted = server.counters()
    assert (counted["batches"], counted["batch_rows"], counted["paid"], counted["repeated"]) == (1, 6, 6, 0)
    found = spent(tmp_path)
    assert (found.cost_usd, found.open_usd) == (pytest.approx(counted["usd"]), 0.0)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_whose_creation_was_never_confirmed_is_found_in_the_list(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setenv("ROLESCAPE_BATCH_GRACE_S", "20")
    server.configure(batch_lost=True, batch_hidden_s=0.5)

    outcomes = writer_of(server, tmp_path, provider).write([asked(number) for number in range(4)])

    assert all(outcome.reply for outcome in outcomes)
    counted = server.counters()
    assert (counted["batches"], counted["paid"]) == (1, 4)
    assert counted["batch_lists"] > 1


def test_a_file_that_the_server_does_not_take_is_told_with_its_reason(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(batch="failed")
    with pytest.raises(WriterError, match="This line is not parseable"):
        writer_of(server, tmp_path, cap=10.0).write([asked(number) for number in range(4)])
    assert spent(tmp_path).open_usd == 0.0

    server.configure(batch="complete")
    outcomes = writer_of(server, tmp_path, cap=10.0).write([asked(number) for number in range(4)])

    assert all(outcome.reply for outcome in outcomes)
    assert server.counters()["paid"] == 4


def test_a_full_queue_is_a_resumable_stop(server: ModelServer, tmp_path: Path) -> None:
    server.configure(batch="full")

    with pytest.raises(StoppedError, match="Enqueued token limit") as stop:
        writer_of(server, tmp_path).write([asked(1)])

    assert stop.value.exit_status == 3
    server.configure(batch="complete")
    assert writer_of(server, tmp_path).write([asked(1)])[0].reply


def test_a_server_without_batches_is_told_so(server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(WriterError, match="takes no batches"):
        writer_of(server, tmp_path, url=f"{server.address}/elsewhere").write([asked(1)])

    assert spent(tmp_path).open_usd == 0.0
    assert open_batches(ledger_of(tmp_path)) == []


def test_replies_that_do_not_fit_climb_the_ladder_in_follow_up_batches(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(mode="bad_json", corruption="missing_key", share=0.5)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(20)])

    assert all(outcome.error is None and outcome.reply for outcome in outcomes)
    counted = server.counters()
    assert counted["batches"] == 2 and 20 < counted["paid"] < 40
    assert counted["most_tries"] == 2


def test_what_stays_damaged_is_quarantined_after_four_batches(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="always_bad", corruption="missing_key", share=0.3)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(12)])

    bad = [outcome for outcome in outcomes if outcome.error]
    assert 0 < len(bad) < 12
    assert {outcome.error for outcome in bad} == {"invalid"}
    assert server.counters()["batches"] == server.counters()["most_tries"] == 4


def test_answers_of_batches_and_of_single_calls_are_the_same_calls(
    server: ModelServer, tmp_path: Path
) -> None:
    requests = [asked(number) for number in range(9)]

    online = writer_of(server, tmp_path, wait_s=None).write(requests[:3])
    both = writer_of(server, tmp_path).write(requests[:6])
    last = writer_of(server, tmp_path, wait_s=None).write(requests)

    counted = server.counters()
    assert (counted["requests"], counted["batch_rows"], counted["paid"]) == (6, 3, 9)
    assert [one.reply for one in both[:3]] == [one.reply for one in online]
    assert [one.call_key for one in last[:6]] == [one.call_key for one in both]
    assert [one.reply for one in last[:6]] == [one.reply for one in both]


@pytest.mark.parametrize(("cap", "whole"), [(0.04, True), (0.012, False)])
def test_the_cap_holds_in_batches(server: ModelServer, tmp_path: Path, cap: float, whole: bool) -> None:
    requests = [asked(number) for number in range(40)]
    try:
        outcomes = writer_of(server, tmp_path, cap=cap).write(requests)
        assert whole and all(outcome.reply for outcome in outcomes)
    except StoppedError as stop:
        assert not whole and "budget is used up" in str(stop)

    counted = server.counters()
    assert 0 < counted["usd"] <= cap
    assert counted["batches"] > 1, "only what fits at its worst is sent at once"
    found = spent(tmp_path)
    assert (found.cost_usd, found.open_usd) == (pytest.approx(counted["usd"]), 0.0)
    if not whole:
        more = writer_of(server, tmp_path, cap=1.0).write(requests)
        assert all(outcome.reply for outcome in more)
        assert server.counters()["paid"] == 40


def test_a_batch_under_way_holds_its_worst_case_against_the_cap(server: ModelServer, tmp_path: Path) -> None:
    server.configure(batch="stuck")
    requests = [asked(number) for number in range(10)]
    with pytest.raises(StoppedError, match="same command fetches"):
        writer_of(server, tmp_path, cap=0.05, wait_s=0.0).write(requests)
    [left] = open_batches(ledger_of(tmp_path))
    held = spent(tmp_path).open_usd
    assert held == pytest.approx(sum(row.worst_usd for row in left.rows)) and held > 0.02

    with pytest.raises(StoppedError, match="budget is used up"):
        writer_of(server, tmp_path, cap=held, wait_s=0.0).write([asked(99)])
    server.configure(release=True)
    outcomes = writer_of(server, tmp_path, cap=0.05).write(requests)

    assert all(outcome.reply for outcome in outcomes)
    assert (server.counters()["batches"], server.counters()["paid"]) == (1, 10)


def test_more_than_fits_into_one_batch_makes_several(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAIBatches, "most_rows", 4)
    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(10)])
    assert all(outcome.reply for outcome in outcomes)
    assert (server.counters()["batches"], server.counters()["paid"]) == (3, 10)

    monkeypatch.setattr(OpenAIBatches, "most_rows", 50_000)
    monkeypatch.setattr(OpenAIBatches, "most_bytes", 8_000)
    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(10, 20)])

    assert all(outcome.reply for outcome in outcomes)
    assert server.counters()["batches"] >= 5
    assert server.counters()["paid"] == 20


def test_what_a_model_does_not_take_is_learnt_from_a_batch_and_known_to_later_runs(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(temperature=False)
    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(3)])
    assert all(outcome.reply for outcome in outcomes)
    assert (server.counters()["batches"], server.counters()["paid"]) == (2, 3)

    # Another process would know nothing but what the ledger says.
    background()._clients.clear()
    batch_post._posts.clear()
    later = writer_of(server, tmp_path).write([asked(number) for number in range(3, 6)])

    assert all(outcome.reply for outcome in later)
    assert (server.counters()["batches"], server.counters()["paid"]) == (3, 6)


def test_a_row_that_no_batch_answers_is_given_up_after_some(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="first_500", first=0)

    [outcome] = writer_of(server, tmp_path).write([asked(1)])

    assert outcome.error == "failed" and "batches came back without an answer" in outcome.detail
    assert server.counters()["batches"] == 5
    assert spent(tmp_path).cost_usd == 0.0


def test_a_row_that_is_too_large_is_quarantined_alone(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="too_large", share=0.3)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(12)])

    bad = [outcome for outcome in outcomes if outcome.error]
    assert 0 < len(bad) < 12
    assert {outcome.error for outcome in bad} == {"failed"}
    assert all("maximum context length" in outcome.detail for outcome in bad)
    assert server.counters()["batches"] == 1


def test_what_every_row_of_a_batch_meets_stops_with_its_reason(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_request")

    with pytest.raises(WriterError, match="took nothing of batch"):
        writer_of(server, tmp_path).write([asked(number) for number in range(3)])

    assert (server.counters()["batches"], server.counters()["paid"]) == (1, 0)
    assert spent(tmp_path).open_usd == 0.0


def test_a_refused_key_stops_before_anything_is_sent(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789abcdef")
    server.configure(key="sk-right-0123456789abcdef")
    try:
        with pytest.raises(WriterError, match="does not take the key") as fault:
            writer_of(server, tmp_path).write([asked(1)])
    finally:
        server.configure(key="")

    assert "0123456789abcdef" not in str(fault.value)
    assert server.counters()["batches"] == 0
    assert open_batches(ledger_of(tmp_path)) == []

"""Paid calls over real sockets, judged by the counters of the server and not by our own."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from adapters import KEY, painted
from model_server import ModelServer
from paid_run import MODEL, asked, ledger_of, prices
from small_set import ROOT

from rolescape_data.errors import StoppedError, WriterError
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome, Writer
from rolescape_data.providers.ledger import Ledger, Spent
from rolescape_data.providers.paid import refused_unpaid
from rolescape_data.providers.wire import WireFault

SETTINGS: dict[str, Any] = {
    "mode": "ok",
    "source": "seeded",
    "latency_s": 0.0,
    "first": 1,
    "share": 1.0,
    "corruption": "mixed",
    "seed": 0,
    "key": "",
    "retry_after": "seconds",
    "retry_after_s": 1.0,
}


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> Iterator[ModelServer]:
    running.configure(**SETTINGS)
    running.reset()
    # The limits of a model are shared by the whole process; each test meets a model that nobody knows.
    background()._admissions.clear()
    yield running


def writer_of(
    server: ModelServer, folder: Path, *, character: str = "one", cap: float | None = None, model: str = MODEL
) -> Writer:
    return open_writer(
        f"openai:{model}",
        base_url=server.openai_url,
        ledger=ledger_of(folder, character),
        purse=Purse(folder, cap, prices(folder)),
    )


def spent(folder: Path) -> list[Spent]:
    background().journal.settle()
    return [Ledger(path).spent() for path in sorted(folder.glob("characters/*/ledger.sqlite"))]


def booked(folder: Path) -> float:
    """Return what all ledgers say was spent, or may have been."""
    return sum(one.cost_usd + one.open_usd for one in spent(folder))


def test_a_call_is_paid_once_however_often_it_is_asked(server: ModelServer, tmp_path: Path) -> None:
    requests = [asked(number) for number in range(5)]

    first = writer_of(server, tmp_path).write([*requests, requests[0]])
    again = writer_of(server, tmp_path).write(requests)

    assert server.counters()["paid"] == 5
    assert first[0] == first[5]
    assert [one.reply for one in again] == [one.reply for one in first[:5]]
    assert all(one.cached for one in again)
    assert all(set(one.reply or {}) == {"dialogue_1", "dialogue_2"} for one in again)


def test_tokens_and_money_agree_with_the_server_to_the_last_token(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(mode="bad_json", corruption="missing_key", share=0.5)

    outcomes = writer_of(server, tmp_path, cap=10.0).write([asked(number) for number in range(40)])

    counted = server.counters()
    assert counted["paid"] > 50
    assert all(outcome.error is None for outcome in outcomes)
    assert sum(outcome.input_tokens for outcome in outcomes) == counted["input_tokens"]
    [found] = spent(tmp_path)
    assert (found.input_tokens, found.output_tokens) == (counted["input_tokens"], counted["output_tokens"])
    assert found.cost_usd == pytest.approx(counted["usd"])
    assert (found.open_usd, found.calls) == (0.0, counted["paid"])


def test_the_intent_is_on_the_disk_before_the_request_arrives(server: ModelServer, tmp_path: Path) -> None:
    server.configure(latency_s=0.4)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(writer_of(server, tmp_path, cap=10.0).write, [asked(1)])
        while not server.counters()["requests"]:
            pass
        with closing(sqlite3.connect(ledger_of(tmp_path))) as database:
            rows = database.execute("SELECT state, worst_usd > 0 FROM attempts").fetchall()
        done.result()

    assert rows == [("open", 1)]


@pytest.mark.parametrize("what", ["system", "user", "image"])
def test_one_changed_byte_repeats_exactly_the_calls_that_saw_it(
    server: ModelServer, tmp_path: Path, what: str
) -> None:
    pictures = [painted(tmp_path, 8, 8, colour=colour).image for colour in ("red", "green", "blue")]
    requests = [asked(number, images=(pictures[number],)) for number in range(3)]
    writer_of(server, tmp_path).write(requests)
    server.reset()

    changed = {
        "system": {"system": "You write short exchanges!"},
        "user": {"user": requests[1].user.replace("Write.", "Write!")},
        "image": {"images": (painted(tmp_path, 8, 8, colour="#008001").image,)},
    }[what]
    writer_of(server, tmp_path).write([requests[0], replace(requests[1], **changed), requests[2]])  # type: ignore[arg-type]

    assert server.counters()["paid"] == 1


def test_where_the_workspace_lies_and_how_fast_it_works_repeats_nothing(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asked(number) for number in range(4)]
    writer_of(server, tmp_path / "a").write(requests)
    background().journal.settle()
    (tmp_path / "a").rename(tmp_path / "b")
    monkeypatch.setenv("ROLESCAPE_CONCURRENCY", "2")
    monkeypatch.setenv("ROLESCAPE_TIMEOUT_S", "33")

    outcomes = writer_of(server, tmp_path / "b").write(requests)

    assert server.counters()["paid"] == 4
    assert all(outcome.cached for outcome in outcomes)


def test_characters_that_write_at_once_keep_their_calls_apart(server: ModelServer, tmp_path: Path) -> None:
    names = ["one", "two", "three", "four"]
    prices(tmp_path)

    def write(name: str) -> list[Outcome]:
        rows = range(100 * names.index(name), 100 * names.index(name) + 20)
        return writer_of(server, tmp_path, character=name, cap=10.0).write([asked(row) for row in rows])

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(write, names))

    assert server.counters()["paid"] == 80
    assert [one.calls for one in spent(tmp_path)] == [20, 20, 20, 20]
    assert booked(tmp_path) == pytest.approx(server.counters()["usd"])
    assert len({json.dumps(one.reply) for found in outcomes for one in found}) == 80


def test_two_threads_that_ask_the_same_pay_once(server: ModelServer, tmp_path: Path) -> None:
    requests = [asked(number) for number in range(10)]
    prices(tmp_path)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: writer_of(server, tmp_path).write(requests), range(4)))

    assert server.counters()["paid"] == 10
    assert all([one.reply for one in outcomes] == [one.reply for one in found[0]] for outcomes in found)


def test_ten_kinds_of_damage_end_in_valid_rows_with_few_calls(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_json", corruption="mixed")

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(300)])

    counted = server.counters()
    assert all(outcome.error is None and outcome.reply for outcome in outcomes)
    assert counted["most_tries"] <= 4
    assert counted["mean_tries"] <= 1.35


def test_what_stays_damaged_is_quarantined_after_four_calls_and_never_asked_again(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(mode="always_bad", corruption="missing_key", share=0.2)
    requests = [asked(number) for number in range(30)]

    first = writer_of(server, tmp_path).write(requests)
    paid = server.counters()["paid"]
    second = writer_of(server, tmp_path).write(requests)

    bad = [outcome for outcome in first if outcome.error]
    assert 0 < len(bad) < 15
    assert {outcome.error for outcome in bad} == {"invalid"}
    assert all(outcome.raw and "Field required" in outcome.detail for outcome in bad)
    assert server.counters()["most_tries"] == 4
    assert server.counters()["paid"] == paid
    assert [one.detail for one in second] == [one.detail for one in first]

    background().journal.settle()
    Ledger(ledger_of(tmp_path)).release(["invalid"])
    server.configure(mode="ok")
    third = writer_of(server, tmp_path).write(requests)

    assert server.counters()["paid"] == paid + len(bad)
    assert all(outcome.error is None for outcome in third)


def test_a_truncated_reply_is_asked_for_again_with_more_room(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="truncated")

    [outcome] = writer_of(server, tmp_path).write([asked(1)])

    assert outcome.error is None
    with closing(sqlite3.connect(ledger_of(tmp_path))) as database:
        steps = database.execute("SELECT step, finish FROM attempts ORDER BY number").fetchall()
    assert steps == [("ask", "length"), ("widen", "stop")]


def test_a_refusal_is_named(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="refusal")

    [outcome] = writer_of(server, tmp_path).write([asked(1)])

    assert (outcome.reply, outcome.error) == (None, "refused")
    assert server.counters()["paid"] == 2


def test_first_tries_that_end_in_500_cost_nothing_and_are_made_again(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(mode="first_500")

    outcomes = writer_of(server, tmp_path, cap=10.0).write([asked(number) for number in range(20)])

    assert all(outcome.reply for outcome in outcomes)
    assert server.counters()["paid"] == 20
    assert booked(tmp_path) == pytest.approx(server.counters()["usd"])


def test_a_reply_that_breaks_off_may_have_been_charged_and_is_booked_so(
    server: ModelServer, tmp_path: Path
) -> None:
    server.configure(mode="dropped")

    outcomes = writer_of(server, tmp_path, cap=10.0).write([asked(number) for number in range(3)])

    assert all(outcome.reply for outcome in outcomes)
    assert server.counters()["paid"] == 6
    assert booked(tmp_path) >= server.counters()["usd"]
    assert spent(tmp_path)[0].open_usd > 0


@pytest.mark.parametrize(
    ("mode", "said"), [("quota", "Add credit"), ("auth", "Check the key"), ("not_found", "Check the model")]
)
def test_what_no_try_can_mend_stops_with_what_to_do(
    server: ModelServer, tmp_path: Path, mode: str, said: str
) -> None:
    server.configure(mode=mode)

    with pytest.raises(WriterError, match=said):
        writer_of(server, tmp_path).write([asked(number) for number in range(200)])

    assert server.counters()["requests"] <= 64
    assert booked(tmp_path) == 0


def test_what_the_server_has_never_taken_stops_with_its_reason(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_request")

    with pytest.raises(WriterError, match="does not take what 'text_dialogue' sends"):
        writer_of(server, tmp_path).write([asked(number) for number in range(50)])


def test_a_request_that_is_too_large_fails_alone(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="too_large", share=0.2)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(30)])

    failed = [outcome for outcome in outcomes if outcome.error]
    assert 0 < len(failed) < 15
    assert all(outcome.error == "failed" and "too_large" in outcome.detail for outcome in failed)


def test_a_wait_of_minutes_is_a_resumable_stop(server: ModelServer, tmp_path: Path) -> None:
    requests = [asked(number) for number in range(30)]
    server.configure(mode="all_429", seconds=600)

    with pytest.raises(StoppedError, match="run the same command again"):
        writer_of(server, tmp_path).write(requests)
    server.configure(mode="ok")
    background()._admissions.clear()
    outcomes = writer_of(server, tmp_path).write(requests)

    assert all(outcome.reply for outcome in outcomes)
    assert server.counters()["paid"] == 30


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


def test_a_budget_needs_a_price(server: ModelServer, tmp_path: Path) -> None:
    purse = Purse(tmp_path, 1.0, prices(tmp_path))

    with pytest.raises(WriterError, match=r"no price for 'openai:unheard-of'.*prices\.yaml"):
        open_writer("openai:unheard-of", base_url="https://models.example.org/v1", purse=purse)


def test_the_key_is_found_nowhere_in_the_workspace(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.configure(key=KEY)
    writer_of(server, tmp_path).write([asked(1)])
    server.configure(key="another")

    with pytest.raises(WriterError) as stopped:
        writer_of(server, tmp_path).write([asked(2)])

    background().journal.settle()
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert server.counters()["paid"] == 1
    for part in (KEY, KEY[3:], KEY[-8:]):
        assert part not in str(stopped.value)
        assert part.encode() not in held


@pytest.mark.parametrize(
    ("fault", "unpaid"),
    [
        (WireFault("rate_limit", "", status=429), True),
        (WireFault("overloaded", "", status=500), True),
        (WireFault("overloaded", "", status=504), False),
        (WireFault("timeout", ""), False),
        (WireFault("connection", "reset"), False),
        (WireFault("overloaded", "no JSON"), False),
    ],
)
def test_only_a_plain_no_is_believed_to_cost_nothing(fault: WireFault, unpaid: bool) -> None:
    assert refused_unpaid(fault) is unpaid


def test_a_server_that_was_never_reached_cost_nothing() -> None:
    fault = WireFault("connection", "refused")
    fault.__context__ = ConnectionRefusedError()

    assert refused_unpaid(fault)


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
    command += [str(cap)] if cap is not None else []
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
@pytest.mark.parametrize(
    ("mode", "count", "seconds", "refused"), [("all_429", 300, 10.5, 64), ("bucket", 500, 11.5, 40)]
)
def test_refusals_of_a_real_server_cost_little(
    server: ModelServer, tmp_path: Path, mode: str, count: int, seconds: float, refused: int
) -> None:
    server.configure(mode=mode, seconds=8, latency_s=0.2)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(count)])

    counted = server.counters()
    assert all(outcome.reply for outcome in outcomes)
    assert counted["paid"] == count
    assert counted["statuses"]["429"] <= refused
    assert counted["seconds"] <= seconds


@pytest.mark.soak
def test_a_dollar_is_never_exceeded_at_any_speed(server: ModelServer, tmp_path: Path) -> None:
    server.configure(mode="bad_json", corruption="missing_key", share=0.05, latency_s=0.05)

    told = kill_and_go_on(server, tmp_path, kill_at=500, count=3000, at_once=64, cap=1.0)

    assert told["status"] == 3
    assert 0.5 < server.counters()["usd"] <= 1.0

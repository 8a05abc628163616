"""Failing servers over real sockets: what is tried again, what is waited for, what stops, and what it costs."""

import time
from pathlib import Path

import pytest
from model_server import ModelServer
from paid_cases import PROVIDERS, booked, spent, writer_of
from paid_run import asked

from rolescape_data.errors import StoppedError, WriterError
from rolescape_data.providers.admission import START
from rolescape_data.providers.background import background
from rolescape_data.providers.wire import WireFault, refused_unpaid


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


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("quota", "Add credit"),
        ("auth", "Check the key"),
        ("forbidden", "Check the key"),
        ("not_found", "Check the model"),
    ],
)
def test_what_no_try_can_mend_stops_with_what_to_do(
    server: ModelServer, tmp_path: Path, provider: str, mode: str, said: str
) -> None:
    server.configure(mode=mode)

    with pytest.raises(WriterError, match=said):
        writer_of(server, tmp_path, provider=provider).write([asked(number) for number in range(200)])

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


@pytest.mark.parametrize(
    ("fault", "unpaid"),
    [
        (WireFault("rate_limit", "", status=429), True),
        (WireFault("not_found", "", status=307), True),
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


@pytest.mark.parametrize("provider", PROVIDERS)
def test_two_seconds_of_refusals_cost_few_calls_and_little_time_after_them(
    server: ModelServer, tmp_path: Path, provider: str
) -> None:
    server.configure(mode="all_429", seconds=2, latency_s=0.1)

    outcomes = writer_of(server, tmp_path, provider=provider).write([asked(number) for number in range(100)])

    counted = server.counters()
    assert all(outcome.reply for outcome in outcomes)
    assert counted["paid"] == 100
    assert START >= counted["statuses"]["429"] >= 1, "no more than leave before anything is known"
    # Retry-After comes in whole seconds, so up to one of them is lost, and a busy machine takes its own.
    assert 2.0 <= counted["seconds"] <= 6.0


@pytest.mark.soak
@pytest.mark.parametrize(
    ("mode", "count", "seconds", "refused"), [("all_429", 300, 10.5, 64), ("bucket", 500, 11.5, 40)]
)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_refusals_of_a_real_server_cost_little(
    server: ModelServer, tmp_path: Path, provider: str, mode: str, count: int, seconds: float, refused: int
) -> None:
    server.configure(mode=mode, seconds=8, latency_s=0.2)

    outcomes = writer_of(server, tmp_path, provider=provider).write(
        [asked(number) for number in range(count)]
    )

    counted = server.counters()
    assert all(outcome.reply for outcome in outcomes)
    assert counted["paid"] == count
    assert counted["statuses"]["429"] <= refused
    assert counted["seconds"] <= seconds


@pytest.mark.soak
@pytest.mark.parametrize("provider", PROVIDERS)
def test_refusals_without_end_and_without_a_word_stop_within_a_minute_and_can_be_resumed(
    server: ModelServer, tmp_path: Path, provider: str
) -> None:
    server.configure(mode="all_429", seconds=1e6, retry_after="none")
    requests = [asked(number) for number in range(300)]

    began = time.monotonic()
    with pytest.raises(StoppedError, match="run the same command again") as stopped:
        writer_of(server, tmp_path, provider=provider).write(requests)

    assert time.monotonic() - began <= 60
    assert stopped.value.exit_status == 3
    assert server.counters()["requests"] <= 64
    server.configure(mode="ok")
    background()._admissions.clear()
    assert all(one.reply for one in writer_of(server, tmp_path, provider=provider).write(requests))


def test_limits_told_in_headers_are_kept(server: ModelServer, tmp_path: Path) -> None:
    server.configure(rpm=3000)

    writer_of(server, tmp_path).write([asked(number) for number in range(150)])

    counted = server.counters()
    assert counted["paid"] == 150
    # 49 a second, of which one second's worth may leave at once, beside the few that left before any header came.
    assert counted["seconds"] >= (150 - 49 - START) / 49 * 0.95


def test_waiting_in_the_queue_is_never_a_time_out(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLESCAPE_CONCURRENCY", "2")
    monkeypatch.setenv("ROLESCAPE_TIMEOUT_S", "1")
    server.configure(latency_s=0.2)

    outcomes = writer_of(server, tmp_path).write([asked(number) for number in range(24)])

    counted = server.counters()
    assert all(outcome.reply for outcome in outcomes)
    assert counted["seconds"] > 2.0, "twice the time-out"
    assert (counted["requests"], counted["most_in_flight"]) == (24, 2)

"""Paid calls over real sockets: paid once, recorded first, kept apart. The server's counters are the judge."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from adapters import KEY, painted
from model_server import ModelServer
from paid_cases import PROVIDERS, booked, spent, writer_of
from paid_run import asked, ledger_of, prices

from rolescape_data.errors import WriterError
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome


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


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("what", ["system", "user", "image"])
def test_one_changed_byte_repeats_exactly_the_calls_that_saw_it(
    server: ModelServer, tmp_path: Path, what: str, provider: str
) -> None:
    pictures = [painted(tmp_path, 8, 8, colour=colour).image for colour in ("red", "green", "blue")]
    requests = [asked(number, images=(pictures[number],)) for number in range(3)]
    writer_of(server, tmp_path, provider=provider).write(requests)
    server.reset()

    changed = {
        "system": {"system": "You write short exchanges!"},
        "user": {"user": requests[1].user.replace("Write.", "Write!")},
        "image": {"images": (painted(tmp_path, 8, 8, colour="#008001").image,)},
    }[what]
    writer_of(server, tmp_path, provider=provider).write(
        [requests[0], replace(requests[1], **changed), requests[2]]
    )  # type: ignore[arg-type]

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


def test_a_stage_with_a_key_of_its_own_leaves_alone_what_another_key_has_in_flight(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.configure(latency_s=0.4)
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        done = pool.submit(writer_of(server, tmp_path).write, [asked(1), asked(2)])
        while server.counters()["requests"] < 2:
            pass
        monkeypatch.setenv("OPENAI_API_KEY", KEY + "-of-another-stage")
        writer_of(server, tmp_path, character="two")
        done.result()

    assert server.counters()["requests"] == 2


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

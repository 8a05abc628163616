"""Damaged, cut and refused replies over real sockets: how many calls a row takes, and how it ends."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from model_server import CORRUPTIONS, ModelServer
from paid_cases import PROVIDERS, writer_of
from paid_run import QUESTIONS, asked, ledger_of

from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome
from rolescape_data.providers.ledger import Ledger


@pytest.mark.parametrize("provider", PROVIDERS)
def test_ten_kinds_of_damage_end_in_valid_rows_with_few_calls(
    server: ModelServer, tmp_path: Path, provider: str
) -> None:
    outcomes: list[Outcome] = []
    for number, kind in enumerate(CORRUPTIONS):
        server.configure(mode="bad_json", corruption=kind)
        rows = range(30 * number, 30 * number + 30)
        outcomes += writer_of(server, tmp_path, provider=provider).write([asked(row) for row in rows])

    counted = server.counters()
    assert len(outcomes) == counted["rows"] == 300
    assert all(outcome.error is None for outcome in outcomes)
    assert all(set(outcome.reply or {}) == {"dialogue_1", "dialogue_2"} for outcome in outcomes)
    assert counted["most_tries"] <= 4
    assert counted["mean_tries"] <= 1.3


@pytest.mark.parametrize("sets", [60, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_set_of_ten_questions_is_four_easy_four_medium_two_hard_with_four_options_each(
    server: ModelServer, tmp_path: Path, provider: str, sets: int
) -> None:
    server.configure(mode="bad_json", share=0.1)
    requests = [
        asked(number, answer="TextMCQAnswer", keys=QUESTIONS, max_tokens=4000) for number in range(sets)
    ]

    outcomes = writer_of(server, tmp_path, provider=provider).write(requests)

    assert server.counters()["paid"] > sets, "some were damaged"
    for outcome in outcomes:
        assert outcome.error is None and outcome.reply is not None
        cells = Counter(key.split("_")[0] for key in outcome.reply)
        assert cells == {"easy": 4, "medium": 4, "hard": 2}
        assert all(list(item["options"]) == list("ABCD") for item in outcome.reply.values())
        assert all(all(item["options"].values()) for item in outcome.reply.values())


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

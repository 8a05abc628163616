"""Quarantined requests asked again on demand, and no other; judged by the server's counters."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from conftest import Told
from model_server import ModelServer
from small_set import IDS

from flows.rehearsing import OFFLINE, with_writer
from flows.retrying import EVERY, lift, quarantined, to_retry
from flows.reviewing import reviews
from flows.tasks import open_desk
from rolescape_data.judging.judge import MOST_TRIES
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.providers.ledger import Ledger, beginning, call_key, keeping
from rolescape_data.providers.stand_in import StandIn
from rolescape_data.records import RECORDS, Review
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]
KINDS = tuple(RECORDS)


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="offline") as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.configure(mode="ok", share=1.0, first=1)
    running.reset()
    background()._admissions.clear()
    return running


def held(workspace: Path) -> int:
    """Count what is in quarantine in the whole workspace."""
    background().journal.settle()
    opened = Workspace(workspace)
    return sum(sum(counts.values()) for name in IDS for counts in quarantined(opened, name).values())


def money(workspace: Path) -> float:
    background().journal.settle()
    return sum(Ledger(Workspace(workspace).character(name).ledger).spent().input_tokens for name in IDS)


def test_a_retry_asks_for_the_quarantined_requests_and_for_no_other(
    small: Path, server: ModelServer, build: Build, rolescape: Callable[..., Told], tmp_path: Path
) -> None:
    out = tmp_path / "paid.workspace"
    writer = ("--writer", "openai:test-model", "--base-url", server.openai_url)
    told = build(small, *writer, "--until", "profile", out=out)
    assert told.status == 0, told.out + told.err
    server.configure(mode="refusal", share=0.5)
    told = build(small, *writer, "--until", "image_dialogues", out=out)
    counted = held(out)
    before, tokens = server.counters(), money(out)
    assert 0 < counted < 6, told.out + told.err
    status = json.loads(rolescape("status", out, "--json").out)
    told_of = [
        entry["quarantined"]["image_dialogue"]["refused"]
        for entry in status["characters"].values()
        if entry["quarantined"]
    ]
    assert sum(told_of) == counted
    assert "--retry" in rolescape("status", out).out

    server.configure(mode="ok")
    same = build(small, *writer, "--until", "image_dialogues", out=out)
    assert "Nothing to do" in same.out
    other = build(small, *writer, "--until", "image_dialogues", "--retry", "truncated", out=out)
    assert "Nothing to do" in other.out
    assert server.counters()["paid"] == before["paid"]
    whole = build(small, *writer, "--until", "image_dialogues", "--retry", "refused", out=out)

    assert whole.status == 0, whole.out + whole.err
    assert server.counters()["paid"] == before["paid"] + counted
    assert held(out) == 0
    assert money(out) == server.counters()["input_tokens"] > tokens, "the refused tries stay on the books"
    rows = [len(Workspace(out).character(name).read(RECORDS["image_dialogue"])) for name in IDS]
    assert rows == [3, 3]
    again = build(small, *writer, "--until", "image_dialogues", "--retry", EVERY, out=out)
    assert "Nothing to do" in again.out


def test_a_kill_between_marking_tables_and_lifting_loses_no_request(
    small: Path, server: ModelServer, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "paid.workspace"
    writer = ("--writer", "openai:test-model", "--base-url", server.openai_url, "--until", "image_dialogues")
    server.configure(mode="refusal", share=0.5)
    build(small, *writer, out=out)
    counted = held(out)
    paid = server.counters()["paid"]
    server.configure(mode="ok")

    def killed(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "release", killed)
        with pytest.raises(KeyboardInterrupt):
            for name in IDS:
                lift(Workspace(out), name, EVERY, KINDS)
    build(small, *writer, out=out)
    assert (held(out), server.counters()["paid"]) == (counted, paid)

    build(small, *writer, "--retry", EVERY, out=out)
    assert held(out) == 0


def test_the_questions_of_one_character_are_retried_alone(
    small: Path, server: ModelServer, build: Build, rolescape: Callable[..., Told], tmp_path: Path
) -> None:
    out = tmp_path / "paid.workspace"
    writer = ("--writer", "openai:test-model", "--base-url", server.openai_url)
    build(small, *writer, "--until", "dialogues", out=out)
    server.configure(mode="refusal", share=1.0)
    build(small, *writer, out=out)
    opened = Workspace(out)
    asked = {name: to_retry(opened, name, EVERY, KINDS) for name in IDS}
    assert all(set(counts) >= {"text_qa"} for counts in asked.values()), asked
    server.configure(mode="ok")

    told = rolescape("qa", out, IDS[0], "--retry", "refused", "--engine", "none", "--quiet")

    assert told.status in (0, 1), told.out + told.err
    background().journal.settle()
    assert to_retry(opened, IDS[0], EVERY, KINDS) == {}
    assert to_retry(opened, IDS[1], EVERY, KINDS) == asked[IDS[1]]


def test_a_judges_try_without_a_reply_is_in_quarantine_until_a_later_one_of_the_same_question_is_read(
    built: Path,
) -> None:
    with (built / "set.yaml").open("a") as file:
        file.write("\nreviews: {sample: 2, rubrics: [rolescape_1to7]}\n")
    desk = open_desk(Workspace(built), IDS[0], casting=OFFLINE)
    folder = desk.workspace.character(IDS[0])
    ledger = Ledger(folder.ledger)

    reviews(with_writer(desk, Review.kind, Hesitant(ledger, tries=1)), folder.read_all(), take=0)
    read_later = ledger.quarantined()
    reviews(with_writer(desk, Review.kind, Hesitant(ledger, tries=MOST_TRIES)), folder.read_all(), take=1)

    assert ("review", "empty") not in read_later
    assert ledger.quarantined()["review", "empty"] > 0


class Hesitant:
    """A judge whose first tries of each question come to nothing, in a ledger as after a paid call."""

    name = "openai:test-model"
    kind: Literal["llm", "vlm", "rule"] = "llm"

    def __init__(self, ledger: Ledger, *, tries: int) -> None:
        self._ledger = ledger
        self._tries = tries

    def write(self, asked: Sequence[Request]) -> list[Outcome]:
        return [self._said(request) for request in asked]

    def _said(self, request: Request) -> Outcome:
        key = call_key(self.name, request)
        (found,) = StandIn(lambda *_: None).write([request])
        failed = request.take % MOST_TRIES < self._tries
        outcome = Outcome(key, None, error="empty") if failed else replace(found, call_key=key)
        with self._ledger.opened() as database, database:
            database.execute(*beginning(key, 1, "ask", 0.0))
            database.execute(*keeping(self.name, request, outcome))
        return outcome


@pytest.mark.parametrize("command", ["build", "qa"])
def test_an_unknown_reason_lists_the_known_ones(
    small: Path, built: Path, build: Build, rolescape: Callable[..., Told], command: str
) -> None:
    if command == "build":
        told = build(small, "--retry", "bored")
    else:
        told = rolescape("qa", built, IDS[0], "--retry", "bored", "--engine", "none", "--quiet")

    assert told.status == 2
    assert not Workspace(built).character(IDS[0]).begun.exists()
    for reason in ("bored", "quarantined", "refused", "truncated", "invalid", "empty", "failed"):
        assert reason in told.err

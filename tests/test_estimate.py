"""What `check` says a build will take: by stage and in sum, never less at the most, and corrected by the first replies."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Told
from model_server import ModelServer
from small_set import IDS

from flows.estimating import Forecast
from flows.expecting import FIRST, corrected, tell_expected
from flows.rehearsing import OFFLINE, with_writer
from flows.retrying import to_retry
from flows.step import Step
from flows.steps import STEPS
from flows.tasks import open_desk
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Request
from rolescape_data.providers.ledger import TABLES
from rolescape_data.providers.stand_in import StandIn
from rolescape_data.records import RECORDS, Record
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
def server(running: ModelServer, small: Path) -> ModelServer:
    running.configure(mode="ok", source="offline", first=1, share=1.0, corruption="mixed")
    running.reset()
    background()._admissions.clear()
    background()._clients.clear()
    (small.parent / "qa").mkdir(exist_ok=True)
    (small.parent / "qa" / "prices.yaml").write_text(PRICES)
    return running


def told_to(server: ModelServer) -> tuple[str, ...]:
    return ("--writer", "openai:test-model", "--base-url", server.openai_url)


def test_check_adds_up_its_kinds_and_calls_nobody(small: Path, server: ModelServer, rolescape: Build) -> None:
    said = json.loads(rolescape("check", small, *told_to(server), "--json").out)

    assert server.counters()["requests"] == 0
    for name in (
        "calls",
        "calls_most",
        "input_tokens",
        "input_most",
        "output_tokens",
        "output_most",
        "usd",
        "usd_most",
    ):
        assert said[name] == pytest.approx(sum(stage[name] for stage in said["stages"]))
        assert said[name] > 0
    assert all(stage["usd"] <= stage["usd_most"] for stage in said["stages"])
    text = rolescape("check", small, *told_to(server)).out
    assert "in sum" in text
    assert f"{said['usd']:.2f} USD" in text


def test_what_batches_cost_is_half_and_said_to_be(small: Path, server: ModelServer, rolescape: Build) -> None:
    online = json.loads(rolescape("check", small, *told_to(server), "--json").out)

    said = json.loads(rolescape("check", small, *told_to(server), "--batch", "--json").out)

    assert (online["batch"], said["batch"]) == (False, True)
    assert said["calls"] == online["calls"] and said["input_tokens"] == online["input_tokens"]
    assert said["usd"] == pytest.approx(online["usd"] / 2)
    assert said["usd_most"] == pytest.approx(online["usd_most"] / 2)
    assert "half price of batches" in rolescape("check", small, *told_to(server), "--batch").out
    assert "half price" not in rolescape("check", small, *told_to(server)).out


def test_check_says_where_its_most_comes_from(small: Path, server: ModelServer, rolescape: Build) -> None:
    said = json.loads(rolescape("check", small, *told_to(server), "--json").out)

    text = rolescape("check", small, *told_to(server)).out

    assert f"(most) is what a build cannot pass, not what it comes near: {said['calls_most']:,} calls" in text
    assert f"{said['output_most'] / said['calls_most']:,.0f} tokens a call" in text
    assert "--budget" in text


def test_only_contracts_of_cells_are_asked_for_in_rounds(
    small: Path, server: ModelServer, rolescape: Build
) -> None:
    said = json.loads(rolescape("check", small, *told_to(server), "--json").out)

    by_kind = {stage["kind"]: stage for stage in said["stages"]}
    # Four replies a request; the small set's blueprint has two rounds.
    assert by_kind["caption"]["calls_most"] == 4 * by_kind["caption"]["calls"]
    assert by_kind["text_qa"]["calls_most"] == 2 * 4 * by_kind["text_qa"]["calls"]


@pytest.mark.parametrize("step", [step for step in STEPS if step.decides], ids=lambda step: step.kind)
def test_tables_that_only_decide_put_no_word_into_a_request(built: Path, step: Step) -> None:
    desk = open_desk(Workspace(built), IDS[0], casting=OFFLINE)
    folder = desk.workspace.character(IDS[0])
    tables = {kind: folder.read(RECORDS[kind]) for kind in step.needs if kind in desk.blueprint.kinds}
    assert any(tables[kind] for kind in step.decides if kind in tables)
    for kind in step.decides:
        tables[kind] = [_with_words(record, "xyzzy") for record in tables.get(kind, [])]
    sent: list[Request] = []
    silent = StandIn(lambda requests, _: sent.extend(requests), silent=True)

    step.make(with_writer(desk, step.kind, silent), tables, 0)

    assert sent and not any("xyzzy" in request.user for request in sent)


def _with_words(record: Record, word: str) -> Record:
    """Return a record every text of which is one word."""
    if hasattr(record, "messages"):
        return record.model_copy(
            update={"messages": [one.model_copy(update={"text": word}) for one in record.messages]}
        )
    return record.model_copy(update={"user_text": word, "response": word})


def test_a_writer_without_a_price_is_counted_in_calls_and_tokens(
    small: Path, rolescape: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0000000000")

    said = json.loads(rolescape("check", small, "--writer", "openai:nobody-knows", "--json").out)

    assert said["usd"] is None
    assert said["input_tokens"] > 0
    assert "prices.yaml" in rolescape("check", small, "--writer", "openai:nobody-knows").out


def test_the_offline_writer_costs_nothing(small: Path, rolescape: Build) -> None:
    said = json.loads(rolescape("check", small, "--json").out)

    assert (said["usd"], said["usd_most"], said["input_tokens"]) == (0.0, 0.0, 0)
    assert said["calls"] > 0


@pytest.mark.parametrize(
    "faults",
    [
        {"mode": "always_bad", "corruption": "missing_key"},
        {"mode": "ok", "source": "seeded"},
        *(
            pytest.param(faults, marks=pytest.mark.soak)
            for faults in (
                {"mode": "ok"},
                {"mode": "truncated", "first": 2},
                {"mode": "bad_json", "first": 3, "corruption": "missing_key"},
            )
        ),
    ],
)
def test_what_is_stated_as_the_most_is_never_exceeded(
    small: Path,
    server: ModelServer,
    rolescape: Build,
    build: Build,
    tmp_path: Path,
    faults: dict[str, object],
) -> None:
    said = json.loads(rolescape("check", small, *told_to(server), "--json").out)
    server.configure(**faults)

    build(small, *told_to(server), out=tmp_path / "paid.workspace")

    counters = server.counters()
    assert counters["paid"] > 0
    assert counters["requests"] <= said["calls_most"]
    assert counters["input_tokens"] <= said["input_most"]
    assert counters["output_tokens"] <= said["output_most"]
    assert counters["usd"] <= said["usd_most"]


REVIEWED = """
reviews: {sample: 4, rubrics: [rolescape_1to7, refusal, mmrole_pair], metrics: [personality, diversity, refusal, Fluency]}
"""


def judged(small: Path, server: ModelServer) -> None:
    """Have a sample of the small set's replies judged, preference pairs among them."""
    blueprint = small.parent / "qa" / "blueprints" / "small.yaml"
    blueprint.write_text(f"{blueprint.read_text()}  preference: {{mix: {{ai_tone: 2}}, split: train}}\n")
    writer = f"{{name: 'openai:test-model', base_url: '{server.openai_url}'}}"
    small.write_text(f"{small.read_text()}{REVIEWED}writers:\n  reviews: {writer}\n")


def review_of(told: Told) -> dict[str, int]:
    (row,) = [row for row in json.loads(told.out)["stages"] if row["kind"] == "review"]
    return row  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "options", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["rest_by_rule", "all_by_a_model"]
)
@pytest.mark.parametrize(
    "faults",
    [
        {"mode": "always_bad", "corruption": "missing_key"},
        pytest.param({"mode": "ok"}, marks=pytest.mark.soak),
    ],
)
def test_reviews_are_bounded_by_the_replies_that_a_judge_is_shown(
    small: Path,
    server: ModelServer,
    rolescape: Build,
    build: Build,
    tmp_path: Path,
    faults: dict[str, str],
    options: bool,
) -> None:
    judged(small, server)
    writers = told_to(server) if options else ()
    said = review_of(rolescape("check", small, *writers, "--json"))
    server.configure(source="seeded")
    build(small, *writers, "--until", "qa", out=tmp_path / "out")
    server.configure(**faults)

    build(small, *writers, out=tmp_path / "out")

    calls = given = 0
    for name in IDS:
        with closing(sqlite3.connect(Workspace(tmp_path / "out").character(name).ledger)) as database:
            of_reviews = "FROM attempts WHERE key IN (SELECT key FROM calls WHERE prompt_id = 'review')"
            calls += database.execute(f"SELECT count(*) {of_reviews}").fetchone()[0]
            given += database.execute(f"SELECT coalesce(sum(input_tokens), 0) {of_reviews}").fetchone()[0]
    assert 0 < calls <= said["calls_most"]
    assert 0 < given <= said["input_most"]
    # By rule the replies are known, so that a request is bounded by little more than its own bytes.
    assert options or said["input_most"] < 25_000 * said["calls_most"]


def kept(path: Path, kinds: dict[str, tuple[int, float]]) -> Path:
    """Write a ledger with so many answered calls of each kind, at a price each."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        for kind, (count, usd) in kinds.items():
            for number in range(count):
                key = f"{kind}-{number}"
                database.execute(
                    "INSERT INTO calls (key, prompt_id, writer, request, raw, detail, input_tokens, output_tokens, cost_usd) "
                    "VALUES (?, ?, 'openai:m', '', '', '', 1, 1, ?)",
                    (key, kind, usd),
                )
                database.execute(
                    "INSERT INTO attempts (key, number, step, state, worst_usd) VALUES (?, 1, 'ask', 'answered', 1)",
                    (key,),
                )
    return path


def forecast_of(kind: str, calls: int, usd: float) -> Forecast:
    return Forecast(kind, kind, "openai:m", calls, calls, 1, 1, 1, 1, usd, usd)


def test_the_expected_cost_is_corrected_by_the_first_replies_and_not_before(tmp_path: Path) -> None:
    said = [forecast_of("caption", 100, 1.0), forecast_of("probe", 10, 2.0)]

    early = corrected(said, [kept(tmp_path / "early.sqlite", {"caption": (FIRST - 1, 0.03)})])
    later = corrected(said, [kept(tmp_path / "later.sqlite", {"caption": (FIRST, 0.03)})])

    assert early is not None and early.corrected_usd is None
    # Replies cost three times the guess: what lies ahead, 80 captions and all probes, will too.
    assert later is not None and later.corrected_usd == pytest.approx(20 * 0.03 + 3 * (0.8 + 2.0))
    assert "9.00 USD by the first 20 replies (forecast 3.00)" in tell_expected(later)


def test_at_the_end_of_a_build_the_expected_cost_is_what_was_paid(
    small: Path, server: ModelServer, rolescape: Build, build: Build, tmp_path: Path
) -> None:
    out = tmp_path / "paid.workspace"
    assert build(small, *told_to(server), out=out).status == 0
    background().journal.settle()

    status = json.loads(rolescape("status", out, "--json").out)

    assert status["expected"]["replies"] >= FIRST
    assert status["expected"]["corrected_usd"] == pytest.approx(server.counters()["usd"], rel=0.02)
    assert "whole build: expected cost" in rolescape("status", out).out


def test_replies_of_earlier_runs_neither_count_nor_correct(tmp_path: Path) -> None:
    said = [forecast_of("text_qa", 40, 4.0)]
    ledger = kept(tmp_path / "ledger.sqlite", {"caption": (90, 0.1), "text_qa": (2 * FIRST, 0.2)})

    early = corrected(said, [ledger], {"caption": (90, 9.0), "text_qa": (FIRST + 1, 0.1)})
    later = corrected(said, [ledger], {"caption": (90, 9.0), "text_qa": (FIRST, 4.0)})

    assert early is not None and (early.replies, early.corrected_usd) == (FIRST - 1, None)
    assert later is not None and later.corrected_usd == pytest.approx(8.0)


def test_questions_tell_beforehand_what_they_take_and_leave_the_builds_forecast_alone(
    built: Path, server: ModelServer, rolescape: Build
) -> None:
    (built / "forecast.json").write_text("{}")
    anew = ("qa", built, IDS[0], "--fresh", "--engine", "none", *told_to(server))

    told = rolescape(*anew)

    counters = server.counters()
    calls, given = calls_told(told)
    assert calls == counters["requests"] > 0
    assert given == pytest.approx(counters["input_tokens"], rel=0.1)
    assert f"{counters['usd']:.2f} USD" in told.err
    assert (built / "forecast.json").read_text() == "{}"


def test_of_questions_that_were_begun_only_the_rest_is_told(
    built: Path, server: ModelServer, rolescape: Build
) -> None:
    anew = ("qa", built, IDS[0], "--engine", "none", *told_to(server))
    server.configure(mode="refusal", share=0.5)
    rolescape(*anew, "--fresh")
    background().journal.settle()
    held = sum(to_retry(Workspace(built), IDS[0], "refused", ("text_qa", "text_mcq")).values())
    server.configure(mode="ok")
    before = server.counters()["requests"]

    told = rolescape(*anew, "--retry", "refused")

    assert 0 < held <= calls_told(told)[0]
    assert calls_told(told)[0] == server.counters()["requests"] - before


def calls_told(told: Told) -> tuple[int, int]:
    """Return the calls and the tokens that go with them, as a regeneration of questions tells them beforehand."""
    found = re.search(r"take about ([\d,]+) calls, ([\d,]+) \+", told.err)
    assert found, told.err
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


def test_input_tokens_are_forecast_within_a_twentieth_of_the_servers_count(
    small: Path, server: ModelServer, rolescape: Build, build: Build, tmp_path: Path
) -> None:
    # OpenAI's tile formula holds for this model's name, and the server counts pictures by it.
    writer = ("--writer", "openai:gpt-4o-test", "--base-url", server.openai_url)
    said = json.loads(rolescape("check", small, *writer, "--json").out)

    assert build(small, *writer, "--until", "solver", out=tmp_path / "paid.workspace").status == 0

    counters = server.counters()
    assert counters["images"] > 0
    assert 0.95 <= said["input_tokens"] / counters["input_tokens"] <= 1.05
    assert 0.95 <= said["calls"] / counters["requests"] <= 1.05


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("check", "qa/prices.yaml"),
        ("build", "qa/prices.yaml"),
        ("build", "qa/gates.yaml"),
        ("build", "prompts/caption.md"),
        ("qa", "qa/prices.yaml"),
    ],
)
def test_a_broken_file_of_the_users_is_named_where_the_user_has_it(
    small: Path, rolescape: Build, build: Build, tmp_path: Path, command: str, file: str
) -> None:
    out = tmp_path / "broken.workspace"
    if command == "qa":
        build(small, "--until", "profile", out=out)
    path = small.parent / file
    path.parent.mkdir(exist_ok=True)
    path.write_text('prices: {"openai:m": {input: free}}\n')

    told = {
        "check": lambda: rolescape("check", small),
        "build": lambda: build(small, out=out),
        "qa": lambda: rolescape("qa", out, IDS[0], "--engine", "none", "--quiet"),
    }[command]()

    assert told.status == 2
    assert str(path) in told.err
    assert str(out) not in told.err

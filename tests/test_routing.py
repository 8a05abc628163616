"""A writer for each stage, and writers that take over: who really wrote what, what is asked again, and what is not."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from adapters import KEY
from conftest import Told
from model_server import ModelServer
from paid_run import asked, ledger_of
from small_set import IDS

from flows.steps import WRITTEN
from rolescape_data.errors import SettingsError, StoppedError, WriterError
from rolescape_data.providers import Purse, open_route
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome, Writer
from rolescape_data.providers.ledger import Ledger, beginning, keeping
from rolescape_data.providers.routing import Handover, forget_rests, handovers, record, taken_over
from rolescape_data.records import RECORDS
from rolescape_data.routes import Casting, Leg, cast, named, parse
from rolescape_data.settings import load_set
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[ModelServer, ModelServer]]:
    with ModelServer(source="offline") as one, ModelServer(source="offline") as other:
        yield one, other


@pytest.fixture
def servers(pair: tuple[ModelServer, ModelServer]) -> tuple[ModelServer, ModelServer]:
    for server in pair:
        server.configure(mode="ok", source="offline", share=1.0, key="", input_usd=1.0)
        server.reset()
    # Limits, and what a client has learnt of its server, are shared by the whole process.
    background()._admissions.clear()
    background()._clients.clear()
    forget_rests()
    return pair


def written_by(workspace: Path, kind: str) -> set[str]:
    opened = Workspace(workspace)
    return {row.provenance.writer for name in IDS for row in opened.character(name).read(RECORDS[kind])}


def route_of(servers: tuple[ModelServer, ModelServer]) -> str:
    return f"openai:first@{servers[0].openai_url}, gemini:second@{servers[1].gemini_url}"


# ------------------------------------------------------------------------------------------------ who is asked


def test_a_kind_is_stronger_than_its_stage_and_a_flag_than_all() -> None:
    writers = {"qa": "gemini:a", "probe": ["openai:b", "offline"]}

    found = cast("offline", writers, kinds=WRITTEN)

    assert named(found.route("text_qa")) == "gemini:a"
    assert named(found.route("probe")) == "openai:b, offline"
    assert named(found.route("profile")) == "offline"
    flagged = cast("offline", writers, kinds=WRITTEN, flag="openai:c,gemini:d", base_url="http://host/v1")
    assert {named(flagged.route(kind)) for kind in WRITTEN} == {"openai:c, gemini:d"}
    assert [leg.base_url for leg in flagged.default] == ["http://host/v1", None]
    assert Casting.model_validate_json(found.model_dump_json()) == found


def test_a_name_in_writers_that_is_neither_stage_nor_kind_is_told_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'caption_'.*image_dialogues.*visual_mcq"):
        cast("offline", {"caption_": "offline"}, kinds=WRITTEN)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("writers: {qa: {name: 'openai:a', key: sk-1}}", "unknown key 'key'"),
        ("writers: {qa: {name: 'openai:a', base_url: 'http://me:secret@host/v1'}}", "password"),
        ("writers: {qa: {name: 'openai:a', base_url: 'host:8000'}}", "no URL"),
        ("writers: {qa: {name: 'openai:a', base_url: 'http://host:80000/v1'}}", "no URL"),
        ("writers: {qa: {name: 'openai:a', base_url: 'http://[::1/v1'}}", "no URL"),
        ("writers: {qa: {name: 'openai:a', base_url: 'https://host/v1?key=secret'}}", "keys belong"),
        ("writers: {qa: 7}", "qa"),
    ],
)
def test_what_a_set_says_of_its_writers_is_checked(small: Path, line: str, said: str) -> None:
    small.write_text(f"{line}\n{small.read_text()}")

    with pytest.raises(SettingsError, match=said) as fault:
        load_set(small)
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize("text", ["openai:a@http://me:secret@host/v1", "", "openai:a@ftp://host"])
def test_a_flag_that_names_no_usable_writer_is_refused_and_repeats_no_password(text: str) -> None:
    with pytest.raises(SettingsError) as fault:
        parse(text)

    assert "secret" not in str(fault.value)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000/v1",
        "localhost:8000",
        "",
        "ftp://host",
        "http://me:secret@host",
        "http://host/?k=secret",
    ],
)
def test_an_address_that_is_none_never_sends_to_the_provider_instead(url: str) -> None:
    with pytest.raises(SettingsError, match="cannot be used") as fault:
        parse("openai:a", url)

    assert "secret" not in str(fault.value)


def test_a_fall_back_without_a_key_is_noticed_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OTHER_KEY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(WriterError, match="GEMINI_API_KEY"):
        open_route(parse("openai:a@http://127.0.0.1:9/v1, gemini:b"))
    with pytest.raises(WriterError, match="OTHER_KEY"):
        open_route((Leg(name="gemini:b", key_env="OTHER_KEY"),))


def test_each_server_gets_the_key_of_its_own_variable(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-this-one")
    monkeypatch.setenv("OTHER_KEY", KEY)
    servers[0].configure(key=KEY, source="seeded")
    leg = Leg(name="openai:first", base_url=servers[0].openai_url, key_env="OTHER_KEY")

    writer = open_route((leg,), ledger=ledger_of(tmp_path), purse=Purse(tmp_path))

    assert writer.write([asked(1)])[0].error is None
    assert servers[0].counters()["ok"] == 1


# ------------------------------------------------------------------------------------------------ taking over


@pytest.mark.parametrize("mode", ["quota", "not_found", "auth", "forbidden"])
def test_a_fall_back_takes_over_what_its_predecessor_cannot_do_and_is_named(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path, mode: str
) -> None:
    servers[0].configure(mode=mode)
    servers[1].configure(source="seeded")
    told: list[str] = []
    ledger = ledger_of(tmp_path)
    route = parse(route_of(servers))

    outcomes = open_route(route, ledger=ledger, notice=told.append).write([asked(n) for n in range(5)])

    assert {(one.writer, one.error) for one in outcomes} == {("gemini:second", None)}
    assert servers[1].counters()["paid"] == 5
    assert len(told) == 1
    assert "gemini:second" in told[0]
    (row, count), *others = taken_over(Ledger(ledger)).items()
    assert not others
    assert (row[0], row[1], count) == ("openai:first", "gemini:second", 5)


def test_a_server_that_is_gone_is_left_alone_for_a_while_and_then_asked_again(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    from rolescape_data.providers import routing

    servers[0].configure(mode="quota")
    servers[1].configure(source="seeded")
    now = [0.0]

    def opened() -> Writer:
        background()._admissions.clear()
        writer = open_route(parse(route_of(servers)), ledger=ledger_of(tmp_path))
        assert isinstance(writer, routing.RoutedWriter)
        writer._clock = lambda: now[0]
        return writer

    writer = opened()

    writer.write([asked(1)])
    refused = servers[0].counters()["requests"]
    writer.write([asked(2)])
    assert servers[0].counters()["requests"] == refused

    servers[0].configure(mode="ok", source="seeded")
    assert opened().write([asked(3)])[0].writer == "gemini:second"
    now[0] = routing.LONG_REST_S + 1
    assert opened().write([asked(4)])[0].writer == "openai:first"


def test_a_row_that_one_model_refuses_goes_to_the_next_and_the_others_stay(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    servers[0].configure(mode="refusal", share=0.5, first=0, source="seeded")
    servers[1].configure(source="seeded")

    outcomes = open_route(parse(route_of(servers)), ledger=ledger_of(tmp_path)).write(
        [asked(n) for n in range(12)]
    )

    assert all(one.reply for one in outcomes)
    by = [one.writer for one in outcomes]
    assert 0 < by.count("gemini:second") == servers[1].counters()["paid"] < 12


def test_what_every_writer_refuses_is_quarantined_with_the_first_ones_reason(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    for server in servers:
        server.configure(mode="refusal", first=0, source="seeded")

    (outcome,) = open_route(parse(route_of(servers)), ledger=ledger_of(tmp_path)).write([asked(1)])

    assert (outcome.reply, outcome.error, outcome.writer) == (None, "refused", "openai:first")


def test_the_last_writers_stop_stops_the_route(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    for server in servers:
        server.configure(mode="quota")

    with pytest.raises(WriterError, match=r"gemini:second.*credit"):
        open_route(parse(route_of(servers)), ledger=ledger_of(tmp_path)).write([asked(1)])


def test_a_used_up_budget_is_nobodys_to_take_over(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    (tmp_path / "prices.yaml").write_text(
        "prices: {'openai:first': {input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}}\n"
    )
    purse = Purse(tmp_path, 0.0001, tmp_path)

    with pytest.raises(StoppedError, match="budget is used up"):
        open_route(parse(route_of(servers)), ledger=ledger_of(tmp_path), purse=purse).write([asked(1)])
    assert servers[1].counters()["requests"] == 0


def test_a_later_run_asks_nobody_again_whoever_had_answered(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    servers[0].configure(mode="quota")
    servers[1].configure(source="seeded")
    route, ledger = parse(route_of(servers)), ledger_of(tmp_path)
    first = open_route(route, ledger=ledger).write([asked(n) for n in range(4)])
    servers[0].configure(mode="ok", source="seeded")
    background()._admissions.clear()
    forget_rests()

    again = open_route(route, ledger=ledger).write([asked(n) for n in range(5)])

    assert [one.reply for one in again[:4]] == [one.reply for one in first]
    assert [one.writer for one in again] == ["gemini:second"] * 4 + ["openai:first"]
    assert servers[0].counters()["paid"] == 1


def test_a_handover_whose_successor_never_answered_is_asked_of_the_first_again(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    for server in servers:
        server.configure(mode="quota", source="seeded")
    route, ledger = parse(route_of(servers)), ledger_of(tmp_path)
    with pytest.raises(WriterError):
        open_route(route, ledger=ledger).write([asked(1)])
    assert handovers(Ledger(ledger))
    servers[0].configure(mode="ok")
    background()._admissions.clear()
    forget_rests()

    assert open_route(route, ledger=ledger).write([asked(1)])[0].writer == "openai:first"


def test_answers_of_a_writer_that_is_a_fall_back_now_are_no_answers_of_the_first(
    servers: tuple[ModelServer, ModelServer], tmp_path: Path
) -> None:
    for server in servers:
        server.configure(source="seeded")
    ledger = ledger_of(tmp_path)
    open_route(parse(f"gemini:second@{servers[1].gemini_url}"), ledger=ledger).write([asked(1)])

    (outcome,) = open_route(parse(route_of(servers)), ledger=ledger).write([asked(1)])

    assert outcome.writer == "openai:first"


@pytest.mark.parametrize("answering", [None, 0, 1, 2])
def test_a_request_counts_once_in_quarantine_and_not_at_all_once_any_writer_answered(
    tmp_path: Path, answering: int | None
) -> None:
    ledger = kept_route(tmp_path, ["refused", "invalid", "truncated"], answering)

    assert ledger.quarantined() == ({("caption", "refused"): 1} if answering is None else {})
    assert ledger.release(["invalid", "truncated"]) == []
    assert ledger.release(["refused"]) == (["key-0", "key-1", "key-2"] if answering is None else [])


def test_a_request_that_its_first_writer_was_never_asked_for_counts_by_the_next_one(tmp_path: Path) -> None:
    ledger = kept_route(tmp_path, ["", "invalid", "refused"], None)

    assert ledger.quarantined() == {("caption", "invalid"): 1}


def test_writers_that_changed_places_leave_a_request_in_quarantine(tmp_path: Path) -> None:
    ledger = kept_route(tmp_path, ["refused", "invalid"], None)
    record(ledger, [Handover("key-1", "openai:1", "openai:0", "key-0", "invalid", "")])

    assert ledger.quarantined() == {("caption", "refused"): 1}


def kept_route(tmp_path: Path, errors: list[str], answering: int | None) -> Ledger:
    """Write a ledger of one request that went through a route, each writer failing by its error ('' was never asked)."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(
        ledger,
        [
            Handover(f"key-{at}", f"openai:{at}", f"openai:{at + 1}", f"key-{at + 1}", "refused", "")
            for at in range(len(errors) - 1)
        ],
    )
    with ledger.opened() as database, database:
        for at, error in enumerate(errors):
            if not error:
                continue
            key, request = f"key-{at}", replace(asked(1), prompt_id="caption")
            reply, kind = ({"text": "yes"}, None) if at == answering else (None, error)
            database.execute(*beginning(key, 1, "ask", 0.0))
            database.execute("UPDATE attempts SET began = ? WHERE key = ?", (f"2026-01-0{at + 1}", key))
            database.execute(*keeping("openai:m", request, Outcome(key, reply, error=kind)))  # type: ignore[arg-type]
    return ledger


# ------------------------------------------------------------------------------------------------ whole builds


def with_writers(small: Path, servers: tuple[ModelServer, ModelServer]) -> None:
    lines = [
        "writers:",
        f"  captions: {{name: 'openai:first', base_url: '{servers[0].openai_url}'}}",
        f"  text_qa: ['openai:first@{servers[0].openai_url}', 'gemini:second@{servers[1].gemini_url}']",
    ]
    small.write_text("\n".join(lines) + "\n" + small.read_text())


def test_each_stage_is_written_by_its_own_writer_and_a_rerun_asks_nobody(
    small: Path, servers: tuple[ModelServer, ModelServer], build: Build, rolescape: Build, tmp_path: Path
) -> None:
    with_writers(small, servers)
    servers[0].configure(mode="ok")
    out = tmp_path / "routed.workspace"

    told = build(small, out=out)

    assert told.status == 0, told.out + told.err
    assert written_by(out, "caption") == {"openai:first"}
    assert written_by(out, "text_qa") == {"openai:first"}
    assert {name.partition("@")[0] for name in written_by(out, "profile")} == {"offline"}
    assert servers[1].counters()["requests"] == 0
    assert "Nothing to do" in build(small, out=out).out
    tables = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    paid = servers[0].counters()["paid"]
    for path in out.glob("characters/*/stages.json"):
        path.unlink()
    assert build(small, out=out).status == 0
    assert {path: path.read_bytes() for path in tables} == tables
    assert servers[0].counters()["paid"] == paid


def test_changing_one_stages_writer_makes_only_that_stage_out_of_date(
    small: Path, built: Path, servers: tuple[ModelServer, ModelServer], build: Build
) -> None:
    small.write_text(
        f"writers: {{captions: {{name: 'openai:first', base_url: '{servers[0].openai_url}'}}}}\n{small.read_text()}"
    )

    told = json.loads(build(small, "--json", out=built).out)

    assert told["built"] == {name: ["caption"] for name in IDS}


def test_a_build_goes_on_with_the_fall_back_and_says_so_everywhere(
    small: Path, servers: tuple[ModelServer, ModelServer], build: Build, rolescape: Build, tmp_path: Path
) -> None:
    servers[0].configure(mode="quota")
    out = tmp_path / "routed.workspace"

    told = build(small, "--writer", route_of(servers), out=out)

    assert told.status == 0, told.out + told.err
    assert written_by(out, "caption") == {"gemini:second"}
    status = json.loads(rolescape("status", out, "--json").out)
    for entry in status["characters"].values():
        (row,) = entry["taken_over"]
        assert (row["writer"], row["by"], row["reason"]) == ("openai:first", "gemini:second", "quota")
    assert "taken over by gemini:second (quota)" in rolescape("status", out).out
    assert "gemini:second" in (out / "report" / "index.html").read_text()
    assert "gemini:second' writes instead" in (out / "run.log").read_text()
    with closing(sqlite3.connect(out / "characters" / IDS[0] / "ledger.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM handed_on").fetchone()[0] > 0


def test_a_retry_leaves_alone_what_a_fall_back_has_answered(
    small: Path, servers: tuple[ModelServer, ModelServer], build: Build, rolescape: Build, tmp_path: Path
) -> None:
    first, second = servers
    out = tmp_path / "routed.workspace"
    to = ("--writer", route_of(servers), "--until", "image_dialogues")
    build(small, *to[:2], "--until", "profile", out=out)
    first.configure(mode="refusal")
    told = build(small, *to, out=out)
    assert told.status == 0, told.out + told.err
    assert written_by(out, "image_dialogue") == {"gemini:second"}
    with closing(sqlite3.connect(out / "characters" / IDS[0] / "ledger.sqlite")) as database:
        refused = "SELECT count(*) FROM calls WHERE error = 'refused' AND writer = 'openai:first'"
        assert database.execute(refused).fetchone()[0] == 3
    paid = first.counters()["paid"], second.counters()["paid"]
    first.configure(mode="ok")

    again = build(small, *to, "--retry", "quarantined", out=out)

    assert "Nothing to do" in again.out
    assert (first.counters()["paid"], second.counters()["paid"]) == paid
    assert all(not entry["quarantined"] for entry in _characters(rolescape, out))

    # What the fall-back did not answer either is asked for again, and of that only what nobody answered.
    second.configure(mode="refusal")
    first.configure(mode="refusal", share=0.5)
    build(small, *to[:2], "--until", "captions", out=out)
    held = sum(
        sum(by.values()) for entry in _characters(rolescape, out) for by in entry["quarantined"].values()
    )
    assert 0 < held < 6, "a request that both writers refused is in quarantine once"
    first.configure(mode="ok")
    before = first.counters()["paid"]
    build(small, *to[:2], "--until", "captions", "--retry", "quarantined", out=out)
    assert first.counters()["paid"] == before + held
    assert all(not entry["quarantined"] for entry in _characters(rolescape, out))


def _characters(rolescape: Build, workspace: Path) -> list[dict[str, dict[str, dict[str, int]]]]:
    background().journal.settle()
    found: list[dict[str, dict[str, dict[str, int]]]] = list(
        json.loads(rolescape("status", workspace, "--json").out)["characters"].values()
    )
    return found

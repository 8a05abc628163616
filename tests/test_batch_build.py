"""A whole build, or one character's questions, in batches: as online at half the price, to be left and come back to."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from adapters import KEY
from conftest import Told, program
from model_server import ModelServer
from small_set import IDS, ROOT, changed, contents

from rolescape_data.providers import batch_post
from rolescape_data.providers.background import background
from rolescape_data.records import RECORDS, TextMCQ, TextQA
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="offline") as server:
        yield server


@pytest.fixture
def server(running: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    running.configure(batch="complete", latency_s=0.0, mode="ok")
    running.reset()
    background()._admissions.clear()
    batch_post._posts.clear()
    monkeypatch.setattr(batch_post, "LINGER_S", 0.05)
    monkeypatch.setattr(batch_post, "FIRST_LOOK_S", 0.02)
    return running


@pytest.fixture
def priced(small: Path) -> Path:
    """The small set, with the prices of the test server."""
    entry = "{input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}"
    (small.parent / "qa").mkdir(exist_ok=True)
    (small.parent / "qa" / "prices.yaml").write_text(
        f"prices: {{'openai:test-model': {entry}, 'gemini:test-model': {entry}}}\n"
    )
    return small


def counts(workspace: Path) -> dict[str, dict[str, int]]:
    opened = Workspace(workspace)
    return {name: {kind: len(opened.character(name).read(RECORDS[kind])) for kind in RECORDS} for name in IDS}


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_a_build_in_batches_meets_the_contract_at_half_the_price(
    priced: Path,
    built: Path,
    server: ModelServer,
    build: Build,
    rolescape: Callable[..., Told],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
) -> None:
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", KEY)
    url = server.openai_url if provider == "openai" else server.gemini_url
    out = tmp_path / "batch.workspace"

    told = build(
        priced, "--writer", f"{provider}:test-model", "--base-url", url, "--budget", "20", "--batch", out=out
    )

    assert told.status == 0, told.out + told.err
    assert counts(out) == counts(built)
    counted = server.counters()
    assert counted["images"] > 0
    assert counted["repeated"] == counted["requests"] == 0, "everything went in batches"
    whole = (counted["input_tokens"] * 1.0 + counted["output_tokens"] * 10.0) / 1e6
    assert counted["usd"] == pytest.approx(whole / 2)
    status = json.loads(rolescape("status", out, "--json").out)
    assert status["cost_usd"] == pytest.approx(counted["usd"], abs=1e-4)
    assert status["batches"] == []
    online = build(priced, "--writer", f"{provider}:test-model", "--base-url", url, out=out)
    assert "Nothing to do" in online.out
    background().journal.settle()
    for path in out.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_both_characters_share_a_batch(
    priced: Path, server: ModelServer, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_post, "LINGER_S", 2.0)
    out = tmp_path / "batch.workspace"

    told = build(
        priced,
        *("--writer", "openai:test-model", "--base-url", server.openai_url, "--until", "profile", "--batch"),
        out=out,
    )

    assert told.status == 0, told.out + told.err
    assert server.counters()["batches"] == 1
    assert server.counters()["paid"] == 2


def test_a_build_sends_leaves_tells_and_comes_back(
    priced: Path, server: ModelServer, build: Build, rolescape: Callable[..., Told], tmp_path: Path
) -> None:
    server.configure(batch="stuck")
    out = tmp_path / "batch.workspace"
    to = ("--writer", "openai:test-model", "--base-url", server.openai_url, "--until", "profile")

    told = build(priced, *to, "--batch", "--batch-wait", "0", out=out)

    assert told.status == 3, told.out + told.err
    assert "still at work on" in told.err and "same command" in told.err
    status = rolescape("status", out)
    assert "requests of" in status.out and "`rolescape build --batch` fetches" in status.out
    entries = json.loads(rolescape("status", out, "--json").out)["batches"]
    assert all(entry["at_server"] for entry in entries)
    assert sum(entry["requests"] for entry in entries) == 2
    sent = server.counters()["batches"]

    server.configure(release=True)
    back = build(priced, *to, "--batch", out=out)

    assert back.status == 0, back.out + back.err
    assert (server.counters()["batches"], server.counters()["paid"]) == (sent, 2)


def test_an_online_build_fetches_what_batches_have_already_paid_for(
    priced: Path, server: ModelServer, build: Build, tmp_path: Path
) -> None:
    server.configure(batch="stuck")
    out = tmp_path / "batch.workspace"
    to = ("--writer", "openai:test-model", "--base-url", server.openai_url, "--until", "profile")
    build(priced, *to, "--batch", "--batch-wait", "0", out=out)
    server.configure(release=True)

    told = build(priced, *to, out=out)

    assert told.status == 0, told.out + told.err
    assert (server.counters()["requests"], server.counters()["paid"]) == (0, 2)


def test_a_wait_that_is_no_time_is_told(small: Path, build: Build) -> None:
    told = build(small, "--batch", "--batch-wait", "tomorrow")

    assert told.status == 2
    assert "24h" in told.err


Options = tuple[str, ...]


@pytest.fixture(params=["openai", "gemini"])
def anew(
    request: pytest.FixtureRequest, priced: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Options:
    """What asks for questions anew, of each provider, in batches."""
    monkeypatch.setenv(f"{request.param.upper()}_API_KEY", KEY)
    monkeypatch.setenv("ROLESCAPE_BATCH_GRACE_S", "2")
    url = server.openai_url if request.param == "openai" else server.gemini_url
    return ("--fresh", "--batch", "--writer", f"{request.param}:test-model", "--base-url", url)


@pytest.fixture
def qa(rolescape: Callable[..., Told]) -> Build:
    def run(workspace: Path, *options: str) -> Told:
        return rolescape("qa", workspace, "mara-quist", "--engine", "none", "--quiet", *options)

    return run


def takes(workspace: Path) -> list[set[int]]:
    """Return the takes of the character's open and four-option questions."""
    folder = Workspace(workspace).character("mara-quist")
    return [{row.provenance.take for row in folder.read(model)} for model in (TextQA, TextMCQ)]


def twin(workspace: Path) -> Path:
    """Return a copy of a workspace, as it is now."""
    return Path(shutil.copytree(workspace, workspace.with_name("twin.workspace")))


def test_questions_are_asked_anew_in_batches_at_half_the_price(
    built: Path, server: ModelServer, anew: Options, qa: Build, rolescape: Callable[..., Told]
) -> None:
    told = qa(built, *anew)

    assert told.status == 0, told.out + told.err
    assert "Rebuilt text_qa, text_mcq of mara-quist" in told.out
    assert takes(built) == [{1}, {1}]
    counted = server.counters()
    assert counted["batches"] > 0
    assert counted["repeated"] == counted["requests"] == 0, "everything went in batches"
    whole = (counted["input_tokens"] * 1.0 + counted["output_tokens"] * 10.0) / 1e6
    assert counted["usd"] == pytest.approx(whole / 2)
    status = json.loads(rolescape("status", built, "--json").out)
    assert status["cost_usd"] == pytest.approx(counted["usd"], abs=1e-4)
    online = [option for option in anew if option not in ("--fresh", "--batch")]
    assert "Nothing to do" in qa(built, *online).out


def test_questions_left_in_batches_are_fetched_by_the_same_command_and_by_no_second_take(
    built: Path, server: ModelServer, anew: Options, qa: Build, rolescape: Callable[..., Told]
) -> None:
    whole = twin(built)
    qa(whole, *anew)
    paid = server.counters()["paid"]
    server.reset()
    server.configure(batch="stuck")

    for _ in range(2):
        left = qa(built, *anew, "--batch-wait", "0")
        assert left.status == 3, left.out + left.err
        assert "still at work on" in left.err and "same command" in left.err
    assert server.counters()["batches"] == 1, "the second one has nothing to send"
    (left,) = json.loads(rolescape("status", built, "--json").out)["batches"]
    command = f"rolescape qa {built} mara-quist --fresh {' '.join(anew[2:])} --batch"
    assert left["fetched_by"] == command
    assert f"`{command}` fetches what is ready" in rolescape("status", built).out

    server.configure(release=True)
    assert qa(built, *anew, "--batch-wait", "0").status == 3, "those that follow on the first are sent now"
    server.configure(batch="complete", release=True)
    assert qa(built, *anew).status == 0
    assert takes(built) == [{1}, {1}]
    assert (server.counters()["paid"], server.counters()["repeated"]) == (paid, 0)
    assert changed(contents(whole), contents(built)) == set()


@pytest.mark.parametrize("sent", [pytest.param(1, marks=pytest.mark.soak), 2])
def test_a_kill_among_questions_in_batches_is_gone_on_from_by_the_same_command(
    built: Path, server: ModelServer, anew: Options, qa: Build, sent: int
) -> None:
    whole = twin(built)
    qa(whole, *anew)
    paid = server.counters()["paid"]
    server.reset()

    command = program("qa", built, "mara-quist", "--engine", "none", "--quiet", *anew)
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while server.counters()["batches"] < sent and child.poll() is None:
        pass
    child.kill()
    assert child.wait() < 0, "it had ended before"
    told = qa(built, *anew)

    assert told.status == 0, told.out + told.err
    assert takes(built) == [{1}, {1}]
    assert (server.counters()["paid"], server.counters()["repeated"]) == (paid, 0)
    assert changed(contents(whole), contents(built)) == set()


def test_questions_left_in_batches_are_fetched_online_too(
    built: Path, server: ModelServer, anew: Options, qa: Build
) -> None:
    server.configure(batch="stuck")
    assert qa(built, *anew, "--batch-wait", "0").status == 3
    server.configure(batch="complete", release=True)
    sent = server.counters()["batches"]

    told = qa(built, *(option for option in anew if option != "--batch"))

    assert told.status == 0, told.out + told.err
    assert takes(built) == [{1}, {1}]
    assert (server.counters()["batches"], server.counters()["repeated"]) == (sent, 0)


def test_a_wait_for_questions_that_is_no_time_is_told(built: Path, qa: Build) -> None:
    told = qa(built, "--fresh", "--batch", "--batch-wait", "tomorrow")

    assert told.status == 2
    assert "24h" in told.err
    assert takes(built) == [{0}, {0}]

"""`rolescape try`: one call, within its cap, shown whole, and not paid for again by the build that follows."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Told
from model_server import ModelServer
from small_set import IDS

from rolescape_data.providers.background import background

Build = Callable[..., Told]
WHO = IDS[0]


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="offline") as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.configure(mode="ok", source="offline", first=1)
    running.reset()
    background()._admissions.clear()
    background()._clients.clear()
    return running


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default workspace lies in the current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def paid(server: ModelServer) -> tuple[str, ...]:
    return ("--writer", "openai:test-model", "--base-url", server.openai_url)


def test_a_try_without_a_workspace_makes_one_call_and_leaves_nothing_behind(
    small: Path, server: ModelServer, rolescape: Build
) -> None:
    told = rolescape("try", small, WHO, "caption", *paid(server), "--json")

    assert told.status == 0, told.out + told.err
    found = json.loads(told.out)
    counters = server.counters()
    assert counters["requests"] == counters["paid"] == counters["images"] == 1
    (image,) = found["images"]
    assert image["sha256"] in counters["image_hashes"]
    assert image["bytes"] > 0
    assert image["sent"] == image["stored"]
    assert found["user"].rstrip().endswith("```")
    assert json.loads(found["raw"])["thinking_process"] == found["records"][0]["thinking_process"]
    assert found["input_tokens"] == counters["input_tokens"]
    assert found["upstream"] == {"profile": "offline", "image": "offline", "image_dialogue": "offline"}
    assert list(Path.cwd().iterdir()) == []


def test_a_try_as_text_shows_prompt_picture_answer_verdicts_and_cost(
    small: Path, server: ModelServer, rolescape: Build
) -> None:
    told = rolescape("try", small, WHO, "image_dialogue", *paid(server), "--nth", "2")

    assert told.status == 0, told.out + told.err
    for part in (
        "--- system",
        "--- user",
        "spoken_beside",
        "sent as image/",
        "--- answer",
        "record(s) kept",
        "USD",
    ):
        assert part in told.out


def test_what_was_tried_in_a_workspace_is_not_paid_for_by_its_build(
    small: Path, server: ModelServer, rolescape: Build, build: Build, tmp_path: Path
) -> None:
    out = tmp_path / "tried.workspace"
    assert build(small, "--until", "images", *paid(server), out=out).status == 0
    before = server.counters()["paid"]

    told = rolescape("try", small, WHO, "image_dialogue", "--out", out, "--json")
    again = rolescape("try", small, WHO, "image_dialogue", "--out", out, "--json", "--cap", "0")

    assert told.status == again.status == 0, told.out + told.err + again.err
    assert set(json.loads(told.out)["upstream"].values()) == {"workspace"}
    assert json.loads(again.out)["cached"]
    assert server.counters()["paid"] == before + 1
    assert build(small, out=out).status == 0
    assert server.counters()["repeated"] == 0


def test_a_call_that_may_cost_more_than_the_cap_is_not_sent(
    small: Path, server: ModelServer, rolescape: Build
) -> None:
    (small.parent / "qa").mkdir(exist_ok=True)
    (small.parent / "qa" / "prices.yaml").write_text(
        "prices: {'openai:test-model': {input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}}\n"
    )

    told = rolescape("try", small, WHO, "caption", *paid(server), "--cap", "0.001")

    assert told.status == 2
    assert "Nothing was sent" in told.err
    assert "--cap" in told.err
    assert server.counters()["requests"] == 0
    enough = float(told.err.split("--cap ")[1].split("`")[0])
    assert rolescape("try", small, WHO, "caption", *paid(server), "--cap", str(enough)).status == 0
    assert server.counters()["usd"] <= enough


@pytest.mark.parametrize("mode", ["always_bad", "truncated", "refusal"])
def test_a_reply_that_cannot_be_used_is_shown_and_not_asked_again(
    small: Path, server: ModelServer, rolescape: Build, mode: str
) -> None:
    server.configure(mode=mode, first=0, corruption="missing_key")

    told = rolescape("try", small, WHO, "text_qa", *paid(server), "--json")

    found = json.loads(told.out)
    assert told.status == 1
    assert found["error"]
    assert found["detail"]
    assert server.counters()["requests"] == 1


def test_a_bad_reply_is_where_the_build_goes_on_from(
    small: Path, server: ModelServer, rolescape: Build, build: Build, tmp_path: Path
) -> None:
    out = tmp_path / "tried.workspace"
    assert build(small, "--until", "images", *paid(server), out=out).status == 0
    server.configure(mode="bad_json", first=1, corruption="missing_key")
    rolescape("try", small, WHO, "image_dialogue", "--out", out)
    server.reset()

    server.configure(mode="ok")
    assert build(small, "--until", "image_dialogues", "--only", WHO, out=out).status == 0
    # Its first reply was paid for by the try; the build begins with the correction.
    assert server.counters()["paid"] == 3


def test_a_try_that_fails_says_why(small: Path, server: ModelServer, rolescape: Build) -> None:
    elsewhere = server.openai_url.replace("/v1", "/v9")

    told = rolescape("try", small, WHO, "caption", "--writer", "openai:test-model", "--base-url", elsewhere)

    assert (told.status, "no such model at this address" in told.err) == (2, True), told.err


def test_the_offline_writer_can_be_tried(small: Path, rolescape: Build) -> None:
    told = rolescape("try", small, WHO, "text_qa", "--writer", "offline")

    assert told.status == 0, told.out + told.err
    assert "0.000000 USD" in told.out


@pytest.mark.parametrize(
    ("who", "kind", "more", "said"),
    [
        ("nobody", "caption", (), "There is no character"),
        (WHO, "image", (), "Kinds that can be tried"),
        (WHO, "caption", ("--nth", "99"), "there is no call 99"),
    ],
)
def test_what_cannot_be_tried_is_said(
    small: Path, rolescape: Build, who: str, kind: str, more: tuple[str, ...], said: str
) -> None:
    told = rolescape("try", small, who, kind, *more)

    assert told.status == 2
    assert said in told.err

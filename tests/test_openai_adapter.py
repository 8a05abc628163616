"""What is peculiar to OpenAI's protocol, and to the many servers that speak it in their own way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters import attempt, fault_of, painted, send
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import ModelServer

from rolescape_data.providers.keys import is_own_server, shown_url, without_keys
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.waits import per_minute, retry_after_s, span_s


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.configure(mode="ok", rpm=0, tpm=0, temperature=True, latency_s=0.0)
    running.reset()
    return running


def test_limits_told_in_headers_are_passed_on(server: ModelServer) -> None:
    server.configure(rpm=500, tpm=30_000)

    reply = send(OpenAIClient("m", base_url=server.openai_url), attempt())[0]

    assert (reply.requests_per_minute, reply.tokens_per_minute) == (500, 30_000)


def test_a_server_that_tells_no_limits_leaves_them_open(server: ModelServer) -> None:
    reply = send(OpenAIClient("m", base_url=server.openai_url), attempt())[0]

    assert (reply.requests_per_minute, reply.tokens_per_minute) == (None, None)
    assert reply.fingerprint == "fp_loopback"


def test_a_model_that_takes_no_temperature_is_asked_without_one_from_then_on(server: ModelServer) -> None:
    server.configure(temperature=False, latency_s=0.1)

    replies = send(OpenAIClient("m", base_url=server.openai_url), *(attempt(number) for number in range(8)))
    counted = server.counters()
    assert [reply.finish for reply in replies] == ["stop"] * 8
    assert (counted["paid"], counted["kinds"]["unsupported"]) == (8, 8)

    server.reset()
    client = OpenAIClient("m", base_url=server.openai_url)

    async def one_after_the_other() -> None:
        for number in range(3):
            await client.send(attempt(number))
        await client.close()

    import asyncio

    asyncio.run(one_after_the_other())
    assert server.counters()["kinds"] == {"unsupported": 1, "ok": 3}


def test_a_local_server_that_takes_no_schema_gets_it_in_words(server: ModelServer) -> None:
    server.configure(mode="schema_rejecting")

    reply = send(OpenAIClient("m", base_url=server.openai_url), attempt())[0]

    assert reply.finish == "stop"
    assert server.counters()["kinds"] == {"schema": 1, "ok": 1}


def test_openai_itself_refusing_a_schema_is_a_fault_of_ours(server: ModelServer) -> None:
    server.configure(mode="schema_rejecting")

    fault = fault_of(OpenAIClient("m", base_url=server.openai_url, profile="openai"))

    assert (fault.kind, server.counters()["requests"]) == ("schema", 1)


def test_pictures_are_smaller_for_local_servers_than_for_openai(server: ModelServer, tmp_path: Path) -> None:
    picture = painted(tmp_path, 2000, 500)

    send(OpenAIClient("m", base_url=server.openai_url, profile="openai"), attempt(images=(picture.image,)))
    assert list(server.counters()["image_hashes"]) == [picture.image.sha256]

    server.reset()
    send(OpenAIClient("m", base_url=server.openai_url), attempt(images=(picture.image,)))
    assert picture.image.sha256 not in server.counters()["image_hashes"]


def test_the_profile_follows_from_the_address() -> None:
    assert OpenAIClient("m", key="k", base_url="https://api.openai.com/v1").profile == "openai"
    assert OpenAIClient("m", key="k", base_url="https://eu.api.openai.com/v1").profile == "openai"
    assert OpenAIClient("m", key="k", base_url="http://gpu-box:8000/v1").profile == "compatible"
    assert OpenAIClient("m", key="k", base_url="https://openai.com.example.org/v1").profile == "compatible"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://127.0.0.1/v1",
        "http://[::1]:80",
        "http://192.168.1.7:1234",
        "http://gpu-box:8000/v1",
        "http://a.local",
    ],
)
def test_servers_of_ones_own_are_told_by_their_address(url: str) -> None:
    assert is_own_server(url)


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "http://8.8.8.8", "https://example.org", "nonsense", ""]
)
def test_other_servers_are_nobodys_own(url: str) -> None:
    assert not is_own_server(url)


def test_credentials_in_an_address_are_not_shown() -> None:
    client = OpenAIClient("m", base_url="http://me:secret@gpu-box:8000/v1")

    assert "secret" not in repr(client)
    assert shown_url("http://me:secret@gpu-box:8000/v1") == "http://gpu-box:8000/v1"


def test_whatever_looks_like_a_key_is_taken_out_of_messages() -> None:
    told = "Incorrect API key provided: sk-proj-ab**********9xyz. Bearer abc.def and AIzaSyD-1234567890 at https://u:p@h/"

    found = without_keys(told)

    for part in ("sk-proj", "9xyz", "abc.def", "AIza", "u:p"):
        assert part not in found
    assert found.startswith("Incorrect API key provided: [key]")


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "1m30s"}, 90.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], wanted: float | None) -> None:
    assert retry_after_s(headers, now=60.0) == wanted


@settings(deadline=None)
@given(st.text(max_size=40))
def test_retry_after_never_breaks_and_never_goes_back(text: str) -> None:
    found = retry_after_s({"retry-after": text, "retry-after-ms": text}, now=0.0)
    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("6m0s", 360.0),
        ("17ms", 0.017),
        ("3.5s", 3.5),
        ("1h2m3s", 3723.0),
        ("", None),
        ("7", None),
        ("5x", None),
    ],
)
def test_spans_are_read(text: str, wanted: float | None) -> None:
    assert span_s(text) == (pytest.approx(wanted) if wanted is not None else None)


def test_a_limit_of_a_day_is_not_taken_for_one_of_a_minute() -> None:
    def limit(reset: str) -> int | None:
        named = {"limit": "10000", "remaining": "9999", "reset": reset}
        return per_minute(
            {f"x-ratelimit-{name}-requests": value for name, value in named.items()}, "requests"
        )

    assert limit("6ms") == 10_000
    assert limit("8.64s") is None

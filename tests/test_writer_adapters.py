"""What both providers have in common above the wire: one kind of reply, one kind of fault."""

import asyncio
import json
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters import KEY, KEYS, PROVIDERS, attempt, client_of, fault_of, painted, send
from model_server import ModelServer

from rolescape_data.errors import InputError, WriterError
from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.records.answers import ANSWERS, quota_model


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    """A server that works, and has counted nothing yet."""
    running.configure(
        mode="ok",
        latency_s=0.0,
        seconds=8.0,
        retry_after="seconds",
        retry_after_s=1.0,
        first=1,
        share=1.0,
        key="",
    )
    running.reset()
    return running


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reply_brings_text_that_fits_the_schema_and_the_servers_own_count(
    server: ModelServer, provider: str
) -> None:
    reply = send(client_of(provider, server), attempt())[0]

    quota_model(ANSWERS["TextDialogueAnswer"], list(KEYS)).model_validate(json.loads(reply.text))
    counted = server.counters()
    assert (reply.finish, reply.input_tokens, reply.output_tokens) == (
        "stop",
        counted["input_tokens"],
        counted["output_tokens"],
    )
    assert reply.model.startswith("test-model-")


FAULTS = {
    "all_429": "rate_limit",
    "first_500": "overloaded",
    "overloaded": "overloaded",
    "no_html": "overloaded",
    "dropped": "connection",
    "quota": "quota",
    "auth": "auth",
    "forbidden": "auth",
    "not_found": "not_found",
    "too_large": "too_large",
    "schema_rejecting": "schema",
    "bad_request": "bad_request",
}


@pytest.mark.parametrize("mode", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_reports_a_fault_as_the_same_kind(
    server: ModelServer, provider: str, mode: str
) -> None:
    server.configure(mode=mode)

    assert fault_of(client_of(provider, server)).kind == FAULTS[mode]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_reports_a_refused_connection_as_the_same_kind(
    server: ModelServer, provider: str
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        client = (
            OpenAIClient("m", base_url=nobody, key=KEY)
            if provider == "openai"
            else GeminiClient("m", base_url=nobody, key=KEY)
        )
        before = time.monotonic()
        assert fault_of(client).kind == "connection"
        # google-genai would otherwise wait up to ten seconds and try again on its own account.
        assert time.monotonic() - before < 5


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("mode", ["hang", "slow_drip"])
def test_an_answer_that_does_not_come_in_time_is_a_timeout_even_if_bytes_trickle(
    server: ModelServer, provider: str, mode: str
) -> None:
    server.configure(mode=mode, seconds=20.0)

    before = time.monotonic()
    assert fault_of(client_of(provider, server), attempt(timeout_s=0.6)).kind == "timeout"
    assert time.monotonic() - before < 4


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", ["seconds", "ms", "date"])
def test_every_provider_says_how_long_to_wait(server: ModelServer, provider: str, how: str) -> None:
    server.configure(mode="all_429", seconds=3.0, retry_after=how)

    fault = fault_of(client_of(provider, server))

    assert fault.status == 429
    assert fault.retry_after_s is not None
    assert 1.5 < fault.retry_after_s <= 4.1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_that_does_not_say_how_long_to_wait_is_not_made_to(
    server: ModelServer, provider: str
) -> None:
    server.configure(mode="all_429", retry_after="none")

    assert fault_of(client_of(provider, server)).retry_after_s is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_failed_attempt_is_made_once_because_retrying_is_decided_elsewhere(
    server: ModelServer, provider: str
) -> None:
    for mode in ("overloaded", "all_429", "dropped"):
        server.configure(mode=mode)
        server.reset()
        fault_of(client_of(provider, server))
        assert server.counters()["requests"] == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("mode", "finish"), [("refusal", "refusal"), ("content_filter", "refusal"), ("truncated", "length")]
)
def test_refused_and_truncated_replies_are_replies_and_are_paid_for(
    server: ModelServer, provider: str, mode: str, finish: str
) -> None:
    server.configure(mode=mode)

    reply = send(client_of(provider, server), attempt())[0]

    assert reply.finish == finish
    assert reply.input_tokens == server.counters()["input_tokens"] > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_limit_of_tokens_arrives(server: ModelServer, provider: str) -> None:
    reply = send(client_of(provider, server), attempt(max_tokens=20))[0]

    assert (reply.finish, reply.output_tokens) == ("length", 20)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_pictures_arrive_byte_for_byte(server: ModelServer, provider: str, tmp_path: Path) -> None:
    sent = [painted(tmp_path, 300, 200, colour=colour) for colour in ("red", "green", "blue")]

    send(client_of(provider, server), attempt(images=tuple(one.image for one in sent)))

    counted = server.counters()
    assert counted["images"] == 3
    assert set(counted["image_hashes"]) == {one.image.sha256 for one in sent}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_picture_above_the_limit_arrives_smaller_and_always_the_same(
    server: ModelServer, provider: str, tmp_path: Path
) -> None:
    large = painted(tmp_path, 4000, 1000)

    send(client_of(provider, server), attempt(1, images=(large.image,)), attempt(2, images=(large.image,)))

    hashes = server.counters()["image_hashes"]
    assert list(hashes.values()) == [2]
    assert large.image.sha256 not in hashes


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_picture_that_is_not_what_its_name_says_is_never_sent(
    server: ModelServer, provider: str, tmp_path: Path
) -> None:
    picture = painted(tmp_path, 30, 20, colour="teal")
    picture.image.path.write_bytes(painted(tmp_path, 30, 20, colour="gray").data)

    with pytest.raises(InputError, match="changed after it was stored"):
        send(client_of(provider, server), attempt(images=(picture.image,)))
    assert server.counters()["requests"] == 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_sixty_four_attempts_are_under_way_at_once(server: ModelServer, provider: str) -> None:
    server.configure(latency_s=0.3)

    replies = send(client_of(provider, server), *(attempt(number) for number in range(64)))

    assert len({reply.text for reply in replies}) == 64
    assert server.counters()["most_in_flight"] == 64


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("mode", ["auth", "forbidden", "quota", "first_500", "bad_request"])
def test_a_key_is_in_no_message_no_log_and_no_name(
    server: ModelServer, provider: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(provider, server)
    server.configure(mode=mode)

    fault = fault_of(client)

    told = [repr(client), str(client), str(vars(client)), repr(fault), str(fault), caplog.text]
    told += traceback.format_exception(fault)
    # The real servers repeat the ends of a wrong key in their error.
    for part in (KEY, KEY[:8], KEY[-4:]):
        assert not [text for text in told if part in text]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_key_arrives(server: ModelServer, provider: str) -> None:
    server.configure(key=KEY)

    assert send(client_of(provider, server), attempt())[0].finish == "stop"
    assert fault_of(client_of(provider, server, key="sk-wrong-000000000000")).kind == "auth"


NAMES = {"openai": ["OPENAI_API_KEY"], "gemini": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]}


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*NAMES["openai"], *NAMES["gemini"], "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return monkeypatch


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_missing_key_names_both_ways_to_give_one(provider: str, no_keys: pytest.MonkeyPatch) -> None:
    with pytest.raises(WriterError) as told:
        OpenAIClient("gpt") if provider == "openai" else GeminiClient("flash")

    name = NAMES[provider][0]
    assert name in str(told.value)
    assert f"{name}_FILE" in str(told.value)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_keys_are_found_in_the_environment_and_in_files(
    server: ModelServer, provider: str, no_keys: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.configure(key=KEY)
    (tmp_path / "key").write_text(f"{KEY}\n")
    for name in NAMES[provider]:
        for variable, value in ((name, KEY), (f"{name}_FILE", str(tmp_path / "key"))):
            with no_keys.context() as only:
                only.setenv(variable, value)
                assert send(client_of(provider, server, key=""), attempt())[0].finish == "stop"


@pytest.mark.parametrize("content", [None, "", "two keys", b"\xff\xfe\x00"])
def test_a_key_file_that_cannot_be_used_is_named_and_its_content_is_not(
    content: str | bytes | None, no_keys: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    no_keys.setenv("OPENAI_API_KEY_FILE", str(path))

    with pytest.raises(WriterError, match=r"key file .*key that OPENAI_API_KEY_FILE names") as told:
        OpenAIClient("gpt")
    assert "two keys" not in str(told.value)


@pytest.mark.parametrize("key", ["\u201csk-4f9a7c1e\u201d", "sk-4f9a7c1e\nX: y", "sk-4f9a7c1e 2b8d6035"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_cannot_be_sent_as_a_key_is_told_before_anything_is_sent_and_not_shown(
    no_keys: pytest.MonkeyPatch, provider: str, key: str
) -> None:
    name = NAMES[provider][0]
    no_keys.setenv(name, key)

    with pytest.raises(WriterError, match=f"environment variable {name} does not hold one key") as told:
        OpenAIClient("gpt") if provider == "openai" else GeminiClient("gemini")
    assert "4f9a7c1e" not in str(told.value)


@pytest.mark.parametrize("model", ["../v1/x", "x?key=1", "x&y"])
def test_a_name_that_would_change_the_address_is_no_gemini_model(model: str) -> None:
    with pytest.raises(WriterError, match="no name of a Gemini model"):
        GeminiClient(model, key=KEY)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_of_ones_own_needs_no_key(
    server: ModelServer, provider: str, no_keys: pytest.MonkeyPatch
) -> None:
    assert send(client_of(provider, server, key=""), attempt())[0].finish == "stop"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_making_a_client_loads_no_sdk_and_a_closed_one_can_be_used_again(
    server: ModelServer, provider: str
) -> None:
    client = client_of(provider, server)

    async def twice() -> None:
        await client.send(attempt(1))
        await client.close()
        await client.close()
        await client.send(attempt(2))
        await client.close()

    asyncio.run(twice())
    assert server.counters()["ok"] == 2


def test_importing_the_adapters_loads_neither_sdk() -> None:
    import subprocess
    import sys

    code = (
        "import sys, rolescape_data.providers.openai as o, rolescape_data.providers.gemini as g\n"
        "o.OpenAIClient('m', key='k'); g.GeminiClient('m', key='k')\n"
        "print([name for name in ('openai', 'google.genai', 'aiohttp') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

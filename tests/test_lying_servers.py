"""Servers that answer with status 200 and something that is no answer, or with a count that nobody can believe."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from adapters import KEY, PROVIDERS, attempt, fault_of, send
from paid_cases import booked, spent
from paid_run import MODEL, asked, ledger_of, prices

from rolescape_data.errors import StoppedError
from rolescape_data.providers import Purse, open_writer, session
from rolescape_data.providers.background import background
from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.wire import Client, refused_unpaid


class Liar:
    """Answers everything with the same bytes."""

    def __init__(self) -> None:
        self.body = b""
        self.posts = 0
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                liar.posts += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(liar.body)))
                self.end_headers()
                self.wfile.write(liar.body)

            def log_message(self, *told: Any) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def says(self, body: Any) -> None:
        self.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    background()._admissions.clear()
    background()._clients.clear()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


def client_of(provider: str, liar: Liar) -> Client:
    if provider == "openai":
        return OpenAIClient(MODEL, base_url=liar.url, key=KEY)
    return GeminiClient(MODEL, base_url=liar.url, key=KEY)


def answer(provider: str, *, text: Any = "{}", usage: Any = None, model: Any = "m") -> dict[str, Any]:
    """Return an answer of the provider's form; `usage` is (input, output) or stands there as it is."""
    if provider == "openai":
        if isinstance(usage, tuple):
            usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return {"model": model, "system_fingerprint": model, "choices": [choice], "usage": usage}
    if isinstance(usage, tuple):
        usage = {"promptTokenCount": usage[0], "candidatesTokenCount": usage[1]}
    candidate = {"finishReason": "STOP", "content": {"parts": [{"text": text}]}}
    return {"modelVersion": model, "candidates": [candidate], "usageMetadata": usage}


NO_ANSWERS = [
    "<html>sign in</html>",
    "",
    "null",
    "[1, 2]",
    "[" * 100_000,
    'data: {"choices": []}\n\ndata: [DONE]\n\n',
    {"choices": {"a": 1}, "candidates": {"a": 1}},
    {"choices": ["a"], "candidates": ["a"]},
    {"choices": [{"message": "hi"}], "candidates": [{"content": "hi"}]},
    {"choices": [{"message": {"content": 5}}], "candidates": [{"content": {"parts": [{"text": 5}]}}]},
    {"choices": [{"finish_reason": ["x"]}], "candidates": [{"finishReason": ["x"]}]},
]


@pytest.mark.parametrize("body", NO_ANSWERS, ids=lambda body: str(body)[:24])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_no_answer_is_the_servers_trouble_and_never_ours(
    liar: Liar, provider: str, body: Any
) -> None:
    liar.says(body)

    fault = fault_of(client_of(provider, liar))

    # Without a status that says no: it may have been charged for.
    assert (fault.kind, fault.status) == ("overloaded", 0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (429, "rate_limit"),
        ("402", "quota"),
        (502, "overloaded"),
        (401, "auth"),
        (7, "overloaded"),
        (None, "overloaded"),
    ],
)
def test_a_refusal_that_a_gateway_sends_on_as_a_success_is_one_all_the_same(
    liar: Liar, code: Any, kind: str
) -> None:
    liar.says({"error": {"message": "Provider returned error", "code": code}})

    fault = fault_of(client_of("openai", liar))

    assert fault.kind == kind
    # A breakdown may have come in the middle of an answer: without a status it counts as one that may have been charged for.
    assert fault.status == (int(code) if code in (429, "402", 401) else 0)
    assert refused_unpaid(fault) is (code in (429, "402", 401))


COUNTS = [
    None,
    {},
    [1, 2],
    "many",
    (-1_000_000, 5),
    (5, -1_000_000),
    (10**30, 5),
    ("many", 5),
    (float("inf"), 5),
    (5, "few"),
]


@pytest.mark.parametrize("usage", COUNTS, ids=str)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_count_that_nobody_can_believe_is_told_from_a_count(liar: Liar, provider: str, usage: Any) -> None:
    liar.says(answer(provider, usage=usage))

    (reply,) = send(client_of(provider, liar), attempt())

    assert not reply.counted
    assert 0 < reply.input_tokens < 1000
    assert 0 < reply.output_tokens < 10


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("usage", [None, (-1_000_000, -1_000_000)], ids=["none", "negative"])
def test_calls_that_nobody_counts_are_booked_at_their_worst_so_that_the_cap_holds(
    liar: Liar, tmp_path: Path, provider: str, usage: Any
) -> None:
    liar.says(answer(provider, usage=usage))
    cap = 0.05
    writer = open_writer(
        f"{provider}:{MODEL}",
        base_url=liar.url,
        ledger=ledger_of(tmp_path, "one"),
        purse=Purse(tmp_path, cap, prices(tmp_path)),
    )

    with pytest.raises(StoppedError, match="budget"):
        writer.write([asked(number) for number in range(400)])

    (sums,) = spent(tmp_path)
    assert 0 < liar.posts < 400
    assert sums.calls == liar.posts
    assert cap / 2 < booked(tmp_path) <= cap + 1e-9


@pytest.mark.parametrize("provider", PROVIDERS)
def test_half_characters_anywhere_in_an_answer_can_be_kept(liar: Liar, tmp_path: Path, provider: str) -> None:
    liar.says(answer(provider, text='{"a": "\ud83d"}', usage=(10, 5), model="m\ud800"))
    writer = open_writer(
        f"{provider}:{MODEL}",
        base_url=liar.url,
        ledger=ledger_of(tmp_path, "one"),
        purse=Purse(tmp_path, None, prices(tmp_path)),
    )

    (outcome,) = writer.write([asked(0)])

    assert outcome.error == "invalid"
    assert outcome.raw.encode()
    assert writer.write([asked(0)]) == [outcome]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_letter_that_was_cut_in_two_does_not_spoil_an_answer(liar: Liar, provider: str) -> None:
    whole = json.dumps(answer(provider, text='{"a": "Zoë"}', usage=(10, 5)), ensure_ascii=False).encode()
    liar.body = whole.replace("ë".encode(), b"\xc3")

    (reply,) = send(client_of(provider, liar), attempt())

    assert reply.text == '{"a": "Zo\ufffd"}'


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_without_an_end_is_broken_off(
    liar: Liar, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_BYTES", 1 << 20)
    liar.says(" " * (3 << 20))

    fault = fault_of(client_of(provider, liar))

    assert fault.kind == "connection"
    assert "1 MiB" in str(fault)


def test_a_text_in_parts_is_put_together_without_what_was_thought(liar: Liar) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": '{"a"'},
        {"type": "text", "text": ": 1}"},
    ]
    liar.says(answer("openai", text=parts, usage=(10, 5)))

    (reply,) = send(client_of("openai", liar), attempt())

    assert reply.text == '{"a": 1}'

"""What the adapters write themselves is, to the last key and header, what the vendors' SDKs write."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from adapters import KEY, attempt, painted

from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.schemas import sanitised
from rolescape_data.providers.wire import Attempt, WireFault


@dataclass
class Listener:
    """Writes down what it is sent."""

    url: str = ""
    status: int = 200
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.seen.append((self.path, dict(self.headers.items()), json.loads(body)))
            self.send_response(heard.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    heard.url = f"http://127.0.0.1:{server.server_port}"
    yield heard
    server.shutdown()
    server.server_close()
    thread.join()


# Said of the connection or of the SDK's own machinery, and different between its synchronous and asynchronous halves.
UNEQUAL = {"content-length", "host", "connection", "user-agent", "x-stainless-async"}


def worn(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in UNEQUAL}


def sent_by(client: Any, made: Attempt) -> WireFault | None:
    """Send once; the listener answers nothing that could be read."""

    async def once() -> WireFault | None:
        try:
            await client.send(made)
        except WireFault as fault:
            return fault
        finally:
            await client.close()
        return None

    return asyncio.run(once())


def test_openais_requests_are_those_of_its_sdk(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai import AsyncOpenAI, DefaultAioHttpClient

    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "a-project")
    picture = painted(tmp_path, 4, 4)
    made = attempt(1, images=(picture.image,))

    async def by_the_sdk() -> None:
        http = DefaultAioHttpClient(trust_env=False)
        async with AsyncOpenAI(
            api_key=KEY, base_url=f"{listener.url}/v1", http_client=http, max_retries=0, timeout=None
        ) as sdk:
            url = listener.seen[0][2]["messages"][1]["content"][0]["image_url"]["url"]
            content: Any = [
                {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
                {"type": "text", "text": made.user},
            ]
            form: Any = {
                "type": "json_schema",
                "json_schema": {
                    "name": made.schema_name,
                    "strict": True,
                    "schema": sanitised(made.schema, "openai"),
                },
            }
            await sdk.chat.completions.create(
                model="m",
                messages=[{"role": "system", "content": made.system}, {"role": "user", "content": content}],
                response_format=form,
                temperature=made.temperature,
                max_completion_tokens=made.max_tokens,
            )

    sent_by(OpenAIClient("m", base_url=f"{listener.url}/v1", key=KEY, profile="openai"), made)
    asyncio.run(by_the_sdk())

    ours, theirs = listener.seen
    assert ours[0] == theirs[0] == "/v1/chat/completions"
    assert worn(ours[1]) == worn(theirs[1])
    assert worn(ours[1])["openai-organization"] == "org-of-mine"
    assert ours[2] == theirs[2]


def test_geminis_requests_are_those_of_its_sdk(listener: Listener, tmp_path: Path) -> None:
    from google.genai import Client, types

    picture = painted(tmp_path, 4, 4)
    made = attempt(1, images=(picture.image,))

    def by_the_sdk() -> None:
        sdk = Client(api_key=KEY, vertexai=False, http_options=types.HttpOptions(base_url=listener.url))
        sdk.models.generate_content(
            model="flash",
            contents=[
                types.Content(
                    role="user",
                    parts=[
                        types.Part.from_bytes(data=picture.data, mime_type="image/png"),
                        types.Part.from_text(text=made.user),
                    ],
                )
            ],
            config=types.GenerateContentConfig(
                system_instruction=made.system,
                temperature=made.temperature,
                max_output_tokens=made.max_tokens,
                response_mime_type="application/json",
                response_json_schema=sanitised(made.schema, "gemini"),
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            ),
        )

    sent_by(GeminiClient("flash", base_url=listener.url, key=KEY), made)
    by_the_sdk()

    ours, theirs = listener.seen
    assert ours[0] == theirs[0]
    assert worn(ours[1]) == worn(theirs[1])
    # The SDK spells this one name in its Python form, which the service takes as well.
    inline = theirs[2]["contents"][0]["parts"][0]["inlineData"]
    inline["mimeType"] = inline.pop("mime_type")
    assert ours[2] == theirs[2]


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_half_a_character_in_a_document_is_sent_as_a_question_mark(listener: Listener, provider: str) -> None:
    made = attempt(1)
    broken = Attempt("System \ud83d.", made.user, (), made.schema_name, made.schema, 0.7, 100, made.timeout_s)
    client = (
        OpenAIClient("m", base_url=listener.url)
        if provider == "openai"
        else GeminiClient("m", base_url=listener.url)
    )

    sent_by(client, broken)

    assert "System ?." in json.dumps(listener.seen[0][2])


def test_a_name_and_password_in_the_address_are_sent_as_such(listener: Listener) -> None:
    url = listener.url.replace("http://", "http://me:secret@")

    sent_by(OpenAIClient("m", base_url=f"{url}/v1", key=KEY), attempt(1))

    assert worn(listener.seen[0][1])["authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("status", [301, 307])
def test_nobody_follows_a_server_elsewhere_with_a_key(listener: Listener, provider: str, status: int) -> None:
    listener.status = status
    made = OpenAIClient if provider == "openai" else GeminiClient

    fault = sent_by(made("m", base_url=listener.url, key=KEY), attempt(1))

    assert fault is not None
    assert (fault.kind, len(listener.seen)) == ("not_found", 1)
    assert "/elsewhere" in str(fault)

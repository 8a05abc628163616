"""What the tests of both adapters share: a running model server, clients for it, and attempts to make."""

import asyncio
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from model_server import ModelServer
from PIL import Image

from rolescape_data.providers.base import ImageInput
from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.schemas import answer_schema, schema_name
from rolescape_data.providers.wire import Attempt, Client, Reply, WireFault

PROVIDERS = ("openai", "gemini")
KEY = "sk-test-4f9a7c1e2b8d6035"
ANSWER = "TextDialogueAnswer"
KEYS = ("dialogue_1", "dialogue_2")


def client_of(provider: str, server: ModelServer, *, key: str = KEY) -> Client:
    """Return a client of either provider for the server."""
    if provider == "openai":
        return OpenAIClient("test-model", base_url=server.openai_url, key=key, profile="openai")
    return GeminiClient("test-model", base_url=server.gemini_url, key=key)


def attempt(
    number: int = 0, *, images: tuple[ImageInput, ...] = (), timeout_s: float = 20.0, max_tokens: int = 2000
) -> Attempt:
    """Return an attempt about one row; another number, another row."""
    return Attempt(
        system="You write short exchanges.",
        user=f'Write.\n\n```json\n{{"character": {{"name": "Oda Wren"}}, "row": {number}}}\n```\n',
        images=images,
        schema_name=schema_name(ANSWER, KEYS),
        schema=answer_schema(ANSWER, KEYS),
        temperature=0.7,
        max_tokens=max_tokens,
        timeout_s=timeout_s,
    )


def send(client: Client, *attempts: Attempt) -> list[Reply]:
    """Make attempts at once on a loop of their own, close the client, and return the replies in order."""

    async def all_of_them() -> list[Reply]:
        try:
            return list(await asyncio.gather(*(client.send(one) for one in attempts)))
        finally:
            await client.close()

    return asyncio.run(all_of_them())


def fault_of(client: Client, made: Attempt | None = None) -> WireFault:
    """Make one attempt that has to fail, and return how it failed."""
    try:
        reply = send(client, made or attempt())[0]
    except WireFault as fault:
        return fault
    raise AssertionError(f"no fault, but {reply!r}")


@dataclass(frozen=True)
class Painted:
    """A picture in a file, and what should arrive of it."""

    image: ImageInput
    data: bytes


def painted(folder: Path, width: int, height: int, *, colour: str = "red", form: str = "PNG") -> Painted:
    """Write a picture of one colour and return it as a request holds it."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, form)
    return stored(folder, buffer.getvalue())


def stored(folder: Path, data: bytes) -> Painted:
    """Write bytes under the name of their content."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{digest}.png"
    path.write_bytes(data)
    return Painted(ImageInput(digest, path), data)

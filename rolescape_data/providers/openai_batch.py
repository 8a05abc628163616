"""Many attempts -> OpenAI's Batch API and back: a file of requests, a batch, files of answers and of errors.

The second half of the adapter in `openai`: what a request looks like, and how an answer or an error reads, is there.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from rolescape_data.providers.batch_wire import Line, Look, Result
from rolescape_data.providers.keys import without_keys
from rolescape_data.providers.openai import REFUSED_CODES, OpenAIClient, Refusal, _Taken
from rolescape_data.providers.wire import Attempt, Reply, WireFault

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# Ours among the pairs that a batch may carry (16, values of 512 letters; openai 3.52.0, Metadata).
TAG = "rolescape_batch"
_PATH: Literal["/v1/chat/completions"] = "/v1/chat/completions"
_UNDERWAY = {"validating", "in_progress", "finalizing", "cancelling"}
# "Enqueued token limit reached": too much waits already, which passes.
_PASSING = {"token_limit_exceeded", "rate_limit_exceeded"}
_OF_SHAPE = {"unsupported_value", "unsupported_parameter"}
# Of one upload or download.
TIMEOUT_S = 900.0
# Of a row that a run before this one sent, only the answer is at hand.
_UNKNOWN = Attempt("", "", (), "", {}, 0.0, 0, 0.0)


class OpenAIBatches:
    """The batches of a model behind OpenAI's protocol.

    A file may hold 50,000 requests and 200 MB (openai 3.52.0, Batches.create). It is built in memory, so half of the
    bytes are used.
    """

    most_rows = 50_000
    most_bytes = 100_000_000

    def __init__(self, client: OpenAIClient) -> None:
        self._client = client

    def shape(self) -> str:
        """Return what the model is known to take."""
        return json.dumps(asdict(self._client._taken))

    def reshape(self, shape: str) -> None:
        """Take up what an earlier run learnt."""
        self._client._taken = _Taken(**json.loads(shape))

    async def line(self, row: str, attempt: Attempt) -> Line:
        """Return an attempt as a line of the file."""
        content = await self._client._content(attempt)
        body = self._client._body(attempt, content, self._client._taken)
        head = json.dumps({"custom_id": row, "method": "POST", "url": _PATH})[:-1]
        data = head.encode() + b', "body": ' + body + b"}\n"
        return Line(row, len(data), data)

    async def submit(self, tag: str, lines: Sequence[Line]) -> str:
        """Upload the file and start the batch. A file without a batch costs nothing and expires by itself."""
        async with self._sdk() as sdk:
            data = b"".join(line.body for line in lines)
            kept = await sdk.files.create(file=(f"{tag}.jsonl", data), purpose="batch")
            batch = await sdk.batches.create(
                input_file_id=kept.id,
                endpoint=_PATH,
                completion_window="24h",
                metadata={TAG: tag},
            )
        return batch.id

    async def find(self, tags: Sequence[str], since: float) -> Mapping[str, str]:
        """Look for tags in the list of batches."""
        found: dict[str, str] = {}
        async with self._sdk() as sdk:
            async for batch in sdk.batches.list(limit=100):
                tag = (batch.metadata or {}).get(TAG)
                if tag is not None and tag in tags:
                    found[tag] = batch.id
                # The newest come first; an hour for clocks that differ.
                if len(found) == len(tags) or batch.created_at < since - 3600:
                    break
        return found

    async def look(self, remote: str) -> Look:
        """Return how a batch stands."""
        try:
            async with self._sdk() as sdk:
                batch = await sdk.batches.retrieve(remote)
        except WireFault as fault:
            if fault.kind == "not_found":
                return Look("gone", str(fault))
            raise
        counts = batch.request_counts
        done, total = (counts.completed + counts.failed, counts.total) if counts else (0, 0)
        if batch.status in _UNDERWAY:
            return Look("waiting", batch.status, done, total)
        if batch.status == "failed" and not batch.output_file_id and not batch.error_file_id:
            errors = (batch.errors.data or []) if batch.errors else []
            said = "; ".join(str(error.message or error.code) for error in errors[:3])
            lasting = not any(error.code in _PASSING for error in errors)
            return Look("failed", without_keys(said, self._client._key), done, total, lasting)
        return Look("ended", batch.status, done, total)

    async def results(self, remote: str, rows: Sequence[str]) -> dict[str, Result]:
        """Read the files of answers and of errors; lines come in any order."""
        found: dict[str, Result] = {}
        async with self._sdk() as sdk:
            batch = await sdk.batches.retrieve(remote)
            for file in (batch.output_file_id, batch.error_file_id):
                if not file:
                    continue
                text = (await sdk.files.content(file)).content.decode("utf-8", "replace")
                for line in text.split("\n"):
                    if line.strip():
                        self._read(json.loads(line), found)
        return found

    async def cancel(self, remote: str) -> None:
        """Ask for a batch to be stopped."""
        async with self._sdk() as sdk:
            await sdk.batches.cancel(remote)

    def _read(self, line: dict[str, Any], found: dict[str, Result]) -> None:
        row, response = str(line["custom_id"]), line.get("response")
        if response is None:
            # {"error": {"code": "batch_expired", ...}}: never run and not charged for.
            return
        status, body = int(response.get("status_code") or 0), response.get("body")
        if status == 200:
            try:
                found[row] = self._client._reply(body, {}, _UNKNOWN)
            except WireFault as fault:
                found[row] = fault
        else:
            found[row] = self._refusal(status, body)

    def _refusal(self, status: int, body: Any) -> Result:
        """Return what a row that was answered with an error came to."""
        fault = Refusal.of(status or 500, body)
        if fault.code in REFUSED_CODES:
            return Reply(fault.message, "refusal", 0, 0, self._client.model)
        learnt = self._client._learnt(fault, self._client._taken) if status == 400 else None
        if learnt is not None:
            self._client._taken = learnt
        if learnt is not None or (status == 400 and fault.code in _OF_SHAPE):
            # Refused unread and unpaid; the next batch is shaped otherwise, for every row that met it.
            return WireFault(
                "overloaded", f"{fault.message} (the next batch asks in another way)", status=status
            )
        return self._client._status_fault(fault, {})

    @asynccontextmanager
    async def _sdk(self) -> "AsyncIterator[AsyncOpenAI]":
        """Give the SDK, and turn what it raises into WireFault."""
        import openai

        client = self._client
        try:
            async with asyncio.timeout(TIMEOUT_S):
                yield client._opened()
        except TimeoutError:
            raise client._fault("timeout", f"no answer within {TIMEOUT_S:.0f} s") from None
        except openai.APIStatusError as fault:
            refusal = Refusal(
                fault.status_code, str(fault.message), fault.code or "", fault.type or "", fault.param or ""
            )
            raise client._status_fault(refusal, fault.response.headers) from None
        except openai.APIConnectionError as fault:
            raise client._fault("connection", str(fault.__cause__ or fault.message)) from None
        except (
            openai.OpenAIError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as fault:
            raise client._fault("overloaded", f"the server's answer cannot be read ({fault})") from None
        except OSError as fault:
            raise client._fault("connection", str(fault)) from None

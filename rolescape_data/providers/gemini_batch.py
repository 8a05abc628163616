"""Many attempts -> Gemini's Batch API and back, through google-genai: requests and answers travel inside the batch.

The second half of the adapter in `gemini`: what a request looks like, and how an answer or an error reads, is there.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rolescape_data.providers.batch_wire import Line, Look, Result
from rolescape_data.providers.gemini import GeminiClient, fault_kind
from rolescape_data.providers.keys import without_keys
from rolescape_data.providers.pictures import sendable
from rolescape_data.providers.schemas import sanitised
from rolescape_data.providers.session import Posted
from rolescape_data.providers.wire import Attempt, WireFault

if TYPE_CHECKING:
    from google.genai.batches import AsyncBatches
    from google.genai.types import InlinedResponse, JobError

_ROW = "row"
_ENDED = {
    "JOB_STATE_SUCCEEDED",
    "JOB_STATE_PARTIALLY_SUCCEEDED",
    "JOB_STATE_FAILED",
    "JOB_STATE_CANCELLED",
    "JOB_STATE_EXPIRED",
}
# A row's error bears a code of google.rpc; alone, the same error has a status.
_STATUS = {
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    7: 403,
    8: 429,
    9: 400,
    11: 400,
    12: 501,
    13: 500,
    14: 503,
    16: 401,
}
TIMEOUT_S = 900.0
_UNKNOWN = Attempt("", "", (), "", {}, 0.0, 0, 0.0)


class GeminiBatches:
    """The batches of a Gemini model.

    Requests go along inside the call that starts the batch, which may have 20 MB (ai.google.dev, "Batch API", Inline
    requests); larger files would have to be uploaded first. More requests make more batches.
    """

    most_rows = 10_000
    most_bytes = 18_000_000

    def __init__(self, client: GeminiClient) -> None:
        self._client = client

    def shape(self) -> str:
        """Return nothing: the model is not asked in different ways."""
        return ""

    def reshape(self, shape: str) -> None:
        """Do nothing; see shape."""

    async def line(self, row: str, attempt: Attempt) -> Line:
        """Return an attempt as one of the requests of a batch."""
        from google.genai import types

        parts: list[types.Part] = []
        schema = sanitised(attempt.schema, "gemini")
        size = len(attempt.system.encode()) + len(json.dumps(attempt.user)) + len(json.dumps(schema)) + 512
        for image in attempt.images:
            picture = await sendable(image, "gemini")
            parts.append(types.Part.from_bytes(data=picture.data, mime_type=picture.mime))
            size += 4 * len(picture.data) // 3 + 64
        parts.append(types.Part.from_text(text=attempt.user))
        config = types.GenerateContentConfig(
            system_instruction=attempt.system,
            temperature=attempt.temperature,
            max_output_tokens=attempt.max_tokens,
            response_mime_type="application/json",
            response_json_schema=schema,
        )
        contents: list[Any] = [types.Content(role="user", parts=parts)]
        request = types.InlinedRequest(contents=contents, config=config, metadata={_ROW: row})
        return Line(row, size, request)

    async def submit(self, tag: str, lines: Sequence[Line]) -> str:
        """Start a batch; its display name is the tag."""
        from google.genai import types

        async with self._batches() as batches:
            job = await batches.create(
                model=self._client.model,
                src=[line.body for line in lines],
                config=types.CreateBatchJobConfig(display_name=tag),
            )
        return job.name or ""

    async def find(self, tags: Sequence[str], since: float) -> Mapping[str, str]:
        """Look for tags in the list of batches."""
        from google.genai import types

        found: dict[str, str] = {}
        async with self._batches() as batches:
            # A finished batch is listed with its answers in it: a small page keeps what comes at once bearable.
            async for job in await batches.list(config=types.ListBatchJobsConfig(page_size=10)):
                if job.display_name and job.name and job.display_name in tags:
                    found[job.display_name] = job.name
                if len(found) == len(tags):
                    break
        return found

    async def look(self, remote: str) -> Look:
        """Return how a batch stands."""
        try:
            async with self._batches() as batches:
                job = await batches.get(name=remote)
        except WireFault as fault:
            if fault.kind == "not_found":
                return Look("gone", str(fault))
            raise
        state = job.state.value if job.state is not None else ""
        if state not in _ENDED:
            return Look("waiting", state.removeprefix("JOB_STATE_").lower())
        answers = (job.dest.inlined_responses or []) if job.dest is not None else []
        if state == "JOB_STATE_FAILED" and not answers:
            return Look("failed", self._said(job.error), lasting=not _passes(job.error))
        return Look("ended", state.removeprefix("JOB_STATE_").lower(), len(answers), len(answers))

    async def results(self, remote: str, rows: Sequence[str]) -> dict[str, Result]:
        """Read the answers inside a batch."""
        async with self._batches() as batches:
            job = await batches.get(name=remote)
        answers = (job.dest.inlined_responses or []) if job.dest is not None else []
        named = [(one.metadata or {}).get(_ROW) for one in answers]
        if not any(named) and len(answers) == len(rows):
            # Answers come in the order of the requests; without names that is all there is, and enough while none lacks.
            named = list(rows)
        found: dict[str, Result] = {}
        for row, answer in zip(named, answers, strict=True):
            if row is not None and (result := self._read(answer)) is not None:
                found[row] = result
        return found

    async def cancel(self, remote: str) -> None:
        """Ask for a batch to be stopped."""
        async with self._batches() as batches:
            await batches.cancel(name=remote)

    def _read(self, answer: "InlinedResponse") -> Result | None:
        if answer.response is not None:
            return self._client._reply(
                answer.response.model_dump(mode="json", by_alias=True, exclude_none=True), _UNKNOWN
            )
        code = int(answer.error.code or 0) if answer.error is not None else 0
        status = _STATUS.get(code, code if code >= 400 else 500)
        if status in (408, 499, 504):
            # The day was over, or somebody cancelled it, before the row was run.
            return None
        said = self._said(answer.error)
        return WireFault(fault_kind(status, said, []), said, status=status)

    def _said(self, error: "JobError | None") -> str:
        said = str(error.message or error.code) if error is not None else "no reason given"
        return without_keys(said, self._client._key)

    @asynccontextmanager
    async def _batches(self) -> "AsyncIterator[AsyncBatches]":
        """Give the SDK's batches, and turn what they raise into WireFault."""
        import aiohttp
        from google.genai import errors

        client = self._client
        try:
            async with asyncio.timeout(TIMEOUT_S):
                yield client._opened().aio.batches
        except TimeoutError:
            raise client._fault("timeout", f"no answer within {TIMEOUT_S:.0f} s") from None
        except errors.APIError as fault:
            details = json.dumps(fault.details).encode()
            headers = getattr(fault.response, "headers", None) or {}
            raise client._status_fault(Posted(int(fault.code or 0), headers, details)) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise client._fault("connection", str(fault) or type(fault).__name__) from None
        except ValueError as fault:
            raise client._fault("overloaded", f"the server's answer cannot be read ({fault})") from None


def _passes(error: "JobError | None") -> bool:
    return error is not None and _STATUS.get(int(error.code or 0), int(error.code or 0)) in (429, 500, 503)

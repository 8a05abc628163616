"""Many attempts -> Gemini's Batch API and back, through google-genai: inside the batch while it is small, else as files.

The second half of the adapter in `gemini`: what a request looks like, and how an answer or an error reads, is there.
"""

import asyncio
import io
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
    from google.genai.client import AsyncClient
    from google.genai.types import InlinedRequest, InlinedResponse, JobError

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
# Bytes that the SDK's form of a request may have more than a line of a file.
_AROUND = 512
_UNKNOWN = Attempt("", "", (), "", {}, 0.0, 0, 0.0)


class GeminiBatches:
    """The batches of a Gemini model.

    Requests go along inside the call that starts the batch, which may have 20 MB (ai.google.dev, "Batch API", Inline
    requests); more of them are uploaded as a file of JSON lines, which may have 2 GB (Input file). It is built in
    memory, so a twentieth is used. Answers come back in the same way as the requests went.
    """

    most_rows = 10_000
    most_bytes = 100_000_000
    inside_bytes = 18_000_000

    def __init__(self, client: GeminiClient) -> None:
        self._client = client

    def shape(self) -> str:
        """Return nothing: the model is not asked in different ways."""
        return ""

    def reshape(self, shape: str) -> None:
        """Do nothing; see shape."""

    async def line(self, row: str, attempt: Attempt) -> Line:
        """Return an attempt as one of the requests of a batch; how it is written is decided when all of them are known."""
        return Line(row, len(await self._written(row, attempt)) + _AROUND, attempt)

    async def _written(self, row: str, attempt: Attempt) -> bytes:
        """Return a request as a line of a file."""
        return (
            json.dumps({"key": row})[:-1].encode()
            + b', "request": '
            + await self._client._body(attempt)
            + b"}\n"
        )

    async def _inside(self, row: str, attempt: Attempt) -> "InlinedRequest":
        """Return a request as the SDK has it inside a batch."""
        from google.genai import types

        parts: list[types.Part] = []
        for image in attempt.images:
            picture = await sendable(image, "gemini")
            parts.append(types.Part.from_bytes(data=picture.data, mime_type=picture.mime))
        parts.append(types.Part.from_text(text=attempt.user))
        config = types.GenerateContentConfig(
            system_instruction=attempt.system,
            temperature=attempt.temperature,
            max_output_tokens=attempt.max_tokens,
            response_mime_type="application/json",
            response_json_schema=sanitised(attempt.schema, "gemini"),
        )
        contents: list[Any] = [types.Content(role="user", parts=parts)]
        return types.InlinedRequest(contents=contents, config=config, metadata={_ROW: row})

    async def submit(self, tag: str, lines: Sequence[Line]) -> str:
        """Start a batch; its display name is the tag. A file without a batch costs nothing and expires by itself."""
        from google.genai import types

        inside = sum(line.size for line in lines) <= self.inside_bytes
        async with self._sdk() as sdk:
            job = await sdk.batches.create(
                model=self._client.model,
                src=[await self._inside(line.row, line.body) for line in lines]
                if inside
                else await self._uploaded(sdk, tag, lines),
                config=types.CreateBatchJobConfig(display_name=tag),
            )
        return job.name or ""

    async def _uploaded(self, sdk: "AsyncClient", tag: str, lines: Sequence[Line]) -> str:
        """Upload requests as a file and return the server's name of it."""
        from google.genai import types

        data = io.BytesIO()
        for line in lines:
            data.write(await self._written(line.row, line.body))
        data.seek(0)
        config = types.UploadFileConfig(display_name=tag, mime_type="application/jsonl")
        kept = await sdk.files.upload(file=data, config=config)
        return kept.name or ""

    async def find(self, tags: Sequence[str], since: float) -> Mapping[str, str]:
        """Look for tags in the list of batches."""
        from google.genai import types

        found: dict[str, str] = {}
        async with self._sdk() as sdk:
            # A finished batch is listed with its answers in it: a small page keeps what comes at once bearable.
            async for job in await sdk.batches.list(config=types.ListBatchJobsConfig(page_size=10)):
                if job.display_name and job.name and job.display_name in tags:
                    found[job.display_name] = job.name
                if len(found) == len(tags):
                    break
        return found

    async def look(self, remote: str) -> Look:
        """Return how a batch stands."""
        try:
            async with self._sdk() as sdk:
                job = await sdk.batches.get(name=remote)
        except WireFault as fault:
            if fault.kind == "not_found":
                return Look("gone", str(fault))
            raise
        state = job.state.value if job.state is not None else ""
        if state not in _ENDED:
            return Look("waiting", state.removeprefix("JOB_STATE_").lower())
        answers = (job.dest.inlined_responses or []) if job.dest is not None else []
        if job.dest is not None and job.dest.file_name:
            return Look("ended", state.removeprefix("JOB_STATE_").lower())
        if state == "JOB_STATE_FAILED" and not answers:
            return Look("failed", self._said(job.error), lasting=not _passes(job.error))
        return Look("ended", state.removeprefix("JOB_STATE_").lower(), len(answers), len(answers))

    async def results(self, remote: str, rows: Sequence[str]) -> dict[str, Result]:
        """Read the answers inside a batch, or the file that they came in."""
        async with self._sdk() as sdk:
            job = await sdk.batches.get(name=remote)
            if job.dest is not None and job.dest.file_name:
                return self._read_file(await sdk.files.download(file=job.dest.file_name))
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
        async with self._sdk() as sdk:
            await sdk.batches.cancel(name=remote)

    def _read(self, answer: "InlinedResponse") -> Result | None:
        if answer.response is not None:
            return self._client._reply(
                answer.response.model_dump(mode="json", by_alias=True, exclude_none=True), _UNKNOWN
            )
        return self._refused(answer.error)

    def _read_file(self, data: bytes) -> dict[str, Result]:
        from google.genai import types

        found: dict[str, Result] = {}
        for text in data.decode("utf-8", "replace").split("\n"):
            if not text.strip():
                continue
            line = json.loads(text)
            result: Result | None
            if line.get("response") is not None:
                result = self._client._reply(line["response"], _UNKNOWN)
            else:
                said = line.get("error") or line.get("status") or {}
                result = self._refused(types.JobError(code=said.get("code"), message=said.get("message")))
            if result is not None:
                found[str(line["key"])] = result
        return found

    def _refused(self, error: "JobError | None") -> Result | None:
        code = int(error.code or 0) if error is not None else 0
        status = _STATUS.get(code, code if code >= 400 else 500)
        if status in (408, 499, 504):
            # The day was over, or somebody cancelled it, before the row was run.
            return None
        said = self._said(error)
        return WireFault(fault_kind(status, said, []), said, status=status)

    def _said(self, error: "JobError | None") -> str:
        said = str(error.message or error.code) if error is not None else "no reason given"
        return without_keys(said, self._client._key)

    @asynccontextmanager
    async def _sdk(self) -> "AsyncIterator[AsyncClient]":
        """Give the SDK, and turn what it raises into WireFault."""
        import aiohttp
        from google.genai import errors

        client = self._client
        try:
            async with asyncio.timeout(TIMEOUT_S):
                yield client._opened().aio
        except TimeoutError:
            raise client._fault("timeout", f"no answer within {TIMEOUT_S:.0f} s") from None
        except errors.APIError as fault:
            details = json.dumps(fault.details).encode()
            headers = getattr(fault.response, "headers", None) or {}
            raise client._status_fault(Posted(int(fault.code or 0), headers, details)) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise client._fault("connection", str(fault) or type(fault).__name__) from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
            raise client._fault("overloaded", f"the server's answer cannot be read ({fault})") from None


def _passes(error: "JobError | None") -> bool:
    return error is not None and _STATUS.get(int(error.code or 0), int(error.code or 0)) in (429, 500, 503)

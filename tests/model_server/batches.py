"""Batches of both providers: files and jobs in, half-priced answers out once their time has come.

What becomes of a job is the setting `batch`: complete; partial (every third request fails); expired (the second half
never ran); failed (the file was not taken, nothing ran); full (the same, because the queue has no room); cancelled (half
ran before somebody cancelled it); stuck (it ends when it is released). It ends `latency_s` seconds after it was made.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import faults, gemini_wire, openai_wire, tokens
from .asked import Asked, RefusalError, digest
from .settings import Settings
from .state import State

HALF = 0.5
_WHY = {
    "failed": {
        "code": "invalid_json_line",
        "message": "This line is not parseable as valid JSON.",
        "line": 1,
    },
    "full": {
        "code": "token_limit_exceeded",
        "message": "Enqueued token limit reached for this model. Please try again once some batches are done.",
    },
}
Compose = Callable[..., tuple[Asked, str, str, str, tuple[int, int]]]


@dataclass(slots=True)
class Job:
    """One batch. `requests` are (id, body) in the order sent; `done` holds the results once it has ended."""

    name: str
    requests: list[tuple[str, dict[str, Any]]]
    fate: str
    ready_at: float
    about: dict[str, Any]
    listed_at: float = 0.0
    model: str = ""
    cancelled: bool = False
    in_file: bool = False
    done: list[tuple[str, dict[str, Any] | RefusalError]] | None = None
    files: dict[str, str] = field(default_factory=dict)

    def ended(self) -> bool:
        """Whether its time has come."""
        return self.cancelled or (self.fate != "stuck" and time.monotonic() >= self.ready_at)

    @property
    def stopped(self) -> bool:
        """Whether somebody has cancelled it."""
        return self.cancelled or self.fate == "cancelled"


class Desk:
    """The files and jobs of a server."""

    def __init__(self, state: State, compose: Compose) -> None:
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, Job] = {}
        self.uploading = b""
        self._state = state
        self._compose = compose

    @property
    def settings(self) -> Settings:
        """How the server is told to behave."""
        return self._state.settings

    def keep_file(self, data: bytes) -> dict[str, Any]:
        """Store a file and return OpenAI's description of it."""
        name = f"file-{len(self.files) + 1:04d}-{digest(data)}"
        self._state.files += 1
        self.files[name] = data
        return {
            "id": name, "object": "file", "bytes": len(data), "created_at": int(time.time()),
            "filename": "batch.jsonl", "purpose": "batch", "status": "processed",
        }  # fmt: skip

    def start_openai(self, body: dict[str, Any]) -> Job:
        """Start a batch from a file that was sent before."""
        data = self.files.get(body.get("input_file_id", ""))
        if data is None:
            raise RefusalError("not_found", 404, "No such File object.", param="input_file_id")
        if body.get("endpoint") != "/v1/chat/completions" or body.get("completion_window") != "24h":
            raise RefusalError("bad_request", 400, "Invalid endpoint or completion_window.")
        rows = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
        names = [row["custom_id"] for row in rows]
        if len(set(names)) != len(names):
            raise RefusalError("bad_request", 400, "The custom_id of every request must be unique.")
        return self._start([(row["custom_id"], row["body"]) for row in rows], body)

    def start_gemini(self, model: str, body: dict[str, Any]) -> Job:
        """Start a batch of requests that come along in the same body, or lie in a file that was sent before."""
        given = body["batch"]["inputConfig"]
        if "fileName" in given:
            data = self.files.get(given["fileName"].removeprefix("files/"))
            if data is None:
                raise RefusalError("not_found", 404, "Requested file was not found.")
            lines = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
            rows = [(line["key"], {"request": line["request"]}) for line in lines]
        else:
            rows = [(str(number), one) for number, one in enumerate(given["requests"]["requests"])]
        job = self._start(rows, body["batch"])
        job.model = model
        job.in_file = "fileName" in given
        return job

    def _start(self, rows: list[tuple[str, dict[str, Any]]], about: dict[str, Any]) -> Job:
        settings = self._state.settings
        name = f"batch_{len(self.jobs) + 1:04d}"
        now = time.monotonic()
        job = Job(
            name,
            rows,
            settings.batch,
            now + settings.latency_s,
            about,
            listed_at=now + settings.batch_hidden_s,
        )
        self.jobs[name] = job
        self._state.batches += 1
        self._state.batch_rows += len(rows)
        return job

    def listed(self) -> list[Job]:
        """Return the jobs that the list shows by now, the newest first."""
        self._state.batch_lists += 1
        now = time.monotonic()
        return [job for job in reversed(self.jobs.values()) if now >= job.listed_at]

    def release(self) -> None:
        """Let jobs that are stuck come to their end."""
        for job in self.jobs.values():
            job.fate = "complete" if job.fate == "stuck" else job.fate

    def results(self, job: Job) -> list[tuple[str, dict[str, Any] | RefusalError]]:
        """Return what an ended job brought, answering its requests the first time."""
        if job.done is None:
            job.done = [
                (name, found)
                for number, (name, body) in enumerate(job.requests)
                if (found := self._result(job, number, body)) is not None
            ]
        return job.done

    def _result(self, job: Job, number: int, body: dict[str, Any]) -> dict[str, Any] | RefusalError | None:
        if job.fate in ("failed", "full") or job.cancelled:
            return None
        if job.fate == "cancelled" and number >= len(job.requests) / 2:
            return None
        if job.fate == "expired" and number >= len(job.requests) / 2:
            return RefusalError(
                "batch_expired",
                408,
                "This request could not be executed before the completion window expired.",
            )
        if job.fate == "partial" and number % 3 == 2:
            return RefusalError("overloaded", 500, "The server had an error while processing your request.")
        try:
            return self._answer(job, body)
        except RefusalError as refusal:
            return refusal

    def _answer(self, job: Job, body: dict[str, Any]) -> dict[str, Any]:
        state = self._state
        data = json.dumps(body).encode()
        if job.model:
            asked = gemini_wire.request(body["request"], digest(data), job.model, state.settings)
            wire, pictures = gemini_wire.reply, tokens.gemini_picture
        else:
            asked = openai_wire.asked(data, state, f"Bearer {state.settings.key}")
            wire, pictures = openai_wire.reply, tokens.openai_picture
        tries = state.tries[asked.row]
        state.tries[asked.row] += 1
        faults.refuse(asked, state, tries)
        asked, _, text, finish, used = self._compose(asked, state, tries, pictures, price=HALF)
        return wire(asked, text, finish, used)

    def shown_openai(self, job: Job) -> dict[str, Any]:
        """Return OpenAI's description of a job; its result files appear once it has ended."""
        ended = job.ended()
        status = (
            {"failed": "failed", "full": "failed", "expired": "expired"}.get(job.fate, "completed")
            if ended
            else "in_progress"
        )
        good = bad = 0
        if ended:
            good, bad = self._write_files(job)
        return {
            "id": job.name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": job.about["input_file_id"],
            "completion_window": "24h",
            "status": "cancelled" if ended and job.stopped else status,
            "errors": {"object": "list", "data": [_WHY[job.fate]]} if ended and job.fate in _WHY else None,
            "created_at": int(time.time()),
            "metadata": job.about.get("metadata"),
            "output_file_id": job.files.get("output"),
            "error_file_id": job.files.get("error"),
            "request_counts": {"total": len(job.requests), "completed": good, "failed": bad},
        }

    def _write_files(self, job: Job) -> tuple[int, int]:
        lines: dict[str, list[str]] = {"output": [], "error": []}
        for name, found in self.results(job):
            row: dict[str, Any] = {
                "id": f"batch_req_{name}",
                "custom_id": name,
                "response": None,
                "error": None,
            }
            if not isinstance(found, RefusalError):
                row["response"] = {"status_code": 200, "request_id": name, "body": found}
            elif found.kind == "batch_expired":
                row["error"] = {"code": "batch_expired", "message": found.message}
            else:
                row["response"] = {
                    "status_code": found.status,
                    "request_id": name,
                    "body": openai_wire.error(found),
                }
            lines["error" if isinstance(found, RefusalError) else "output"].append(json.dumps(row))
        for which, rows in lines.items():
            if rows and which not in job.files:
                # Real result files are in no order; nobody may rely on one.
                job.files[which] = self.keep_file("\n".join(reversed(rows)).encode())["id"]
        return len(lines["output"]), len(lines["error"])

    def shown_gemini(self, job: Job) -> dict[str, Any]:
        """Return Gemini's description of a job, with the answers in it once it has ended."""
        ended = job.ended()
        state = (
            {"failed": "FAILED", "full": "FAILED", "expired": "EXPIRED"}.get(job.fate, "SUCCEEDED")
            if ended
            else "RUNNING"
        )
        about: dict[str, Any] = {
            "state": f"BATCH_STATE_{'CANCELLED' if ended and job.stopped else state}",
            "displayName": job.about.get("displayName", ""),
            "model": f"models/{job.model}",
        }
        if ended and self.results(job) and job.in_file:
            about["output"] = {"responsesFile": f"files/{self._answer_file(job)}"}
        elif ended and self.results(job):
            about["output"] = {
                "inlinedResponses": {
                    "inlinedResponses": [self._inlined(job, one) for one in self.results(job)]
                }
            }
        return {"name": f"batches/{job.name}", "metadata": about, "done": ended}

    def _answer_file(self, job: Job) -> str:
        if "output" not in job.files:
            lines = [
                {"key": name, "error": {"code": found.status, "message": found.message}}
                if isinstance(found, RefusalError)
                else {"key": name, "response": found}
                for name, found in self.results(job)
            ]
            job.files["output"] = self.keep_file("\n".join(map(json.dumps, lines)).encode())["id"]
        return job.files["output"]

    def _inlined(self, job: Job, result: tuple[str, dict[str, Any] | RefusalError]) -> dict[str, Any]:
        name, found = result
        row: dict[str, Any] = {"metadata": job.requests[int(name)][1].get("metadata", {})}
        if isinstance(found, RefusalError):
            return {**row, "error": {"code": found.status, "message": found.message}}
        return {**row, "response": found}

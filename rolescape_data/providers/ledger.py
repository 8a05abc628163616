"""Every call to a writer, kept in one SQLite file per character: what is paid for is never paid for twice."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rolescape_data.errors import DiskFullError, InputError
from rolescape_data.providers.base import Outcome, Request, Writer

_TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY,
    prompt_id TEXT NOT NULL,
    writer TEXT NOT NULL,
    request TEXT NOT NULL,
    reply TEXT,
    raw TEXT NOT NULL,
    error TEXT,
    detail TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID;
"""


def call_key(writer: str, request: Request) -> str:
    """Return the SHA-256 of everything that shapes the answer, and of nothing else."""
    shape = {
        "writer": writer,
        "system": request.system,
        "user": request.user,
        "images": [image.sha256 for image in request.images],
        "answer": request.answer,
        "keys": list(request.keys),
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "take": request.take,
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a ledger sums to."""

    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class Ledger:
    """The calls of one character."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the outcomes that are there already, by key."""
        found: dict[str, Outcome] = {}
        with self._open() as database:
            for key in keys:
                row = database.execute(
                    "SELECT reply, raw, error, detail, input_tokens, output_tokens, cost_usd FROM calls WHERE key = ?",
                    (key,),
                ).fetchone()
                if row is not None:
                    reply: dict[str, Any] | None = None if row[0] is None else json.loads(row[0])
                    raw, error, detail, input_tokens, output_tokens, cost = row[1:]
                    found[key] = Outcome(
                        key, reply, raw, error, detail, input_tokens, output_tokens, cost, cached=True
                    )
        return found

    def keep(self, writer: str, answered: Sequence[tuple[Request, Outcome]]) -> None:
        """Store outcomes durably, all of them in one commit."""
        rows = [
            (
                outcome.call_key,
                request.prompt_id,
                writer,
                json.dumps({"user": request.user, "images": [image.sha256 for image in request.images]}),
                None if outcome.reply is None else json.dumps(outcome.reply, ensure_ascii=False),
                outcome.raw,
                outcome.error,
                outcome.detail,
                outcome.input_tokens,
                outcome.output_tokens,
                outcome.cost_usd,
            )
            for request, outcome in answered
        ]
        with self._open() as database, database:
            database.executemany(
                "INSERT OR IGNORE INTO calls (key, prompt_id, writer, request, reply, raw, error, detail, input_tokens, "
                "output_tokens, cost_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def spent(self) -> Spent:
        """Sum up the ledger."""
        if not self._path.exists():
            return Spent(0, 0, 0, 0, 0.0)
        with self._open() as database:
            row = database.execute(
                "SELECT count(*), count(error), total(input_tokens), total(output_tokens), total(cost_usd) FROM calls"
            ).fetchone()
        return Spent(int(row[0]), int(row[1]), int(row[2]), int(row[3]), float(row[4]))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database:
                database.execute("PRAGMA synchronous = FULL")
                database.executescript(_TABLES)
                yield database
        except sqlite3.OperationalError as fault:
            if "full" in str(fault):
                raise DiskFullError(
                    f"The disk under {self._path.parent} is full ({fault}). "
                    "Free some space and run the same command again; nothing that was done is lost."
                ) from fault
            raise InputError(
                f"The ledger {self._path} cannot be used: {fault}. Is another build running?"
            ) from fault
        except sqlite3.DatabaseError as fault:
            raise InputError(
                f"The ledger {self._path} is damaged ({fault}). Restore it from a copy, or move it away to pay for its calls again."
            ) from fault


class Recorded:
    """A writer behind a ledger: known calls are answered from it, new ones are kept before they are returned."""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self.name = writer.name
        self.kind: Literal["llm", "vlm", "rule"] = writer.kind
        self._writer = writer
        self._ledger = ledger

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request, paying only for those that the ledger does not hold."""
        keys = [call_key(self.name, request) for request in requests]
        known = self._ledger.find(keys)
        new = {key: request for key, request in zip(keys, requests, strict=True) if key not in known}
        if new:
            outcomes = self._writer.write(list(new.values()))
            self._ledger.keep(self.name, list(zip(new.values(), outcomes, strict=True)))
            known |= dict(zip(new, outcomes, strict=True))
        return [known[key] for key in keys]

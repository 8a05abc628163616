"""Every call to a writer, kept in one SQLite file per character: what is paid for is never paid for twice.

`calls` holds one row per request that is settled: answered, or quarantined with its raw text and reason. `handed_on`
names the calls that a fall-back took over, and why; `asked_again` those that came to nothing and whose question
another one answered later. `attempts`
holds every sending of a paid request: a row in state 'open' is committed before the request leaves, and closed when
its end is known. What a killed run left open may have been answered and charged for, so it counts at its worst case.
"""

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rolescape_data.providers.base import ErrorKind, Outcome, Request, Writer
from rolescape_data.providers.ledger_faults import explained
from rolescape_data.providers.quarantine import held

Step = Literal["ask", "correct", "fresh", "widen"]
AttemptState = Literal[
    "open",  # sent, or about to be; of a run that ended since: nobody knows
    "answered",  # a reply came back and was charged for
    "refused",  # the server said no and charged nothing
    "unknown",  # no reply came back, but the server may have made and charged one
]

TABLES = """
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
CREATE TABLE IF NOT EXISTS attempts (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    worst_usd REAL NOT NULL,
    cost_usd REAL NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    latency_s REAL,
    finish TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    fault TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    retired INTEGER NOT NULL DEFAULT 0,
    began TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    ended TEXT,
    UNIQUE (key, number)
);
CREATE TABLE IF NOT EXISTS handed_on (
    key TEXT PRIMARY KEY,
    writer TEXT NOT NULL,
    successor TEXT NOT NULL,
    successor_key TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked_again (
    key TEXT PRIMARY KEY,
    later TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY,
    writer TEXT NOT NULL,
    state TEXT NOT NULL,
    remote TEXT NOT NULL DEFAULT '',
    shape TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    began TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    ended TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_rows (
    batch TEXT NOT NULL,
    row TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (batch, row)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS batch_rows_of_key ON batch_rows (key);
"""
_KEEP = (
    "INSERT OR IGNORE INTO calls (key, prompt_id, writer, request, reply, raw, error, detail, input_tokens, "
    "output_tokens, cost_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEYS = "(SELECT value FROM json_each(?))"
_BEGIN = "INSERT INTO attempts (key, number, step, state, worst_usd) VALUES (?, ?, ?, 'open', ?)"
_END = (
    "UPDATE attempts SET state = ?, cost_usd = ?, input_tokens = ?, output_tokens = ?, latency_s = ?, finish = ?, "
    "text = ?, fault = ?, detail = ?, model = ?, fingerprint = ?, ended = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
    "WHERE key = ? AND number = ?"
)
Statement = tuple[str, tuple[Any, ...]]


def call_key(writer: str, request: Request, *, schema_sha256: str = "") -> str:
    """Return the SHA-256 of everything that shapes the answer, and of nothing else.

    Args:
        writer: its name, which holds provider and model.
        request: the call.
        schema_sha256: hash of the schema on the wire; empty for writers that are sent none.
    """
    shape: dict[str, Any] = {
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
    if schema_sha256:
        shape["schema"] = schema_sha256
    return hashlib.sha256(json.dumps(shape, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a ledger sums to. `open_usd` is the worst case of what nobody knows the end of, on top of `cost_usd`.

    `sent`: those of `calls` that left for a model; the others are tasks that a writer worked by itself.
    """

    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    open_usd: float = 0.0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Attempted:
    """One sending of a call, as the ledger holds it. `retired` ones belong to a quarantine that was lifted."""

    number: int
    step: Step
    state: AttemptState
    text: str
    finish: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    retired: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sending ended; tokens are the server's own count, latency in seconds."""

    state: AttemptState
    cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    finish: str = ""
    text: str = ""
    fault: str = ""
    detail: str = ""
    model: str = ""
    fingerprint: str = ""


def beginning(key: str, number: int, step: Step, worst_usd: float) -> Statement:
    """Return the statement that records the intent to send, to be committed before anything is sent."""
    return _BEGIN, (key, number, step, worst_usd)


def ending(key: str, number: int, end: Ended) -> Statement:
    """Return the statement that records how a sending ended."""
    return _END, (
        end.state, end.cost_usd, end.input_tokens, end.output_tokens, end.latency_s, end.finish,
        storable(end.text), end.fault, storable(end.detail), storable(end.model), storable(end.fingerprint), key, number,
    )  # fmt: skip


def keeping(writer: str, request: Request, outcome: Outcome) -> Statement:
    """Return the statement that settles a call. Of its pictures only the hashes are kept."""
    return _KEEP, (
        outcome.call_key,
        request.prompt_id,
        writer,
        json.dumps({"user": request.user, "images": [image.sha256 for image in request.images]}),
        None if outcome.reply is None else json.dumps(outcome.reply, ensure_ascii=False),
        storable(outcome.raw),
        outcome.error,
        storable(outcome.detail),
        outcome.input_tokens,
        outcome.output_tokens,
        outcome.cost_usd,
    )


def storable(text: str) -> str:
    """Return a text without the half characters (lone surrogates) that a model can write and no file can hold."""
    return text.encode("utf-8", "replace").decode()


class Ledger:
    """The calls of one character."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the outcomes that are there already, by key."""
        found: dict[str, Outcome] = {}
        with self._open() as database:
            rows = database.execute(
                "SELECT key, reply, raw, error, detail, input_tokens, output_tokens, cost_usd FROM calls "
                f"WHERE key IN {_KEYS}",
                (json.dumps(list(keys)),),
            )
            for key, written, raw, error, detail, input_tokens, output_tokens, cost in rows:
                reply: dict[str, Any] | None = None if written is None else json.loads(written)
                found[key] = Outcome(
                    key, reply, raw, error, detail, input_tokens, output_tokens, cost, cached=True
                )
        return found

    def opened(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return the database, open while the block lasts; a fault in it is told as a person can act on it."""
        return self._open()

    def keep(self, writer: str, answered: Sequence[tuple[Request, Outcome]]) -> None:
        """Store outcomes durably, all of them in one commit."""
        rows = [keeping(writer, request, outcome)[1] for request, outcome in answered]
        with self._open() as database, database:
            database.executemany(_KEEP, rows)

    def attempts(self, keys: Sequence[str]) -> dict[str, list[Attempted]]:
        """Return what was sent before for calls that are not settled, in order."""
        found: dict[str, list[Attempted]] = {key: [] for key in keys}
        with self._open() as database:
            rows = database.execute(
                "SELECT key, number, step, state, text, finish, input_tokens, output_tokens, cost_usd, retired "
                f"FROM attempts WHERE key IN {_KEYS} ORDER BY key, number",
                (json.dumps(list(keys)),),
            )
            for key, *rest in rows:
                found[key].append(Attempted(*rest))
        return found

    def quarantined(self) -> dict[tuple[str, str], int]:
        """Count the requests that were sent and are in quarantine, by prompt and error of whoever was asked first."""
        with self._open() as database:
            return dict(Counter((one.prompt_id, one.error) for one in held(database)))

    def release(self, errors: Sequence[ErrorKind], prompts: Sequence[str] | None = None) -> list[str]:
        """Take requests out of quarantine, so that they are asked anew; what they cost stays on the books.

        Args:
            errors: why they are there.
            prompts: of these alone; None takes all.

        Returns:
            The keys of their calls: one for each writer that was asked.
        """
        with self._open() as database, database:
            keys = [
                key
                for one in held(database)
                if one.error in errors and (prompts is None or one.prompt_id in prompts)
                for key in one.keys
            ]
            for key in keys:
                database.execute("UPDATE attempts SET retired = 1 WHERE key = ?", (key,))
                database.execute("DELETE FROM calls WHERE key = ?", (key,))
        return keys

    def note_asked_again(self, later: Mapping[str, str]) -> None:
        """Note which calls came to nothing and were asked again, each with the call that answered: nobody misses them."""
        if later:
            with self._open() as database, database:
                database.executemany(
                    "INSERT OR REPLACE INTO asked_again (key, later) VALUES (?, ?)", later.items()
                )

    def spent(self) -> Spent:
        """Sum up the ledger: every sending of paid calls, and the calls of writers that send nothing."""
        if not self.path.exists():
            return Spent(0, 0, 0, 0, 0.0)
        with self._open() as database:
            free = database.execute(
                "SELECT count(*), count(error), total(input_tokens), total(output_tokens), total(cost_usd) FROM calls "
                "WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.key = calls.key)"
            ).fetchone()
            paid = database.execute(
                "SELECT count(*), total(state <> 'answered'), total(input_tokens), total(output_tokens), "
                "total(cost_usd), total(iif(state IN ('open', 'unknown'), worst_usd, 0)) FROM attempts"
            ).fetchone()
        return Spent(
            calls=int(free[0] + paid[0]),
            failed=int(free[1] + paid[1]),
            input_tokens=int(free[2] + paid[2]),
            output_tokens=int(free[3] + paid[3]),
            cost_usd=float(free[4] + paid[4]),
            open_usd=float(paid[5]),
            sent=int(paid[0]),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connected(self.path)) as database:
                database.execute("PRAGMA synchronous = FULL")
                database.executescript(TABLES)
                yield database
        except sqlite3.Error as fault:
            raise explained(self.path, fault) from fault


def connected(path: Path) -> sqlite3.Connection:
    """Open a ledger. Where nothing can be written it is only read, as one plain file.

    A paid ledger was last written in WAL mode, in which SQLite makes files beside it even to read it.
    """
    beside = path.with_name(path.name + "-wal")
    if os.access(path.parent, os.W_OK) or not path.exists() or (beside.exists() and beside.stat().st_size):
        return sqlite3.connect(path, timeout=30)
    return sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)


class Recorded:
    """A writer behind a ledger: known calls are answered from it, new ones are kept before they are returned."""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self.name = writer.name
        self.kind: Literal["llm", "vlm", "rule"] = writer.kind
        self._writer = writer
        self._ledger = ledger

    def key(self, request: Request) -> str:
        """Return the call's key in the ledger."""
        return call_key(self.name, request)

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request, paying only for those that the ledger does not hold."""
        keys = [self.key(request) for request in requests]
        known = self._ledger.find(keys)
        new = {key: request for key, request in zip(keys, requests, strict=True) if key not in known}
        if new:
            outcomes = self._writer.write(list(new.values()))
            self._ledger.keep(self.name, list(zip(new.values(), outcomes, strict=True)))
            known |= dict(zip(new, outcomes, strict=True))
        return [known[key] for key in keys]

"""The batches of one ledger: which were meant to be sent, which are at the server, which row of which call is in them.

A batch is recorded with all its rows before it is submitted, in the transaction that records the rows' intents, and
closed in the transaction that records the rows' ends. One batch may hold rows of several characters; each ledger
knows its own.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from rolescape_data.providers.ledger import TABLES, Statement, connected, storable
from rolescape_data.providers.ledger_faults import explained

BatchState = Literal[
    "intended",  # about to be submitted, or just submitted: only the server's list tells
    "sent",  # at the server, under its name
    "ended",  # harvested, or known never to have come there
]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row of a batch: its name there, the call and attempt that it is, and the most USD that it can cost."""

    row: str
    key: str
    number: int
    worst_usd: float


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that is not harvested yet. `age_s` counts from its intent, `requests` the rows of this ledger."""

    id: str
    writer: str
    state: BatchState
    remote: str
    began: str
    age_s: float
    rows: tuple[BatchRow, ...]


def intending(batch: str, writer: str, shape: str) -> Statement:
    """Return the statement that records a batch before it is submitted."""
    return "INSERT INTO batches (id, writer, state, shape) VALUES (?, ?, 'intended', ?)", (
        batch,
        writer,
        shape,
    )


def placing(batch: str, row: str, key: str, number: int) -> Statement:
    """Return the statement that says which attempt a row of a batch is."""
    return "INSERT INTO batch_rows (batch, row, key, number) VALUES (?, ?, ?, ?)", (batch, row, key, number)


def naming(batch: str, remote: str) -> Statement:
    """Return the statement that records the server's name of a batch."""
    return "UPDATE batches SET state = 'sent', remote = ? WHERE id = ? AND state <> 'ended'", (remote, batch)


def closing_batch(batch: str, detail: str) -> Statement:
    """Return the statement that a batch is done with."""
    return (
        "UPDATE batches SET state = 'ended', detail = ?, ended = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?",
        (storable(detail), batch),
    )


def open_batches(path: Path, writer: str | None = None) -> list[OpenBatch]:
    """Return the batches of a ledger that are not harvested yet, oldest first; of every writer without one."""
    if not path.exists():
        return []
    with _opened(path) as database:
        found = database.execute(
            "SELECT id, writer, state, remote, began FROM batches WHERE state <> 'ended' ORDER BY began, id"
        ).fetchall()
        return [
            OpenBatch(
                batch,
                by,
                state,
                remote,
                began,
                _age_s(began),
                tuple(
                    BatchRow(*row)
                    for row in database.execute(
                        "SELECT row, key, number, worst_usd FROM batch_rows JOIN attempts USING (key, number) "
                        "WHERE batch = ? ORDER BY row",
                        (batch,),
                    )
                ),
            )
            for batch, by, state, remote, began in found
            if writer in (None, by)
        ]


def last_shape(path: Path, writer: str) -> str:
    """Return what the model was known to take when the last batch was sent; '' before the first."""
    with _opened(path) as database:
        row = database.execute(
            "SELECT shape FROM batches WHERE writer = ? ORDER BY began DESC, id DESC LIMIT 1", (writer,)
        ).fetchone()
    return row[0] if row else ""


def unanswered(path: Path, keys: Sequence[str]) -> Mapping[str, tuple[int, str]]:
    """Return how many batches came back without an answer to a call since its last reply, and the last reason."""
    found: dict[str, tuple[int, str]] = {}
    with _opened(path) as database:
        for key in keys:
            rows = database.execute(
                "SELECT state, detail, fault FROM batch_rows JOIN attempts USING (key, number) "
                "WHERE key = ? AND NOT retired ORDER BY number",
                (key,),
            )
            for state, detail, fault in rows:
                if state == "answered":
                    found.pop(key, None)
                elif fault != "not sent":
                    found[key] = (found.get(key, (0, ""))[0] + 1, detail)
    return found


def _age_s(began: str) -> float:
    then = datetime.strptime(began, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return max(0.0, (datetime.now(UTC) - then).total_seconds())


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(connected(path)) as database:
            database.executescript(TABLES)
            yield database
    except sqlite3.Error as fault:
        raise explained(path, fault) from fault

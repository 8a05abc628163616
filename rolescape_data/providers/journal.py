"""Ledger statements of many calls at once -> few durable commits, made by one background thread.

While one commit is on its way to the disk, everything that arrives waits and shares the next. What one turn of the event
loop hands over goes to the thread in one piece: waking a thread costs as much as writing the statement.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from rolescape_data.errors import RolescapeError, StoppedError
from rolescape_data.providers.ledger import TABLES, Statement
from rolescape_data.providers.ledger_faults import explained

# A ledger that nothing was written to for this long is closed: it is then one plain file again, without a -wal beside it.
IDLE_SECONDS = 1.0
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    statements: Sequence[Statement]
    done: "asyncio.Future[None] | None"
    loop: asyncio.AbstractEventLoop | None


class Journal:
    """The one writer of paid ledgers in this process."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._woken: set[asyncio.AbstractEventLoop] = set()
        self._queue: SimpleQueue[threading.Event | None] = SimpleQueue()
        self._open: dict[Path, sqlite3.Connection] = {}
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def put(self, path: Path, *statements: Statement) -> "asyncio.Future[None]":
        """Hand statements over; the future is done once they are on the disk, all of them or none.

        Raises (through the future):
            StoppedError: the disk is full. InputError: the ledger cannot be used.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        # Nobody need wait for a record that something durable already covers; a fault shows at the next one.
        done.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._entries.append(_Entry(path, statements, done, loop))
        if loop not in self._woken:
            self._woken.add(loop)
            loop.call_soon(self._wake, loop)
        return done

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._woken.discard(loop)
        self._queue.put(None)

    def settle(self) -> None:
        """Wait until everything handed over is on the disk, and close the ledgers."""
        closed = threading.Event()
        self._queue.put(closed)
        if not closed.wait(30):
            raise StoppedError("The ledger's thread does not answer. Run the same command again.")

    def _run(self) -> None:
        while True:
            try:
                first = self._queue.get(timeout=IDLE_SECONDS if self._open else None)
            except Empty:
                self._close()
                continue
            calls = [first]
            with suppress(Empty):
                while True:
                    calls.append(self._queue.get_nowait())
            entries: list[_Entry] = []
            with suppress(IndexError):
                while len(entries) < _MOST_AT_ONCE:
                    entries.append(self._entries.popleft())
            self._commit(entries)
            if len(entries) == _MOST_AT_ONCE:
                # More may lie behind them that was handed over before somebody asked to settle.
                for call in calls:
                    self._queue.put(call)
                continue
            waiting = [call for call in calls if call is not None]
            if waiting:
                self._close()
            for event in waiting:
                event.set()

    def _commit(self, entries: list[_Entry]) -> None:
        by_path: dict[Path, list[_Entry]] = {}
        for entry in entries:
            by_path.setdefault(entry.path, []).append(entry)
        for path, together in by_path.items():
            fault: RolescapeError | None = None
            try:
                database = self._connection(path)
                database.execute("BEGIN IMMEDIATE")
                for entry in together:
                    for sql, values in entry.statements:
                        database.execute(sql, values)
                database.execute("COMMIT")
            except Exception as error:  # noqa: BLE001 - a thread that ends would leave everybody waiting for ever.
                fault = explained(path, error)
                self._drop(path)
            _tell(together, fault)

    def _connection(self, path: Path) -> sqlite3.Connection:
        if path not in self._open:
            database = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._open[path] = database
            with suppress(sqlite3.OperationalError):
                # Refused at once while somebody reads or writes; the older mode is as safe, and only slower.
                database.execute("PRAGMA journal_mode = WAL")
            # FULL, not NORMAL: NORMAL loses the last commits with the power, and an intent that is lost is a
            # call that may be paid twice. One flush serves every call waiting, so it costs 0.3 ms a batch.
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(TABLES)
        return self._open[path]

    def _drop(self, path: Path) -> None:
        database = self._open.pop(path, None)
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()

    def _close(self) -> None:
        for path in list(self._open):
            self._drop(path)


def _tell(entries: Sequence[_Entry], fault: RolescapeError | None) -> None:
    """Wake everybody whose statements were in the commit, with one call per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for entry in entries:
        if entry.loop is not None and entry.done is not None:
            by_loop.setdefault(entry.loop, []).append(entry.done)
    for loop, futures in by_loop.items():
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, futures, fault)


def _resolve(futures: "Sequence[asyncio.Future[None]]", fault: RolescapeError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if fault is None:
            future.set_result(None)
        else:
            future.set_exception(fault)

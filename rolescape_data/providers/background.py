"""The one event loop of this process that owns clients, limits and the journal; stages stay plain synchronous code."""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from rolescape_data.errors import SettingsError
from rolescape_data.providers.admission import MOST, Admission
from rolescape_data.providers.journal import Journal
from rolescape_data.providers.schemas import Profile
from rolescape_data.providers.wire import Client

T = TypeVar("T")


class ProfiledClient(Client, Protocol):
    """A client that says which kind of server it talks to."""

    profile: Profile


class Background:
    """An event loop in a thread, with what has to be shared by everybody who makes calls."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.journal = Journal()
        self.pid = os.getpid()
        self._clients: dict[tuple[str, str, object], ProfiledClient] = {}
        self._admissions: dict[tuple[str, str], Admission] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.loop.run_forever, name="calls", daemon=True)
        self._thread.start()

    def client(self, name: str, base_url: str, make: Callable[[], ProfiledClient]) -> ProfiledClient:
        """Return the client of a writer at an address with a key, opened once.

        One key does not close what another one has open: stages may have keys of their own (`key_env:`), and what is in
        flight then is paid for.
        """
        fresh = make()
        with self._lock:
            return self._clients.setdefault((name, base_url, getattr(fresh, "_key", None)), fresh)

    def admission(self, name: str, base_url: str) -> Admission:
        """Return the limits of a writer at an address."""
        with self._lock:
            return self._admissions.setdefault((name, base_url), Admission(name, most=most_in_flight()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine from any other thread and wait for it; an interrupt of the waiting cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Bring the ledgers to the disk, close connections and stop."""
        if self.pid != os.getpid() or self.loop.is_closed():
            return
        with suppress(Exception):
            self.journal.settle()
        with suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._close_clients(), self.loop).result(2.0)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(2.0)

    async def _close_clients(self) -> None:
        # Who still looks after a batch is told to stop: the loop would complain of it on its way out.
        looking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        for client in self._clients.values():
            await client.close()


_running: list[Background] = []
_starting = threading.Lock()


def background() -> Background:
    """Return this process's event loop, started by the first call; a forked child starts its own."""
    with _starting:
        if not _running or _running[0].pid != os.getpid():
            _running[:] = [Background()]
            atexit.register(_running[0].close)
        return _running[0]


def most_in_flight() -> int:
    """Return how many calls to one model may be in flight: ROLESCAPE_CONCURRENCY, 64 by default."""
    return _number("ROLESCAPE_CONCURRENCY", MOST)


def timeout_s() -> float:
    """Return the seconds that one sending may take: ROLESCAPE_TIMEOUT_S, 600 by default (a slow local model)."""
    return float(_number("ROLESCAPE_TIMEOUT_S", 600))


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise SettingsError(f"{name} is '{text}'; it has to be a whole number above 0.")
    return int(text)

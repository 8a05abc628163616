"""The most that a workspace may ever spend, held against every ledger in it and every call in flight.

Before a call is sent, the most it can cost is set aside; afterwards it gives back what it did not use. What a killed
run left open in a ledger is never given back: nobody knows whether it was charged for.
"""

import asyncio
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rolescape_data.errors import StoppedError
from rolescape_data.providers.ledger import Ledger

# Sums of floats: a cap of 1.00 USD is not missed by the last binary digit of a sum of cents.
_GRAIN = 1e-9


class Budget:
    """One workspace's cap, shared by all its characters in this process.

    `opened` may be called from any thread; everything else runs in the event loop that sends.
    """

    def __init__(self, cap_usd: float, ledgers: Callable[[], Iterable[Path]]) -> None:
        """Take the cap in USD and what lists the workspace's ledgers, each read anew when work begins."""
        self.cap_usd = cap_usd
        self._ledgers = ledgers
        self._known: dict[Path, tuple[tuple[int, ...], float]] = {}
        self._lock = threading.Lock()
        self._users = 0
        self._spent = 0.0
        self._reserved = 0.0
        self._dearer = 1.0  # how far a bill once exceeded the most that was expected
        self._waiting: list[asyncio.Future[None]] = []

    @contextmanager
    def opened(self, settle: Callable[[], None]) -> Iterator[None]:
        """Hold the budget while calls are made. The first to come sums up the ledgers.

        Args:
            settle: brings every ledger of this process up to date on the disk.
        """
        with self._lock:
            if not self._users:
                settle()
                self._spent = self.read()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1

    def read(self) -> float:
        """Sum up what every ledger says was spent, or may have been; ledgers unchanged since are not opened again."""
        total = 0.0
        for path in self._ledgers():
            mark = _mark(path)
            if self._known.get(path, ((), 0.0))[0] != mark:
                self._known[path] = (mark, booked(path))
            total += self._known[path][1]
        return total

    @property
    def spent_usd(self) -> float:
        """What was spent by the ledgers' count, with what may have been."""
        return self._spent

    async def reserve(self, worst_usd: float) -> float:
        """Set aside the most that a call can cost; wait while calls in flight may still give some back.

        Returns:
            The USD set aside, to be settled.

        Raises:
            StoppedError: it does not fit, whatever comes back.
        """
        if worst_usd <= 0:
            return 0.0
        worst_usd *= self._dearer
        while self._spent + self._reserved + worst_usd > self.cap_usd + _GRAIN:
            if self._spent + worst_usd > self.cap_usd + _GRAIN or self._reserved <= _GRAIN:
                raise StoppedError(
                    f"The budget is used up: {self._spent:.4f} of {self.cap_usd:.4f} USD are spent in this workspace, and the "
                    f"next call may cost up to {worst_usd:.4f}. Everything answered so far is kept; raise the total with "
                    f"`--budget {suggested(self._spent, self.cap_usd, worst_usd):g}` (or `budget_usd:` in the set file) to go on."
                )
            back = asyncio.get_running_loop().create_future()
            self._waiting.append(back)
            await back
        self._reserved += worst_usd
        return worst_usd

    def reserve_now(self, worst_usd: float) -> float | None:
        """Set aside the most that a call can cost, or return None when it does not fit at this moment."""
        worst_usd *= self._dearer
        if worst_usd > 0 and self._spent + self._reserved + worst_usd > self.cap_usd + _GRAIN:
            return None
        self._reserved += worst_usd
        return worst_usd

    def take_back(self, worst_usd: float) -> None:
        """Count as set aside what an earlier run left open and was read as spent; its end is about to be known."""
        self._spent = max(0.0, self._spent - worst_usd)
        self._reserved += worst_usd

    def settle(self, worst_usd: float, actual_usd: float) -> None:
        """Give back what was set aside, less what the call cost."""
        self._reserved = max(0.0, self._reserved - worst_usd)
        self._spent += actual_usd
        if worst_usd > 0 and actual_usd > worst_usd:
            # A server that counts otherwise than documented must not pass the cap twice.
            self._dearer *= actual_usd / worst_usd
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def suggested(spent: float, cap: float, worst: float) -> float:
    """Return a total that lets the work go on for a while: half as much again, and room for the next calls."""
    return round(max(cap * 1.5, spent + 20 * worst), 2) or 0.01


_shared: "weakref.WeakValueDictionary[Path, Budget]" = weakref.WeakValueDictionary()
_sharing = threading.Lock()


def budget_of(root: Path, cap_usd: float) -> Budget:
    """Return the budget of a workspace, or of one character's folder: one for all that work on it in this process."""
    place = root.resolve()
    with _sharing:
        budget = _shared.get(place)
        if budget is None:
            budget = _shared[place] = Budget(cap_usd, lambda: ledgers_under(place))
        budget.cap_usd = cap_usd
        return budget


def booked(ledger: Path) -> float:
    """Return the USD that a ledger says were spent, or may have been."""
    spent = Ledger(ledger).spent()
    return spent.cost_usd + spent.open_usd


def ledgers_under(root: Path) -> list[Path]:
    """List the ledgers of a workspace, or of one character's folder."""
    return sorted([*root.glob("characters/*/ledger.sqlite"), *root.glob("ledger.sqlite")])


def _mark(path: Path) -> tuple[int, ...]:
    """Return what changes when a ledger does."""
    found: list[int] = []
    for part in (path, path.with_name(path.name + "-wal")):
        try:
            stat = part.stat()
        except FileNotFoundError:
            found += [0, 0]
        else:
            found += [stat.st_mtime_ns, stat.st_size]
    return tuple(found)

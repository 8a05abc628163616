"""An event loop whose clock jumps to the next timer: an hour of waiting takes no time, and every run is the same."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from rolescape_data.providers.admission import Admission, Ticket
from rolescape_data.providers.wire import Reply, WireFault

T = TypeVar("T")
OK = Reply("{}", "stop", 100, 50, "simulated")


class _Selector(selectors.DefaultSelector):
    """Waits by moving the clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout:
            self.loop.now += timeout
        assert found or timeout is not None, "nothing is left that could ever happen"
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@dataclass
class SimulatedServer:
    """A server in virtual time. `refuse` is asked first: None lets the request in, a WireFault goes back to it.

    `slots` are answered at a time, the rest wait their turn, as in front of one's own GPU.
    """

    latency_s: float = 0.2
    refuse: Callable[["SimulatedServer", float], WireFault | None] = lambda server, now: None
    slots: int = 10_000
    turn_around_s: float = 0.004
    reply: Reply = OK
    seen: int = 0
    refused: int = 0
    answered: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.turn = asyncio.Semaphore(self.slots)

    async def send(self, ticket: Ticket) -> Reply:
        ticket.sent()
        self.seen += 1
        await asyncio.sleep(self.turn_around_s)
        fault = self.refuse(self, asyncio.get_running_loop().time())
        if fault is not None:
            self.refused += 1
            raise fault
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        async with self.turn:
            await asyncio.sleep(self.latency_s)
        self.in_flight -= 1
        self.answered += 1
        return self.reply


def all_429(
    seconds: float, *, retry_after: Callable[[float], float | None]
) -> Callable[..., WireFault | None]:
    """Refuse everything for so many seconds."""

    def refuse(server: SimulatedServer, now: float) -> WireFault | None:
        left = seconds - now
        if left <= 0:
            return None
        return WireFault("rate_limit", "too many requests", retry_after_s=retry_after(left), status=429)

    return refuse


def bucket(rate: float, burst: float, *, retry_after_s: float | None) -> Callable[..., WireFault | None]:
    """Refuse what exceeds a token bucket that is full at first."""
    level, at = burst, 0.0

    def refuse(server: SimulatedServer, now: float) -> WireFault | None:
        nonlocal level, at
        level, at = min(burst, level + (now - at) * rate), now
        if level >= 1:
            level -= 1
            return None
        return WireFault("rate_limit", "too many requests", retry_after_s=retry_after_s, status=429)

    return refuse


async def every(admission: Admission, send: Callable[[Ticket], Awaitable[Reply]], count: int) -> float:
    """Make so many calls at once; return the seconds that they took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(admission.run(send, kind="test", tokens=150) for _ in range(count)))
    return loop.time() - began

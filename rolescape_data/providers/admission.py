"""Which call to one provider and model may leave when, and which is tried again: the only place that retries.

Concurrency grows from a few calls to `most` and shrinks on refusals and on latency (Gradient2 of Netflix's
concurrency-limits: a server that queues answers later and later and never says 429). `Retry-After` holds back every
waiting call. Rates come from the server's headers where it sends them, and are measured where it only refuses.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rolescape_data.errors import RolescapeError, StoppedError, WriterError
from rolescape_data.providers.pace import LearntPace, Pace
from rolescape_data.providers.wire import FaultKind, Reply, WireFault, never_reached

START = 24
MOST = 64
# A server that takes nothing at all for so long has stopped; the issue of a whole night is not to hang on it.
PATIENCE_S = 55.0
# Once stopped, calls of other characters in the same process are told so at once for this long.
STOPPED_S = 30.0
# How often one call is tried per kind of failure before it counts as failed on its own account. A server under load
# says 503 to most calls for minutes; a reply that was lost on its way may have been charged for each time.
_TRIES = {"rate_limit": 10_000, "overloaded": 20, "connection": 6, "timeout": 3}
_WINDOW = 16
_TOLERANCE = 2.0
_QUEUEING = 3.0
_EASY = 1.5
_CALM_S = 10.0  # after a refusal the limit grows slowly for so long
_SPREAD_S = 0.05


@dataclass(slots=True)
class Ticket:
    """Leave to send. `sent` is called just before sending, so that nothing waited for counts as latency."""

    began: float
    loop: asyncio.AbstractEventLoop
    charged: int = 0  # tokens counted against a limit when it left

    def sent(self) -> None:
        """Say that the request leaves now."""
        self.began = self.loop.time()


@dataclass(slots=True)
class _Waiting:
    tokens: int
    leave: "asyncio.Future[None]"
    charged: int = 0


@dataclass(slots=True)
class _Latency:
    """Seconds that one kind of call takes: the `least` ever, `base` when the server is idle, `now` at present."""

    count: int = 0
    least: float = 0.0
    base: float = 0.0
    now: float = 0.0


@dataclass(slots=True)
class Admission:
    """The limits of one provider and model, shared by everybody in this process. Lives in one event loop.

    Args:
        name: of the writer, for messages.
        most: calls in flight at the most.
        start: calls in flight before anything is known.
    """

    name: str
    most: int = MOST
    start: int = START
    limit: float = 0.0
    in_flight: int = 0
    successes: int = 0
    _queue: deque[_Waiting] = field(default_factory=deque)
    _timer: asyncio.TimerHandle | None = None
    _hold: float = 0.0  # nothing leaves before
    _event: float = float("-inf")  # the last refusal that told something new
    _trouble: float | None = None  # the first failure since the last success
    _refusals: int = 0  # in a row
    _accepted: int = 0  # answers since the last refusal
    _probing: bool = False
    _cut_at: float = -1.0  # when latency last made the limit smaller
    _climbing: bool = True
    _easy: bool = False  # the last window of calls took hardly longer than on an idle server
    _learnt: LearntPace = field(default_factory=LearntPace)
    _requests: Pace | None = None
    _tokens: Pace | None = None
    _spread: Pace = field(default_factory=lambda: Pace(1.0, 1.0))
    _latency: dict[str, _Latency] = field(default_factory=dict)
    _ratios: list[float] = field(default_factory=list)
    _stopped: RolescapeError | None = None
    _stopped_until: float = 0.0

    def __post_init__(self) -> None:
        # Whoever allows hundreds at once has a server that takes them.
        self.limit = float(min(max(self.start, self.most // 4), self.most))

    async def run(self, once: Callable[[Ticket], Awaitable[Reply]], *, kind: str, tokens: int) -> Reply:
        """Make one call, however many sendings it takes.

        Args:
            once: sends it once.
            kind: calls of one kind take about the same time.
            tokens: what the call will use, as well as it is known.

        Raises:
            WireFault: this call failed where others do not; another try would not help.
            WriterError: no call of this writer can succeed until somebody does something.
            StoppedError: the server takes nothing at the moment.
        """
        loop = asyncio.get_running_loop()
        tries: Counter[str] = Counter()
        others = 0  # successes of other calls before this one failed first
        while True:
            charged = await self._enter(loop, tokens, first=not tries)
            ticket = Ticket(loop.time(), loop, charged)
            try:
                reply = await once(ticket)
                self._done(loop.time(), ticket, reply, kind)
                return reply
            except WireFault as fault:
                others = others if tries else self.successes
                sort = self._sort(fault)
                tries[sort] += 1
                delay = self._failed(loop.time(), ticket, fault, tries[sort])
                if tries[sort] >= _TRIES[sort]:
                    self._give_up(loop.time(), fault, sort, others_succeed=self.successes > others)
            finally:
                # However it ended, the place is free, and somebody may wait for it.
                self.in_flight -= 1
                self._pump(loop)
            if delay:
                await asyncio.sleep(delay)

    async def _enter(self, loop: asyncio.AbstractEventLoop, tokens: int, *, first: bool) -> int:
        if self._stopped is not None:
            if loop.time() < self._stopped_until:
                raise self._stopped
            self._stopped, self._trouble = None, None
        place = _Waiting(tokens, loop.create_future())
        # A second try has waited already: it goes beside the first ones and not behind them all.
        (self._queue.append if first else self._queue.appendleft)(place)
        self._pump(loop)
        try:
            await place.leave
        except asyncio.CancelledError:
            if place.leave.done() and not place.leave.cancelled() and place.leave.exception() is None:
                self.in_flight -= 1
                self._pump(loop)
            raise
        return place.charged

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let as many leave as may, and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            if self._queue[0].leave.done():
                self._queue.popleft()
                continue
            if self.in_flight >= (1 if self._probing else int(self.limit)):
                return
            now = loop.time()
            wait = max(self._hold - now, self._wait(now))
            if wait > 0:
                # The clock of timers has a grain of 1 ms; a wait below it would spin.
                self._timer = loop.call_later(max(wait, 0.001), self._pump, loop)
                return
            place = self._queue.popleft()
            self.in_flight += 1
            self._take(now, place)
            place.leave.set_result(None)

    def _wait(self, now: float) -> float:
        waits = [pace.wait(now) for pace in (self._requests, self._tokens) if pace is not None]
        return max(self._learnt.wait(now), self._spread.wait(now), *waits, 0.0)

    def _take(self, now: float, place: _Waiting) -> None:
        self._learnt.sent(now)
        # Sent all at once, a whole limit's worth is refused before the first refusal is heard.
        self._spread.rate = max(self.limit, 4.0) / _SPREAD_S
        self._spread.burst_s = 4 / self._spread.rate
        self._spread.take(now, 1)
        if self._requests is not None:
            self._requests.take(now, 1)
        if self._tokens is not None:
            self._tokens.take(now, place.tokens)
            place.charged = place.tokens

    def _done(self, now: float, ticket: Ticket, reply: Reply, kind: str) -> None:
        self._trouble = None
        self._refusals = 0
        self.successes += 1
        self._accepted += 1
        if self._probing:
            self._probing = False
            self._climbing = True
            self.limit = max(self.limit, float(min(self.start, self.most)))
        if reply.requests_per_minute:
            self._requests = _told(self._requests, reply.requests_per_minute)
        if reply.tokens_per_minute:
            self._tokens = _told(self._tokens, reply.tokens_per_minute)
        if self._tokens is not None:
            self._tokens.correct(reply.input_tokens + reply.output_tokens - ticket.charged)
        if self._queue or self.in_flight >= int(self.limit):
            # One call more with every round trip; a square root of them while the server answers as if it were idle.
            easy = self._easy and now > self._event + _CALM_S
            steady = max(1.0, self.limit**0.5) if easy else 1.0
            self.limit = min(self.most, self.limit + (2.0 if self._climbing else steady / self.limit))
        self._watch(now, ticket.began, kind)

    def _watch(self, now: float, began: float, kind: str) -> None:
        """Stop growing, and shrink, when calls take more than twice the time they take of an idle server."""
        if began < self._cut_at:
            return
        seconds = now - began
        seen = self._latency.setdefault(kind, _Latency())
        if seen.count <= 8 and seconds < seen.least / 2:
            # What was seen so far waited for connections to open, or for a server to load its model.
            seen.count = 0
        seen.count += 1
        seen.now += (seconds - seen.now) / min(seen.count, 8)
        seen.least = seconds if seen.count == 1 else min(seen.least, seconds)
        seen.base = seen.now if seen.count <= 8 else min(seen.base, seen.now)
        # In front of a server that answers one at a time every call takes longer than the one before it.
        if seen.now > _QUEUEING * seen.least or seen.now > _TOLERANCE * seen.base:
            self._climbing = False
        if seen.count <= 8 or seen.base <= 0:
            return
        self._ratios.append(seconds / seen.base)
        if len(self._ratios) < max(_WINDOW, int(self.limit)):
            return
        ratio = sum(self._ratios) / len(self._ratios)
        self._ratios.clear()
        self._easy = ratio < _EASY
        if ratio > _TOLERANCE:
            self._cut_at = now
            self.limit = max(1.0, self.limit * max(0.5, _TOLERANCE / ratio))

    def _failed(self, now: float, ticket: Ticket, fault: WireFault, tries: int) -> float:
        """Draw the conclusions from a failed sending; return the seconds that this call itself has to wait."""
        if fault.kind in ("quota", "auth", "not_found"):
            raise self._stop(now, WriterError(_advice(self.name, fault)), fault)
        if fault.kind not in _TRIES:
            raise fault
        self._trouble = now if self._trouble is None else self._trouble
        if fault.kind == "rate_limit":
            self._refused(now, ticket, fault)
        elif fault.retry_after_s is not None:
            self._hold = max(self._hold, now + fault.retry_after_s)
        elif now > self._event + 0.5:
            self._event = now
            self.limit = max(4.0, self.limit * (0.5 if fault.kind == "timeout" else 0.8))
        if max(now, self._hold) - self._trouble > PATIENCE_S:
            wait = max(0.0, self._hold - now)
            raise self._stop(now, StoppedError(_stopped(self.name, now - self._trouble, wait, fault)), fault)
        if fault.kind == "rate_limit":
            return 0.0
        return min(8.0, 0.25 * 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)

    def _refused(self, now: float, ticket: Ticket, fault: WireFault) -> None:
        late = ticket.began <= self._event
        if fault.retry_after_s is not None:
            # A little later than told: clocks differ, and a second refusal costs another wait.
            self._hold = max(self._hold, now + fault.retry_after_s + 0.02)
        elif not late:
            self._hold = max(
                self._hold, now + min(5.0, 0.25 * 2.0 ** min(self._refusals, 6)) * random.uniform(0.75, 1.0)
            )
        if late:
            return
        self._refusals += 1
        self._event = now
        self._learnt.refused()
        if self._accepted:
            self._climbing = False
            self._learnt.empty(now, self._hold)
        elif self._refusals > 1 or fault.retry_after_s is None:
            # Nothing was taken since the last refusal: one call asks whether anything is again.
            self._probing = True
        self._accepted = 0

    def _sort(self, fault: WireFault) -> FaultKind:
        """Return which tries a failure counts among: what may be paid for with every try has few of them."""
        if fault.kind == "overloaded" and not fault.status:
            # It answered, though not so that anybody can read it, and may have charged as for a reply that got lost.
            return "connection"
        if fault.kind == "connection" and self.successes and never_reached(fault):
            # It answered before and is gone: started anew, or the network is. Knocking costs nothing.
            return "overloaded"
        return fault.kind

    def _give_up(self, now: float, fault: WireFault, sort: FaultKind, *, others_succeed: bool) -> None:
        """End a call whose tries are used up; whether it alone fails, or everything, decides how."""
        if others_succeed:
            raise fault
        # An overloaded server charges nothing and is waited for; a lost reply may be paid for with every try.
        if sort != "overloaded":
            since = now - (self._trouble if self._trouble is not None else now)
            raise self._stop(now, StoppedError(_stopped(self.name, since, 0.0, fault)), fault)

    def _stop(self, now: float, error: RolescapeError, cause: WireFault) -> RolescapeError:
        """Stop everybody who waits; return the error."""
        error.__cause__ = cause
        self._stopped, self._stopped_until = error, now + STOPPED_S
        while self._queue:
            place = self._queue.popleft()
            if not place.leave.done():
                place.leave.set_exception(error)
        return error


def _told(pace: Pace | None, per_minute: int) -> Pace:
    """Return the pace of a limit that the server states; 2 % below it, since its minute is not ours."""
    rate = 0.98 * per_minute / 60
    if pace is None:
        return Pace(rate, 1.0)
    pace.rate = rate
    return pace


def _advice(name: str, fault: WireFault) -> str:
    what = {
        "quota": "Your account has no credit left (or reached its monthly limit). Add credit, then run the same "
        "command again; everything paid for is kept.",
        "auth": "The key is wrong, or may not use this model. Check the key in the environment, then run the same "
        "command again.",
        "not_found": "There is no such model at this address. Check the model's name and --base-url, which for most "
        "servers that speak OpenAI's protocol ends in /v1.",
    }[fault.kind]
    return f"The writer '{name}' was refused: {str(fault).rstrip('.')}. {what}"


def _stopped(name: str, seconds: float, wait: float, fault: WireFault) -> str:
    again = f"It asks to come back in {wait:.0f} s. " if wait > 1 else ""
    return (
        f"The writer '{name}' has taken no call for {seconds:.0f} s: {str(fault).rstrip('.')}. {again}"
        "Everything answered so far is kept; run the same command again to go on."
    )

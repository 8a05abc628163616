"""A writer made of writers: each takes over, request by request, where those before it cannot.

A request goes to the first. It is handed on when the first is out (no credit, no such model, nothing taken for a
minute, a schema that it does not accept), or when this one request ended in quarantine there. Never silently: the
ledger holds who handed what to whom and why, each outcome names who wrote it, and `notice` is told once a reason.

A used-up budget or a full disk is nobody's fault: these stop everything, whoever writes.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

from rolescape_data.errors import RolescapeError, StoppedError
from rolescape_data.providers.base import Outcome, Request, Writer
from rolescape_data.providers.ledger import Ledger, storable
from rolescape_data.providers.wire import WireFault

# How long a writer that is out is left alone by everybody in this process. A server may be back in minutes; a missing
# key, model or credit needs a person.
REST_S = 300.0
LONG_REST_S = 3600.0
# These say no to one kind of request, at once and unpaid; the writer answers others.
_ONLY_THIS = ("schema", "bad_request", "too_large")


@runtime_checkable
class Legged(Protocol):
    """A writer that keeps its calls in a ledger."""

    name: str
    kind: Literal["llm", "vlm", "rule"]

    def key(self, request: Request) -> str:
        """Return the call's key in the ledger."""
        ...

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request."""
        ...


@dataclass(frozen=True, slots=True)
class Handover:
    """One call that was handed on. `reason` is a kind of fault or of quarantine; `detail` says it in words."""

    key: str
    writer: str
    successor: str
    successor_key: str
    reason: str
    detail: str


@dataclass(slots=True)
class _Asked:
    """One request on its way along the route; `keys` are its calls' keys, leg by leg."""

    request: Request
    keys: list[str]
    at: int = 0
    failed: Outcome | None = None
    outcome: Outcome | None = None


class RoutedWriter:
    """An ordered list of writers behind one ledger.

    Args:
        legs: in order, with the address of each ('' by default), which tells servers of one model apart.
        ledger: that all of them write to.
        clock: seconds.
        notice: is told when a writer is out, and who takes over.
    """

    def __init__(
        self,
        legs: Sequence[tuple[Legged, str]],
        ledger: Ledger,
        *,
        clock: Callable[[], float] = time.monotonic,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.name = ", ".join(leg.name for leg, _ in legs)
        self.kind: Literal["llm", "vlm", "rule"] = legs[0][0].kind
        self._legs = [leg for leg, _ in legs]
        self._places = [(leg.name, address) for leg, address in legs]
        self._ledger = ledger
        self._clock = clock
        self._notice = notice

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request by the first writer that can.

        Raises:
            StoppedError, WriterError: what the last writer of the route stopped with, or a budget or disk at its end.
        """
        asked = [_Asked(request, self.keys(request)) for request in requests]
        self._take_up(asked)
        for at, leg in enumerate(self._legs):
            here = [one for one in asked if one.outcome is None and one.at == at]
            if here:
                self._ask(at, leg, here)
        return [one.outcome or one.failed or _nothing(one) for one in asked]

    def keys(self, request: Request) -> list[str]:
        """Return the keys of a request's calls in the ledger, writer by writer."""
        return [leg.key(request) for leg in self._legs]

    def _ask(self, at: int, leg: Legged, here: list[_Asked]) -> None:
        last = at == len(self._legs) - 1
        resting = None if last else _resting(self._places[at], self._clock())
        if resting is not None:
            known = self._ledger.find([one.keys[at] for one in here])
            left = self._settle(at, leg, here, known)
            self._hand_on(at, left, *resting)
            return
        try:
            outcomes = leg.write([one.request for one in here])
        except RolescapeError as error:
            fault = why_out(error)
            if last or fault is None:
                raise
            if fault.kind not in _ONLY_THIS:
                rest = REST_S if isinstance(error, StoppedError) else LONG_REST_S
                _rest(self._places[at], self._clock() + rest, fault.kind, str(error))
            self._notice(f"{error} From here on '{self._legs[at + 1].name}' writes instead.")
            # What it answered before it stopped is paid for and good.
            left = self._settle(at, leg, here, self._ledger.find([one.keys[at] for one in here]))
            self._hand_on(at, left, fault.kind, str(error))
            return
        self._settle(at, leg, here, dict(zip([one.keys[at] for one in here], outcomes, strict=True)))

    def _settle(self, at: int, leg: Legged, here: list[_Asked], known: dict[str, Outcome]) -> list[_Asked]:
        """Take what a leg answered, hand on what it quarantined, and return what it did not come to."""
        left: list[_Asked] = []
        quarantined: dict[str, list[_Asked]] = {}
        for one in here:
            outcome = known.get(one.keys[at])
            if outcome is None:
                left.append(one)
            elif outcome.reply is not None or outcome.error is None:
                one.outcome = replace(outcome, writer=leg.name, kind=leg.kind)
            else:
                one.failed = one.failed or replace(outcome, writer=leg.name, kind=leg.kind)
                quarantined.setdefault(outcome.error, []).append(one)
        for error, rows in quarantined.items():
            for one in rows:
                self._hand_on(at, [one], error, known[one.keys[at]].detail)
        return left

    def _hand_on(self, at: int, rows: list[_Asked], reason: str, detail: str) -> None:
        """Record that the next leg takes over, before it is asked: a killed run goes on with whoever answered."""
        if at + 1 >= len(self._legs):
            return
        successor = self._legs[at + 1]
        record(
            self._ledger,
            [
                Handover(one.keys[at], self._legs[at].name, successor.name, one.keys[at + 1], reason, detail)
                for one in rows
            ],
        )
        for one in rows:
            one.at = at + 1

    def _take_up(self, asked: list[_Asked]) -> None:
        """Go on where an earlier run was: a row that a fall-back answered then is not asked of its predecessor now."""
        given = handovers(self._ledger, [key for one in asked for key in one.keys])
        known = self._ledger.find([key for one in asked for key in one.keys])
        for one in asked:
            passed = 0
            while one.keys[passed] in given and passed + 1 < len(one.keys):
                if given[one.keys[passed]].successor_key != one.keys[passed + 1]:
                    break  # the route was another one then
                passed += 1
            for at in range(passed + 1):
                there = known.get(one.keys[at])
                if there is not None and there.reply is not None:
                    one.outcome = replace(there, writer=self._legs[at].name, kind=self._legs[at].kind)
                    break


def why_out(error: RolescapeError) -> WireFault | None:
    """Return the server's own reason for which no request of a writer can succeed; None for reasons that are ours."""
    return error.__cause__ if isinstance(error.__cause__, WireFault) else None


def record(ledger: Ledger, handed: Sequence[Handover]) -> None:
    """Store handovers durably, all of them in one commit."""
    rows = [
        (one.key, one.writer, one.successor, one.successor_key, one.reason, storable(one.detail))
        for one in handed
    ]
    if not rows:
        return
    with ledger.opened() as database, database:
        database.executemany(
            "INSERT OR REPLACE INTO handed_on (key, writer, successor, successor_key, reason, detail) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )


def handovers(ledger: Ledger, keys: Sequence[str] | None = None) -> dict[str, Handover]:
    """Return the handovers of a ledger by the key of the call that was handed on; of these calls, or all."""
    if not ledger.path.exists():
        return {}
    said = "SELECT key, writer, successor, successor_key, reason, detail FROM handed_on"
    with ledger.opened() as database:
        if keys is None:
            return {row[0]: Handover(*row) for row in database.execute(f"{said} ORDER BY key")}
        found = (database.execute(f"{said} WHERE key = ?", (key,)).fetchone() for key in keys)
        return {row[0]: Handover(*row) for row in found if row is not None}


def taken_over(ledger: Ledger) -> dict[tuple[str, str, str], int]:
    """Count the calls that a fall-back answered, by (who was asked, who answered, why)."""
    given = handovers(ledger)
    answers = ledger.find([one.successor_key for one in given.values()])
    counts: dict[tuple[str, str, str], int] = {}
    for one in given.values():
        if one.successor_key in answers and answers[one.successor_key].reply is not None:
            name = (one.writer, one.successor, one.reason)
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def kept(ledger: Ledger, writer: Writer, requests: Sequence[Request]) -> list[Outcome | None]:
    """Return what a ledger holds of requests that a writer would be asked; None for what it would have to ask."""
    if isinstance(writer, RoutedWriter):
        keys = [writer.keys(request) for request in requests]
    else:
        keys = [[writer.key(request)] if isinstance(writer, Legged) else [] for request in requests]
    found = ledger.find([key for one in keys for key in one])
    return [_settled([found.get(key) for key in one]) for one in keys]


def _settled(there: Sequence[Outcome | None]) -> Outcome | None:
    answered = [one for one in there if one is not None and one.reply is not None]
    # Who comes last decides that nobody answers.
    return answered[0] if answered else there[-1] if there else None


def _nothing(one: _Asked) -> Outcome:
    return Outcome(one.keys[-1], None, error="failed", detail="no writer of the route answered")


_out: dict[tuple[str, str], tuple[float, str, str]] = {}
_out_lock = threading.Lock()


def _rest(place: tuple[str, str], until: float, reason: str, detail: str) -> None:
    with _out_lock:
        _out[place] = (until, reason, detail)


def _resting(place: tuple[str, str], now: float) -> tuple[str, str] | None:
    """Return why a writer is left alone at the moment; None when it is not."""
    with _out_lock:
        until, reason, detail = _out.get(place, (now, "", ""))
        return (reason, detail) if now < until else None


def forget_rests() -> None:
    """Ask every writer again, whatever it said before."""
    with _out_lock:
        _out.clear()

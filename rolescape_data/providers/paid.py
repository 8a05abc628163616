"""A writer that calls a model: each request becomes a row of calls that ends in a valid reply or in quarantine.

What is sent is in the ledger before it leaves, and what comes back is there before anybody sees it, so that a killed
run pays again for no more than was in flight. Any number of characters may write at once, each into its own ledger.
"""

import asyncio
import hashlib
import json
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rolescape_data.errors import RolescapeError, WriterError
from rolescape_data.providers.admission import Admission, Ticket
from rolescape_data.providers.background import Background, ProfiledClient
from rolescape_data.providers.base import ErrorKind, Outcome, Request
from rolescape_data.providers.budget import Budget
from rolescape_data.providers.ledger import (
    Attempted,
    Ended,
    Ledger,
    beginning,
    call_key,
    ending,
    keeping,
)
from rolescape_data.providers.prices import Price
from rolescape_data.providers.repair import Ask, Said, Settled, next_step, read
from rolescape_data.providers.row import Row, answered
from rolescape_data.providers.schemas import answer_schema
from rolescape_data.providers.tokens import Estimate, bound
from rolescape_data.providers.wire import Attempt, Reply, WireFault, refused_unpaid

# What a reply is expected to use of its limit before any has been seen, for limits of tokens a minute.
_EXPECTED_SHARE = 4
_locks: dict[Path, threading.Lock] = {}
_locking = threading.Lock()


@dataclass(slots=True)
class _Flight:
    """A row, its estimate, and where its last attempt stands."""

    row: Row
    tokens: Estimate
    ended: Ended | None = None
    busy: bool = False  # sent, or not recorded yet: not to be cancelled


@dataclass(slots=True)
class _Run:
    """The requests of one `write`; the first fault that concerns all of them stops it."""

    room: asyncio.Semaphore
    fault: BaseException | None = None

    def ended(self, task: "asyncio.Task[Outcome]") -> None:
        """Make room for another one; keep the first fault."""
        self.room.release()
        if not task.cancelled():
            self.fault = self.fault or task.exception()


class PaidWriter:
    """A model behind a ledger, limits and a budget.

    Args:
        client: the provider and model.
        ledger: where its calls are kept; None for a writer that is only asked for its name.
        admission: the limits shared by everybody who calls this model.
        background: the event loop that all of it lives in.
        price: of the model; None counts tokens and no money.
        budget: the workspace's; needs a price.
        timeout_s: of one sending.

    Attributes:
        once: ask once and no more: a reply that cannot be used is left for a later run to go on from.
    """

    kind: Literal["llm", "vlm", "rule"] = "vlm"

    def __init__(
        self,
        client: ProfiledClient,
        ledger: Ledger | None,
        *,
        admission: Admission,
        background: Background,
        price: Price | None = None,
        budget: Budget | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        if budget is not None and price is None:
            raise WriterError(f"'{client.provider}:{client.model}' has no price, so no budget can hold.")
        self.name = f"{client.provider}:{client.model}"
        self._client = client
        self._ledger = ledger
        self._admission = admission
        self._background = background
        self._price = price
        self._budget = budget
        self._timeout_s = timeout_s
        self.once = False

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request, paying only for those that the ledger does not hold.

        Raises:
            StoppedError: the budget is used up, or the server takes nothing; what was answered is kept.
            WriterError: nothing can be sent until somebody does something.
        """
        if self._ledger is None:
            raise WriterError(f"The writer '{self.name}' was opened without a ledger and cannot be asked.")
        keys = [self.key(request) for request in requests]
        with lock_of(self._ledger.path):
            known = self._ledger.find(keys)
            new = {key: request for key, request in zip(keys, requests, strict=True) if key not in known}
            if new:
                said = self._ledger.attempts(list(new))
                flights = [self._flight(key, request, said[key]) for key, request in new.items()]
                with self._budget.opened(self._background.journal.settle) if self._budget else nullcontext():
                    outcomes = self._background.run(self._all(self._ledger.path, flights))
                known |= dict(zip(new, outcomes, strict=True))
        return [known[key] for key in keys]

    def key(self, request: Request) -> str:
        """Return the call's key in the ledger."""
        return call_key(self.name, request, schema_sha256=schema_sha256(request.answer, request.keys))

    async def _all(self, ledger: Path, flights: Sequence[_Flight]) -> list[Outcome]:
        run = _Run(asyncio.Semaphore(2 * self._admission.most))
        tasks: dict[asyncio.Task[Outcome], _Flight] = {}
        try:
            # The first ones leave at once, and no more stand about than leave soon.
            for flight in flights:
                await run.room.acquire()
                if run.fault is not None:
                    break
                task = asyncio.create_task(self._answer(run, ledger, flight))
                task.add_done_callback(run.ended)
                tasks[task] = flight
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            if run.fault is not None:
                # What is in flight is paid for: it comes home and is recorded before anybody is told.
                for task, flight in tasks.items():
                    if not flight.busy:
                        task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                raise run.fault
        finally:
            for task in tasks:
                task.cancel()
        return [task.result() for task in tasks]

    async def _answer(self, run: _Run, ledger: Path, flight: _Flight) -> Outcome:
        """Climb the ladder of one request until it is settled."""
        journal, row = self._background.journal, flight.row
        while True:
            step = next_step(row.request, row.said)
            closing = [ending(row.key, row.number, flight.ended)] if flight.ended is not None else []
            flight.ended = None
            if isinstance(step, Settled):
                outcome = row.outcome(step)
                await journal.put(ledger, *closing, keeping(self.name, row.request, outcome))
                flight.busy = False
                return outcome
            if closing and self.once:
                await journal.put(ledger, *closing)
                flight.busy = False
                last = read(row.request, row.said[-1])
                return row.outcome(Settled(last.part, row.last_text, last.error, last.detail))
            if closing:
                # Not waited for: the next intent is committed behind it, and nothing is sent before that.
                recorded = journal.put(ledger, *closing)
                if run.fault is not None:
                    await recorded
            flight.busy = False
            if run.fault is not None:
                raise run.fault
            try:
                reply = await self._send(run, ledger, flight, step)
            except WireFault as fault:
                failed = self._failed(row, step, fault)
                await journal.put(ledger, keeping(self.name, row.request, failed))
                return failed
            row.said.append(Said(step.step, reply.text, reply.finish))

    async def _send(self, run: _Run, ledger: Path, flight: _Flight, step: Ask) -> Reply:
        """Send one step of the ladder until it is answered; see Admission.run for what is raised."""
        row = flight.row
        attempt = row.attempt(step, self._timeout_s)
        worst = row.worst_usd(step, self._price, flight.tokens.most)

        async def once(ticket: Ticket) -> Reply:
            if run.fault is not None:
                raise run.fault
            held = await self._budget.reserve(worst) if self._budget else worst
            row.number += 1
            flight.busy = True
            try:
                await self._background.journal.put(ledger, beginning(row.key, row.number, step.step, held))
            except BaseException:
                flight.busy = False
                self._settle(held, 0.0)
                raise
            return await self._exchange(ledger, flight, attempt, held, ticket)

        tokens = flight.tokens.expected + step.max_tokens // _EXPECTED_SHARE
        return await self._admission.run(once, kind=attempt.schema_name, tokens=tokens)

    async def _exchange(
        self, ledger: Path, flight: _Flight, attempt: Attempt, held: float, ticket: Ticket
    ) -> Reply:
        """Send once and note how it ended. A reply's end goes into the ledger with what is made of it."""
        ticket.sent()
        row = flight.row
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            reply = await self._client.send(attempt)
        except BaseException as fault:
            ended = _end_of(fault, held, loop.time() - began)
            self._settle(held, held if ended.state == "unknown" else 0.0)
            self._background.journal.put(ledger, ending(row.key, row.number, ended))
            flight.busy = False
            raise
        ended = answered(reply, self._price, held, latency_s=loop.time() - began)
        self._settle(held, ended.cost_usd)
        row.bear(ended)
        flight.ended = ended
        return reply

    def _settle(self, held: float, actual: float) -> None:
        if self._budget is not None:
            self._budget.settle(held, actual)

    def _flight(self, key: str, request: Request, sent: Sequence[Attempted]) -> _Flight:
        tokens = bound(request, self._client.profile, self._client.model)
        return _Flight(Row.taken_up(key, request, sent), tokens)

    def _failed(self, row: Row, step: Ask, fault: WireFault) -> Outcome:
        """Quarantine a request that the server alone does not take.

        Raises:
            WriterError: it is not this request but every request of its kind.
        """
        if fault.kind == "schema" or (fault.kind == "bad_request" and not self._admission.successes):
            raise WriterError(
                f"The writer '{self.name}' does not take what '{row.request.prompt_id}' sends: {str(fault).rstrip('.')}. "
                "Choose another model or server, or correct the prompt's settings."
            ) from fault
        error: ErrorKind = "truncated" if step.step == "widen" and fault.kind == "too_large" else "failed"
        return row.outcome(Settled(None, row.last_text, error, f"{fault.kind}: {fault}"))


def _end_of(fault: BaseException, worst: float, seconds: float) -> Ended:
    """Return how a failed sending ended, and above all whether it may have been charged for."""
    if isinstance(fault, WireFault):
        state: Literal["refused", "unknown"] = "refused" if refused_unpaid(fault) else "unknown"
        return Ended(state, latency_s=seconds, fault=fault.kind, detail=str(fault))
    if isinstance(fault, RolescapeError):
        return Ended("refused", latency_s=seconds, fault="not sent", detail=str(fault))
    return Ended("unknown", latency_s=seconds, fault=type(fault).__name__)


def lock_of(path: Path) -> threading.Lock:
    """Return the lock of a ledger: two threads that ask the same would else both pay."""
    with _locking:
        return _locks.setdefault(path.resolve(), threading.Lock())


@lru_cache(maxsize=512)
def schema_sha256(answer: str, keys: tuple[str, ...]) -> str:
    """Return the hash of a reply's schema, which is part of a call's key."""
    return hashlib.sha256(json.dumps(answer_schema(answer, keys), sort_keys=True).encode()).hexdigest()

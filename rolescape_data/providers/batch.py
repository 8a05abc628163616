"""A writer that asks in batches: half the price, answers within a day, and nothing asked twice whatever is killed.

Every round sends what is still open as one batch and climbs the same ladder as online calls do (`repair`): a reply that
does not fit goes into a follow-up batch, and so does a row that a partial, expired or cancelled batch never ran. The
whole state is in the ledger, so a run goes on where any earlier one ended, at any point:

- before the submission every row's intent and the batch with our tag are committed; a run that finds a batch without
  the server's name looks for the tag in the server's list, and sends again only what is not there;
- the ends of all rows and of the batch are one commit, so a batch is harvested wholly or not at all.

An online run over the same ledger harvests and waits for open batches that hold its requests before it sends the rest.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rolescape_data.errors import StoppedError, WriterError
from rolescape_data.providers.background import Background, ProfiledClient
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.providers.batch_ledger import (
    OpenBatch,
    closing_batch,
    last_shape,
    open_batches,
    unanswered,
)
from rolescape_data.providers.batch_post import Brought, Parcel, Post, post_of
from rolescape_data.providers.batch_wire import Result
from rolescape_data.providers.budget import Budget
from rolescape_data.providers.ledger import Attempted, Ended, Ledger, Statement, ending, keeping
from rolescape_data.providers.paid import PaidWriter, lock_of
from rolescape_data.providers.prices import Price
from rolescape_data.providers.repair import Ask, Settled, next_step
from rolescape_data.providers.row import Row, answered
from rolescape_data.providers.tokens import bound
from rolescape_data.providers.wire import WireFault

# How often a row may come back from batches without an answer before it counts as failed.
MOST_UNANSWERED = 5
# A batch is over within a day; the bound is for builds that nobody told otherwise.
DEFAULT_WAIT_S = 24 * 3600.0
# Of faults that concern a row alone, and that it meets again however often it is sent.
_LASTING = ("bad_request", "too_large", "schema", "auth", "not_found")


@dataclass(slots=True)
class _Set:
    """What one `write` is about: its requests by key, and the batches that it found or sent."""

    ledger: Path
    requests: Mapping[str, Request]
    aside: dict[str, float] = field(default_factory=dict)  # USD by batch, set aside in this process


class BatchWriter:
    """A model asked in batches, around the same model asked online.

    Args:
        online: what shares its name, keys and ledger, and answers whatever no batch is for.
        client: the provider and model.
        ledger: where its calls are kept.
        background: the event loop that all of it lives in.
        until: ask in batches and wait for them until this time (seconds since 1970); None sends nothing in batches, and
            harvests those that earlier runs left open.
        price: of the model; None counts tokens and no money.
        budget: the workspace's; needs a price.
    """

    kind: Literal["llm", "vlm", "rule"] = "vlm"

    def __init__(
        self,
        online: PaidWriter,
        client: ProfiledClient,
        ledger: Ledger,
        *,
        background: Background,
        until: float | None,
        price: Price | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.name = online.name
        self.online = online
        self._client = client
        self._ledger = ledger
        self._background = background
        self._until = until
        self._price = price
        self._budget = budget

    def key(self, request: Request) -> str:
        """Return the call's key in the ledger: the same as online."""
        return self.online.key(request)

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request, paying only for those that the ledger does not hold.

        Raises:
            StoppedError: batches are still under way and the time is up, or the budget is used up; nothing is lost.
            WriterError: nothing can be sent until somebody does something.
        """
        if self._until is not None or open_batches(self._ledger.path, self.name):
            self._in_batches(requests)
        return self.online.write(requests)

    def _in_batches(self, requests: Sequence[Request]) -> None:
        path = self._ledger.path
        keys = [self.key(request) for request in requests]
        settle = self._background.journal.settle
        with lock_of(path):
            known = self._ledger.find(keys)
            new = {key: one for key, one in zip(keys, requests, strict=True) if key not in known}
            if not new:
                return
            with self._budget.opened(settle) if self._budget else nullcontext():
                self._background.run(self._all(_Set(path, new)))

    async def _all(self, work: _Set) -> None:
        post = post_of(self._client, self._background.journal)
        post.reshape(last_shape(work.ledger, self.name))
        with self._set_aside(work):
            while True:
                await self._harvest(work, post)
                rows = await self._settle(work)
                if not rows or self._until is None:
                    return
                await self._send(work, post, rows)

    @contextmanager
    def _set_aside(self, work: _Set) -> Iterator[None]:
        """Book what is still under way at its worst case when this write ends before it comes home."""
        try:
            yield
        finally:
            for tag in list(work.aside):
                self._give_back(work, tag, work.aside[tag])

    def _give_back(self, work: _Set, tag: str, actual: float) -> None:
        held = work.aside.pop(tag, 0.0)
        if self._budget is not None:
            self._budget.settle(held, actual)

    # What is under way

    async def _harvest(self, work: _Set, post: Post) -> None:
        """Book every batch of this ledger that has ended; wait for those that hold a request of this write."""
        found = open_batches(work.ledger, self.name)
        patience_s = 0.0 if self.online.once else DEFAULT_WAIT_S
        until = self._until if self._until is not None else time.time() + patience_s
        tasks = [asyncio.create_task(self._one_home(work, post, batch, until)) for batch in found]
        try:
            ended = await asyncio.gather(*tasks)
        finally:
            # One that cannot go on does not wait a day for the others: they stay in the ledger.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not all(ended):
            raise StoppedError(
                f"'{self.name}' is still at work on {post.waiting_for()}. They are paid for and go on without this run: "
                "the same command fetches the answers later (a batch takes up to a day)."
            )

    async def _one_home(self, work: _Set, post: Post, batch: OpenBatch, until: float) -> bool:
        """Wait for one batch and book it; return whether it need not be waited for any more."""
        needed = any(row.key in work.requests for row in batch.rows)
        brought = await post.brought(
            batch.id,
            batch.remote,
            batch.age_s,
            [row.row for row in batch.rows],
            until=until,
            needed=needed,
        )
        if brought is None:
            return not needed
        await self._book(work, batch, brought)
        if brought.failed is not None and needed:
            raise brought.failed
        if needed:
            self._refuse_what_all_meet(batch, brought)
        return True

    async def _book(self, work: _Set, batch: OpenBatch, brought: Brought) -> None:
        """Record the ends of all rows of a batch, and its own, in one commit."""
        statements: list[Statement] = []
        paid = 0.0
        alone = _concern_rows_alone(brought)
        for row in batch.rows:
            result = (brought.results or {}).get(row.row)
            if brought.forgotten:
                end = Ended("unknown", fault="forgotten", detail=brought.said)
                paid += row.worst_usd
            else:
                end = self._end(result, brought, row.worst_usd)
                paid += end.cost_usd + (row.worst_usd if end.state == "unknown" else 0.0)
            statements.append(ending(row.key, row.number, end))
            request = work.requests.get(row.key)
            if request is not None and alone and isinstance(result, WireFault) and result.kind in _LASTING:
                said = (await asyncio.to_thread(self._ledger.attempts, [row.key]))[row.key]
                failed = _failed(Row.taken_up(row.key, request, said), f"{result.kind}: {result}")
                statements.append(keeping(self.name, request, failed))
        await self._background.journal.put(work.ledger, *statements, closing_batch(batch.id, brought.said))
        if batch.id not in work.aside and self._budget is not None:
            # An earlier run's: it was counted as spent at its worst case.
            held = sum(row.worst_usd for row in batch.rows)
            self._budget.take_back(held)
            work.aside[batch.id] = held
        self._give_back(work, batch.id, paid)

    def _end(self, result: Result | None, brought: Brought, worst_usd: float) -> Ended:
        if result is None:
            if brought.results is None:
                return Ended("refused", fault="not sent", detail=brought.said)
            return Ended("refused", fault="not run", detail=f"the batch ended without it ({brought.said})")
        if isinstance(result, WireFault):
            # A row that a batch reports as failed is not charged for.
            return Ended("refused", fault=result.kind, detail=str(result))
        return answered(result, self._price, worst_usd, batch=True)

    def _refuse_what_all_meet(self, batch: OpenBatch, brought: Brought) -> None:
        """Raise WriterError when every row of a batch was refused for a reason that sending it again will not mend."""
        faults = [one for one in (brought.results or {}).values() if isinstance(one, WireFault)]
        if faults and not _concern_rows_alone(brought):
            raise WriterError(
                f"The writer '{self.name}' took nothing of batch {batch.id}: {str(faults[0]).rstrip('.')}. Nothing was "
                "charged. Choose another model or server, or correct the prompt's settings."
            ) from faults[0]

    # What is to be sent

    async def _settle(self, work: _Set) -> list[tuple[Row, Ask]]:
        """Settle every request whose ladder has ended, and return the others with what to send next."""
        keys = list(work.requests)
        known, said, misses = await asyncio.to_thread(self._read, work.ledger, keys)
        statements: list[Statement] = []
        open_rows: list[tuple[Row, Ask]] = []
        for key, request in work.requests.items():
            if key in known:
                continue
            row = Row.taken_up(key, request, said[key])
            step = next_step(request, row.said)
            count, detail = misses.get(key, (0, ""))
            if isinstance(step, Settled):
                statements.append(keeping(self.name, request, row.outcome(step)))
            elif count >= MOST_UNANSWERED:
                why = f"{count} batches came back without an answer to it ({detail})"
                statements.append(keeping(self.name, request, _failed(row, why)))
            else:
                open_rows.append((row, step))
        if statements:
            await self._background.journal.put(work.ledger, *statements)
        return open_rows

    def _read(
        self, path: Path, keys: list[str]
    ) -> tuple[dict[str, Outcome], dict[str, list[Attempted]], Mapping[str, tuple[int, str]]]:
        return self._ledger.find(keys), self._ledger.attempts(keys), unanswered(path, keys)

    async def _send(self, work: _Set, post: Post, rows: Sequence[tuple[Row, Ask]]) -> None:
        """Send as many rows as the budget holds at their worst; the others follow when these are home."""
        parcels: list[Parcel] = []
        before = {batch.id for batch in open_batches(work.ledger, self.name)}
        try:
            for row, step in rows:
                worst = self._worst(row, step)
                held = worst
                if self._budget is not None:
                    now = self._budget.reserve_now(worst)
                    if now is None and parcels:
                        break
                    held = await self._budget.reserve(worst) if now is None else now
                attempt = row.attempt(step, timeout_s=0.0)  # a batch has a time of its own
                parcels.append(Parcel(work.ledger, row.key, row.number + 1, step.step, attempt, held))
            await post.send(parcels)
        finally:
            self._take_over(work, parcels, before)

    def _take_over(self, work: _Set, parcels: Sequence[Parcel], before: set[str]) -> None:
        """Note by batch what was set aside, and give back what no batch came of."""
        sent = 0.0
        for batch in open_batches(work.ledger, self.name):
            if batch.id not in before:
                work.aside[batch.id] = sum(row.worst_usd for row in batch.rows)
                sent += work.aside[batch.id]
        if self._budget is not None:
            self._budget.settle(max(0.0, sum(one.worst_usd for one in parcels) - sent), 0.0)

    def _worst(self, row: Row, step: Ask) -> float:
        most = bound(row.request, self._client.profile, self._client.model).most if self._price else 0
        return row.worst_usd(step, self._price, most, batch=True)


def _failed(row: Row, why: str) -> Outcome:
    """Return the quarantine of a row that no batch answers."""
    return row.outcome(Settled(None, row.last_text, "failed", why))


def _concern_rows_alone(brought: Brought) -> bool:
    """Tell whether lasting faults concern the rows that met them, and not everything that would be sent."""
    results = list((brought.results or {}).values())
    lasting = [one for one in results if isinstance(one, WireFault) and one.kind in _LASTING]
    if any(one.kind in ("schema", "auth", "not_found") for one in lasting):
        return False
    answered = any(not isinstance(one, WireFault) for one in results)
    return answered or not any(one.kind == "bad_request" for one in lasting)

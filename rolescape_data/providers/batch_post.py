"""Rows of several characters -> as few batches as the server's limits allow, submitted once; and one watch over each.

Lives in the event loop that sends. One Post serves everybody in this process who asks the same model.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rolescape_data.errors import RolescapeError, StoppedError, WriterError
from rolescape_data.providers.batch_ledger import closing_batch, intending, naming, placing
from rolescape_data.providers.batch_wire import BatchClient, Line, Look, Result
from rolescape_data.providers.journal import Journal
from rolescape_data.providers.ledger import Ended, Statement, Step, beginning, ending
from rolescape_data.providers.wire import Attempt, WireFault, refused_unpaid

if TYPE_CHECKING:
    from rolescape_data.providers.background import ProfiledClient

# Requests of other characters that come within this time share a batch.
LINGER_S = 0.5
# Between two looks; a batch takes minutes to a day.
FIRST_LOOK_S = 0.25
MOST_LOOK_S = 60.0
# A batch that a killed run was submitting appears in the server's list by then, or was never submitted.
GRACE_S = 30.0
# How long a server may be out of reach before the run stops; the batches go on without it.
PATIENCE_S = 900.0
# What a server has forgotten before then was sent with another key, or somebody deleted it.
KEPT_S = 48 * 3600.0
_MOST_HELD = 4

Tell = Callable[[str], None]
listeners: list[Tell] = []


def tell(text: str) -> None:
    """Say to whoever listens what is being waited for."""
    for listener in tuple(listeners):
        listener(text)


def grace_s() -> float:
    """Return the seconds after which a batch that is not listed was never submitted: ROLESCAPE_BATCH_GRACE_S."""
    text = os.environ.get("ROLESCAPE_BATCH_GRACE_S", "").strip()
    return float(text) if text.replace(".", "", 1).isdigit() else GRACE_S


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row to be sent: whose ledger, which call and attempt, what is sent, the USD set aside."""

    ledger: Path
    key: str
    number: int
    step: Step
    attempt: Attempt
    worst_usd: float


@dataclass(frozen=True, slots=True)
class Brought:
    """What a batch came to. `results` is None when it was never submitted; rows that never ran are absent."""

    results: dict[str, Result] | None
    said: str = ""
    forgotten: bool = False
    failed: RolescapeError | None = None


@dataclass(slots=True)
class _Waiting:
    parcels: list[Parcel]
    sent: "asyncio.Future[None]"


@dataclass(slots=True)
class _Watch:
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[Brought] | None" = None
    requests: int = 0
    look: Look | None = None


class Post:
    """The batches of one model in this process."""

    def __init__(self, client: BatchClient, journal: Journal, writer: str) -> None:
        self._client = client
        self._journal = journal
        self._writer = writer
        self._waiting: list[_Waiting] = []
        self._gathering: asyncio.Task[None] | None = None
        self._watched: dict[str, _Watch] = {}
        self._told = ("", 0.0)
        self.ours: set[str] = (
            set()
        )  # submitted by this process, so their worst case is set aside in its budget

    def reshape(self, shape: str) -> None:
        """Take up what earlier batches learnt of the model."""
        if shape:
            self._client.reshape(shape)

    async def send(self, parcels: Sequence[Parcel]) -> None:
        """Submit rows, together with whatever others send at about the same time.

        Raises:
            WriterError: the server takes no batches, or not these.
            StoppedError: it cannot be reached.
        """
        waiting = _Waiting(list(parcels), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._gather())
        await waiting.sent

    async def _gather(self) -> None:
        while self._waiting:
            await asyncio.sleep(LINGER_S)
            together, self._waiting = self._waiting, []
            try:
                await self._submit([parcel for one in together for parcel in one.parcels])
            except BaseException as fault:
                for one in together:
                    if not one.sent.done():
                        one.sent.set_exception(fault)
                if not isinstance(fault, Exception):
                    raise
            else:
                for one in together:
                    if not one.sent.done():
                        one.sent.set_result(None)

    async def _submit(self, parcels: Sequence[Parcel]) -> None:
        batch: list[tuple[Parcel, Line]] = []
        size = 0
        for number, parcel in enumerate(parcels):
            line = await self._client.line(f"r{number:05d}", parcel.attempt)
            if batch and (size + line.size > self._client.most_bytes or len(batch) >= self._client.most_rows):
                await self._start(batch)
                batch, size = [], 0
            batch.append((parcel, line))
            size += line.size
        if batch:
            await self._start(batch)

    async def _start(self, batch: Sequence[tuple[Parcel, Line]]) -> None:
        tag = f"rs-{uuid.uuid4().hex}"
        by_ledger: dict[Path, list[Statement]] = {}
        for parcel, line in batch:
            if parcel.ledger not in by_ledger:
                by_ledger[parcel.ledger] = [intending(tag, self._writer, self._client.shape())]
            by_ledger[parcel.ledger] += [
                beginning(parcel.key, parcel.number, parcel.step, parcel.worst_usd),
                placing(tag, line.row, parcel.key, parcel.number),
            ]
        # The server sees it only after every ledger knows of it.
        await asyncio.gather(*(self._journal.put(path, *rows) for path, rows in by_ledger.items()))
        remote = ""
        try:
            remote = await self._submitted(tag, [line for _, line in batch])
        except WireFault as fault:
            if refused_unpaid(fault):
                await self._withdraw(tag, batch, str(fault))
                raise self._refused(fault) from fault
            # Nobody knows whether it arrived: its listing will tell.
        if remote:
            await asyncio.gather(*(self._journal.put(path, naming(tag, remote)) for path in by_ledger))
        watch = self._watch(tag, remote, 0.0, [line.row for _, line in batch])
        watch.requests = len(batch)
        tell(f"{self._writer}: sent {len(batch)} requests as batch {tag}")

    async def _submitted(self, tag: str, lines: Sequence[Line]) -> str:
        """Submit; wait while the server says that it has no room."""
        began, delay = time.monotonic(), 1.0
        while True:
            try:
                return await self._client.submit(tag, lines)
            except WireFault as fault:
                passing = fault.kind in ("rate_limit", "overloaded", "connection") and refused_unpaid(fault)
                if not passing or time.monotonic() - began > PATIENCE_S:
                    raise
                wait_s = max(delay, fault.retry_after_s or 0.0)
                tell(f"{self._writer}: the server takes no batch yet ({fault}); next try in {wait_s:.0f} s")
                await asyncio.sleep(wait_s)
                delay = min(delay * 2, MOST_LOOK_S)

    async def _withdraw(self, tag: str, batch: Sequence[tuple[Parcel, Line]], why: str) -> None:
        by_ledger: dict[Path, list[Statement]] = {}
        for parcel, _ in batch:
            end = Ended("refused", fault="not sent", detail=why)
            by_ledger.setdefault(parcel.ledger, [closing_batch(tag, why)]).append(
                ending(parcel.key, parcel.number, end)
            )
        await asyncio.gather(*(self._journal.put(path, *rows) for path, rows in by_ledger.items()))

    def _refused(self, fault: WireFault) -> RolescapeError:
        said = str(fault).rstrip(".")
        match fault.kind:
            case "auth":
                return WriterError(
                    f"'{self._writer}' does not take the key for batches: {said}. Check the key."
                )
            case "quota":
                return WriterError(f"'{self._writer}' has no credit left: {said}. Nothing was sent.")
            case "not_found":
                return WriterError(
                    f"The server of '{self._writer}' takes no batches ({said}). Leave `--batch` away, "
                    "or choose a server that has them."
                )
            case "rate_limit" | "overloaded" | "connection" | "timeout":
                return StoppedError(
                    f"The server of '{self._writer}' takes no batch at the moment ({said}). Everything answered so "
                    "far is kept; run the same command again later."
                )
        return WriterError(
            f"The server of '{self._writer}' does not take the batch: {said}. Nothing was charged."
        )

    async def brought(
        self, tag: str, remote: str, age_s: float, rows: Sequence[str], *, until: float, needed: bool
    ) -> Brought | None:
        """Return what a batch came to, waiting for it where it is needed.

        Args:
            tag: ours.
            remote: the server's name, '' where only its list can tell.
            age_s: seconds since it was meant to be sent.
            rows: all that is known of its rows.
            until: the time (seconds since 1970) to wait until.
            needed: whether to wait at all.

        Returns:
            None while it is not ended and the time is up, or nobody needs it.
        """
        watch = self._watch(tag, remote, age_s, rows)
        watch.requests = max(watch.requests, len(rows))
        assert watch.task is not None
        looked = asyncio.ensure_future(watch.looked.wait())
        await asyncio.wait({watch.task, looked}, timeout=60.0, return_when=asyncio.FIRST_COMPLETED)
        looked.cancel()
        if not watch.task.done() and needed:
            await asyncio.wait({watch.task}, timeout=max(0.0, until - time.time()))
        if not watch.task.done():
            return None
        return watch.task.result()

    def _watch(self, tag: str, remote: str, age_s: float, rows: Sequence[str]) -> _Watch:
        watch = self._watched.get(tag)
        if watch is None or (watch.task is not None and watch.task.done() and _raised(watch.task)):
            # The answers of ended batches are big, and every ledger reads them but once.
            ended = [name for name, one in self._watched.items() if one.task is not None and one.task.done()]
            for name in ended[:-_MOST_HELD]:
                del self._watched[name]
            watch = self._watched[tag] = _Watch()
            watch.task = asyncio.create_task(self._follow(watch, tag, remote, age_s, list(rows)))
            # Nobody may be waiting for it any more.
            watch.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return watch

    async def _follow(self, watch: _Watch, tag: str, remote: str, age_s: float, rows: list[str]) -> Brought:
        """Look at a batch until it has ended, and read what it brought."""
        began, delay = time.monotonic(), FIRST_LOOK_S
        trouble: float | None = None
        while True:
            try:
                if not remote:
                    age = age_s + time.monotonic() - began
                    remote = (await self._client.find([tag], time.time() - age)).get(tag, "")
                    if not remote and age > grace_s():
                        return Brought(None, "it never came to the server")
                if remote:
                    look = watch.look = await self._client.look(remote)
                    if look.state == "ended":
                        tell(f"{self._writer}: batch {tag} has {look.said or 'ended'}")
                        return Brought(await self._client.results(remote, rows), look.said)
                    if look.state == "failed":
                        return Brought({}, look.said, failed=self._failed(tag, look))
                    if look.state == "gone":
                        return self._gone(tag, age_s + time.monotonic() - began)
                trouble = None
            except WireFault as fault:
                if fault.kind in ("auth", "quota", "not_found", "bad_request", "too_large", "schema"):
                    raise self._refused(fault) from fault
                trouble = trouble or time.monotonic()
                if time.monotonic() - trouble > PATIENCE_S:
                    raise self._refused(fault) from fault
            watch.looked.set()
            self._say(delay)
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, MOST_LOOK_S)

    def _failed(self, tag: str, look: Look) -> RolescapeError:
        said = (look.said or "no reason given").rstrip(".")
        kind = WriterError if look.lasting else StoppedError
        return kind(
            f"'{self._writer}' did not take up batch {tag}: {said}. None of it was run or charged for; "
            "the same command sends it again."
        )

    def _gone(self, tag: str, age_s: float) -> Brought:
        if age_s < KEPT_S:
            raise WriterError(
                f"'{self._writer}' does not know batch {tag}, which this workspace sent {age_s / 60:.0f} minutes ago. "
                "Use the key and the server that it was sent with; its answers are paid for."
            )
        return Brought({}, "the server has forgotten it", forgotten=True)

    def _say(self, delay: float) -> None:
        """Tell what is waited for, when something has moved."""
        open_ones = [one for one in self._watched.values() if one.task is not None and not one.task.done()]
        done = sum(one.look.done for one in open_ones if one.look)
        asked = sum(one.requests for one in open_ones)
        text = f"{self._writer}: waiting for {len(open_ones)} batch(es), {done} of {asked} requests answered"
        if text != self._told[0]:
            self._told = (text, time.monotonic())
            tell(text)

    def waiting_for(self) -> str:
        """Return the batches that are open, for a message: '2 batches (640 requests)'."""
        open_ones = [one for one in self._watched.values() if one.task is not None and not one.task.done()]
        count = sum(one.requests for one in open_ones)
        return f"{len(open_ones)} batch{'es' if len(open_ones) != 1 else ''} ({count} requests)"


def _raised(task: "asyncio.Task[Brought]") -> bool:
    return task.cancelled() or task.exception() is not None


_posts: dict[int, tuple["ProfiledClient", Post]] = {}


def post_of(client: "ProfiledClient", journal: Journal) -> Post:
    """Return the Post of a client, one in this process.

    Raises:
        WriterError: nobody sells batches of its provider.
    """
    held = _posts.get(id(client))
    if held is None or held[0] is not client:
        held = _posts[id(client)] = (
            client,
            Post(_batches(client), journal, f"{client.provider}:{client.model}"),
        )
    return held[1]


def _batches(client: "ProfiledClient") -> BatchClient:
    from rolescape_data.providers.gemini import GeminiClient
    from rolescape_data.providers.openai import OpenAIClient

    if isinstance(client, OpenAIClient):
        from rolescape_data.providers.openai_batch import OpenAIBatches

        return OpenAIBatches(client)
    if isinstance(client, GeminiClient):
        from rolescape_data.providers.gemini_batch import GeminiBatches

        return GeminiBatches(client)
    raise WriterError(f"'{client.provider}:{client.model}' has no batches. Leave `--batch` away.")

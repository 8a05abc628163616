"""Many attempts in one batch, whatever the provider: what is sent, how it stands, what each row brought.

A batch is answered within a day, at half price. Each bears a tag of ours, by which a later run finds it in the server's
own list: so a run that was killed while it submitted never submits again what is there already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rolescape_data.providers.wire import Attempt, Reply, WireFault

Result = Reply | WireFault


@dataclass(frozen=True, slots=True)
class Line:
    """One request as it stands in a batch; `size` in bytes."""

    row: str
    size: int
    body: Any


@dataclass(frozen=True, slots=True)
class Look:
    """How a batch stands at the server.

    `failed` says that nothing of it was taken up, `said` why; `lasting` that another try will not mend it.
    """

    state: Literal["waiting", "ended", "failed", "gone"]
    said: str = ""
    done: int = 0
    total: int = 0
    lasting: bool = True


class BatchClient(Protocol):
    """The batches of one provider and model. Everything may raise WireFault."""

    most_rows: int
    most_bytes: int

    def shape(self) -> str:
        """Return what the model is known to take, to be kept with a batch."""
        ...

    def reshape(self, shape: str) -> None:
        """Take up what an earlier run learnt."""
        ...

    async def line(self, row: str, attempt: Attempt) -> Line:
        """Return an attempt as a row of a batch, named so that its answer is known again."""
        ...

    async def submit(self, tag: str, lines: Sequence[Line]) -> str:
        """Start a batch and return the server's name for it."""
        ...

    async def find(self, tags: Sequence[str], since: float) -> Mapping[str, str]:
        """Return the server's names of the batches that bear these tags, by listing.

        Args:
            tags: ours.
            since: when the first of them was sent, in seconds since 1970; older batches need not be looked at.
        """
        ...

    async def look(self, remote: str) -> Look:
        """Return how a batch stands."""
        ...

    async def results(self, remote: str, rows: Sequence[str]) -> dict[str, Result]:
        """Return what each row of an ended batch brought; rows that never ran are absent.

        Args:
            remote: the server's name of it.
            rows: all rows in the order they were sent.
        """
        ...

    async def cancel(self, remote: str) -> None:
        """Ask the server to stop a batch; what it answered already stays, and is charged for."""
        ...

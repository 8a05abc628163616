"""Writers by name. To add one: a file in this package, one line in WRITERS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rolescape_data.errors import WriterError
from rolescape_data.providers.base import Outcome, Request, Writer
from rolescape_data.providers.ledger import Ledger, Recorded
from rolescape_data.routes import Leg, Route, named

if TYPE_CHECKING:
    from rolescape_data.providers.background import ProfiledClient


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """Ask in batches, and wait for them until this time (seconds since 1970)."""

    until: float


@dataclass(frozen=True, slots=True)
class Purse:
    """What a paid writer is bound to: whose budget, the most it may ever spend, and the set's own qa folder.

    `root` is the workspace, or one character's folder where each has a share of its own; `budget_usd` None means no
    cap; `qa` may hold a prices.yaml; `batch` has it ask in batches, and says until when they are waited for.
    """

    root: Path
    budget_usd: float | None = None
    qa: Path | None = None
    batch: BatchTerms | None = None


def _openai(leg: Leg) -> "ProfiledClient":
    from rolescape_data.providers.openai import OpenAIClient

    return OpenAIClient(leg.name.partition(":")[2], base_url=leg.base_url, key=_own_key(leg))


def _gemini(leg: Leg) -> "ProfiledClient":
    from rolescape_data.providers.gemini import GeminiClient

    return GeminiClient(leg.name.partition(":")[2], base_url=leg.base_url, key=_own_key(leg))


def _own_key(leg: Leg) -> str | None:
    from rolescape_data.providers.keys import find_key

    if leg.key_env is None:
        return None
    found = find_key((leg.key_env,), needed_for=leg.name)
    return found.get_secret_value() if found is not None else None


# Each opens the client of a model; 'offline' has none.
WRITERS: "dict[str, Callable[[Leg], ProfiledClient] | None]" = {
    "offline": None,
    "openai": _openai,
    "gemini": _gemini,
}


def client_of(leg: Leg) -> "ProfiledClient | None":
    """Return what talks to a writer's server, for what is known without sending anything; None for the offline writer.

    Raises:
        WriterError: see `open_writer`.
    """
    opened = WRITERS[_checked(leg.name)]
    return opened(leg) if opened is not None else None


def open_route(
    route: Route,
    *,
    ledger: Path | None = None,
    purse: Purse | None = None,
    notice: Callable[[str], None] = lambda text: None,
) -> Writer:
    """Return the writer of a route: its only one, or one that goes from each to the next where it has to.

    Every writer of it is opened, so that a fall-back without a key is noticed now and not at night.

    Args:
        route: in order.
        ledger, purse: see `open_writer`.
        notice: is told when a writer is out and the next takes over.

    Raises:
        WriterError: see `open_writer`.
    """
    opened = [_open(leg, ledger, purse) for leg in route]
    if len(opened) == 1:
        return opened[0]
    if ledger is None:
        return _Unasked(opened, named(route))
    from rolescape_data.providers.routing import RoutedWriter

    return RoutedWriter(
        [(writer, leg.base_url or "") for writer, leg in zip(opened, route, strict=True)],  # type: ignore[misc]
        Ledger(ledger),
        notice=notice,
    )


class _Unasked:
    """A route that was opened to see whether it could be used, and whose name is asked for."""

    def __init__(self, writers: Sequence[Writer], name: str) -> None:
        self.name = name
        self.kind: Literal["llm", "vlm", "rule"] = writers[0].kind

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        raise WriterError(f"The writers '{self.name}' were opened without a ledger and cannot be asked.")


def open_writer(
    name: str, *, base_url: str | None = None, ledger: Path | None = None, purse: Purse | None = None
) -> Writer:
    """Return the writer called `offline`, `openai:MODEL` or `gemini:MODEL`. Nothing is sent yet.

    Args:
        name: the writer.
        base_url: another server of the same protocol.
        ledger: where its calls are kept; a paid writer without one only tells whether it could be used.
        purse: what a paid writer may spend; without it nothing is capped.

    Raises:
        WriterError: an unknown name, a missing model, a missing key, or a budget for a model without a price.
    """
    return _open(Leg(name=_given(name), base_url=base_url), ledger, purse)


def _open(leg: Leg, ledger: Path | None, purse: Purse | None) -> Writer:
    opened = WRITERS[_checked(leg.name)]
    if opened is not None:
        return _paid(leg, lambda: opened(leg), ledger, purse)
    from rolescape_data.providers.offline import OfflineWriter

    return Recorded(OfflineWriter(), Ledger(ledger)) if ledger is not None else OfflineWriter()


def _given(name: str) -> str:
    _checked(name)
    return name


def _checked(name: str) -> str:
    """Return the provider of a writer's name."""
    provider, _, model = name.partition(":")
    if provider not in WRITERS:
        raise WriterError(f"There is no writer '{name}'. Known: offline, openai:MODEL, gemini:MODEL.")
    if (provider == "offline") == bool(model):
        expected = "offline" if provider == "offline" else f"{provider}:MODEL, e.g. {provider}:my-model"
        raise WriterError(f"The writer '{name}' is not complete or says too much. Write {expected}.")
    return provider


def _paid(leg: Leg, make: "Callable[[], ProfiledClient]", ledger: Path | None, purse: Purse | None) -> Writer:
    from rolescape_data.providers.background import background, timeout_s
    from rolescape_data.providers.batch import BatchWriter
    from rolescape_data.providers.budget import budget_of
    from rolescape_data.providers.paid import PaidWriter
    from rolescape_data.providers.prices import price_of

    budget = None
    try:
        price = price_of(leg.name, base_url=leg.base_url, overlay=purse.qa if purse else None)
    except WriterError:
        # Without a cap tokens are counted and money is not; a cap needs a price.
        if purse is not None and purse.budget_usd is not None:
            raise
        price = None
    if purse is not None and purse.budget_usd is not None:
        budget = budget_of(purse.root, purse.budget_usd)
    calls = background()
    client = calls.client(leg.name, leg.base_url or "", make)
    kept = Ledger(ledger) if ledger is not None else None
    online = PaidWriter(
        client,
        kept,
        admission=calls.admission(leg.name, leg.base_url or ""),
        background=calls,
        price=price,
        budget=budget,
        timeout_s=timeout_s(),
    )
    if kept is None:
        return online
    until = purse.batch.until if purse is not None and purse.batch is not None else None
    return BatchWriter(online, client, kept, background=calls, until=until, price=price, budget=budget)

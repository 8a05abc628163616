"""Writers by name. To add one: a file in this package, one line in WRITERS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rolescape_data.errors import WriterError
from rolescape_data.providers.base import Writer
from rolescape_data.providers.ledger import Ledger, Recorded

if TYPE_CHECKING:
    from rolescape_data.providers.background import ProfiledClient


@dataclass(frozen=True, slots=True)
class Purse:
    """What a paid writer is bound to: whose budget, the most it may ever spend, and the set's own qa folder.

    `root` is the workspace, or one character's folder where each has a share of its own; `budget_usd` None means no
    cap; `qa` may hold a prices.yaml.
    """

    root: Path
    budget_usd: float | None = None
    qa: Path | None = None


def _openai(model: str, base_url: str | None) -> "ProfiledClient":
    from rolescape_data.providers.openai import OpenAIClient

    return OpenAIClient(model, base_url=base_url)


def _gemini(model: str, base_url: str | None) -> "ProfiledClient":
    from rolescape_data.providers.gemini import GeminiClient

    return GeminiClient(model, base_url=base_url)


# Each opens the client of a model; 'offline' has none.
WRITERS: "dict[str, Callable[[str, str | None], ProfiledClient] | None]" = {
    "offline": None,
    "openai": _openai,
    "gemini": _gemini,
}


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
    provider, _, model = name.partition(":")
    if provider not in WRITERS:
        raise WriterError(f"There is no writer '{name}'. Known: offline, openai:MODEL, gemini:MODEL.")
    if (provider == "offline") == bool(model):
        expected = "offline" if provider == "offline" else f"{provider}:MODEL, e.g. {provider}:my-model"
        raise WriterError(f"The writer '{name}' is not complete or says too much. Write {expected}.")
    opened = WRITERS[provider]
    if opened is not None:
        return _paid(name, base_url, lambda: opened(model, base_url), ledger, purse)
    from rolescape_data.providers.offline import OfflineWriter

    return Recorded(OfflineWriter(), Ledger(ledger)) if ledger is not None else OfflineWriter()


def _paid(
    name: str,
    base_url: str | None,
    make: "Callable[[], ProfiledClient]",
    ledger: Path | None,
    purse: Purse | None,
) -> Writer:
    from rolescape_data.providers.background import background, timeout_s
    from rolescape_data.providers.budget import budget_of
    from rolescape_data.providers.paid import PaidWriter
    from rolescape_data.providers.prices import price_of

    budget = None
    try:
        price = price_of(name, base_url=base_url, overlay=purse.qa if purse else None)
    except WriterError:
        # Without a cap tokens are counted and money is not; a cap needs a price.
        if purse is not None and purse.budget_usd is not None:
            raise
        price = None
    if purse is not None and purse.budget_usd is not None:
        budget = budget_of(purse.root, purse.budget_usd)
    calls = background()
    return PaidWriter(
        calls.client(name, base_url or "", make),
        Ledger(ledger) if ledger is not None else None,
        admission=calls.admission(name, base_url or ""),
        background=calls,
        price=price,
        budget=budget,
        timeout_s=timeout_s(),
    )

"""What the tests of paid calls share: writers of a folder for the model server, and what the folder's ledgers sum to."""

from pathlib import Path

from model_server import ModelServer
from paid_run import MODEL, ledger_of, prices

from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Writer
from rolescape_data.providers.ledger import Ledger, Spent

PROVIDERS = ("openai", "gemini")


def writer_of(
    server: ModelServer,
    folder: Path,
    *,
    character: str = "one",
    cap: float | None = None,
    model: str = MODEL,
    provider: str = "openai",
) -> Writer:
    return open_writer(
        f"{provider}:{model}",
        base_url=server.gemini_url if provider == "gemini" else server.openai_url,
        ledger=ledger_of(folder, character),
        purse=Purse(folder, cap, prices(folder)),
    )


def spent(folder: Path) -> list[Spent]:
    background().journal.settle()
    return [Ledger(path).spent() for path in sorted(folder.glob("characters/*/ledger.sqlite"))]


def booked(folder: Path) -> float:
    """Return what all ledgers say was spent, or may have been."""
    return sum(one.cost_usd + one.open_usd for one in spent(folder))

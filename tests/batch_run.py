"""A run of batched calls in a process of its own: `python tests/batch_run.py PROVIDER URL FOLDER CALLS [DIE_AT] [CAP]`.

With DIE_AT it kills itself, as `kill -9` does, when it comes to that point:

- intent: batch and rows are in the ledger, nothing was submitted;
- sent: the server has the batch, its name is not in the ledger;
- named: its name is there, and it is waited for;
- read: its answers are here, nothing is booked;
- booked: the rows' ends are committed, the calls are not settled.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from paid_run import MODEL, asked, ledger_of

from rolescape_data.errors import RolescapeError
from rolescape_data.providers import BatchTerms, Purse, batch_post, open_writer
from rolescape_data.providers.batch import BatchWriter
from rolescape_data.providers.gemini_batch import GeminiBatches
from rolescape_data.providers.openai_batch import OpenAIBatches

POINTS = ("intent", "sent", "named", "read", "booked")


def prices(folder: Path) -> Path:
    """Write the test server's prices for both providers and return the folder that holds them."""
    qa = folder / "qa"
    qa.mkdir(parents=True, exist_ok=True)
    entry = "{input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}"
    (qa / "prices.yaml").write_text(f"prices: {{'openai:{MODEL}': {entry}, 'gemini:{MODEL}': {entry}}}\n")
    return qa


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str, provider: str) -> None:
    """Have this process killed at a point."""
    batches: Any = OpenAIBatches if provider == "openai" else GeminiBatches
    name = {"intent": "submit", "sent": "submit", "named": "look", "read": "results"}.get(point)
    if name is None:
        book, held = BatchWriter._settle, []

        async def settle(self: Any, *given: Any) -> Any:
            if held:
                _die()
            held.append(1)
            return await book(self, *given)

        BatchWriter._settle = settle  # type: ignore[method-assign]
        return
    real = getattr(batches, name)

    async def dying(self: Any, *given: Any) -> Any:
        if point in ("intent", "named"):
            _die()
        found = await real(self, *given)
        _die()
        return found

    setattr(batches, name, dying)


def main() -> int:
    provider, url, folder, count = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    point = sys.argv[5] if len(sys.argv) > 5 else ""
    cap = float(sys.argv[6]) if len(sys.argv) > 6 else None
    if point:
        die_at(point, provider)
    batch_post.LINGER_S, batch_post.FIRST_LOOK_S = 0.02, 0.02
    purse = Purse(folder, cap, prices(folder), BatchTerms(time.time() + 60))
    writer = open_writer(f"{provider}:{MODEL}", base_url=url, ledger=ledger_of(folder), purse=purse)
    try:
        outcomes = writer.write([asked(number) for number in range(count)])
    except RolescapeError as fault:
        print(json.dumps({"error": str(fault), "status": fault.exit_status}))
        return fault.exit_status
    print(json.dumps([outcome.reply for outcome in outcomes]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

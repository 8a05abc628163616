"""A run of paid calls in a process of its own, to be killed: `python tests/paid_run.py URL FOLDER CALLS [CAP]`.

It writes through the factory's own path into FOLDER and, when it comes to its end, prints the replies as JSON, or the
error that stopped it.
"""

import json
import sys
from pathlib import Path

from rolescape_data.errors import RolescapeError
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.base import Request

MODEL = "test-model"
PRICES = (
    f"prices: {{'openai:{MODEL}': {{input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}}}}\n"
)


def asked(number: int, **changes: object) -> Request:
    """Return a request about one row."""
    given: dict[str, object] = {
        "prompt_id": "text_dialogue",
        "prompt_sha256": "0" * 64,
        "system": "You write short exchanges.",
        "user": f'Write.\n\n```json\n{{"character": {{"name": "Oda Wren"}}, "row": {number}}}\n```\n',
        "answer": "TextDialogueAnswer",
        "keys": ("dialogue_1", "dialogue_2"),
        "max_tokens": 500,
    }
    return Request(**(given | changes))  # type: ignore[arg-type]


def prices(folder: Path) -> Path:
    """Write the test server's prices and return the folder that holds them."""
    (folder / "qa").mkdir(parents=True, exist_ok=True)
    if not (folder / "qa" / "prices.yaml").exists():
        (folder / "qa" / "prices.yaml").write_text(PRICES)
    return folder / "qa"


def ledger_of(folder: Path, character: str = "one") -> Path:
    """Return a character's ledger in a workspace."""
    path = folder / "characters" / character / "ledger.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def main() -> int:
    url, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    cap = float(sys.argv[4]) if len(sys.argv) > 4 else None
    purse = Purse(folder, cap, prices(folder))
    writer = open_writer(f"openai:{MODEL}", base_url=url, ledger=ledger_of(folder), purse=purse)
    try:
        outcomes = writer.write([asked(number) for number in range(count)])
    except RolescapeError as fault:
        print(json.dumps({"error": str(fault), "status": fault.exit_status}))
        return fault.exit_status
    print(json.dumps([outcome.reply for outcome in outcomes]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

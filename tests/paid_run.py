"""A run of paid calls in a process of its own, to be killed: `python tests/paid_run.py URL FOLDER CALLS [--cap USD] ...`.

It writes through the factory's own path into FOLDER and, when it comes to its end, prints the replies as JSON, or the
error that stopped it.
"""

import argparse
import json
import sys
from pathlib import Path

from rolescape_data.errors import RolescapeError
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.base import Request
from rolescape_data.records.answers import quota_keys

MODEL = "test-model"
_PRICE = "{input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}"
PRICES = f"prices: {{'openai:{MODEL}': {_PRICE}, 'gemini:{MODEL}': {_PRICE}}}\n"
QUESTIONS = tuple(quota_keys({"easy": 4, "medium": 4, "hard": 2}))
# What a run asks for: sets of two dialogues, one dialogue, sets of ten questions.
SHAPES: dict[str, dict[str, object]] = {
    "set": {},
    "single": {"keys": ()},
    "questions": {"answer": "TextMCQAnswer", "keys": QUESTIONS, "max_tokens": 4000},
}


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
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--cap", type=float)
    parser.add_argument("--provider", default="openai")
    parser.add_argument("--shape", choices=SHAPES, default="set")
    parser.add_argument("--start", type=int, default=0)
    given = parser.parse_args()
    purse = Purse(given.folder, given.cap, prices(given.folder))
    name = f"{given.provider}:{MODEL}"
    writer = open_writer(name, base_url=given.url, ledger=ledger_of(given.folder), purse=purse)
    rows = range(given.start, given.start + given.count)
    try:
        outcomes = writer.write([asked(number, **SHAPES[given.shape]) for number in rows])
    except RolescapeError as fault:
        print(json.dumps({"error": str(fault), "status": fault.exit_status}))
        return fault.exit_status
    print(json.dumps([outcome.reply for outcome in outcomes]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What is asked again: a reason's quarantined requests, or every question anew; and the tables to be made for it.

What a model never answered well stays in quarantine, so that no build pays for it over and over. Lifting it asks for
these requests again and for no other: the tables that they belong to are made anew from the ledger, where every other
answer still is. What the earlier tries cost stays on the books.

Asking anew raises the takes of tables, which are part of every call's key. Until all of it is made the request lies beside
the tables: whoever asks for the same meanwhile goes on with it, and pays for no further take.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rolescape_data.errors import SettingsError
from rolescape_data.providers.base import ErrorKind
from rolescape_data.providers.ledger import Ledger
from rolescape_data.store.atomic import write_json
from rolescape_data.store.workspace import Workspace

EVERY = "quarantined"
REASONS: tuple[ErrorKind, ...] = get_args(ErrorKind)


def errors_of(reason: str) -> tuple[ErrorKind, ...]:
    """Return the ledger's errors that a reason stands for.

    Raises:
        SettingsError: there is no such reason; the known ones are listed.
    """
    if reason == EVERY:
        return REASONS
    found = tuple(error for error in REASONS if error == reason)
    if not found:
        raise SettingsError(
            f"There is no reason '{reason}' for a retry. Known: {EVERY} (all of them), {', '.join(REASONS)}. "
            "`rolescape status` tells which of them this workspace has."
        )
    return found


def quarantined(workspace: Workspace, character: str) -> dict[str, dict[str, int]]:
    """Return how many requests of a character are in quarantine: {kind: {reason: requests}}."""
    found: dict[str, dict[str, int]] = {}
    ledger = workspace.character(character).ledger
    if not ledger.exists():
        return {}
    for (kind, error), count in sorted(Ledger(ledger).quarantined().items()):
        found.setdefault(kind, {})[error] = count
    return found


def to_retry(workspace: Workspace, character: str, reason: str, kinds: Sequence[str]) -> dict[str, int]:
    """Return how many requests a retry would ask again, by kind; only kinds that have some."""
    errors = errors_of(reason)
    counts = Counter(
        {
            kind: sum(count for error, count in by_error.items() if error in errors)
            for kind, by_error in quarantined(workspace, character).items()
            if kind in kinds
        }
    )
    return {kind: counts[kind] for kind in kinds if counts[kind]}


def lift(workspace: Workspace, character: str, reason: str, kinds: Sequence[str]) -> dict[str, int]:
    """Take a character's requests out of quarantine and mark their tables as out of date.

    Returns:
        How many requests will be asked again, by kind.
    """
    found = to_retry(workspace, character, reason, kinds)
    if not found:
        return {}
    folder = workspace.character(character)
    # The tables first: a kill in between leaves tables that are made anew to no avail, and never ones that look
    # finished over requests that nobody asks for any more.
    for kind, stamp in folder.stamps().items():
        if kind in found:
            folder.stamp(kind, stamp.model_copy(update={"fingerprint": ""}))
    Ledger(folder.ledger).release(errors_of(reason), tuple(found))
    return found


def ask_anew(workspace: Workspace, character: str, kinds: Sequence[str]) -> bool:
    """Raise the takes of a character's tables and mark them as out of date, unless such a request is under way.

    Args:
        workspace: where.
        character: id.
        kinds: tables to be asked anew; those that were never made have nothing to be asked anew.

    Returns:
        Whether it goes on with an earlier request, which counts as under way until `end_anew`.
    """
    folder = workspace.character(character)
    takes = _takes_to_come(folder.anew)
    going_on = takes is not None
    if takes is None:
        takes = {kind: stamp.take + 1 for kind, stamp in folder.stamps().items() if kind in kinds}
        # Before the stamps: a kill in between must not leave some of them raised with nobody to know of it.
        write_json(folder.anew, takes)
    for kind, stamp in folder.stamps().items():
        if stamp.take < takes.get(kind, 0):
            folder.stamp(kind, stamp.model_copy(update={"take": takes[kind], "fingerprint": ""}))
    return going_on


def end_anew(workspace: Workspace, character: str) -> None:
    """Take what was begun of a character's questions as done: the next request is another. Nothing happens without one."""
    folder = workspace.character(character)
    folder.anew.unlink(missing_ok=True)
    folder.begun.unlink(missing_ok=True)


def _takes_to_come(path: Path) -> dict[str, int] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(kind): int(take) for kind, take in found.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return None

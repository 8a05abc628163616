"""What is under way in batches: a wait as people write it, what the display says of it, what `status` tells of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flows import progress
from flows.begun import command_for
from rolescape_data.errors import SettingsError
from rolescape_data.providers.batch_ledger import open_batches
from rolescape_data.providers.waits import span_s
from rolescape_data.store.workspace import Workspace

# Characters built side by side with `--batch`: their requests share batches, and waiting costs nothing.
SLOTS = 16


def wait_s(text: str) -> float:
    """Return the seconds of '30m', '24h' or '1d'; a bare 0 waits for nothing.

    Raises:
        SettingsError: it is no span of time.
    """
    found = 0.0 if text.strip() == "0" else span_s(text)
    if found is None:
        raise SettingsError(
            f"--batch-wait is '{text}', which is no span of time. Write for example 30m, 24h or 0."
        )
    return found


def until(seconds: float) -> float:
    """Return the time, in seconds since 1970, at which a wait that begins now is over."""
    return time.time() + seconds


@contextmanager
def told() -> Iterator[None]:
    """Have the display say what is being waited for."""
    from rolescape_data.providers.batch_post import listeners

    listeners.append(progress.waits)
    try:
        yield
    finally:
        listeners.remove(progress.waits)


def open_in(workspace: Workspace, characters: list[str]) -> list[dict[str, Any]]:
    """List the batches that are not harvested yet, with the requests and the worst cost that this workspace has in each."""
    found: dict[str, dict[str, Any]] = {}
    for name in characters:
        for batch in open_batches(workspace.character(name).ledger):
            entry = found.setdefault(
                batch.id,
                {
                    "batch": batch.id,
                    "writer": batch.writer,
                    "at_server": batch.remote,
                    "since": batch.began,
                    "requests": 0,
                    "worst_usd": 0.0,
                    "characters": [],
                    "fetched_by": command_for(workspace.character(name), batch.began)
                    or "rolescape build --batch",
                },
            )
            entry["at_server"] = entry["at_server"] or batch.remote
            entry["requests"] += len(batch.rows)
            entry["worst_usd"] = round(entry["worst_usd"] + sum(row.worst_usd for row in batch.rows), 6)
            entry["characters"].append(name)
    return sorted(found.values(), key=lambda entry: (entry["since"], entry["batch"]))


def lines(found: list[dict[str, Any]]) -> list[str]:
    """Return open batches as lines."""
    said = [
        f"  waiting: {entry['requests']} requests of {', '.join(entry['characters'])} at {entry['writer']} since "
        f"{entry['since'][:16].replace('T', ' ')} UTC, at most {entry['worst_usd']:.4f} USD (batch {entry['batch']})"
        for entry in found
    ]
    commands = dict.fromkeys(entry["fetched_by"] for entry in found)
    return [*said, *(f"  `{command}` fetches what is ready" for command in commands)]

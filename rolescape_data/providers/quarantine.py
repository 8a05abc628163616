"""A ledger's calls that failed -> the requests that are in quarantine: what nobody answered, whoever was asked.

A request that a fall-back took over, or that was answered when it was asked again in other words, is several calls and one request.
"""

import json
import sqlite3
from dataclasses import dataclass

# In the order in which they were first sent. A writer that sends nothing would only say the same again.
_FAILED = (
    "SELECT calls.key, prompt_id, error FROM calls JOIN attempts ON attempts.key = calls.key WHERE error IS NOT NULL "
    "GROUP BY calls.key ORDER BY min(began), calls.key"
)
_LINKS = "SELECT key, successor_key FROM handed_on UNION SELECT key, later FROM asked_again"
_ANSWERED = "SELECT key FROM calls WHERE reply IS NOT NULL AND key IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Held:
    """A request in quarantine: its prompt, why the first that was asked failed, and the keys of all its failed calls."""

    prompt_id: str
    error: str
    keys: list[str]


def held(database: sqlite3.Connection) -> list[Held]:
    """Return every request in quarantine, in the order in which they were first sent."""
    beside: dict[str, set[str]] = {}
    for key, other in database.execute(_LINKS):
        beside.setdefault(key, set()).add(other)
        beside.setdefault(other, set()).add(key)
    answered = {row[0] for row in database.execute(_ANSWERED, (json.dumps(sorted(beside)),))}
    failed = {key: (prompt_id, error) for key, prompt_id, error in database.execute(_FAILED)}
    order = {key: at for at, key in enumerate(failed)}
    found: list[Held] = []
    done: set[str] = set()
    for key, (prompt_id, error) in failed.items():
        if key in done:
            continue
        together = _together(key, beside)
        done |= together
        if not together & answered:
            found.append(Held(prompt_id, error, sorted(together & order.keys(), key=order.__getitem__)))
    return found


def _together(key: str, beside: dict[str, set[str]]) -> set[str]:
    """Return the calls of one request: every link, whichever way, as far as they go."""
    found, new = {key}, {key}
    while new:
        new = {other for one in new for other in beside.get(one, ())} - found
        found |= new
    return found

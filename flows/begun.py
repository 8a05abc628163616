"""A regeneration of questions that did not come to its end: what held of the whole set before it, and what goes on with it.

It lies beside the character's tables while questions are asked. What a run that was stopped knew of the set is true again
once the rest is made, unless something else changed meanwhile.
"""

import json
from datetime import UTC, datetime
from typing import Any

from flows.steps import QA_KINDS
from flows.whole_set import WholeSet, done, state
from rolescape_data.store.atomic import write_json
from rolescape_data.store.workspace import CharacterFolder


def begin(whole: WholeSet, character: str, command: str) -> list[str]:
    """Note that a character's questions are being asked; kept until `end_anew`.

    Args:
        whole: the set, before any of them was.
        character: id.
        command: what goes on with it, should this run be left.

    Returns:
        The set stages that hold but for these questions: now, or when an earlier run began that was stopped.
    """
    folder = whole.workspace.character(character)
    beside = state(whole, without=(character, QA_KINDS))
    before = [stage for stage in ("verdicts", "splits") if done(whole, stage)]
    earlier = _read(folder)
    if not before and earlier.get("beside") == beside:
        before = list(earlier["held"])
    since = earlier.get("since") or datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    write_json(folder.begun, {"since": since, "command": command, "beside": beside, "held": before})
    return before


def command_for(folder: CharacterFolder, since: str) -> str | None:
    """Return what goes on with questions that were being asked at a time; None where none were, and a build asked."""
    found = _read(folder)
    return str(found["command"]) if found and found["since"] <= since else None


def _read(folder: CharacterFolder) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(folder.begun.read_text(encoding="utf-8"))
        return found if {"since", "command", "beside", "held"} <= found.keys() else {}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}

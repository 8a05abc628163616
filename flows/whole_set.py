"""A workspace with what its set file says: which set stages are done, and what they left behind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.desk import blueprint_of
from flows.tasks import thresholds_of
from rolescape_data.blueprints import Blueprint
from rolescape_data.export.webdataset import MANIFEST
from rolescape_data.gates.decide import Thresholds
from rolescape_data.records import (
    Cell,
    Record,
    SplitRow,
    Verdict,
)
from rolescape_data.records.score import ScoreRow
from rolescape_data.store.atomic import write_json
from rolescape_data.store.inputs import Inputs, from_workspace, model_files
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import Workspace, fingerprint

# Raise one when its code makes something else from the same inputs; scoring again costs a pass of the model.
VERSION = 2
SCORES_VERSION = 1

# What each set stage leaves behind; without one of these it is run again.
SCORES = ("scores.parquet", "calibration.json")

_OUTPUTS = {
    "scores": tuple(f"set/{name}" for name in SCORES),
    "verdicts": ("set/measurements.parquet", "set/verdicts.parquet"),
    "splits": ("set/splits.parquet", "set/leaks.parquet", "set/contract.json"),
    "shards": ("shards/manifest.json",),
    "report": ("report/index.html",),
}

# Measurements of all characters together bear this in front of the kind, where others bear the record's id.
ALL = "all/"


# What was said about records is no part of the set: it is neither divided nor handed on.
ABOUT = frozenset({"solver_answer", "review"})


@dataclass(frozen=True, slots=True)
class WholeSet:
    """A workspace with what its set file says about it."""

    workspace: Workspace
    inputs: Inputs
    blueprint: Blueprint
    thresholds: Thresholds

    @property
    def characters(self) -> list[str]:
        return sorted(entry.resolved_id() for entry in self.inputs.found.characters)

    def owed_by(self, character: str) -> Blueprint:
        """Return what one character owes."""
        entry = self.inputs.entry(character)
        return self.blueprint.owed_by(entry.category, entry.role)


def open_set(workspace: Workspace) -> WholeSet:
    """Open a workspace's own copy of its set."""
    inputs = from_workspace(workspace)
    return WholeSet(workspace, inputs, blueprint_of(inputs), thresholds_of(inputs))


def state(whole: WholeSet, without: tuple[str, Sequence[str]] = ("", ())) -> str:
    """Return the fingerprint of everything that set tables and shards are made from, `without` a character's tables of some kinds."""
    # The fingerprint stands beside the content because shards carry provenance, which the content leaves out.
    stamps = {
        character: {
            kind: [stamp.fingerprint, stamp.content]
            for kind, stamp in whole.workspace.character(character).stamps().items()
            if kind in whole.blueprint.kinds and not (character == without[0] and kind in without[1])
        }
        for character in whole.characters
    }
    return fingerprint(
        {
            "version": VERSION,
            "stamps": stamps,
            "thresholds": whole.thresholds.model_dump(),
            "blueprint": whole.blueprint.model_dump(),
            "seed": whole.inputs.found.seed,
            "name": whole.inputs.found.name,
            "characters": [entry.model_dump() for entry in whole.inputs.found.characters],
            "scores": _marks(whole.workspace).get("scores", "") if whole.inputs.found.clip else "",
        }
    )


def scored_state(whole: WholeSet) -> str:
    """Return the fingerprint of everything that scores are made from; the machine's device is none of it."""
    clip = whole.inputs.found.clip
    if clip is None:
        return ""
    kinds = [kind for kind in ("image", "caption") if kind in whole.blueprint.kinds]
    stamps = {name: whole.workspace.character(name).stamps() for name in whole.characters}
    return fingerprint(
        {
            "version": SCORES_VERSION,
            "clip": clip.model_dump(exclude={"device", "batch_size"}),
            "weights": {name: whole.inputs.files[name] for name in model_files(whole.inputs)},
            "seed": whole.inputs.found.seed,
            "contents": {
                name: [own[kind].content for kind in kinds if kind in own] for name, own in stamps.items()
            },
        }
    )


def done(whole: WholeSet, stage: str) -> bool:
    """Say whether a set stage was made from what is there now."""
    files = [whole.workspace.root / name for name in _OUTPUTS[stage]]
    if stage == "scores":
        if whole.inputs.found.clip is None:
            return not any(path.exists() for path in files)
        now = scored_state(whole)
    else:
        now = state(whole)
    if _marks(whole.workspace).get(stage) != now or not all(path.is_file() for path in files):
        return False
    return stage != "shards" or _shards_there(whole.workspace.shards)


def _shards_there(folder: Path) -> bool:
    """Say whether every file that the manifest names is there in its size; `verify_manifest` reads them too."""
    try:
        named: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return all((folder / name).stat().st_size == entry["bytes"] for name, entry in named.items())
    except (OSError, ValueError, KeyError):
        return False


def mark_done(whole: WholeSet, stage: str) -> None:
    """Record what a set stage was made from."""
    mark = scored_state(whole) if stage == "scores" else state(whole)
    write_json(whole.workspace.set_folder / "stages.json", _marks(whole.workspace) | {stage: mark})


def _marks(workspace: Workspace) -> dict[str, str]:
    path = workspace.set_folder / "stages.json"
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def scores_of(whole: WholeSet) -> dict[str, list[ScoreRow]]:
    """Return what the CLIP model said, by record id; nothing in a set without `clip:`, or before it was scored."""
    path = whole.workspace.set_folder / SCORES[0]
    rows: dict[str, list[ScoreRow]] = {}
    if whole.inputs.found.clip is not None and path.exists():
        for row in read_table(path, ScoreRow):
            rows.setdefault(row.record_id, []).append(row)
    return rows


def verdicts_of(workspace: Workspace) -> list[Verdict]:
    """Return the verdicts of the set; none before they were made."""
    path = workspace.set_folder / "verdicts.parquet"
    if not path.exists():
        return []
    there = path.stat()
    return list(_read_verdicts(path, there.st_ino, there.st_mtime_ns))


@lru_cache(maxsize=1)
def _read_verdicts(path: Path, inode: int, changed_ns: int) -> tuple[Verdict, ...]:
    """Read the largest set table once while it stays the same: shards, report and summary all ask for it."""
    return tuple(read_table(path, Verdict))


def accepted(whole: WholeSet) -> list[Record]:
    """Return every record of the set that no verdict dropped, by character and kind."""
    failing = {verdict.record_id for verdict in verdicts_of(whole.workspace) if verdict.status == "fail"}
    found = [
        record
        for character in whole.characters
        for kind, rows in tables_of(whole, character).items()
        if kind not in ABOUT
        for record in rows
        if record.id not in failing
    ]
    present = {record.id for record in found}
    # What shows or explains a dropped record goes with it: a caption of no picture is of no use.
    return [record for record in found if not _hangs(record, present)]


def _hangs(record: Record, present: set[str]) -> bool:
    names = ("image_id", "dialogue_id", "source_record_id")
    # A question that was taken from another character names a record that is none of this one's: only pairs hang on theirs.
    links = [getattr(record, name, None) for name in (names if record.kind == "preference" else names[:2])]
    return any(link not in present for link in links if link)


def contract_of(workspace: Workspace) -> list[Cell]:
    """Return the contract as it was last written; none before."""
    path = workspace.set_folder / "contract.json"
    if not path.is_file():
        return []
    return [Cell.model_validate(cell) for cell in json.loads(path.read_text(encoding="utf-8"))]


def leaks_of(workspace: Workspace) -> list[Verdict]:
    """Return what was found in training and in test records both."""
    path = workspace.set_folder / "leaks.parquet"
    return read_table(path, Verdict) if path.exists() else []


def split_rows(workspace: Workspace) -> list[SplitRow]:
    """Return the split of every accepted record; none before splits were made."""
    path = workspace.set_folder / "splits.parquet"
    return read_table(path, SplitRow) if path.exists() else []


def tables_of(whole: WholeSet, character: str) -> dict[str, list[Record]]:
    """Return a character's records of the kinds that the blueprint asks for; others are of an earlier one."""
    tables = whole.workspace.character(character).read_all()
    return {kind: rows for kind, rows in tables.items() if kind in whole.blueprint.kinds}

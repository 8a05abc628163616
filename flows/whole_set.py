"""What is done over the whole set, by one coordinator: verdicts, splits, contract, shards.

Gates look at one character at a time, so one character's rows can be replaced and the others stay as they are.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.steps import QA_KINDS, STEPS
from flows.tasks import thresholds_of
from rolescape_data.blueprints import Blueprint, load_blueprint
from rolescape_data.export.webdataset import (
    MANIFEST,
    UNFINISHED,
    Sample,
    export_webdataset,
    verify_manifest,
)
from rolescape_data.gates import Context, measure_set
from rolescape_data.gates.decide import Thresholds, decide
from rolescape_data.gates.quota import quotas_of
from rolescape_data.records import (
    RECORDS,
    Cell,
    CharacterProfile,
    ImageDialogue,
    ImageRecord,
    Measurement,
    Record,
    SplitRow,
    TextMCQ,
    Verdict,
    VisualMCQ,
)
from rolescape_data.records.score import ScoreRow
from rolescape_data.stages.splits import splits
from rolescape_data.stages.verdicts import drop, measure, measure_leaks
from rolescape_data.store.atomic import write_json
from rolescape_data.store.blobs import real_format
from rolescape_data.store.inputs import Inputs, from_workspace, model_files
from rolescape_data.store.tables import read_table, write_table
from rolescape_data.store.workspace import Workspace, fingerprint

VERSION = 1

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


def open_set(workspace: Workspace) -> WholeSet:
    """Open a workspace's own copy of its set."""
    inputs = from_workspace(workspace)
    return WholeSet(
        workspace, inputs, load_blueprint(inputs.found.blueprint, inputs.qa), thresholds_of(inputs)
    )


def state(whole: WholeSet) -> str:
    """Return the fingerprint of everything that set tables and shards are made from."""
    # The fingerprint stands beside the content because shards carry provenance, which the content leaves out.
    stamps = {
        character: {
            kind: [stamp.fingerprint, stamp.content]
            for kind, stamp in whole.workspace.character(character).stamps().items()
            if kind in whole.blueprint.kinds
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
            "version": VERSION,
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
    return _marks(whole.workspace).get(stage) == now and all(path.is_file() for path in files)


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


def context_of(whole: WholeSet, character: str, records: Sequence[Record]) -> Context:
    """Return what gates may look at for one character."""
    material = whole.inputs.material(character)
    entries = whole.inputs.found.characters
    blobs = {record.blob for record in records if isinstance(record, ImageRecord)}
    return Context(
        sources=material.sources(),
        # A talk of two characters is made from both profiles.
        record_ids=frozenset(
            [*(record.id for record in records), *(f"{entry.resolved_id()}_profile" for entry in entries)]
        ),
        names={entry.resolved_id(): (entry.name, *entry.aliases) for entry in entries},
        allow={character: frozenset(material.entry.allow)},
        character_ids=frozenset(entry.resolved_id() for entry in entries),
        blob_formats={blob: real_format(whole.workspace.blobs.path(blob)) for blob in blobs},
        cast={character: _cast(whole, character, records)},
        titles=tuple(sorted({entry.script for entry in entries if entry.script})),
        replies={record.id: record.response for record in records if isinstance(record, ImageDialogue)},
        quotas=quotas_of(
            whole.blueprint, [record.id for record in records if isinstance(record, ImageRecord)]
        ),
        flagged_words=frozenset(whole.thresholds.flagged_words),
    )


def _cast(whole: WholeSet, character: str, records: Sequence[Record]) -> tuple[str, ...]:
    """Name everybody of the character's script: its other characters, who speaks there, whom its profile knows."""
    material = whole.inputs.material(character)
    script = material.entry.script
    mates = [
        entry for entry in whole.inputs.found.characters if entry is material.entry or entry.script == script
    ]
    named = [name for entry in mates for name in (entry.name, *entry.aliases)]
    named += [line.speaker for line in material.lines]
    for record in records:
        if isinstance(record, CharacterProfile):
            named += [bond.name for bond in record.relationships]
    # Phrases that the set allows for the character are the place to declare a guest.
    return tuple(sorted({*named, *material.entry.allow}))


def scores_of(whole: WholeSet) -> dict[str, list[ScoreRow]]:
    """Return what the CLIP model said, by record id; nothing in a set without `clip:`, or before it was scored."""
    path = whole.workspace.set_folder / SCORES[0]
    rows: dict[str, list[ScoreRow]] = {}
    if whole.inputs.found.clip is not None and path.exists():
        for row in read_table(path, ScoreRow):
            rows.setdefault(row.record_id, []).append(row)
    return rows


def judge(whole: WholeSet, only: str | None = None) -> None:
    """Write measurements, verdicts and the rejects that follow; with `only`, that character's questions alone."""
    folder = whole.workspace.set_folder
    folder.mkdir(parents=True, exist_ok=True)
    measurements: list[Measurement] = []
    verdicts: list[Verdict] = []
    scored = scores_of(whole)
    for character in [only] if only else whole.characters:
        tables = _tables(whole, character)
        records = [record for rows in tables.values() for record in rows]
        found = measure(
            tables, whole.blueprint, replace(context_of(whole, character, records), scores=scored)
        )
        kinds = list(QA_KINDS) if only else list(RECORDS)
        found = [row for row in found if row.kind in kinds]
        decided = decide(found, whole.thresholds)
        _, rejects = drop([record for record in records if record.kind in kinds], decided)
        whole.workspace.character(character).replace_rejects(rejects, origin="verdicts", kinds=kinds)
        measurements += found
        verdicts += decided
    batch = measure_batches(whole)
    measurements += batch
    verdicts += decide(batch, whole.thresholds)
    for name, rows, model in (("measurements", measurements, Measurement), ("verdicts", verdicts, Verdict)):
        path = folder / f"{name}.parquet"
        kept = (
            [row for row in read_table(path, model) if not _replaced(row, only)]
            if only and path.exists()
            else []
        )
        write_table(path, sorted([*kept, *rows], key=_order), model)


def _tables(whole: WholeSet, character: str) -> dict[str, list[Record]]:
    """Return a character's records of the kinds that the blueprint asks for; others are of an earlier one."""
    tables = whole.workspace.character(character).read_all()
    return {kind: rows for kind, rows in tables.items() if kind in whole.blueprint.kinds}


def measure_batches(whole: WholeSet) -> list[Measurement]:
    """Measure what only the test questions of all characters together show: letters, and the longest option."""
    questions: list[Record] = []
    for character in whole.characters:
        tables = _tables(whole, character)
        questions += [
            question for kind in (TextMCQ.kind, VisualMCQ.kind) for question in tables.get(kind, [])
        ]
    found = measure_set(questions, Context(), per_character=False)
    return [row for row in found if row.record_id.startswith(ALL)]


def _replaced(row: Any, only: str | None) -> bool:
    return (row.character_id == only and row.kind in QA_KINDS) or row.record_id.startswith(ALL)


def _order(row: Any) -> tuple[Any, ...]:
    return (row.character_id, row.kind, row.record_id, row.gate, row.value, getattr(row, "detail", ""))


def verdicts_of(workspace: Workspace) -> list[Verdict]:
    """Return the verdicts of the set; none before they were made."""
    path = workspace.set_folder / "verdicts.parquet"
    return read_table(path, Verdict) if path.exists() else []


def accepted(whole: WholeSet) -> list[Record]:
    """Return every record of the set that no verdict dropped, by character and kind."""
    failing = {verdict.record_id for verdict in verdicts_of(whole.workspace) if verdict.status == "fail"}
    found = [
        record
        for character in whole.characters
        for rows in _tables(whole, character).values()
        for record in rows
        if record.id not in failing
    ]
    present = {record.id for record in found}
    # What shows or explains a dropped record goes with it: a caption of no picture is of no use.
    return [record for record in found if not _hangs(record, present)]


def _hangs(record: Record, present: set[str]) -> bool:
    links = [getattr(record, name) for name in ("image_id", "dialogue_id") if hasattr(record, name)]
    return any(link not in present for link in links)


def divide(whole: WholeSet, only: str | None = None) -> None:
    """Write splits, what leaks across them, and the contract; with `only`, that character's questions alone."""
    folder = whole.workspace.set_folder
    records = accepted(whole)
    ood = frozenset(entry.resolved_id() for entry in whole.inputs.found.characters if entry.role == "ood")
    rows, split_cells = splits(records, whole.blueprint, ood=ood, seed=whole.inputs.found.seed)
    path = folder / "splits.parquet"
    if only and path.exists():
        frozen = [row for row in read_table(path, SplitRow) if not _replaced(row, only)]
        rows = sorted(
            [*frozen, *(row for row in rows if _replaced(row, only))], key=lambda row: row.record_id
        )
    write_table(path, rows, SplitRow)
    leaks: list[Verdict] = []
    for character in whole.characters:
        own = [record for record in records if record.character_id == character]
        context = Context(names={character: (character,)})
        leaks += [
            verdict
            for verdict in decide(measure_leaks(own, rows, context), whole.thresholds)
            if verdict.status != "pass"
        ]
    write_table(folder / "leaks.parquet", sorted(leaks, key=_order), Verdict)
    write_json(
        folder / "contract.json", [cell.model_dump() for cell in contract(whole, records) + split_cells]
    )


def contract(whole: WholeSet, records: Sequence[Record]) -> list[Cell]:
    """Return what was wanted and what is there, cell by cell, after all verdicts."""
    cells: list[Cell] = []
    for character in whole.characters:
        folder = whole.workspace.character(character)
        stamps = folder.stamps()
        for step in STEPS:
            if step.kind not in whole.blueprint.kinds:
                continue
            if step.kind not in stamps:
                wanted = whole.blueprint.kinds[step.kind].cells()
                cells += [
                    Cell(
                        character_id=character,
                        kind=step.kind,
                        cell=cell,
                        wanted=count,
                        found=0,
                        note="not built yet",
                    )
                    for cell, count in wanted.items()
                ]
                continue
            kept = [
                record for record in records if record.character_id == character and record.kind == step.kind
            ]
            cells += [_after_verdicts(cell, kept, stamps[step.kind].rows) for cell in stamps[step.kind].cells]
    return cells


# Cells of a mix are values of these fields; every other cell counts all records of its kind.
_CELL_FIELDS = ("difficulty", "type", "probe")
_CELLS = frozenset(
    ["easy", "medium", "hard", "objective", "subjective", "memorization", "personality", "diversity"]
)


def _after_verdicts(cell: Cell, kept: Sequence[Record], made: int) -> Cell:
    if len(kept) == made:
        return cell
    named = sum(1 for record in kept if cell.cell in [getattr(record, name, "") for name in _CELL_FIELDS])
    found = named if cell.cell in _CELLS else cell.found - (made - len(kept))
    note = cell.note or f"{made - len(kept)} dropped by verdicts over the whole set; see rejects"
    return cell.model_copy(
        update={"found": max(found, 0), "note": note if found < cell.wanted else cell.note}
    )


def contract_of(workspace: Workspace) -> list[Cell]:
    """Return the contract as it was last written; none before."""
    path = workspace.set_folder / "contract.json"
    if not path.is_file():
        return []
    return [Cell.model_validate(cell) for cell in json.loads(path.read_text(encoding="utf-8"))]


def shortcomings(whole: WholeSet) -> dict[str, Any]:
    """Return what keeps the set from its contract.

    Returns:
        'missing': open cells; 'leaks': records in training and in test both; 'failed': gates that all questions
        together fail; 'warnings': sentences about too many rejects. Any of them makes exit status 1.
    """
    workspace = whole.workspace
    together = [
        row for row in verdicts_of(workspace) if row.status == "fail" and row.record_id.startswith(ALL)
    ]
    return {
        "missing": [cell.model_dump() for cell in contract_of(workspace) if cell.found < cell.wanted],
        "leaks": [verdict.model_dump() for verdict in leaks_of(workspace) if verdict.status == "fail"],
        "failed": [verdict.model_dump() for verdict in together],
        "warnings": _too_many_rejects(whole),
    }


def _too_many_rejects(whole: WholeSet) -> list[str]:
    """Say so when more of what a writer made was dropped than the set's own bound allows without a person looking."""
    made = dropped = 0
    for character in whole.characters:
        folder = whole.workspace.character(character)
        kinds = {step.kind for step in STEPS if step.prompt}
        made += sum(stamp.rows for kind, stamp in folder.stamps().items() if kind in kinds)
        dropped += sum(1 for row in folder.rejects() if row.kind in kinds)
    bound = whole.thresholds.max_reject_share
    if made + dropped == 0 or dropped / (made + dropped) <= bound:
        return []
    return [
        f"{dropped} of {made + dropped} generated records were dropped, more than {bound:.0%} (max_reject_share in "
        "qa/gates.yaml). Look at the rejects in the report before you use the set."
    ]


def leaks_of(workspace: Workspace) -> list[Verdict]:
    """Return what was found in training and in test records both."""
    path = workspace.set_folder / "leaks.parquet"
    return read_table(path, Verdict) if path.exists() else []


def split_rows(workspace: Workspace) -> list[SplitRow]:
    """Return the split of every accepted record; none before splits were made."""
    path = workspace.set_folder / "splits.parquet"
    return read_table(path, SplitRow) if path.exists() else []


def write_shards(whole: WholeSet, out: Path, *, world_multiple: int = 1) -> dict[str, Any]:
    """Write WebDataset shards of everything accepted; return the manifest."""
    rows = {row.record_id: row for row in split_rows(whole.workspace)}
    gates: dict[str, list[dict[str, Any]]] = {}
    for verdict in verdicts_of(whole.workspace):
        told_verdict = verdict.model_dump(exclude={"record_id", "kind", "character_id"})
        gates.setdefault(verdict.record_id, []).append(told_verdict)
    records = accepted(whole)
    pictures = {record.id: record for record in records if isinstance(record, ImageRecord)}
    sets: dict[tuple[str, str], list[Sample]] = {}
    for record in records:
        if record.id not in rows:
            continue
        row = rows[record.id]
        told = record.model_dump(mode="json") | {
            "kind": record.kind,
            "split": row.split,
            "group_id": row.group_id,
            "gates": gates.get(record.id, []),
        }
        fields: dict[str, bytes | Path] = {
            "json": json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
        }
        shown = record if isinstance(record, ImageRecord) else None
        if (linked := getattr(record, "image_id", None)) is not None:
            shown = pictures[linked]
        if shown is not None:
            fields["png"] = whole.workspace.blobs.path(shown.blob)
        sample = Sample(
            key=record.id,
            fields=fields,
            character=record.character_id,
            license=record.license,
            source=record.source,
        )
        sets.setdefault((record.kind, row.split), []).append(sample)
    manifest: Any = export_webdataset(
        sets,
        out,
        seed=whole.inputs.found.seed,
        name=whole.inputs.found.name,
        world_multiple=world_multiple,
    )
    return dict(manifest)


def clear_unnamed_shards(workspace: Workspace) -> None:
    """Take away shards that somebody took the manifest from; anywhere else an export refuses to overwrite them."""
    folder = workspace.shards
    if folder.is_dir() and not any((folder / name).exists() for name in (MANIFEST, UNFINISHED)):
        shutil.rmtree(folder)


def shard_problems(out: Path) -> list[str]:
    """Return what is missing from or altered in written shards."""
    return verify_manifest(out)

"""Accepted records, their splits and verdicts -> WebDataset shards."""

import json
import shutil
from pathlib import Path
from typing import Any

from flows.whole_set import WholeSet, accepted, split_rows, verdicts_of
from rolescape_data.export.webdataset import (
    MANIFEST,
    UNFINISHED,
    Sample,
    export_webdataset,
    verify_manifest,
)
from rolescape_data.records import (
    ImageRecord,
)
from rolescape_data.store.workspace import Workspace


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

"""A folder -> what is wrong with the export in it, whichever format wrote it."""

import json
from pathlib import Path

from rolescape_data.errors import InputError
from rolescape_data.export.folder import verify_folder
from rolescape_data.export.webdataset import FORMAT, MANIFEST, UNFINISHED, verify_manifest


def verify_export(out: Path) -> list[str]:
    """Return what is missing from, altered in or added to an export, one sentence each.

    Raises:
        InputError: the folder is not there, or holds no export at all.
    """
    if not out.is_dir():
        raise InputError(f"There is no folder {out}. Name the folder that an export was written to.")
    if not any((out / name).exists() for name in (MANIFEST, UNFINISHED)):
        raise InputError(
            f"{out} holds no export (no {MANIFEST}). Name the folder that `rolescape export` wrote to."
        )
    return verify_manifest(out) if _is_shards(out) else verify_folder(out)


def _is_shards(out: Path) -> bool:
    """Say whether the manifest is one of shards; an unfinished export reads the same either way."""
    try:
        told = json.loads((out / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("format") == FORMAT

"""A whole set -> a folder of files in a published data set's own format, with a manifest.

To add a format: one file in rolescape_data/export that makes its files, one line in FOLDERS.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.export.folder import Content, export_folder
from rolescape_data.export.mmrole import FORMAT as MMROLE
from rolescape_data.export.mmrole import mmrole_files
from rolescape_data.export.unicharacter import FORMAT as UNICHARACTER
from rolescape_data.export.unicharacter import unicharacter_files

Files = tuple[dict[str, Content], dict[str, Any]]

# By name: the manifest's word for the format, and what makes its files and counts from a set and a seed.
FOLDERS: dict[str, tuple[str, Callable[[Collection, int], Files]]] = {
    "unicharacter": (UNICHARACTER, lambda collection, seed: unicharacter_files(collection)),
    "mmrole": (MMROLE, lambda collection, seed: mmrole_files(collection, seed=seed)),
}


def write_folder(collection: Collection, out: Path, *, to: str, seed: int) -> dict[str, Any]:
    """Write a set in one of FOLDERS' formats; return the manifest.

    Raises:
        InputError: the set cannot be said in this format, or `out` holds somebody else's files.
    """
    kind, make = FOLDERS[to]
    files, counts = make(collection, seed)
    return export_folder(files, out, kind=kind, name=collection.name, counts=counts)


def tell_folder(manifest: dict[str, Any], out: Path) -> str:
    """Say what was written."""
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    lines = [
        f"Wrote {len(manifest['files'])} files ({size / 1e6:.1f} MB) to {out}. Check: rolescape verify {out}"
    ]
    lines += [f"  {name}: {_counted(value)}" for name, value in manifest["counts"].items()]
    return "\n".join(lines)


def _counted(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_counted(count)}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""Named contents in, a folder of files with a manifest out: what every export but shards is written with.

    OUT/...              the files, each by its POSIX path
    OUT/manifest.json    written last: format, name, counts, size and SHA-256 of every file

While an export runs there is a mark and no manifest, so a broken-off one never looks complete. Files of an earlier
export that its manifest names and nobody wants any more are removed; anything else is somebody's, and refused.
There is no clock in any of it: same contents, same bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rolescape_data.errors import InputError
from rolescape_data.export.shards import file_sha256, publishing, sync_folder, write_all
from rolescape_data.export.webdataset import MANIFEST, UNFINISHED, alone_in, publish

Content = bytes | Path


class Entry(TypedDict):
    """What the manifest says of a file."""

    sha256: str
    bytes: int


class Manifest(TypedDict):
    """The content of manifest.json. `counts` is the format's own, by name."""

    format: str
    format_version: int
    name: str
    counts: dict[str, Any]
    files: dict[str, Entry]


_MANIFEST = TypeAdapter(Manifest)


def export_folder(
    files: Mapping[str, Content],
    out: Path,
    *,
    kind: str,
    version: int = 1,
    name: str = "",
    counts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write `files` below `out`; run again, it rewrites only what differs.

    Args:
        files: content by POSIX path below `out`, or the file that holds it.
        out: a folder of its own.
        kind: the name of the format, for the manifest, e.g. 'rolescape-unicharacter'.
        version: of the format.
        name: of the character set.
        counts: what the format counts, e.g. samples by data set.

    Returns:
        The manifest, as written.

    Raises:
        InputError: a path that leads out of the folder, a source that cannot be read, a folder that holds files of
            somebody else, or another export at work in it.
        DiskFullError: no room left; run again, it goes on where it stopped.
    """
    for path in files:
        _check_path(path)
    out.mkdir(parents=True, exist_ok=True)
    with alone_in(out):
        mine = _claim(out, files, kind)
        for path in sorted(mine - files.keys()):
            _remove(out, path)
        entries = {path: _written(out / path, path, content) for path, content in sorted(files.items())}
        manifest: dict[str, Any] = {
            "format": kind,
            "format_version": version,
            "name": name,
            "counts": dict(counts or {}),
            "files": entries,
        }
        publish(out / MANIFEST, json_bytes(manifest))
        (out / UNFINISHED).unlink()
        sync_folder(out)
    return manifest


def verify_folder(out: Path) -> list[str]:
    """Return what is wrong with an export, one sentence each; an empty list when it is whole and unchanged."""
    if (out / UNFINISHED).exists():
        return [f"{out} holds an export that did not finish. Run the same export again."]
    manifest = read_manifest(out)
    if manifest is None:
        return [f"{out} holds no {MANIFEST}, so nothing can be checked. Export again."]
    problems = []
    for path, entry in sorted(manifest["files"].items()):
        file = out / path
        if not file.is_file():
            problems.append(f"{path} is missing")
        elif (found := file.stat().st_size) != entry["bytes"]:
            problems.append(f"{path} is altered: {found} bytes instead of {entry['bytes']}")
        elif file_sha256(file) != entry["sha256"]:
            problems.append(f"{path} is altered: its SHA-256 is not the one in {MANIFEST}")
    unlisted = present_files(out) - manifest["files"].keys() - {MANIFEST}
    return problems + [f"{path} is not listed in {MANIFEST}" for path in sorted(unlisted)]


def read_manifest(out: Path) -> Manifest | None:
    """Return the manifest of an export; None when there is none.

    Raises:
        InputError: a manifest.json that is no manifest of an export.
    """
    path = out / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = _MANIFEST.validate_json(path.read_bytes(), strict=True)
        for listed in manifest["files"]:
            _check_path(listed)
        return manifest
    except InputError as error:
        raise InputError(
            f"{path} names a file outside its folder or none at all. It is no manifest of an export; move it away."
        ) from error
    except (OSError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise InputError(
            f"{path} is not the manifest of an export ({reason}). Choose an empty folder, or move the file away."
        ) from error


def present_files(out: Path) -> set[str]:
    """Return every file below `out`, as POSIX paths."""
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}


def json_bytes(value: Any) -> bytes:
    """Return JSON with sorted keys and a newline at the end."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or path in (MANIFEST, UNFINISHED):
        raise InputError(f"{path!r} cannot be the path of an exported file. Rename the record it comes from.")


def _claim(out: Path, files: Mapping[str, Content], kind: str) -> set[str]:
    """Mark the folder as an unfinished export; return the files of the one before.

    Raises:
        InputError: the folder holds files that no manifest of this format names.
    """
    unfinished = out / UNFINISHED
    if unfinished.exists():
        listed = _promised(unfinished, kind)
        foreign = listed is None
    else:
        manifest = read_manifest(out)
        listed = set(manifest["files"]) if manifest is not None else None
        foreign = manifest is not None and manifest["format"] != kind
    listed = listed or set()
    present = present_files(out) - {MANIFEST, UNFINISHED}
    # A killed run leaves at most one half-written file beside its name.
    others = sorted(present - listed - {f"{path}.part" for path in {*listed, *files, MANIFEST, UNFINISHED}})
    if foreign or others:
        raise InputError(
            f"{out} already holds files that no manifest of a {kind} export names"
            f"{', e.g. ' + others[0] if others else ''}. Choose an empty folder, or move them away."
        )
    # The mark names old and new files, so that the run after a killed one knows them all for its own.
    publish(unfinished, json_bytes({"format": kind, "files": sorted({*listed, *files})}))
    (out / MANIFEST).unlink(missing_ok=True)
    sync_folder(out)
    for path in sorted(present - listed):
        # The mark's own half-written file became the mark.
        (out / path).unlink(missing_ok=True)
    return {path for path in listed if (out / path).is_file()}


def _promised(unfinished: Path, kind: str) -> set[str] | None:
    """Return the files that a broken-off export of this format was to write; None when the mark is not one of its own."""
    try:
        told = json.loads(unfinished.read_bytes())
        if told["format"] != kind:
            return None
        for path in told["files"]:
            _check_path(path)
        return set(told["files"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, InputError):
        return None


def _remove(out: Path, path: str) -> None:
    (out / path).unlink(missing_ok=True)
    for folder in PurePosixPath(path).parents:
        if folder.parts:
            with suppress(OSError):
                (out / folder).rmdir()


def _written(target: Path, path: str, content: Content) -> Entry:
    """Make sure that the file is there as wanted."""
    try:
        data = content.read_bytes() if isinstance(content, Path) else content
    except OSError as error:
        raise InputError(
            f"{content!s}, which becomes {path}, cannot be read: {error.strerror}. Build the set again, then export."
        ) from error
    sha256 = hashlib.sha256(data).hexdigest()
    there = target.is_file() and target.stat().st_size == len(data) and file_sha256(target) == sha256
    if not there:
        with publishing(target) as descriptor:
            write_all(descriptor, [data])
    return {"sha256": sha256, "bytes": len(data)}

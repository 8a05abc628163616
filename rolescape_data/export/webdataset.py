"""Samples by kind and split in, a WebDataset with index and manifest out.

    OUT/KIND/SPLIT-000000.tar ..   the shards, e.g. caption/train-000000.tar
    OUT/index.parquet              one row per sample: where it lies, whose it is, its licence and source
    OUT/manifest.json              written last: counts, sizes and SHA-256 of every file

A sample of the kind `caption` in a tar: `oda-wren_cap_001.json`, `oda-wren_cap_001.png`.

While an export runs there is a mark and no manifest, so a broken-off one never looks complete; the next run keeps
the shards that are already right. There is no clock in any of it: same samples and options, same bytes.
"""

import fcntl
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rolescape_data.errors import InputError
from rolescape_data.export.shards import (
    Sample,
    Shard,
    file_sha256,
    plan_shards,
    publishing,
    sync_folder,
    write_all,
    write_shard,
    written_shard,
)

__all__ = ["FORMAT", "FORMAT_VERSION", "Sample", "export_webdataset", "verify_manifest"]

FORMAT = "rolescape-webdataset"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
INDEX = "index.parquet"
UNFINISHED = ".export.unfinished"

_SET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SHARD_PATH = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+-[0-9]{6}\.tar")
_TEXT_COLUMNS = ("key", "kind", "split", "character", "shard")
_INDEX_SCHEMA = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in _TEXT_COLUMNS]
    + [pa.field(name, pa.int64(), nullable=False) for name in ("offset", "size")]
    + [pa.field(name, pa.string(), nullable=False) for name in ("license", "source")]
)
_INDEX_ROW_GROUP = 10_000


class Entry(TypedDict):
    """What the manifest says of a file."""

    sha256: str
    bytes: int
    samples: int


class Manifest(TypedDict):
    """The content of manifest.json."""

    format: Literal["rolescape-webdataset"]
    format_version: Literal[1]
    name: str
    seed: int
    settings: dict[str, int]
    counts: dict[str, dict[str, dict[str, int]]]
    sets: dict[str, dict[str, Any]]
    files: dict[str, Entry]


_MANIFEST = TypeAdapter(Manifest)


def export_webdataset(
    samples_by_set: Mapping[tuple[str, str], Sequence[Sample]],
    out: Path,
    *,
    seed: int,
    name: str = "",
    target_bytes: int = 256_000_000,
    max_samples: int = 10_000,
    world_multiple: int = 1,
) -> dict[str, Any]:
    """Write every set of samples as shards below `out`; run again, it rewrites only what differs.

    Args:
        samples_by_set: samples by (kind, split), e.g. ('caption', 'train'); an empty set writes no tar.
        out: a folder of its own; shards of an earlier export that are no longer wanted are removed.
        seed: of the shuffle.
        name: of the character set, for the manifest.
        target_bytes: tar size that shards stay below on average.
        max_samples: most samples in a shard.
        world_multiple: every set gets a multiple of this many shards when it has samples enough, so that as many
            training processes read equally much.

    Returns:
        The manifest, as written.

    Raises:
        InputError: a sample that cannot go into a shard, a key used twice, a folder that holds somebody else's
            shards, or another export at work in it.
        DiskFullError: no room left; run again, it goes on where it stopped.
    """
    settings = {"target_bytes": target_bytes, "max_samples": max_samples, "world_multiple": world_multiple}
    for option, value in settings.items():
        if value < 1:
            raise InputError(f"{option} is {value}; it must be 1 or more.")
    sets = sorted(samples_by_set.items())
    _check_sets(sets)
    shards = {
        (kind, split): plan_shards(samples, f"{kind}/{split}", seed=seed, **settings)
        for (kind, split), samples in sets
    }
    out.mkdir(parents=True, exist_ok=True)
    with alone_in(out):
        _claim(out)
        planned = [shard for group in shards.values() for shard in group]
        _remove_leftovers(out, {shard.path for shard in planned})
        entries = {shard.path: _written(out, shard) for shard in planned}
        publish(out / INDEX, _index(shards))
        manifest = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": name,
            "seed": seed,
            "settings": settings,
            "counts": _counts(sets),
            "sets": {f"{kind}/{split}": _summary(group) for (kind, split), group in shards.items()},
            "files": {**entries, INDEX: _index_entry(out, shards)},
        }
        publish(out / MANIFEST, _json(manifest))
        (out / UNFINISHED).unlink()
    return manifest


def verify_manifest(out: Path) -> list[str]:
    """Return what is wrong with an export, one sentence each; an empty list when it is whole and unchanged."""
    if (out / UNFINISHED).exists():
        return [f"{out} holds an export that did not finish. Run the same export again."]
    try:
        manifest = _read_manifest(out)
    except InputError as error:
        return [str(error)]
    if manifest is None:
        return [f"{out} holds no {MANIFEST}, so nothing can be checked. Export again."]
    files = manifest["files"]
    problems = [
        problem for path, entry in sorted(files.items()) for problem in _file_problems(out, path, entry)
    ]
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    problems += [
        f"{path} is not listed in {MANIFEST}" for path in sorted(present - files.keys() - {MANIFEST})
    ]
    if any(problem.startswith(f"{INDEX} ") for problem in problems):
        return problems
    return problems + _count_problems(out, manifest)


def _check_sets(sets: Sequence[tuple[tuple[str, str], Sequence[Sample]]]) -> None:
    seen: dict[str, str] = {}
    for (kind, split), samples in sets:
        for part in (kind, split):
            if not _SET_NAME.fullmatch(part):
                raise InputError(
                    f"{part!r} cannot name a shard set. Use lower-case letters, digits, '_' or '-', 40 at most."
                )
        for sample in samples:
            if sample.key in seen:
                raise InputError(
                    f"The key '{sample.key}' is used twice (in {seen[sample.key]} and {kind}/{split}); loaders need it "
                    "unique in the whole data set. Give one of the records another id."
                )
            seen[sample.key] = f"{kind}/{split}"


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold the folder for one export; the lock goes with the process, however it ends."""
    descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"Another export is writing to {out}. Wait until it is done, or choose another folder."
            ) from error
        except OSError:
            # Network file systems may know no locks on folders; there the user keeps exports apart.
            pass
        yield
    finally:
        os.close(descriptor)


def _claim(out: Path) -> None:
    """Mark the folder as an unfinished export and take its old manifest away.

    Raises:
        InputError: the folder holds shards or a manifest that are not from here, and would be overwritten.
    """
    if _read_manifest(out) is None and not (out / UNFINISHED).exists():
        foreign = _shard_files(out) + [name for name in (INDEX,) if (out / name).exists()]
        if foreign:
            raise InputError(
                f"{out} already holds files that no manifest of an export names, e.g. {foreign[0]}. "
                "Choose an empty folder, or move them away."
            )
    publish(out / UNFINISHED, b"")
    (out / MANIFEST).unlink(missing_ok=True)
    sync_folder(out)


def _read_manifest(out: Path) -> Manifest | None:
    path = out / MANIFEST
    if not path.exists():
        return None
    try:
        return _MANIFEST.validate_json(path.read_bytes(), strict=True)
    except (OSError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise InputError(
            f"{path} is not the manifest of a {FORMAT} export, version {FORMAT_VERSION} ({reason}). "
            "Choose an empty folder, or move the file away."
        ) from error


def _shard_files(out: Path, ending: str = "") -> list[str]:
    paths = (path.relative_to(out).as_posix() for path in out.glob(f"*/*.tar{ending}"))
    return sorted(path for path in paths if _SHARD_PATH.fullmatch(path.removesuffix(ending)))


def _remove_leftovers(out: Path, wanted: set[str]) -> None:
    """Remove what killed runs left half-written, shards nobody wants any more, and folders this empties."""
    for part in _shard_files(out, ".part"):
        (out / part).unlink()
    for name in (INDEX, MANIFEST, UNFINISHED):
        (out / f"{name}.part").unlink(missing_ok=True)
    for path in _shard_files(out):
        if path not in wanted:
            (out / path).unlink()
            with suppress(OSError):
                (out / path).parent.rmdir()


def _written(out: Path, shard: Shard) -> Entry:
    """Make sure that the shard is there as planned."""
    sha256 = written_shard(out, shard) or write_shard(out, shard)
    return Entry(sha256=sha256, bytes=shard.tar_bytes, samples=len(shard.samples))


def _index(shards: Mapping[tuple[str, str], Sequence[Shard]]) -> bytes:
    rows = [
        {
            "key": planned.sample.key,
            "kind": kind,
            "split": split,
            "character": planned.sample.character,
            "shard": shard.path,
            "offset": offset,
            "size": size,
            "license": planned.sample.license,
            "source": planned.sample.source,
        }
        for (kind, split), group in shards.items()
        for shard in group
        for planned, offset, size in shard.places()
    ]
    sink = io.BytesIO()
    table = pa.Table.from_pylist(rows, schema=_INDEX_SCHEMA)
    pq.write_table(table, sink, row_group_size=_INDEX_ROW_GROUP, compression="zstd", version="2.6")
    return sink.getvalue()


def _index_entry(out: Path, shards: Mapping[tuple[str, str], Sequence[Shard]]) -> Entry:
    path = out / INDEX
    samples = sum(len(shard.samples) for group in shards.values() for shard in group)
    return {"sha256": file_sha256(path), "bytes": path.stat().st_size, "samples": samples}


def _counts(
    sets: Sequence[tuple[tuple[str, str], Sequence[Sample]]],
) -> dict[str, dict[str, dict[str, int]]]:
    """Count samples by kind, split and character."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for (kind, split), samples in sets:
        counts.setdefault(kind, {})[split] = dict(Counter(sample.character for sample in samples))
    return counts


def _summary(group: Sequence[Shard]) -> dict[str, Any]:
    """Describe one set: its samples, and the brace pattern that loaders take ('' when it is empty)."""
    urls = ""
    if group:
        stem = group[0].path.removesuffix("000000.tar")
        urls = f"{stem}{{000000..{len(group) - 1:06d}}}.tar"
    return {"samples": sum(len(shard.samples) for shard in group), "shards": len(group), "urls": urls}


def _file_problems(out: Path, path: str, entry: Entry) -> list[str]:
    file = out / path
    if not file.is_file():
        return [f"{path} is missing"]
    if (found := file.stat().st_size) != entry["bytes"]:
        return [f"{path} is altered: {found} bytes instead of {entry['bytes']}"]
    if file_sha256(file) != entry["sha256"]:
        return [f"{path} is altered: its SHA-256 is not the one in {MANIFEST}"]
    return []


def _count_problems(out: Path, manifest: Manifest) -> list[str]:
    """Compare the manifest's counts with the rows of the index."""
    with pq.ParquetFile(out / INDEX) as file:
        rows = file.read(["kind", "split", "character", "shard"]).to_pylist()
    cells = Counter((row["kind"], row["split"], row["character"]) for row in rows)
    promised = Counter(
        {
            (kind, split, character): number
            for kind, splits in manifest["counts"].items()
            for split, characters in splits.items()
            for character, number in characters.items()
        }
    )
    problems = [
        f"{'/'.join(cell)}: {MANIFEST} counts {promised[cell]} samples, {INDEX} {cells[cell]}"
        for cell in sorted(cells.keys() | promised.keys())
        if cells[cell] != promised[cell]
    ]
    held = Counter(row["shard"] for row in rows)
    listed = {path: entry["samples"] for path, entry in manifest["files"].items() if path != INDEX}
    return problems + [
        f"{path}: {MANIFEST} counts {listed.get(path, 0)} samples, {INDEX} {held[path]}"
        for path in sorted(held.keys() | listed.keys())
        if held[path] != listed.get(path, 0)
    ]


def publish(path: Path, data: bytes) -> None:
    """Write a small file as a whole."""
    with publishing(path) as descriptor:
        write_all(descriptor, [data])


def _json(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()

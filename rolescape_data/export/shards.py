"""Samples in, uncompressed USTAR shards out, the same bytes on every machine and every run.

First the plan: a seeded order, cut into shards whose sample counts differ by one at most. Then the bytes: a header
template (mode 0444, owner 0, no time), gathered into few large writes, hashed on the way, renamed when complete.
A shard's layout, offsets included, follows from the plan alone. POSIX only (`os.writev`).
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rolescape_data.errors import DiskFullError, InputError

KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
FIELD = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")
NAME_BYTES = 100
MEMBER_LIMIT = 8**11  # 8 GiB: the size field has eleven octal digits

_BLOCK = 512
_RECORD = 10_240
_BATCH_BYTES = 1 << 20
_BATCH_PARTS = 900  # below Linux's IOV_MAX of 1,024

# Header fields after name: mode, uid, gid; then size, mtime, checksum; then the rest. Spaces stand for the checksum
# while it is summed.
_OWNER = b"0000444\0" + b"0000000\0" * 2
_MTIME = b"00000000000\0"
_TAIL = b"0" + bytes(100) + b"ustar\0" + b"00" + bytes(32 + 32 + 16 + 155 + 12)
_BASE_SUM = sum(_OWNER) + sum(_MTIME) + sum(_TAIL) + sum(b" " * 8)
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample.

    `fields` maps lower-case extensions ('json', 'png', 'img0.jpg') to content, or to the file that holds it.
    The rest goes into the index beside the shards, not into the tar.
    """

    key: str
    fields: Mapping[str, bytes | Path]
    character: str = ""
    license: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a tar: its name, its size in bytes, where the bytes are."""

    name: str
    size: int
    content: bytes | Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """A sample with its members in the order they are written."""

    sample: Sample
    members: tuple[Member, ...]

    @property
    def tar_bytes(self) -> int:
        """Headers, contents and padding."""
        return sum(_BLOCK + _padded(member.size, _BLOCK) for member in self.members)


@dataclass(frozen=True, slots=True)
class Shard:
    """One tar file that is to be: a POSIX path below the export, and its samples in order."""

    path: str
    samples: tuple[Planned, ...]

    @property
    def tar_bytes(self) -> int:
        """The size of the finished file."""
        return _padded(sum(planned.tar_bytes for planned in self.samples) + 2 * _BLOCK, _RECORD)

    def places(self) -> Iterator[tuple[Planned, int, int]]:
        """Yield each sample with the offset of its first header and its length in the tar, in bytes."""
        offset = 0
        for planned in self.samples:
            yield planned, offset, planned.tar_bytes
            offset += planned.tar_bytes


def plan_shards(
    samples: Sequence[Sample],
    stem: str,
    *,
    seed: int,
    target_bytes: int,
    max_samples: int,
    world_multiple: int,
) -> list[Shard]:
    """Cut samples into shards `STEM-000000.tar`, ...; their order in `samples` does not matter.

    Args:
        stem: path below the export, e.g. 'caption/train'.
        seed: of the shuffle; the order is that of SHA-256(seed, key).
        target_bytes: mean tar size that shards stay below where one sample allows it.
        max_samples: most samples in a shard.
        world_multiple: the number of shards is a multiple of it when there are samples enough.

    Raises:
        InputError: a key, field, file or size that cannot go into a shard.
    """
    planned = sorted(
        (_plan_sample(sample) for sample in samples), key=lambda item: _rank(seed, item.sample.key)
    )
    if not planned:
        return []
    total = sum(item.tar_bytes for item in planned)
    wanted = max(_ceil(total, target_bytes), _ceil(len(planned), max_samples))
    count = _multiple(min(wanted, len(planned)), world_multiple, len(planned), max_samples)
    size, longer = divmod(len(planned), count)
    starts = [number * size + min(number, longer) for number in range(count + 1)]
    return [
        Shard(f"{stem}-{number:06d}.tar", tuple(planned[starts[number] : starts[number + 1]]))
        for number in range(count)
    ]


def write_shard(folder: Path, shard: Shard) -> str:
    """Write `shard` below `folder` and return the SHA-256 of the file.

    Raises:
        InputError: a sample's file is gone, or changed since it was planned.
        DiskFullError: no room or quota left; nothing is left behind.
    """
    digest = hashlib.sha256()
    with publishing(folder / shard.path) as descriptor:
        batch: list[bytes] = []
        waiting = 0
        for part in _parts(shard):
            batch.append(part)
            waiting += len(part)
            if waiting >= _BATCH_BYTES or len(batch) >= _BATCH_PARTS:
                _flush(descriptor, batch, digest)
                waiting = 0
        _flush(descriptor, batch, digest)
    return digest.hexdigest()


def written_shard(folder: Path, shard: Shard) -> str | None:
    """Return the SHA-256 of the shard's file when it already holds exactly what `write_shard` would write.

    Contents are compared, so neither a record of earlier runs nor the time of a file has to be believed.

    Raises:
        InputError: a sample's file is gone, or changed since it was planned.
    """
    path = folder / shard.path
    if not path.is_file() or path.stat().st_size != shard.tar_bytes:
        return None
    digest = hashlib.sha256()
    with path.open("rb", buffering=_BATCH_BYTES) as file:
        for part in _parts(shard):
            if file.read(len(part)) != part:
                return None
            digest.update(part)
    return digest.hexdigest()


@contextmanager
def publishing(path: Path) -> Iterator[int]:
    """Give a file descriptor for `NAME.part` that becomes `path` when the block ends without an error.

    The file is synced, renamed, and its folder synced. Exports are alone in their folder (see `export_webdataset`),
    so the temporary name is fixed and the next run finds what a killed one left.

    Raises:
        DiskFullError: no room or quota left.
    """
    part = path.with_name(path.name + ".part")
    with _disk_full_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            yield descriptor
            os.fsync(descriptor)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        sync_folder(path.parent)


@contextmanager
def _disk_full_named(path: Path) -> Iterator[None]:
    """Turn 'no room' and 'no quota' into a DiskFullError that names the file, the folder and the next step."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(
            f"'{path.name}' could not be written in {path.parent}: {os.strerror(error.errno)}. "
            "Free some space and run the same command again; finished shards are kept."
        ) from error


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` survive a power cut, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_all(descriptor: int, parts: list[bytes]) -> None:
    """Write every byte of `parts`; the system may take fewer in one call, on a nearly full disk for one."""
    while parts:
        written = os.writev(descriptor, parts)
        done = 0
        while done < len(parts) and written >= len(parts[done]):
            written -= len(parts[done])
            done += 1
        parts = parts[done:]
        if written:
            parts[0] = parts[0][written:]


def _plan_sample(sample: Sample) -> Planned:
    if not KEY.fullmatch(sample.key):
        raise InputError(
            f"The sample key {sample.key!r} cannot go into a shard: loaders cut keys at dots and spaces. "
            "Use 1 to 80 letters, digits, '_' or '-'."
        )
    if not sample.fields:
        raise InputError(f"The sample '{sample.key}' has no fields. Give it at least one, e.g. 'json'.")
    return Planned(
        sample,
        tuple(_plan_member(sample.key, name, content) for name, content in sorted(sample.fields.items())),
    )


def _plan_member(key: str, extension: str, content: bytes | Path) -> Member:
    name = f"{key}.{extension}"
    if not FIELD.fullmatch(extension):
        raise InputError(
            f"The field {extension!r} of sample '{key}' cannot go into a shard. "
            "Use lower-case letters and digits, e.g. 'json' or 'img0.jpg'."
        )
    if len(name) > NAME_BYTES:
        raise InputError(
            f"The member name '{name}' has {len(name)} bytes; a plain tar header holds {NAME_BYTES}. "
            "Shorten the record id or the field."
        )
    try:
        size = _file_size(content) if isinstance(content, Path) else len(content)
    except OSError as error:
        raise InputError(
            f"The file {content!s} of sample '{key}' cannot be read: {error.strerror}. "
            "Build the set again, then export."
        ) from error
    if size >= MEMBER_LIMIT:
        raise InputError(
            f"'{name}' has {size} bytes; a tar member of this format stays below 8 GiB. Leave it out or cut it."
        )
    return Member(name, size, content)


def _file_size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return status.st_size


def _rank(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{key}".encode()).digest()


def _multiple(count: int, world: int, samples: int, max_samples: int) -> int:
    """Return the shard count nearest above `count` that `world` divides, else nearest below, else `count`."""
    above = _ceil(count, world) * world
    below = samples // world * world
    if above <= samples:
        return above
    return below if below and _ceil(samples, below) <= max_samples else count


def _parts(shard: Shard) -> Iterator[bytes]:
    """Yield the tar in pieces of at most a batch."""
    for planned in shard.samples:
        for member in planned.members:
            yield _header(member)
            yield from _content(member)
            if gap := -member.size % _BLOCK:
                yield bytes(gap)
    used = sum(planned.tar_bytes for planned in shard.samples)
    yield bytes(shard.tar_bytes - used)


def _header(member: Member) -> bytes:
    name = member.name.encode("ascii")
    size = b"%011o\0" % member.size
    checksum = b"%06o\0 " % (_BASE_SUM + sum(name) + sum(size))
    return name.ljust(NAME_BYTES, b"\0") + _OWNER + size + _MTIME + checksum + _TAIL


def _content(member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member, exactly as many as were planned."""
    if isinstance(member.content, bytes):
        yield member.content
        return
    read = 0
    with _source(member) as file:
        # One byte more than planned is asked for, so that a file that grew is noticed as well.
        while piece := os.read(file, min(_BATCH_BYTES, member.size - read + 1)):
            read += len(piece)
            if read > member.size:
                break
            yield piece
    if read != member.size:
        raise InputError(
            f"{member.content} changed its size while it was exported. Let the build finish, then export again."
        )


@contextmanager
def _source(member: Member) -> Iterator[int]:
    try:
        descriptor = os.open(member.content, os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"{member.content!s} cannot be read: {error.strerror}. Build the set again, then export."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _flush(descriptor: int, batch: list[bytes], digest: "hashlib._Hash") -> None:
    for part in batch:
        digest.update(part)
    write_all(descriptor, batch)
    batch.clear()


def _padded(size: int, unit: int) -> int:
    return _ceil(size, unit) * unit


def _ceil(size: int, unit: int) -> int:
    return -(-size // unit)

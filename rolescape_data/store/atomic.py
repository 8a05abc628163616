"""Content in, a whole file out: nobody ever sees half of it, and a full disk is said in one sentence.

A file is written to `.NAME.PID-RANDOM.part` in its own folder, flushed, synced and renamed, and the folder is
synced. The temporary file stays locked (flock) while its writer lives, so `sweep` tells a leftover from
work in progress, also when process numbers repeat or belong to another container. POSIX only.
"""

import errno
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from rolescape_data.errors import DiskFullError

_PART = re.compile(r"^\..+\.[0-9]+-[0-9a-f]{16}\.part$")
_FULL = (errno.ENOSPC, errno.EDQUOT)
# A file name may have 255 bytes; the temporary one adds up to 40.
_NAME_BYTES = 200


def write_bytes(path: Path, data: bytes, *, if_changed: bool = False) -> bool:
    """Replace `path` by `data` as a whole; folders on the way are made.

    Args:
        if_changed: leave the file and its times alone when it already holds exactly `data`.

    Returns:
        Whether the file was written.

    Raises:
        DiskFullError: no room or quota left; the old file is untouched.
    """
    if if_changed and _holds(path, data):
        return False
    with writing(path) as file:
        file.write(data)
    return True


def write_text(path: Path, text: str, *, if_changed: bool = False) -> bool:
    """Replace `path` by `text` in UTF-8, line ends as given; otherwise as `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"), if_changed=if_changed)


def write_json(path: Path, value: Any, *, if_changed: bool = False) -> bool:
    """Replace `path` by `value` as JSON: sorted keys, indent 1, newline at the end; otherwise as `write_bytes`.

    Raises:
        ValueError: `value` holds NaN or an infinity, which JSON cannot say.
    """
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return write_text(path, text + "\n", if_changed=if_changed)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Give a binary file that becomes `path` when the block ends, and vanishes when the block raises.

    Raises:
        DiskFullError: no room or quota left, in the block or while finishing.
    """
    with _disk_full_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part, file = _open_part(path)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                # Renamed before it is closed: closing gives up the lock, and a sweep could take the file.
                part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def sweep(folder: Path) -> list[str]:
    """Remove temporary files whose writers are gone from `folder` (not below it); return their names, sorted."""
    removed = []
    for name in sorted(path.name for path in folder.iterdir() if _PART.match(path.name)):
        # Another sweep or the writer itself may be faster; a file system without locks keeps its leftovers.
        with suppress(OSError), (folder / name).open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / name).unlink()
            removed.append(name)
    return removed


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _open_part(path: Path) -> tuple[Path, BinaryIO]:
    """Create and lock a temporary file beside `path`."""
    name = os.fsdecode(os.fsencode(path.name)[:_NAME_BYTES])
    while True:
        part = path.parent / f".{name}.{os.getpid()}-{secrets.token_hex(8)}.part"
        file = part.open("xb")
        if _lock(file) and _is_at(file, part):
            return part, file
        # A sweep came between creation and lock; it removes the file, and another name is taken.
        file.close()


def _lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # No locks on this file system: sweep fails there in the same way and removes nothing.
        return True
    return True


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder; the rename itself is done.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _disk_full_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(
            f"'{path.name}' could not be written in {path.parent}: {os.strerror(error.errno)}. "
            "Free some space and run the same command again."
        ) from error

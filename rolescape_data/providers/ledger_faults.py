"""A fault of SQLite -> what a person can do about a ledger that cannot be used."""

import os
import sqlite3
from pathlib import Path

from rolescape_data.errors import DiskFullError, InputError, RolescapeError


def explained(path: Path, fault: Exception) -> RolescapeError:
    """Return what a person can do about a ledger that cannot be used."""
    if isinstance(fault, sqlite3.IntegrityError):
        return InputError(
            f"Another process writes to the ledger {path} at the same time ({fault}). Wait for it, then run the same command again."
        )
    if not isinstance(fault, sqlite3.OperationalError):
        return InputError(
            f"The ledger {path} is damaged ({fault}). Restore it from a copy, or move it away to pay for its calls again."
        )
    if "full" in str(fault) or _no_room(path.parent):
        return DiskFullError(
            f"The disk under {path.parent} is full ({fault}). "
            "Free some space and run the same command again; nothing that was done is lost."
        )
    if "readonly" in str(fault):
        return InputError(
            f"The ledger {path} cannot be written to ({fault}). Copy the workspace to a place where you may write."
        )
    if "no such" in str(fault) or "has no column" in str(fault):
        return InputError(
            f"The ledger {path} was written by another version of this program ({fault}). "
            "Go on with that version, or move it away to pay for its calls again."
        )
    return InputError(f"The ledger {path} cannot be used: {fault}. Is another build running?")


def _no_room(folder: Path) -> bool:
    """Say whether the disk has no block or no file left: SQLite calls that 'unable to open database file'."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return room.f_bavail == 0 or (room.f_files > 0 and room.f_favail == 0)

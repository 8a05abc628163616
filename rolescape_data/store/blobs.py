"""Picture bytes in, a name made of their SHA-256 out: `ab/abcdef....png`.

The same name always means the same content, so writers in different processes cannot disagree.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Literal

from rolescape_data.errors import InputError
from rolescape_data.store import atomic

ImageFormat = Literal["png", "jpeg", "webp", ""]

_NAME = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}(\.[a-z0-9]{1,16})?")
_SUFFIX = re.compile(r"\.?([a-z0-9]{1,16})|")


class Blobs:
    """A folder of files named by their content.

    `put` is cheap for what is already there: it compares sizes only, `verify` compares the content.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, suffix: str) -> str:
        """Store `data` and return its name, relative and POSIX.

        Args:
            suffix: of the file name, 'png' or '.png'; '' for none.

        Raises:
            InputError: a suffix that is no plain lower-case extension.
            DiskFullError: no room left.
        """
        match = _SUFFIX.fullmatch(suffix)
        if match is None:
            raise InputError(
                f"A blob cannot be named with the suffix {suffix!r}. Use a plain one, e.g. 'png'."
            )
        digest = hashlib.sha256(data).hexdigest()
        name = f"{digest[:2]}/{digest}" + (f".{match[1]}" if match[1] else "")
        path = self.folder / name
        # Another size means a copy that broke off outside this program; it is written again.
        if not (path.is_file() and path.stat().st_size == len(data)):
            atomic.write_bytes(path, data)
        return name

    def put_file(self, source: Path, suffix: str) -> str:
        """Store a file of any size without holding it in memory, and return its name; otherwise as `put`.

        Raises:
            InputError: `source` cannot be read.
            DiskFullError: no room left.
        """
        try:
            with source.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                name = f"{digest[:2]}/{digest}{suffix}"
                path = self.path(name)
                if not (path.is_file() and path.stat().st_size == source.stat().st_size):
                    file.seek(0)
                    with atomic.writing(path) as copy:
                        shutil.copyfileobj(file, copy, 1 << 20)
        except OSError as fault:
            raise InputError(
                f"{source} cannot be read ({fault.strerror}). Check that it exists and is readable."
            ) from fault
        return name

    def path(self, name: str) -> Path:
        """Return where the blob `name` lies, whether it is there or not.

        Raises:
            InputError: `name` is none that `put` gives (so it cannot lead out of the folder either).
        """
        if not _NAME.fullmatch(name):
            raise InputError(
                f"'{name}' is no blob name (expected 'ab/ab....png', made of a SHA-256). "
                "Take it from the image table as it is."
            )
        return self.folder / name

    def verify(self, name: str) -> bool:
        """Return whether the blob is there and its content still has the hash in its name."""
        path = self.path(name)
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.stem


def real_format(path: Path) -> ImageFormat:
    """Return what the first bytes say the picture is; '' for anything else and where there is no file."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except (FileNotFoundError, IsADirectoryError):
        return ""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "webp"
    return ""

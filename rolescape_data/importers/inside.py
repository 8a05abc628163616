"""A folder that somebody else made -> the files that really lie in it, and JSON from them whatever it holds.

Names inside a data set, and links, may point anywhere (`../../etc/passwd`, `/etc/passwd`, a link to a home folder). Nothing that lies
outside the folder is read, for it would end in exports, blobs and pages.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Told = Callable[[Path], None]


def lies_in(root: Path, path: Path) -> bool:
    """Say whether a path, links followed, is the folder or below it; one that no file can have is not."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def is_file_in(root: Path, path: Path) -> bool:
    """Say whether there is such a regular file, and in the folder."""
    try:
        return path.is_file() and lies_in(root, path)
    except (OSError, ValueError):
        return False


def files_in(root: Path, pattern: str, outside: Told) -> Iterator[Path]:
    """Yield the files below `root` that fit a pattern, sorted; those that lead out of it are told instead."""
    for path in sorted(root.glob(pattern)):
        if not path.is_file():
            continue
        if lies_in(root, path):
            yield path
        else:
            outside(path)


def parsed(text: str) -> Any:
    """Return JSON's value; halves of surrogate pairs, which no file can hold, become U+FFFD.

    Raises:
        ValueError: it is no JSON, or nested too deep to be data.
    """
    try:
        value = json.loads(text)
        written = json.dumps(value, ensure_ascii=False) if "\\ud" in text.lower() else ""
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if any("\ud800" <= one <= "\udfff" for one in written):
        value = json.loads("".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in written))
    return value

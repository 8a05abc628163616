"""A picture's file -> what its bytes are, whatever its name says."""

from pathlib import Path

SUFFIXES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif", ".bmp": "bmp"}
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
)


def read_format(path: Path) -> str:
    """Return the format that a file's first bytes name ('png', 'jpeg', ...); '' for none of those known, or no file."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((name for mark, name in _MARKS if head.startswith(mark)), "")

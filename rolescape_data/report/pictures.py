"""A stored picture -> a small JPEG inside a data: address."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

QUALITY = 72


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture small enough to be part of the page; width and height in pixels."""

    uri: str
    width: int
    height: int


def thumbnail(folder: Path, blob: str, side: int) -> Thumbnail | None:
    """Shrink a stored picture so that its longer side is at most `side` pixels; the same file gives the same bytes.

    Args:
        folder: the workspace's blobs/.
        blob: name of the picture below it.
        side: pixels.

    Returns:
        The thumbnail, or None where no readable picture lies: a report tells of it, and goes on.
    """
    path = (folder / blob).resolve()
    if not path.is_relative_to(folder.resolve()):
        return None
    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    coded = base64.b64encode(out.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/jpeg;base64,{coded}", *small.size)

"""A stored picture -> the bytes that a provider takes: within its side, its size and its formats.

A picture that fits is sent as it lies on disk, byte for byte. One that does not is made smaller and encoded as
JPEG, the same way every time, once per process.

Limits as documented in November 2026: OpenAI scales every picture into 2048 x 2048 itself and takes PNG, JPEG,
WebP and GIF ("Images and vision", Input requirements); Gemini scales into 3072 x 3072 and takes requests of at
most 20 MB with the pictures in them ("Image understanding"). Local servers differ: their models cut pictures into
tiles or patches without a bound, so that a large one fills the window; 1536 is our own choice for them.
"""

import asyncio
import base64
import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from rolescape_data.errors import InputError
from rolescape_data.providers.base import ImageInput
from rolescape_data.providers.schemas import Profile

_CACHE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limit:
    """What a provider takes: pixels of the longer side, bytes of the file."""

    side: int
    size: int


LIMITS: dict[Profile, Limit] = {
    "openai": Limit(2048, 8_000_000),
    "gemini": Limit(3072, 6_000_000),
    "compatible": Limit(1536, 4_000_000),
}
_MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture as it is sent."""

    mime: str
    data: bytes
    width: int
    height: int

    def data_url(self) -> str:
        """Return it as a data: URL."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


class _Cache:
    """The pictures sent last, by content and limit, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._pictures: OrderedDict[tuple[str, Limit], Fitted] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, Limit]) -> Fitted | None:
        with self._lock:
            found = self._pictures.get(key)
            if found is not None:
                self._pictures.move_to_end(key)
            return found

    def put(self, key: tuple[str, Limit], picture: Fitted) -> None:
        with self._lock:
            if key in self._pictures:
                return
            self._pictures[key] = picture
            self._held += len(picture.data)
            while self._held > self._most and len(self._pictures) > 1:
                _, dropped = self._pictures.popitem(last=False)
                self._held -= len(dropped.data)


_cache = _Cache(_CACHE_BYTES)


async def sendable(image: ImageInput, profile: Profile) -> Fitted:
    """Return a picture as `fitted` does, without holding up the event loop.

    Raises:
        InputError: the file is gone, is not what its name says, or no picture.
    """
    found = _cache.get((image.sha256, LIMITS[profile]))
    return found if found is not None else await asyncio.to_thread(fitted, image, profile)


def fitted(image: ImageInput, profile: Profile) -> Fitted:
    """Return a picture as this kind of provider takes it.

    Raises:
        InputError: the file is gone, is not what its name says, or no picture.
    """
    limit = LIMITS[profile]
    found = _cache.get((image.sha256, limit))
    if found is None:
        found = fit(_read(image), limit)
        _cache.put((image.sha256, limit), found)
    return found


def fit(data: bytes, limit: Limit) -> Fitted:
    """Return picture bytes within a limit; the same bytes where they fit already.

    Raises:
        InputError: no picture, or one that cannot be made small enough.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            plain = image.getexif().get(0x0112, 1) == 1  # EXIF orientation: not every server turns it
            if (
                image.format in _MIME
                and plain
                and max(width, height) <= limit.side
                and len(data) <= limit.size
            ):
                return Fitted(_MIME[image.format], data, width, height)
            return _smaller(image, limit)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as fault:
        raise InputError(
            f"A picture that should be sent cannot be read ({fault}). Run the build again from its images."
        ) from fault


def sent_size(width: int, height: int, profile: Profile) -> tuple[int, int]:
    """Return the pixels that a picture of this size is sent with."""
    longest = max(width, height)
    side = LIMITS[profile].side
    if longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


@lru_cache(maxsize=4096)
def pixels(path: Path, sha256: str) -> tuple[int, int]:
    """Return the width and height of a stored picture from its head alone.

    Raises:
        InputError: there is no such picture.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as fault:
        raise InputError(f"The picture {path} cannot be read ({fault}). Build its images again.") from fault


def _read(image: ImageInput) -> bytes:
    try:
        data = image.path.read_bytes()
    except OSError as fault:
        raise InputError(
            f"The picture {image.path} cannot be read ({fault}). Build its images again."
        ) from fault
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise InputError(
            f"The picture {image.path} was changed after it was stored: its content no longer has the hash in its name. "
            "Remove it and build its images again."
        )
    return data


def _smaller(image: Image.Image, limit: Limit) -> Fitted:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    picture = upright.convert("RGB")
    side = min(limit.side, max(picture.size))
    while side >= 64:
        shrink = side / max(picture.size)
        size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        scaled = picture if shrink == 1 else picture.resize(size, Image.Resampling.LANCZOS)
        for quality in (92, 80):
            buffer = io.BytesIO()
            scaled.save(buffer, "JPEG", quality=quality, subsampling=0)
            if buffer.tell() <= limit.size:
                return Fitted("image/jpeg", buffer.getvalue(), *size)
        side = side * 3 // 4
    raise InputError(f"A picture cannot be made smaller than {limit.size} bytes. Leave it out of the set.")

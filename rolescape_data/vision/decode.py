"""Bytes of a picture file -> the pixels a person would see, as 8-bit RGB, and what was done to get there."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageCms, ImageFile, TiffImagePlugin

from rolescape_data.errors import InputError
from rolescape_data.vision.containers import is_whole, webp_size

MAX_SIDE = 32_768

# What Pillow may open. EPS would start Ghostscript, and formats without a mark at their start take any bytes.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
_SUFFIXES = {
    ".png": {"png"},
    ".apng": {"png"},
    ".jpg": {"jpeg", "mpo"},
    ".jpeg": {"jpeg", "mpo"},
    ".jpe": {"jpeg", "mpo"},
    ".jfif": {"jpeg"},
    ".mpo": {"mpo"},
    ".webp": {"webp"},
    ".gif": {"gif"},
    ".tif": {"tiff"},
    ".tiff": {"tiff"},
    ".bmp": {"bmp"},
    ".dib": {"bmp"},
    ".avif": {"avif"},
    ".jp2": {"jpeg2000"},
    ".j2k": {"jpeg2000"},
    ".ppm": {"ppm"},
    ".pgm": {"ppm"},
    ".pbm": {"ppm"},
}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
_SAVE_AGAIN = "open it in an image program and save it as PNG, or remove it from the set"
_GET_AGAIN = "get the file again from where it came from, or remove it from the set"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as seen: RGB, 8 bit, upright, no metadata; `steps` say what was done to its file's pixels."""

    image: Image.Image
    original_format: str
    steps: tuple[str, ...]


def decode(data: bytes, *, name: str, matte: tuple[int, int, int], max_pixels: int = 64_000_000) -> Decoded:
    """Decode a picture file to the pixels a person would see.

    Turned upright, transparency laid on the matte, 16 bits scaled to 8, other colour spaces and embedded
    profiles converted to sRGB, the first frame of an animation. What changes no pixel (grey to RGB, an opaque
    alpha channel, a profile that equals sRGB) is no step.

    Args:
        data: the whole file.
        name: the file's name, for messages and to see whether its suffix says the real format.
        matte: RGB, 0-255, shown behind transparent parts.
        max_pixels: larger pictures are refused from their header, before room is made for their pixels.

    Raises:
        InputError: empty, no picture, of a kind that is not read, too large, cut off or damaged. A file that
            lacks no more than its end mark is read, with a step that says so.
    """
    with _as_input_error(name, data):
        opened = _open(data, name, max_pixels)
        kind = (opened.format or "").lower()
        steps = _suffix_step(name, kind)
        before = _orientation(opened) if kind == "tiff" else 1
        opened.load()
        # Pillow turns a TIFF while loading it, and no other format.
        turn = before if kind == "tiff" else _orientation(opened)
        steps += _frame_step(data, kind)
        if not is_whole(data):
            steps.append("the end of the file is missing, all pixels are there")
        base, alpha = _eight_bits(opened, data, steps)
        image = _to_srgb(base, opened.info.get("icc_profile"), steps)
        if alpha is not None and alpha.getextrema() != (255, 255):
            image = Image.composite(image, Image.new("RGB", image.size, matte), alpha)
            steps.append("transparency laid on the matte #{:02x}{:02x}{:02x}".format(*matte))
        if turn in _TURNS:
            image = image if kind == "tiff" else image.transpose(_TURNS[turn])
            steps.append(f"turned upright (EXIF orientation {turn})")
        image.info = {}
        return Decoded(image, kind, tuple(steps))


@contextmanager
def _as_input_error(name: str, data: bytes) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    # Decoders raise whatever a damaged file leads them to (OSError, SyntaxError, struct.error, zlib.error,
    # IndexError, MemoryError, ...); the list has grown with every release of Pillow.
    except Exception as error:
        text = " ".join(str(error).split())[:100]
        if not is_whole(data) or re.search("truncated|no more images|eof", text, re.IGNORECASE):
            raise InputError(f"Picture '{name}' is cut off ({text}): {_GET_AGAIN}.") from error
        cause = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise InputError(f"Picture '{name}' is damaged ({cause}): {_GET_AGAIN}.") from error


def _open(data: bytes, name: str, max_pixels: int) -> ImageFile.ImageFile:
    """Open the header and refuse what is no picture or too large.

    `Image.open` is not used: it has limits of its own and a warning that belongs to the whole process.
    """
    if not data:
        raise InputError(f"Picture '{name}' is empty (0 bytes): {_GET_AGAIN}.")
    webp = webp_size(data)
    if webp is not None:
        _check_size(webp, name, max_pixels)
    opened = _factory_for(data, name)(io.BytesIO(data), "")
    _check_size(opened.size, name, max_pixels)
    return opened


def _factory_for(data: bytes, name: str) -> Callable[[IO[bytes], str | bytes], ImageFile.ImageFile]:
    Image.init()
    for kind in _FORMATS:
        factory, accepts = Image.OPEN[kind]
        # An answer in words says why the format, although recognised, cannot be read here.
        if accepts is not None and accepts(data[:16]) is True:
            return factory
    raise InputError(f"Picture '{name}' {_foreign(data)}.")


def _foreign(data: bytes) -> str:
    """Say what a file is that no decoder takes, and what to do."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(rb"<(svg|\?xml|!--|!doctype svg)", start, re.IGNORECASE) and b"<svg" in start:
        return "is an SVG drawing, which has no pixels yet: export it as PNG at the size you want"
    if data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}:
        return "is a HEIC photograph, which is not read here: export it as JPEG or PNG"
    if data[4:8] == b"ftyp" or data.startswith(b"\x1aE\xdf\xa3"):
        return "is a video: name a still picture instead, or remove it from the set"
    if data.startswith(b"%PDF"):
        return "is a PDF: export its page as PNG"
    if not re.search(rb"[\x00-\x08\x0e-\x1a]", data[:512]):
        return f"holds text and no picture: {_GET_AGAIN}"
    read = "PNG, JPEG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000 and PPM"
    return f"is in no format that is read here ({read}): {_SAVE_AGAIN}"


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    shown = f"{width} x {height} pixels"
    if width < 1 or height < 1:
        raise InputError(f"Picture '{name}' has no area ({shown}): {_GET_AGAIN}.")
    if max(size) > MAX_SIDE:
        raise InputError(
            f"Picture '{name}' is too long ({shown}, a side may have {MAX_SIDE}): scale it down."
        )
    if width * height > max_pixels:
        raise InputError(
            f"Picture '{name}' is too large ({shown}, at most {max_pixels} in all): scale it down."
        )


def _suffix_step(name: str, kind: str) -> list[str]:
    suffix = PurePath(name).suffix.lower()
    if kind in _SUFFIXES.get(suffix, ()):
        return []
    # Anything may follow the last dot of a name; only what looks like a suffix is repeated.
    shown = suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else "without a suffix"
    return [f"named {shown}, is {kind}"]


def _orientation(opened: ImageFile.ImageFile) -> int:
    try:
        turn = opened.getexif().get(_ORIENTATION, 1)
    # EXIF is a second file format inside the first; a picture whose block is damaged is still a picture.
    except Exception:  # noqa: BLE001
        return 1
    return turn if isinstance(turn, int) else 1


def _frame_step(data: bytes, kind: str) -> list[str]:
    # Counting frames moves the decoder away from the picture just loaded, so it gets its own.
    opened = _factory_for(data, "")(io.BytesIO(data), "")
    try:
        several = bool(getattr(opened, "is_animated", False))
    # Whatever a damaged second frame raises, the first one was read.
    except Exception:  # noqa: BLE001
        return ["first picture of a file whose rest is damaged"]
    if not several:
        return []
    return [
        "first picture of several in the file" if kind in {"tiff", "mpo"} else "first frame of an animation"
    ]


def _eight_bits(opened: Image.Image, data: bytes, steps: list[str]) -> tuple[Image.Image, Image.Image | None]:
    """Split a loaded picture into 8-bit colour (any colour space) and alpha (mode L), if it has one."""
    clear = opened.info.get("transparency")
    if opened.mode in {"I", "F"} or opened.mode.startswith("I;16"):
        values = np.asarray(opened)
        alpha = (
            Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
            if isinstance(clear, int)
            else None
        )
        return _scaled_grey(values, steps), alpha
    if _sample_bits(opened, data) == 16:
        steps.append("16-bit colour reduced to 8 bits")
    if opened.mode in {"RGBA", "RGBa", "LA", "La", "PA"} or (opened.mode == "P" and clear is not None):
        grey = opened.mode in {"LA", "La"}
        full = opened.convert("LA" if grey else "RGBA")
        return full.convert("L" if grey else "RGB"), full.getchannel("A")
    if opened.mode in {"1", "L", "RGB"} and clear is not None:
        base = opened if opened.mode == "RGB" else opened.convert("L")
        return base, _keyed(base, clear, _sample_bits(opened, data))
    return opened, None


def _scaled_grey(values: npt.NDArray[Any], steps: list[str]) -> Image.Image:
    """Scale deep grey to 0-255 by the range of its kind, never by the picture's own extremes."""
    numbers = np.nan_to_num(values.astype(np.float32))
    top = float(numbers.max())
    white = 65_535.0
    if values.dtype.kind == "f" and top <= 255:
        white = 1.0 if top <= 1 else 255.0
    elif top > white:
        white = float(2**31 - 1)
    steps.append(f"deep grey scaled to 8 bits ({white:.0f} is white)")
    return Image.fromarray(np.clip(np.rint(numbers * (255 / white)), 0, 255).astype(np.uint8))


def _keyed(base: Image.Image, clear: int | tuple[int, ...], bits: int) -> Image.Image:
    """Make the alpha channel of a PNG in which one colour is transparent."""
    key = np.array(clear if isinstance(clear, tuple) else (clear,))
    # The file gives the colour in its own depth, Pillow the pixels in eight bits.
    if bits == 16:
        key = key >> 8
    elif bits in {2, 4}:
        key = key * (255 // (2**bits - 1))
    values = np.asarray(base).reshape(base.height, base.width, -1)
    return Image.fromarray(np.where((values == key).all(axis=2), 0, 255).astype(np.uint8))


def _sample_bits(opened: Image.Image, data: bytes) -> int:
    if opened.format == "PNG":
        return int(data[24])
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        bits = opened.tag_v2.get(_BITS_PER_SAMPLE, (8,))
        return int(max(bits)) if isinstance(bits, tuple) else 8
    return 8


def _to_srgb(base: Image.Image, profile: bytes | None, steps: list[str]) -> Image.Image:
    """Convert to sRGB by the embedded profile; without a usable one, by Pillow's plain formulas."""
    if base.mode not in {"L", "RGB", "CMYK", "LAB"}:
        base = base.convert("RGB")
    converted = None
    try:
        if base.mode == "LAB":
            converted = _converted(base, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
        elif profile:
            converted = _converted(base, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        steps.append("unusable colour profile ignored")
    if converted is None:
        if base.mode == "CMYK":
            steps.append("CMYK converted to sRGB without a colour profile")
        return base.convert("RGB")
    if base.mode in {"L", "RGB"}:
        plain = base.convert("RGB")
        # A profile that is sRGB in other words moves pixels by rounding alone: the original stays.
        if _largest_difference(plain, converted) <= 1:
            return plain
    steps.append(f"{'grey' if base.mode == 'L' else base.mode} converted to sRGB by its colour profile")
    return converted


def _converted(base: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image | None:
    return ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")


def _largest_difference(first: Image.Image, second: Image.Image) -> int:
    return int(np.asarray(ImageChops.difference(first, second)).max())

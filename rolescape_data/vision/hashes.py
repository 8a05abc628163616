"""A decoded picture -> what comparing pictures needs: hash, contrast, brightness, thumbnail."""

import numpy as np
import numpy.typing as npt
from PIL import Image

THUMBNAIL_SIDE = 64


def phash64(image: Image.Image) -> str:
    """Return the perceptual hash as 16 hex digits, equal to `str(imagehash.phash(image, hash_size=8))`.

    Two pictures can be compared with hashes computed elsewhere by the same library; of 64 bits, a re-save
    or rescale usually changes 0 to 4, a crop of 2 % up to 8.
    """
    import imagehash  # here, because it loads scipy

    return str(imagehash.phash(image, hash_size=8))


def contrast(image: Image.Image) -> float:
    """Return the standard deviation of the 32 x 32 luminance: 0 is one grey, 127.5 half black, half white."""
    return float(_luminance(image).std())


def brightness(image: Image.Image) -> float:
    """Return the mean of the 32 x 32 luminance, 0 (black) to 255 (white)."""
    return float(_luminance(image).mean())


def thumbnail_vector(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the picture squeezed to 64 x 64 RGB, shape (64, 64, 3), for the pixel check of near-duplicates.

    The aspect ratio is dropped: a crop of 1 or 2 % is a small stretch then, and the check undoes it.
    """
    small = image.convert("RGB").resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.uint8)


def _luminance(image: Image.Image) -> npt.NDArray[np.float64]:
    small = image.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.float64)

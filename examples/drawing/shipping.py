"""The plan -> the files of the starter set, with the flaws that a real folder of pictures has."""

import io
from pathlib import Path
from typing import Literal

from PIL import Image, ImageEnhance

from examples.drawing.picture import draw_picture
from examples.drawing.plan import PLAN, SHIPPED_SIZE
from examples.drawing.vocabulary import Character

PICTURES = Path(__file__).resolve().parent.parent / "starter" / "pictures"

COPIES: dict[str, tuple[Character, int, Literal["saved again", "brighter", "cropped"]]] = {
    "oda-03-copy.jpg": ("oda-wren", 3, "saved again"),
    "oda-13-brighter.png": ("oda-wren", 13, "brighter"),
    "tobin-06-copy.jpg": ("tobin-ash", 6, "saved again"),
    "tobin-11-cropped.png": ("tobin-ash", 11, "cropped"),
    "quill-01-copy.jpg": ("quill", 1, "saved again"),
    "quill-12-brighter.png": ("quill", 12, "brighter"),
}
"""Near-duplicates: file, and the planned picture it was made from."""

BROKEN: tuple[str, Character, int] = ("tobin-broken.png", "tobin-ash", 2)
"""A PNG that stops after two fifths of its bytes."""


def encoded(image: Image.Image, name: str, *, quality: int = 88) -> bytes:
    """Return the picture as the file format that the name's ending says; PNGs get a palette of 240 colours."""
    buffer = io.BytesIO()
    ending = name.rsplit(".", 1)[-1]
    if ending == "png":
        quantised(image).save(buffer, "PNG", optimize=True)
    elif ending == "jpg":
        image.save(buffer, "JPEG", quality=quality, optimize=True)
    else:
        image.save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def quantised(image: Image.Image) -> Image.Image:
    """Return the picture with the palette that shipped PNGs have."""
    # Median cut would spend the palette on skies and turn small things grey: eyes, bills, brass.
    return image.quantize(colors=240, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)


def altered(image: Image.Image, change: Literal["saved again", "brighter", "cropped"]) -> Image.Image:
    """Return a near-duplicate: smaller, a little brighter, or cut by one per cent at each edge."""
    if change == "saved again":
        return image.resize((640, 640), Image.Resampling.LANCZOS)
    if change == "brighter":
        return ImageEnhance.Brightness(image).enhance(1.07)
    cut = image.width // 100
    return image.crop((cut, cut, image.width - cut, image.height - cut))


def ship_all(folder: Path) -> list[Path]:
    """Draw and write all planned pictures, near-duplicates and the broken file; return their paths in order."""
    written: list[Path] = []
    drawn: dict[tuple[Character, int], Image.Image] = {}
    for character, planned in PLAN.items():
        target = folder / character
        target.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(planned, start=1):
            image = draw_picture(picture.spec, size=SHIPPED_SIZE)
            drawn[character, number] = image
            written.append(target / picture.file)
            written[-1].write_bytes(encoded(image, picture.file))
    for name, (character, number, change) in COPIES.items():
        written.append(folder / character / name)
        written[-1].write_bytes(encoded(altered(drawn[character, number], change), name, quality=60))
    name, character, number = BROKEN
    whole = encoded(drawn[character, number], name)
    written.append(folder / character / name)
    written[-1].write_bytes(whole[: len(whole) * 2 // 5])
    return written

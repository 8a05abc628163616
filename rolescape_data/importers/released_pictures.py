"""A picture of a released data set -> its ImageRecord, or a finding that says why there is none."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from rolescape_data.errors import InputError
from rolescape_data.importers.released_reader import Reader
from rolescape_data.records import ImageRecord
from rolescape_data.vision.decode import decode
from rolescape_data.vision.hashes import phash64
from rolescape_data.vision.quality import quality

_FORMATS: dict[str, Literal["png", "jpeg", "webp"]] = {
    "png": "png",
    "jpeg": "jpeg",
    "mpo": "jpeg",
    "webp": "webp",
}
_SUFFIXES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}
_NAMED = (".png", ".jpg", ".jpeg", ".webp")
_MATTE = (255, 255, 255)


def find_picture(reader: Reader, folder: Path, name: str) -> Path | None:
    """Return the file of a picture by its name in the annotations, with or without a suffix."""
    endings = [""] if Path(name).suffix.lower() in _NAMED else [*_NAMED, *(end.upper() for end in _NAMED)]
    for ending in endings:
        path = folder / f"{name}{ending}"
        if reader.there(path):
            return path
    return next((found for end in endings if (found := reader.file(folder, f"{name}{end}"))), None)


def image_record(reader: Reader, path: Path, shared: dict[str, Any], record_id: str) -> ImageRecord | None:
    """Look at a picture; None, with a finding, when it shows nothing."""
    data = path.read_bytes()
    try:
        found = decode(data, name=path.name, matte=_MATTE)
    except InputError as fault:
        reader.wrong("picture_file", path, "", str(fault))
        return None
    form = _FORMATS.get(found.original_format)
    if form is None:
        reader.wrong("picture_file", path, "", f"is {found.original_format}, which no trainer reads")
        return None
    if path.suffix.lower() not in _SUFFIXES[form]:
        reader.mended("picture_suffix", path, "", f"holds {form}; exported as real PNG")
    reader.places[record_id] = (reader.name(path), "")
    digest = hashlib.sha256(data).hexdigest()
    told = quality(found.image)
    return ImageRecord(
        **shared,
        id=record_id,
        owner="character",
        path=reader.name(path),
        sha256=digest,
        blob=f"{digest[:2]}/{digest}{path.suffix.lower()}",
        blob_sha256=digest,
        phash64=phash64(found.image),
        width=found.image.width,
        height=found.image.height,
        format=form,
        original_format=found.original_format,
        decoding=list(found.steps),
        brightness=told.brightness,
        sharpness=told.sharpness,
        group_id=f"grp_{digest[:16]}",
    )

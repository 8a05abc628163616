"""MMRole's pictures and annotations.json -> ImageRecord and ImageAnnotation records, every broken link a finding.

    {"image": "the_Ancient_Greece_period/03.jpg", "role_info": "", "place_info": "School of Aristotle in Mieza", "scene_info": ""}

An annotation's path and a file on disk meet by their longest common tail. COCO's pictures are usually not beside the
data; their ids (`coco-train2017-000000455340`) hold the path, so nothing is lost.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rolescape_data.collection import Finding
from rolescape_data.errors import InputError
from rolescape_data.importers.inside import is_file_in
from rolescape_data.mmrole.names import character_slug, coco_image_id
from rolescape_data.records.base import Provenance
from rolescape_data.records.image import Annotation, ImageRecord
from rolescape_data.vision.decode import decode
from rolescape_data.vision.hashes import phash64
from rolescape_data.vision.quality import quality

INFOS = ("role_info", "place_info", "scene_info")
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_FORMATS: dict[str, Literal["png", "jpeg", "webp"]] = {
    "jpeg": "jpeg",
    "mpo": "jpeg",
    "png": "png",
    "webp": "webp",
}
_NAMED = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}
_MATTE = (255, 255, 255)


@dataclass(slots=True)
class Pictures:
    """The pictures of a data set: what was annotated, what lies on disk, and what was looked up so far."""

    annotated: dict[str, Annotation]
    _files: dict[str, list[Path]]
    _root: Path
    _ids: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    found: dict[str, Path] = field(default_factory=dict)

    def id_of(self, path: str, file: str, place: str, findings: list[Finding]) -> str:
        """Return the image id of a path, looking for its file the first time it is asked for."""
        if path not in self._ids:
            identity = coco_image_id(path) or self._new_id(path)
            self._ids[path] = identity
            self._taken.add(identity)
            on_disk = self._look(path, file, place, findings)
            if on_disk is not None:
                self.found[path] = on_disk
        return self._ids[path]

    def _new_id(self, path: str) -> str:
        stem = path.rsplit(".", 1)[0]
        name = character_slug(stem.replace("_", "-").replace("/", "-"))
        if name in self._taken:
            name = f"{name[:31]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        return name

    def _look(self, path: str, file: str, place: str, findings: list[Finding]) -> Path | None:
        if not self._files:
            # Told once, by `read_pictures`: test sets are handed on without any picture.
            return None
        exact = [found for found in self._files.get(path.casefold(), []) if found.as_posix().endswith(path)]
        if exact:
            return exact[0]
        parts = path.split("/")
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            here = self._files.get(tail.casefold(), [])
            if len(here) > 1:
                findings.append(Finding("picture_link", file, place, f"'{path}' fits {len(here)} files"))
                return None
            if here:
                shown = here[0].relative_to(self._root).as_posix()
                cased = shown.endswith(tail)
                rule = "picture_place" if cased else "picture_case"
                findings.append(
                    Finding(rule, file, place, f"'{path}' lies at {shown}", hard=False, repaired=True)
                )
                return here[0]
        coco = coco_image_id(path) is not None
        detail = f"'{path}' is not beside the data" + (
            " (a COCO picture; its id keeps the path)" if coco else ""
        )
        findings.append(Finding("picture_missing", file, place, detail, hard=not coco))
        return None

    def record(
        self, path: str, *, character: str, lang: str, license_id: str, findings: list[Finding]
    ) -> ImageRecord | None:
        """Return the record of a picture that lies on disk; None for others and for files that show nothing."""
        on_disk = self.found.get(path)
        if on_disk is None:
            return None
        data = on_disk.read_bytes()
        file = on_disk.relative_to(self._root).as_posix()
        try:
            seen = decode(data, name=file, matte=_MATTE)
        except InputError as fault:
            findings.append(Finding("picture_file", file, "", str(fault)))
            return None
        form = _FORMATS.get(seen.original_format)
        if form is None:
            findings.append(
                Finding("picture_file", file, "", f"is {seen.original_format}, which no trainer reads")
            )
            return None
        if on_disk.suffix.lower() not in _NAMED[form]:
            findings.append(Finding("picture_suffix", file, "", f"holds {form}", hard=False))
        digest = hashlib.sha256(data).hexdigest()
        told = quality(seen.image)
        return ImageRecord(
            id=self._ids[path],
            character_id=character,
            lang=lang,
            license=license_id,
            source=path,
            provenance=Provenance(source_kind="seed", writer="mmrole"),
            owner="pool" if coco_image_id(path) else "script",
            path=path,
            sha256=digest,
            blob=f"{digest[:2]}/{digest}{on_disk.suffix.lower()}",
            blob_sha256=digest,
            phash64=phash64(seen.image),
            width=seen.image.width,
            height=seen.image.height,
            format=form,
            original_format=seen.original_format,
            decoding=list(seen.steps),
            brightness=told.brightness,
            sharpness=told.sharpness,
            group_id=f"grp_{digest[:16]}",
        )


def read_pictures(
    root: Path, read: Callable[[Path], Any], text: Callable[[Any, str, str], str], findings: list[Finding]
) -> Pictures:
    """Read every annotations.json below `root` and find every picture file.

    Args:
        root: the data set's folder.
        read: returns a JSON file's content; None, with a finding, where it cannot be read.
        text: returns a value as clean text, with a finding where it was none.
        findings: gets what departs from the format.
    """
    files: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and is_file_in(root, path):
            parts = path.relative_to(root).as_posix().split("/")
            for start in range(len(parts)):
                files.setdefault("/".join(parts[start:]).casefold(), []).append(path)
    pictures = Pictures({}, files, root)
    if not files:
        findings.append(Finding("pictures_absent", ".", "", "no picture lies beside the data", hard=False))
    for path in sorted(root.rglob("annotations.json")):
        file = path.relative_to(root).as_posix()
        entries = read(path)
        if entries is None:
            continue
        if not isinstance(entries, list):
            findings.append(Finding("file_shape", file, "", "is no list of annotations; left out"))
            continue
        for number, entry in enumerate(entries):
            _annotation(entry, file, f"[{number}]", pictures, text, findings)
    return pictures


def _annotation(
    entry: Any,
    file: str,
    place: str,
    pictures: Pictures,
    text: Callable[[Any, str, str], str],
    findings: list[Finding],
) -> None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("image"), str) or not entry["image"]:
        findings.append(Finding("annotation_shape", file, place, "names no image; left out"))
        return
    path = entry["image"]
    check_keys(entry, ("image", *INFOS), file, place, findings)
    told = Annotation(**{key: text(entry.get(key, ""), file, f"{place}.{key}") for key in INFOS})
    if path in pictures.annotated:
        findings.append(Finding("annotation_twice", file, place, f"'{path}' is annotated before; left out"))
        return
    if told == Annotation():
        findings.append(Finding("annotation_empty", file, place, f"nothing is told of '{path}'", hard=False))
    pictures.annotated[path] = told
    pictures.id_of(path, file, place, findings)


def check_keys(
    entry: Mapping[str, Any], known: Sequence[str], file: str, place: str, findings: list[Finding]
) -> None:
    """Note keys that do not belong and keys that are missing; the first are dropped, the second read as empty."""
    for key in entry:
        if key not in known:
            findings.append(
                Finding(
                    "stray_key",
                    file,
                    f"{place}.{key}",
                    "belongs to no field; dropped",
                    hard=False,
                    repaired=True,
                )
            )
    for key in known:
        if key not in entry:
            findings.append(
                Finding(
                    "missing_key",
                    file,
                    f"{place}.{key}",
                    "is not there; read as empty",
                    hard=False,
                    repaired=True,
                )
            )

"""Picture files -> upright sRGB pictures, near-duplicates set aside, each with what the set says is to be seen."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rolescape_data.blueprints import KindContract
from rolescape_data.errors import InputError
from rolescape_data.gates import Context, measure_records
from rolescape_data.gates.decide import Thresholds, decide
from rolescape_data.materials import Material, Picture
from rolescape_data.records import Cell, ImageRecord, Provenance, Rejected
from rolescape_data.settings import slug
from rolescape_data.stages.base import Result
from rolescape_data.vision.decode import decode
from rolescape_data.vision.duplicates import (
    Candidate,
    Fingerprint,
    best_member,
    fingerprint,
    near_duplicate_groups,
)
from rolescape_data.vision.likeness import hash_groups
from rolescape_data.vision.png import png_bytes
from rolescape_data.vision.quality import quality

# What a record id leaves for character and picture; `_imgdlg_` is the longest of what stands between them.
ID_LENGTH = 80 - len("_imgdlg_")

FILE_GATES = ("picture_side", "picture_ratio", "picture_brightness", "picture_sharpness")


@dataclass(frozen=True, slots=True)
class _Seen:
    picture: Picture
    record: ImageRecord
    print: Fingerprint
    size: int


def images(
    material: Material,
    *,
    contract: KindContract,
    generic: int = 0,
    thresholds: Thresholds,
    matte: tuple[int, int, int],
    read: Callable[[str], bytes],
    put: Callable[[bytes, str], str],
    level: int = 6,
) -> Result:
    """Decode, compare and keep the pictures of one character.

    Args:
        material: names the pictures and what is known of them.
        contract: how many are owed; of more than an exact number the rest is set aside.
        generic: how many pictures of the set's pools are owed besides.
        thresholds: holds the radius within which pictures count as alike.
        matte: colour put behind transparent pixels, RGB.
        read: returns a picture file's bytes.
        put: stores picture bytes and returns their blob name.
        level: how hard they are compressed, 1 to 9; of records that are kept it never differs.
    """
    seen: list[_Seen] = []
    rejects: list[Rejected] = []
    names: set[str] = set()
    for picture in material.pictures:
        name = _name(picture.path, names, ID_LENGTH - len(material.id))
        try:
            found = _look(material, picture, name, matte, read, put, level)
        except InputError as fault:
            rejects.append(
                _rejected(
                    material,
                    name,
                    json.dumps({"path": picture.path}, ensure_ascii=False),
                    [f"image_file: {fault}"],
                )
            )
            continue
        # A picture that the verdicts would drop goes now, before words are written and paid for beside it.
        if reasons := _unfit(found.record, thresholds):
            rejects.append(_rejected(material, found.record.id, found.record.model_dump_json(), reasons))
        else:
            seen.append(found)
    radius = thresholds.image_duplicates.radius
    kept: list[_Seen] = []
    alike = near_duplicate_groups(
        [item.print for item in seen],
        radius=radius,
        min_contrast=thresholds.image_duplicates.min_contrast,
    )
    grouped = {place for group in alike for place in group}
    kept += [item for place, item in enumerate(seen) if place not in grouped]
    for group in alike:
        members = [seen[place] for place in group]
        best = members[best_member([_candidate(item) for item in members])]
        kept.append(best)
        for item in members:
            if item is not best:
                reason = f"image_duplicate: shows the same picture as {best.picture.path}"
                rejects.append(
                    _rejected(
                        material,
                        item.record.id,
                        item.record.model_dump_json(),
                        [reason],
                        winner=best.record.id,
                    )
                )
    records = _grouped(sorted(kept, key=lambda item: item.record.id), radius)
    own = [record for record in records if record.owner != "pool"]
    wanted = contract.cells(len(own))["count"]
    if contract.count is not None and len(own) > wanted:
        own, left = _chosen(own, wanted)
        for record in left:
            reason = f"quota: the blueprint takes {wanted} pictures, and this one was left over"
            rejects.append(_rejected(material, record.id, record.model_dump_json(), [reason]))
        chosen = {record.id for record in own}
        records = [record for record in records if record.owner == "pool" or record.id in chosen]
    note = "the set names no further usable picture that is not a near-duplicate"
    cells = [_cell(material, "count", wanted, len(own), note)]
    if generic:
        there = sum(record.owner == "pool" for record in records)
        drawn = sum(picture.owner == "pool" for picture in material.pictures)
        note = (
            f"the set's pools had {drawn} distinct pictures left for this character"
            if drawn < generic
            else "some pictures of the set's pools cannot be used; see rejects"
        )
        cells.append(_cell(material, "generic", generic, there, note))
    return Result(records, rejects, cells)


def _chosen(own: Sequence[ImageRecord], wanted: int) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Keep so many pictures, in their order: first of those of which something is noted, and of each group of like ones one."""
    seen: set[str] = set()
    again: dict[str, bool] = {}
    for record in own:
        again[record.id] = record.group_id in seen
        seen.add(record.group_id)
    ranked = sorted(
        own,
        key=lambda record: (
            not (record.note or any(record.attributes.model_dump().values())),
            again[record.id],
        ),
    )
    kept = {record.id for record in ranked[:wanted]}
    return [one for one in own if one.id in kept], [one for one in own if one.id not in kept]


def _cell(material: Material, cell: str, wanted: int, found: int, note: str) -> Cell:
    return Cell(
        character_id=material.id,
        kind=ImageRecord.kind,
        cell=cell,
        wanted=wanted,
        found=found,
        note=note if found < wanted else "",
    )


def _look(
    material: Material,
    picture: Picture,
    name: str,
    matte: tuple[int, int, int],
    read: Callable[[str], bytes],
    put: Callable[[bytes, str], str],
    level: int,
) -> _Seen:
    data = read(picture.path)
    decoded = decode(data, name=picture.path, matte=matte)
    stored = png_bytes(decoded.image, level)
    blob = put(stored, ".png")
    stored_sha256 = hashlib.sha256(stored).hexdigest()
    print_ = fingerprint(decoded.image, sha256=stored_sha256)
    seen = quality(decoded.image)
    record = ImageRecord(
        id=f"{material.id}_img_{name}",
        character_id=material.id,
        lang=material.entry.lang,
        license=picture.license,
        source=picture.source,
        provenance=Provenance(source_kind="human", writer="set file"),
        owner=picture.owner,
        path=picture.path,
        sha256=hashlib.sha256(data).hexdigest(),
        blob=blob,
        blob_sha256=stored_sha256,
        phash64=print_.phash64,
        width=decoded.image.width,
        height=decoded.image.height,
        format="png",
        original_format=decoded.original_format,
        decoding=list(decoded.steps),
        brightness=seen.brightness,
        sharpness=seen.sharpness,
        note=picture.note,
        annotation=picture.annotation,
        attributes=picture.attributes,
        characters_present=[],
        group_id="grp_alone",
    )
    return _Seen(picture, record, print_, len(data))


def _unfit(record: ImageRecord, thresholds: Thresholds) -> list[str]:
    """Return why a picture is of no use by qa/gates.yaml: too small, too narrow, too dark."""
    measured = measure_records([record], Context(), FILE_GATES)
    return [verdict.reason for verdict in decide(measured, thresholds) if verdict.status == "fail"]


def _grouped(kept: Sequence[_Seen], radius: int) -> list[ImageRecord]:
    """Name the groups of like pictures: whatever lies within the radius must not be split between train and test."""
    groups = hash_groups([item.record.phash64 for item in kept], radius=radius)
    named: dict[int, str] = {}
    for group in groups:
        first = min(kept[place].record.sha256 for place in group)
        named |= dict.fromkeys(group, f"grp_{first[:16]}")
    return [item.record.model_copy(update={"group_id": named[place]}) for place, item in enumerate(kept)]


def _name(path: str, taken: set[str], length: int) -> str:
    """Return the picture's part of record ids: its file name in ASCII, made unique by the path's hash."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    name = slug(stem.replace("_", "-"))[: min(length, 40)] or "picture"
    if name in taken:
        name = f"{name[: min(length, 40) - 9]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    taken.add(name)
    return name


def _candidate(item: _Seen) -> Candidate:
    record = item.record
    lossless = record.original_format not in ("jpeg", "mpo")
    return Candidate(
        name=record.path, width=record.width, height=record.height, lossless=lossless, size=item.size
    )


def _rejected(material: Material, name: str, content: str, reasons: list[str], winner: str = "") -> Rejected:
    identity = name if name.startswith(f"{material.id}_img_") else f"{material.id}_img_{name}"
    return Rejected(
        record_id=identity,
        kind="image",
        character_id=material.id,
        origin="stage",
        reasons=reasons,
        winner_id=winner,
        record_json=content,
    )

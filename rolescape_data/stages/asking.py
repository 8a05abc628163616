"""Sets with an exact number or mix: ask for the open cells, admit what passes, ask again, stop."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from rolescape_data.gates import Context
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.records import ImageRecord, Record, Rejected
from rolescape_data.records.answers import Answer, quota_keys
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
    cells,
    dropped,
    image_name,
    numbered,
    read_items,
    request,
)

R = TypeVar("R", bound=Record)

Block = Callable[[Sequence[R], int, int], Mapping[str, Any]]
Make = Callable[[str, str, Answer, Outcome], R | str]


def fill(
    setting: Setting,
    *,
    quota: Mapping[str, int],
    block: Callable[[list[R], int, int], dict[str, Any]],
    make: Callable[[str, str, Answer, Outcome], R | str],
    context: Context,
    note: str,
) -> Result:
    """Fill a contract of numbered cells.

    Args:
        setting: the stage's collaborators.
        quota: wanted number by cell, e.g. {'easy': 4, 'hard': 2}.
        block: (kept so far, part, parts) -> the inputs of one call. Calls of one round go out together, so
            each gets another part of the material.
        make: (record id, key, item, outcome) -> the record, or the reason why it is none.
        context: what the gates may look at.
        note: why the material may not reach, for the contract report.

    Returns:
        Records in the order of their cells, with provisional ids; the caller numbers them.
    """
    wanted = quota_keys(quota)
    kept: dict[str, R] = {}
    rejects: list[Rejected] = []
    for turn in range(setting.rounds):
        still_open = [key for key in wanted if key not in kept]
        if not still_open:
            break
        size = setting.contract.per_call
        chunks = [still_open[at : at + size] for at in range(0, len(still_open), size)]
        so_far = [kept[key] for key in wanted if key in kept]
        requests = [
            request(setting, block(so_far, part, len(chunks)), keys=chunk)
            for part, chunk in enumerate(chunks)
        ]
        candidates: dict[str, R] = {}
        for chunk, outcome in zip(chunks, setting.writer.write(requests), strict=True):
            items, bad = read_items(setting, outcome, chunk)
            rejects.extend(bad)
            for key, item in items.items():
                made = _made(make, f"{setting.material.id}_{setting.kind}_t{turn}_{key}", key, item, outcome)
                if isinstance(made, str):
                    rejects.append(dropped(setting, f"t{turn}_{key}", item.model_dump_json(), [made]))
                else:
                    candidates[key] = made
        admitted, more = admit(setting, so_far, list(candidates.values()), context)
        rejects.extend(more)
        admitted_ids = {record.id for record in admitted}
        fresh = {key: record for key, record in candidates.items() if record.id in admitted_ids}
        if not fresh:
            break
        kept |= fresh
    found = {cell: sum(1 for key in kept if key.rpartition("_")[0] == cell) for cell in quota}
    records = [kept[key] for key in wanted if key in kept]
    return Result(records, rejects, cells(setting, dict(quota), found, note))


def _made(
    make: Callable[[str, str, Answer, Outcome], R | str], name: str, key: str, item: Answer, outcome: Outcome
) -> R | str:
    """Call `make`; a record that its own model refuses is a reason, not a crash."""
    return _tried(lambda: make(name, key, item, outcome))


def _tried(made: Callable[[], R | str]) -> R | str:
    try:
        return made()
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        return f"record: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def fill_pictures(
    setting: Setting,
    images: Sequence[ImageRecord],
    *,
    keys: Callable[[ImageRecord], list[str]],
    block: Callable[[ImageRecord, list[R]], dict[str, Any] | None],
    make: Callable[[str, ImageRecord, str, Answer, Outcome], R | str],
    prefix: str,
    context: Context,
    note: str,
) -> Result:
    """Fill a contract of so many records per picture: one call a picture and round, for the keys still open.

    Args:
        setting: the stage's collaborators; its contract names the cells that each picture owes.
        images: the kept pictures, in order.
        keys: the keys of one picture; the last part but one of a key is its cell ('objective_3', 'face_easy_1').
        block: (picture, its records so far) -> the inputs of a call; None when there is nothing to ask with.
        make: (record id, picture, key, item, outcome) -> the record, or the reason why it is none.
        prefix: what final ids begin with: PREFIX_PICTURE_001.
        context: what the gates may look at.
        note: why the material may not reach, for the contract report.
    """
    kept: dict[str, dict[str, R]] = {image.id: {} for image in images}
    rejects: list[Rejected] = []
    for turn in range(setting.rounds):
        asked: list[tuple[ImageRecord, list[str]]] = []
        requests: list[Request] = []
        for image in images:
            still_open = [key for key in keys(image) if key not in kept[image.id]]
            inputs = block(image, list(kept[image.id].values())) if still_open else None
            size = setting.contract.per_call
            for chunk in [still_open[at : at + size] for at in range(0, len(still_open), size) if inputs]:
                asked.append((image, chunk))
                requests.append(request(setting, inputs or {}, keys=chunk, images=[image]))
        candidates: dict[str, tuple[ImageRecord, str, R]] = {}
        for (image, wanted), outcome in zip(asked, setting.writer.write(requests), strict=True):
            items, bad = read_items(setting, outcome, wanted)
            rejects.extend(bad)
            for key, item in items.items():
                name = f"t{turn}_{image_name(setting, image)}_{key}"
                identity = _identity(setting, setting.kind, name)
                made = _made_beside(make, identity, image, key, item, outcome)
                if isinstance(made, str):
                    rejects.append(dropped(setting, name, item.model_dump_json(), [made]))
                else:
                    candidates[made.id] = (image, key, made)
        so_far = [record for own in kept.values() for record in own.values()]
        admitted, more = admit(setting, so_far, [record for _, _, record in candidates.values()], context)
        rejects.extend(more)
        for record in admitted:
            image, key, _ = candidates[record.id]
            kept[image.id][key] = record
        if not admitted:
            break
    records: list[R] = []
    found: Counter[str] = Counter()
    for image in images:
        own = [kept[image.id][key] for key in keys(image) if key in kept[image.id]]
        found.update(key.split("_")[-2] for key in kept[image.id])
        # Four characters are left for the number.
        records += numbered(own, _identity(setting, prefix, image_name(setting, image), room=4))
    return Result(records, rejects, cells(setting, setting.contract.cells(len(images)), dict(found), note))


def _made_beside(
    make: Callable[[str, ImageRecord, str, Answer, Outcome], R | str],
    name: str,
    image: ImageRecord,
    key: str,
    item: Answer,
    outcome: Outcome,
) -> R | str:
    return _tried(lambda: make(name, image, key, item, outcome))


def _identity(setting: Setting, kind: str, name: str, room: int = 0) -> str:
    """Return CHARACTER_KIND_NAME; a name too long for an id is cut and made unique by its hash."""
    head = f"{setting.material.id}_{kind}_"
    limit = 80 - len(head) - room
    if len(name) > limit:
        name = f"{name[: limit - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return head + name

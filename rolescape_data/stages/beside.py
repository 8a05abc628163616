"""Pictures that owe one record each -> that record, asked for once more where a reply was refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from rolescape_data.gates import Context
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.records import Cell, ImageRecord, Record, Rejected
from rolescape_data.stages.base import Setting, admit, cells, dropped

P = TypeVar("P")
R = TypeVar("R", bound=Record)

# A refused reply is asked for under another take: under the same one the ledger would answer as before.
ANOTHER_TAKE = 1_000

FEW_POOL_PICTURES = "the set's pools hold too few distinct usable pictures, or the writer had nothing to say beside some of them"


def one_each(
    setting: Setting,
    images: Sequence[ImageRecord],
    *,
    ask: Callable[[ImageRecord], Request],
    make: Callable[[str, ImageRecord, Outcome], R | str | None],
    kept: Sequence[Record],
    context: Context,
) -> tuple[list[R], list[Rejected]]:
    """Fill a contract of one record beside each picture.

    Args:
        setting: the stage's collaborators.
        images: the pictures, in order.
        ask: the request beside a picture.
        make: (record id, picture, outcome) -> the record, the reason why it is none, or None to pass over.
        kept: records of the kind that are there already; new ones must not repeat them.
        context: what the gates may look at.

    Returns:
        The records in the pictures' order, and the rejects.
    """
    served: dict[str, R] = {}
    rejects: list[Rejected] = []
    for turn in range(setting.rounds):
        lacking = [image for image in images if image.id not in served]
        if not lacking:
            break
        requests = [ask(image) for image in lacking]
        if turn:
            requests = [replace(one, take=one.take + turn * ANOTHER_TAKE) for one in requests]
        candidates: dict[str, tuple[str, R]] = {}
        for number, (image, outcome) in enumerate(
            zip(lacking, setting.writer.write(requests), strict=True), 1
        ):
            name = f"b{turn}_{image.owner}_{number}"
            made = make(f"{setting.material.id}_{setting.kind}_{name}", image, outcome)
            if isinstance(made, Record):
                candidates[made.id] = (image.id, made)
            elif made is not None and outcome.raw:
                rejects.append(dropped(setting, name, outcome.raw, [made]))
        so_far: list[Record] = [*kept, *served.values()]
        admitted, more = admit(setting, so_far, [record for _, record in candidates.values()], context)
        rejects.extend(more)
        served |= {candidates[record.id][0]: record for record in admitted}
    return [served[image.id] for image in images if image.id in served], rejects


def in_turn(
    setting: Setting,
    places: Sequence[P],
    *,
    wanted: int,
    ask: Callable[[P], Request],
    make: Callable[[str, P, Outcome], R | str | None],
    context: Context,
) -> tuple[list[R], list[Rejected]]:
    """Ask place by place until `wanted` records are kept or the places end.

    Args:
        setting: the stage's collaborators.
        places: where a record may stand, the best first.
        wanted: how many are owed.
        ask: the request for a place.
        make: (record id, place, outcome) -> the record, the reason why it is none, or None to pass over.
        context: what the gates may look at.
    """
    kept: list[R] = []
    rejects: list[Rejected] = []
    at = 0
    while len(kept) < wanted and at < len(places):
        asked = places[at : at + wanted - len(kept)]
        at += len(asked)
        candidates: list[R] = []
        outcomes = setting.writer.write([ask(place) for place in asked])
        for number, (place, outcome) in enumerate(zip(asked, outcomes, strict=True)):
            name = f"p{at}_{number}"
            made = make(f"{setting.material.id}_{setting.kind}_{name}", place, outcome)
            if isinstance(made, Record):
                candidates.append(made)
            elif made is not None and outcome.raw:
                rejects.append(dropped(setting, name, outcome.raw, [made]))
        admitted, more = admit(setting, kept, candidates, context)
        kept.extend(admitted)
        rejects.extend(more)
    return kept, rejects


def cells_beside(setting: Setting, images: int, own: int, generic: int, note: str) -> list[Cell]:
    """Return the contract of a kind that stands beside own pictures and beside generic ones."""
    wanted = setting.contract.cells(images)
    found = {"count": own, "generic": generic}
    return [
        cell
        for name, count in wanted.items()
        for cell in cells(setting, {name: count}, found, FEW_POOL_PICTURES if name == "generic" else note)
    ]

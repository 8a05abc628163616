"""Sets with an exact number or mix: ask for the open cells, admit what passes, ask again, stop."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from rolescape_data.gates import Context
from rolescape_data.providers.base import Outcome
from rolescape_data.records import Record, Rejected
from rolescape_data.records.answers import Answer, quota_keys
from rolescape_data.stages.base import Result, Setting, admit, cells, dropped, read_items, request

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
    try:
        return make(name, key, item, outcome)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        return f"record: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"

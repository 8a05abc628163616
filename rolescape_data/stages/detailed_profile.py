"""Documents, or the meta information of an invented character -> MMRole's detailed profile of five parts."""

from collections.abc import Sequence

from rolescape_data.records import DetailedProfile, MetaInformation
from rolescape_data.records.answers import DetailedProfileAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
    cells,
    common_fields,
    dropped,
    gate_context,
    material_block,
    read_answer,
    request,
)

PARTS = ("introduction", "personality", "experience", "relationship", "catchphrase")


def detailed_profile(setting: Setting, meta: Sequence[MetaInformation]) -> Result:
    """Summarise what documents say, or expand the meta information; all five parts or none."""
    material = setting.material
    wanted = setting.contract.cells()
    if not material.documents and not meta:
        note = "there is neither a document nor meta information to write it from"
        return Result([], [], cells(setting, wanted, {}, note))
    block = {
        **material_block(setting),
        "meta": {name: getattr(meta[0], name) for name in META} if meta else None,
    }
    outcome = setting.writer.write([request(setting, block)])[0]
    answer, reason = read_answer(setting, outcome)
    if not isinstance(answer, DetailedProfileAnswer):
        rejects = [dropped(setting, "detailed", outcome.raw, [reason])] if outcome.raw else []
        note = reason if outcome.raw else "the material says too little for its five parts"
        return Result([], rejects, cells(setting, wanted, {}, note))
    parts = answer.model_dump()
    silent = [part for part in PARTS if not parts[part].strip()]
    if silent:
        note = f"the material says nothing for: {', '.join(silent)}"
        return Result([], [], cells(setting, wanted, {}, note))
    record = DetailedProfile(
        id=f"{material.id}_detailed",
        **parts,
        **common_fields(setting, outcome, [one.id for one in meta]),
    )
    linked = [record.id, *(one.id for one in meta)]
    records, rejects = admit(setting, [], [record], gate_context(setting, linked))
    note = rejects[0].reasons[0] if rejects else ""
    return Result(records, rejects, cells(setting, wanted, {"count": len(records)}, note))


META = ("name", "gender", "age", "origin", "personality", "experience")

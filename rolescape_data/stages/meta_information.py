"""One line about an invented character -> its meta information (MMRole's first step for hypothetical people)."""

from rolescape_data.records import MetaInformation
from rolescape_data.records.answers import MetaInformationAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
    cells,
    character_block,
    common_fields,
    dropped,
    gate_context,
    read_answer,
    request,
)


def meta_information(setting: Setting) -> Result:
    """Expand the `seed:` of the set file into name, gender, age, origin, personality and experience."""
    wanted = setting.contract.cells()
    seed = " ".join(setting.material.entry.seed.split())
    if not seed:
        note = "the set file gives this character no `seed:` line"
        return Result([], [], cells(setting, wanted, {}, note))
    block = {"character": character_block(setting), "seed": seed}
    outcome = setting.writer.write([request(setting, block)])[0]
    answer, reason = read_answer(setting, outcome)
    if not isinstance(answer, MetaInformationAnswer):
        rejects = [dropped(setting, "meta", outcome.raw, [reason])] if outcome.raw else []
        note = (
            reason
            if outcome.raw
            else "the seed line does not state gender, age, origin, personality and experience"
        )
        return Result([], rejects, cells(setting, wanted, {}, note))
    record = MetaInformation(
        id=f"{setting.material.id}_meta",
        name=setting.material.entry.name,
        **answer.model_dump(),
        **common_fields(setting, outcome, []),
    )
    records, rejects = admit(setting, [], [record], gate_context(setting, [record.id]))
    note = rejects[0].reasons[0] if rejects else ""
    return Result(records, rejects, cells(setting, wanted, {"count": len(records)}, note))

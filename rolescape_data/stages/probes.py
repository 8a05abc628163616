"""A profile and everything a training set asks -> inputs that probe a trained character, none of them seen in training."""

from collections.abc import Sequence
from typing import Any

from rolescape_data.gates import Context, measure_pairs
from rolescape_data.gates.base import input_text
from rolescape_data.gates.decide import decide
from rolescape_data.providers.base import Outcome
from rolescape_data.records import CharacterProfile, ProbeInput, Record
from rolescape_data.records.answers import Answer, ProbeAnswer
from rolescape_data.stages.asking import fill
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    numbered,
)


def probes(setting: Setting, profile: CharacterProfile, asked: Sequence[Record]) -> Result:
    """Fill the contract of probes.

    Args:
        setting: the stage's collaborators.
        profile: the character's.
        asked: questions and exchanges of the set. A probe that is too much like one of them is refused at once, by the gates
            that hold test against training records.
    """
    avoid = sorted({text for record in asked if (text := input_text(record))})

    def block(kept: list[ProbeInput], part: int, parts: int) -> dict[str, Any]:
        return {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "facts": [
                {"fact_id": fact.fact_id, "text": fact.text, "aspect": fact.aspect} for fact in profile.facts
            ],
            "avoid": avoid,
            "used": sorted(probe.text for probe in kept),
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> ProbeInput | str:
        assert isinstance(item, ProbeAnswer)
        cell: Any = key.rpartition("_")[0]
        fields = common_fields(setting, outcome, [profile.id])
        probe = ProbeInput(id=name, probe=cell, text=item.text, **fields)
        held = measure_pairs(asked, [probe], Context(), ("train_test_exact", "train_test_near"))
        failed = [verdict for verdict in decide(held, setting.thresholds) if verdict.status == "fail"]
        return failed[0].reason if failed else probe

    result = fill(
        setting,
        quota=setting.contract.cells(),
        block=block,
        make=make,
        context=gate_context(setting, [profile.id]),
        note="the profile states nothing more that can be asked about in other words than training asks",
    )
    found: list[ProbeInput] = [record for record in result.records if isinstance(record, ProbeInput)]
    records: list[ProbeInput] = []
    for cell in setting.contract.cells():
        own = [record for record in found if record.probe == cell]
        records += numbered(own, f"{setting.material.id}_{cell}")
    return Result(records, result.rejects, result.cells)

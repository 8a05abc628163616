"""A profile and everything a training set asks -> inputs that probe a trained character, none of them seen in training."""

from collections.abc import Sequence
from typing import Any

from rolescape_data.gates.base import input_text
from rolescape_data.gates.jaccard import nearest_in, word_set
from rolescape_data.providers.base import Outcome
from rolescape_data.records import CharacterProfile, Record
from rolescape_data.records.answers import Answer, ProbeAnswer
from rolescape_data.records.dialogue import ProbeInput
from rolescape_data.spans import folded
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
        asked: questions and exchanges of the set; a probe too much like one of them is refused at once, by the
            same bound that the gate `train_test_near` has.
    """
    avoid = sorted({text for record in asked if (text := input_text(record))})
    known = {folded(text) for text in avoid}
    sets = [word_set(text) for text in avoid]
    bound = setting.thresholds.gates["train_test_near"].fail_above

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
        near = nearest_in([word_set(item.text)], sets)[0]
        if folded(item.text) in known or (bound is not None and near.likeness > bound):
            twin = "" if near.position is None else avoid[near.position]
            return f"probe: '{item.text}' is asked in training as '{twin}'"
        cell: Any = key.rpartition("_")[0]
        return ProbeInput(
            id=name, probe=cell, text=item.text, **common_fields(setting, outcome, [profile.id])
        )

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

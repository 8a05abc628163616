"""The hard text gates on replies that others published as good: they must reject next to none."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from gates_samples import dialogue

from rolescape_data import assets
from rolescape_data.gates import Context, measure_records
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.records import Record

CHECKOUT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real"))
SETS = {
    "mmrole_in_test": "reviews/*.json",
    "mmrole_greece": "dialogues/*.json",
    "rolescape20_bo": "**/Bo_dialogue_text_extension_*.json",
}


def _replies(found: object) -> Iterator[tuple[str, str]]:
    """Yield (speaker, words) of every reply in a file of MMRole or RoleScape-20."""
    if isinstance(found, dict):
        yield from (("Bo", turns[1]["text"]) for turns in found["scenes"])
    elif isinstance(found, list):
        for item in found:
            for turn in item["conversations"]:
                speaker = turn.get("role") or turn["from"]
                if speaker not in ("human", "user"):
                    yield item.get("role", speaker), turn["value"]


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_hard_text_gates_reject_at_most_two_in_a_hundred_published_replies(name: str) -> None:
    if not (REAL / name).is_dir():
        pytest.skip(
            f"no real inputs at {REAL / name}; set ROLESCAPE_REAL_INPUTS to the folder that holds them"
        )
    spoken = [
        pair
        for path in sorted((REAL / name).glob(SETS[name]))
        for pair in _replies(json.loads(path.read_text(encoding="utf-8")))
    ]
    records: list[Record] = [
        dialogue(id=f"r{number}", response=re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", words) or "?")
        for number, (_, words) in enumerate(spoken)
    ]
    context = Context(names={f"c{at}": (name,) for at, name in enumerate(sorted({who for who, _ in spoken}))})
    found = measure_records(records, context, ["ai_tone", "explanatory_prefix", "residue"])
    thresholds = load_thresholds(assets.find("qa", "gates.yaml"))
    rejected = {verdict.record_id for verdict in decide(found, thresholds) if verdict.status == "fail"}
    assert len(records) >= 100
    assert len(rejected) <= 0.02 * len(records), sorted(rejected)

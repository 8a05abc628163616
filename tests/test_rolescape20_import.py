"""RoleScape-20's released layout -> strict records: what becomes of each file, and every departure as a finding."""

import os
from collections import Counter
from pathlib import Path

import pytest

from rolescape_data.importers import IMPORTERS

CHECKOUT = Path(__file__).resolve().parent.parent
BO = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real")) / "rolescape20_bo"
real = pytest.mark.skipif(not BO.is_dir(), reason=f"no released data set at {BO}")


@real
def test_a_released_character_becomes_records_and_its_known_faults_become_findings() -> None:
    found = IMPORTERS["rolescape20"](BO)
    tables = found.collection.characters["bo"]
    assert {kind: len(rows) for kind, rows in tables.items()} == {
        "profile": 1,
        "profile_text": 2,
        "image": 15,
        "image_dialogue": 15,
        "caption": 15,
        "text_dialogue": 200,
        "probe": 36,
        "text_qa": 100,
        "text_mcq": 10,
        "visual_qa": 239,
        "visual_mcq": 60,
        "training_mix": 8,
        "mixture_row": 784,
    }
    assert Counter(one.rule for one in found.findings) == {
        "image_prefix": 240,
        "stray_key": 158,
        "question_type": 15,
        "evidence_verbatim": 15,
        "merged_rows": 2,
        "num_used_data": 1,
    }
    for record in found.collection.records():
        for evidence in getattr(record, "evidence", None) or []:
            source = found.collection.sources[evidence.source]
            assert source[evidence.start : evidence.end] == evidence.text

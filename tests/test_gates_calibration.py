"""All hard text gates on dialogues that others published as good: what they reject, counted and judged hit by hit."""

from collections import Counter

import pytest
from real_sets.hits import HYGIENE, LENGTHS, REAL, SETS, SOFT, judged, rejected, told

from rolescape_data.gates import RECORD_GATES
from rolescape_data.records import Verdict


def read(name: str, gates: tuple[str, ...]) -> tuple[int, list[tuple[str, str, Verdict]]]:
    if not (REAL / name).is_dir():
        pytest.skip(
            f"no real inputs at {REAL / name}; set ROLESCAPE_REAL_INPUTS to the folder that holds them"
        )
    return judged(name, gates)


@pytest.mark.parametrize("name", SETS)
def test_hard_gates_of_wording_reject_at_most_two_in_a_hundred_good_replies(name: str) -> None:
    count, hits = read(name, HYGIENE)
    assert count >= 90
    assert len(rejected(hits)) <= 0.02 * count, [(who, verdict.reason) for who, _, verdict in hits]


@pytest.mark.parametrize("name", SETS)
def test_with_the_bounds_on_length_all_hard_text_gates_reject_at_most_two_in_a_hundred(name: str) -> None:
    count, hits = read(name, HYGIENE + LENGTHS)
    assert len(rejected(hits)) <= 0.02 * count, [(who, verdict.reason) for who, _, verdict in hits]


def test_hits_are_told_with_the_whole_reply_for_a_person_to_judge() -> None:
    count, hits = read("mmrole_greece", HYGIENE + LENGTHS)
    sheet = "\n".join(told("mmrole_greece", count, hits))
    assert hits  # they warn
    assert sheet.count("- right / wrong:") == len(hits)
    assert all(" ".join(reply.split()) in sheet and verdict.reason in sheet for _, reply, verdict in hits)


def test_warnings_name_at_most_one_reply_in_twenty() -> None:
    counts: Counter[str] = Counter()
    total = 0
    for name in SETS:
        count, hits = read(name, SOFT)
        total += count
        counts.update(verdict.gate for _, _, verdict in hits)
    assert max(counts.values(), default=0) <= 0.05 * total, counts


def test_every_hard_text_gate_is_calibrated() -> None:
    known = {gate for gate, (_, kinds) in RECORD_GATES.items() if "text_dialogue" in kinds}
    assert known - set(HYGIENE + LENGTHS + SOFT) == {"links", "evidence_exact"}

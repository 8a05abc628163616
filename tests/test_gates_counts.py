"""Quotas: exact numbers for a set, or for each picture."""

from dataclasses import replace

import pytest
from gates_samples import COMMON, CONTEXT, mcq, qa

from rolescape_data import assets
from rolescape_data.blueprints import Blueprint
from rolescape_data.gates import measure_set
from rolescape_data.gates.base import Quota
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.gates.quota import off_by, quotas_of
from rolescape_data.records import Options, Record
from rolescape_data.records.visual import VISUAL_CATEGORIES, VisualMCQ

SHIPPED = load_thresholds(assets.find("qa", "gates.yaml"))
IMAGES = ("mira-h_image_001", "mira-h_image_002")
LEVELS = ("easy", "easy", "medium", "medium", "hard")


def seen(image: str, *, levels: tuple[str, ...] = LEVELS) -> list[Record]:
    """Return one picture's four-option questions, one of each category."""
    return [
        VisualMCQ(
            **COMMON,
            id=f"{image}_q{number}",
            image_id=image,
            category=category,
            difficulty=level,
            question="What is the keeper holding?",
            options=Options(A="a lamp", B="a rope", C="a fish", D="a key"),
            answer_key="A",
            rationale="The lamp hangs from the right hand.",
        )
        for number, (category, level) in enumerate(zip(VISUAL_CATEGORIES, levels, strict=False), 1)
    ]


def judged(records: list[Record], **quotas: Quota) -> dict[str, tuple[str, str]]:
    found = measure_set(records, replace(CONTEXT, quotas=quotas), ["quota"])
    return {verdict.record_id: (verdict.status, verdict.reason) for verdict in decide(found, SHIPPED)}


def asked(count: int) -> list[Record]:
    return [qa(id=f"mira-h_qa_{number:03d}") for number in range(1, count + 1)]


@pytest.mark.parametrize(("count", "status"), [(10, "pass"), (9, "fail"), (11, "fail")])
def test_a_set_holds_exactly_as_many_records_as_its_contract_wants(count: int, status: str) -> None:
    found = judged(asked(count), text_qa=Quota({"count": 10}))
    assert found["mira-h/text_qa"][0] == status
    if status == "fail":
        assert f"count {count} for 10" in found["mira-h/text_qa"][1]


def test_a_mix_is_held_cell_by_cell_even_when_the_sum_is_right() -> None:
    mixed: list[Record] = [
        mcq(id=f"mira-h_mcq_{number:03d}", difficulty=level)
        for number, level in enumerate(["easy"] * 4 + ["medium"] * 4 + ["hard"] * 2)
    ]
    wanted = Quota({"easy": 4, "medium": 4, "hard": 2})
    assert judged(mixed, text_mcq=wanted)["mira-h/text_mcq"][0] == "pass"
    shifted = [*mixed[:-1], mcq(id="mira-h_mcq_011", difficulty="easy")]
    status, reason = judged(shifted, text_mcq=wanted)["mira-h/text_mcq"]
    assert status == "fail" and "easy 5 for 4, hard 1 for 2" in reason


def test_every_picture_owes_its_own_questions_and_one_without_any_is_named() -> None:
    wanted = Quota({"easy": 2, "medium": 2, "hard": 1, **dict.fromkeys(VISUAL_CATEGORIES, 1)}, IMAGES)
    both = [*seen(IMAGES[0]), *seen(IMAGES[1])]
    assert {status for status, _ in judged(both, visual_mcq=wanted).values()} == {"pass"}
    short = judged([*seen(IMAGES[0]), *seen(IMAGES[1], levels=LEVELS[:4])], visual_mcq=wanted)
    assert [status for status, _ in short.values()] == ["pass", "fail"]
    assert "fine_detail_reasoning 0 for 1" in short[f"mira-h/visual_mcq/{IMAGES[1]}"][1]
    missing = judged(seen(IMAGES[0]), visual_mcq=wanted)
    assert missing[f"mira-h/visual_mcq/{IMAGES[1]}"][0] == "fail"


def test_a_record_of_no_cell_is_one_too_many() -> None:
    assert off_by({"easy": 1}, [mcq(difficulty="easy"), mcq(difficulty="hard")]) == {"other": 1}


def test_kinds_without_a_quota_are_not_measured() -> None:
    assert judged(asked(3)) == {}


def test_a_blueprint_says_which_numbers_are_exact() -> None:
    blueprint = Blueprint.model_validate(
        {
            "about": "a test",
            "kinds": {
                "image": {"min": 3, "split": "by_image"},
                "text_qa": {"count": 10},
                "text_mcq": {"mix": {"easy": 2, "hard": 1}, "split": "test_id"},
                "caption": {"per_image": 1, "split": "by_image"},
            },
        }
    )
    assert quotas_of(blueprint, IMAGES) == {
        "text_qa": Quota({"count": 10}),
        "text_mcq": Quota({"easy": 2, "hard": 1}),
        "caption": Quota({"count": 1}, IMAGES),
    }

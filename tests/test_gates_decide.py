from pathlib import Path

import pytest

from rolescape_data import assets
from rolescape_data.errors import SettingsError
from rolescape_data.gates import measure_records
from rolescape_data.gates.base import Context
from rolescape_data.gates.decide import Thresholds, decide, load_thresholds
from rolescape_data.records import Measurement

HEAD = "max_reject_share: 0.1\nimage_duplicates: {radius: 8, min_contrast: 8}\ngates:\n"


def _load(folder: Path, text: str) -> Thresholds:
    path = folder / "gates.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_thresholds(path)


def _found(
    value: float, gate: str = "response_words", kind: str = "text_dialogue", detail: str = ""
) -> Measurement:
    return Measurement(record_id="r1", kind=kind, character_id="mira", gate=gate, value=value, detail=detail)


LIMITS = "  response_words: {source: a paper, fail_below: 5, warn_below: 8, warn_above: 60, fail_above: 80}\n"


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        (4, "fail", "response_words is 4, below 5"),
        (5, "warn", "response_words is 5, below 8"),
        (8, "pass", ""),
        (60, "pass", ""),
        (60.5, "warn", "response_words is 60.5, above 60"),
        (80, "warn", "response_words is 80, above 60"),
        (93, "fail", "response_words is 93, above 80"),
    ],
)
def test_a_value_beyond_a_limit_is_judged_and_a_value_equal_to_it_is_fine(
    tmp_path: Path, value: float, status: str, reason: str
) -> None:
    (verdict,) = decide([_found(value)], _load(tmp_path, LIMITS))
    assert (verdict.status, verdict.reason) == (status, reason)
    assert verdict.threshold == "fail below 5, warn below 8, warn above 60, fail above 80"
    assert verdict.value == value


def test_the_reason_carries_what_the_gate_found(tmp_path: Path) -> None:
    (verdict,) = decide([_found(90, detail="second reply")], _load(tmp_path, LIMITS))
    assert verdict.reason == "response_words is 90, above 80 (second reply)"


def test_a_reason_never_shows_two_equal_numbers(tmp_path: Path) -> None:
    thresholds = _load(tmp_path, "  duplicate_near: {source: a paper, fail_above: 0.699}\n")
    (verdict,) = decide([_found(0.69901, "duplicate_near")], thresholds)
    assert verdict.reason == "duplicate_near is 0.69901, above 0.699"


def test_a_kind_replaces_single_limits_and_null_takes_one_away(tmp_path: Path) -> None:
    thresholds = _load(
        tmp_path,
        "  response_words:\n    source: a paper\n    fail_below: 5\n    fail_above: 80\n"
        "    kinds:\n      image_dialogue: {fail_above: 20}\n      text_dialogue: {fail_below: null}\n",
    )
    values = [
        _found(25, kind="image_dialogue"),
        _found(4, kind="image_dialogue"),
        _found(25),
        _found(4),
        _found(81),
    ]
    assert [verdict.status for verdict in decide(values, thresholds)] == [
        "fail",
        "fail",
        "pass",
        "pass",
        "fail",
    ]


def test_a_gate_without_limits_passes_everything(tmp_path: Path) -> None:
    thresholds = _load(tmp_path, "  repetition: {source: a paper}\n")
    verdicts = decide(
        [_found(9e9, "repetition"), _found(-9e9, "links"), _found(float("nan"), "links")], thresholds
    )
    assert [(verdict.status, verdict.threshold, verdict.reason) for verdict in verdicts] == [
        ("pass", "", "")
    ] * 3


def test_a_value_that_is_no_number_fails_where_there_is_a_limit(tmp_path: Path) -> None:
    (verdict,) = decide([_found(float("nan"))], _load(tmp_path, LIMITS))
    assert (verdict.status, verdict.reason) == ("fail", "response_words could not be measured")


def test_verdicts_come_in_the_order_of_the_measurements(tmp_path: Path) -> None:
    values = [_found(float(number)) for number in (90, 10, 1)]
    verdicts = decide(values, _load(tmp_path, LIMITS))
    assert [(verdict.value, verdict.status) for verdict in verdicts] == [
        (90, "fail"),
        (10, "pass"),
        (1, "fail"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("  respons_words: {source: x}\n", 4, "there is no gate 'respons_words'"),
        ("  links: {fail_above: 0}\n", 4, "'gates.links.source' is missing"),
        ("  links: {source: '  '}\n", 4, "source"),
        ("  links:\n    source: x\n    fail_over: 1\n", 6, "unknown key 'fail_over'"),
        ("  links:\n    source: x\n    fail_above: many\n", 6, "found 'many'"),
        ("  links:\n    source: x\n    fail_above: .nan\n", 6, "finite"),
        (
            "  links:\n    source: x\n    fail_below: 9\n    fail_above: 3\n",
            4,
            "fail_below 9 above fail_above 3",
        ),
        (
            "  links:\n    source: x\n    fail_above: 3\n    kinds:\n      image: {warn_above: 5}\n",
            4,
            "for 'image' has warn_above 5 above fail_above 3",
        ),
        (
            "  links:\n    source: x\n    kinds:\n      picture: {fail_above: 1}\n",
            7,
            "does not measure 'picture'",
        ),
        (
            "  user_words:\n    source: x\n    kinds:\n      caption: {fail_above: 1}\n",
            7,
            "image_dialogue, probe, text_dialogue",
        ),
        ("  links: {source: x}\n  links: {source: y}\n", 5, "stands twice"),
    ],
)
def test_a_fault_in_the_file_names_file_line_and_next_step(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    with pytest.raises(SettingsError) as fault:
        _load(tmp_path, text)
    assert f"gates.yaml, line {line}: " in str(fault.value)
    assert told in str(fault.value)


def test_an_unknown_gate_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Known: ai_tone, .*, visual_elements\.$"):
        _load(tmp_path, "  tone: {source: x}\n")


def test_gates_measured_elsewhere_can_be_made_known(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(HEAD + "  clip_fit: {source: x, fail_below: 0.2}\n", encoding="utf-8")
    thresholds = load_thresholds(path, also_known=["clip_fit"])
    (verdict,) = decide([_found(0.1, "clip_fit", "image")], thresholds)
    assert verdict.status == "fail"


def test_an_unknown_name_in_a_call_lists_the_known_gates() -> None:
    with pytest.raises(SettingsError, match=r"There is no gate 'tone' of this sort\. Known: ai_tone, "):
        measure_records([], Context(), ["tone"])


def test_the_shipped_file_holds_the_bounds_of_the_published_data() -> None:
    shipped = load_thresholds(assets.find("qa", "gates.yaml"))
    assert shipped.max_reject_share == 0.10
    assert shipped.image_duplicates.radius == 8
    assert shipped.gates["fact_overlap"].fail_above is None
    assert all(len(gate.source) > 8 for gate in shipped.gates.values())

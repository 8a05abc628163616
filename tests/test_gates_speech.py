"""Speech, safety and language: what the patterns catch, and what they leave alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from gates_samples import CONTEXT, dialogue
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data import assets
from rolescape_data.errors import SettingsError
from rolescape_data.gates import RECORD_GATES, measure_records
from rolescape_data.gates.language import foreign, foreign_letters
from rolescape_data.gates.privacy import iban, luhn, personal_data, postal_addresses
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.gates.talk import meta_phrases, stage_marks


@pytest.mark.parametrize(
    "text", ["Bo was born for the camera.", "Do not make a scene.", "A game of chance.", "我喜欢看戏。"]
)
def test_innocent_words_of_the_stage_are_no_meta_talk(text: str) -> None:
    assert meta_phrases(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The script says I must laugh now.",
        "Cut to black.",
        "I am just a fictional character.",
        "As a character in this story, I may not leave.",
        "Dear reader, the reader will remember her.",
        "镜头拉近，他笑了。",
    ],
)
def test_talk_about_the_production_is_found(text: str) -> None:
    assert len(meta_phrases(text)) == 1


@pytest.mark.parametrize(
    "text",
    ["*wrong*", "*that is my bacon*", "(and believe me, they shrink)", "(Within this zip code.)", "*Joey:* Hey!", "**Plato:** Yes.", "He said no, and I said (look at this) yes."],
)  # fmt: skip
def test_emphasis_labels_and_asides_are_no_stage_directions(text: str) -> None:
    assert stage_marks(text) == []


@pytest.mark.parametrize(
    "text",
    ["*sighs*", "*wags tail happily*", "(looks miffed)", "(Sigh)", "(softly)", "[laughs]", "*adjusts her glasses*", "*slowly turns around*", "(点头)"],
)  # fmt: skip
def test_actions_between_marks_are_stage_directions(text: str) -> None:
    assert stage_marks(f"{text} Well then.") == [text]


def test_narration_by_name_is_a_stage_direction() -> None:
    assert stage_marks('"Go home," Mira whispered.', ("Mira",)) and not stage_marks(
        '"Go home," Mira whispered.'
    )


def test_commentaries_are_not_measured_for_talk_about_pictures_and_productions() -> None:
    assert all("commentary" not in RECORD_GATES[gate][1] for gate in ("meta_talk", "picture_talk"))


@pytest.mark.parametrize(
    "text",
    [
        "Be careful, Konrad! Guard him well!",
        "Ahoy, me hearties! Shiver me timbers!",
        "The Sceptre of Fire? What's that?",
    ],
)
def test_short_english_is_never_surely_foreign(text: str) -> None:
    assert foreign(text, "en")[0] < 0.5


def test_kin_of_a_language_count_as_the_language() -> None:
    assert foreign("昔人已乘黄鹤去，此地空余黄鹤楼。子美，见此景，可有感怀？", "zh") == (0.0, "")


def test_a_language_the_identifier_does_not_know_is_not_measured() -> None:
    assert measure_records([dialogue(lang="tlh")], CONTEXT, ["language"]) == []


@given(st.text())
def test_the_share_of_foreign_letters_lies_between_none_and_all(text: str) -> None:
    assert 0 <= foreign_letters(text, "en") <= 1 and 0 <= foreign_letters(text, "zh") <= 1


@given(st.integers(0, 10**15), st.integers(1, 9))
def test_changing_one_digit_always_breaks_a_card_number(number: int, step: int) -> None:
    digits = str(number).zfill(15)
    check = next(str(last) for last in range(10) if luhn(digits + str(last)))
    changed = str((int(digits[-1]) + step) % 10)
    assert luhn(digits + check) and not luhn(digits[:-1] + changed + check)


def test_an_iban_needs_its_check_digits() -> None:
    assert iban("GB82 WEST 1234 5698 7654 32") and not iban("GB83 WEST 1234 5698 7654 32")


def test_personal_data_is_named_by_sort_and_not_repeated_whole() -> None:
    found = personal_data("mira@saltby.net, +49 30 901820, 4111-1111-1111-1111")
    assert [one.split()[0] for one in found] == ["e-mail", "card", "telephone"]
    assert "saltby" not in " ".join(found) and "1111-1111" not in " ".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "In 1815, 1,250 of 10,839 men fell.",
        "ISBN 978-3-16-148410-0",
        "2026-11-20",
        "3.14159265358979",
        "pages 200-310 and 400-512",
    ],
)
def test_years_counts_and_other_numbers_are_no_personal_data(text: str) -> None:
    assert personal_data(text) == []


@pytest.mark.parametrize("text", ["221B Baker Street", "Rathausplatz 3", "北京市朝阳路12号", "P.O. Box 99"])
def test_houses_in_streets_are_found(text: str) -> None:
    assert len(postal_addresses(f"He lives at {text}.")) == 1


@pytest.mark.parametrize("gate", ["pii", "street_address", "flagged_words"])
def test_what_a_set_allows_for_its_character_is_not_counted(gate: str) -> None:
    text = "Come to 7 Quay Road, you blighter, or write to mira@saltby.net."
    free = replace(CONTEXT, allow={"mira-h": frozenset({"7 quay road", "you blighter", "mira@saltby.net"})})
    assert measure_records([dialogue(response=text)], CONTEXT, [gate])[0].value > 0
    assert measure_records([dialogue(response=text)], free, [gate])[0].value == 0


def test_no_list_of_allowed_phrases_lifts_the_gate_for_minors() -> None:
    record = dialogue(response="An erotic tale of a little girl.")
    free = replace(CONTEXT, allow={"mira-h": frozenset({"An erotic tale of a little girl."})})
    assert measure_records([record], free, ["minors_sexual"])[0].value == 1


def test_the_share_of_flagged_words_is_of_all_words() -> None:
    found = measure_records(
        [dialogue(response="Nine fine words and the tenth one is blighters.")], CONTEXT, ["flagged_words"]
    )
    assert found[0].value == pytest.approx(1 / 9) and found[0].detail == "response: blighters"


def test_the_shipped_list_of_flagged_words_holds_no_mild_oath() -> None:
    listed = load_flagged_words(assets.find("qa", "flagged_words.txt"))
    assert len(listed) > 40
    assert not listed & {"damn", "hell", "knave", "fool", "cock", "ass", "bloody"}


@pytest.mark.parametrize("line", ["two words", "mid*dle", "*"])
def test_a_bad_line_in_the_list_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "flagged_words.txt"
    path.write_text(f"# comment\nblighter*\n{line}\n")
    with pytest.raises(SettingsError, match="line 3: "):
        load_flagged_words(path)

"""What the report says of the set as a whole: contract, rejects, leaks, checks, distributions."""

from dataclasses import replace
from pathlib import Path

import pytest
from report_cases import Seen, nothing_built, picture_folder, report_data, verdict_row

from rolescape_data.gates.decide import Limits
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import (
    Cell,
)
from rolescape_data.report.charts import histogram
from rolescape_data.report.page import page


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    return picture_folder(tmp_path)


def test_open_cells_are_named_with_what_was_found_wanted_and_the_reason(blobs: Path) -> None:
    short = Cell(character_id="mira-h", kind="text_mcq", cell="hard", wanted=2, found=1, note="too few facts")
    found = Seen(page(report_data(blobs, cells=[*report_data(blobs).cells, short]))).words
    assert "Below its contract: 1 of 2 cells are open." in found
    assert "text mcq 1 of 2 too few facts Mira Holt hard 1 of 2" in found


def test_cells_that_are_open_for_one_reason_stand_together_and_none_is_left_out(blobs: Path) -> None:
    note = "too few facts"
    short = [
        Cell(character_id="mira-h", kind="text_mcq", cell=level, wanted=4, found=0, note=note)
        for level in ("easy", "medium", "hard")
    ]
    others = [
        Cell(character_id="mira-h", kind="text_qa", cell="qa", wanted=9, found=1, note=f"reason {number}")
        for number in range(8)
    ]
    found = Seen(page(report_data(blobs, cells=[*short, *others]))).words
    assert found.count(note) == 1
    assert "text mcq 0 of 12 too few facts Mira Holt easy 0 of 4, medium 0 of 4, hard 0 of 4" in found
    assert "Show 3 more reasons for open cells" in found
    assert all(f"reason {number}" in found for number in range(8))


def test_every_character_is_introduced_before_the_numbers_with_its_pictures(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert found.index("Characters Mira Holt") < found.index("Found and wanted")


def test_a_filled_contract_is_said_to_be_met(blobs: Path) -> None:
    assert "Contract met: all 1 cells are filled." in Seen(page(report_data(blobs))).words


def test_the_first_screen_says_that_a_filled_contract_is_no_judgement(blobs: Path) -> None:
    rows = [
        *report_data(blobs).verdicts,
        verdict_row("mira-h", "judged_mean", "not_run", 0, reason="no judge was asked; name one"),
        verdict_row("mira-h", "blind_share", "not_run", 0, reason="no solver tried these questions"),
    ]
    found = Seen(page(report_data(blobs, verdicts=rows))).words
    said = (
        "Quality not judged: 2 checks were not run , which is not passed (no judge was asked; no solver tried these "
        "questions). 1 record carries a warning ."
    )
    assert found.index("Contract met:") < found.index(said) < found.index("Characters Mira Holt")
    assert "Quality: every check was run." in Seen(page(report_data(blobs))).words


def test_what_a_check_found_is_listed_with_links_to_the_records_failures_first(blobs: Path) -> None:
    rows = [
        verdict_row("mira-h_dialogue_001", "user_words", "warn", 78),
        verdict_row("mira-h", "user_words", "warn", 77),
        verdict_row("gone_001", "user_words", "fail", 90, reason="user_words is 90, above 80"),
    ]
    html = page(report_data(blobs, verdicts=rows))
    found = Seen(html)
    assert (
        "Show these 3 gone_001 user_words is 90, above 80 mira-h_dialogue_001 user_words is 78" in found.words
    )
    assert '<a class="id" href="#r-mira-h_dialogue_001">mira-h_dialogue_001</a> user_words is 78' in html
    assert '<a class="id" href="#c1">mira-h</a> user_words is 77' in html
    assert "#r-gone_001" not in found.values("href")


def test_what_a_check_found_is_cut_and_says_so(blobs: Path) -> None:
    rows = [verdict_row(f"mira-h_dialogue_{number:03d}", "user_words", "warn", 78) for number in range(45)]
    found = Seen(page(report_data(blobs, verdicts=rows))).words
    assert "Show these 40" in found
    assert "5 more of them are in the workspace's tables" in found


def test_more_than_wanted_is_told_apart_from_what_is_open(blobs: Path) -> None:
    cells = [
        Cell(character_id="mira-h", kind=kind, cell="count", wanted=wanted, found=found)
        for kind, wanted, found in (("image", 16, 18), ("text_qa", 9, 4), ("caption", 5, 5))
    ]
    found = Seen(page(report_data(blobs, cells=cells))).words
    assert "image 18 , 16 wanted text qa 4 of 9, open caption 5 Between" in found


def test_a_set_for_which_no_model_was_asked_speaks_of_no_calls(blobs: Path) -> None:
    sound = report_data(blobs).characters[0]
    tables = {kind: rows for kind, rows in sound.tables.items() if kind != "text_dialogue"}
    by_rule = replace(sound, tables=tables, spent=Spent(373, 28, 0, 0, 0.0))
    found = Seen(page(report_data(blobs, characters=[by_rule]))).words
    assert "Models none asked, nothing spent" in found
    assert "Tasks worked by rule 373; for 28 the material holds nothing that fits" in found
    assert "2 dropped, no model asked" in found
    assert "without a reply" not in found


def test_handovers_between_writers_and_requests_in_quarantine_are_told(blobs: Path) -> None:
    sound = report_data(blobs).characters[0]
    routed = replace(
        sound,
        taken_over={("openai:a", "offline@3", "rate_limited"): 12},
        held={("text_qa", "refused"): 3},
    )
    found = Seen(page(report_data(blobs, characters=[routed]))).words
    assert "Mira Holt : 12 calls of openai:a were answered by offline@3 (rate limited)" in found
    assert "Mira Holt : 3 of kind text qa (refused)" in found
    assert "Between writers" not in Seen(page(report_data(blobs))).words


def test_rejects_are_grouped_by_reason_and_name_what_was_kept_instead(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert "image_duplicate 1 dropped" in found
    assert "shows the same picture Kept instead: mira-h_image_001" in found
    assert "image_file 1 dropped" in found
    assert "broken.png no readable picture" in found
    assert "2 of 17 were dropped (11.8 %), more than the 10 %" in found


def test_leaks_between_splits_are_counted_and_named(blobs: Path) -> None:
    leak = verdict_row(
        "mira-h_mcq_001", "train_test_exact", "fail", 1, reason="train_test_exact is 1, above 0"
    )
    found = Seen(page(report_data(blobs, leaks=[leak]))).words
    assert "Training and testing touch: 1 leak between splits." in found
    assert "train_test_exact 1 leaking" in found
    assert "mira-h_mcq_001 train_test_exact is 1, above 0" in found
    assert "No test record repeats a training record" in Seen(page(report_data(blobs))).words


def test_warnings_stand_beside_the_record_and_in_the_table_of_checks(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert "warning user_words is 78, above 75" in found
    assert "user_words 0 1 0 fail below 5, warn above 75, fail above 80" in found


def test_a_set_with_nothing_built_still_gives_a_page(blobs: Path) -> None:
    found = Seen(page(nothing_built(blobs))).words
    assert "Not held against its contract yet." in found
    assert "nothing is written yet" in found
    assert "There is no profile yet." in found
    assert Seen(page(report_data(blobs, characters=[]))).words.count("The set has no characters.") == 1


def test_letters_and_difficulties_of_questions_about_pictures_are_counted(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert "Letter of the right option, about pictures 1 in all A 0 0 % B 0 0 % C 1 100 %" in found
    assert (
        "Difficulty of four-option questions about pictures 1 in all easy 0 0 % medium 0 0 % hard 1" in found
    )


def test_calls_that_ended_without_a_reply_are_counted(blobs: Path) -> None:
    assert "Calls 12, 1 without a reply" in Seen(page(report_data(blobs))).words


def test_histograms_count_every_value_and_place_limits_beyond_what_is_fine() -> None:
    chart = histogram("Replies", [4, 5, 80, 81], Limits(fail_below=5, fail_above=80), "words")
    assert [column.told for column in chart.columns] == ["0-4 words: 1", "5-9 words: 1", "80-84 words: 2"]
    assert chart.summary == "4 records, 4 to 81 words, median 5; dropped below 5; dropped above 80"


def test_columns_beyond_a_limit_are_coloured_by_what_befalls_them() -> None:
    chart = histogram("Replies", [2, 5, 20, 23], Limits(fail_below=5, warn_above=20), "words")
    assert [(column.told, column.status) for column in chart.columns] == [
        ("2 words: 1", "fail"),
        ("5 words: 1", "pass"),
        ("20 words: 1", "pass"),
        ("23 words: 1", "warn"),
    ]
    fail, warn = chart.marks
    assert float(fail.x.rstrip("%")) == pytest.approx(100 * 5 / 24, abs=0.01)
    assert float(warn.x.rstrip("%")) == pytest.approx(100 * 21 / 24, abs=0.01)

"""What the report shows of one character: pictures and what belongs to them, talks, questions, who wrote what."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from gates_samples import (
    image,
    qa,
)
from PIL import Image
from report_cases import (
    BLOB,
    Seen,
    around_the_picture,
    for_trainers,
    picture_folder,
    picture_question,
    report_data,
    verdict_row,
)

from flows.steps import STEPS
from flows.whole_set import ABOUT
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import VisualAttributes
from rolescape_data.report.data import CharacterPage
from rolescape_data.report.page import page
from rolescape_data.report.people import places
from rolescape_data.report.pictures import thumbnail


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    return picture_folder(tmp_path)


def test_every_record_says_whether_a_model_wrote_it(blobs: Path) -> None:
    found = Seen(page(report_data(blobs)))
    assert found.text.count("model-written: openai:some-model") == 1
    assert found.text.count("offline extract") == 14
    assert "offline (extracted, no model), openai:some-model" in found.words


def test_records_carry_their_split(blobs: Path) -> None:
    found = Seen(page(report_data(blobs)))
    titles = [value for tag, name, value in found.attributes if (tag, name) == ("span", "title")]
    assert titles.count("Split: test_id") == 1
    assert titles.count("The set was not divided since this record was made.") == 14


def test_the_right_option_is_marked_in_words(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert "Saltby right Norrow Eastham Kelding" in found


def test_the_note_of_a_picture_is_its_alternative_text(blobs: Path) -> None:
    assert "A keeper in a red coat lifts a lamp." in Seen(page(report_data(blobs))).values("alt")


def test_a_missing_picture_is_named_and_does_not_stop_the_report(tmp_path: Path) -> None:
    html = page(report_data(tmp_path))
    assert "data:image" not in html
    assert "A keeper in a red coat lifts a lamp." in Seen(html).values("aria-label")


def test_thumbnails_are_small_jpegs_from_the_blob_folder_alone(blobs: Path) -> None:
    small = thumbnail(blobs, BLOB, 320)
    assert small is not None
    assert (small.width, small.height) == (320, 200)
    assert len(small.uri) < 40_000
    (blobs / "ab" / "text.png").write_bytes(b"no picture")
    assert thumbnail(blobs, "ab/text.png", 320) is None
    Image.new("RGB", (9, 9)).save(blobs / "outside.png")
    assert thumbnail(blobs / "ab", "../outside.png", 320) is None


def test_every_kind_of_record_has_its_place_on_the_page(blobs: Path) -> None:
    sound = report_data(blobs).characters[0]
    data = report_data(blobs, characters=[replace(sound, tables={**sound.tables, **for_trainers()})])
    # What solvers and judges say of a record is told with the gates that read it.
    assert set(data.characters[0].tables) == {step.kind for step in STEPS} - ABOUT
    ids = {f"r-{rows[0].id}" for rows in data.characters[0].tables.values()}
    assert ids <= set(Seen(page(data)).values("id"))


def test_an_annotation_says_whether_it_was_supplied_and_what_is_unknown(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert "Annotation extracted" in found
    assert "Role Mira, a keeper Place Unknown. Scene A late watch" in found
    tables = around_the_picture()
    annotation = tables["annotation"][0].model_copy(update={"supplied": True})
    sound = report_data(blobs).characters[0]
    given = replace(sound, tables={**sound.tables, "annotation": [annotation]})
    assert "Annotation supplied" in Seen(page(report_data(blobs, characters=[given]))).words


def test_a_picture_shows_the_attributes_that_its_texts_are_made_of(blobs: Path) -> None:
    assert "No single attributes are known of it." in Seen(page(report_data(blobs))).words
    seen = image(blob=BLOB).model_copy(
        update={"attributes": VisualAttributes(pose="lifts a lamp", outfit="a red oilskin coat")}
    )
    sound = report_data(blobs).characters[0]
    known = replace(sound, tables={**sound.tables, "image": [seen]})
    found = Seen(page(report_data(blobs, characters=[known]))).words
    assert "made of: 2 attributes pose lifts a lamp outfit a red oilskin coat" in found


def test_a_character_is_introduced_with_links_to_every_part_of_it(blobs: Path) -> None:
    found = Seen(page(report_data(blobs)))
    parts = ("profile", "pictures", "talks", "joint-talks", "exchanges", "questions", "choices", "probes")
    assert {f"#c1-{part}" for part in parts} <= set(found.values("href"))
    assert "#c1-further" not in found.values("href")
    assert found.words.index("Mira Holt mira-h") < found.words.index("Found and wanted")


def test_questions_about_a_picture_stand_beside_it_with_what_they_are(blobs: Path) -> None:
    found = Seen(page(report_data(blobs))).words
    assert (
        "A lamp. mira-h_vqa_001 no split yet offline extract objective unanswerable from image, profile "
        "held object" in found
    )
    assert "context element hard What colour is the coat? green blue red right grey The coat is red." in found
    assert "t2i with thinking Mira lifts a lamp." in found


def test_open_questions_forms_and_probes_are_folded(blobs: Path) -> None:
    html = page(report_data(blobs))
    folded = " ".join(re.findall(r"<details>.*?</details>", html, re.DOTALL))
    for record_id in ("mira-h_vqa_001", "mira-h_t2i_001", "mira-h_probe_001"):
        assert f'id="r-{record_id}"' in folded
    assert 'id="r-mira-h_vmcq_001"' not in folded
    assert "Memorization, 1" in Seen(html).words


def test_a_talk_of_two_characters_names_both(blobs: Path) -> None:
    sound = report_data(blobs)
    partner = CharacterPage("jon-2", "Jon Pike", {}, [], Spent(0, 0, 0, 0, 0.0))
    found = Seen(page(replace(sound, characters=[*sound.characters, partner]))).words
    assert (
        "with Jon Pike Jon Pike You are up late. Mira Holt So is the sea. Word for word in mira.md" in found
    )
    assert "with jon-2 jon-2 You are up late." in Seen(page(sound)).words


def test_what_stands_beside_many_pictures_is_cut_says_so_and_is_not_linked(blobs: Path) -> None:
    pictures = [image(id=f"mira-h_image_{number:03d}") for number in range(1, 401)]
    questions = [picture_question(number) for number in range(1, 21)]
    sound = report_data(blobs).characters[0]
    large = replace(sound, tables={"image": pictures, "visual_qa": questions})
    warned = [
        verdict_row("mira-h_vqa_020", "train_test_exact", "fail", 1, reason="repeats a training record")
    ]
    found = Seen(page(report_data(blobs, characters=[large], leaks=warned)))
    assert "Show 4 open questions" in found.words
    assert "16 more questions are in the workspace's tables" in found.words
    assert "#r-mira-h_vqa_020" not in found.values("href")


def test_sources_are_named_once_with_their_lines() -> None:
    spans = [
        qa().evidence[0].model_copy(update={"source": source})
        for source in ("lines.jsonl#dawn/1", "lines.jsonl#dawn/2", "docs/mira.md", "docs/mira.md")
    ]
    assert places(spans) == ["lines.jsonl#dawn, lines 1, 2", "docs/mira.md"]

"""Pictures and word lists of a set that gates have a say in before anything is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from small_set import draw

from rolescape_data.records import ImageRecord, Rejected
from rolescape_data.store.workspace import Workspace

Run = Callable[..., Any]

UNFIT = {
    "picture_side is 180, below 256 (200 x 180)": lambda: draw(90, width=200, height=180),
    "picture_ratio is 0.3, below 0.333 (300 x 1000)": lambda: draw(91, width=300, height=1000),
    "picture_brightness is 1, below 4": lambda: Image.new("RGB", (300, 300), (1, 1, 1)),
}


def built(folder: Path) -> tuple[list[ImageRecord], list[Rejected]]:
    character = Workspace(folder / "built.workspace").character("mara-quist")
    return character.read(ImageRecord), [row for row in character.rejects() if row.kind == "image"]


@pytest.mark.parametrize("reason", UNFIT)
def test_an_unfit_picture_is_left_out_before_words_are_written_beside_it(
    small: Path, build: Run, tmp_path: Path, reason: str
) -> None:
    UNFIT[reason]().save(small.parent / "pictures/mara/mara-9.png")
    assert build(small, "--until", "images").status == 0
    records, rejects = built(tmp_path)
    assert [row.reasons for row in rejects] == [[reason]]
    assert all("mara-9" not in record.path for record in records)


def test_every_kept_picture_says_how_bright_and_sharp_it_is(small: Path, build: Run, tmp_path: Path) -> None:
    assert build(small, "--until", "images").status == 0
    records, _ = built(tmp_path)
    assert len(records) == 3
    assert all(record.brightness and record.sharpness and record.sharpness > 0 for record in records)


def test_a_set_brings_its_own_flagged_words_and_a_bad_line_of_them_is_named(small: Path, build: Run) -> None:
    (small.parent / "qa/flagged_words.txt").write_text("barometer\nsmoked eel\n")
    run = build(small, "--until", "images")
    assert run.status == 2 and "flagged_words.txt, line 2: 'smoked eel'" in run.err

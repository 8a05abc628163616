"""The report as one page: it holds everything, runs its own filter alone, asks nobody, and reads in order."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from gates_samples import (
    caption,
    dialogue,
    image,
    image_dialogue,
    mcq,
    profile,
    qa,
    talk,
)
from report_cases import (
    BLOB,
    HOSTILE,
    Seen,
    addresses,
    around_the_picture,
    picture_folder,
    rejected_row,
    report_data,
    verdict_row,
)

from rolescape_data.records import (
    Cell,
    Record,
)
from rolescape_data.report.page import page


def script_of(html: str) -> str:
    return html[html.rindex("<script>") + len("<script>") : html.rindex("</script>")]


def digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    return picture_folder(tmp_path)


def test_hostile_text_is_shown_as_it_is_and_does_nothing(blobs: Path) -> None:
    sound = report_data(blobs)
    tables: dict[str, list[Record]] = {
        "profile": [profile(description=HOSTILE, name=HOSTILE, catchphrases=[HOSTILE], script=HOSTILE)],
        "image": [image(blob=BLOB, note=HOSTILE, path=f"pictures/{HOSTILE}")],
        "image_dialogue": [image_dialogue(user_text=HOSTILE, response=HOSTILE)],
        "caption": [caption(thinking_process=HOSTILE, generation_instruction=HOSTILE, t2i_caption=HOSTILE)],
        "human_role_dialogue": [talk(HOSTILE, HOSTILE)],
        "text_dialogue": [dialogue(user_text=HOSTILE, license=HOSTILE, source=HOSTILE)],
        "text_qa": [qa(question=HOSTILE, answer=HOSTILE)],
        "text_mcq": [mcq(question=HOSTILE, rationale=HOSTILE)],
        **around_the_picture(HOSTILE),
    }
    reject = rejected_row(HOSTILE, HOSTILE, winner=HOSTILE, content=HOSTILE)
    hostile = replace(
        sound,
        name=HOSTILE,
        about=HOSTILE,
        blueprint=HOSTILE,
        writer=HOSTILE,
        clip_note=HOSTILE,
        characters=[replace(sound.characters[0], name=HOSTILE, id=HOSTILE, tables=tables, rejects=[reject])],
        cells=[Cell(character_id="mira-h", kind=HOSTILE, cell=HOSTILE, wanted=2, found=1, note=HOSTILE)],
        leaks=[verdict_row(HOSTILE, HOSTILE, "fail", 1, reason=HOSTILE)],
        verdicts=[verdict_row(HOSTILE, HOSTILE, "warn", 1, reason=HOSTILE, threshold=HOSTILE)],
    )
    found = Seen(page(hostile))
    assert set(found.tags) <= set(Seen(page(sound)).tags) | {"ul", "details", "h3"}
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in addresses(found))
    assert found.words.count('<script>alert("1")</script>') > 30


def test_the_page_refers_to_nothing_outside_itself_and_runs_its_filter_alone(blobs: Path) -> None:
    html = page(report_data(blobs))
    found = Seen(html)
    assert "http://" not in html
    assert "https://" not in html
    assert not {"link", "iframe", "object", "form", "base"} & set(found.tags)
    assert found.tags.count("script") == 1
    assert not [name for tag, name, _ in found.attributes if tag == "script"]
    assert not re.search(r"fetch|XMLHttp|import|eval|innerHTML|storage", script_of(html), re.IGNORECASE)
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in addresses(found))
    assert "url(" not in html
    assert "@import" not in html


def test_the_content_policy_allows_exactly_the_styles_and_the_script_of_the_page(blobs: Path) -> None:
    html = page(report_data(blobs))
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = Seen(html).values("content")[0]
    assert len(style) == 1
    assert f"style-src '{digest(style[0])}';" in policy
    assert f"script-src '{digest(script_of(html))}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_the_same_data_gives_the_same_page(blobs: Path) -> None:
    assert page(report_data(blobs)) == page(report_data(blobs))


def test_every_link_inside_the_page_leads_somewhere_and_no_id_stands_twice(blobs: Path) -> None:
    found = Seen(page(report_data(blobs)))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in found.values("href")} <= set(ids)


def test_without_its_script_the_page_hides_the_filter_and_nothing_else(blobs: Path) -> None:
    found = Seen(page(report_data(blobs)))
    hidden = [(tag, name) for tag, name, _ in found.attributes if name == "hidden"]
    assert hidden == [("li", "hidden"), ("div", "hidden")]
    ids = [(tag, value) for tag, name, value in found.attributes if name == "id"]
    assert ("div", "filter") in ids


def test_every_record_shows_its_id_and_carries_what_the_filter_reads(blobs: Path) -> None:
    data = report_data(blobs)
    html = page(data)
    found = Seen(html)
    rows = [row for table in data.characters[0].tables.values() for row in table]
    for row in rows:
        assert row.id in found.text
        assert f'id="r-{row.id}" data-kind="{row.kind}" data-is="' in html
    assert len(found.values("data-kind")) == len(rows)
    assert (
        'id="r-mira-h_dialogue_001" data-kind="text_dialogue" data-is="undivided model noted user_words"'
        in html
    )
    assert 'id="r-mira-h_mcq_001" data-kind="text_mcq" data-is="test_id offline quiet"' in html


def test_the_filter_offers_what_occurs_and_nothing_else(blobs: Path) -> None:
    data = report_data(blobs)
    values = [value for tag, name, value in Seen(page(data)).attributes if (tag, name) == ("option", "value")]
    kinds = list(data.characters[0].tables)
    states = ["noted", "quiet", "user_words", "test_id", "undivided", "model", "offline"]
    assert values == ["", *kinds, "", *states]


def test_headings_skip_no_level(blobs: Path) -> None:
    levels = [int(tag[1]) for tag in Seen(page(report_data(blobs))).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_large_sets_are_cut_and_say_so(blobs: Path) -> None:
    rows = [dialogue(id=f"mira-h_dialogue_{number:04d}") for number in range(1600)]
    sound = report_data(blobs)
    many = replace(sound, characters=[replace(sound.characters[0], tables={"text_dialogue": rows})])
    found = Seen(page(many)).words
    assert "Show 1494 more exchanges" in found
    assert "100 more exchanges are in the workspace's tables" in found

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from gates_samples import caption, dialogue, image, image_dialogue, mcq, profile, qa, talk
from PIL import Image

from rolescape_data import assets
from rolescape_data.gates.decide import Limits, load_thresholds
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import Cell, Provenance, Rejected, SplitRow, Verdict
from rolescape_data.report.charts import histogram
from rolescape_data.report.data import CharacterPage, ReportData
from rolescape_data.report.page import page
from rolescape_data.report.people import places
from rolescape_data.report.pictures import thumbnail

HOSTILE = """</style><script>alert("1")</script><img src=x onerror='alert(2)'> & http://evil.example/x.png"""
BLOB = "ab/picture.png"
MODEL = Provenance(source_kind="llm", writer="openai:some-model")


class Seen(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, found, value in self.attributes if found == name]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    (tmp_path / "ab").mkdir()
    Image.effect_mandelbrot((800, 500), (-2.0, -1.5, 1.0, 1.5), 20).save(tmp_path / BLOB)
    return tmp_path


def _verdict(record_id: str, gate: str, status: Any, value: float, **changes: Any) -> Verdict:
    fields = {
        "record_id": record_id,
        "kind": "text_dialogue",
        "character_id": "mira-h",
        "gate": gate,
        "status": status,
        "value": value,
        "threshold": "fail below 5, warn above 75, fail above 80",
        "reason": "" if status == "pass" else f"{gate} is {value:g}, above 75",
    }
    return Verdict(**{**fields, **changes})


def _reject(record_id: str, *reasons: str, winner: str = "", content: str = "{}") -> Rejected:
    return Rejected(
        record_id=record_id,
        kind="image",
        character_id="mira-h",
        origin="stage",
        reasons=list(reasons),
        winner_id=winner,
        record_json=content,
    )


def _data(blobs: Path, **changes: Any) -> ReportData:
    tables = {
        "profile": [profile()],
        "image": [image(blob=BLOB, note="A keeper in a red coat lifts a lamp.")],
        "image_dialogue": [image_dialogue()],
        "caption": [caption(dialogue_id="mira-h_image-dialogue_001")],
        "human_role_dialogue": [talk()],
        "text_dialogue": [dialogue(provenance=MODEL)],
        "text_qa": [qa()],
        "text_mcq": [mcq()],
    }
    rejects = [
        _reject("mira-h_image_002", "image_duplicate: shows the same picture", winner="mira-h_image_001"),
        _reject("mira-h_image_003", "image_file: no readable picture", content='{"path": "broken.png"}'),
    ]
    split = {"record_id": "mira-h_mcq_001", "kind": "text_mcq", "character_id": "mira-h", "group_id": "g"}
    fields: dict[str, Any] = {
        "name": "harbour",
        "blueprint": "starter",
        "about": "A small set.",
        "writer": "offline@1, openai:some-model",
        "characters": [
            CharacterPage("mira-h", "Mira Holt", tables, rejects, Spent(12, 1, 3400, 560, 0.25)),
        ],
        "cells": [Cell(character_id="mira-h", kind="text_qa", cell="count", wanted=1, found=1)],
        "verdicts": [
            _verdict("mira-h_dialogue_001", "response_words", "pass", 10),
            _verdict("mira-h_dialogue_001", "user_words", "warn", 78),
        ],
        "leaks": [],
        "splits": [SplitRow(**split, split="test_id")],
        "thresholds": load_thresholds(assets.find("qa", "gates.yaml")),
        "clip_note": "CLIP was not run.",
        "blob_folder": blobs,
    }
    return ReportData(**{**fields, **changes})


def _nothing_built(blobs: Path) -> ReportData:
    empty = CharacterPage("mira-h", "Mira Holt", {}, [], Spent(0, 0, 0, 0, 0.0))
    return _data(blobs, characters=[empty], writer="", cells=[], verdicts=[], splits=[])


def test_hostile_text_is_shown_as_it_is_and_does_nothing(blobs: Path) -> None:
    sound = _data(blobs)
    tables = {
        "profile": [profile(description=HOSTILE, name=HOSTILE, catchphrases=[HOSTILE], script=HOSTILE)],
        "image": [image(blob=BLOB, note=HOSTILE, path=f"pictures/{HOSTILE}")],
        "image_dialogue": [image_dialogue(user_text=HOSTILE, response=HOSTILE)],
        "caption": [caption(thinking_process=HOSTILE, generation_instruction=HOSTILE, t2i_caption=HOSTILE)],
        "human_role_dialogue": [talk(HOSTILE, HOSTILE)],
        "text_dialogue": [dialogue(user_text=HOSTILE, license=HOSTILE, source=HOSTILE)],
        "text_qa": [qa(question=HOSTILE, answer=HOSTILE)],
        "text_mcq": [mcq(question=HOSTILE, rationale=HOSTILE)],
    }
    reject = _reject(HOSTILE, HOSTILE, winner=HOSTILE, content=HOSTILE)
    hostile = replace(
        sound,
        name=HOSTILE,
        about=HOSTILE,
        blueprint=HOSTILE,
        writer=HOSTILE,
        clip_note=HOSTILE,
        characters=[replace(sound.characters[0], name=HOSTILE, id=HOSTILE, tables=tables, rejects=[reject])],
        cells=[Cell(character_id="mira-h", kind=HOSTILE, cell=HOSTILE, wanted=2, found=1, note=HOSTILE)],
        leaks=[_verdict(HOSTILE, HOSTILE, "fail", 1, reason=HOSTILE)],
        verdicts=[_verdict(HOSTILE, HOSTILE, "warn", 1, reason=HOSTILE, threshold=HOSTILE)],
    )
    found = Seen(page(hostile))
    assert set(found.tags) <= set(Seen(page(sound)).tags) | {"ul", "details", "h3"}
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in _addresses(found))
    assert found.words.count('<script>alert("1")</script>') > 15


def _addresses(found: Seen) -> list[str]:
    return [*found.values("src"), *found.values("href"), *found.values("action"), *found.values("srcset")]


def test_the_page_refers_to_nothing_outside_itself_and_runs_nothing(blobs: Path) -> None:
    html = page(_data(blobs))
    found = Seen(html)
    assert "http://" not in html
    assert "https://" not in html
    assert not {"script", "link", "iframe", "object", "form", "base"} & set(found.tags)
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in _addresses(found))
    assert "url(" not in html
    assert "@import" not in html


def test_the_content_policy_allows_exactly_the_styles_of_the_page(blobs: Path) -> None:
    html = page(_data(blobs))
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = Seen(html).values("content")[0]
    assert len(style) == 1
    assert f"style-src 'sha256-{b64encode(sha256(style[0].encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_the_same_data_gives_the_same_page(blobs: Path) -> None:
    assert page(_data(blobs)) == page(_data(blobs))


def test_every_link_inside_the_page_leads_somewhere_and_no_id_stands_twice(blobs: Path) -> None:
    found = Seen(page(_data(blobs)))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in found.values("href")} <= set(ids)


def test_headings_skip_no_level(blobs: Path) -> None:
    levels = [int(tag[1]) for tag in Seen(page(_data(blobs))).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_open_cells_are_named_with_what_was_found_wanted_and_the_reason(blobs: Path) -> None:
    short = Cell(character_id="mira-h", kind="text_mcq", cell="hard", wanted=2, found=1, note="too few facts")
    found = Seen(page(_data(blobs, cells=[*_data(blobs).cells, short]))).words
    assert "Below its contract: 1 of 2 cells are open." in found
    assert "Mira Holt: text_mcq , hard 1 of 2 too few facts" in found


def test_a_filled_contract_is_said_to_be_met(blobs: Path) -> None:
    assert "Contract met: all 1 cells are filled." in Seen(page(_data(blobs))).words


def test_every_record_says_whether_a_model_wrote_it(blobs: Path) -> None:
    found = Seen(page(_data(blobs)))
    assert found.text.count("model-written: openai:some-model") == 1
    assert found.text.count("offline extract") == 7
    assert "offline (extracted, no model), openai:some-model" in found.words


def test_records_carry_their_split(blobs: Path) -> None:
    found = Seen(page(_data(blobs)))
    assert found.text.count("test") == 1
    assert found.text.count("no split yet") == 7


def test_rejects_are_grouped_by_reason_and_name_what_was_kept_instead(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "image_duplicate 1 dropped" in found
    assert "shows the same picture Kept instead: mira-h_image_001" in found
    assert "image_file 1 dropped" in found
    assert "broken.png no readable picture" in found
    assert "2 of 10 were dropped (20.0 %), more than the 10 %" in found


def test_leaks_between_splits_are_counted_and_named(blobs: Path) -> None:
    leak = _verdict("mira-h_mcq_001", "train_test_exact", "fail", 1, reason="train_test_exact is 1, above 0")
    found = Seen(page(_data(blobs, leaks=[leak]))).words
    assert "Training and testing touch: 1 leak between splits." in found
    assert "train_test_exact 1 leaking" in found
    assert "mira-h_mcq_001 train_test_exact is 1, above 0" in found
    assert "No test record repeats a training record" in Seen(page(_data(blobs))).words


def test_warnings_stand_beside_the_record_and_in_the_table_of_checks(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "warning user_words is 78, above 75" in found
    assert "user_words 0 1 0 fail below 5, warn above 75, fail above 80" in found


def test_the_right_option_is_marked_in_words(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "Saltby right Norrow Eastham Kelding" in found


def test_the_note_of_a_picture_is_its_alternative_text(blobs: Path) -> None:
    assert "A keeper in a red coat lifts a lamp." in Seen(page(_data(blobs))).values("alt")


def test_a_set_with_nothing_built_still_gives_a_page(blobs: Path) -> None:
    found = Seen(page(_nothing_built(blobs))).words
    assert "Not held against its contract yet." in found
    assert "nothing is written yet" in found
    assert "There is no profile yet." in found
    assert Seen(page(_data(blobs, characters=[]))).words.count("The set has no characters.") == 1


def test_a_missing_picture_is_named_and_does_not_stop_the_report(tmp_path: Path) -> None:
    html = page(_data(tmp_path))
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


def test_large_sets_are_cut_and_say_so(blobs: Path) -> None:
    rows = [dialogue(id=f"mira-h_dialogue_{number:04d}") for number in range(1600)]
    sound = _data(blobs)
    many = replace(sound, characters=[replace(sound.characters[0], tables={"text_dialogue": rows})])
    found = Seen(page(many)).words
    assert "Show 1494 more exchanges" in found
    assert "100 more exchanges are in the workspace's tables" in found


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


def test_sources_are_named_once_with_their_lines() -> None:
    spans = [
        qa().evidence[0].model_copy(update={"source": source})
        for source in ("lines.jsonl#dawn/1", "lines.jsonl#dawn/2", "docs/mira.md", "docs/mira.md")
    ]
    assert places(spans) == ["lines.jsonl#dawn, lines 1, 2", "docs/mira.md"]

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from gates_samples import (
    COMMON,
    caption,
    commentary,
    dialogue,
    image,
    image_dialogue,
    mcq,
    profile,
    qa,
    span,
    talk,
)
from PIL import Image

from rolescape_data import assets
from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.gates.decide import Limits, load_thresholds
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import (
    Cell,
    ImageAnnotation,
    InterRoleDialogue,
    Options,
    ProbeInput,
    Provenance,
    Record,
    Rejected,
    SplitRow,
    T2IForm,
    Turn,
    Verdict,
    VisualMCQ,
    VisualQA,
)
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


def _visual_qa(number: int = 1, **changes: Any) -> VisualQA:
    fields = {
        "id": f"mira-h_vqa_{number:03d}",
        "image_id": "mira-h_image_001",
        "question": "What does the keeper lift?",
        "answer": "A lamp.",
        "type": "objective",
        "grounding": ["image", "profile"],
        "polarity": "unanswerable",
        "element": "held_object",
    }
    return VisualQA(**{**COMMON, **fields, **changes})


def _visual_mcq(number: int = 1, **changes: Any) -> VisualMCQ:
    fields = {
        "id": f"mira-h_vmcq_{number:03d}",
        "image_id": "mira-h_image_001",
        "category": "context_element",
        "difficulty": "hard",
        "question": "What colour is the coat?",
        "options": Options(A="green", B="blue", C="red", D="grey"),
        "answer_key": "C",
        "rationale": "The coat is red.",
    }
    return VisualMCQ(**{**COMMON, **fields, **changes})


def _around_the_picture(text: str = "") -> dict[str, list[Record]]:
    """Return one record of each kind that stands beside a picture, talks with others and probes; `text` in all of it."""
    beside: dict[str, Any] = {**COMMON, "image_id": "mira-h_image_001"}
    turns = [
        Turn(speaker="jon-2", text=text or "You are up late.", evidence=span()),
        Turn(speaker="mira-h", text=text or "So is the sea."),
    ]
    annotation: dict[str, Any] = {
        "role_info": text or "Mira, a keeper",
        "place_info": text,
        "scene_info": text or "A late watch",
    }
    asked: dict[str, Any] = {"question": text, "answer": text, "element": text} if text else {}
    options = Options(A=text or "green", B="blue", C=text or "red", D="grey")
    chosen: dict[str, Any] = {"question": text, "rationale": text} if text else {}
    return {
        "annotation": [ImageAnnotation(**beside, **annotation, id="mira-h_ann_001", supplied=False)],
        "visual_qa": [_visual_qa(**asked)],
        "visual_mcq": [_visual_mcq(options=options, **chosen)],
        "t2i_form": [
            T2IForm(
                **beside, id="mira-h_t2i_001", shape="t2i_with_thinking", prompt=text or "Mira lifts a lamp."
            )
        ],
        "commentary": [commentary(**({"question": text, "reply": text} if text else {"evidence": [span()]}))],
        "inter_role_dialogue": [
            InterRoleDialogue(**beside, id="mira-h_inter_001", partner_id="jon-2", messages=turns)
        ],
        "probe": [
            ProbeInput(**COMMON, id="mira-h_probe_001", probe="memorization", text=text or "Which coat?")
        ],
    }


def _data(blobs: Path, **changes: Any) -> ReportData:
    tables: dict[str, list[Record]] = {
        "profile": [profile()],
        "image": [image(blob=BLOB, note="A keeper in a red coat lifts a lamp.")],
        "image_dialogue": [image_dialogue()],
        "caption": [caption(dialogue_id="mira-h_image-dialogue_001")],
        "human_role_dialogue": [talk()],
        "text_dialogue": [dialogue(provenance=MODEL)],
        "text_qa": [qa()],
        "text_mcq": [mcq()],
        **_around_the_picture(),
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
    tables: dict[str, list[Record]] = {
        "profile": [profile(description=HOSTILE, name=HOSTILE, catchphrases=[HOSTILE], script=HOSTILE)],
        "image": [image(blob=BLOB, note=HOSTILE, path=f"pictures/{HOSTILE}")],
        "image_dialogue": [image_dialogue(user_text=HOSTILE, response=HOSTILE)],
        "caption": [caption(thinking_process=HOSTILE, generation_instruction=HOSTILE, t2i_caption=HOSTILE)],
        "human_role_dialogue": [talk(HOSTILE, HOSTILE)],
        "text_dialogue": [dialogue(user_text=HOSTILE, license=HOSTILE, source=HOSTILE)],
        "text_qa": [qa(question=HOSTILE, answer=HOSTILE)],
        "text_mcq": [mcq(question=HOSTILE, rationale=HOSTILE)],
        **_around_the_picture(HOSTILE),
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
    assert found.words.count('<script>alert("1")</script>') > 30


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
    assert found.text.count("offline extract") == 14
    assert "offline (extracted, no model), openai:some-model" in found.words


def test_records_carry_their_split(blobs: Path) -> None:
    found = Seen(page(_data(blobs)))
    assert found.text.count("test") == 1
    assert found.text.count("no split yet") == 14


def test_rejects_are_grouped_by_reason_and_name_what_was_kept_instead(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "image_duplicate 1 dropped" in found
    assert "shows the same picture Kept instead: mira-h_image_001" in found
    assert "image_file 1 dropped" in found
    assert "broken.png no readable picture" in found
    assert "2 of 17 were dropped (11.8 %), more than the 10 %" in found


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


def test_every_kind_of_record_has_its_place_on_the_page(blobs: Path) -> None:
    data = _data(blobs)
    assert set(data.characters[0].tables) == set(load_blueprint("starter").kinds)
    ids = {f"r-{rows[0].id}" for rows in data.characters[0].tables.values()}
    assert ids <= set(Seen(page(data)).values("id"))


def test_an_annotation_says_whether_it_was_supplied_and_what_is_unknown(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "Annotation extracted" in found
    assert "Role Mira, a keeper Place Unknown. Scene A late watch" in found
    tables = _around_the_picture()
    annotation = tables["annotation"][0].model_copy(update={"supplied": True})
    sound = _data(blobs).characters[0]
    given = replace(sound, tables={**sound.tables, "annotation": [annotation]})
    assert "Annotation supplied" in Seen(page(_data(blobs, characters=[given]))).words


def test_questions_about_a_picture_stand_beside_it_with_what_they_are(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert (
        "A lamp. no split yet offline extract objective unanswerable from image, profile held object" in found
    )
    assert "context element hard What colour is the coat? green blue red right grey The coat is red." in found
    assert "t2i with thinking Mira lifts a lamp." in found


def test_open_questions_forms_and_probes_are_folded(blobs: Path) -> None:
    html = page(_data(blobs))
    folded = " ".join(re.findall(r"<details>.*?</details>", html, re.DOTALL))
    for record_id in ("mira-h_vqa_001", "mira-h_t2i_001", "mira-h_probe_001"):
        assert f'id="r-{record_id}"' in folded
    assert 'id="r-mira-h_vmcq_001"' not in folded
    assert "Memorization, 1" in Seen(html).words


def test_a_talk_of_two_characters_names_both(blobs: Path) -> None:
    sound = _data(blobs)
    partner = CharacterPage("jon-2", "Jon Pike", {}, [], Spent(0, 0, 0, 0, 0.0))
    found = Seen(page(replace(sound, characters=[*sound.characters, partner]))).words
    assert (
        "with Jon Pike Jon Pike You are up late. Mira Holt So is the sea. Word for word in mira.md" in found
    )
    assert "with jon-2 jon-2 You are up late." in Seen(page(sound)).words


def test_letters_and_difficulties_of_questions_about_pictures_are_counted(blobs: Path) -> None:
    found = Seen(page(_data(blobs))).words
    assert "Letter of the right option, about pictures 1 in all A 0 0 % B 0 0 % C 1 100 %" in found
    assert (
        "Difficulty of four-option questions about pictures 1 in all easy 0 0 % medium 0 0 % hard 1" in found
    )


def test_calls_that_ended_without_a_reply_are_counted(blobs: Path) -> None:
    assert "Calls 12, 1 without a reply" in Seen(page(_data(blobs))).words


def test_what_stands_beside_many_pictures_is_cut_says_so_and_is_not_linked(blobs: Path) -> None:
    pictures = [image(id=f"mira-h_image_{number:03d}") for number in range(1, 401)]
    questions = [_visual_qa(number) for number in range(1, 21)]
    sound = _data(blobs).characters[0]
    large = replace(sound, tables={"image": pictures, "visual_qa": questions})
    warned = [_verdict("mira-h_vqa_020", "train_test_exact", "fail", 1, reason="repeats a training record")]
    found = Seen(page(_data(blobs, characters=[large], leaks=warned)))
    assert "Show 4 open questions" in found.words
    assert "16 more questions are in the workspace's tables" in found.words
    assert "#r-mira-h_vqa_020" not in found.values("href")


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

"""An audit of a set that was read: every rule counted, what no model said not run, mended where no writer is needed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Told, run_rolescape
from gates_samples import DOCUMENT, dialogue, image, mcq, profile, qa, span, talk
from PIL import Image, ImageDraw

from flows import audit as auditing
from flows.audit import audited, tell_audit
from rolescape_data.auditing.repair import Repair
from rolescape_data.auditing.table import Table
from rolescape_data.blueprints import Blueprint
from rolescape_data.collection import Collection, Finding
from rolescape_data.importers import IMPORTERS, Imported
from rolescape_data.records import LETTERS, Evidence, ImageRecord, Options, Record, TextMCQ
from rolescape_data.vision.hashes import phash64

TOWNS = ("Norrow", "Eastham", "Kelding")
THINGS = [
    "lamp",
    "oil",
    "jar",
    "wick",
    "tower",
    "stair",
    "door",
    "bell",
    "rope",
    "boat",
    "pier",
    "crab",
    "gull",
    "tide",
    "storm",
    "chart",
    "clock",
    "ledger",
    "kettle",
    "scarf",
    "boots",
    "shelf",
    "window",
    "stove",
    "ladder",
    "broom",
    "lantern",
    "anchor",
    "barrel",
    "fiddle",
    "harbour",
    "chimney",
    "pillow",
    "cellar",
    "basket",
    "mirror",
    "spoon",
    "hammer",
]


def question(number: int, key: str = "", *, text: str = "") -> TextMCQ:
    """Return a question of its own words; its right option stands under `key`."""
    letter = key or LETTERS[number % 4]
    others = iter(TOWNS)
    options = {name: "Saltby" if name == letter else next(others) for name in LETTERS}
    return mcq(
        id=f"mira-h_mcq_{number:03d}",
        question=text
        or f"Which town gave Mira Holt the {THINGS[number % 38]} numbered {number} of {number + 100}?",
        options=Options(**options),
        answer_key=letter,
        rationale=f"Option {letter} is right: Saltby.",
    )


def collected(records: Sequence[Record], *, train: Sequence[str] = (), **fields: object) -> Collection:
    """Return a set of one character; what is not named as training tests."""
    tables: dict[str, list[Record]] = {"profile": [profile()]}
    for record in records:
        tables.setdefault(record.kind, []).append(record)
    everything = [record.id for rows in tables.values() for record in rows]
    splits = {name: "train" if name in train else "test_id" for name in everything}
    return Collection(
        name="a set",
        characters={"mira-h": tables},
        splits={**splits, "mira-h_profile": "train"},  # type: ignore[dict-item]
        sources={"mira.md": DOCUMENT},
        **fields,  # type: ignore[arg-type]
    )


def held(
    collection: Collection,
    out: Path,
    *,
    findings: Sequence[Finding] = (),
    mend: bool = False,
    blueprint: Blueprint | None = None,
) -> tuple[Table, Repair | None]:
    return audited(
        Imported(collection, list(findings)),
        path="elsewhere",
        form="test",
        out=out,
        repair_to=out / "mended" if mend else None,
        blueprint=blueprint,
    )


@pytest.fixture(autouse=True)
def format_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(auditing.WRITERS, "test", lambda collection, folder: (folder / "copy").touch())


def picture(
    folder: Path, name: str, *, form: str, shade: int = 0, side: int = 300
) -> tuple[ImageRecord, Path]:
    """Draw a picture; `shade` makes another one."""
    drawn = Image.new("RGB", (side, side), (200, 200, 220))
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((20 + 3 * shade, 40, 160, 200 - 2 * shade), fill=(30, 60, 40 + shade))
    pen.ellipse((side - 140, 30 + 5 * shade, side - 30, 180), fill=(220, 40, 10))
    path = folder / name
    drawn.save(path, form)
    record = image(
        id=f"mira-h_img_{name.partition('.')[0]}",
        path=name,
        width=side,
        height=side,
        phash64=phash64(drawn),
    )
    return record, path


def test_uneven_letters_are_found_and_dealt_anew_with_the_rationale(tmp_path: Path) -> None:
    batch = [question(number, "C" if number < 30 else "") for number in range(40)]
    table, mended = held(collected(batch), tmp_path, mend=True)

    assert table.counted("mcq_key_balance") == 1
    assert table.counted("mcq_letter_share") == 1
    assert mended is not None
    again, _ = held(mended.collection, tmp_path / "again")
    assert again.counted("mcq_key_balance") == again.counted("mcq_letter_share") == 0
    dealt = mended.collection.of("mira-h", TextMCQ)
    assert [sum(one.answer_key == letter for one in dealt) for letter in LETTERS] == [10, 10, 10, 10]
    assert all(one.options.texts()[one.answer_key] == "Saltby" for one in dealt)
    assert all(one.rationale == f"Option {one.answer_key} is right: Saltby." for one in dealt)


def test_evidence_is_anchored_to_the_exact_span_where_it_stands_and_named_where_it_does_not(
    tmp_path: Path,
) -> None:
    loose = Evidence(source="mira.md", start=0, end=14, text="born  in Saltby")
    invented = Evidence(source="mira.md", start=0, end=14, text="born in Norrow")
    records = [
        qa(id="mira-h_qa_001"),
        qa(id="mira-h_qa_002", question="Which sea does Mira Holt trust?", evidence=[loose]),
        qa(id="mira-h_qa_003", question="Who lights lamps beside Mira Holt?", evidence=[invented]),
    ]
    table, mended = held(collected(records, train=[one.id for one in records]), tmp_path, mend=True)

    assert table.counted("evidence_exact") == 2
    assert mended is not None
    _, second, third = mended.collection.characters["mira-h"]["text_qa"]
    assert second.evidence == [span()]  # type: ignore[attr-defined]
    assert third.evidence == [invented]  # type: ignore[attr-defined]
    assert [one.place for one in mended.needs_writer if one.rule == "evidence_exact"] == ["mira-h_qa_003"]


def test_repeats_and_leaks_are_counted_apart_and_the_test_question_stays(tmp_path: Path) -> None:
    told = "Where was Mira Holt born?"
    records: list[Record] = [
        qa(id="mira-h_qa_001", question=told),
        qa(id="mira-h_qa_002", question="WHERE was mira holt born"),
        qa(id="mira-h_qa_003", question="What does Mira Holt never trust?"),
        question(1, text=told),
        question(2),
    ]
    table, mended = held(
        collected(records, train=[f"mira-h_qa_00{number}" for number in (1, 2, 3)]), tmp_path, mend=True
    )

    assert table.counted("duplicate_exact", "text_qa") == 1
    assert table.counted("train_test_exact") == 1
    assert mended is not None
    assert [one.id for one in mended.collection.characters["mira-h"]["text_qa"]] == ["mira-h_qa_003"]
    assert len(mended.collection.characters["mira-h"]["text_mcq"]) == 2
    assert {reject.record_id for reject in mended.rejects} == {"mira-h_qa_001", "mira-h_qa_002"}
    again, _ = held(mended.collection, tmp_path / "again")
    assert again.counted("duplicate_exact") == again.counted("train_test_exact") == 0


def test_a_picture_named_as_another_format_and_one_on_both_sides_are_found(tmp_path: Path) -> None:
    right, right_path = picture(tmp_path, "one.png", form="PNG")
    wrong, wrong_path = picture(tmp_path, "two.png", form="JPEG", shade=20)
    twin, twin_path = picture(tmp_path, "three.png", form="PNG")
    files = {right.id: right_path, wrong.id: wrong_path, twin.id: twin_path}
    table, mended = held(
        collected([right, wrong, twin], train=[right.id, wrong.id], pictures=files),
        tmp_path / "out",
        mend=True,
    )

    assert (table.counted("image_file"), table.counted("group_split")) == (1, 1)
    assert mended is not None
    paths = {one.id: one.path for one in mended.collection.of("mira-h", ImageRecord)}
    assert paths == {right.id: "one.png", wrong.id: "two.jpg", twin.id: "three.png"}


def test_an_empty_talk_goes_to_the_rejects(tmp_path: Path) -> None:
    records = [talk(), talk(id="mira-h_talk_002").model_copy(update={"messages": []})]
    table, mended = held(collected(records), tmp_path, mend=True)
    assert table.counted("turn_grammar") == 1
    assert mended is not None
    assert [one.id for one in mended.collection.characters["mira-h"]["human_role_dialogue"]] == [
        "mira-h_talk_001"
    ]
    (reject,) = [
        json.loads(line) for line in (tmp_path / "mended" / "rejects.jsonl").read_text().splitlines()
    ]
    assert reject["record_id"] == "mira-h_talk_002"


def test_counts_are_held_against_the_recipe_also_where_a_kind_is_missing(tmp_path: Path) -> None:
    recipe = Blueprint.model_validate(
        {
            "about": "a test",
            "kinds": {
                "text_qa": {"count": 3},
                "text_mcq": {"mix": {"easy": 1, "medium": 1, "hard": 0}},
                "probe": {"mix": {"memorization": 20}},
            },
        }
    )
    table, _ = held(collected([qa(), question(1)]), tmp_path, blueprint=recipe)
    found = {row.kind: row.examples[0].detail for row in table.rows if row.rule == "quota" and row.found}
    assert found == {
        "text_qa": "quota is 2, above 0 (count 1 for 3)",
        "text_mcq": "quota is 1, above 0 (medium 0 for 1)",
        "probe": "quota is 20, above 0 (no record of this kind)",
    }


def test_what_an_importer_found_stands_beside_what_gates_found(tmp_path: Path) -> None:
    findings = [
        Finding("numeric_option", "a.json", "mcq_items[0].options.A", "3 became '3'", repaired=True),
        Finding("stray_key", "a.json", "scenes[1]", "'image' on a text-only scene", hard=False),
        Finding("empty_conversation", "b.json", "dialogues[2]", "no messages"),
    ]
    table, mended = held(collected([qa()]), tmp_path, findings=findings, mend=True)
    weights = {row.rule: (row.weight, row.found) for row in table.rows if not row.kind}
    assert weights == {
        "numeric_option": ("told", 1),
        "stray_key": ("soft", 1),
        "empty_conversation": ("hard", 1),
    }
    assert mended is not None
    assert [one.rule for one in mended.mended] == ["numeric_option"]
    assert "empty_conversation" in {one.rule for one in mended.needs_writer}


def test_a_sound_set_passes_and_says_what_was_not_run(tmp_path: Path) -> None:
    table, _ = held(collected([qa(), dialogue()], train=["mira-h_qa_001"]), tmp_path)
    assert table.broken == []
    assert any("judged_mean" in gates for gates in table.not_run.values())
    told = tell_audit(table, None, tmp_path)
    assert "Not run, which is not passed" in told and "Broken rules" not in told
    page = (tmp_path / "audit.html").read_text()
    assert "No hard rule is broken" in page and "Not run is not passed" in page
    assert json.loads((tmp_path / "audit.json").read_text())["passed"] is True


def test_the_page_shows_what_data_says_and_runs_none_of_it(tmp_path: Path) -> None:
    bad = dialogue(response="Sure, here is the reply: <script>alert(1)</script> as an AI language model.")
    table, _ = held(collected([bad]), tmp_path)
    page = (tmp_path / "audit.html").read_text()
    assert table.counted("ai_tone") == 1
    assert "<script>" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_the_command_ends_with_1_when_hard_rules_fail_and_0_when_none_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = collected([qa()], train=["mira-h_qa_001"])
    broken = replace(sound, sources={})
    (tmp_path / "given").mkdir()

    def run(collection: Collection) -> Told:
        monkeypatch.setitem(IMPORTERS, "test", lambda path: Imported(collection, []))
        return run_rolescape("audit", tmp_path / "given", "--as", "test", "--out", tmp_path / "out")

    assert run(sound).status == 0
    told = run(broken)
    assert told.status == 1
    assert "evidence_exact" in told.out


def test_a_phrase_that_is_legal_for_a_character_is_allowed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = collected(
        [dialogue(response="Large language models keep no lamp, and this tower needs one every night.")]
    )
    monkeypatch.setitem(IMPORTERS, "test", lambda path: Imported(said, []))
    given = ("audit", tmp_path, "--as", "test", "--out", tmp_path / "out")
    assert "ai_tone" in run_rolescape(*given).out
    assert run_rolescape(*given, "--allow", "mira-h=large language models").status == 0
    told = run_rolescape(*given, "--allow", "mira-h")
    assert told.status == 2 and "CHARACTER=PHRASE" in told.err


def test_an_unknown_format_lists_the_known_ones_and_a_full_folder_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(IMPORTERS, "test", lambda path: Imported(collected([qa()]), []))
    told = run_rolescape("audit", tmp_path, "--as", "nothing", "--out", tmp_path / "out")
    assert told.status == 2 and "Known: " in told.err and "test" in told.err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    told = run_rolescape(
        "audit", tmp_path, "--as", "test", "--out", tmp_path / "out", "--repair", tmp_path / "full"
    )
    assert told.status == 2 and "is not empty" in told.err

"""Import, tables, export: a released set comes back, an edit changes its places alone, and the trainer's reader reads all."""

import ast
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import Told
from PIL import Image, ImageChops
from tiny_released import NAME, TEST, TRAIN, write_tiny

from rolescape_data.collection import Collection, Finding
from rolescape_data.errors import InputError
from rolescape_data.export.folder import export_folder
from rolescape_data.export.unicharacter import FORMAT, TABLE, unicharacter_files
from rolescape_data.importers import IMPORTERS
from rolescape_data.records import RECORDS, CheckQuestion, Evidence, Options, Provenance, Record, T2ICheck
from rolescape_data.store.tables import read_table, write_table

Run = Callable[..., Told]
CHECKOUT = Path(__file__).resolve().parent.parent
BO = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real")) / "rolescape20_bo"
real = pytest.mark.skipif(not BO.is_dir(), reason=f"no released data set at {BO}")


def through_tables(collection: Collection, folder: Path) -> Collection:
    """Write every record to Parquet and read it back."""
    characters: dict[str, dict[str, list[Record]]] = {}
    for character, tables in collection.characters.items():
        for kind, rows in tables.items():
            path = folder / character / f"{kind}.parquet"
            write_table(path, rows, RECORDS[kind])
            characters.setdefault(character, {})[kind] = read_table(path, RECORDS[kind])
    return replace(collection, characters=characters)


def exported(collection: Collection, out: Path) -> Path:
    files, counts = unicharacter_files(collection)
    export_folder(files, out, kind=FORMAT, name=collection.name, counts=counts)
    return out


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value of a JSON value with its place; an empty list or object is a value."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, f"{place}[{number}]")
    else:
        yield place, value


def contents(root: Path, only: str = "*") -> dict[str, dict[str, Any]]:
    """Read a data set's files as data: places and values by file; a picture is its pixels, a table its rows."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(root.rglob(only)):
        if not path.is_file() or path.name == "manifest.json":
            continue
        file = path.relative_to(root).as_posix()
        if path.suffix == ".json":
            found[file] = dict(leaves(json.loads(path.read_text())))
        elif path.suffix == ".jsonl":
            found[file] = dict(leaves([json.loads(line) for line in path.read_text().splitlines()]))
        elif path.suffix == ".yaml":
            found[file] = dict(leaves(yaml.safe_load(path.read_text())))
        elif path.suffix == ".parquet":
            rows = pq.read_table(path, columns=["captions"]).to_pylist()
            found[file] = dict(leaves([json.loads(row["captions"]) for row in rows]))
        elif path.suffix == ".png":
            found[file] = {"pixels": Image.open(path)}
        else:
            found[file] = {"text": path.read_bytes().decode()}
    return found


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Image.Image) and isinstance(other, Image.Image):
        first, second = one.convert("RGBA"), other.convert("RGBA")
        return first.size == second.size and ImageChops.difference(first, second).getbbox() is None
    return type(one) is type(other) and bool(one == other)


def departures(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Return every place of `before` or `after` that is not the same in both, in the files of `before`."""
    nothing = object()
    return [
        (file, place)
        for file, values in before.items()
        for place in [*values, *(place for place in after.get(file, {}) if place not in values)]
        if not same(values.get(place, nothing), after.get(file, {}).get(place, nothing))
    ]


def told_of(file: str, place: str, findings: list[Finding]) -> bool:
    """Say whether a finding names this very place, or one that holds it."""
    return any(
        finding.file == file
        and (place == finding.place or place.startswith((f"{finding.place}.", f"{finding.place}[")))
        for finding in findings
        if finding.place
    )


@real
def test_a_released_character_comes_back_field_for_field_but_for_its_findings(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = IMPORTERS["rolescape20"](BO)
    kept = through_tables(found.collection, tmp_path / "tables")
    assert kept == found.collection
    out = exported(kept, tmp_path / "out")
    before, after = contents(BO), contents(out)
    differing = departures(before, after)
    figures = {
        "files": len(before),
        "files_missing": len(before.keys() - after.keys()),
        "fields": sum(len(values) for values in before.values()),
        "differing": len(differing),
        "rules": dict(Counter(finding.rule for finding in found.findings)),
        "by_file": dict(Counter(file.split("/")[-1] for file, _ in differing)),
    }
    record_property("round_trip", figures)
    print(json.dumps(figures, indent=1))
    assert [pair for pair in differing if not told_of(*pair, found.findings)] == []
    assert not before.keys() - after.keys()
    # Only what cannot be right twice: 240 prefixes, 158 stray keys, 15 unknown types, 6 passages made exact, one count.
    assert len(differing) == 240 + 158 + 15 + 6 + 1
    new = [file for file in after.keys() - before.keys() if not file.endswith(".parquet")]
    assert new == [TABLE]


@real
def test_the_second_trip_of_a_released_character_changes_nothing_more(tmp_path: Path) -> None:
    first = exported(IMPORTERS["rolescape20"](BO).collection, tmp_path / "first")
    again = IMPORTERS["rolescape20"](first)
    second = exported(again.collection, tmp_path / "second")
    assert departures(contents(first), contents(second)) == []
    left = Counter(finding.rule for finding in again.findings)
    # A passage that stands nowhere stays so, rows of an earlier take stay so, and a missing type is still missing.
    assert left == {"evidence_verbatim": 9, "question_type": 15, "merged_rows": 2}


@pytest.fixture
def tiny(tmp_path: Path) -> Collection:
    write_tiny(tmp_path / "tiny")
    found = IMPORTERS["rolescape20"](tmp_path / "tiny")
    # Nothing derived was written, so that is all there is to say.
    assert {finding.rule for finding in found.findings} == {"file_missing"}
    return found.collection


def test_files_in_the_released_layout_come_back_as_they_were(tiny: Collection, tmp_path: Path) -> None:
    out = exported(through_tables(tiny, tmp_path / "tables"), tmp_path / "out")
    assert departures(contents(tmp_path / "tiny"), contents(out)) == []
    again = IMPORTERS["rolescape20"](out)
    assert again.findings == []
    assert exported(again.collection, tmp_path / "again").is_dir()
    assert {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in out.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    } == {
        p.relative_to(tmp_path / "again").as_posix(): p.read_bytes()
        for p in (tmp_path / "again").rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }


SCENE = (
    "annotation.json",
    "with_image.json",
    "extension_train.json",
    "_t2i.jsonl",
    "_t2i_with_thinking.jsonl",
    "_vlm.jsonl",
    "_vlm_extension.jsonl",
    "_vlm_thinking.jsonl",
    "_full.jsonl",
    "_full.jsonl",
    "_t2i.parquet",
    "_t2i_with_thinking.parquet",
)
# Which files hold a field of a record of the training side, once for each time it stands there.
PLACES: dict[tuple[str, str], tuple[str, ...]] = {
    ("image_dialogue", "user_text"): SCENE,
    ("image_dialogue", "response"): SCENE,
    ("caption", "thinking_process"): (
        "with_image.json",
        "_t2i_with_thinking.jsonl",
        "_vlm_thinking.jsonl",
        "_full.jsonl",
        "_t2i_with_thinking.parquet",
    ),
    ("caption", "generation_instruction"): (
        "with_image.json",
        "_t2i_with_thinking.jsonl",
        "_t2i_generation_instruction_only.jsonl",
        "_vlm_thinking.jsonl",
        "_full.jsonl",
        "_t2i_with_thinking.parquet",
        "_t2i_generation_instruction_only.parquet",
    ),
    ("caption", "t2i_caption"): ("t2i_instruction.json", "_pure_t2i.jsonl", "_pure_t2i.parquet"),
    ("text_dialogue", "user_text"): ("extension_train.json", "_vlm_extension.jsonl", "_full.jsonl"),
    ("text_dialogue", "response"): ("extension_train.json", "_vlm_extension.jsonl", "_full.jsonl"),
    ("text_qa", "question"): ("knowledge_qa.json", "_knowledge_qa.jsonl", "_full.jsonl"),
    ("text_qa", "answer"): ("knowledge_qa.json", "_knowledge_qa.jsonl", "_full.jsonl"),
    ("text_mcq", "question"): ("knowledge_qa_test.json",),
    ("text_mcq", "rationale"): ("knowledge_qa_test.json",),
    ("visual_qa", "question"): ("with_image.json", "_vqa.jsonl", "_full.jsonl"),
    ("visual_qa", "answer"): ("with_image.json", "_vqa.jsonl", "_full.jsonl"),
    ("visual_mcq", "question"): ("with_image.json",),
    ("visual_mcq", "rationale"): ("with_image.json",),
    ("probe", "text"): ("_test.json",),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "field"), list(PLACES))
def test_an_edited_field_changes_exactly_its_places(
    tiny: Collection, tmp_path: Path, kind: str, field: str
) -> None:
    before = contents(exported(tiny, tmp_path / "before"))
    for at, record in enumerate(tiny.characters["harbour_ada_fenn"][kind]):
        if tiny.splits[record.id] != "train" and kind in ("image_dialogue", "caption", "text_dialogue"):
            continue
        old = getattr(record, field)
        new = f"Edited words {at}"
        after = contents(exported(edited(tiny, kind, at, **{field: new}), tmp_path / "after"))
        changed = departures(before, after)
        assert before.keys() == after.keys()
        for file, place in changed:
            assert before[file][place].replace(old, new) == after[file][place], (file, place)
        due = sorted(PLACES[kind, field])
        hit = sorted(
            next((end for end in sorted(set(due), key=len, reverse=True) if file.endswith(end)), file)
            for file, _ in changed
        )
        assert hit == due, record.id


OPTIONS = Options(A="one", B="two", C="three", D="four")
SPAN = Evidence(source="x", start=0, end=9, text="brass key")
# The other fields that the layout carries: another value, and where it stands.
VALUES: dict[tuple[str, str], tuple[Any, tuple[str, ...]]] = {
    ("text_qa", "evidence"): ([SPAN], ("knowledge_qa.json",)),
    ("text_qa", "unanchored"): (["nowhere"], ("knowledge_qa.json",) * 3),  # one text becomes a list of two
    ("text_qa", "aspect"): ("goals", ("knowledge_qa.json",)),
    ("text_qa", "type"): ("list", ("knowledge_qa.json",)),
    ("text_qa", "difficulty"): ("hard", ("knowledge_qa.json",)),
    ("text_qa", "reasoning_steps"): (["Another."], ("knowledge_qa.json",)),
    ("text_qa", "confidence"): (0.25, ("knowledge_qa.json",)),
    ("text_mcq", "evidence"): ([SPAN], ("knowledge_qa_test.json",)),
    ("text_mcq", "unanchored"): (["nowhere"], ("knowledge_qa_test.json",) * 3),
    ("text_mcq", "aspect"): ("goals", ("knowledge_qa_test.json",)),
    ("text_mcq", "options"): (OPTIONS, ("knowledge_qa_test.json",) * 4),
    ("text_mcq", "answer_key"): ("D", ("knowledge_qa_test.json",)),
    ("text_mcq", "difficulty"): ("hard", ("knowledge_qa_test.json",)),
    ("visual_qa", "category"): ("context_element", ("with_image.json",)),
    ("visual_mcq", "category"): ("context_element", ("with_image.json",)),
    ("visual_mcq", "options"): (OPTIONS, ("with_image.json",) * 4),
    ("visual_mcq", "answer_key"): ("D", ("with_image.json",)),
    ("visual_mcq", "difficulty"): ("hard", ("with_image.json",)),
}
# What every record has, and what the layout has no place for: an edit of these changes no file.
NOWHERE: dict[str, set[str]] = {
    "text_qa": {"fact_ids"},
    "text_mcq": {"fact_ids"},
    "visual_qa": {"grounding", "polarity", "element"},
    "text_dialogue": {"evidence"},
    "image_dialogue": {"evidence"},
}
COMMON = {*Record.model_fields}
# Links decide where a record stands; `type` and `probe` into which list it goes: each has a test of its own.
ARRANGING = {"image_id", "dialogue_id", "probe"}


def edited(collection: Collection, kind: str, at: int, **fields: Any) -> Collection:
    (character,) = collection.characters
    rows = list(collection.characters[character][kind])
    rows[at] = rows[at].model_copy(update=fields)
    return replace(collection, characters={character: {**collection.characters[character], kind: rows}})


@pytest.mark.parametrize(("kind", "field"), list(VALUES))
def test_every_other_field_that_the_layout_carries_changes_exactly_its_places(
    tiny: Collection, tmp_path: Path, kind: str, field: str
) -> None:
    value, due = VALUES[kind, field]
    before = contents(exported(tiny, tmp_path / "before"))
    after = contents(exported(edited(tiny, kind, 0, **{field: value}), tmp_path / "after"))
    changed = departures(before, after)
    assert len(changed) == len(due) and all(file.endswith(due[0]) for file, _ in changed)
    item = {place.split(".")[0] for _, place in changed}
    assert len(item) == 1


def test_no_field_of_a_record_is_forgotten_in_these_tables() -> None:
    told = {*PLACES, *VALUES}
    for kind in (
        "image_dialogue",
        "caption",
        "text_dialogue",
        "text_qa",
        "text_mcq",
        "visual_qa",
        "visual_mcq",
        "probe",
    ):
        named = (
            {field for found, field in told if found == kind} | NOWHERE.get(kind, set()) | COMMON | ARRANGING
        )
        # `type` of a picture's question stands beside it and in its row.
        assert set(RECORDS[kind].model_fields) - named == ({"type"} if kind == "visual_qa" else set()), kind


def test_the_type_of_a_pictures_question_changes_where_it_stands_and_in_its_rows(
    tiny: Collection, tmp_path: Path
) -> None:
    before = contents(exported(tiny, tmp_path / "before"))
    after = contents(exported(edited(tiny, "visual_qa", 0, type="subjective"), tmp_path / "after"))
    assert sorted(
        (file.rsplit("_", 1)[-1], place.rsplit(".", 1)[-1]) for file, place in departures(before, after)
    ) == [
        ("full.jsonl", "qa_type"),
        ("image.json", "type"),
        ("vqa.jsonl", "qa_type"),
    ]


def test_fields_without_a_place_in_the_layout_change_nothing(tiny: Collection, tmp_path: Path) -> None:
    before = contents(exported(tiny, tmp_path / "before"))
    values: dict[str, Any] = {
        "fact_ids": ["fact_001"], "grounding": ["image"], "polarity": "negative", "element": "pose", "evidence": [SPAN],
        "license": "CC0-1.0", "source": "elsewhere", "provenance": Provenance(source_kind="human", writer="me"), "lang": "zh",
    }  # fmt: skip
    for kind, fields in NOWHERE.items():
        news = {field: values[field] for field in {*fields, "license", "source", "provenance", "lang"}}
        after = contents(exported(edited(tiny, kind, 0, **news), tmp_path / "after"))
        assert departures(before, after) == [], kind


def test_an_edited_description_changes_every_file_that_opens_with_it_and_every_row_that_tells_it(
    tiny: Collection, tmp_path: Path
) -> None:
    before = contents(exported(tiny, tmp_path / "before"))
    (profile,) = tiny.characters["harbour_ada_fenn"]["profile"]
    after = contents(exported(edited(tiny, "profile", 0, description="Changed."), tmp_path / "after"))
    old = profile.model_dump()["description"]
    told = {
        (file, place)
        for file, values in before.items()
        for place, value in values.items()
        if old in str(value)
    }
    assert set(departures(before, after)) == told
    assert not any(old in str(value) for values in after.values() for value in values.values())


def read_as_trainer(root: Path) -> Counter[str]:
    """Read every data set of the table the way BAGEL's loaders do; return how many rows each gave.

    Drawing: the folder is listed flat, every row group of every file is read, one caption of the JSON object is
    drawn. Language: image paths are joined to `data_dir`; only human and gpt turns count, at least one gpt turn;
    a text is cut at `<image>`, of which there must be as many as pictures.
    """
    given = Counter[str]()
    table = ast.literal_eval((root / TABLE).read_text().split("DATASET_INFO = ", 1)[1])
    for name, entry in table["t2i_pretrain"].items():
        files = sorted(path.name for path in (root / entry["data_dir"]).iterdir())
        assert len(files) == entry["num_files"] and all(file.endswith(".parquet") for file in files)
        for file in files:
            opened = pq.ParquetFile(root / entry["data_dir"] / file)
            assert opened.num_row_groups == 1
            for group in range(opened.num_row_groups):
                for row in opened.read_row_group(group).to_pylist():
                    Image.open(io.BytesIO(row["image"])).load()
                    captions = json.loads(row["captions"])
                    assert captions and all(isinstance(text, str) and text for text in captions.values())
                    given[name] += 1
        assert given[name] == entry["num_total_samples"]
    for name, entry in table["vlm_sft"].items():
        for line in (root / entry["jsonl_path"]).read_text().splitlines():
            row = json.loads(line)
            shown = [row["image"]] if isinstance(row.get("image"), str) else row.get("image", [])
            for path in shown:
                Image.open(root / entry["data_dir"] / path).load()
            senders = [turn["from"] for turn in row["conversations"]]
            assert set(senders) == {"human", "gpt"} and senders[0] == "human"
            marks = sum(
                turn["value"].count("<image>") for turn in row["conversations"] if turn["from"] == "human"
            )
            assert marks == len(shown)
            assert not any(
                "<image>" in turn["value"] for turn in row["conversations"] if turn["from"] == "gpt"
            )
            given[name] += 1
        assert given[name] == entry["num_total_samples"]
    for path in (root / "data/configs").rglob("*.yaml"):
        for task, section in yaml.safe_load(path.read_text()).items():
            assert [given[name] for name in section["dataset_names"]] == section["num_used_data"]
            assert all(name in table[task] for name in section["dataset_names"])
    return given


def test_the_trainers_reader_reads_every_row(tiny: Collection, tmp_path: Path) -> None:
    assert read_as_trainer(exported(tiny, tmp_path / "out")) == {
        "harbour_ada_fenn_t2i": 2,
        "harbour_ada_fenn_t2i_with_thinking": 2,
        "harbour_ada_fenn_t2i_generation_instruction_only": 2,
        "harbour_ada_fenn_pure_t2i": 2,
        "harbour_ada_fenn_vlm": 2,
        "harbour_ada_fenn_vlm_extension": 4,
        "harbour_ada_fenn_vlm_thinking": 2,
        "harbour_ada_fenn_knowledge_qa": 1,
        "harbour_ada_fenn_vqa": 4,
        "harbour_ada_fenn_full": 11,
    }


@real
def test_the_trainers_reader_reads_every_row_of_a_released_character(tmp_path: Path) -> None:
    given = read_as_trainer(exported(IMPORTERS["rolescape20"](BO).collection, tmp_path / "out"))
    assert given["bo_vqa"] == 239 and given["bo_full"] == 544 and given["bo_t2i_full"] == 240


def test_our_own_export_of_the_starter_set_passes_the_same_reader(
    starter: Path, tmp_path: Path, rolescape: Run
) -> None:
    out = tmp_path / "out"
    told = rolescape("export", starter, "--to", "unicharacter", "--out", out, "--engine", "none", "--quiet")
    assert told.status == 0, told.err
    assert rolescape("verify", out).status == 0
    found = IMPORTERS["rolescape20"](out)
    assert [finding for finding in found.findings if finding.hard] == []
    assert sum(read_as_trainer(out).values()) > 0
    first = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    again = tmp_path / "again"
    assert (
        rolescape(
            "export", starter, "--to", "unicharacter", "--out", again, "--engine", "none", "--quiet"
        ).status
        == 0
    )
    assert {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()} == first


def test_drawing_prompts_with_check_questions_go_to_the_reward_and_come_back(
    tiny: Collection, tmp_path: Path
) -> None:
    asked = [
        CheckQuestion(question=f"Is a wheel there, {n}?", type="yes_no", category="props", answer="yes", weight=1.0, is_negative=False)
        for n in range(5)
    ]  # fmt: skip
    asked.append(
        CheckQuestion(question="Which light?", type="multiple_choice", category="light", answer="warm", choices=["warm", "cold", "none"], weight=0.5, is_negative=False)
    )  # fmt: skip
    check = T2ICheck(
        id="harbour_ada_fenn_check_001", character_id="harbour_ada_fenn", lang="en", license="CC0-1.0",
        provenance=Provenance(source_kind="seed", writer="test"), prompt="Ada Fenn lifts a wheel to the lamp", questions=asked,
    )  # fmt: skip
    tables = {**tiny.characters["harbour_ada_fenn"], "t2i_check": [check]}
    out = exported(replace(tiny, characters={"harbour_ada_fenn": tables}), tmp_path / "out")
    path = out / "flow_grpo/dataset/personalized_t2i/Ada_Fenn/Ada_Fenn_pure_t2i_with_vqa.jsonl"
    row = json.loads(path.read_text())
    assert set(row) == {"text", "character", "scene_id", "reference_images_path", "vqa_questions"}
    assert (out / "flow_grpo" / row["reference_images_path"] / "0.png").is_file()
    back = IMPORTERS["rolescape20"](out)
    assert back.findings == []
    (read,) = back.collection.of("harbour_ada_fenn", T2ICheck)
    assert (read.prompt, read.questions) == (check.prompt, check.questions)


def test_a_passage_that_stands_in_another_document_is_added_to_the_profile(
    tiny: Collection, tmp_path: Path
) -> None:
    far = Evidence(source="letters.txt", start=0, end=27, text="The key is from her sister.")
    out = exported(edited(tiny, "text_qa", 0, evidence=[far]), tmp_path / "out")
    assert far.text in (out / TRAIN / f"{NAME}_full_profile.txt").read_text()
    assert [one for one in IMPORTERS["rolescape20"](out).findings if one.hard] == []


def test_a_picture_that_is_no_png_is_exported_as_one_with_the_same_pixels(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    path = tmp_path / "tiny" / TRAIN / "1.png"
    Image.open(path).save(path, "JPEG")
    wanted = Image.open(path).convert("RGB")
    found = IMPORTERS["rolescape20"](tmp_path / "tiny")
    assert ("picture_suffix", f"{TRAIN}/1.png") in [(one.rule, one.file) for one in found.findings]
    out = exported(found.collection, tmp_path / "out")
    made = Image.open(out / TRAIN / "1.png")
    assert made.format == "PNG" and ImageChops.difference(made.convert("RGB"), wanted).getbbox() is None


def test_two_characters_that_would_share_a_folder_are_refused(tiny: Collection) -> None:
    (tables,) = tiny.characters.values()
    with pytest.raises(InputError, match="Harbour-Ada Fenn"):
        unicharacter_files(replace(tiny, characters={"one": tables, "two": tables}))


def test_names_of_the_tiny_set_are_those_of_the_layout(tiny: Collection) -> None:
    files, _ = unicharacter_files(tiny)
    assert f"{TRAIN}/{NAME}_with_image.json" in files and f"{TEST}/annotation.json" in files
    # The merged set alone is called by its folder, as in the released one.
    assert f"{TRAIN}/processed/vlm/Harbour-Ada Fenn_full.jsonl" in files

"""What a build makes: exact counts, nothing invented, nothing torn apart, and the same bytes every time."""

import itertools
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Told, program
from small_set import IDS, ROOT, changed, contents, edit, tables, write_rows

from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.records import SplitRow
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]
Row = dict[str, Any]

STARTER = ROOT / "examples" / "starter"
STARTER_IDS = ("oda-wren", "quill", "tobin-ash")
NAMES = {
    "oda-wren": {"Oda Wren", "Oda"},
    "tobin-ash": {"Tobin Ash", "Tobin"},
    "quill": {"Quill"},
    "mara-quist": {"Mara Quist", "Mara"},
    "bram-oake": {"Bram Oake", "Bram"},
}


def records(workspace: Path, character: str) -> dict[str, list[Row]]:
    """Return a character's tables as plain rows."""
    found = Workspace(workspace).character(character).read_all()
    return {kind: [row.model_dump() for row in rows] for kind, rows in found.items()}


def rejects(workspace: Path, character: str) -> list[Row]:
    return [row.model_dump() for row in Workspace(workspace).character(character).rejects()]


def split_of(workspace: Path) -> dict[str, SplitRow]:
    return {row.record_id: row for row in read_table(workspace / "set/splits.parquet", SplitRow)}


def raw_lines(base: Path) -> dict[str, Row]:
    """Read the spoken lines of a set anew, by the name that evidence gives them."""
    found: dict[str, Row] = {}
    for path in sorted(base.rglob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if "speaker" in row:
                found[f"{path.relative_to(base).as_posix()}#{row['scene']}/{row['line']}"] = row
    return found


def raw_documents(base: Path) -> dict[str, str]:
    found = [*base.rglob("*.md"), *base.rglob("*.txt")]
    return {path.relative_to(base).as_posix(): path.read_text(encoding="utf-8") for path in found}


def replies(rows: dict[str, list[Row]], character: str) -> Iterator[str]:
    """Yield everything that a character says in its records."""
    for kind in ("image_dialogue", "text_dialogue"):
        yield from (row["response"] for row in rows[kind])
    for row in rows["human_role_dialogue"]:
        yield from (turn["text"] for turn in row["messages"] if turn["speaker"] == character)


def spans(value: Any) -> Iterator[Row]:
    """Yield every piece of evidence anywhere in a record."""
    if isinstance(value, dict):
        if value.keys() == {"source", "start", "end", "text"}:
            yield value
        for inner in value.values():
            yield from spans(inner)
    if isinstance(value, list):
        for inner in value:
            yield from spans(inner)


def test_the_starter_set_meets_its_contract(starter: Path) -> None:
    said = (starter.parent / "starter.out").read_text()
    assert (starter.parent / "starter.status").read_text() == "0", said
    cells = json.loads((starter / "set/contract.json").read_text())
    assert cells
    assert [cell for cell in cells if cell["found"] < cell["wanted"]] == []


@pytest.mark.parametrize("character", STARTER_IDS)
def test_the_starter_set_holds_exactly_what_its_blueprint_names(starter: Path, character: str) -> None:
    kinds = yaml.safe_load((ROOT / "qa/blueprints/starter.yaml").read_text())["kinds"]
    rows = records(starter, character)
    assert rows.keys() == kinds.keys()
    assert len(rows["image"]) >= kinds["image"]["min"]
    for kind in ("profile", "human_role_dialogue", "text_dialogue", "text_qa"):
        assert len(rows[kind]) == kinds[kind]["count"], kind
    for kind in ("image_dialogue", "caption"):
        assert [row["image_id"] for row in rows[kind]] == [image["id"] for image in rows["image"]]
    assert Counter(row["difficulty"] for row in rows["text_mcq"]) == kinds["text_mcq"]["mix"]
    assert all(6 <= len(row["messages"]) <= 22 for row in rows["human_role_dialogue"])


@pytest.mark.parametrize("character", STARTER_IDS)
def test_planted_copies_and_the_broken_file_are_in_the_rejects_with_their_reason(
    starter: Path, character: str
) -> None:
    folder = STARTER / "pictures" / character
    noted = {json.loads(row)["image"] for row in (folder / "notes.jsonl").read_text().splitlines()}
    planted = {path.name for path in folder.iterdir() if path.suffix in (".png", ".jpg", ".webp")} - noted
    assert planted
    kept = {Path(row["path"]).name: row["id"] for row in records(starter, character)["image"]}
    assert kept.keys() == noted
    dropped = [row for row in rejects(starter, character) if row["kind"] == "image"]
    assert {Path(json.loads(row["record_json"])["path"]).name for row in dropped} == planted
    for row in dropped:
        (reason,) = row["reasons"]
        name = Path(json.loads(row["record_json"])["path"]).name
        if row["winner_id"]:
            number = re.search(r"-(\d\d)-", name)
            assert (
                number and kept[next(file for file in kept if f"-{number[1]}-" in file)] == row["winner_id"]
            )
            assert reason.startswith("image_duplicate:")
        else:
            assert reason.startswith("image_file:") and name in reason


def test_one_file_of_the_starter_set_is_broken_and_the_others_are_copies(starter: Path) -> None:
    dropped = [row for name in STARTER_IDS for row in rejects(starter, name) if row["kind"] == "image"]
    assert sorted(bool(row["winner_id"]) for row in dropped)[:2] == [False, True]


@pytest.mark.parametrize("character", STARTER_IDS)
def test_every_reply_is_a_line_of_the_character_or_a_sentence_of_its_documents(
    starter: Path, character: str
) -> None:
    own = {row["text"] for row in raw_lines(STARTER).values() if row["speaker"] in NAMES[character]}
    documents = [
        text for name, text in raw_documents(STARTER).items() if name.startswith(f"documents/{character}/")
    ]
    said = list(replies(records(starter, character), character))
    assert len(said) > 80
    for text in said:
        sentence = rf"(?:^|[.!?\"] +|- +)\"?{re.escape(text)}(?:\"|\s|$)"
        assert text in own or any(re.search(sentence, body, re.MULTILINE) for body in documents), text


@pytest.mark.parametrize("character", STARTER_IDS)
def test_every_evidence_is_an_exact_span_of_what_it_names(starter: Path, character: str) -> None:
    sources = raw_documents(STARTER) | {name: row["text"] for name, row in raw_lines(STARTER).items()}
    count = Counter[str]()
    for kind, rows in records(starter, character).items():
        for row in rows:
            for span in spans(row):
                count[kind] += 1
                assert sources[span["source"]][span["start"] : span["end"]] == span["text"]
    assert count.keys() >= {
        "profile",
        "image_dialogue",
        "text_dialogue",
        "human_role_dialogue",
        "text_qa",
        "text_mcq",
    }


@pytest.mark.parametrize("character", STARTER_IDS)
def test_every_fact_of_the_starter_set_stands_in_the_characters_own_documents(
    starter: Path, character: str
) -> None:
    (profile,) = records(starter, character)["profile"]
    assert len(profile["facts"]) >= 120
    for fact in profile["facts"]:
        assert fact["evidence"]["source"].startswith(f"documents/{character}/")


@pytest.mark.parametrize("character", STARTER_IDS)
def test_right_letters_are_balanced(starter: Path, character: str) -> None:
    letters = Counter(row["answer_key"] for row in records(starter, character)["text_mcq"])
    assert sorted(letters) == ["A", "B", "C", "D"]
    assert max(letters.values()) - min(letters.values()) <= 1


def test_no_question_to_learn_from_is_one_to_test_with(starter: Path) -> None:
    rows = split_of(starter)
    asked: dict[str, set[str]] = {}
    for character in STARTER_IDS:
        for kind, found in records(starter, character).items():
            for row in found:
                if kind in ("text_qa", "text_mcq"):
                    words = " ".join(re.findall(r"\w+", row["question"].lower()))
                    asked.setdefault(rows[row["id"]].split, set()).add(f"{character} {words}")
    assert asked["train"] and asked["test_id"]
    assert asked["train"] & asked["test_id"] == set()


def ties(workspace: Path, radius: int) -> Iterator[tuple[str, str]]:
    """Yield what belongs together, found anew from pictures and spoken words: (record id, record id or words)."""
    lines = {row["text"] for row in raw_lines(STARTER).values()}
    hashes: dict[str, int] = {}
    for character in STARTER_IDS:
        for row in (row for rows in records(workspace, character).values() for row in rows):
            if "phash64" in row:
                hashes[row["id"]] = int(row["phash64"], 16)
            if row.get("image_id"):
                yield row["id"], row["image_id"]
            said = [row[name] for name in ("user_text", "response") if name in row]
            said += [turn["text"] for turn in row.get("messages", [])]
            yield from ((row["id"], f"said: {text}") for text in said if text in lines)
    for first, second in itertools.combinations(hashes, 2):
        if (hashes[first] ^ hashes[second]).bit_count() <= radius:
            yield first, second


def test_whatever_shares_a_picture_or_a_spoken_line_shares_a_split(starter: Path) -> None:
    radius = yaml.safe_load((ROOT / "qa/gates.yaml").read_text())["image_duplicates"]["radius"]
    links: dict[str, set[str]] = {}
    for first, second in ties(starter, radius):
        links.setdefault(first, set()).add(second)
        links.setdefault(second, set()).add(first)
    rows = split_of(starter)
    seen: set[str] = set()
    for start in sorted(links):
        group, edge = set[str](), {start} - seen
        while edge:
            group |= edge
            edge = {near for node in edge for near in links[node]} - group
        seen |= group
        assert len({rows[name].split for name in group if name in rows}) <= 1, sorted(group)
    assert {rows[name].split for name in seen if name in rows} == {"train", "test_id"}


def test_each_character_of_the_starter_set_keeps_three_pictures_and_six_dialogues_for_testing(
    starter: Path,
) -> None:
    kept = Counter(
        (row.character_id, row.kind) for row in split_of(starter).values() if row.split == "test_id"
    )
    for character in STARTER_IDS:
        assert kept[character, "image"] == 3
        assert kept[character, "text_dialogue"] == 6
        assert kept[character, "text_mcq"] == 10


def test_the_contract_says_how_many_are_really_kept_for_testing(starter: Path, small_made: Path) -> None:
    for workspace in (starter, small_made / "built.workspace"):
        kept = Counter(
            (row.character_id, row.kind) for row in split_of(workspace).values() if row.split == "test_id"
        )
        cells = json.loads((workspace / "set/contract.json").read_text())
        said = {
            (cell["character_id"], cell["kind"]): cell["found"] for cell in cells if cell["cell"] == "test_id"
        }
        assert said
        assert said == {place: kept[place] for place in said}


def test_every_record_says_where_it_comes_from(starter: Path) -> None:
    for character in STARTER_IDS:
        rows = records(starter, character)
        known = {row["id"] for found in rows.values() for row in found}
        # A talk of two characters is made from both profiles.
        known |= {f"{other}_profile" for other in STARTER_IDS}
        for found in rows.values():
            for row in found:
                assert row["license"] == "CC0-1.0" and row["source"]
                assert set(row["provenance"]["parents"]) <= known
                written = not row["provenance"]["writer"].startswith("rule:")
                if row["provenance"]["source_kind"] != "human" and written:
                    assert row["provenance"]["prompt_sha256"] and row["provenance"]["call_key"]


def test_blobs_are_pngs_named_by_their_content_and_stored_once(starter: Path) -> None:
    blobs = [path for path in (starter / "blobs").rglob("*") if path.is_file()]
    found = [row for name in STARTER_IDS for row in records(starter, name)["image"]]
    assert {row["blob"] for row in found} <= {
        path.relative_to(starter / "blobs").as_posix() for path in blobs
    }
    assert all(Workspace(starter).blobs.verify(row["blob"]) for row in found)
    assert len({path.stem for path in blobs}) == len(blobs)


HEARD = [
    ("Bram", "Mara was born on a grey warship in the middle of a turnip war."),
    ("Odile", "Bram said of Mara: Mara eats nothing but raw turnips on Mondays."),
    ("Mara", "You should hear yourself, and then you should eat your soup."),
    ("Joss", "Mara Quist owns seventeen silver turnips, and she hides them."),
]
SAID_IN_THE_DOCUMENT = (
    'Bram Oake said of Mara: "Mara sleeps on a bed of turnips." Odile calls Mara a turnip thief.\n'
)


def test_what_others_say_about_a_character_never_becomes_a_fact(small: Path, build: Build) -> None:
    path = small.parent / "lines.jsonl"
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    rows += [
        {"scene": "heard", "line": number, "speaker": speaker, "text": text, "image": None}
        for number, (speaker, text) in enumerate(HEARD, 1)
    ]
    write_rows(path, rows)
    document = small.parent / "mara.md"
    document.write_text(document.read_text() + f"\n## Quotes/Speech\n\n{SAID_IN_THE_DOCUMENT}")
    build(small)
    rows_of = records(small.parents[1] / "built.workspace", "mara-quist")
    (profile,) = rows_of["profile"]
    assert len(profile["facts"]) > 15
    told = [fact["text"] for fact in profile["facts"]]
    told += [
        profile[name] for name in ("description", "personality", "life_story", "background", "appearance")
    ]
    told += [str(row["answer"]) for row in rows_of["text_qa"]]
    told += [row["options"][row["answer_key"]] for row in rows_of["text_mcq"]]
    assert [text for text in told if "turnip" in text.lower() or "warship" in text.lower()] == []


def test_a_character_speaks_only_its_own_lines_and_sentences(small_made: Path) -> None:
    for character, document in zip(IDS, ("mara.md", "bram.md"), strict=True):
        own = {
            row["text"]
            for row in raw_lines(small_made / "set").values()
            if row["speaker"] in NAMES[character]
        }
        body = (small_made / "set" / document).read_text()
        said = list(replies(records(small_made / "built.workspace", character), character))
        assert said
        assert [text for text in said if text not in own and text not in body] == []


def test_a_picture_in_two_characters_folders_is_stored_once_and_kept_in_one_split(
    small: Path, build: Build, tmp_path: Path
) -> None:
    base = small.parent / "pictures"
    shutil.copyfile(base / "mara/mara-1.png", base / "bram/bram-2.png")
    build(small)
    workspace = tmp_path / "built.workspace"
    pictures = [row for name in IDS for row in records(workspace, name)["image"]]
    twice = [row for row in pictures if row["id"].endswith(("mara-1", "bram-2"))]
    assert len(twice) == 2 and twice[0]["blob"] == twice[1]["blob"]
    rows = split_of(workspace)
    assert len({rows[row["id"]].group_id for row in twice}) == 1


def test_the_end_of_one_file_is_no_question_to_a_scene_of_the_same_name_in_another(
    small: Path, build: Build, tmp_path: Path
) -> None:
    edit(small, "lines: [lines.jsonl]", "lines: [lines.jsonl, more.jsonl]")
    last = "And who shall carry the wet flags home tonight?"
    rows = [json.loads(row) for row in (small.parent / "lines.jsonl").read_text().splitlines()]
    last_row = {"scene": "end", "line": 1, "speaker": "Odile", "text": last, "image": None}
    spoken = {"scene": "end", "line": 0, "speaker": "Mara", "text": "I chalk the board twice on such days."}
    write_rows(small.parent / "lines.jsonl", [*rows, spoken, last_row])
    write_rows(
        small.parent / "more.jsonl",
        [{"scene": "end", "line": 1, "speaker": "Mara", "text": "I never answered a question in this file."}],
    )
    edit(small.parent / "qa/blueprints/small.yaml", "count: 4, per_call: 2", "count: 40, per_call: 20")
    build(small)
    found = records(tmp_path / "built.workspace", "mara-quist")["text_dialogue"]
    assert len(found) > 4
    assert last not in {row["user_text"] for row in found}


def test_a_line_belongs_to_the_picture_it_names_not_to_one_of_the_same_file_name(
    small: Path, build: Build, tmp_path: Path
) -> None:
    """Both characters number their pictures from 1; a line of the shared script shows one of the two."""
    for person in ("mara", "bram"):
        folder = small.parent / "pictures" / person
        for number in (1, 2, 3):
            (folder / f"{person}-{number}.png").rename(folder / f"{number}.png")
        edit(folder / "notes.jsonl", f'"{person}-', '"')
    lines = small.parent / "lines.jsonl"
    lines.write_text(re.sub(r'"(mara|bram)-(\d).png"', r'"\1/\2.png"', lines.read_text()))
    # Mara speaks beside Bram's second picture, and never beside her own.
    edit(lines, '"mara/2.png"', '"bram/2.png"')
    build(small)
    found = records(tmp_path / "built.workspace", "mara-quist")["image_dialogue"]
    assert {row["image_id"] for row in found} == {"mara-quist_img_1", "mara-quist_img_3"}


def test_another_folder_and_more_slots_give_the_same_bytes(
    small: Path, small_made: Path, build: Build, tmp_path: Path
) -> None:
    assert build(small, "--slots", "4").status == 0
    assert changed(contents(small_made / "built.workspace"), contents(tmp_path / "built.workspace")) == set()


@pytest.mark.parametrize(("engine", "slots", "hash_seed"), [("none", "1", "1"), ("local", "2", "4242")])
def test_another_process_engine_and_hash_seed_give_the_same_bytes(
    small: Path, small_made: Path, tmp_path: Path, engine: str, slots: str, hash_seed: str
) -> None:
    workspace = tmp_path / "other.workspace"
    command = program("build", small, "--out", workspace, "--engine", engine, "--slots", slots, "--quiet")
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()


def test_the_order_of_characters_in_the_file_changes_no_table(
    small: Path, small_made: Path, build: Build, tmp_path: Path
) -> None:
    head, first, second = re.split(r"(?=^  - name: )", small.read_text(), flags=re.MULTILINE)
    small.write_text(head + second + first)
    assert build(small).status == 0
    differing = changed(contents(small_made / "built.workspace"), contents(tmp_path / "built.workspace"))
    assert tables(differing) == set()
    assert [name for name in differing if name.startswith("shards/")] == []


def test_every_kind_that_is_built_reads_back_as_strict_records(small_made: Path) -> None:
    workspace = Workspace(small_made / "built.workspace")
    for character in IDS:
        kinds = yaml.safe_load((small_made / "set/qa/blueprints/small.yaml").read_text())["kinds"]
        assert workspace.character(character).read_all().keys() == kinds.keys()


def test_the_starter_set_holds_every_kind_of_its_blueprint(starter: Path) -> None:
    kinds = load_blueprint("starter").kinds
    for character in STARTER_IDS:
        assert Workspace(starter).character(character).read_all().keys() == kinds.keys()

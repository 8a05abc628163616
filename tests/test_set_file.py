"""The character-set file: what it says wrongly is one sentence with file and line."""

import json
from pathlib import Path

import pytest
from small_set import ROOT

from rolescape_data.errors import InputError, RolescapeError, SettingsError
from rolescape_data.materials import match_picture
from rolescape_data.schemas import schemas
from rolescape_data.settings import load_set, slug
from rolescape_data.store.inputs import from_set_file

GOOD = """\
name: small
license: CC0-1.0
scripts:
  The Pier:
    lines: [lines.jsonl]
characters:
  - name: Ada Fenn
    aliases: [Ada]
    category: fictional
    script: The Pier
    documents: [ada.md]
    images:
      - folder: pictures
        notes: notes.jsonl
        tags:
          mad: {expression: angry}
  - name: Bo
    category: animal
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set.yaml").write_text(GOOD)
    (tmp_path / "ada.md").write_text("Ada Fenn steers the ferry.\n")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "ada-mad.png").write_bytes(b"not read here")
    (tmp_path / "notes.jsonl").write_text(
        '{"image": "ada-mad.png", "note": "Ada frowns.", "attributes": {"pose": "seated"}}\n'
    )
    lines = [
        {"scene": "a", "line": 1, "speaker": "Bo", "text": "Who steers?"},
        {"scene": "a", "line": 2, "speaker": "Ada", "text": "I do.", "image": "ada-mad.png"},
        {"scene": "b", "line": 1, "speaker": "Bo", "text": "Nobody else is here."},
    ]
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def edited(folder: Path, old: str, new: str) -> Path:
    path = folder / "set.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def fault_of(path: Path) -> str:
    with pytest.raises(RolescapeError) as caught:
        found = from_set_file(path)
        for entry in found.found.characters:
            found.material(entry.resolved_id())
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_sound_set_is_read_with_all_its_material(folder: Path) -> None:
    inputs = from_set_file(folder / "set.yaml")
    ada = inputs.material("ada-fenn")
    assert [line.text for line in ada.own_lines()] == ["I do."]
    assert ada.pictures[0].attributes.expression == "angry", "the file-name tag is read"
    assert ada.pictures[0].attributes.pose == "seated", "the note's attribute is read"
    assert ada.pictures[0].note == "Ada frowns."


def test_a_character_hears_only_scenes_it_speaks_in(folder: Path) -> None:
    ada = from_set_file(folder / "set.yaml").material("ada-fenn")
    assert {line.scene for line in ada.lines} == {"a"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("license: CC0-1.0", "licence: CC0-1.0", 2, ["unknown key 'licence'", "license"]),
        ("    category: animal\n", "    category: robot\n", 18, ["category", "robot"]),
        ("    documents: [ada.md]", "    documents: [eda.md]", 11, ["no file 'eda.md'"]),
        ("folder: pictures", "folder: portraits", 13, ["no folder 'portraits'"]),
        ("  - name: Bo", "  - name: Ada", 17, ["two characters are called 'Ada'"]),
        ("  - name: Bo", "  - name: Ada Fenn", 17, ["two characters are called 'Ada Fenn'"]),
        ("  - name: Bo", "  - name: Bo\n    id: ada-fenn", 17, ["same id 'ada-fenn'"]),
        ("  - name: Bo", "  - name: 王", 17, ["no ASCII id"]),
        ("    script: The Pier", "    script: The Pear", 10, ["no script 'The Pear'", "The Pier"]),
        ("name: small", "name: small\nname: other", 2, ["stands twice"]),
        ("mad: {expression: angry}", "mad: {mood: angry}", 16, ["unknown key 'mood'", "expression"]),
        ("characters:", "characters: [", 7, ["not valid YAML"]),
    ],
)
def test_every_fault_is_one_sentence_with_file_and_line(
    folder: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    message = fault_of(edited(folder, old, new))
    assert f"set.yaml, line {line}:" in message
    for word in words:
        assert word in message


def test_a_missing_set_file_names_the_way_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rolescape init"):
        load_set(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ada.md", b"", "ada.md is empty"),
        ("ada.md", b"\xff\xfe\x00", "not UTF-8"),
        ("lines.jsonl", b"{broken\n", "lines.jsonl, line 1: not a JSON object"),
        ("lines.jsonl", b'{"speaker": "Ada"}\n', "lines.jsonl, line 1: 'text'"),
        ("lines.jsonl", b'{"scene":"a","line":1,"speaker":"A","text":"x"}\n' * 2, "has a line 1 already"),
        ("notes.jsonl", b'{"image": "ADA-mad.png", "note": "x"}\n', "letter case"),
        ("notes.jsonl", b'{"image": "ada-mad.png", "mood": "x"}\n', "notes.jsonl, line 1: 'mood'"),
    ],
)
def test_faults_in_named_files_name_file_and_line(
    folder: Path, name: str, content: bytes, words: str
) -> None:
    (folder / name).write_bytes(content)
    assert words in fault_of(folder / "set.yaml")


def test_annotation_paths_match_by_longest_suffix_and_ambiguity_is_an_error() -> None:
    files = ["a/x/01.jpg", "a/y/01.jpg"]
    assert match_picture("other/y/01.jpg", files, "here") == "a/y/01.jpg"
    assert match_picture("02.jpg", files, "here") == ""
    with pytest.raises(InputError, match="may mean"):
        match_picture("01.jpg", files, "here")


@pytest.mark.parametrize(
    ("name", "expected"), [("Li'sar", "lisar"), ("Oda Wren", "oda-wren"), ("Zoë", "zoe"), ("王", "")]
)
def test_ids_are_made_from_names(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_shipped_schemas_are_fresh() -> None:
    folder = Path(__file__).parents[1] / "schemas"
    shipped = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.schema.json")}
    assert shipped == schemas(), "run `make schemas`"


@pytest.mark.parametrize("name", ["starter", "starter_zh"])
def test_the_sets_that_ship_name_nothing_outside_their_folder(name: str) -> None:
    folder = ROOT / "examples" / name
    found = from_set_file(folder / "set.yaml")
    assert found.files
    assert all((folder / file).is_file() for file in found.files)

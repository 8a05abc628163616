"""Folders that somebody else made: what they name outside themselves is neither read, nor written, nor removed."""

import json
from pathlib import Path

import pytest

from rolescape_data.errors import InputError
from rolescape_data.export.folder import UNFINISHED, export_folder, verify_folder
from rolescape_data.importers.inside import files_in, is_file_in, parsed
from rolescape_data.importers.mmrole import import_mmrole
from rolescape_data.importers.released_pictures import find_picture
from rolescape_data.importers.released_reader import Reader
from rolescape_data.importers.released_rows import read_mixes
from rolescape_data.judging.answers import read_answers
from rolescape_data.judging.reviews import METRICS, read_reviews

MANIFEST = {"format": "toy", "format_version": 1, "name": "", "counts": {}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data set's folder with a private file beside it."""
    (tmp_path / "private.png").write_bytes(b"private")
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


@pytest.mark.parametrize("mark", ["manifest.json", UNFINISHED])
def test_an_export_removes_nothing_outside_its_folder_whatever_a_manifest_names(
    home: Path, mark: str
) -> None:
    files = {"../private.png": {"sha256": "0", "bytes": 1}}
    told = {**MANIFEST, "files": files if mark == "manifest.json" else list(files)}
    (home / mark).write_text(json.dumps(told))
    with pytest.raises(InputError):
        export_folder({"a.txt": b"a"}, home, kind="toy")
    assert (home.parent / "private.png").read_bytes() == b"private"


@pytest.mark.parametrize("content", ["[1]", "7", "[" * 100_000, '{"format": "toy", "files": 3}'])
def test_a_mark_that_no_export_wrote_is_refused_in_one_sentence(home: Path, content: str) -> None:
    (home / UNFINISHED).write_text(content)
    with pytest.raises(InputError, match="already holds files"):
        export_folder({"a.txt": b"a"}, home, kind="toy")


def test_a_broken_off_export_goes_on_and_is_whole_then(home: Path) -> None:
    (home / UNFINISHED).write_text(json.dumps({"format": "toy", "files": ["old.txt"]}))
    (home / "old.txt").write_text("from the run before")
    export_folder({"a.txt": b"a"}, home, kind="toy")
    assert verify_folder(home) == [] and not (home / "old.txt").exists()


@pytest.mark.parametrize("name", ["../private.png", "{home}/../private.png", "link.png", "a\0b", "a" * 5000])
def test_no_picture_is_read_from_outside_the_set(home: Path, name: str) -> None:
    (home / "link.png").symlink_to(home.parent / "private.png")
    (home / "own.png").write_bytes(b"own")
    reader = Reader(home)
    assert find_picture(reader, home, name.format(home=home)) is None
    assert find_picture(reader, home, "own") == home / "own.png"
    if len(name) < 100 and "\0" not in name:
        assert {one.rule for one in reader.findings} == {"outside"}


def test_links_out_of_a_folder_in_mmroles_format_are_findings(home: Path) -> None:
    beside = home.parent
    (beside / "beside.json").write_text('{"Nobody": "### Brief Introduction\\nPrivate."}')
    (beside / "beside.txt").write_text("private")
    for folder in ("profiles", "raw_info", "images", "dialogues"):
        (home / folder).mkdir()
    (home / "profiles/profiles.json").write_text('{"Ada": "### Brief Introduction\\nAda keeps bees."}')
    (home / "profiles/Ada.json").symlink_to(beside / "beside.json")
    (home / "dialogues/comment.json").symlink_to(beside / "beside.json")
    (home / "raw_info/Ada.txt").symlink_to(beside / "beside.txt")
    (home / "images/ada.png").symlink_to(beside / "private.png")
    found = import_mmrole(home)
    assert {one.file for one in found.findings if one.rule == "outside"} == {
        "profiles/Ada.json",
        "dialogues/comment.json",
        "raw_info/Ada.txt",
    }
    assert not found.collection.sources and not found.collection.pictures


def test_files_inside_are_found_and_others_told(home: Path) -> None:
    (home / "own.txt").write_text("own")
    (home / "link.txt").symlink_to(home.parent / "private.png")
    outside: list[Path] = []
    assert list(files_in(home, "*.txt", outside.append)) == [home / "own.txt"]
    assert outside == [home / "link.txt"] and not is_file_in(home, home)


def test_json_nested_too_deep_is_no_json_and_half_characters_are_replaced() -> None:
    with pytest.raises(ValueError, match="too deep"):
        parsed("[" * 200_000)
    assert parsed('{"\\ud800a": "b\\udfff", "c": "\\ud83d\\ude00"}') == {
        "\ufffda": "b\ufffd",
        "c": "\U0001f600",
    }


def test_a_configuration_of_a_billion_values_is_left_out(home: Path) -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (home / "x.yaml").write_text("\n".join(rows))
    (home / "y.yaml").write_text("when: 2001-99-99")
    reader = Reader(home)
    assert read_mixes(reader, home, "x", {"character_id": "x"}) == ([], {})
    assert [one.rule for one in reader.findings] == ["file_yaml", "file_yaml"]


def test_numbers_that_no_float_holds_are_unreadable_reviews(tmp_path: Path) -> None:
    said = {metric: {"score": [9, 9]} for metric in METRICS} | {METRICS[0]: {"score": [10**400, 9]}}
    path = tmp_path / "comment_test.json"
    path.write_text("\ufeff" + json.dumps([{"id": "a", "rm_review": said}]))
    read = read_reviews(path)
    assert [one.what for one in read.problems] == ["unreadable"] and len(read.pairs[0]) == 7
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="cannot be read as reviews"):
        read_reviews(path)


@pytest.mark.parametrize("content", [b"\xff\xfe[]", b"[" * 100_000])
def test_answers_that_are_no_text_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answers.json").write_bytes(content)
    with pytest.raises(InputError, match="is no JSON"):
        read_answers([tmp_path / "answers.json"], [])

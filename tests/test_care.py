"""What a build must never do to a user's files, and what it must notice that is gone or damaged."""

import shutil
from pathlib import Path

import pytest
from small_set import write_small_set

from flows.build_character_set import BuildParameters, build_character_set, pending
from flows.regenerate_qa import QaParameters, regenerate_qa
from rolescape_data.blueprints import Blueprint
from rolescape_data.errors import InputError, RolescapeError
from rolescape_data.store.workspace import CharacterFolder


@pytest.fixture
def built(tmp_path: Path) -> BuildParameters:
    set_file = write_small_set(tmp_path / "set")
    parameters = BuildParameters(set_file=str(set_file), workspace=str(tmp_path / "made"), slots=1)
    build_character_set(parameters)
    assert not pending(parameters)
    return parameters


def test_a_folder_with_files_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    set_file = write_small_set(tmp_path / "set")
    foreign = tmp_path / "mine"
    (foreign / "shards").mkdir(parents=True)
    (foreign / "shards" / "precious.txt").write_text("years of work")
    with pytest.raises(InputError, match="no build put there"):
        pending(BuildParameters(set_file=str(set_file), workspace=str(foreign)))
    assert [path.name for path in foreign.rglob("*")] == ["shards", "precious.txt"]


def test_the_folder_of_the_set_file_is_no_workspace(tmp_path: Path) -> None:
    set_file = write_small_set(tmp_path / "set")
    before = set_file.read_bytes()
    with pytest.raises(InputError, match="--out"):
        pending(BuildParameters(set_file=str(set_file), workspace=str(set_file.parent)))
    assert set_file.read_bytes() == before


def test_a_workspace_of_another_set_is_refused(built: BuildParameters, tmp_path: Path) -> None:
    other = write_small_set(tmp_path / "other")
    text = other.read_text()
    name = next(line for line in text.splitlines() if line.startswith("name: "))
    other.write_text(text.replace(name, "name: somebody-else", 1))
    with pytest.raises(InputError, match="'somebody-else'"):
        pending(built.model_copy(update={"set_file": str(other)}))


@pytest.mark.parametrize("damage", ["blobs", "shard", "table"])
def test_what_is_gone_or_damaged_is_made_again(built: BuildParameters, damage: str) -> None:
    root = Path(built.workspace)
    if damage == "blobs":
        shutil.rmtree(next(path for path in (root / "blobs").iterdir() if path.is_dir()))
    elif damage == "shard":
        next((root / "shards").rglob("*.tar")).unlink()
    else:
        next(root.glob("characters/*/tables/profile.parquet")).write_bytes(b"junk")
    assert pending(built)
    build_character_set(built)
    assert not pending(built)


def test_a_kill_between_table_and_stamp_leaves_the_table_out_of_date(
    built: BuildParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    character = next(Path(built.workspace, "characters").iterdir()).name
    stamp = CharacterFolder.stamp

    def killed(folder: CharacterFolder, kind: str, found: object) -> None:
        if kind == "text_qa" and found.fingerprint:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        stamp(folder, kind, found)  # type: ignore[arg-type]

    monkeypatch.setattr(CharacterFolder, "stamp", killed)
    with pytest.raises(KeyboardInterrupt):
        regenerate_qa(QaParameters(workspace=built.workspace, character=character, fresh=True))
    monkeypatch.undo()
    assert "text_qa" in pending(built)[character]


@pytest.mark.parametrize(
    ("kind", "contract", "words"),
    [
        ("text_qa", {"mix": {"easy": 1}}, "it takes count"),
        ("text_mcq", {"count": 5}, "it takes mix"),
        ("text_dialogue", {"per_image": 2}, "it takes count"),
        ("text_mcq", {"mix": {"easy": -3}}, "greater than or equal to 0"),
        ("text_qa", {"count": 100_000_000}, "less than or equal to 100000"),
    ],
)
def test_a_contract_that_a_kind_cannot_take_is_refused(
    kind: str, contract: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Blueprint.model_validate({"about": "x", "kinds": {kind: contract}})


def test_encoded_data_in_a_document_is_refused_with_its_line(tmp_path: Path) -> None:
    set_file = write_small_set(tmp_path / "set")
    document = next(path for path in set_file.parent.rglob("*.md"))
    document.write_text(document.read_text() + "\n" + "x" * 5000 + "\n")
    with pytest.raises(RolescapeError, match=rf"{document.name}, line \d+: a word of more than"):
        pending(BuildParameters(set_file=str(set_file), workspace=str(tmp_path / "made")))

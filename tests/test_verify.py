"""`rolescape verify`: whole and unchanged, or what is not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Told

from rolescape_data.errors import InputError
from rolescape_data.export.folder import export_folder, verify_folder
from rolescape_data.export.webdataset import MANIFEST, UNFINISHED

Run = Callable[..., Told]
FILES = {"a/one.json": b"{}\n", "b.txt": b"two\n"}


def write(out: Path, files: dict[str, bytes | Path] | dict[str, bytes] = FILES) -> dict[str, object]:
    return export_folder(dict(files), out, kind="rolescape-test", name="n", counts={"rows": 2})


def test_a_written_folder_is_whole_and_writing_it_again_changes_no_byte(
    tmp_path: Path, rolescape: Run
) -> None:
    write(tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    write(tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    told = rolescape("verify", tmp_path / "out")
    assert told.status == 0 and "whole" in told.out


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda out: (out / "b.txt").unlink(), "b.txt is missing"),
        (lambda out: (out / "b.txt").write_bytes(b"owt\n"), "b.txt is altered"),
        (lambda out: (out / "b.txt").write_bytes(b"two\nthree"), "b.txt is altered"),
        (lambda out: (out / "c.txt").write_bytes(b""), "c.txt is not listed"),
    ],
)
def test_every_harm_is_named_and_exits_1(
    tmp_path: Path, rolescape: Run, harm: Callable[[Path], object], said: str
) -> None:
    write(tmp_path / "out")
    harm(tmp_path / "out")
    told = rolescape("verify", tmp_path / "out")
    assert told.status == 1 and said in told.out and told.out.count("\n") == 1


def test_a_folder_without_an_export_is_wrong_input(tmp_path: Path, rolescape: Run) -> None:
    assert rolescape("verify", tmp_path).status == 2
    assert rolescape("verify", tmp_path / "nowhere").status == 2


def test_shards_are_verified_too(small_made: Path, tmp_path: Path, rolescape: Run) -> None:
    out = tmp_path / "shards"
    made = small_made / "built.workspace"
    assert rolescape("export", made, "--out", out, "--engine", "none", "--quiet").status == 0
    assert rolescape("verify", out).status == 0
    next(out.glob("*/*.tar")).unlink()
    assert rolescape("verify", out).status == 1


def test_files_no_longer_wanted_go_and_foreign_ones_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out)
    write(out, {"b.txt": b"two\n"})
    assert not (out / "a").exists() and verify_folder(out) == []
    (out / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match=r"mine\.txt"):
        write(out)
    assert (out / "mine.txt").read_text() == "precious"


def test_a_broken_off_export_is_said_and_the_next_run_finishes_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="cannot be read"):
        write(out, {**FILES, "c.png": tmp_path / "gone.png"})
    assert "did not finish" in verify_folder(out)[0]
    write(out)
    assert verify_folder(out) == []


def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write(tmp_path / "out", {"../x": b""})
    assert not (tmp_path / "x").exists()


def test_what_a_killed_export_left_half_written_is_cleared_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out)
    # As after a kill: the mark names the files, the manifest is gone, one file is half there beside its name.
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").unlink()
    (out / ".export.unfinished").write_text(
        json.dumps({"format": manifest["format"], "files": sorted(manifest["files"])})
    )
    (out / "a/one.json.part").write_bytes(b"{")
    (out / "b.txt").unlink()
    write(out)
    assert verify_folder(out) == []
    assert (out / "b.txt").read_bytes() == FILES["b.txt"]


def test_two_formats_never_share_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "out")
    with pytest.raises(InputError, match="rolescape-other"):
        export_folder(dict(FILES), tmp_path / "out", kind="rolescape-other")
    assert verify_folder(tmp_path / "out") == []


@pytest.mark.parametrize("name", [UNFINISHED, MANIFEST, "b.txt"])
def test_an_export_goes_on_where_one_was_killed_while_it_wrote_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.part").write_bytes(b"{")
    write(tmp_path)
    assert verify_folder(tmp_path) == []
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "b.txt", "manifest.json", "one.json",
    ]  # fmt: skip

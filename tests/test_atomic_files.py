"""Whole files or none: replacing, failing, dying and running out of space."""

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from rolescape_data.errors import DiskFullError, InputError
from rolescape_data.store import atomic
from rolescape_data.store.blobs import Blobs, real_format


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_holds_exactly_its_content_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "notes.bin"
    assert atomic.write_bytes(path, b"\x00first")
    assert atomic.write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert names(path.parent) == ["notes.bin"]


def test_json_has_sorted_keys_readable_letters_and_a_newline_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic.write_json(path, {"b": [1, 2], "a": "Ægir"})
    assert path.read_text("utf-8") == '{\n "a": "Ægir",\n "b": [\n  1,\n  2\n ]\n}\n'


def test_json_that_cannot_be_said_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic.write_json(path, {"value": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic.write_json(path, {"value": float("nan")})
    assert json.loads(path.read_bytes()) == {"value": 1}


def test_unchanged_content_keeps_the_time_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "same")
    os.utime(path, ns=(10**9, 10**9))
    assert not atomic.write_text(path, "same", if_changed=True)
    assert path.stat().st_mtime_ns == 10**9
    assert atomic.write_text(path, "diff", if_changed=True)
    assert path.stat().st_mtime_ns != 10**9
    assert path.read_text() == "diff"


def test_a_failing_block_keeps_the_old_file_and_removes_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), atomic.writing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_rights_that_the_user_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_the_longest_file_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".txt")
    atomic.write_text(path, "x")
    assert names(tmp_path) == [path.name]


def test_sweeping_removes_what_a_killed_writer_left_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from rolescape_data.store import atomic\n"
        "with atomic.writing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (tmp_path / "a.parquet.part").write_text("somebody else's")
    (tmp_path / "a.parquet").write_text("old")
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.parquet")], check=False)
    assert child.returncode == -signal.SIGKILL
    (leftover,) = (name for name in names(tmp_path) if name.startswith("."))

    with atomic.writing(tmp_path / "b.parquet") as file:
        file.write(b"in progress")
        assert atomic.sweep(tmp_path) == [leftover]
    assert names(tmp_path) == ["a.parquet", "a.parquet.part", "b.parquet"]
    assert (tmp_path / "a.parquet").read_text() == "old"
    assert (tmp_path / "b.parquet").read_bytes() == b"in progress"


@pytest.mark.parametrize(
    ("code", "cause"), [(errno.ENOSPC, "No space left"), (errno.EDQUOT, "quota exceeded")]
)
def test_no_room_is_an_error_with_folder_cause_and_next_step(tmp_path: Path, code: int, cause: str) -> None:
    with pytest.raises(DiskFullError) as caught, atomic.writing(tmp_path / "a.txt"):
        raise OSError(code, os.strerror(code))
    message = str(caught.value)
    assert str(tmp_path) in message
    assert cause in message
    assert "run the same command again" in message
    assert names(tmp_path) == []


def test_other_system_errors_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic.write_text(tmp_path / "a.txt", "x")
    assert names(tmp_path) == ["a.txt"]


def test_a_really_full_disk_keeps_the_old_file_and_writes_once_there_is_room(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from rolescape_data.errors import DiskFullError
from rolescape_data.store import atomic
folder = Path(sys.argv[1])
atomic.write_bytes(folder / "table", b"old" * 1000)
(folder / "ballast").write_bytes(bytes(200_000))
try:
    atomic.write_bytes(folder / "table", b"new!" * 20_000)
except DiskFullError as error:
    print(error)
assert (folder / "table").read_bytes() == b"old" * 1000
assert sorted(os.listdir(folder)) == ["ballast", "table"]
(folder / "ballast").unlink()
atomic.write_bytes(folder / "table", b"new!" * 20_000)
assert (folder / "table").read_bytes() == b"new!" * 20_000
"""
    message = run_on_small_disk(tmp_path, "256k", code)
    assert f"'table' could not be written in {tmp_path}: No space left on device." in message


def run_on_small_disk(folder: Path, size: str, code: str) -> str:
    """Run Python code with `folder` as a tmpfs of that size, in a mount namespace that ends with it."""
    mount = f"mount -t tmpfs -o size={size} tmpfs '{folder}'"
    if shutil.which("unshare") is None:
        pytest.skip("needs the program 'unshare' to mount a small disk")
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    script = f'{mount} && exec "$0" -c "$1" \'{folder}\''
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_blobs_are_named_by_content_and_written_once(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    name = blobs.put(b"picture", ".png")
    assert name == blobs.put(b"picture", "png")
    digest = hashlib.sha256(b"picture").hexdigest()
    assert name == f"{digest[:2]}/{digest}.png"
    assert blobs.put(b"picture", "") == f"{digest[:2]}/{digest}"
    os.utime(blobs.path(name), ns=(10**9, 10**9))
    blobs.put(b"picture", "png")
    assert blobs.path(name).stat().st_mtime_ns == 10**9
    assert blobs.verify(name)


def test_a_shortened_blob_is_repaired_and_an_altered_one_noticed(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    name = blobs.put(b"picture", "png")
    blobs.path(name).write_bytes(b"pic")
    assert not blobs.verify(name)
    assert blobs.put(b"picture", "png") == name
    assert blobs.verify(name)
    blobs.path(name).write_bytes(b"PICTURE")
    assert not blobs.verify(name)
    blobs.path(name).unlink()
    assert not blobs.verify(name)


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "ab/abc.png", "/ab/" + "a" * 64, "ab/" + "cd" * 32 + ".png", ""]
)
def test_a_name_that_is_no_blob_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no blob name"):
        Blobs(tmp_path).path(name)


def test_a_suffix_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="suffix"):
        Blobs(tmp_path).put(b"x", "png/../../x")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_the_real_format_comes_from_the_bytes_not_from_the_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.dat"
    Image.new("RGB", (8, 8), "teal").save(path, format=kind)
    assert real_format(path) == ("" if kind == "gif" else kind)


def test_there_is_no_format_where_there_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    assert real_format(tmp_path / "empty.png") == ""
    assert real_format(tmp_path / "absent.png") == ""
    assert real_format(tmp_path) == ""

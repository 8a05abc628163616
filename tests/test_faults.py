"""What goes wrong outside of the program: one sentence that says what, an exit status, and nothing lost."""

import fcntl
import os
import shlex
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Told, program, run_rolescape
from small_set import ROOT, changed, contents, draw, edit, write_rows

from rolescape_data.records import Rejected
from rolescape_data.store.workspace import Workspace

Run = Callable[..., Told]
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")


def sentence(told: Told, status: int) -> str:
    """Return the one line that a failing command said."""
    assert told.status == status, told.out + told.err
    assert told.err.startswith("rolescape: ") and told.err.count("\n") == 1, told.err
    assert "should not have" not in told.err, told.err
    return told.err.strip()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_png() -> bytes:
    """Return a PNG whose header promises 20,000 x 20,000 pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


def half_a_png(folder: Path) -> bytes:
    path = folder / "whole.png"
    draw(5, width=300, height=200).save(path)
    data = path.read_bytes()
    path.unlink()
    return data[: len(data) * 2 // 5]


BAD_PICTURES: dict[str, Callable[[Path], bytes]] = {
    "letter.jpg": lambda _: b"Dear Mara, this is no picture.\n",
    "page.png": lambda _: b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "empty.png": lambda _: b"",
    "huge.png": lambda _: huge_png(),
    "half.png": half_a_png,
    "drawing.svg": lambda _: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
}


def image_rejects(workspace: Path) -> list[Rejected]:
    return [row for row in Workspace(workspace).character("mara-quist").rejects() if row.kind == "image"]


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_is_named_with_its_reason_and_left_out(
    small: Path, build: Run, rolescape: Run, tmp_path: Path, name: str
) -> None:
    (small.parent / "pictures/mara" / name).write_bytes(BAD_PICTURES[name](tmp_path))
    checked = rolescape("check", small)
    assert checked.status == 0
    (warning,) = [row for row in checked.out.splitlines() if "Left out" in row]
    assert name in warning
    assert build(small, "--until", "images").status == 0
    (row,) = image_rejects(tmp_path / "built.workspace")
    (reason,) = row.reasons
    assert name in reason and reason.strip().endswith(".")


def test_once_bad_pictures_are_gone_the_next_build_ends_as_if_they_had_never_been(
    small: Path, small_made: Path, build: Run, tmp_path: Path
) -> None:
    for name, data in BAD_PICTURES.items():
        (small.parent / "pictures/mara" / name).write_bytes(data(tmp_path))
    workspace = tmp_path / "built.workspace"
    assert build(small).status == 0
    assert len(image_rejects(workspace)) == len(BAD_PICTURES)
    for name in BAD_PICTURES:
        (small.parent / "pictures/mara" / name).unlink()
    assert build(small).status == 0
    differing = changed(contents(small_made / "built.workspace"), contents(workspace))
    assert {name for name in differing if not name.startswith("inputs/")} == set()


def test_an_absurdly_large_picture_is_refused_from_its_header(
    small: Path, build: Run, tmp_path: Path
) -> None:
    (small.parent / "pictures/mara/huge.png").write_bytes(huge_png())
    build(small)
    (row,) = image_rejects(tmp_path / "built.workspace")
    assert "20000 x 20000 pixels" in row.reasons[0]


def test_an_empty_picture_folder_is_a_named_shortfall(small: Path, build: Run, rolescape: Run) -> None:
    for path in (small.parent / "pictures/mara").glob("*.png"):
        path.unlink()
    checked = rolescape("check", small)
    assert checked.status == 0 and "hold no picture" in checked.out
    told = build(small)
    assert told.status == 1 and told.err == ""
    assert "mara-quist image count: 0 of 3 (" in told.out
    assert "bram-oake image" not in told.out


def test_an_empty_document_is_a_sentence(small: Path, build: Run) -> None:
    (small.parent / "mara.md").write_text(" \n")
    assert "mara.md is empty" in sentence(build(small), 2)


def test_a_document_in_another_encoding_is_a_sentence(small: Path, build: Run) -> None:
    (small.parent / "mara.md").write_bytes("Mara wohnt über dem Laden.".encode("latin-1"))
    assert "mara.md is not UTF-8" in sentence(build(small), 2)


BAD_LINES = {
    "no object": "[1, 2]",
    "null": "null",
    "no speaker": '{"scene": "x", "text": "Who said that?"}',
    "empty speaker": '{"scene": "x", "speaker": "", "text": "Who said that?"}',
    "a number": '{"scene": "x", "speaker": 3, "text": "Who said that?"}',
    "the same line twice": '{"scene": "s1", "line": 1, "speaker": "Mara", "text": "Again."}',
    "a control character": '{"scene": "x", "line": 1, "speaker": "Mara", "text": "A bell \\u0007 rings."}',
    "half a character": '{"scene": "x", "line": 1, "speaker": "Mara", "text": "Half \\ud83d an emoji."}',
    "half a name": '{"scene": "x", "line": 1, "speaker": "Mara \\ud83d", "text": "Nobody is called so."}',
    "half a scene": '{"scene": "\\ud83d", "line": 1, "speaker": "Mara", "text": "No scene is called so."}',
    "endless brackets": "[" * 200_000,
    "an endless number": '{"scene": "x", "line": ' + "9" * 5_000 + ', "speaker": "Mara", "text": "Many."}',
}


@pytest.mark.parametrize("fault", BAD_LINES)
def test_a_bad_line_is_a_sentence_with_file_and_line(small: Path, build: Run, fault: str) -> None:
    path = small.parent / "lines.jsonl"
    number = len(path.read_text().splitlines()) + 1
    path.write_text(path.read_text() + BAD_LINES[fault] + "\n")
    assert f"lines.jsonl, line {number}" in sentence(build(small), 2)


NAMES = [
    'a "quoted" name.png',
    "UPPER.PNG",
    "写真.png",
    "ünïcödé name.png",
    "a" * 200 + ".png",
    "tab\tname.png",
    "-.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_file_name_is_no_hindrance(small: Path, build: Run, tmp_path: Path, name: str) -> None:
    folder = small.parent / "pictures/mara"
    draw(61).save(folder / "plain.png")
    (folder / "plain.png").rename(folder / name)
    (folder / f"broken {name}").write_bytes(b"no picture") if len(name) < 200 else None
    assert build(small, "--until", "images").status == 0
    kept = Workspace(tmp_path / "built.workspace").character("mara-quist").read_all()["image"]
    assert name in {Path(getattr(row, "path", "")).name for row in kept}


@pytest.mark.parametrize("name", [b"\xff\xfe.png", b"bell \x07.png"])
def test_a_file_name_that_is_no_text_is_a_sentence(small: Path, build: Run, name: bytes) -> None:
    folder = small.parent / "pictures/mara"
    shutil.copyfile(folder / "mara-1.png", folder / os.fsdecode(name))
    said = sentence(build(small), 2)
    assert "pictures/mara" in said and "Rename the file" in said


def test_long_character_ids_and_long_file_names_still_make_valid_record_ids(
    small: Path, build: Run, tmp_path: Path
) -> None:
    name = "z" * 40
    edit(small, "  - name: Mara Quist\n", f"  - name: Mara Quist\n    id: {name}\n")
    folder = small.parent / "pictures/mara"
    for number in (1, 2, 3):
        long = f"{'a-very-long-description-of-a-picture-' * 3}{number}.png"
        (folder / f"mara-{number}.png").rename(folder / long)
        edit(folder / "notes.jsonl", f"mara-{number}.png", long)
        edit(small.parent / "lines.jsonl", f"mara-{number}.png", long)
    told = build(small)
    assert told.status == 0, told.out + told.err
    tables = Workspace(tmp_path / "built.workspace").character(name).read_all()
    assert {kind: len(tables[kind]) for kind in ("image", "image_dialogue", "caption")} == {
        "image": 3,
        "image_dialogue": 3,
        "caption": 3,
    }


def test_a_script_without_a_single_line_of_a_character_builds(small: Path, build: Run) -> None:
    write_rows(
        small.parent / "lines.jsonl", [{"scene": "s", "line": 1, "speaker": "Joss", "text": "Anybody here?"}]
    )
    told = build(small)
    assert told.status == 1 and told.err == ""
    assert "image_dialogue count: 0 of 3" in told.out


def test_a_truncated_table_is_named_and_made_again_once_it_is_gone(
    small: Path, small_made: Path, built: Path, build: Run, rolescape: Run
) -> None:
    table = built / "characters/mara-quist/tables/text_qa.parquet"
    table.write_bytes(table.read_bytes()[:100])
    assert "text_qa.parquet" in sentence(
        rolescape("export", built, "--out", built.parent / "o", "--engine", "none"), 2
    )
    table.unlink()
    assert build(small).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(built)) == set()


def test_a_damaged_ledger_is_named_with_what_to_do(small: Path, built: Path, build: Run) -> None:
    ledger = built / "characters/mara-quist/ledger.sqlite"
    for extra in ledger.parent.glob("ledger.sqlite-*"):
        extra.unlink()
    ledger.write_bytes(b"this is no database" * 500)
    (built / "characters/mara-quist/tables/text_qa.parquet").unlink()
    said = sentence(build(small), 2)
    assert "ledger.sqlite" in said and "move it away" in said
    ledger.unlink()
    assert build(small).status == 0


@pytest.mark.parametrize("command", ["build", "qa", "export"])
def test_a_second_process_in_the_same_workspace_is_sent_away(
    small: Path, built: Path, rolescape: Run, tmp_path: Path, command: str
) -> None:
    arguments = {
        "build": [str(small), "--out", str(built)],
        "qa": [str(built), "mara-quist"],
        "export": [str(built), "--out", str(tmp_path / "out")],
    }
    with (built / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = sentence(rolescape(command, *arguments[command], "--engine", "none"), 3)
    assert "Another rolescape process" in said and str(built) in said
    assert rolescape(command, *arguments[command], "--engine", "none").status == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a memory disk with the options given, or mount it anew with others."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> Path:
        again = ["-o", f"remount,{options}"] if os.path.ismount(place) else ["-o", options]
        done = subprocess.run(
            ["mount", "-t", "tmpfs", *again, "tmpfs", str(place)], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        return place

    try:
        yield mount
    finally:
        if os.path.ismount(place):
            subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("size", ["size=16k", "size=200k", "size=600k"])
def test_a_full_disk_is_one_sentence_and_the_next_build_completes(
    small: Path, small_made: Path, disk: Callable[[str], Path], build: Run, size: str
) -> None:
    workspace = disk(size) / "w"
    said = sentence(build(small, out=workspace), 3)
    assert "No space left" in said or "full" in said
    assert "run the same command again" in said
    disk("size=64m")
    assert build(small, out=workspace).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()


@pytest.mark.parametrize("inodes", [30, 70])
def test_a_disk_without_room_for_another_file_is_one_sentence_too(
    small: Path, small_made: Path, disk: Callable[[str], Path], build: Run, inodes: int
) -> None:
    workspace = disk(f"size=64m,nr_inodes={inodes}") / "w"
    sentence(build(small, out=workspace), 3)
    disk("size=64m,nr_inodes=10000")
    assert build(small, out=workspace).status == 0
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()


def test_an_export_onto_a_full_disk_is_one_sentence_and_the_next_one_completes(
    small_made: Path, disk: Callable[[str], Path], rolescape: Run
) -> None:
    workspace = small_made / "built.workspace"
    out = disk("size=100k") / "out"
    sentence(rolescape("export", workspace, "--out", out, "--engine", "none", "--quiet"), 3)
    assert not (out / "manifest.json").exists()
    disk("size=64m")
    assert rolescape("export", workspace, "--out", out, "--engine", "none", "--quiet").status == 0
    assert changed(contents(workspace / "shards"), contents(out)) == set()


def test_a_disk_that_cannot_be_written_is_one_sentence(
    small: Path, disk: Callable[[str], Path], build: Run
) -> None:
    place = disk("ro")
    assert str(place) in sentence(build(small, out=place / "w"), 2)


def test_a_finished_workspace_on_a_read_only_disk_can_be_looked_at_and_exported(
    small_made: Path, disk: Callable[[str], Path], rolescape: Run, tmp_path: Path
) -> None:
    place = disk("size=64m")
    shutil.copytree(small_made / "built.workspace", place / "w")
    for ledger in (place / "w").glob("characters/*/ledger.sqlite"):
        with closing(sqlite3.connect(ledger)) as database:
            # As a paid build leaves it.
            database.execute("PRAGMA journal_mode = WAL")
    disk("ro")
    told = rolescape("status", place / "w")
    assert told.status == 0, told.err
    assert "1 profile" in told.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_one_sentence(small: Path, build: Run, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "Permission denied" in sentence(build(small, out=tmp_path / "locked/w"), 2)


def test_a_file_where_the_workspace_should_be_is_one_sentence(
    small: Path, build: Run, tmp_path: Path
) -> None:
    (tmp_path / "w").write_text("a file")
    assert str(tmp_path / "w") in sentence(build(small, out=tmp_path / "w"), 2)


def marked(mark: str) -> list[str]:
    """Return the commands of all living processes that were started with the mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@linux
@pytest.mark.parametrize(
    ("engine", "seen"),
    [
        ("none", "inputs"),
        ("none", "characters/mara-quist/tables/image.parquet"),
        ("local", "characters/mara-quist/tables/image.parquet"),
    ],
)
def test_ctrl_c_ends_in_one_line_with_the_command_that_goes_on(
    small: Path, small_made: Path, tmp_path: Path, engine: str, seen: str
) -> None:
    workspace = tmp_path / "a folder" / "w"
    mark = f"ROLESCAPE_TEST_{uuid.uuid4().hex}"
    process = subprocess.Popen(
        program("build", small, "--out", workspace, "--engine", engine, "--quiet"),
        cwd=ROOT,
        env=os.environ | {mark: "1"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (workspace / seen).exists() and process.poll() is None:
        time.sleep(0.0005)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), out + err
    (line,) = err.strip().splitlines()
    assert line.startswith("Stopped. ")
    until = time.monotonic() + 8
    while (left := marked(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == []
    arguments = shlex.split(line.split(": ", 1)[1])
    assert arguments[:2] == ["rolescape", "build"]
    told = run_rolescape(*["none" if word == "local" else word for word in arguments[1:]])
    assert told.status == 0, told.err
    assert changed(contents(small_made / "built.workspace"), contents(workspace)) == set()

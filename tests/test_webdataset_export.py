"""Exported shards: every sample once, the same bytes every time, and never a half-written file under its name."""

import fcntl
import hashlib
import io
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import webdataset
from hypothesis import given, settings
from hypothesis import strategies as st
from test_atomic_files import run_on_small_disk

from rolescape_data.errors import InputError
from rolescape_data.export.shards import Member, Planned, Sample, Shard, plan_shards, write_all, write_shard
from rolescape_data.export.webdataset import export_webdataset, verify_manifest

Sets = dict[tuple[str, str], list[Sample]]


def make_sets(folder: Path, captions: int = 60) -> Sets:
    """Two kinds, three splits; pictures are files of odd sizes, also empty and longer than one write."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    pictures = [folder / f"{number}.png" for number in range(4)]
    for number, picture in enumerate(pictures):
        picture.write_bytes(draw.randbytes((0, 511, 512, 1_100_003)[number]))
    sets: Sets = {
        ("caption", "train"): [
            Sample(
                f"oda_cap_{n:03d}",
                {
                    "png": pictures[n % 3],
                    "json": json.dumps({"id": n, "text": "x" * draw.randrange(900)}).encode(),
                },
                character=("oda", "quill")[n % 2],
                license="CC0-1.0",
                source="drawn here",
            )
            for n in range(captions)
        ],
        ("caption", "test_id"): [
            Sample("oda_cap_test", {"json": b"{}", "jpg": pictures[3]}, character="oda")
        ],
        ("text_qa", "train"): [
            Sample(f"qa_{n:03d}", {"json": b'{"q":1}'}, character="oda") for n in range(7)
        ],
        ("text_qa", "val"): [],
    }
    return sets


@pytest.fixture
def sets(tmp_path: Path) -> Sets:
    return make_sets(tmp_path / "pictures")


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def payload(content: bytes | Path) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content


def test_webdataset_reads_every_sample_once_with_equal_fields_through_the_brace_pattern(
    tmp_path: Path, sets: Sets
) -> None:
    out = tmp_path / "out"
    manifest = export_webdataset(sets, out, seed=1, max_samples=9)
    for (kind, split), samples in sets.items():
        urls = manifest["sets"][f"{kind}/{split}"]["urls"]
        read = list(webdataset.WebDataset(f"{out}/{urls}", shardshuffle=False)) if urls else []
        assert Counter(item["__key__"] for item in read) == Counter(sample.key for sample in samples)
        fields = {item["__key__"]: {k: v for k, v in item.items() if not k.startswith("__")} for item in read}
        assert fields == {
            sample.key: {name: payload(content) for name, content in sample.fields.items()}
            for sample in samples
        }


def test_tarfile_reads_plain_members_without_owner_or_time(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    export_webdataset(sets, out, seed=1, max_samples=9)
    names: list[str] = []
    for path in sorted(out.glob("*/*.tar")):
        assert path.stat().st_size % 10_240 == 0
        with tarfile.open(path) as tar:
            members = tar.getmembers()
        assert {(m.mode, m.uid, m.gid, m.uname, m.gname, m.mtime, m.type) for m in members} == {
            (0o444, 0, 0, "", "", 0, tarfile.REGTYPE)
        }
        names += [member.name for member in members]
    assert sorted(names) == sorted(
        f"{sample.key}.{name}" for samples in sets.values() for sample in samples for name in sample.fields
    )
    keys = [name.partition(".")[0] for name in names]
    assert sum(one != other for one, other in itertools.pairwise(keys)) == len(set(keys)) - 1


def test_our_headers_are_those_of_tarfile(tmp_path: Path) -> None:
    content = b"picture" * 99
    info = tarfile.TarInfo("oda_cap_001.json")
    info.size, info.mode = len(content), 0o444
    expected = io.BytesIO()
    with tarfile.open(fileobj=expected, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(content))
    sample = Sample("oda_cap_001", {"json": content})
    write_shard(tmp_path, plan_shards([sample], "a/train", seed=0, **WIDE)[0])
    ours = (tmp_path / "a" / "train-000000.tar").read_bytes()
    theirs = bytearray(expected.getvalue())
    # tarfile fills the device numbers of plain files with octal zeros, and did not before Python 3.9.
    checksum = int(theirs[148:154], 8) - sum(theirs[329:345])
    theirs[329:345] = bytes(16)
    theirs[148:156] = b"%06o\0 " % checksum
    assert ours == bytes(theirs)


def test_the_index_points_at_each_sample_and_carries_its_licence(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    export_webdataset(sets, out, seed=1, max_samples=9)
    rows = {row["key"]: row for row in pq.read_table(out / "index.parquet").to_pylist()}
    assert rows.keys() == {sample.key for samples in sets.values() for sample in samples}
    for (kind, split), samples in sets.items():
        for sample in samples:
            row = rows[sample.key]
            assert (row["kind"], row["split"], row["character"]) == (kind, split, sample.character)
            assert (row["license"], row["source"]) == (sample.license, sample.source)
            piece = (out / row["shard"]).read_bytes()[row["offset"] : row["offset"] + row["size"]]
            with tarfile.open(fileobj=io.BytesIO(piece + bytes(1024))) as tar:
                assert {m.name: tar.extractfile(m).read() for m in tar.getmembers()} == {  # type: ignore[union-attr]
                    f"{sample.key}.{name}": payload(content) for name, content in sample.fields.items()
                }


def test_the_manifest_counts_and_hashes_everything_and_verifies(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    manifest = export_webdataset(sets, out, seed=1, name="harbour", max_samples=9)
    assert json.loads((out / "manifest.json").read_bytes()) == manifest
    assert (manifest["name"], manifest["seed"], manifest["format_version"]) == ("harbour", 1, 1)
    assert manifest["counts"]["caption"] == {"train": {"oda": 30, "quill": 30}, "test_id": {"oda": 1}}
    assert manifest["counts"]["text_qa"] == {"train": {"oda": 7}, "val": {}}
    assert manifest["sets"]["caption/train"] == {
        "samples": 60,
        "shards": 7,
        "urls": "caption/train-{000000..000006}.tar",
    }
    assert {path: entry["sha256"] for path, entry in manifest["files"].items()} == {
        path: digest for path, digest in contents(out).items() if path != "manifest.json"
    }
    assert not list(out.glob("text_qa/val*"))
    assert verify_manifest(out) == []


def test_exporting_again_in_any_order_gives_the_same_bytes(tmp_path: Path, sets: Sets) -> None:
    export_webdataset(sets, tmp_path / "a", seed=1, max_samples=9)
    first = contents(tmp_path / "a")
    mixed = {key: random.Random(3).sample(samples, len(samples)) for key, samples in reversed(sets.items())}
    export_webdataset(mixed, tmp_path / "a", seed=1, max_samples=9)
    export_webdataset(mixed, tmp_path / "b", seed=1, max_samples=9)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == first
    export_webdataset(sets, tmp_path / "c", seed=2, max_samples=9)
    assert contents(tmp_path / "c")["caption/train-000000.tar"] != first["caption/train-000000.tar"]


EXPORT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_webdataset_export import make_sets
from rolescape_data.export.webdataset import export_webdataset
export_webdataset(make_sets(Path({pictures!r})), Path({out!r}), seed=1, max_samples=9)
"""


def export_elsewhere(out: Path, pictures: Path, before: str = "", hash_seed: str = "0") -> int:
    code = before + EXPORT.format(tests=str(Path(__file__).parent), pictures=str(pictures), out=str(out))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode


def test_a_fresh_process_with_other_hash_seed_gives_the_same_bytes(tmp_path: Path, sets: Sets) -> None:
    export_webdataset(sets, tmp_path / "a", seed=1, max_samples=9)
    assert export_elsewhere(tmp_path / "b", tmp_path / "pictures", hash_seed="4711") == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


# Counts what reaches the disk and dies at the given event, half-way through it when it is a write.
DIE = """
import os, signal
def deadly(name, event=iter(range(10**9))):
    real = getattr(os, name)
    def call(*args):
        if next(event) == {at}:
            if name == "writev":
                os.write(args[0], b"".join(args[1])[: sum(map(len, args[1])) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)
    setattr(os, name, call)
for name in ("writev", "fsync", "replace", "unlink"):
    deadly(name)
"""


@pytest.mark.parametrize("at", [0, *random.Random(11).sample(range(1, 50), 3), 52])
def test_a_killed_export_leaves_only_whole_shards_and_goes_on_to_the_same_bytes(
    tmp_path: Path, sets: Sets, at: int
) -> None:
    export_webdataset(sets, tmp_path / "whole", seed=1, max_samples=9)
    expected = contents(tmp_path / "whole")
    out = tmp_path / "out"
    assert export_elsewhere(out, tmp_path / "pictures", DIE.format(at=at)) == -signal.SIGKILL
    left = contents(out)
    assert {path: expected[path] for path in left if path.endswith(".tar")} == {
        path: digest for path, digest in left.items() if path.endswith(".tar")
    }
    assert "manifest.json" not in left
    assert verify_manifest(out) != []
    kept = {path: (out / path).stat().st_ino for path in left if path.endswith(".tar")}

    export_webdataset(sets, out, seed=1, max_samples=9)
    assert contents(out) == expected
    assert all((out / path).stat().st_ino == inode for path, inode in kept.items())


def test_a_full_disk_is_said_and_the_export_goes_on_when_there_is_room(tmp_path: Path) -> None:
    code = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_webdataset_export import contents, make_sets
from rolescape_data.errors import DiskFullError
from rolescape_data.export.webdataset import export_webdataset, verify_manifest
out = Path(sys.argv[1])
sets = make_sets(Path({str(tmp_path / "pictures")!r}))
ballast = out / "ballast"
ballast.write_bytes(bytes(1_950_000))
try:
    export_webdataset(sets, out, seed=1, max_samples=9)
except DiskFullError as error:
    print(error)
assert not list(out.rglob("*.part"))
kept = contents(out)
assert verify_manifest(out)
ballast.unlink()
export_webdataset(sets, out, seed=1, max_samples=9)
assert verify_manifest(out) == []
assert all(contents(out)[path] == digest for path, digest in kept.items() if path.endswith(".tar"))
print(len(kept))
"""
    disk = tmp_path / "disk"
    disk.mkdir()
    message, kept = run_on_small_disk(disk, "3m", code).splitlines()
    assert "No space left on device. Free some space and run the same command again" in message
    assert int(kept) > 2


def test_only_what_changed_is_written_again_and_what_is_not_wanted_goes(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    export_webdataset(sets, out, seed=1, max_samples=9)
    inodes = {path: path.stat().st_ino for path in out.rglob("*.tar")}
    changed = sets[("caption", "train")][0]
    sets[("caption", "train")][0] = Sample(changed.key, {**changed.fields, "json": b"[]"}, changed.character)
    damaged = out / "text_qa" / "train-000000.tar"
    damaged.write_bytes(damaged.read_bytes().replace(b'{"q":1}', b'{"q":2}', 1))
    del sets[("caption", "test_id")]

    export_webdataset(sets, out, seed=1, max_samples=9)
    assert verify_manifest(out) == []
    assert not (out / "caption" / "test_id-000000.tar").exists()
    shards = list(out.glob("caption/train-*.tar"))
    assert sum(path.stat().st_ino != inodes[path] for path in shards) == 1
    del sets[("text_qa", "train")]
    export_webdataset(sets, out, seed=1, max_samples=9)
    assert not (out / "text_qa").exists()
    export_webdataset(sets, tmp_path / "fresh", seed=1, max_samples=9)
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_picture_replaced_by_another_of_the_same_size_is_noticed(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    for content in (b"one", b"two"):
        picture.write_bytes(content)
        export_webdataset({("image", "train"): [Sample("a", {"png": picture})]}, tmp_path / "out", seed=1)
        with tarfile.open(tmp_path / "out" / "image" / "train-000000.tar") as tar:
            assert tar.extractfile("a.png").read() == content  # type: ignore[union-attr]


def test_verifying_names_what_is_missing_altered_unlisted_or_miscounted(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    export_webdataset(sets, out, seed=1, max_samples=9)
    (out / "caption" / "train-000000.tar").unlink()
    altered = out / "caption" / "train-000001.tar"
    altered.write_bytes(altered.read_bytes()[:-1] + b"x")
    (out / "caption" / "train-000002.tar").write_bytes(b"")
    (out / "caption" / "train-000099.tar").write_bytes(b"")
    manifest = json.loads((out / "manifest.json").read_bytes())
    manifest["counts"]["caption"]["train"]["oda"] = 31
    (out / "manifest.json").write_text(json.dumps(manifest))
    problems = verify_manifest(out)
    assert len(problems) == 5
    assert problems[0] == "caption/train-000000.tar is missing"
    assert problems[1].startswith("caption/train-000001.tar is altered: its SHA-256")
    assert problems[2].startswith("caption/train-000002.tar is altered: 0 bytes")
    assert problems[3] == "caption/train-000099.tar is not listed in manifest.json"
    assert problems[4] == "caption/train/oda: manifest.json counts 31 samples, index.parquet 30"


def test_a_folder_without_manifest_or_with_a_strange_one_is_no_export(tmp_path: Path) -> None:
    assert "holds no manifest.json" in verify_manifest(tmp_path)[0]
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    assert "is not the manifest" in verify_manifest(tmp_path)[0]


def test_somebody_elses_shards_are_never_overwritten(tmp_path: Path, sets: Sets) -> None:
    foreign = tmp_path / "laion" / "train-000000.tar"
    foreign.parent.mkdir()
    foreign.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"laion/train-000000\.tar"):
        export_webdataset(sets, tmp_path, seed=1)
    (tmp_path / "laion" / "train-000000.tar").rename(tmp_path / "manifest.json")
    with pytest.raises(InputError, match="Choose an empty folder"):
        export_webdataset(sets, tmp_path, seed=1)
    assert (tmp_path / "manifest.json").read_bytes() == b"precious"


def test_two_exports_into_one_folder_do_not_mix(tmp_path: Path, sets: Sets) -> None:
    out = tmp_path / "out"
    out.mkdir()
    descriptor = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="Another export is writing"):
            export_webdataset(sets, out, seed=1)
    finally:
        os.close(descriptor)
    export_webdataset(sets, out, seed=1)
    assert verify_manifest(out) == []


@pytest.mark.parametrize(
    ("sample", "cause"),
    [
        (Sample("v1.0_a", {"json": b""}), "cut keys at dots"),
        (Sample("a b", {"json": b""}), "cut keys at dots"),
        (Sample("k" * 81, {"json": b""}), "1 to 80"),
        (Sample("a", {}), "no fields"),
        (Sample("a", {"JPG": b""}), "lower-case"),
        (Sample("a", {".json": b""}), "lower-case"),
        (Sample("k" * 80, {"f" * 20: b""}), "101 bytes"),
        (Sample("a", {"png": Path("/absent/picture.png")}), "cannot be read: No such file"),
        (Sample("a", {"png": Path("/")}), "not a regular file"),
    ],
)
def test_a_sample_that_loaders_would_misread_is_refused(tmp_path: Path, sample: Sample, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        export_webdataset({("caption", "train"): [sample]}, tmp_path / "out", seed=1)
    assert not (tmp_path / "out").exists()


def test_a_member_of_eight_gibibytes_is_refused(tmp_path: Path) -> None:
    for size, fits in ((8 * 2**30 - 1, True), (8 * 2**30, False)):
        with (tmp_path / "huge.mp4").open("wb") as file:
            file.truncate(size)
        samples = [Sample("a", {"mp4": tmp_path / "huge.mp4"})]
        if fits:
            assert plan_shards(samples, "video/train", seed=1, **WIDE)[0].tar_bytes > size
        else:
            with pytest.raises(InputError, match="stays below 8 GiB"):
                plan_shards(samples, "video/train", seed=1, **WIDE)


def test_a_key_used_in_two_sets_is_refused_with_both_named(tmp_path: Path) -> None:
    one = [Sample("a", {"json": b"{}"})]
    with pytest.raises(InputError, match=r"'a' is used twice \(in caption/train and text_qa/train\)"):
        export_webdataset({("caption", "train"): one, ("text_qa", "train"): one}, tmp_path / "out", seed=1)


@pytest.mark.parametrize("name", ["../up", "Train", "a.b", ""])
def test_a_set_whose_name_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot name a shard set"):
        export_webdataset({("caption", name): []}, tmp_path / "out", seed=1)


@pytest.mark.parametrize("now", [b"longer than before", b"short"])
def test_a_file_that_changes_its_size_during_the_export_stops_it(tmp_path: Path, now: bytes) -> None:
    (tmp_path / "a.png").write_bytes(b"as planned")
    (shard,) = plan_shards([Sample("a", {"png": tmp_path / "a.png"})], "image/train", seed=1, **WIDE)
    (tmp_path / "a.png").write_bytes(now)
    with pytest.raises(InputError, match="changed its size"):
        write_shard(tmp_path, shard)
    assert list((tmp_path / "image").iterdir()) == []


WIDE: Any = {"target_bytes": 10**9, "max_samples": 10**4, "world_multiple": 1}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.integers(0, 5000), max_size=40),
    target=st.integers(1, 60_000),
    most=st.integers(1, 12),
    world=st.integers(1, 9),
    seed=st.integers(),
)
def test_a_plan_holds_every_sample_once_in_even_shards(
    sizes: list[int], target: int, most: int, world: int, seed: int
) -> None:
    samples = [Sample(f"s{n}", {"json": bytes(size)}) for n, size in enumerate(sizes)]
    shards = plan_shards(
        samples, "caption/train", seed=seed, target_bytes=target, max_samples=most, world_multiple=world
    )
    planned = [item.sample.key for shard in shards for item in shard.samples]
    assert sorted(planned) == sorted(sample.key for sample in samples)
    assert [shard.path for shard in shards] == [f"caption/train-{n:06d}.tar" for n in range(len(shards))]
    counts = {len(shard.samples) for shard in shards}
    assert not counts or (max(counts) - min(counts) <= 1 and min(counts) >= 1 and max(counts) <= most)
    total = sum(item.tar_bytes for shard in shards for item in shard.samples)
    evenly = [n for n in range(world, len(samples) + 1, world) if -(-len(samples) // n) <= most]
    assert not evenly or len(shards) % world == 0
    assert evenly or len(shards) == min(len(samples), max(-(-total // target), -(-len(samples) // most)))


def test_shards_stay_near_their_target_size() -> None:
    samples = [Sample(f"s{n}", {"json": bytes(4096)}) for n in range(1000)]
    shards = plan_shards(
        samples, "caption/train", seed=1, target_bytes=500_000, max_samples=10**4, world_multiple=4
    )
    assert len(shards) == 12
    assert max(shard.tar_bytes for shard in shards) <= 500_000


def test_the_shuffle_mixes_characters_into_every_shard(tmp_path: Path, sets: Sets) -> None:
    manifest = export_webdataset(sets, tmp_path / "out", seed=1, max_samples=9)
    rows = pq.read_table(tmp_path / "out" / "index.parquet").to_pylist()
    found = {(row["shard"], row["character"]) for row in rows if row["shard"].startswith("caption/train")}
    assert len(found) == 2 * manifest["sets"]["caption/train"]["shards"]


def test_a_system_that_takes_fewer_bytes_than_offered_gets_the_rest() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    parts = [b"", b"abc", bytes(9000), b"", b"xyz"]
    received = bytearray()
    real = os.writev

    def stingy(descriptor: int, buffers: list[bytes]) -> int:
        written = real(descriptor, [b"".join(buffers)[:1000]])
        received.extend(os.read(reader, 1000))
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "writev", stingy)
        write_all(writer, parts)
    os.close(reader)
    os.close(writer)
    assert bytes(received) == b"".join(parts)


def test_a_shard_knows_its_size_and_places_before_it_is_written(tmp_path: Path) -> None:
    member = Member("a.json", 3, b"{ }")
    shard = Shard("caption/train-000000.tar", (Planned(Sample("a", {}), (member,)),) * 25)
    write_shard(tmp_path, shard)
    assert (tmp_path / shard.path).stat().st_size == shard.tar_bytes == 30_720
    assert [offset for _, offset, _ in shard.places()] == [1024 * n for n in range(25)]

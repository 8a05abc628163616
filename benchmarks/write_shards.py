"""How fast shards are written: ours beside webdataset's ShardWriter and plain tarfile, in one run.

Every writer gets the same samples from memory (a picture of random bytes and a JSON record) and writes them to the
same disk. Rounds are interleaved, the median counts. Ours also hashes, syncs and verifies names; the others do not.

    python benchmarks/write_shards.py --samples 1500 --rounds 3
"""

import argparse
import io
import json
import random
import shutil
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import webdataset

from rolescape_data.export.shards import Sample, plan_shards, write_shard
from rolescape_data.export.webdataset import export_webdataset

PICTURE_BYTES = 60_000
RECORD_BYTES = 2_300
SHARDS = 8

Rows = list[tuple[str, bytes, bytes]]


def main() -> int:
    """Run the comparison and print one row a writer."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--samples", type=int, default=1500)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, help="disk to write to; default: the temporary folder")
    given = options.parse_args()

    rows = make_rows(given.samples)
    with tempfile.TemporaryDirectory(prefix="write-shards-", dir=given.folder) as scratch:
        times = measure(rows, given.rounds, Path(scratch))
    print(report(times, rows))
    return 0


def make_rows(count: int) -> Rows:
    """Return seeded samples: key, picture, record."""
    draw = random.Random(0)
    picture = draw.randbytes(PICTURE_BYTES + count)
    return [
        (
            f"oda_cap_{number:06d}",
            picture[number : number + PICTURE_BYTES],
            json.dumps({"id": number, "text": "w" * (RECORD_BYTES - 30)}).encode(),
        )
        for number in range(count)
    ]


def measure(rows: Rows, rounds: int, scratch: Path) -> dict[str, tuple[float, float]]:
    """Return the median seconds of wall clock and of this process's CPU by writer."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WRITERS}
    for _ in range(rounds):
        for name, writer in WRITERS.items():
            out = scratch / "out"
            out.mkdir()
            wall, cpu = time.perf_counter(), time.process_time()
            writer(rows, out)
            taken[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            shutil.rmtree(out)
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times))
        for name, times in taken.items()
    }


def report(times: dict[str, tuple[float, float]], rows: Rows) -> str:
    """Lay the medians out as a table; the last columns say how many times as long as our export a writer takes."""
    payload = sum(len(picture) + len(record) for _, picture, record in rows)
    base_wall, base_cpu = times[OURS]
    lines = [
        f"{len(rows)} samples, {payload / 1e6:.0f} MB, {SHARDS} shards",
        f"{'writer':44}{'samples/s':>11}{'MB/s':>8}{'CPU us/sample':>15}{'wall / ours':>13}{'CPU / ours':>12}",
    ]
    for name, (wall, cpu) in times.items():
        lines.append(
            f"{name:44}{len(rows) / wall:11,.0f}{payload / wall / 1e6:8,.0f}{cpu / len(rows) * 1e6:15.1f}"
            f"{wall / base_wall:12.2f}x{cpu / base_cpu:11.2f}x"
        )
    return "\n".join(lines)


def ours_export(rows: Rows, out: Path) -> None:
    export_webdataset({("caption", "train"): samples(rows)}, out, seed=0, max_samples=-(-len(rows) // SHARDS))


def ours_shards(rows: Rows, out: Path) -> None:
    planned = plan_shards(
        samples(rows),
        "caption/train",
        seed=0,
        target_bytes=1 << 40,
        max_samples=-(-len(rows) // SHARDS),
        world_multiple=1,
    )
    for shard in planned:
        write_shard(out, shard)


def samples(rows: Rows) -> list[Sample]:
    return [Sample(key, {"jpg": picture, "json": record}, "oda", "CC0-1.0") for key, picture, record in rows]


def shard_writer(rows: Rows, out: Path) -> None:
    with webdataset.ShardWriter(
        f"{out}/train-%06d.tar", maxcount=-(-len(rows) // SHARDS), encoder=False, verbose=0
    ) as sink:
        for key, picture, record in rows:
            sink.write({"__key__": key, "jpg": picture, "json": record})


def plain_tarfile(rows: Rows, out: Path) -> None:
    each = -(-len(rows) // SHARDS)
    for number in range(SHARDS):
        with tarfile.open(out / f"train-{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for key, picture, record in rows[number * each : (number + 1) * each]:
                for name, content in ((f"{key}.jpg", picture), (f"{key}.json", record)):
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))


OURS = "rolescape export (plan, SHA-256, sync, index)"
WRITERS: dict[str, Callable[[Rows, Path], None]] = {
    OURS: ours_export,
    "rolescape write_shard (SHA-256, sync)": ours_shards,
    "webdataset ShardWriter, encoder off": shard_writer,
    "tarfile, USTAR": plain_tarfile,
}

if __name__ == "__main__":
    sys.exit(main())

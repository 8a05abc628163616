"""kill -9 at seeded points of a run of paid calls -> what is paid for again, and whether the end is the same."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, at_most, exactly
from benchmarks.model_runs import is_whole, kill_when, lost, run
from tests.model_server import ModelServer


def kills(provider: str, points: int) -> Iterator[Figure]:
    """400 calls, 64 at once, one in ten damaged, killed at seeded points."""
    most_again = most_unknown = broken = different = 0
    faults = {"latency_s": 0.05, "mode": "bad_json", "corruption": "missing_key", "share": 0.1}
    with ModelServer(**faults) as server, tempfile.TemporaryDirectory() as base:
        whole = run(server, provider, 400, folder=Path(base) / "whole")
        for point in sorted(random.Random(20).sample(range(1, 390), points)):
            folder = Path(base) / str(point)
            server.reset()
            kill_when(server, provider, 400, folder=folder, paid=point)
            broken += not is_whole(folder)
            unknown = lost(folder)
            replies = run(server, provider, 400, folder=folder)
            again = server.counters()["repeated"]
            most_again, most_unknown = max(most_again, again), max(most_unknown, again - unknown)
            different += replies != whole
    what = f"{provider}, {points} kills"
    yield at_most("kills", f"{what}: most calls paid for again, 64 in flight", most_again, 64, digits=0)
    yield at_most("kills", f"{what}: of these not open in the ledger", most_unknown, 0, digits=0)
    yield exactly("kills", f"{what}: broken ledgers", broken, 0)
    yield exactly("kills", f"{what}: runs that ended with other replies", different, 0)

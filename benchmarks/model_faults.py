"""What refusals, a cap, damaged replies and exact quotas cost, by the counters of the server."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_most, exactly
from benchmarks.model_runs import booked, kill_when, lost, run
from tests.model_server import CORRUPTIONS, ModelServer

QUOTA = {"easy": 4, "medium": 4, "hard": 2}
# Damage after which something that was asked for is not there, so that only another reply can bring it: a text that is
# missing, null, or a number. A set without its last two brackets lacks nothing; a single object without them ends inside
# its last text, which cannot be told from one that was cut off.
_LOST = ("missing_key", "null_value", "wrong_type")
LOST = {"set": _LOST, "single": (*_LOST, "unclosed")}


def refusals(provider: str) -> Iterator[Figure]:
    """Eight seconds of 429; a bucket of 50 a second; a 429 that never ends."""
    for mode, count, seconds, wasted in (("all_429", 300, 10.5, 64), ("bucket", 500, 11.5, 40)):
        what = "8 s of 429, 300 calls" if mode == "all_429" else "bucket of 50 a second, 500 calls"
        with (
            tempfile.TemporaryDirectory() as name,
            ModelServer(mode=mode, seconds=8, latency_s=0.2) as server,
        ):
            replies = run(server, provider, count, folder=Path(name))
            counted = server.counters()
        yield at_most(
            "refusals", f"{provider}, {what}: seconds from the first send", counted["seconds"], seconds
        )
        yield at_most(
            "refusals", f"{provider}, {what}: wasted calls", counted["statuses"]["429"], wasted, digits=0
        )
        yield exactly("refusals", f"{provider}, {what}: rows answered", sum(map(bool, replies)), count)
    for_ever = {"mode": "all_429", "seconds": 1e6, "retry_after": "none"}
    with tempfile.TemporaryDirectory() as name, ModelServer(**for_ever) as server:
        began = time.monotonic()
        told = run(server, provider, 300, folder=Path(name))
        seconds = time.monotonic() - began
        yield at_most("refusals", f"{provider}, 429 for ever: seconds until the stop", seconds, 60)
        yield exactly("refusals", f"{provider}, 429 for ever: exit status (resumable)", told.get("status"), 3)
        server.configure(mode="ok")
        replies = run(server, provider, 300, folder=Path(name))
        yield exactly(
            "refusals",
            f"{provider}, 429 for ever: rows answered by the next run",
            sum(map(bool, replies)),
            300,
        )


def budget(provider: str) -> Iterator[Figure]:
    """One dollar, 5 % bad JSON, 64 at once; undisturbed, and killed half-way."""
    damage = {"mode": "bad_json", "corruption": "missing_key", "share": 0.05, "latency_s": 0.05}
    with tempfile.TemporaryDirectory() as name, ModelServer(**damage) as server:
        told = run(server, provider, 3000, folder=Path(name), cap=1.0)
        counted = server.counters()
        held = booked(Path(name))
        yield at_most("budget", f"{provider}: USD by the server's count", counted["usd"], 1.0, digits=4)
        yield at_most(
            "budget",
            f"{provider}: ledger less the server's count, USD",
            abs(held - counted["usd"]),
            1e-9,
            digits=9,
        )
        yield exactly("budget", f"{provider}: exit status at the cap", told.get("status"), 3)
    with tempfile.TemporaryDirectory() as name, ModelServer(**damage) as server:
        kill_when(server, provider, 3000, folder=Path(name), paid=500, cap=1.0)
        held = booked(Path(name))
        usd = server.counters()["usd"]
        yield exactly(
            "budget",
            f"{provider}, killed: ledger and open intents cover the server's count",
            held >= usd - 1e-9,
            True,
        )
        yield at_most(
            "budget",
            f"{provider}, killed: calls that the ledger knows no end of",
            lost(Path(name)),
            64,
            digits=0,
        )
        run(server, provider, 3000, folder=Path(name), cap=1.0)
        yield at_most(
            "budget",
            f"{provider}, killed and run again: USD by the server's count",
            server.counters()["usd"],
            1.0,
            digits=4,
        )


def damage(provider: str) -> Iterator[Figure]:
    """Ten kinds of damage, thirty rows each: sets of two dialogues, and single objects beside them."""
    parts = {"set": {"dialogue_1", "dialogue_2"}, "single": {"user_text", "response"}}
    for shape, keys in parts.items():

        def whole(reply: dict[str, Any] | None, keys: set[str] = keys) -> bool:
            return reply is not None and set(reply) == keys

        with tempfile.TemporaryDirectory() as name, ModelServer(mode="bad_json") as server:
            replies: list[Any] = []
            for number, kind in enumerate(CORRUPTIONS):
                server.configure(corruption=kind)
                replies += run(server, provider, 30, folder=Path(name), start=30 * number, shape=shape)
            counted = server.counters()
        yield exactly("damage", f"{provider}, {shape}s: valid rows", sum(map(whole, replies)), 300)
        yield at_most("damage", f"{provider}, {shape}s: mean calls a row", counted["mean_tries"], 1.3)
        least = 1 + len(LOST[shape]) / len(CORRUPTIONS)
        yield Figure(
            "damage",
            f"{provider}, {shape}s: the least, for {len(LOST[shape])} of {len(CORRUPTIONS)} kinds are lost",
            f"{least:.2f}",
        )
        yield at_most("damage", f"{provider}, {shape}s: most calls a row", counted["most_tries"], 4, digits=0)


def quotas(provider: str, count: int = 1000) -> Iterator[Figure]:
    """Sets of ten questions with one in ten damaged."""
    with tempfile.TemporaryDirectory() as name, ModelServer(mode="bad_json", share=0.1) as server:
        replies = run(server, provider, count, folder=Path(name), shape="questions")
    yield exactly(
        "quotas", f"{provider}: sets of 4/4/2 with four options", sum(map(is_exact, replies)), count
    )


def is_exact(reply: dict[str, Any] | None) -> bool:
    """Tell whether a set holds exactly four easy, four medium and two hard questions with four options each."""
    if reply is None or len(reply) != sum(QUOTA.values()):
        return False
    cells = [f"{cell}_{number}" for cell, asked in QUOTA.items() for number in range(1, asked + 1)]
    return sorted(reply) == sorted(cells) and all(
        sorted(item["options"]) == list("ABCD") and all(item["options"].values()) for item in reply.values()
    )

"""The benchmark of model calls, part by part: it ends with status 1 when a figure misses its target."""

import subprocess
import sys

import pytest
from small_set import ROOT


def benchmark(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks.model_calls", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_missed_target_is_named_and_ends_with_status_1() -> None:
    # One call at a time of a server without latency: the ideal is zero seconds, which nobody reaches.
    done = benchmark("--only", "rate", "--calls", "3", "--latency", "0", "--concurrency", "4")

    assert done.returncode == 1, done.stderr
    assert "openai, 4 at once: share of the ideal" in done.stdout
    assert "MISSED" in done.stdout
    assert "plain AsyncOpenAI on aiohttp" in done.stdout


@pytest.mark.soak
@pytest.mark.parametrize("part", ["rate", "refusals", "budget", "damage", "quotas", "kills"])
def test_every_figure_meets_its_target(part: str) -> None:
    done = benchmark("--only", part)

    assert done.returncode == 0, done.stdout + done.stderr

"""What the factory promises of its model calls, measured on this machine, each figure beside its target.

    python -m benchmarks.model_calls                     everything, about ten minutes on two quiet cores
    python -m benchmarks.model_calls --only rate         speed, CPU and memory beside plain AsyncOpenAI, one minute
    python -m benchmarks.model_calls --only refusals --provider gemini

The server runs in a process of its own (tests/model_server), and what it counts is what is shown. Exit status 1: a
target is missed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure, line, status
from benchmarks.model_faults import budget, damage, quotas, refusals
from benchmarks.model_kills import kills
from benchmarks.model_rate import rate

PARTS = ("rate", "refusals", "budget", "damage", "quotas", "kills")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="one part alone; may be given again")
    parser.add_argument("--provider", choices=("openai", "gemini"), action="append", help="both by default")
    parser.add_argument("--calls", type=int, default=2000, help="of the part 'rate'")
    parser.add_argument("--latency", type=float, default=0.2, help="of the part 'rate', in seconds")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256], help="of the part 'rate'")
    parser.add_argument("--rounds", type=int, default=1, help="of the part 'rate'; medians are shown")
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    by_provider: dict[str, Callable[[str], Iterator[Figure]]] = {
        "refusals": refusals,
        "budget": budget,
        "damage": damage,
        "quotas": quotas,
        "kills": lambda provider: kills(provider, given.kills),
    }
    figures: list[Figure] = []
    for part in given.only or PARTS:
        if part == "rate":
            figures += _told(rate(given.calls, given.latency, given.concurrency, given.rounds))
            continue
        for provider in given.provider or ("openai", "gemini"):
            figures += _told(by_provider[part](provider))
    missed = [figure for figure in figures if figure.met is False]
    print(f"{len(figures)} figures, {len(missed)} missed")
    return status(figures)


def _told(figures: Iterator[Figure]) -> list[Figure]:
    found = []
    for figure in figures:
        print(line(figure), flush=True)
        found.append(figure)
    return found


if __name__ == "__main__":
    sys.exit(main())

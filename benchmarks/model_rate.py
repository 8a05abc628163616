"""2,000 calls of 200 ms -> share of the ideal time, CPU and memory of the client, ours beside plain SDKs.

Every writer is measured in a fresh process and after a warm-up call; the server runs in another one on the same cores. Ours
keeps a durable ledger, a budget and validates; the plain ones record nothing and check nothing.
"""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_least, at_most

ROOT = Path(__file__).resolve().parents[1]
OURS = ("openai", "gemini")
WRITERS = (*OURS, "plain AsyncOpenAI", "plain AsyncOpenAI on aiohttp")
MODEL = "test-model"


def requests(count: int, mark: str) -> list[Any]:
    """Return so many requests of a usual size: about 700 tokens in, one exchange out."""
    from rolescape_data.providers.base import Request

    system = "You write one exchange between a visitor and the character, in the character's own voice. " * 6
    rules = (
        "Stay with what the material says. Use no stage directions. Answer with the JSON object alone.\n" * 12
    )
    return [
        Request(
            prompt_id="benchmark",
            prompt_sha256="0" * 64,
            system=system,
            user=f"{rules}\n```json\n{json.dumps({'mark': mark, 'number': number, 'note': 'a harbour at dusk ' * 20})}\n```",
            answer="ImageDialogueAnswer",
        )
        for number in range(count)
    ]


def ours(work: list[Any], provider: str, url: str, folder: Path) -> None:
    """Write through the factory's own path."""
    from rolescape_data.providers import Purse, open_writer

    ledger = folder / "characters" / "one" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    (folder / "qa").mkdir()
    (folder / "qa" / "prices.yaml").write_text(
        f'prices: {{"{provider}:{MODEL}": {{input: 1.0, output: 10.0, read: 2026-11-20, source: the benchmark}}}}\n'
    )
    purse = Purse(folder, 1000.0, folder / "qa")
    writer = open_writer(f"{provider}:{MODEL}", base_url=url, ledger=ledger, purse=purse)
    outcomes = writer.write(work)
    assert all(outcome.reply for outcome in outcomes)


def plain(work: list[Any], url: str, concurrency: int, *, fast: bool) -> None:
    """Send the same requests with the SDK alone."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    from rolescape_data.providers.schemas import answer_schema, sanitised

    schema = sanitised(answer_schema("ImageDialogueAnswer"), "compatible")
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}

    async def everything() -> None:
        http = DefaultAioHttpClient() if fast else None
        gate = asyncio.Semaphore(concurrency)
        async with AsyncOpenAI(api_key="none", base_url=url, http_client=http, max_retries=0) as client:

            async def one(request: Any) -> None:
                messages: Any = [
                    {"role": "system", "content": request.system},
                    {"role": "user", "content": request.user},
                ]
                sent: Any = {
                    "model": MODEL,
                    "messages": messages,
                    "response_format": form,
                    "max_tokens": 4096,
                }
                async with gate:
                    reply = await client.chat.completions.create(**sent)
                assert reply.choices[0].message.content

            await asyncio.gather(*(one(request) for request in work))

    asyncio.run(everything())


def measure(writer: str, url: str, calls: int, concurrency: int) -> dict[str, float]:
    """Run one writer in this process, after one warm-up call; return seconds, CPU seconds and peak memory in MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def go(work: list[Any], place: Path) -> None:
            if writer in OURS:
                place.mkdir()
                ours(work, writer, url, place)
            else:
                plain(work, url, concurrency, fast=writer.endswith("aiohttp"))

        go(requests(1, f"{writer} warm"), folder / "warm")
        work = requests(calls, f"{writer} {concurrency} {time.time_ns()}")
        began, cpu = time.perf_counter(), _cpu_s()
        go(work, folder / "measured")
        seconds, used = time.perf_counter() - began, _cpu_s() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu_s": used, "peak_mb": peak}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rate(calls: int, latency_s: float, concurrencies: list[int], rounds: int) -> Iterator[Figure]:
    """Measure every writer in turn, so many rounds; medians count."""
    from tests.model_server import ModelServer

    for concurrency in concurrencies:
        ideal = -(-calls // concurrency) * latency_s
        found: dict[str, list[dict[str, float]]] = {writer: [] for writer in WRITERS}
        for _ in range(rounds):
            for writer in WRITERS:
                with ModelServer(latency_s=latency_s, strict=False) as server:
                    url = server.gemini_url if writer == "gemini" else server.openai_url
                    done = _in_its_own_process(writer, url, calls, concurrency)
                    if done is not None:
                        found[writer].append(done)
                        paid = server.counters()["paid"]
                        assert paid == calls + 1, f"{writer}: {paid} answers were paid for"
        for writer, runs in found.items():
            if not runs:
                yield Figure("rate", f"{writer}, {concurrency} at once", "failed")
                continue
            share = ideal / statistics.median(run["seconds"] for run in runs)
            cpu = statistics.median(run["cpu_s"] for run in runs) / calls * 1000
            peak = max(run["peak_mb"] for run in runs)
            where = f"{writer}, {concurrency} at once"
            if writer in OURS:
                yield at_least(
                    "rate", f"{where}: share of the ideal {ideal:.1f} s", share, _share(concurrency)
                )
                yield at_most("rate", f"{where}: client CPU, ms a call", cpu, 1.4)
                yield at_most("rate", f"{where}: memory, MB", peak, 150, digits=0)
            else:
                yield Figure(
                    "rate", f"{where}: share, CPU ms a call, MB", f"{share:.2f} {cpu:.2f} {peak:.0f}"
                )


def _share(concurrency: int) -> float:
    return 0.90 if concurrency <= 64 else 0.55


def _in_its_own_process(writer: str, url: str, calls: int, concurrency: int) -> dict[str, float] | None:
    command = [sys.executable, "-m", "benchmarks.model_rate", writer, url, str(calls), str(concurrency)]
    environment = os.environ | {"ROLESCAPE_CONCURRENCY": str(concurrency)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        if writer in OURS:
            raise RuntimeError(done.stderr)
        # Plain httpx under load gives up connections of its own accord; it is only here to compare with.
        print(f"{writer} failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))

"""What a call costs on our side: time beside the ideal, CPU and memory, with ledger, budget and validation on.

    python -m benchmarks.model_calls --calls 2000 --latency 0.2

Beside it, in the same run, plain `AsyncOpenAI` under a semaphore, which records nothing and checks nothing. The server
runs in a process of its own on this machine and shares its cores; every writer is measured in a fresh process.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WRITERS = ("ours", "plain", "plain+aiohttp")
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


def ours(work: list[Any], url: str, folder: Path) -> None:
    """Write through the factory's own path."""
    from rolescape_data.providers import Purse, open_writer

    ledger = folder / "characters" / "one" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    (folder / "qa").mkdir()
    (folder / "qa" / "prices.yaml").write_text(
        f'prices: {{"openai:{MODEL}": {{input: 1.0, output: 10.0, read: 2026-11-20, source: the benchmark}}}}\n'
    )
    purse = Purse(folder, 1000.0, folder / "qa")
    writer = open_writer(f"openai:{MODEL}", base_url=url, ledger=ledger, purse=purse)
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
            if writer == "ours":
                place.mkdir()
                ours(work, url, place)
            else:
                plain(work, url, concurrency, fast=writer != "plain")

        go(requests(1, f"{writer} warm"), folder / "warm")
        work = requests(calls, f"{writer} {concurrency} {time.time_ns()}")
        began, cpu = time.perf_counter(), time.process_time()
        go(work, folder / "measured")
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu_s": used, "peak_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--writer", choices=WRITERS)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    if given.writer:
        print(json.dumps(measure(given.writer, given.url, given.calls, given.concurrency[0])))
        return
    from tests.model_server import ModelServer

    print(f"{given.calls} calls of {given.latency * 1000:.0f} ms")
    print(f"{'writer':14} {'at once':>7} {'seconds':>8} {'of ideal':>8} {'CPU ms/call':>11} {'peak MB':>8}")
    for concurrency in given.concurrency:
        ideal = -(-given.calls // concurrency) * given.latency
        for writer in WRITERS:
            with ModelServer(latency_s=given.latency, strict=False) as server:
                found = _in_its_own_process(writer, server.openai_url, given.calls, concurrency)
                assert server.counters()["paid"] == given.calls + 1
            print(
                f"{writer:14} {concurrency:7} {found['seconds']:8.2f} {ideal / found['seconds']:8.2f} "
                f"{found['cpu_s'] / given.calls * 1000:11.2f} {found['peak_mb']:8.0f}"
            )


def _in_its_own_process(writer: str, url: str, calls: int, concurrency: int) -> dict[str, float]:
    import os

    command = [sys.executable, "-m", "benchmarks.model_calls", "--writer", writer, "--url", url]
    command += ["--calls", str(calls), "--concurrency", str(concurrency)]
    environment = os.environ | {"ROLESCAPE_CONCURRENCY": str(concurrency)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()

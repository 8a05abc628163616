"""The model server itself: what other tests measure with has to count, refuse and break down as it says."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from adapters import PROVIDERS, attempt, client_of, fault_of, send
from model_server import CORRUPTIONS, ModelServer, offline, seeded
from model_server.damage import damaged

from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.schemas import answer_schema
from rolescape_data.providers.wire import Reply, WireFault
from rolescape_data.records.answers import ANSWERS, quota_model

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.configure(
        mode="ok", share=1.0, first=1, corruption="mixed", input_usd=1.0, output_usd=10.0, burst=50, rate=50.0
    )
    running.reset()
    return running


def outcomes(server: ModelServer, count: int) -> list[Reply | WireFault]:
    """Send so many rows at once and return replies and faults in order."""

    async def all_of_them() -> list[Any]:
        client = client_of("openai", server)
        try:
            return await asyncio.gather(
                *(client.send(attempt(row)) for row in range(count)), return_exceptions=True
            )
        finally:
            await client.close()

    return asyncio.run(all_of_them())


def test_it_starts_by_hand_and_prints_its_address() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.model_server",
            "--port",
            "0",
            "--mode",
            "first_500",
            "--latency",
            "0.1",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "import os, sys; sys.path.insert(0, 'tests')\n"
        "from model_server import ModelServer\n"
        "server = ModelServer(); server.__enter__()\n"
        "print(server._process.pid, flush=True); os._exit(9)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    pid = int(found.stdout)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


def test_money_and_tokens_are_counted_at_its_own_prices(server: ModelServer) -> None:
    server.configure(input_usd=3.0, output_usd=7.0)
    replies = send(client_of("openai", server), attempt(1), attempt(2))

    found = server.counters()
    given, made = sum(one.input_tokens for one in replies), sum(one.output_tokens for one in replies)
    assert (found["input_tokens"], found["output_tokens"]) == (given, made)
    assert found["usd"] == pytest.approx((given * 3 + made * 7) / 1e6)


def test_a_request_paid_for_twice_is_told(server: ModelServer) -> None:
    send(client_of("openai", server), attempt(1), attempt(1), attempt(2))

    found = server.counters()
    assert (found["paid"], found["repeated"], found["rows"], found["most_tries"]) == (3, 1, 2, 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_first_try_of_every_row_fails_and_the_second_does_not(server: ModelServer, provider: str) -> None:
    server.configure(mode="first_500")
    assert fault_of(client_of(provider, server), attempt(5)).status == 500
    assert send(client_of(provider, server), attempt(5))[0].finish == "stop"


def test_a_time_of_refusals_begins_with_the_first_request_and_ends(server: ModelServer) -> None:
    server.configure(mode="all_429", seconds=0.5)
    fault = fault_of(client_of("openai", server))
    assert fault.kind == "rate_limit"
    assert fault.retry_after_s is not None
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert send(client_of("openai", server), attempt())[0].finish == "stop"
        except WireFault:
            continue
        assert server.counters()["statuses"]["429"] >= 1
        return
    raise AssertionError("the refusals never ended")


def test_a_bucket_lets_a_burst_through_and_refuses_the_rest(server: ModelServer) -> None:
    server.configure(mode="bucket", rate=1.0, burst=10)

    found = outcomes(server, 30)

    passed = [one for one in found if isinstance(one, Reply)]
    assert 10 <= len(passed) <= 12
    assert {one.kind for one in found if isinstance(one, WireFault)} == {"rate_limit"}


def test_the_share_of_rows_that_a_fault_hits_is_kept_and_is_the_same_again(server: ModelServer) -> None:
    server.configure(mode="always_bad", share=0.25, corruption="trailing_prose")

    def hit() -> list[int]:
        replies = [one for one in outcomes(server, 120) if isinstance(one, Reply)]
        return [row for row, one in enumerate(replies) if not one.text.endswith("}")]

    first = hit()
    assert 15 <= len(first) <= 45
    assert hit() == first


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_corruption_damages_every_reply(corruption: str) -> None:
    for answer in ("TextMCQAnswer", "TextDialogueAnswer", "HumanRoleAnswer"):
        keys = ("easy_1", "hard_1") if answer != "HumanRoleAnswer" else ()
        model = quota_model(ANSWERS[answer], list(keys)) if keys else ANSWERS[answer]
        reply = seeded.answer(answer_schema(answer, keys), {}, "seed")
        before = json.dumps(reply)

        with pytest.raises(ValueError, match="validation error"):
            model.model_validate_json(damaged(reply, corruption, "seed"))
        assert json.dumps(reply) == before


def test_mixed_corruption_uses_all_ten_kinds() -> None:
    reply = {"easy_1": {"question": "Why?", "answer": "So."}}
    kinds = {damaged(reply, kind, "") for kind in CORRUPTIONS}

    assert len(CORRUPTIONS) == len(kinds) == 10
    assert {damaged(reply, "mixed", str(number)) for number in range(200)} == kinds


def test_made_up_answers_depend_on_the_row_and_the_seed_alone(server: ModelServer) -> None:
    first = send(client_of("openai", server), attempt(1), attempt(2))
    again = send(client_of("gemini", server), attempt(1), attempt(2))
    assert [one.text for one in first] == [one.text for one in again]
    assert first[0].text != first[1].text


def test_made_up_questions_quote_the_facts_they_are_asked_about() -> None:
    facts = [
        {"fact_id": f"f{number}", "text": f"Fact {number}.", "evidence": f"It is {number}."}
        for number in range(4)
    ]
    keys = ("easy_1", "easy_2", "medium_1", "hard_1")

    reply = seeded.answer(
        answer_schema("TextMCQAnswer", keys), {"character": {"name": "Quill"}, "facts": facts}, "s"
    )

    assert [reply[key]["fact_ids"] for key in keys] == [["f0"], ["f1"], ["f2"], ["f3"]]
    assert [reply[key]["evidence"] for key in keys] == [[f"It is {number}."] for number in range(4)]
    assert len({reply[key]["question"] for key in keys}) == 4


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("keys", [(), ("cell_1", "cell_2")])
def test_the_offline_source_tells_by_the_schema_alone_what_is_asked_for(
    answer: str, keys: tuple[str, ...]
) -> None:
    assert offline._named(answer_schema(answer, keys)) == (answer, keys)


def test_an_unknown_setting_is_an_error_and_not_silence(server: ModelServer) -> None:
    with pytest.raises(ValueError, match="unknown setting 'latency'"):
        server.configure(latency=1)
    with pytest.raises(ValueError, match="unknown mode"):
        server.configure(mode="sulking")
    with pytest.raises(ValueError, match="unknown settings: speed"), ModelServer(speed=1):
        pass
    server.configure(mode="ok")


def test_no_source_of_the_server_is_a_writer_of_the_factory() -> None:
    from rolescape_data.providers import WRITERS

    assert set(WRITERS) == {"offline", "openai", "gemini"}
    for path in (ROOT / "rolescape_data").rglob("*.py"):
        assert "model_server" not in path.read_text(encoding="utf-8"), path


def test_schemas_outside_the_documented_subset_are_refused_in_the_real_words(server: ModelServer) -> None:
    from dataclasses import replace

    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": [],
        "additionalProperties": False,
    }
    client = OpenAIClient("m", base_url=server.openai_url, profile="openai")

    fault = fault_of(client, replace(attempt(), schema=schema))

    assert fault.kind == "schema"
    assert "'required' is required to be supplied" in str(fault)


BATCHES = {
    "complete": ("completed", 4, 0),
    "partial": ("completed", 3, 1),
    "expired": ("expired", 2, 2),
    "failed": ("failed", 0, 0),
}


@pytest.mark.parametrize("fate", BATCHES)
def test_openais_batches_end_in_every_way_and_cost_half(server: ModelServer, fate: str) -> None:
    from openai import OpenAI

    server.configure(batch=fate)
    schema = answer_schema("TextDialogueAnswer")
    form = {
        "type": "json_schema",
        "json_schema": {"name": "TextDialogueAnswer", "strict": True, "schema": schema},
    }
    bodies = [
        {"model": "m", "messages": [{"role": "user", "content": f"row {row}"}], "response_format": form}
        for row in range(4)
    ]
    rows = [
        {"custom_id": f"r{row}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for row, body in enumerate(bodies)
    ]
    with OpenAI(base_url=server.openai_url, api_key="k", max_retries=0) as sdk:
        sent = sdk.files.create(
            file=("batch.jsonl", "\n".join(map(json.dumps, rows)).encode()), purpose="batch"
        )
        job = sdk.batches.create(
            input_file_id=sent.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"run": "one"},
        )
        found = sdk.batches.retrieve(job.id)
        listed = [one.id for one in sdk.batches.list(limit=2)]
        texts = [sdk.files.content(name).text for name in (found.output_file_id, found.error_file_id) if name]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    status, good, bad = BATCHES[fate]
    assert found.request_counts is not None
    assert (found.status, found.request_counts.completed, found.request_counts.failed) == (status, good, bad)
    assert job.id in listed
    assert len({line["custom_id"] for line in lines}) == good + bad
    bodies_back = [
        line["response"]["body"]
        for line in lines
        if line["response"] and line["response"]["status_code"] == 200
    ]
    usage = [body["usage"] for body in bodies_back]
    whole = sum(one["prompt_tokens"] * 1.0 + one["completion_tokens"] * 10.0 for one in usage) / 1e6
    assert server.counters()["usd"] == pytest.approx(whole / 2)


@pytest.mark.parametrize("fate", ["complete", "partial", "expired", "failed"])
def test_geminis_batches_end_in_every_way(server: ModelServer, fate: str) -> None:
    from google import genai
    from google.genai import types

    server.configure(batch=fate)
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        response_json_schema=answer_schema("TextDialogueAnswer"),
        system_instruction="Write.",
    )
    rows = [
        types.InlinedRequest(contents=f"row {row}", config=config, metadata={"row": str(row)})
        for row in range(4)  # type: ignore[arg-type]
    ]
    sdk = genai.Client(
        api_key="k", vertexai=False, http_options=types.HttpOptions(base_url=server.gemini_url)
    )
    job = sdk.batches.create(model="flash", src=rows, config=types.CreateBatchJobConfig(display_name="one"))
    assert job.name is not None
    found = sdk.batches.get(name=job.name)
    results = found.dest.inlined_responses or [] if found.dest else []

    _, good, bad = BATCHES[fate]
    state = {"complete": "SUCCEEDED", "partial": "SUCCEEDED"}.get(fate, fate.upper())
    assert found.state is not None
    assert found.state.value == f"JOB_STATE_{state}"
    assert (sum(1 for one in results if one.response), sum(1 for one in results if one.error)) == (good, bad)
    assert [(one.metadata or {}).get("row") for one in results] == [str(row) for row in range(good + bad)]
    assert job.name in [one.name for one in sdk.batches.list()]

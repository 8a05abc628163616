"""The starter set and a real one, built through both wire protocols: pictures arrive, counts are the offline ones, and what
`check` said beforehand is met by the server's own count, and its most is not exceeded.
"""

import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from adapters import KEY
from conftest import Told
from model_server import ModelServer
from real_sets.made import REAL, SETS
from small_set import ROOT

from rolescape_data.providers.background import background
from rolescape_data.providers.pictures import LIMITS, fit
from rolescape_data.records import RECORDS
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]
STARTER = ROOT / "examples/starter/set.yaml"
# OpenAI's tile formula holds for this model's name, and the server counts by it.
MODELS = {"openai": "openai:gpt-4o-test", "gemini": "gemini:gemini-2.5-test"}


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="offline") as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.configure(mode="ok", source="offline")
    running.reset()
    background()._admissions.clear()
    background()._clients.clear()
    return running


def told_to(server: ModelServer, provider: str) -> tuple[str, ...]:
    url = server.openai_url if provider == "openai" else server.gemini_url
    return ("--writer", MODELS[provider], "--base-url", url)


def counts(workspace: Path) -> dict[str, int]:
    opened = Workspace(workspace)
    folders = sorted((workspace / "characters").iterdir())
    return {
        f"{folder.name} {kind}": len(opened.character(folder.name).read(RECORDS[kind]))
        for folder in folders
        for kind in RECORDS
    }


def pictures(workspace: Path) -> set[str]:
    """Return the hashes of the pictures that a build asks about."""
    opened = Workspace(workspace)
    return {
        image.blob_sha256  # type: ignore[attr-defined]
        for folder in (workspace / "characters").iterdir()
        for image in opened.character(folder.name).read(RECORDS["image"])
    }


def tokens_a_call(workspace: Path) -> dict[str, float]:
    """Return the input tokens that the server counted a call, by kind."""
    background().journal.settle()
    sums: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for path in workspace.glob("characters/*/ledger.sqlite"):
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute(
                "SELECT prompt_id, attempts.input_tokens FROM attempts JOIN calls USING (key)"
            ).fetchall()
        for kind, tokens in rows:
            sums[kind] += tokens
            calls[kind] += 1
    return {kind: sums[kind] / calls[kind] for kind in calls}


@pytest.mark.soak
@pytest.mark.parametrize("provider", MODELS)
def test_the_starter_set_is_built_through_a_model_as_offline_and_within_what_check_said(
    server: ModelServer, starter: Path, build: Build, rolescape: Build, tmp_path: Path, provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    writer = told_to(server, provider)
    said = json.loads(rolescape("check", STARTER, *writer, "--json").out)
    out = tmp_path / "paid.workspace"

    told = build(STARTER, *writer, out=out)

    assert told.status == 0, told.out + told.err
    assert counts(out) == counts(starter)
    counters = server.counters()
    # Pictures of these sizes are sent as they lie on disk, byte for byte.
    assert pictures(out) <= set(counters["image_hashes"])
    assert counters["input_tokens"] <= said["input_most"]
    assert counters["output_tokens"] <= said["output_most"]
    assert counters["requests"] <= said["calls_most"]
    assert 0.95 <= said["input_tokens"] / counters["input_tokens"] <= 1.05
    for kind, counted in tokens_a_call(out).items():
        stage = next(one for one in said["stages"] if one["kind"] == kind)
        # A kind that takes more rounds than were rehearsed carries longer lists of what is there already.
        assert 0.9 <= stage["input_tokens"] / stage["calls"] / counted <= 1.1, kind
    no_key_in(out, told)


@pytest.mark.soak
@pytest.mark.parametrize("provider", MODELS)
def test_mmrole_greece_is_built_through_a_model_as_offline(
    server: ModelServer, build: Build, tmp_path: Path, provider: str
) -> None:
    if not (REAL / "mmrole_greece").is_dir():
        pytest.skip(f"no real inputs at {REAL}; set ROLESCAPE_REAL_INPUTS to the folder that holds them")
    shutil.copytree(SETS / "mmrole_greece", tmp_path / "greece")
    (tmp_path / "greece" / "real").symlink_to(REAL / "mmrole_greece", target_is_directory=True)
    set_file = tmp_path / "greece" / "set.yaml"
    offline, out = tmp_path / "offline.workspace", tmp_path / "paid.workspace"
    before = build(set_file, out=offline)

    told = build(set_file, *told_to(server, provider), out=out)

    assert told.status == before.status, told.out + told.err
    assert counts(out) == counts(offline)
    # Photographs above a provider's limit are fitted to it before they are sent.
    received = set(server.counters()["image_hashes"])
    for picture in pictures(out):
        data = Workspace(out).blobs.path(f"{picture[:2]}/{picture}.png").read_bytes()
        sent = {hashlib.sha256(fit(data, limit).data).hexdigest() for limit in LIMITS.values()}
        assert sent & received, picture


def no_key_in(out: Path, told: Told) -> None:
    """Look for the key in everything that a build leaves behind or says."""
    background().journal.settle()
    files = [path for path in out.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"ledger.sqlite", "run.log", "index.html", "build.json"} <= names
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path
    assert KEY not in told.out + told.err

"""The engines: the same values and errors with and without Prefect, and no server left behind."""

import fcntl
import importlib.metadata
import importlib.util
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.runtime import call, each, parse_engine, run_flow
from flows.server import OwnedServer
from flows.session import drain_events, prefect_session, wait_for_records
from rolescape_data.errors import SettingsError, StoppedError

ROOT = Path(__file__).parent.parent
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")

CHILD = """
import os, sys, threading
from flows.runtime import call, each, exit_at_once, run_flow, start_server

def double(number):
    return 2 * number

def broken(number):
    raise ValueError(f"no {number}")

def busy(number):
    print("in", os.environ["PREFECT_API_URL"], flush=True)
    if sys.argv[1] == "stuck":
        threading.Event().wait()
    sys.stdin.readline()
    return double(number)

def flow(numbers):
    try:
        call(broken, 1)
    except ValueError:
        return each(busy, numbers, slots=2)

start_server("local")
try:
    value = run_flow(flow, [4, 5] if sys.argv[1] == "stuck" else [4], engine="local", slots=2, name="child")
except KeyboardInterrupt:
    exit_at_once(130)
print(value)
"""


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One cache folder for all test processes, with the migrations of its database done."""
    base = tmp_path_factory.getbasetemp()
    cache = (base if worker_id == "master" else base.parent) / "rolescape-cache"
    cache.mkdir(exist_ok=True)
    with (cache / "lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list((cache / "prefect").glob("template-*.db")):
            patch.setenv("ROLESCAPE_CACHE", str(cache))
            server = OwnedServer()
            server.wait()
            server.stop()
    return cache


@pytest.fixture
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLESCAPE_CACHE", str(shared_cache))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return shared_cache


def double(number: int) -> int:
    return 2 * number


def add(left: int, *, right: int) -> int:
    return left + right


def steps(number: int) -> dict[str, Any]:
    return {
        "sum": call(add, number, right=1),
        "each": each(double, [3, 1, 2], slots=2, name=lambda n: f"{{{n}}}"),
    }


def servers_of(parent: int) -> list[int]:
    """Process ids of the servers that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z" and b"server.py" in command:
            found.append(int(status.parent.name))
    return found


def sockets_of(pid: int) -> set[tuple[str, str]]:
    """Local and remote address, in the kernel's hexadecimal, of every TCP socket of a process."""
    own = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(str(link.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in own:
                found.add((fields[1].split(":")[0], fields[2].split(":")[0]))
    return found


def has_ended(pid: int, seconds: float = 5) -> bool:
    """Wait for the end of a process that is no child of this one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def child(tmp_path: Path, mode: str) -> subprocess.Popen[str]:
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    return subprocess.Popen(
        [sys.executable, str(script), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.communicate()[1]
    return line


class Pairs:
    """A task that two have to be in at the same time, and that counts how many are."""

    def __init__(self) -> None:
        self.lock, self.running, self.most = threading.Lock(), 0, 0
        self.pair = threading.Barrier(2, timeout=10)

    def task(self, number: int) -> int:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.pair.wait()
        with self.lock:
            self.running -= 1
        return number


@dataclass(frozen=True)
class LocalRun:
    value: dict[str, Any]
    server: list[int]
    sockets: set[tuple[str, str]]
    database: Path
    environment_restored: bool
    most_at_once: int


@pytest.fixture(scope="module")
def local_run(shared_cache: Path) -> LocalRun:
    seen: dict[str, Any] = {}
    pairs = Pairs()

    def watched(number: int) -> dict[str, Any]:
        value = steps(number) | {"pairs": each(pairs.task, range(8), slots=2)}
        seen["home"] = os.environ["PREFECT_HOME"]
        seen["server"] = servers_of(os.getpid())
        seen["sockets"] = {pair for pid in [os.getpid(), *seen["server"]] for pair in sockets_of(pid)}
        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLESCAPE_CACHE", str(shared_cache))
        patch.delenv("PREFECT_API_URL", raising=False)
        before = dict(os.environ)
        value = run_flow(watched, 40, engine="local", slots=2, name=f"watched-{os.getpid()}")
        restored = dict(os.environ) == before
    return LocalRun(
        value, seen["server"], seen["sockets"], Path(seen["home"]) / "prefect.db", restored, pairs.most
    )


@pytest.mark.parametrize("text", ["none", "local", "dask://scheduler:8786", "ray://10.0.0.1:10001"])
def test_engines_are_read_by_name_and_address(text: str) -> None:
    choice = parse_engine(text)
    assert f"{choice.kind}://{choice.address}".removesuffix("://") == text


@pytest.mark.parametrize(
    "text", ["", "Local", "dask", "dask://", "dask://host", "ray://host:0", "spark://host:1"]
)
def test_an_engine_that_cannot_be_meant_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match=repr(text)):
        parse_engine(text)


def test_importing_the_runtime_and_running_without_an_engine_never_imports_prefect() -> None:
    program = (
        "import sys\n"
        "from flows.runtime import call, each, run_flow\n"
        "flow = lambda number: each(lambda x: call(abs, x), [-number, 2], slots=2)\n"
        "print(run_flow(flow, 1, engine='none', slots=2, name='x'), 'prefect' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[1, 2] False"


@linux
def test_a_local_run_returns_what_a_plain_run_returns(local_run: LocalRun) -> None:
    plain = run_flow(steps, 40, engine="none", slots=2, name="steps")
    assert plain == {"sum": 41, "each": [6, 2, 4]}
    assert {name: local_run.value[name] for name in plain} == plain


@linux
def test_a_local_run_owns_one_server_which_is_gone_afterwards(local_run: LocalRun) -> None:
    assert len(local_run.server) == 1
    assert has_ended(local_run.server[0])


@linux
def test_server_and_client_talk_over_loopback_and_nothing_else(local_run: LocalRun) -> None:
    loopback, nobody = "0100007F", "00000000"
    assert (loopback, nobody) in local_run.sockets, "the server listens"
    assert {local for local, _ in local_run.sockets} == {loopback}
    assert {remote for _, remote in local_run.sockets} <= {loopback, nobody}


@linux
def test_every_task_of_a_finished_run_is_on_record(local_run: LocalRun) -> None:
    with sqlite3.connect(local_run.database) as database:
        rows = database.execute(
            "select task_run.name, task_run.state_name from task_run join flow_run on flow_run.id = flow_run_id "
            "join flow on flow.id = flow_run.flow_id where flow.name = ? order by 1",
            [f"watched-{os.getpid()}"],
        ).fetchall()
    names = sorted(["add", "{1}", "{2}", "{3}", *map(str, range(8))])
    assert rows == [(name, "Completed") for name in names]


@linux
def test_a_local_run_leaves_the_environment_as_it_was(local_run: LocalRun) -> None:
    assert local_run.environment_restored


@linux
@pytest.mark.parametrize("engine", ["none", "local"])
def test_an_error_of_ours_comes_out_of_a_task_as_the_same_object(engine: str, cache: Path) -> None:
    error = StoppedError("The day's quota is used up. Run the same command tomorrow.")
    servers: list[int] = []

    def fail(number: int) -> int:
        servers.extend(servers_of(os.getpid()))
        raise error

    def flow(number: int) -> list[int]:
        return each(fail, [number], slots=1)

    with pytest.raises(StoppedError) as caught:
        run_flow(flow, 1, engine=engine, slots=1, name="failing")
    assert caught.value is error
    assert caught.value.exit_status == 3
    assert len(servers) == (engine == "local")
    assert all(has_ended(pid) for pid in servers)


def test_each_keeps_the_order_and_never_runs_more_than_its_slots() -> None:
    pairs = Pairs()
    assert each(pairs.task, range(12), slots=2) == list(range(12))
    assert pairs.most == 2


@linux
def test_each_keeps_order_and_slots_under_prefect_too(local_run: LocalRun) -> None:
    assert local_run.value["pairs"] == list(range(8))
    assert local_run.most_at_once == 2


def test_after_the_first_error_nothing_is_submitted_and_running_tasks_finish() -> None:
    failed, started, finished = threading.Event(), [], []

    def task(number: int) -> None:
        started.append(number)
        if number == 0:
            failed.set()
            raise ValueError("first")
        failed.wait(10)
        finished.append(number)

    with pytest.raises(ValueError, match="first"):
        each(task, range(50), slots=2)
    assert sorted(finished) == sorted(set(started) - {0})
    assert max(started) < 10


def test_each_refuses_to_run_nothing_at_once() -> None:
    with pytest.raises(ValueError, match="slots is 0"):
        each(double, [1], slots=0)


@dataclass(frozen=True)
class TwoRuns:
    addresses: list[str]
    finished: tuple[str, str, int | None]
    servers: list[int]


@pytest.fixture(scope="module")
def two_runs(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> TwoRuns:
    """Two runs that were in a task at the same time; the first went on to its end, the second was killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLESCAPE_CACHE", str(shared_cache))
        patch.delenv("PREFECT_API_URL", raising=False)
        first, second = (child(tmp_path_factory.mktemp("run"), "together") for _ in range(2))
        addresses = [first_line(first), first_line(second)]
        servers = [*servers_of(first.pid), *servers_of(second.pid)]
        second.kill()
        output, errors = first.communicate("go\n", timeout=30)
        second.communicate()
    return TwoRuns(addresses, (output, errors, first.returncode), servers)


@linux
def test_a_local_run_leaves_the_terminal_to_its_caller_even_when_a_task_fails(two_runs: TwoRuns) -> None:
    assert two_runs.finished == ("[8]\n", "", 0)


@linux
def test_two_runs_at_once_have_a_server_each(two_runs: TwoRuns) -> None:
    assert len(set(two_runs.addresses)) == len(set(two_runs.servers)) == 2


@linux
def test_a_server_is_gone_soon_after_its_owner_was_killed(two_runs: TwoRuns) -> None:
    assert has_ended(two_runs.servers[1])


@linux
def test_ctrl_c_ends_a_run_with_busy_tasks_at_once_and_without_a_traceback(
    cache: Path, tmp_path: Path
) -> None:
    process = child(tmp_path, "stuck")
    first_line(process)
    (server,) = servers_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, "")
    assert has_ended(server)


@pytest.fixture(scope="module")
def api(shared_cache: Path) -> Iterator[OwnedServer]:
    """A Prefect API that is there before and after the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLESCAPE_CACHE", str(shared_cache))
        server = OwnedServer()
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def test_a_flow_that_prefect_itself_runs_makes_task_runs_of_the_same_steps(api: OwnedServer) -> None:
    with prefect_session(api.settings, api.log, owned=True):
        from prefect import flow
        from prefect.runtime import flow_run

        @flow(name="deployed", persist_result=False)
        def deployed(number: int) -> dict[str, Any]:
            return {**steps(number), "id": flow_run.get_id()}

        value = deployed(40)
        drain_events()
        wait_for_records(api.port, value["id"], 4)
        database = Path(os.environ["PREFECT_HOME"]) / "prefect.db"
    with sqlite3.connect(database) as records:
        (count,) = records.execute(
            "select count(*) from task_run where flow_run_id = ?", [value["id"]]
        ).fetchone()
    assert (value["sum"], value["each"], count) == (41, [6, 2, 4], 4)


@linux
def test_a_users_own_api_is_used_and_no_server_is_started_beside_it(
    api: OwnedServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", api.settings["PREFECT_HOME"])
    monkeypatch.setenv("PREFECT_API_URL", api.settings["PREFECT_API_URL"])

    def flow(number: int) -> tuple[list[int], str]:
        return servers_of(os.getpid()), os.environ["PREFECT_API_URL"]

    servers, url = run_flow(flow, 1, engine="local", slots=1, name="mine")
    assert (servers, url) == ([api.pid], api.settings["PREFECT_API_URL"])


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that nothing listens on, held so that nothing takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_an_api_that_does_not_answer_is_named_at_once(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port}/api")
    with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{free_port} cannot be reached .*--engine none"):
        run_flow(double, 1, engine="local", slots=1, name="x")


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_a_scheduler_that_does_not_answer_is_named_at_once(kind: str, free_port: int) -> None:
    with pytest.raises(SettingsError, match=f"No {kind} scheduler can be reached at 127.0.0.1:{free_port}"):
        run_flow(double, 1, engine=f"{kind}://127.0.0.1:{free_port}", slots=1, name="x")


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_a_cluster_engine_that_is_not_installed_names_its_extra(kind: str) -> None:
    if importlib.util.find_spec(f"prefect_{kind}"):
        pytest.skip(f"prefect_{kind} is installed here")
    with socket.create_server(("127.0.0.1", 0)) as scheduler:
        port = scheduler.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"pip install 'rolescape-data\[{kind}\]'"):
            run_flow(double, 1, engine=f"{kind}://127.0.0.1:{port}", slots=1, name="x")


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("ROLESCAPE_CACHE", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match=r"could not start: Not a directory.*server\.log.*--engine none"):
        run_flow(double, 1, engine="local", slots=1, name="x")


def test_a_server_that_ends_while_it_starts_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("ROLESCAPE_CACHE", str(tmp_path))
    # A folder where the server wants a file: it cannot make its database.
    template = tmp_path / "prefect" / f"template-{importlib.metadata.version('prefect')}.db"
    template.mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"it ended while it started.*server\.log.*--engine none"):
        run_flow(double, 1, engine="local", slots=1, name="x")


def test_every_deployment_of_prefect_yaml_is_a_flow_of_ours(tmp_path: Path) -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    entrypoints = [deployment["entrypoint"] for deployment in deployments]
    program = (
        "import json, sys\n"
        "from prefect.flows import load_flow_from_entrypoint\n"
        "flows = [load_flow_from_entrypoint(name) for name in json.loads(sys.argv[1])]\n"
        "print(json.dumps([[flow.name, list(flow.parameters.properties)] for flow in flows]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(entrypoints)],
        cwd=ROOT,
        env=os.environ | {"PREFECT_HOME": str(tmp_path), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names = ["build_character_set", "regenerate_qa", "export_shards"]
    assert json.loads(done.stdout) == [[name, ["parameters"]] for name in names]

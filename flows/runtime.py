"""The engine behind a name: runs a flow function plainly, under an owned local Prefect server, or on the user's cluster.

Flow and task code is written once, as plain functions that use `call` and `each`. Under Prefect the steps become task
runs; without it they are ordinary calls, and Prefect is never imported. This holds too when Prefect itself runs a
deployment (`flows/deployments.py`), because the decision is read from Prefect's own run context.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, NoReturn, TypeVar, cast

from flows.server import OwnedServer, log_file
from flows.session import (
    WITHOUT_PREFECT,
    check_api,
    check_cluster,
    drain_events,
    prefect_session,
    wait_for_records,
)
from rolescape_data.errors import SettingsError, StoppedError

Engine = Literal["none", "local", "dask", "ray"]
P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """A parsed `--engine`. `address` is HOST:PORT for dask and ray, empty otherwise."""

    kind: Engine
    address: str = ""


class _Call:
    """One call and what came of it. Prefect looks into lists, dataclasses and models, but not into this."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self.function(*self.args, **self.kwargs)
        except Exception as error:  # noqa: BLE001 - kept whole, and raised again by `outcome`.
            self.error = error
        self.done = True

    def outcome(self) -> Any:
        if not self.done:
            raise StoppedError(
                f"Prefect did not run {_name_of(self.function)}. Run the command again; {WITHOUT_PREFECT}"
            )
        if self.error is not None:
            raise self.error
        return self.result


class _Run:
    """What a local run has to wait for at its end."""

    def __init__(self) -> None:
        self.flow_run_id = ""
        self.tasks: list[None] = []  # list.append is atomic; an integer's += is not.


_current: ContextVar[_Run | None] = ContextVar("rolescape_run", default=None)
# At most one: started by `start_server`, taken by the next run.
_early: list[OwnedServer] = []


def parse_engine(text: str) -> EngineChoice:
    """Read `none`, `local`, `dask://HOST:PORT` or `ray://HOST:PORT`.

    Raises:
        SettingsError: anything else.
    """
    if text in {"none", "local"}:
        return EngineChoice(cast(Engine, text))
    scheme, separator, address = text.partition("://")
    if separator and scheme in ("dask", "ray"):
        host, _, port = address.rpartition(":")
        if host and port.isdigit() and 0 < int(port) < 65536:
            return EngineChoice(cast(Engine, scheme), address)
        raise SettingsError(f"Engine {text!r} names no scheduler. Write {scheme}://HOST:PORT.")
    raise SettingsError(f"Engine {text!r} is unknown. Known: none, local, dask://HOST:PORT, ray://HOST:PORT.")


def start_server(engine: str) -> None:
    """Start the server that `run_flow` will need, and return at once, so that it starts while the caller imports.

    Does nothing for other engines than `local`, for a user's own PREFECT_API_URL, and the second time.

    Raises:
        SettingsError: unknown engine, or a cache folder that cannot be written.
    """
    if parse_engine(engine).kind == "local" and not os.environ.get("PREFECT_API_URL") and not _early:
        _early.append(OwnedServer())


def run_flow(flow_function: Callable[[P], R], parameters: P, *, engine: str, slots: int, name: str) -> R:
    """Run a flow function and return its value.

    Args:
        flow_function: a plain function; its steps use `call` and `each`.
        parameters: its only argument. The Prefect UI shows it.
        engine: as `parse_engine` reads it.
        slots: how many of its tasks may run at once.
        name: the flow's name in the Prefect UI.

    Raises:
        SettingsError: the engine is unknown, unreachable, not installed, or its server cannot start.
        StoppedError: Prefect failed while the flow was running; what is built is kept.
        KeyboardInterrupt: Ctrl-C or SIGTERM. Tasks in threads may still run: end the process with `exit_at_once`.
        Exception: whatever the flow function raised, the same object.
    """
    choice = parse_engine(engine)
    if choice.kind == "none" or _under_prefect():
        return flow_function(parameters)
    step = _Call(flow_function, (parameters,), {})
    run = _Run()
    with _prefect_api(choice, run):
        _run_under_prefect(step, run, runner=_task_runner(choice, slots), name=name)
    return cast(R, step.outcome())


def call(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Make one step: a task run under Prefect, in this process and thread; a plain call otherwise."""
    if not _under_prefect():
        return function(*args, **kwargs)
    return cast(R, _as_task(function, args, kwargs, _name_of(function)))


def each(
    function: Callable[[T], R], items: Sequence[T], *, slots: int, name: Callable[[T], str] = str
) -> list[R]:
    """Run one task per item, at most `slots` at once, submitted in a window of twice as many.

    Args:
        function: the task; a cluster needs one that it can import.
        items: what it is called with.
        slots: tasks at once; 1 runs them one after the other in the calling thread.
        name: what the Prefect UI calls an item's task run.

    Returns:
        The values in the order of `items`.

    Raises:
        Exception: the first that a task raised; nothing is submitted after it, and running tasks finish first.
        KeyboardInterrupt: at once; running tasks are left behind.
    """
    if slots < 1:
        raise ValueError(f"slots is {slots}; at least one task has to run")
    if _cluster_runner() is not None:
        return _each_on_cluster(function, items, slots, name)
    tracked = _under_prefect()

    def step(item: T) -> R:
        return cast(R, _as_task(function, (item,), {}, name(item))) if tracked else function(item)

    if slots == 1 or len(items) < 2:
        return [step(item) for item in items]
    pool = ThreadPoolExecutor(min(slots, len(items)), thread_name_prefix="task")
    try:
        return _in_window(lambda item: pool.submit(copy_context().run, step, item), items, 2 * slots)
    except Exception:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    finally:
        # Waiting here would hold back Ctrl-C until every running task is through.
        pool.shutdown(wait=False, cancel_futures=True)


def on_cluster() -> bool:
    """Tell whether the tasks of this run are handed to other processes, which share no memory with it."""
    return _cluster_runner() is not None


def exit_at_once(status: int) -> NoReturn:
    """End the process without waiting for task threads: for the command line, after an interrupt."""
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter would join threads that still run; the owned server leaves with its parent.
    os._exit(status)


def _in_window(submit: Callable[[T], "Future[R]"], items: Sequence[T], window: int) -> list[R]:
    values: dict[int, R] = {}
    running: dict[Future[R], int] = {}
    for index, item in enumerate(items):
        if len(running) >= window:
            _collect(running, values)
        running[submit(item)] = index
    while running:
        _collect(running, values)
    return [values[index] for index in range(len(items))]


def _collect(running: "dict[Future[R], int]", values: dict[int, R]) -> None:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    failed = [future for future in done if future.exception() is not None]
    for future in sorted(failed or done, key=running.__getitem__):
        values[running.pop(future)] = future.result()


def _each_on_cluster(
    function: Callable[[T], R], items: Sequence[T], slots: int, name: Callable[[T], str]
) -> list[R]:
    task = _task_named(_name_of(function), remote=True)
    values: list[R] = []
    waiting: list[Any] = []
    for item in items:
        if len(waiting) >= 2 * slots:
            values.append(waiting.pop(0).result())
        waiting.append(task.submit(_Call(function, (item,), {}), name(item)))
    return values + [future.result() for future in waiting]


def _under_prefect() -> bool:
    if "prefect.context" not in sys.modules:
        return False
    from prefect.context import FlowRunContext, TaskRunContext

    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


def _cluster_runner() -> object | None:
    if "prefect.context" not in sys.modules:
        return None
    from prefect.context import FlowRunContext
    from prefect.task_runners import ThreadPoolTaskRunner

    context = FlowRunContext.get()
    if context is None or isinstance(context.task_runner, ThreadPoolTaskRunner):
        return None
    return context.task_runner


def _as_task(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], label: str) -> Any:
    step = _Call(function, args, kwargs)
    _task_named(_name_of(function), remote=False)(step, label, return_state=True)
    if (run := _current.get()) is not None:
        run.tasks.append(None)
    return step.outcome()


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _run_here(step: _Call, label: str) -> Any:
    step.run()
    # A state instead of the exception: Prefect would log its traceback and pickle it to disk.
    return _failed(step.error) if step.error is not None else None


def _run_there(step: _Call, label: str) -> Any:
    step.run()
    return step.outcome()


def _failed(error: Exception) -> Any:
    from prefect.states import Failed

    return Failed(message=f"{type(error).__name__}: {error}")


@cache
def _task_named(name: str, *, remote: bool) -> Any:
    from prefect import Task
    from prefect.cache_policies import NO_CACHE

    return Task(
        _run_there if remote else _run_here,
        name=name,
        task_run_name="{label}",
        retries=0,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def _run_under_prefect(step: _Call, run: _Run, *, runner: Any, name: str) -> None:
    from prefect import Flow
    from prefect.context import FlowRunContext
    from prefect.exceptions import TerminationSignal

    def body(parameters: Any) -> Any:
        context = FlowRunContext.get()
        assert context is not None and context.flow_run is not None
        run.flow_run_id = str(context.flow_run.id)
        _current.set(run)
        step.run()
        return _failed(step.error) if step.error is not None else None

    flow = Flow(
        body,
        name=name,
        task_runner=runner,
        validate_parameters=False,
        persist_result=False,
        retries=0,
    )
    try:
        flow(*step.args, return_state=True)
    except TerminationSignal as signal:
        raise KeyboardInterrupt from signal
    except Exception as error:
        # The flow's own errors come out of `step`. What is left is Prefect's: a result that is there still counts.
        if not step.done:
            raise StoppedError(
                f"Prefect gave up on the run ({type(error).__name__}: {error}). Run the same command again; {WITHOUT_PREFECT}"
            ) from error


def _task_runner(choice: EngineChoice, slots: int) -> Any:
    from prefect.task_runners import ThreadPoolTaskRunner

    if choice.kind == "dask":
        return import_module("prefect_dask").DaskTaskRunner(address=f"tcp://{choice.address}")
    if choice.kind == "ray":
        return import_module("prefect_ray").RayTaskRunner(address=f"ray://{choice.address}")
    # Its default is a thread for every task that was ever submitted.
    return ThreadPoolTaskRunner(max_workers=slots)


@contextmanager
def _prefect_api(choice: EngineChoice, run: _Run) -> Iterator[None]:
    """An API to record the run at: the user's own, else a server that is stopped at the end."""
    if choice.kind in {"dask", "ray"}:
        check_cluster(choice.kind, choice.address)
    if url := os.environ.get("PREFECT_API_URL"):
        check_api(url)
        settings = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_EPHEMERAL_ENABLED": "false"}
        with prefect_session(settings, log_file(), owned=False):
            yield
            drain_events()
        return
    server = _early.pop() if _early else OwnedServer()
    try:
        with prefect_session(server.settings, server.log, owned=True):
            server.wait()
            try:
                yield
            except KeyboardInterrupt:
                drain_events(0.5)
                raise
            drain_events()
            wait_for_records(server.port, run.flow_run_id, len(run.tasks))
    finally:
        server.stop()

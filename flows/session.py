"""Prefect's client for the length of one run: its environment, its silence, and its records at the end."""

import http.client
import importlib.util
import json
import logging
import os
import queue
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.server import without_prefect_settings
from rolescape_data.errors import SettingsError

if TYPE_CHECKING:
    from prefect.events.worker import EventsWorker

PROBE_SECONDS = 3.0
DRAIN_SECONDS = 3.0
WITHOUT_PREFECT = "`--engine none` runs without Prefect."
_LAST_EVENT_SECONDS = 1.0
_FINAL_STATES = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]


@contextmanager
def prefect_session(settings: dict[str, str], log: Path, *, owned: bool) -> Iterator[None]:
    """Have Prefect imported, configured and quiet inside, and its last events sent at the end.

    Args:
        settings: environment variables to hold inside.
        log: where Prefect's own messages go, which would otherwise reach the terminal.
        owned: the API is an owned server, so nothing of the user's Prefect settings applies.
    """
    before = dict(os.environ)
    if owned:
        _set_environment(without_prefect_settings(before) | settings)
    else:
        os.environ.update(settings)
    try:
        # Prefect reads its environment once, when it is imported.
        import prefect.main  # noqa: F401 - sets up logging, which must not happen after it was redirected.
        from prefect.context import refresh_global_settings_context
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        refresh_global_settings_context()
        # The heartbeat's thread costs a second per flow; only a lasting server does anything with it.
        quick = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None} if owned else {}
        with temporary_settings(updates=quick), _logged_to(log):
            yield
    finally:
        _set_environment(before)


def drain_events(seconds: float = DRAIN_SECONDS) -> None:
    """Send the events that wait in this process, task records among them, and give up those that wait longer."""
    from prefect.events.worker import EventsWorker

    workers = list(EventsWorker._instances.values())  # type: ignore[misc]
    EventsWorker.drain_all(timeout=seconds, at_exit=False)
    # What is left would hold the interpreter back at its end, while it knocks at a server that is gone.
    for worker in workers:
        while worker._queue.unfinished_tasks:
            try:
                worker._queue.get_nowait()
            except queue.Empty:
                break
            worker._queue.task_done()
        worker._queue.put(None)
    deadline = time.monotonic() + _LAST_EVENT_SECONDS
    while time.monotonic() < deadline and not all(_has_ended(worker) for worker in workers):
        time.sleep(0.01)


def _has_ended(worker: "EventsWorker") -> bool:
    return worker._done_event is None or worker._done_event.is_set()


def wait_for_records(port: int, flow_run_id: str, tasks: int) -> None:
    """Let an owned server write what it was sent: it does so once a second, and forgets the rest when it ends.

    Args:
        port: of the owned server.
        flow_run_id: whose task runs are counted.
        tasks: how many of them have finished.
    """
    if not tasks:
        return
    question = {
        "flow_runs": {"id": {"any_": [flow_run_id]}},
        "task_runs": {"state": {"type": {"any_": _FINAL_STATES}}},
    }
    deadline = time.monotonic() + DRAIN_SECONDS
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        while time.monotonic() < deadline:
            connection.request(
                "POST", "/api/task_runs/count", json.dumps(question), {"Content-Type": "application/json"}
            )
            if int(connection.getresponse().read()) >= tasks:
                return
            time.sleep(0.05)
    except (OSError, http.client.HTTPException, ValueError):
        return  # The records are a view of the workspace; a run does not fail for them.
    finally:
        connection.close()


def check_api(url: str) -> None:
    """Ask for the user's Prefect API over TCP, 3 seconds at most.

    Raises:
        SettingsError: nothing answers there.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        raise SettingsError(
            f"PREFECT_API_URL is {url!r}, which is no URL. Write http://HOST:PORT/api, or unset it."
        )
    reason = _refusal(parts.hostname, port)
    if reason:
        raise SettingsError(
            f"The Prefect API at {parts.hostname}:{port} cannot be reached ({reason}). "
            f"Start it, or unset PREFECT_API_URL. {WITHOUT_PREFECT}"
        )


def check_cluster(kind: str, address: str) -> None:
    """Ask for a scheduler over TCP, 3 seconds at most, and for the package that talks to it.

    Args:
        kind: dask or ray.
        address: HOST:PORT.

    Raises:
        SettingsError: nothing answers there, the package is missing, or PREFECT_API_URL is not set.
    """
    host, _, port = address.rpartition(":")
    reason = _refusal(host.strip("[]"), int(port))
    if reason:
        raise SettingsError(
            f"No {kind} scheduler can be reached at {address} ({reason}). Start it, or choose `--engine local`."
        )
    if importlib.util.find_spec(f"prefect_{kind}") is None:
        raise SettingsError(f"Engine {kind}:// is not installed: pip install 'rolescape-data[{kind}]'.")
    if not os.environ.get("PREFECT_API_URL"):
        raise SettingsError(
            f"Engine {kind}:// needs a Prefect API that its workers can reach. Start one with "
            "`prefect server start --host HOST` and set PREFECT_API_URL=http://HOST:4200/api."
        )


def _refusal(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), PROBE_SECONDS).close()
    except TimeoutError:
        return f"no answer in {PROBE_SECONDS:.0f} seconds"
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _set_environment(wanted: dict[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


@contextmanager
def _logged_to(log: Path) -> Iterator[None]:
    """Replace the handlers with which Prefect writes to the terminal, the root logger's among them, by a file."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = logging.FileHandler(log, encoding="utf-8", delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    prefect = logging.getLogger("prefect")
    existing = [
        logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)
    ]
    for logger in [logging.getLogger(), *existing]:
        for handler in list(logger.handlers):
            if type(handler).__module__.startswith("prefect.") and isinstance(handler, logging.StreamHandler):
                logger.removeHandler(handler)
                logger.addHandler(file)
    prefect.addHandler(file)
    passed_on, prefect.propagate = prefect.propagate, False
    try:
        yield
    finally:
        prefect.propagate = passed_on

"""The loopback Prefect server that a local run owns: started early, asked by HTTP, gone with its owner.

Two halves in one file. `OwnedServer` is the owner's side and imports no Prefect. `python -P server.py HOME` is the
server itself: it runs in a session of its own, so Ctrl-C in a terminal does not reach it, listens on 127.0.0.1 only, and
leaves when the pipe on its standard input closes or its parent is another process than at the start.

    HOME/3.8.8-0/            PREFECT_HOME of one run at a time, with the records of past runs in prefect.db; a second run
                             at the same time takes number 1, and so on
    HOME/template-3.8.8.db   an empty, migrated database, so that only the first start ever pays for the migrations
    HOME/server.log          what Prefect's server and client had to say
"""

import http.client
import importlib.metadata
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NoReturn

START_SECONDS = 60.0
STOP_SECONDS = 2.0
_PARENT_POLL_SECONDS = 0.5
_SLOTS = 64
# Beyond these sizes old records are dropped: the workspace is the truth, the database a view of it.
_DATABASE_BYTES = 256 * 1024 * 1024
_LOG_BYTES = 4 * 1024 * 1024

# A user's settings for another server must not reach ours, and services that a single run never needs stay off.
_OFF_SERVICES = (
    "EVENT_PERSISTER",
    "TRIGGERS",
    "SCHEDULER",
    "LATE_RUNS",
    "FOREMAN",
    "CANCELLATION_CLEANUP",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "CLEANUP_RECONCILER",
    "DB_VACUUM",
)


def cache_folder() -> Path:
    """Where the factory keeps what it can make again: ROLESCAPE_CACHE, else the user's cache folder."""
    if own := os.environ.get("ROLESCAPE_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "rolescape"


def log_file() -> Path:
    """Where Prefect's messages go: those of owned servers and those of its client in this process."""
    return cache_folder() / "prefect" / "server.log"


def client_settings(slot: Path, port: int) -> dict[str, str]:
    """The environment in which Prefect's client talks to an owned server and to nothing else."""
    # A proxy from the environment would be asked even for 127.0.0.1.
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    return {
        "NO_PROXY": direct,
        "no_proxy": direct,
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(slot),
        "PREFECT_PROFILE": "ephemeral",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        # With the usual five, a run whose server was killed would wait for it for minutes.
        "PREFECT_CLIENT_MAX_RETRIES": "2",
    }


def without_prefect_settings(environment: dict[str, str]) -> dict[str, str]:
    """The environment less every PREFECT_ variable."""
    return {key: value for key, value in environment.items() if not key.startswith("PREFECT_")}


class OwnedServer:
    """A server process that ends with this one. `port`, `settings` and `wait` block until they know."""

    def __init__(self) -> None:
        """Start the process and return at once.

        Raises:
            SettingsError: the cache folder cannot be written, or this is not a POSIX system.
        """
        self.log = log_file()
        self._place: tuple[int, Path] | None = None
        if os.name != "posix":
            raise self._unusable("it needs Linux or macOS")
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            keep = self.log.exists() and self.log.stat().st_size < _LOG_BYTES
            with self.log.open("ab" if keep else "wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", str(Path(__file__).absolute()), str(self.log.parent)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self.log.parent,  # Prefect reads .env, prefect.toml and pyproject.toml where it starts.
                    env=without_prefect_settings(dict(os.environ)),
                    start_new_session=True,
                )
        except OSError as error:
            raise self._unusable(f"{error.strerror}: {error.filename}") from error

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, known long before the server answers on it. Raises SettingsError: it ended early."""
        return self._told()[0]

    @property
    def settings(self) -> dict[str, str]:
        """What the environment has to hold while this process uses the server. Raises SettingsError as `port` does."""
        port, slot = self._told()
        return client_settings(slot, port)

    def wait(self) -> None:
        """Block until the server answers.

        Raises:
            SettingsError: it ended, or did not answer within 60 seconds.
        """
        # The socket listens from the start, so one request waits in its queue until the server takes it.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/api/health")
            status = connection.getresponse().status
        except TimeoutError as error:
            raise self._unusable(f"no answer in {START_SECONDS:.0f} seconds") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unusable("it ended while it started") from error
        finally:
            connection.close()
        if status != 200:
            raise self._unusable(f"it answers with status {status}")

    def stop(self) -> None:
        """End the process: ask, and after two seconds insist. May be called twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _told(self) -> tuple[int, Path]:
        if self._place is None:
            assert self._process.stdout is not None
            readable, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
            line = self._process.stdout.readline().decode() if readable else ""
            port, _, slot = line.strip().partition(" ")
            if not port.isdigit():
                raise self._unusable("it ended before it listened")
            self._place = int(port), Path(slot)
        return self._place

    def _unusable(self, reason: str) -> Exception:
        # Imported here because the server process runs this file without the package around it.
        from rolescape_data.errors import SettingsError

        return SettingsError(
            f"The local Prefect server could not start: {reason}. Its log is {self.log}; "
            "`--engine none` runs without Prefect."
        )


def serve(home: Path) -> None:
    """Be the server: bind, name port and folder on standard output, then serve until the owner is gone."""
    parent = os.getppid()
    version = importlib.metadata.version("prefect")
    lock, slot = _take_slot(home, version)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = int(listener.getsockname()[1])
    sys.stdout.write(f"{port} {slot}\n")
    sys.stdout.flush()
    os.dup2(2, 1)  # Nothing else may reach the pipe: the owner reads one line of it.
    threading.Thread(target=_leave_with_parent, args=(parent,), daemon=True).start()

    os.environ.update(client_settings(slot, port))
    os.environ.update(_server_settings(slot))
    _seed(slot / "prefect.db", home / f"template-{version}.db")

    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app(final=True), log_config=None, access_log=False, lifespan="on")
    with lock:
        uvicorn.Server(config).run(sockets=[listener])


def _take_slot(home: Path, version: str) -> tuple[BinaryIO, Path]:
    """The first folder that no living server holds, and the lock that holds it."""
    import fcntl

    for number in range(_SLOTS):
        slot = home / f"{version}-{number}"
        slot.mkdir(mode=0o700, exist_ok=True)
        lock = (slot / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return lock, slot
    raise OSError(f"{_SLOTS} runs hold every folder in {home}")


def _server_settings(slot: Path) -> dict[str, str]:
    recorder = "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER"
    return {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _OFF_SERVICES} | {
        f"{recorder}_BATCH_SIZE": "200",
        f"{recorder}_READ_BATCH_SIZE": "200",
        f"{recorder}_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": _sqlite_url(slot / "prefect.db"),
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        # The user interface would copy itself into site-packages, which may be read-only.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(slot / "ui"),
    }


def _leave_with_parent(parent: int) -> NoReturn:
    # Two signs of a parent's end, because a child that it forked may still hold the pipe open.
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], _PARENT_POLL_SECONDS)
        if readable and not os.read(0, 1):
            break
    # The owner waits for its records before it lets go, and SQLite's journal survives a sudden end.
    os._exit(0)


def _seed(database: Path, template: Path) -> None:
    """Have a migrated database: the one that is there, else a copy of the template, which is made when it is missing."""
    complete = database.with_suffix(".complete")
    if complete.exists() and database.exists() and database.stat().st_size < _DATABASE_BYTES:
        return
    complete.unlink(missing_ok=True)
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        (database.parent / name).unlink(missing_ok=True)
    if template.exists():
        shutil.copyfile(template, database)
    else:
        _migrate()
        # Written under this run's own name first: two first runs make the same template at the same time.
        _copy_database(database, part := database.with_suffix(".template"))
        part.replace(template)
    complete.touch()


def _migrate() -> None:
    import asyncio

    from prefect.server.database import provide_database_interface

    asyncio.run(provide_database_interface().create_db())


def _copy_database(source: Path, target: Path) -> None:
    import sqlite3

    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
        # A database in WAL mode is more than one file while it is open; a template is copied as one.
        write.execute("PRAGMA journal_mode=DELETE")


def _sqlite_url(database: Path) -> str:
    return f"sqlite+aiosqlite:///{database}"


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

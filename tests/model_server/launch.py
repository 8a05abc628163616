"""Starts the server as a process of its own, and talks to its side door."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .settings import Settings

_ROOT = Path(__file__).resolve().parents[2]


class ModelServer:
    """A running server; a context manager. Settings are those of settings.Settings."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        known = {field.name for field in fields(Settings)}
        unknown = set(self._settings) - known
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.model_server", "--port", "0", "--with-parent"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith("http://127.0.0.1:"):
            self.stop()
            raise RuntimeError(f"the model server did not start (said {line!r})")
        self.address = line
        if self._settings:
            self.configure(**self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's SDK."""
        return f"{self.address}/v1"

    @property
    def gemini_url(self) -> str:
        """The base URL for Google's SDK."""
        return self.address

    def configure(self, **settings: Any) -> None:
        """Change settings; a change of mode starts its time anew. Counters go on."""
        self._ask("/_configure", settings)

    def counters(self) -> dict[str, Any]:
        """Return what was counted since the start or the last reset; see state.Counters."""
        return self._ask("/_counters")

    def reset(self) -> None:
        """Set counters, memory of rows and time back, and keep the settings."""
        self._ask("/_reset", {})

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data=data, headers={"Content-Type": "application/json"}
        )
        # A proxy from the environment must not stand between a test and its own machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as fault:
            raise ValueError(fault.read().decode()) from None
        return found

"""One calm display of a run on standard error: a bar for the whole set and what each character is at.

On a terminal a few live lines that leave nothing behind; elsewhere a plain line every few seconds; nothing when quiet.
Flows and tasks report through the functions of this module, which do nothing while no display is shown: in tests, in a
deployment that Prefect runs, and on the workers of a cluster.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

PLAIN_SECONDS = 5.0
_LIVE_LINES = 6
_SET = "whole set"


class Progress:
    """What a run has done and has yet to do. Every method may be called from any thread, and does nothing once closed."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show an empty display.

        Args:
            quiet: show nothing at all.
            console: where to; standard error by default.
            clock: seconds, by which plain lines are spaced.
        """
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._lock = RLock()
        self._open = not quiet
        self._said_at = clock()
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._stage: dict[str, str] = {}
        self._ahead: dict[str, list[str]] = {}
        self._waits = ""
        self._money = ""
        self._live: Live | None = None
        if self._open and self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(self, console=self._console, transient=True, refresh_per_second=4)
            self._live.start()

    def plan(self, steps: Mapping[str, Sequence[str]]) -> None:
        """Say which steps each character has ahead, in order; '' stands for the whole set."""
        with self._lock:
            for character, stages in steps.items():
                self._ahead[character] = list(stages)
                self._done[character], self._total[character] = 0, len(stages)

    def step(self, character: str, stage: str, done: int, total: int) -> None:
        """Say that a character is at a stage, with so many of its steps done."""
        with self._lock:
            self._done[character], self._total[character] = done, total
            self._stage[character] = stage if done < total else ""
            self._say_now_and_then(character, stage)

    def step_done(self, character: str, stage: str) -> None:
        """Say that a character has finished a step; what comes next is read from the plan."""
        with self._lock:
            ahead = self._ahead.setdefault(character, [])
            if stage in ahead:
                ahead.remove(stage)
            done = self._done.get(character, 0) + 1
            self.step(character, ahead[0] if ahead else stage, done, max(done, self._total.get(character, 0)))

    def money(self, text: str) -> None:
        """Say, beside the bar, what the run is expected to cost."""
        with self._lock:
            self._money = text

    def note(self, text: str) -> None:
        """Print one line that stays."""
        with self._lock:
            if self._open:
                self._print(text)

    def waits(self, text: str) -> None:
        """Say what is waited for: a line that changes on a terminal, a line of its own elsewhere."""
        with self._lock:
            self._waits = text
            if self._open and self._live is None:
                self._print(text)

    def close(self) -> None:
        """Take the display away, and the cursor back. May be called twice."""
        with self._lock:
            self._open = False
            live, self._live = self._live, None
        # Outside the lock: stopping waits for the refresh thread, which may be waiting for the lock to draw.
        if live is not None:
            live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the bar and, below it, the characters at work."""
        with self._lock:
            done, total = self._sums()
            busy = [(name or _SET, stage) for name, stage in sorted(self._stage.items()) if stage]
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(total, 1), completed=done, width=32), Text(f"{done} of {total} steps")
        )
        yield bar
        if self._money:
            yield Text(f"  {self._money}", no_wrap=True, overflow="ellipsis")
        for name, stage in busy[:_LIVE_LINES]:
            yield Text(f"  {name}: {stage}", no_wrap=True, overflow="ellipsis")
        if len(busy) > _LIVE_LINES:
            yield Text(f"  and {len(busy) - _LIVE_LINES} more")
        if self._waits:
            yield Text(f"  {self._waits}", no_wrap=True, overflow="ellipsis")

    def _sums(self) -> tuple[int, int]:
        return sum(self._done.values()), sum(self._total.values())

    def _say_now_and_then(self, character: str, stage: str) -> None:
        if not self._open or self._live is not None or self._clock() - self._said_at < PLAIN_SECONDS:
            return
        self._said_at = self._clock()
        done, total = self._sums()
        money = f", {self._money}" if self._money else ""
        self._print(f"{done} of {total} steps, {character or _SET}: {stage}{money}")

    def _print(self, text: str) -> None:
        # As it is: a console without a terminal would wrap at 80 columns, and brackets are no markup here.
        self._console.print(Text(text), soft_wrap=True)


_shown: list[Progress] = []


@contextmanager
def showing(*, quiet: bool = False) -> Iterator[Progress]:
    """Show a display while the block runs, and take it away however the block ends."""
    display = Progress(quiet=quiet)
    _shown.append(display)
    try:
        yield display
    finally:
        _shown.remove(display)
        display.close()


def plan(steps: Mapping[str, Sequence[str]]) -> None:
    """Tell the display that is shown which steps lie ahead of each character, in order."""
    for display in tuple(_shown):
        display.plan(steps)


def step(character: str, stage: str, done: int, total: int) -> None:
    """Tell the display that is shown where a character is."""
    for display in tuple(_shown):
        display.step(character, stage, done, total)


def step_done(character: str, stage: str) -> None:
    """Tell the display that is shown that a step is finished."""
    for display in tuple(_shown):
        display.step_done(character, stage)


def waits(text: str) -> None:
    """Tell the display that is shown what is waited for."""
    for display in tuple(_shown):
        display.waits(text)


def money(text: str) -> None:
    """Tell the display that is shown what the run is expected to cost."""
    for display in tuple(_shown):
        display.money(text)


def note(text: str) -> None:
    """Have the display that is shown print a line that stays."""
    for display in tuple(_shown):
        display.note(text)

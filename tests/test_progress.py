"""The display: live lines on a terminal, now and then a plain line elsewhere, nothing when quiet or closed."""

import io
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from flows import progress
from flows.progress import PLAIN_SECONDS, Progress

ROOT = Path(__file__).parent.parent
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"

INTERRUPTED = """
import os, signal
from flows import progress

try:
    with progress.showing():
        progress.plan({"oda": ["profile", "captions"]})
        progress.step_done("oda", "profile")
        os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    progress.step_done("oda", "captions")
    progress.note("too late")
    os._exit(130)
"""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def plain() -> tuple[Progress, io.StringIO, Clock]:
    file, clock = io.StringIO(), Clock()
    return Progress(console=Console(file=file, force_terminal=False, width=80), clock=clock), file, clock


def drawn(display: Progress) -> str:
    """What the live lines would be now."""
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(display)
    return capture.get()


def test_without_a_terminal_a_plain_line_comes_at_most_every_few_seconds() -> None:
    display, file, clock = plain()
    display.plan({"oda": [f"kind-{number}" for number in range(100)]})
    for number in range(100):
        clock.now += PLAIN_SECONDS / 10
        display.step_done("oda", f"kind-{number}")
    lines = file.getvalue().splitlines()
    assert lines[0] == "10 of 100 steps, oda: kind-10"
    assert len(lines) == 10
    assert "\x1b" not in file.getvalue()


def test_a_run_that_is_soon_over_prints_nothing_without_a_terminal() -> None:
    display, file, clock = plain()
    clock.now = PLAIN_SECONDS - 0.1
    display.step("oda", "captions", 1, 2)
    display.close()
    assert file.getvalue() == ""


def test_a_note_stays_on_one_line_as_it_is_written() -> None:
    display, file, _ = plain()
    note = "[bold] is no markup, and a long line is not wrapped " + "x" * 100
    display.note(note)
    assert file.getvalue() == note + "\n"


def test_nothing_is_printed_when_quiet() -> None:
    file, clock = io.StringIO(), Clock()
    display = Progress(quiet=True, console=Console(file=file, force_terminal=True), clock=clock)
    clock.now = 10 * PLAIN_SECONDS
    display.step("oda", "captions", 1, 2)
    display.note("hello")
    display.close()
    assert file.getvalue() == ""


def test_nothing_is_printed_after_close() -> None:
    display, file, clock = plain()
    display.close()
    clock.now = 10 * PLAIN_SECONDS
    display.step("oda", "captions", 1, 2)
    display.note("hello")
    display.close()
    assert file.getvalue() == ""


def test_the_live_lines_name_the_stage_that_each_character_is_at() -> None:
    display, _, _ = plain()
    display.plan({"oda": ["profile", "captions"], "quill": ["profile", "captions"], "": ["verdicts"]})
    display.step_done("quill", "profile")
    assert "1 of 5 steps" in drawn(display)
    assert "quill: captions" in drawn(display)
    display.step_done("quill", "captions")
    assert "quill" not in drawn(display)
    display.step("", "verdicts", 0, 1)
    assert "whole set: verdicts" in drawn(display)


def test_a_set_of_many_characters_still_takes_a_few_lines() -> None:
    display, _, _ = plain()
    for number in range(50):
        display.step(f"c{number:02}", "captions", 1, 2)
    assert len(drawn(display).splitlines()) == 8
    assert "and 44 more" in drawn(display)


def test_steps_may_be_reported_from_many_threads() -> None:
    display, _, _ = plain()
    names = [f"c{number}" for number in range(8)]
    display.plan({name: ["stage"] * 100 for name in names})

    def work(name: str) -> None:
        for _ in range(100):
            display.step_done(name, "stage")
            drawn(display)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert "800 of 800 steps" in drawn(display)


def test_a_terminal_gets_its_cursor_back_and_keeps_no_line() -> None:
    file = io.StringIO()
    display = Progress(console=Console(file=file, force_terminal=True, width=80))
    display.step("oda", "captions", 1, 2)
    display.close()
    assert HIDE in file.getvalue()
    after = file.getvalue().rpartition(SHOW)[2]
    assert "oda" not in after
    assert "steps" not in after


def test_after_ctrl_c_the_terminal_is_as_it_was_and_nothing_more_is_printed() -> None:
    # A pseudo-terminal of our own: only there does the real display draw.
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        cwd=ROOT,
        stderr=follower,
        env=os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT)},
    )
    os.close(follower)
    seen = b""
    try:
        while chunk := os.read(leader, 65536):
            seen += chunk
    except OSError:
        pass  # Linux reports the other side's end as an error.
    finally:
        os.close(leader)
    text = seen.decode()
    assert child.wait(5) == 130
    assert "oda: captions" in text
    assert text.rfind(SHOW) > text.rfind(HIDE) >= 0
    assert "too late" not in text
    assert "Traceback" not in text


def test_reports_go_nowhere_while_no_display_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    progress.plan({"oda": ["profile"]})
    progress.step("oda", "profile", 0, 1)
    progress.step_done("oda", "profile")
    progress.note("hello")
    assert capsys.readouterr() == ("", "")


def test_a_shown_display_writes_to_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.showing():
        progress.note("one character has no pictures")
    assert capsys.readouterr() == ("", "one character has no pictures\n")

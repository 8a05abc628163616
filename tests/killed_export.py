"""Run the program and kill it -9 at one exact step of what it does to a folder; say how many steps there are when it is not killed.

    python tests/killed_export.py STEP FOLDER export WORKSPACE --to FORMAT --out FOLDER

A step is a file opened, renamed or removed, or a folder made or removed, FOLDER or below it; STEP 0 kills at none. The kill comes before
the step is taken. With what an interpreter tells its audit hooks nothing of the program is changed.
"""

import os
import signal
import sys
from pathlib import Path

_STEPS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"})


def main() -> None:
    """Run the program under the hook."""
    kill_at, folder = int(sys.argv[1]), Path(sys.argv[2]).absolute()
    taken = 0

    def hook(event: str, told: tuple[object, ...]) -> None:
        nonlocal taken
        if event not in _STEPS or not told or not isinstance(told[0], str | os.PathLike):
            return
        if not Path(told[0]).absolute().is_relative_to(folder):
            return
        taken += 1
        if taken == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    from flows.cli import main as program

    sys.argv = ["rolescape", *sys.argv[3:]]
    sys.addaudithook(hook)
    try:
        program()
    finally:
        print(f"\nsteps: {taken}", file=sys.stderr)


if __name__ == "__main__":
    main()

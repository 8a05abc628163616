"""The program `rolescape`: reads the command line, calls a command, turns every failure into one sentence and a status."""

import os
import shlex
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

# Each registers its commands, and in this order the help lists them.
from flows.commands import auditing, building, exchange, judging, telling, trying  # noqa: F401
from flows.commands.options import app
from rolescape_data.errors import RolescapeError

INTERRUPTED = 130


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Raw pictures and notes about characters in; checked, trainable role-play data out."""
    if debug:
        os.environ["ROLESCAPE_DEBUG"] = "1"


def main() -> None:
    """Run the program; every expected failure ends in one sentence and its exit status."""
    try:
        # Without its standalone mode, typer hands back the status of `typer.Exit` instead of ending the process.
        status = app(standalone_mode=False)
    except RolescapeError as fault:
        _fail(str(fault), fault.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        _interrupted()
    except SystemExit:
        # `rolescape status | head`: the reader has left, and nobody is to be told. Typer ends so, with status 1.
        sys.exit(0)
    except BrokenPipeError:
        # The same, where typer does not see it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as fault:
        _os_fault(fault)
    except Exception as fault:
        if isinstance(fault, _usage_error()):
            _show_usage(fault)
        _fail(
            f"Something went wrong that should not have ({type(fault).__name__}: {fault}). "
            "Run the same command with `rolescape --debug ...` and report what it prints.",
            2,
        )
    else:
        if status == INTERRUPTED:
            # Typer turns Ctrl-C into this status.
            _interrupted()
        sys.exit(status if isinstance(status, int) else 0)


def _usage_error() -> type[Exception]:
    # Newer releases of typer bring a click of their own, so the class is found through typer's.
    return next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def _show_usage(fault: Any) -> None:
    show: Callable[[], None] = fault.show
    show()
    sys.exit(2)


def _os_fault(fault: OSError) -> None:
    import errno

    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        _fail(
            f"The disk is full ({fault.filename or 'while writing'}). "
            "Free some space and run the same command again; nothing that was done is lost.",
            3,
        )
    _fail(f"{fault.filename or 'A file'}: {fault.strerror or fault}. Check the path and its permissions.", 2)


def _fail(message: str, status: int) -> None:
    if os.environ.get("ROLESCAPE_DEBUG"):
        traceback.print_exc()
    print(f"rolescape: {message}", file=sys.stderr)
    sys.stdout.flush()
    sys.exit(status)


def _interrupted() -> None:
    from flows.runtime import exit_at_once

    command = shlex.join(["rolescape", *sys.argv[1:]])
    print(f"\nStopped. Everything finished is kept; go on with: {command}", file=sys.stderr)
    exit_at_once(INTERRUPTED)


if __name__ == "__main__":
    main()

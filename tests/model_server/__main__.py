"""`python -m tests.model_server`: run it by hand; Ctrl-C ends it."""

import argparse
import asyncio
import contextlib
import os
import sys
import threading
from dataclasses import fields

from .app import serve
from .settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.model_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one; the address is printed")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    for field in fields(Settings):
        names = [f"--{field.name.replace('_', '-')}"]
        if field.name == "latency_s":
            names.append("--latency")
        if field.type is bool:
            parser.add_argument(*names, dest=field.name, action=argparse.BooleanOptionalAction)
        else:
            parser.add_argument(*names, dest=field.name, type=field.type)
    given = vars(parser.parse_args())
    settings = Settings()
    settings.update(
        {field.name: given[field.name] for field in fields(Settings) if given[field.name] is not None}
    )
    if given["with_parent"]:
        # A killed test leaves no server behind: its end of the pipe closes with it.
        threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, given["port"]))


def _end_with_parent() -> None:
    # read() on the raw descriptor: the buffered reader would hold its lock at exit.
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    main()

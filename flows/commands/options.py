"""The program that commands register with, and the options that several of them share."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="rolescape",
    help="Raw pictures and notes about characters in; checked, trainable role-play data out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

SetFile = Annotated[Path, typer.Argument(metavar="SET.yaml", help="The character-set file.")]
WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="A folder that was built in.")]
WriterName = Annotated[
    str | None,
    typer.Option(
        "--writer",
        metavar="NAME",
        help="offline, openai:MODEL or gemini:MODEL, for every stage; A,B: B takes over where A cannot. NAME@URL: another server.",
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible server.")
]
Retry = Annotated[
    str | None,
    typer.Option(
        "--retry",
        metavar="REASON",
        help="Ask again for what no usable reply came to: quarantined (all), refused, truncated, invalid, empty, failed.",
    ),
]
Batch = Annotated[bool, typer.Option("--batch", help="Ask in batches: half the price, answers within a day.")]
BatchWait = Annotated[
    str,
    typer.Option(
        "--batch-wait",
        metavar="TIME",
        help="How long to wait for batches (30m, 24h); 0 sends and comes back.",
    ),
]
EngineName = Annotated[
    str, typer.Option("--engine", metavar="ENGINE", help="local, none, dask://HOST:PORT or ray://HOST:PORT.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def below_contract(result: dict[str, Any]) -> int:
    """Return the exit status of a result: 1 when something that was asked for is missing or failed."""
    return 1 if any(result[name] for name in ("missing", "leaks", "failed", "warnings")) else 0

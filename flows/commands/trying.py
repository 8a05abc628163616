"""Commands that show before they spend: try."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import BaseUrl, Json, SetFile, WriterName, app


@app.command(
    "try", epilog="Example: rolescape try my_set/set.yaml ada-fenn caption --writer openai:MODEL --cap 0.05"
)
def try_(
    set_file: SetFile,
    character: Annotated[str, typer.Argument(metavar="CHARACTER", help="The character's id.")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="A kind of record that a writer is asked for.")],
    writer: WriterName = None,
    base_url: BaseUrl = None,
    cap: Annotated[
        float, typer.Option("--cap", metavar="USD", min=0.0, help="Most that the call may cost.")
    ] = 0.5,
    nth: Annotated[
        int, typer.Option("--nth", metavar="N", min=1, help="Which of the stage's first calls.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Workspace whose tables and ledger are used. Default: ./NAME.workspace",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one model call within a cap, and show what is sent, what comes back, the verdicts and the cost."""
    from flows.trying import tell_try, try_once

    found = try_once(
        set_file, character, kind, writer=writer, base_url=base_url, cap_usd=cap, number=nth, workspace=out
    )
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else tell_try(found))
    raise typer.Exit(1 if found["error"] or not found["records"] else 0)

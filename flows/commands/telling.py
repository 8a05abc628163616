"""Commands that say what is there: status, report, schemas."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import Json, WorkspaceFolder, app, below_contract


@app.command(epilog="Example: rolescape status my_set.workspace")
def status(workspace: WorkspaceFolder, as_json: Json = False) -> None:
    """Say what is built, missing and rejected, and what was spent."""
    from flows.telling import status_of, tell_status

    found = status_of(workspace)
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else tell_status(found))
    unfinished = any(entry["not_built"] for entry in found["characters"].values())
    raise typer.Exit(1 if unfinished else below_contract(found))


@app.command(epilog="Example: rolescape report my_set.workspace")
def report(workspace: WorkspaceFolder) -> None:
    """Write the HTML report of what is built."""
    from flows.reporting import write_report
    from flows.whole_set import open_set
    from rolescape_data.store.workspace import Workspace

    opened = Workspace(workspace)
    opened.require()
    with opened.locked():
        typer.echo(f"Report: {write_report(open_set(opened))}")


@app.command(epilog="Example: rolescape schemas --out schemas")
def schemas(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")] = Path("schemas"),
) -> None:
    """Write the JSON Schemas of the record kinds and of the set file."""
    from rolescape_data.schemas import write_schemas

    for name in write_schemas(out):
        typer.echo(f"{out / name}")

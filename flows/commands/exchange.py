"""Commands that hand a set over and look after what was handed over: export, verify."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import EngineName, Json, Quiet, WorkspaceFolder, app


@app.command(epilog="Example: rolescape export my_set.workspace --to webdataset --out shards")
def export(
    workspace: WorkspaceFolder,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FORMAT", help="webdataset, unicharacter, mmrole; mmrole-reward of reviews."
        ),
    ] = "webdataset",
    world_multiple: Annotated[
        int, typer.Option("--world-multiple", min=1, help="Make every shard count a multiple of this.")
    ] = 1,
    engine: EngineName = "local",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the accepted records in the form a trainer reads."""
    from flows import progress, rewarding
    from flows.export_shards import ExportParameters, export_shards
    from flows.handing_over import FOLDERS, tell_folder
    from flows.runtime import run_flow, start_server
    from flows.telling import tell_export

    if to == rewarding.TO:
        rewards = rewarding.export_rewards(workspace, out)
        typer.echo(
            json.dumps(rewards, indent=1, ensure_ascii=False) if as_json else tell_folder(rewards, out)
        )
        return
    start_server(engine)
    parameters = ExportParameters(
        workspace=str(workspace.resolve()), out=str(out.resolve()), to=to, world_multiple=world_multiple
    )
    with progress.showing(quiet=quiet or as_json):
        manifest = run_flow(export_shards, parameters, engine=engine, slots=1, name="export_shards")
    tell = tell_folder if to in FOLDERS else tell_export
    typer.echo(json.dumps(manifest, indent=1, ensure_ascii=False) if as_json else tell(manifest, out))


@app.command(epilog="Example: rolescape verify shards")
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that an export was written to.")],
    as_json: Json = False,
) -> None:
    """Say whether an export is whole and unchanged; exit 1 when it is not."""
    from rolescape_data.export.verify import verify_export

    problems = verify_export(folder)
    if as_json:
        typer.echo(json.dumps({"whole": not problems, "problems": problems}, indent=1, ensure_ascii=False))
    else:
        typer.echo("\n".join(problems) if problems else f"{folder} is whole and unchanged.")
    if problems:
        raise typer.Exit(1)

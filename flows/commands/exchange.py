"""Commands that hand a set over: export."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import EngineName, Json, Quiet, WorkspaceFolder, app


@app.command(epilog="Example: rolescape export my_set.workspace --to webdataset --out shards")
def export(
    workspace: WorkspaceFolder,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="webdataset.")] = "webdataset",
    world_multiple: Annotated[
        int, typer.Option("--world-multiple", min=1, help="Make every shard count a multiple of this.")
    ] = 1,
    engine: EngineName = "local",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the accepted records in the form a trainer reads."""
    from flows import progress
    from flows.export_shards import ExportParameters, export_shards
    from flows.runtime import run_flow, start_server
    from flows.telling import tell_export

    start_server(engine)
    parameters = ExportParameters(
        workspace=str(workspace.resolve()), out=str(out.resolve()), to=to, world_multiple=world_multiple
    )
    with progress.showing(quiet=quiet or as_json):
        manifest = run_flow(export_shards, parameters, engine=engine, slots=1, name="export_shards")
    typer.echo(json.dumps(manifest, indent=1, ensure_ascii=False) if as_json else tell_export(manifest, out))

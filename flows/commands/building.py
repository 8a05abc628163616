"""Commands that make a set: init, check, build, qa."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import (
    BaseUrl,
    Batch,
    BatchWait,
    EngineName,
    Json,
    Quiet,
    Retry,
    SetFile,
    WorkspaceFolder,
    WriterName,
    app,
    below_contract,
)


@app.command(epilog="Example: rolescape init my_set --with-prompts")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    with_prompts: Annotated[
        bool, typer.Option("--with-prompts", help="Also copy the prompts and qa/ files, to be changed.")
    ] = False,
) -> None:
    """Write a character set to edit."""
    from flows.new_set import write_new_set

    for line in write_new_set(folder, with_prompts=with_prompts):
        typer.echo(line)


@app.command(epilog="Example: rolescape check my_set/set.yaml")
def check(
    set_file: SetFile,
    writer: WriterName = None,
    base_url: BaseUrl = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="State what a build costs in batches: half the price.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Validate a set and every input it names, without a model call."""
    from flows.checking import check_set, check_table

    found = check_set(set_file, writer=writer, base_url=base_url, batch=batch)
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else check_table(found))
    raise typer.Exit(0 if not found["problems"] else 2)


@app.command(epilog="Example: rolescape build my_set/set.yaml --out my_set.workspace")
def build(
    set_file: SetFile,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Workspace folder. Default: ./NAME.workspace")
    ] = None,
    writer: WriterName = None,
    base_url: BaseUrl = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="CHARACTER", help="Build one character.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="STAGE", help="Stop after this stage.")
    ] = None,
    retry: Retry = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="USD", min=0.0, help="Most the workspace may spend, over its whole lifetime."
        ),
    ] = None,
    batch: Batch = False,
    batch_wait: BatchWait = "24h",
    engine: EngineName = "local",
    slots: Annotated[int, typer.Option("--slots", min=1, help="Characters built side by side.")] = 2,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build what is missing or out of date, from raw material to shards and report."""
    from flows import batches, progress
    from flows.build_character_set import BuildParameters, build_character_set, pending
    from flows.contract import shortcomings
    from flows.runtime import parse_engine, run_flow, start_server
    from flows.whole_set import open_set
    from rolescape_data.settings import load_set
    from rolescape_data.store.workspace import Workspace

    parse_engine(engine)
    slots = max(slots, batches.SLOTS) if batch else slots
    name = load_set(set_file).name
    workspace = out or Path(f"{name}.workspace")
    parameters = BuildParameters(
        set_file=str(set_file.resolve()),
        workspace=str(workspace.resolve()),
        writer=writer,
        base_url=base_url,
        budget_usd=budget,
        only=only,
        until=until,
        retry=retry,
        batch=batch,
        batch_wait_s=batches.wait_s(batch_wait),
        slots=slots,
    )
    open_work = pending(parameters)
    if open_work:
        start_server(engine)
        with progress.showing(quiet=quiet or as_json), batches.told():
            result = run_flow(
                build_character_set, parameters, engine=engine, slots=slots, name="build_character_set"
            )
    else:
        result = {"built": {}, "set": [], **shortcomings(open_set(Workspace(workspace)))}
    if as_json:
        typer.echo(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        from flows.telling import tell_build

        typer.echo(tell_build(result, workspace))
    raise typer.Exit(below_contract(result))


@app.command(epilog="Example: rolescape qa my_set.workspace oda-wren --fresh")
def qa(
    workspace: WorkspaceFolder,
    character: Annotated[str, typer.Argument(metavar="CHARACTER", help="The character's id.")],
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask every question anew.")] = False,
    retry: Retry = None,
    writer: WriterName = None,
    base_url: BaseUrl = None,
    batch: Batch = False,
    batch_wait: BatchWait = "24h",
    engine: EngineName = "local",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Regenerate one character's questions and touch nothing else."""
    from flows import batches, progress
    from flows.regenerate_qa import QaParameters, regenerate_qa
    from flows.runtime import run_flow, start_server
    from flows.telling import tell_qa

    parameters = QaParameters(
        workspace=str(workspace.resolve()),
        character=character,
        fresh=fresh,
        retry=retry,
        writer=writer,
        base_url=base_url,
        batch=batch,
        batch_wait_s=batches.wait_s(batch_wait),
    )
    start_server(engine)
    with progress.showing(quiet=quiet or as_json), batches.told():
        result = run_flow(regenerate_qa, parameters, engine=engine, slots=1, name="regenerate_qa")
    typer.echo(
        json.dumps(result, indent=1, ensure_ascii=False) if as_json else tell_qa(result, workspace, character)
    )
    raise typer.Exit(below_contract(result))

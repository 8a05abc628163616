"""The program `rolescape`: reads the command line, calls a flow, prints what came of it."""

import json
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rolescape_data.errors import RolescapeError

INTERRUPTED = 130

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
    str | None, typer.Option("--writer", metavar="NAME", help="offline, openai:MODEL or gemini:MODEL.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible server.")
]
EngineName = Annotated[
    str, typer.Option("--engine", metavar="ENGINE", help="local, none, dask://HOST:PORT or ray://HOST:PORT.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Raw pictures and notes about characters in; checked, trainable role-play data out."""
    if debug:
        os.environ["ROLESCAPE_DEBUG"] = "1"


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
def check(set_file: SetFile, writer: WriterName = None, as_json: Json = False) -> None:
    """Validate a set and every input it names, without a model call."""
    from flows.checking import check_set, check_table

    found = check_set(set_file, writer=writer)
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
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="USD", min=0.0, help="Most the workspace may spend, over its whole lifetime."
        ),
    ] = None,
    engine: EngineName = "local",
    slots: Annotated[int, typer.Option("--slots", min=1, help="Characters built side by side.")] = 2,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build what is missing or out of date, from raw material to shards and report."""
    from flows import progress
    from flows.build_character_set import BuildParameters, build_character_set, pending
    from flows.contract import shortcomings
    from flows.runtime import parse_engine, run_flow, start_server
    from flows.whole_set import open_set
    from rolescape_data.settings import load_set
    from rolescape_data.store.workspace import Workspace

    parse_engine(engine)
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
        slots=slots,
    )
    open_work = pending(parameters)
    if open_work:
        start_server(engine)
        with progress.showing(quiet=quiet or as_json):
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
    raise typer.Exit(_below_contract(result))


@app.command(epilog="Example: rolescape qa my_set.workspace oda-wren --fresh")
def qa(
    workspace: WorkspaceFolder,
    character: Annotated[str, typer.Argument(metavar="CHARACTER", help="The character's id.")],
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask every question anew.")] = False,
    writer: WriterName = None,
    base_url: BaseUrl = None,
    engine: EngineName = "local",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Regenerate one character's questions and touch nothing else."""
    from flows import progress
    from flows.regenerate_qa import QaParameters, regenerate_qa
    from flows.runtime import run_flow, start_server
    from flows.telling import tell_qa

    start_server(engine)
    parameters = QaParameters(
        workspace=str(workspace.resolve()), character=character, fresh=fresh, writer=writer, base_url=base_url
    )
    with progress.showing(quiet=quiet or as_json):
        result = run_flow(regenerate_qa, parameters, engine=engine, slots=1, name="regenerate_qa")
    typer.echo(
        json.dumps(result, indent=1, ensure_ascii=False) if as_json else tell_qa(result, workspace, character)
    )
    raise typer.Exit(_below_contract(result))


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


@app.command(epilog="Example: rolescape status my_set.workspace")
def status(workspace: WorkspaceFolder, as_json: Json = False) -> None:
    """Say what is built, missing and rejected, and what was spent."""
    from flows.telling import status_of, tell_status

    found = status_of(workspace)
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else tell_status(found))
    raise typer.Exit(_below_contract(found))


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


def _below_contract(result: dict[str, Any]) -> int:
    return 1 if any(result[name] for name in ("missing", "leaks", "failed", "warnings")) else 0


if __name__ == "__main__":
    main()

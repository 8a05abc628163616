"""Commands that look at data made elsewhere: audit."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import Json, app


@app.command(epilog="Example: rolescape audit RoleScape-20 --as rolescape20 --out audit --repair mended")
def audit(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder that holds the set.")],
    form: Annotated[str, typer.Option("--as", metavar="FORMAT", help="rolescape20 or mmrole.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for audit.html and audit.json.")
    ] = Path("audit"),
    repair: Annotated[
        Path | None,
        typer.Option(
            "--repair", metavar="DIR", help="New folder for a copy mended where no writer is needed."
        ),
    ] = None,
    qa: Annotated[
        Path | None, typer.Option("--qa", metavar="DIR", help="Your own gates.yaml and blueprints.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", metavar="NAME", help="Blueprint to count by, or none. Default: the format's."
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="CHARACTER=PHRASE", help="What a character may say all the same."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold a published set against every rule that needs no model."""
    from flows.audit import audit as run
    from flows.audit import tell_audit

    table, mended = run(path, form, out=out, repair_to=repair, qa=qa, recipe=recipe, allow=allow or [])
    typer.echo(
        json.dumps(table.json(), indent=1, ensure_ascii=False) if as_json else tell_audit(table, mended, out)
    )
    raise typer.Exit(1 if table.broken else 0)

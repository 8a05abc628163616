"""Commands about answers of trained models: score."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import Json, app


@app.command(epilog="Example: rolescape score reviews/in_test reviews/out_test --weights 3:1")
def score(
    reviews: Annotated[
        list[Path], typer.Argument(metavar="REVIEWS...", help="Review files, or folders of them.")
    ],
    weights: Annotated[
        str,
        typer.Option("--weights", metavar="WAY", help="macro_types, pool, or In-Test to Out-Test as in 3:1."),
    ] = "macro_types",
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap intervals.")] = 0,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Also write MMRole-Eval's CSV files there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make MMRole-Eval's tables from review files; exit 1 when reviews are missing."""
    from flows.evaluation import score_reviews, table_json, tell_table, write_results

    table = score_reviews(reviews, weights=weights, seed=seed)
    written = write_results(table, csv) if csv else []
    typer.echo(json.dumps(table_json(table), indent=1, ensure_ascii=False) if as_json else tell_table(table))
    for path in written if not as_json else []:
        typer.echo(f"Wrote {path}")
    raise typer.Exit(1 if any(one.what != "out_of_scale" for one in table.problems) else 0)

"""Commands about answers of trained models: judge, score."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import BaseUrl, Json, app


@app.command(
    epilog="Example: rolescape judge answers.jsonl --tests out/tests --images out/images --writer openai:MODEL"
)
def judge(
    answers: Annotated[
        list[Path],
        typer.Argument(
            metavar="ANSWERS...", help="MMRole-format files with `answer`, or JSON lines of id and answer."
        ),
    ],
    rubric: Annotated[
        str,
        typer.Option(
            "--rubric", metavar="NAME", help="A file of qa/rubrics/: mmrole_pair, rolescape_1to7 or refusal."
        ),
    ] = "mmrole_pair",
    writer: Annotated[
        str, typer.Option("--writer", metavar="NAME", help="The judge: openai:MODEL or gemini:MODEL.")
    ] = "offline",
    base_url: BaseUrl = None,
    tests: Annotated[
        list[Path] | None, typer.Option("--tests", metavar="PATH", help="Test files that JSON lines answer.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR", help="Folder that `image` paths start from.")
    ] = None,
    evaluated: Annotated[
        str, typer.Option("--model-name", metavar="NAME", help="Whose answers they are.")
    ] = "model",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for reviews and ledger.")] = Path(
        "judged"
    ),
    budget: Annotated[
        float | None,
        typer.Option("--budget", metavar="USD", min=0.0, help="Most that this folder may ever spend."),
    ] = None,
    qa: Annotated[
        Path | None, typer.Option("--qa", metavar="DIR", help="Your own rubrics and prices.")
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", metavar="DIR", help="Your own judge prompts.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Have a model judge answers; exit 1 when some were not judged or cannot be read."""
    from flows.judging import JudgeParameters, judge_answers, tell_judgement, whole

    summary = judge_answers(
        JudgeParameters(
            answers=answers,
            rubric=rubric,
            writer=writer,
            out=out,
            tests=tests or [],
            images=images,
            evaluated=evaluated,
            base_url=base_url,
            budget_usd=budget,
            qa=qa,
            prompts=prompts,
        )
    )
    typer.echo(json.dumps(summary, indent=1, ensure_ascii=False) if as_json else tell_judgement(summary, out))
    raise typer.Exit(0 if whole(summary) else 1)


@app.command(epilog="Example: rolescape score reviews/in_test reviews/out_test --weights 3:1")
def score(
    reviews: Annotated[
        list[Path],
        typer.Argument(
            metavar="REVIEWS...", help="Review files, folders of them, or workspaces with reviews of pairs."
        ),
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
    from flows.evaluation import is_workspace, score_reviews, table_json, tell_table, write_results

    table = score_reviews(reviews, weights=weights, seed=seed)
    written = write_results(table, csv) if csv else []
    told = tell_table(table, preferences=any(is_workspace(path) for path in reviews))
    typer.echo(json.dumps(table_json(table), indent=1, ensure_ascii=False) if as_json else told)
    for path in written if not as_json else []:
        typer.echo(f"Wrote {path}")
    raise typer.Exit(1 if any(not one.counted for one in table.problems) else 0)

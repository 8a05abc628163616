"""A model's answers, a rubric and a judge -> review records, MMRole-format review files, and how the judge did.

OUT/reviews.parquet      every Review, unreadable ones too
OUT/reviews/FILE.json    the samples with answer and `rm_review`, as `rolescape score` reads them (pairs)
OUT/scales.json          means by character and metric (1-7 scales)
OUT/judge.json           what was judged, by whom, what was not run and why
OUT/ledger.sqlite        every call: nothing is paid for twice, and the same command goes on where it stopped
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from flows.reviewed import row_of, tell_row
from rolescape_data import assets
from rolescape_data.errors import WriterError
from rolescape_data.gates import Context, measure_set
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.judging.answers import Answered, read_answers, reply_of, review_entries
from rolescape_data.judging.judge import Judged, judge
from rolescape_data.judging.rubrics import Rubric, load_rubric
from rolescape_data.prompts import load_prompt
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.base import ImageInput
from rolescape_data.records.judged import Review
from rolescape_data.store.atomic import write_json
from rolescape_data.store.tables import write_table

REVIEWS, FILES, SCALES, SUMMARY, LEDGER = (
    "reviews.parquet",
    "reviews",
    "scales.json",
    "judge.json",
    "ledger.sqlite",
)


@dataclass(frozen=True, slots=True)
class JudgeParameters:
    """What a judgement is told; see `rolescape judge --help`."""

    answers: Sequence[Path]
    rubric: str
    writer: str
    out: Path
    tests: Sequence[Path] = ()
    images: Path | None = None
    evaluated: str = "model"
    base_url: str | None = None
    budget_usd: float | None = None
    qa: Path | None = None
    prompts: Path | None = None


def judge_answers(parameters: JudgeParameters) -> dict[str, Any]:
    """Judge a model's answers and write what the judge said; return the summary.

    Raises:
        InputError: answers that cannot be read.
        SettingsError: no such rubric.
        WriterError: the writer is no judge, or cannot be asked.
        StoppedError: the budget is used up; the same command goes on.
    """
    rubric = load_rubric(parameters.rubric, parameters.qa)
    answered, missing = read_answers(parameters.answers, parameters.tests)
    out = parameters.out
    if parameters.writer == "offline":
        raise WriterError(
            f"Not run: the offline writer judges nothing, so none of the {len(answered)} answers was judged. "
            "Name a model with --writer openai:MODEL or gemini:MODEL."
        )
    out.mkdir(parents=True, exist_ok=True)
    writer = open_writer(
        parameters.writer,
        base_url=parameters.base_url,
        ledger=out / LEDGER,
        purse=Purse(out, parameters.budget_usd, parameters.qa),
    )
    found = judge(
        writer,
        rubric,
        load_prompt(rubric.prompt, parameters.prompts),
        [reply_of(one) for one in answered],
        evaluated=parameters.evaluated,
        picture=_pictures(parameters.images),
    )
    write_table(out / REVIEWS, found.reviews, Review)
    if rubric.judge_kind == "mmrole_pair":
        for name, entries in review_entries(answered, found.reviews).items():
            path = (out / FILES / name).with_suffix(".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, entries)
    else:
        write_json(out / SCALES, scales_of(found.reviews))
    summary = _summary(rubric, parameters, answered, missing, found)
    write_json(out / SUMMARY, summary)
    return summary


def _pictures(folder: Path | None) -> Callable[[str], ImageInput | None]:
    def picture(path: str) -> ImageInput | None:
        if folder is None:
            return None
        # Training files name pictures below images/, tests below it.
        for place in (folder / path, folder / path.removeprefix("images/")):
            if place.is_file() and place.resolve().is_relative_to(folder.resolve()):
                return ImageInput(hashlib.sha256(place.read_bytes()).hexdigest(), place)
        return None

    return picture


def scales_of(reviews: Sequence[Review]) -> dict[str, dict[str, dict[str, float]]]:
    """Return mean, lowest and number of readable scores by character and metric."""
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in reviews:
        if one.score is not None:
            scores[one.character_id][one.metric].append(one.score)
    return {
        character: {
            metric: {"mean": fmean(values), "lowest": min(values), "count": len(values)}
            for metric, values in metrics.items()
        }
        for character, metrics in scores.items()
    }


def _summary(
    rubric: Rubric,
    parameters: JudgeParameters,
    answered: Sequence[Answered],
    missing: Sequence[str],
    found: Judged,
) -> dict[str, Any]:
    unread = [one for one in found.reviews if not one.parse_ok]
    return {
        "rubric": rubric.name,
        "judge": parameters.writer,
        "evaluated": parameters.evaluated,
        "answers": len(answered),
        "without_answer": list(missing),
        "reviews": len(found.reviews),
        "unreadable": [f"{one.target_id}: {one.metric} ({one.order}): {one.reason}" for one in unread],
        "asked_again": sum(one.attempts > 1 for one in found.reviews),
        "parse_rate": 1 - len(unread) / len(found.reviews) if found.reviews else 0.0,
        "not_run": found.not_run,
        "gates": _gates(found.reviews, parameters.qa),
    }


# What the reviews of one judgement can tell of judge and answers; refusals and people's own scores are not among them.
_GATES = (
    "judged_mean",
    "judged_diversity",
    "pair_ratio",
    "pair_ties",
    "pair_order_gap",
    "judge_parse_rate",
    "judge_missing",
)


def _gates(reviews: Sequence[Review], qa: Path | None) -> list[dict[str, Any]]:
    """Hold all reviews together against the bounds of qa/gates.yaml."""
    measured = measure_set(reviews, Context(), _GATES, per_character=False)
    thresholds = load_thresholds(assets.find("qa", "gates.yaml", qa))
    return [
        row_of(one, found.detail) for one, found in zip(decide(measured, thresholds), measured, strict=True)
    ]


def whole(summary: dict[str, Any]) -> bool:
    """Say whether every answer was judged and every review could be read."""
    return bool(summary["reviews"]) and not any(
        summary[name] for name in ("without_answer", "unreadable", "not_run")
    )


def tell_judgement(summary: dict[str, Any], out: Path) -> str:
    """Say what was judged and what was not."""
    lines = [
        f"{summary['judge']} wrote {summary['reviews']} reviews of {summary['answers']} answers of "
        f"{summary['evaluated']} by {summary['rubric']}; {summary['parse_rate']:.1%} can be read, "
        f"{summary['asked_again']} were asked again."
    ]
    for name, what in (("without_answer", "Without an answer"), ("unreadable", "Unreadable")):
        if summary[name]:
            lines.append(f"{what}: {len(summary[name])}, e.g. {summary[name][0]}")
    for one in summary["gates"]:
        lines.append(f"  {tell_row(one)}")
    if summary["not_run"]:
        first = next(iter(summary["not_run"].items()))
        lines.append(
            f"Not run, which is not passed: {len(summary['not_run'])}, e.g. {first[0]} ({first[1]}; name the folder with --images)"
        )
    scales = out / SCALES
    if scales.is_file() and summary["rubric"] != "mmrole_pair":
        for character, metrics in json.loads(scales.read_text(encoding="utf-8")).items():
            told = ", ".join(f"{name} {value['mean']:.2f}" for name, value in metrics.items())
            lines.append(f"  {character}: {told}")
    elif (out / FILES).is_dir():
        lines.append(f"Tables: rolescape score {out / FILES}")
    lines.append(f"Reviews: {out / REVIEWS}")
    return "\n".join(lines)

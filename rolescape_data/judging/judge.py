"""Answers and a rubric -> what a judge says of each: one call per answer, metric and order, asked again when it cannot be read.

Scores are always stored as evaluated and reference, whichever was shown first. What cannot be read after three tries is a record
too: a judge's health is measured on all of it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rolescape_data.judging.answers import Answered
from rolescape_data.judging.grammar import Scored, Unreadable, read_pair, read_scale
from rolescape_data.judging.rubrics import Metric, Order, Rubric
from rolescape_data.mmrole.prompt import A_HUMAN
from rolescape_data.prompts import Prompt
from rolescape_data.providers.base import ImageInput, Outcome, Request, Writer
from rolescape_data.records.base import Provenance
from rolescape_data.records.judged import Review

MOST_TRIES = 3
_RETRY_TEMPERATURE = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to judge: a metric, an order, and the answer (or all answers of a character)."""

    metric: Metric
    order: Order
    answers: Sequence[Answered]
    image: ImageInput | None

    @property
    def target(self) -> str:
        """Id of what is judged: a sample's, or the character's where all its replies are looked at."""
        first = self.answers[0].sample
        return first.sample_id if self.metric.scope == "answer" else first.character_id


@dataclass(frozen=True, slots=True)
class Judged:
    """Reviews in the order of the answers, and what was not judged and why."""

    reviews: list[Review]
    not_run: dict[str, str] = field(default_factory=dict)


def judge(
    writer: Writer,
    rubric: Rubric,
    prompt: Prompt,
    answered: Sequence[Answered],
    *,
    evaluated: str,
    picture: Callable[[str], ImageInput | None],
) -> Judged:
    """Have every answer judged on every metric of the rubric.

    Args:
        writer: the judge.
        rubric: what is asked.
        prompt: the rubric's prompt.
        answered: samples with a model's answers.
        evaluated: the model's name.
        picture: returns the picture of a path in MMRole's files; None where it is not at hand. Metrics that need it are not run then.

    Raises:
        StoppedError: the budget is used up or the server takes nothing; the same call goes on from there.
        WriterError: the judge cannot be asked at all.
    """
    not_run: dict[str, str] = {}
    tasks = list(_tasks(rubric, answered, picture, not_run))
    tries: list[list[tuple[Outcome, Scored | Unreadable]]] = [[] for _ in tasks]
    for _ in range(MOST_TRIES):
        due = [number for number, said in enumerate(tries) if not said or isinstance(said[-1][1], Unreadable)]
        if not due:
            break
        requests = [
            _request(rubric, prompt, tasks[number], _problem(tries[number]), len(tries[number]))
            for number in due
        ]
        for number, outcome in zip(due, writer.write(requests), strict=True):
            tries[number].append((outcome, _read(rubric, outcome)))
    reviews = [
        _review(rubric, prompt, writer, task, said, evaluated)
        for task, said in zip(tasks, tries, strict=True)
    ]
    return Judged(reviews, not_run)


def calls_of(rubric: Rubric, answered: Sequence[Answered]) -> int:
    """Return how many calls a judgement takes when every reply can be read."""
    return sum(1 for _ in _tasks(rubric, answered, lambda path: None, {}, missing_pictures=False))


def _tasks(
    rubric: Rubric,
    answered: Sequence[Answered],
    picture: Callable[[str], ImageInput | None],
    not_run: dict[str, str],
    *,
    missing_pictures: bool = True,
) -> Iterator[Task]:
    people: dict[str, list[Answered]] = {}
    for one in answered:
        people.setdefault(one.sample.character_id, []).append(one)
        image = picture(one.sample.image)
        for metric in rubric.metrics:
            if metric.scope == "character":
                continue
            if metric.needs_picture and image is None and missing_pictures:
                not_run[f"{one.sample.sample_id}: {metric.name}"] = (
                    f"the picture {one.sample.image} is not at hand"
                )
                continue
            for order in rubric.orders:
                yield Task(metric, order, [one], image)
    for replies in people.values():
        for metric in rubric.metrics:
            if metric.scope == "character":
                yield Task(metric, "AB", replies, None)


def _problem(said: Sequence[tuple[Outcome, Scored | Unreadable]]) -> str:
    return said[-1][1].problem if said and isinstance(said[-1][1], Unreadable) else ""


def _request(rubric: Rubric, prompt: Prompt, task: Task, problem: str, number: int) -> Request:
    return Request(
        prompt_id=prompt.id,
        prompt_sha256=prompt.sha256,
        system=prompt.system,
        user=prompt.render(inputs_of(rubric, task, problem)),
        answer=prompt.answer,
        images=(task.image,) if task.image is not None and prompt.images else (),
        # The second try repeats what the first said wrong when it said it at the same temperature in the same words.
        take=number,
        temperature=prompt.temperature if number == 0 else max(prompt.temperature, _RETRY_TEMPERATURE),
        max_tokens=prompt.max_tokens,
    )


def inputs_of(rubric: Rubric, task: Task, problem: str = "") -> dict[str, Any]:
    """Return the inputs of the rubric's prompt for one task."""
    first = task.answers[0].sample
    common = {
        "metric": task.metric.name,
        "question": task.metric.question,
        "lowest": rubric.lowest,
        "highest": rubric.highest,
        "role": first.role,
        "script": first.script,
        "profile": first.profile,
        "problem": problem,
    }
    if rubric.judge_kind == "rolescape_1to7":
        replies = [{"asked": one.sample.last_words, "reply": one.answer} for one in task.answers]
        return {**common, "steps": task.metric.steps, "replies": replies}
    pair = (task.answers[0].answer, first.answer)
    shown = pair if task.order == "AB" else pair[::-1]
    return {
        **common,
        "other": first.other_role or A_HUMAN,
        "other_profile": first.other_profile,
        "picture": first.annotation.model_dump(),
        "history": [one.model_dump() for one in first.history],
        "last_words": first.last_words,
        "answers": dict(zip("AB", shown, strict=True)),
    }


def _read(rubric: Rubric, outcome: Outcome) -> Scored | Unreadable:
    if outcome.reply is None:
        return Unreadable(f"no reply came ({outcome.detail or outcome.error})")
    words = str(outcome.reply["review"])
    if rubric.judge_kind == "mmrole_pair":
        return read_pair(words, rubric.lowest, rubric.highest)
    return read_scale(words, rubric.lowest, rubric.highest)


def _review(
    rubric: Rubric,
    prompt: Prompt,
    writer: Writer,
    task: Task,
    said: Sequence[tuple[Outcome, Scored | Unreadable]],
    evaluated: str,
) -> Review:
    outcome, found = said[-1]
    scores = found.scores if isinstance(found, Scored) else ()
    if task.order == "BA":
        scores = scores[::-1]
    sample = task.answers[0].sample
    words = str(outcome.reply["review"]) if outcome.reply is not None else outcome.raw
    mark = "\n".join((rubric.name, task.metric.name, task.target, evaluated, task.order))
    return Review(
        id=f"{sample.character_id}_review_{hashlib.sha256(mark.encode()).hexdigest()[:16]}",
        character_id=sample.character_id,
        lang=sample.lang,
        license=sample.license,
        source=sample.source,
        provenance=Provenance(
            source_kind=writer.kind,
            writer=writer.name,
            prompt_id=prompt.id,
            prompt_sha256=prompt.sha256,
            call_key=outcome.call_key,
            take=len(said) - 1,
            parents=[one.sample.id for one in task.answers],
        ),
        judge_kind=rubric.judge_kind,
        metric=task.metric.name,
        target_id=task.target,
        evaluated=evaluated,
        order=task.order,
        score=scores[0] if scores else None,
        reference_score=scores[1] if len(scores) == 2 else None,
        reason=found.reason if isinstance(found, Scored) else found.problem,
        raw=_plain(words),
        parse_ok=isinstance(found, Scored),
        attempts=len(said),
    )


def _plain(words: str) -> str:
    """Return text that a record can hold."""
    return "".join(one for one in words if one in "\n\t" or one.isprintable())


def review_entries(
    answered: Sequence[Answered], reviews: Sequence[Review]
) -> dict[str, list[dict[str, Any]]]:
    """Return MMRole-format review files by name: the samples as they were, with answer and `rm_review`.

    The order AB stands under `review` and `score` as in the released files, the other under `swapped`, its scores turned back; a
    review that could not be read has the score null.
    """
    by_target: dict[str, dict[str, dict[str, Any]]] = {}
    for one in reviews:
        own = by_target.setdefault(one.target_id, {}).setdefault(one.metric, {})
        pair = [one.score, one.reference_score] if one.parse_ok else None
        told = {"review": one.raw, "score": pair}
        own.update(told if one.order == "AB" else {"swapped": told})
    files: dict[str, list[dict[str, Any]]] = {}
    for given in answered:
        entry: dict[str, Any] = {**given.entry}
        turns: list[Mapping[str, Any]] = list(entry["conversations"])
        entry["conversations"] = [*turns[:-1], {**turns[-1], "answer": given.answer}]
        entry["rm_review"] = by_target.get(given.sample.sample_id, {})
        files.setdefault(given.file, []).append(entry)
    return files

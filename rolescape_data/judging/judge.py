"""Replies and a rubric -> what a judge says of each: one call per reply, metric and order, asked again when it cannot be read.

Scores are always stored as evaluated and reference, whichever was shown first. What cannot be read after three tries is a record
too: a judge's health is measured on all of it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rolescape_data.judging.grammar import Scored, Unreadable, read_pair, read_scale, read_yes_no
from rolescape_data.judging.replies import Reply
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
    """One thing to judge: a metric, an order, and the reply (or all replies of a character)."""

    metric: Metric
    order: Order
    replies: Sequence[Reply]
    image: ImageInput | None

    @property
    def target(self) -> str:
        """Id of what is judged: a record's or sample's, or the character's where all its replies are looked at."""
        first = self.replies[0]
        return first.target if self.metric.scope == "answer" else first.character_id


@dataclass(frozen=True, slots=True)
class Judged:
    """Reviews in the order of the replies, what was not judged and why, and tries without a reply by the one that was read."""

    reviews: list[Review]
    not_run: dict[str, str] = field(default_factory=dict)
    asked_again: dict[str, str] = field(default_factory=dict)


def judge(
    writer: Writer,
    rubric: Rubric,
    prompt: Prompt,
    replies: Sequence[Reply],
    *,
    evaluated: str,
    picture: Callable[[str], ImageInput | None],
    take: int = 0,
) -> Judged:
    """Have every reply judged on every metric of the rubric.

    Args:
        writer: the judge.
        rubric: what is asked.
        prompt: the rubric's prompt.
        replies: what is judged, with all that the judge is told of it.
        evaluated: whose replies they are.
        picture: returns the picture that a reply's `image` names; None where it is not at hand. Metrics that need it are not run then.
        take: how often these reviews were made anew before; each take is asked afresh.

    Raises:
        StoppedError: the budget is used up or the server takes nothing; the same call goes on from there.
        WriterError: the judge cannot be asked at all.
    """
    not_run: dict[str, str] = {}
    tasks = list(tasks_of(rubric, replies, picture, not_run))
    tries: list[list[tuple[Outcome, Scored | Unreadable]]] = [[] for _ in tasks]
    for _ in range(MOST_TRIES):
        due = [number for number, said in enumerate(tries) if not said or isinstance(said[-1][1], Unreadable)]
        if not due:
            break
        requests = [
            _request(
                rubric, prompt, tasks[number], _problem(tries[number]), take * MOST_TRIES + len(tries[number])
            )
            for number in due
        ]
        for number, outcome in zip(due, writer.write(requests), strict=True):
            tries[number].append((outcome, _read(rubric, outcome)))
    # A writer that makes one call alone (`rolescape try`) leaves the others unasked: no key, and no review.
    asked = [[one for one in said if one[0].call_key] for said in tries]
    reviews = [
        _review(rubric, prompt, writer, task, said, evaluated, take)
        for task, said in zip(tasks, asked, strict=True)
        if said
    ]
    again = {
        outcome.call_key: said[-1][0].call_key
        for said in asked
        if said and isinstance(said[-1][1], Scored)
        for outcome, _ in said[:-1]
        if outcome.reply is None
    }
    return Judged(reviews, not_run, again)


def tasks_of(
    rubric: Rubric,
    replies: Sequence[Reply],
    picture: Callable[[str], ImageInput | None],
    not_run: dict[str, str],
) -> Iterator[Task]:
    """Yield everything that a rubric has to be asked of replies; what cannot be asked goes into `not_run`, with the reason."""
    people: dict[str, list[Reply]] = {}
    for one in replies:
        people.setdefault(one.character_id, []).append(one)
        image = picture(one.image)
        for metric in rubric.metrics:
            if metric.scope == "character":
                continue
            if metric.needs_picture and image is None:
                not_run[f"{one.target}: {metric.name}"] = (
                    f"the picture {one.image} is not at hand" if one.image else "no picture belongs to it"
                )
                continue
            for order in rubric.orders:
                yield Task(metric, order, [one], image)
    for own in people.values():
        for metric in rubric.metrics:
            if metric.scope == "character":
                yield Task(metric, "AB", own, None)


def _problem(said: Sequence[tuple[Outcome, Scored | Unreadable]]) -> str:
    return said[-1][1].problem if said and isinstance(said[-1][1], Unreadable) else ""


def _request(rubric: Rubric, prompt: Prompt, task: Task, problem: str, take: int) -> Request:
    return Request(
        prompt_id=prompt.id,
        prompt_sha256=prompt.sha256,
        system=prompt.system,
        user=prompt.render(inputs_of(rubric, task, problem)),
        answer=prompt.answer,
        images=(task.image,) if task.image is not None and prompt.images else (),
        # The second try repeats what the first said wrong when it said it at the same temperature in the same words.
        take=take,
        temperature=max(prompt.temperature, _RETRY_TEMPERATURE) if problem else prompt.temperature,
        max_tokens=prompt.max_tokens,
    )


def inputs_of(rubric: Rubric, task: Task, problem: str = "") -> dict[str, Any]:
    """Return the inputs of the rubric's prompt for one task."""
    first = task.replies[0]
    common: dict[str, Any] = {
        "metric": task.metric.name,
        "question": task.metric.question,
        "role": first.role,
        "script": first.script,
        "profile": first.profile,
        "problem": problem,
    }
    if rubric.judge_kind == "yes_no":
        return {**common, "asked": first.asked, "reply": first.words}
    common |= {"lowest": rubric.lowest, "highest": rubric.highest}
    if rubric.judge_kind == "rolescape_1to7":
        replies = [{"asked": one.asked, "reply": one.words} for one in task.replies]
        return {**common, "steps": task.metric.steps, "replies": replies}
    pair = (first.words, first.reference)
    shown = pair if task.order == "AB" else pair[::-1]
    return {
        **common,
        "other": first.other or A_HUMAN,
        "other_profile": first.other_profile,
        "picture": first.annotation.model_dump(),
        "history": [one.model_dump() for one in first.history],
        "last_words": first.asked,
        "answers": dict(zip("AB", shown, strict=True)),
    }


def _read(rubric: Rubric, outcome: Outcome) -> Scored | Unreadable:
    if outcome.reply is None:
        return Unreadable(f"no reply came ({outcome.detail or outcome.error})")
    words = str(outcome.reply["review"])
    if rubric.judge_kind == "mmrole_pair":
        return read_pair(words, rubric.lowest, rubric.highest)
    if rubric.judge_kind == "yes_no":
        return read_yes_no(words)
    return read_scale(words, rubric.lowest, rubric.highest)


def _review(
    rubric: Rubric,
    prompt: Prompt,
    writer: Writer,
    task: Task,
    said: Sequence[tuple[Outcome, Scored | Unreadable]],
    evaluated: str,
    take: int,
) -> Review:
    outcome, found = said[-1]
    scores = found.scores if isinstance(found, Scored) else ()
    if task.order == "BA":
        scores = scores[::-1]
    first = task.replies[0]
    words = str(outcome.reply["review"]) if outcome.reply is not None else outcome.raw
    mark = "\n".join((rubric.name, task.metric.name, task.target, evaluated, task.order))
    return Review(
        id=f"{first.character_id}_review_{hashlib.sha256(mark.encode()).hexdigest()[:16]}",
        character_id=first.character_id,
        lang=first.lang,
        license=first.license,
        source=first.source,
        provenance=Provenance(
            source_kind=outcome.kind or writer.kind,
            writer=outcome.writer or writer.name,
            prompt_id=prompt.id,
            prompt_sha256=prompt.sha256,
            call_key=outcome.call_key,
            take=take * MOST_TRIES + len(said) - 1,
            parents=[one.record for one in task.replies],
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

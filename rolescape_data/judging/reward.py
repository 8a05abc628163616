"""Reviews -> samples that a reward model learns judging from: the judge's question, with the picture, and its answer.

MMRole's own reward model is Qwen-VL-Chat trained on 23,000 GPT-4 reviews (arXiv 2408.04203); its training file was not released, so
this is ours: one sample per review and order in the conversation form that MMRole's trainer reads, the question rendered from the rubric's
prompt exactly as our judge is asked it, the target in the strict form that our judge must keep to.

    {"id": "Ada_Fenn_comment_COCO_0_1_fluency_AB", "image": "COCO/train2017/000000455340.jpg", "metric": "Fluency", "order": "AB",
     "scores": [9, 10], "conversations": [
        {"from": "user", "value": "Picture 1: <img>images/COCO/train2017/000000455340.jpg</img>\\nTwo models were asked ..."},
        {"from": "assistant", "value": "A is warmer ...\\n[Scores]: (9, 10)"}]}

`scores` are evaluated and reference, as in the reviews; those in the target are A's and B's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rolescape_data.collection import Finding
from rolescape_data.errors import InputError
from rolescape_data.judging.answers import Answered, reply_of
from rolescape_data.judging.grammar import Unreadable, read_pair
from rolescape_data.judging.judge import Task, inputs_of
from rolescape_data.judging.rubrics import Metric, Order, Rubric
from rolescape_data.mmrole.samples import sample_of
from rolescape_data.prompts import Prompt

IMAGES = "images"


def reward_samples(
    entries: Sequence[Mapping[str, Any]], rubric: Rubric, prompt: Prompt, *, file: str
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Return reward-model samples of one review file, and every review that none can be made of.

    Args:
        entries: reviewed samples in MMRole's format.
        rubric: the pair rubric whose questions are asked.
        prompt: the rubric's prompt.
        file: the review file's name, for the findings.
    """
    samples: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for number, entry in enumerate(entries):
        place = f"[{number}]"
        try:
            sample = sample_of(entry, source=file)
        except InputError as fault:
            findings.append(Finding("sample_format", file, place, str(fault)))
            continue
        answer = str(entry["conversations"][-1].get("answer") or "")
        said = entry.get("rm_review")
        if not answer.strip() or not isinstance(said, Mapping):
            findings.append(
                Finding("review_missing", file, place, f"'{sample.sample_id}' is not answered and reviewed")
            )
            continue
        given = Answered(sample, answer, entry, file)
        for metric in rubric.metrics:
            one = said.get(metric.name)
            orders: list[tuple[Order, Any]] = [("AB", one)]
            if isinstance(one, Mapping) and "swapped" in one:
                orders.append(("BA", one["swapped"]))
            for order, told in orders:
                made = _sample(rubric, prompt, metric, order, given, told)
                if isinstance(made, str):
                    findings.append(
                        Finding("review_unusable", file, f"{place}.{metric.name}", f"{order}: {made}")
                    )
                else:
                    samples.append(made)
    return samples, findings


def _sample(
    rubric: Rubric, prompt: Prompt, metric: Metric, order: Order, given: Answered, told: Any
) -> dict[str, Any] | str:
    """Return the sample of one review, or why there is none."""
    if not isinstance(told, Mapping) or not isinstance(told.get("review"), str):
        return "there is no review"
    read = read_pair(told["review"], rubric.lowest, rubric.highest)
    if isinstance(read, Unreadable):
        return read.problem
    scores = read.scores if order == "AB" else read.scores[::-1]
    if told.get("score") is None or [float(one) for one in told["score"]] != list(scores):
        return f"its words say {scores}, its score {told.get('score')}"
    question = prompt.render(inputs_of(rubric, Task(metric, order, [reply_of(given)], None))).strip()
    picture = f"Picture 1: <img>{IMAGES}/{given.sample.image}</img>\n"
    target = f"{read.reason}\n[Scores]: ({', '.join(f'{one:g}' for one in read.scores)})"
    return {
        "id": f"{given.sample.sample_id}_{re.sub('[^a-z]+', '-', metric.name.lower())}_{order}",
        "image": given.sample.image,
        "metric": metric.name,
        "order": order,
        "scores": list(scores),
        "conversations": [
            {"from": "user", "value": picture + question},
            {"from": "assistant", "value": target},
        ],
    }

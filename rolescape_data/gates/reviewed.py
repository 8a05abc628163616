"""What judges said, held against bounds: scores from 1 to 7, pairs in both orders, refusals, and the judge itself.

Reviews are records that a judge's run made before. Scales are Character-LLM's (personality, factual, diversity, ...),
pairs are MMRole-Eval's (arXiv 2408.04203); a review of kind 'yes_no' says 1 where the answer declined, 0 where it did not.
Without reviews nothing is measured here, and `rolescape_data.gates.unmeasured` says so.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import Measurement, Record, Review

DIVERSITY = "diversity"
REFUSAL = "refusal"
# The set's own answers, as against those of a model that was trained on it.
REFERENCE = "reference"
# The worse side of the set's preference pairs, held against the side that was chosen.
REJECTED = "rejected"
# Pearson's r of fewer pairs says nothing.
SMALLEST_SAMPLE = 10


def judged_mean(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the mean of each scale of 1 to 7, over all answers of one author; diversity has a gate of its own."""
    return _means(records, "judged_mean", lambda metric: metric != DIVERSITY)


def judged_diversity(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the mean diversity from 1 (templated) to 7 (tailored) that judges gave."""
    return _means(records, "judged_diversity", lambda metric: metric == DIVERSITY)


def judged_item(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure each single score of 1 to 7: on the record judged, or on the review where a model's answer was judged."""
    found = []
    for review, score in _scored(records, "rolescape_1to7"):
        row = measured(review, "judged_item", score, f"{review.metric} of {review.target_id}")
        own = review.evaluated == REFERENCE
        found.append(row.model_copy(update={"record_id": review.target_id}) if own else row)
    return found


def pair_ratio(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the mean of evaluated over reference for each metric of MMRole-Eval; rejected replies have a gate of their own."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for review, ratio in _ratios(records):
        if review.evaluated != REJECTED:
            ratios[review.metric].append(ratio)
    return [
        _on_set(records[0], "pair_ratio", fmean(found), f"{metric}, {len(found)} pairs")
        for metric, found in sorted(ratios.items())
    ]


def rejected_preferred(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the share of preference pairs whose rejected reply scores no lower, over all metrics and both orders."""
    by_pair: dict[str, list[float]] = defaultdict(list)
    for review, ratio in _ratios(records):
        if review.evaluated == REJECTED:
            by_pair[review.target_id].append(ratio)
    if not by_pair:
        return []
    preferred = sum(fmean(ratios) >= 1 for ratios in by_pair.values())
    detail = f"{preferred} of {len(by_pair)} pairs"
    return [_on_set(records[0], "rejected_preferred", preferred / len(by_pair), detail)]


def pair_ties(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the share of pairs with two equal scores: MMRole's reviews have 47.9 %, so its metric is blunt."""
    ratios = [ratio for _, ratio in _ratios(records)]
    if not ratios:
        return []
    ties = sum(ratio == 1 for ratio in ratios)
    return [_on_set(records[0], "pair_ties", ties / len(ratios), f"{ties} of {len(ratios)}")]


def pair_order_gap(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure how far the ratio moves when the two answers change places, the mean over answers and metrics.

    Silent where no answer was judged in both orders.
    """
    by_order: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for review, ratio in _ratios(records):
        by_order[review.target_id, review.metric, review.evaluated][review.order] = ratio
    gaps = [abs(both["AB"] - both["BA"]) for both in by_order.values() if len(both) == 2]
    return [_on_set(records[0], "pair_order_gap", fmean(gaps), f"{len(gaps)} pairs")] if gaps else []


def refused_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure what share of the questions that a character cannot answer it declined, in its own voice."""
    return _declined(records, context, "refused_share", negative=True)


def false_refusals(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure what share of the questions that a character can answer it declined all the same."""
    return _declined(records, context, "false_refusals", negative=False)


def judge_parse_rate(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the share of reviews that could be read by the strict grammar."""
    reviews = _machine(records)
    if not reviews:
        return []
    read = sum(review.parse_ok for review in reviews)
    return [
        _on_set(records[0], "judge_parse_rate", read / len(reviews), f"{read} of {len(reviews)} reviews read")
    ]


def judge_attempts(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure, on each review, how often the judge was asked before it could be read."""
    return [measured(review, "judge_attempts", review.attempts) for review in _machine(records)]


def judge_missing(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count the reviews that are not there: answers judged on some metrics of their judge, and not on all."""
    metrics: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    seen: dict[tuple[str, str, bool, str, str], set[str]] = defaultdict(set)
    for review in _machine(records):
        # Some metrics look at all replies of a character together, and at none of them alone.
        together = review.target_id == review.character_id
        judge = (review.judge_kind, review.provenance.writer, together)
        metrics[judge].add(review.metric)
        seen[(*judge, review.target_id, review.evaluated)].add(review.metric)
    missing = [
        f"{metric} of {key[3]}" for key, found in seen.items() for metric in sorted(metrics[key[:3]] - found)
    ]
    return [_on_set(records[0], "judge_missing", len(missing), ", ".join(missing) or "none")] if seen else []


def judge_agreement(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure Pearson's correlation between judge and people over the answers that both scored.

    Silent below ten answers in common. A judge that gives everything one score agrees with nobody: 0.
    """
    people: dict[tuple[str, str, str], float] = {}
    judges: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for review in _reviews(records):
        if review.score is None:
            continue
        key = (review.target_id, review.metric, review.evaluated)
        if review.provenance.source_kind == "human":
            people[key] = review.score
        else:
            judges[key].append(review.score)
    both = [(people[key], fmean(judges[key])) for key in sorted(people) if key in judges]
    if len(both) < SMALLEST_SAMPLE:
        return []
    return [_on_set(records[0], "judge_agreement", pearson(both), f"{len(both)} answers scored by both")]


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    """Return Pearson's correlation, -1 to 1; 0 where one side never varies."""
    one, two = fmean(first for first, _ in pairs), fmean(second for _, second in pairs)
    together = sum((first - one) * (second - two) for first, second in pairs)
    spread = math.sqrt(
        sum((first - one) ** 2 for first, _ in pairs) * sum((second - two) ** 2 for _, second in pairs)
    )
    return together / spread if spread else 0.0


def _reviews(records: Iterable[Record]) -> list[Review]:
    return [record for record in records if isinstance(record, Review)]


def _machine(records: Iterable[Record]) -> list[Review]:
    return [review for review in _reviews(records) if review.provenance.source_kind != "human"]


def _scored(records: Iterable[Record], judge_kind: str) -> list[tuple[Review, float]]:
    return [
        (review, review.score)
        for review in _machine(records)
        if review.judge_kind == judge_kind and review.score is not None
    ]


def _ratios(records: Iterable[Record]) -> list[tuple[Review, float]]:
    """Return evaluated over reference of each pair; a reference of 0 is out of the scale and no denominator."""
    return [
        (review, score / review.reference_score)
        for review, score in _scored(records, "mmrole_pair")
        if review.reference_score
    ]


def _means(records: Sequence[Record], gate: str, wanted: Callable[[str], bool]) -> list[Measurement]:
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for review, score in _scored(records, "rolescape_1to7"):
        if wanted(review.metric):
            scores[review.evaluated, review.metric].append(score)
    return [
        _on_set(records[0], gate, fmean(found), f"{metric}{_of(author)}, {_reviews_of(len(found))}")
        for (author, metric), found in sorted(scores.items())
    ]


def _declined(records: Sequence[Record], context: Context, gate: str, *, negative: bool) -> list[Measurement]:
    scores = [
        score
        for review, score in _scored(records, "yes_no")
        if review.metric == REFUSAL and (review.target_id in context.negatives) is negative
    ]
    sort = "cannot" if negative else "can"
    detail = f"declined {sum(scores):.0f} of {len(scores)} that it {sort} answer"
    return [_on_set(records[0], gate, fmean(scores), detail)] if scores else []


def _of(author: str) -> str:
    """Return whose answers were judged, where they are not the set's own."""
    return "" if author == REFERENCE else f" of {author}"


def _reviews_of(count: int) -> str:
    return f"{count} review" + ("" if count == 1 else "s")


def _on_set(first: Record, gate: str, value: float, detail: str) -> Measurement:
    return Measurement(
        record_id=f"{first.character_id}/{first.kind}",
        kind=first.kind,
        character_id=first.character_id,
        gate=gate,
        value=float(value),
        detail=detail[:300],
    )

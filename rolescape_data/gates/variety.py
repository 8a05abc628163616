"""Replies that repeat one another, and catchphrases worn out: what a set of replies says as a whole.

Bounds of self-BLEU and distinct-2 are recommendations for role play; the catchphrase bounds guard against caricature
(EBM-RL's judge puts a "static caricature" into its second-lowest tier, arXiv 2605.04733).
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rolescape_data.gates.base import Context, measured, spoken_texts
from rolescape_data.records import InterRoleDialogue, Measurement, Record
from rolescape_data.spans import folded, words

# Fewer replies cannot repeat one another often.
SMALLEST_SET = 20
# Few repeats in a small set are a large share.
SMALLEST_USED = 10
SHORTEST_LINE = 5


def self_bleu(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the mean BLEU-4 of each reply against all others of the set (Texygen, 2018): 1 is one reply repeated.

    Silent below 20 replies.
    """
    texts = [words(folded(text)) for text in _replies(records)]
    texts = [text for text in texts if len(text) >= 4]
    if len(texts) < SMALLEST_SET:
        return []
    scores = _bleu_4(texts)
    worst = max(range(len(scores)), key=scores.__getitem__)
    detail = f"{len(texts)} replies, most repeated: {' '.join(texts[worst])[:80]}"
    return [_on_set(records[0], "self_bleu", sum(scores) / len(scores), detail)]


def distinct_2(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the share of pairs of neighbouring words that are different ones (distinct-2, Li et al. 2016).

    Silent below 20 replies; of a large set the first 2,000 words count, as the share falls with the amount of text.
    """
    texts = [words(folded(text)) for text in _replies(records)]
    if len(texts) < SMALLEST_SET:
        return []
    pairs = [pair for text in texts for pair in pairwise(text)][:2000]
    if not pairs:
        return []
    return [
        _on_set(
            records[0],
            "distinct_2",
            len(set(pairs)) / len(pairs),
            f"{len(set(pairs))} of {len(pairs)} word pairs",
        )
    ]


def catchphrase_each(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure, for each catchphrase of the profile, the share of replies that hold it; silent below ten replies."""
    replies, phrases = _phrased(records, context)
    return [
        _on_set(
            records[0],
            "catchphrase_each",
            sum(phrase in reply for reply in replies) / len(replies),
            phrase.strip(),
        )
        for phrase in phrases
    ]


def catchphrase_all(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the share of replies that hold any catchphrase of the profile; silent below ten replies."""
    replies, phrases = _phrased(records, context)
    if not phrases:
        return []
    used = sum(any(phrase in reply for phrase in phrases) for reply in replies)
    return [_on_set(records[0], "catchphrase_all", used / len(replies), f"{used} of {len(replies)} replies")]


def foreign_line(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure 1 on a reply that another character gave before, word for word; silent in a set of one character.

    Replies of fewer than five words ("Good morning to you!") are anybody's.
    """
    if len({record.character_id for record in records}) < 2:
        return []
    first: dict[str, Record] = {}
    found: list[Measurement] = []
    for record in records:
        texts = [folded(text) for text in spoken_texts(record).values()]
        long = [text for text in texts if len(text.split()) >= SHORTEST_LINE]
        twins = [first[text] for text in long if text in first]
        foreign = [twin for twin in twins if twin.character_id != record.character_id]
        for text in long:
            first.setdefault(text, record)
        found.append(measured(record, "foreign_line", bool(foreign), foreign[0].id if foreign else ""))
    return found


def _replies(records: Sequence[Record]) -> list[str]:
    """Return what the set's own character says; of a talk of two only its own turns."""
    found: list[str] = []
    for record in records:
        if isinstance(record, InterRoleDialogue):
            found += [turn.text for turn in record.messages if turn.speaker == record.character_id]
        else:
            found += spoken_texts(record).values()
    return found


def _phrased(records: Sequence[Record], context: Context) -> tuple[list[str], list[str]]:
    replies = [f" {folded(text)} " for text in _replies(records)]
    if len(replies) < SMALLEST_USED:
        return [], []
    owner = records[0].character_id
    phrases = dict.fromkeys(folded(phrase) for phrase in context.catchphrases.get(owner, ()))
    return replies, [f" {phrase} " for phrase in phrases if phrase]


def _bleu_4(texts: Sequence[Sequence[str]]) -> list[float]:
    """Return each text's BLEU-4 with all other texts as references, add-nothing, zero where no run of four is shared.

    The two largest counts of each run over the set are enough to know its largest count in the others.
    """
    counted = [
        [Counter(zip(*(text[at:] for at in range(size)), strict=False)) for size in (1, 2, 3, 4)]
        for text in texts
    ]
    best: list[dict[tuple[str, ...], tuple[int, int, int]]] = [{}, {}, {}, {}]
    for number, grams in enumerate(counted):
        for size, counts in enumerate(grams):
            for gram, count in counts.items():
                most, owner, second = best[size].get(gram, (0, -1, 0))
                if count > most:
                    best[size][gram] = (count, number, most)
                else:
                    best[size][gram] = (most, owner, max(second, count))
    lengths = sorted(len(text) for text in texts)
    return [_score(number, counted[number], best, lengths) for number in range(len(texts))]


def _score(
    number: int,
    grams: Sequence[Counter[tuple[str, ...]]],
    best: Sequence[dict[tuple[str, ...], tuple[int, int, int]]],
    lengths: Sequence[int],
) -> float:
    logs = 0.0
    for size, counts in enumerate(grams):
        matched = 0
        for gram, count in counts.items():
            most, owner, second = best[size][gram]
            matched += min(count, second if owner == number else most)
        if not matched:
            return 0.0
        logs += math.log(matched / counts.total()) / 4
    length = grams[0].total()
    # One of the equal lengths is the text's own; the nearest other one is the reference for brevity.
    others = list(lengths)
    others.remove(length)
    nearest = min(others, key=lambda other: (abs(other - length), other))
    return math.exp(logs) * (math.exp(1 - nearest / length) if length < nearest else 1.0)


def _on_set(first: Record, gate: str, value: float, detail: str) -> Measurement:
    return Measurement(
        record_id=f"{first.character_id}/{first.kind}",
        kind=first.kind,
        character_id=first.character_id,
        gate=gate,
        value=value,
        detail=detail,
    )

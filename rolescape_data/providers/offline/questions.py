"""Facts -> open questions with short answers (TextQAAnswer); four-option ones are written in `choices`.

Every question is a sentence of the material turned round; what no pattern fits is left out, never padded.
"""

import hashlib
from collections import Counter
from itertools import combinations
from typing import Any

from rolescape_data.providers.offline.choices import text_mcq
from rolescape_data.providers.offline.material import (
    Candidate,
    Material,
    Seen,
    count_of,
    interleaved,
    joined_question,
    material,
)
from rolescape_data.providers.offline.meanings import meaning
from rolescape_data.spans import folded

__all__ = ["text_mcq", "text_qa"]

ALIKE = 10  # one question in so many may open with the same three words

_ASKED_FOR = {
    "place": "the place", "time": "the time", "person": "the person", "number": "the number", "thing": "what is asked for",
    "doing": "the act", "reason": "the reason", "manner": "the manner", "name": "the name", "colour": "the colour",
    "material": "the material", "role": "the role", "described": "the description", "that": "what is asked for",
    "value": "the value", "gap": "the missing year",
}  # fmt: skip


def text_qa(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write one open question for each key, as far as the facts reach.

    Args:
        block: character, facts (`fact_id`, `text`, `aspect`, `evidence`) and `used`, questions already taken.
        keys: the cells asked for, `qa_1` .. `qa_n`.

    Returns:
        A TextQAAnswer for each key that could be filled, no fact asked twice; None when no fact carries one.
    """
    found = material(block)
    seen = Seen([*block.get("used", []), *block.get("avoid", [])])
    items = [*_singles(found, seen, len(keys))]
    hard = min(len(keys) // 20 + (len(keys) >= 10), max(len(items) - 1, 0))
    spare = _spare(found, items, len(keys))
    pairs = _pairs(found, spare, seen, hard) if len(items) >= len(keys) else []
    written = [_single(candidate) for candidate in items[: len(keys) - len(pairs)]] + pairs
    return dict(zip(keys, written, strict=False)) or None


def _singles(found: Material, seen: Seen, wanted: int) -> list[Candidate]:
    """One question a fact: the form least used so far among the better ones; gaps for a third at most."""
    forms: Counter[str] = Counter()
    openings: Counter[str] = Counter()
    chosen: list[Candidate] = []
    done: set[str] = set()
    order = interleaved(found.by_fact)
    # Facts that can only be asked about in words that open alike wait until the others have had their turn.
    for fact_id, most in [*((i, max(wanted // ALIKE, 1)) for i in order), *((i, wanted) for i in order)]:
        if len(chosen) == wanted:
            return chosen
        free = [
            candidate
            for candidate in found.by_fact[fact_id]
            if fact_id not in done
            and openings[_opening(candidate)] < most
            and not seen.near(candidate.question)
        ]
        if free:
            best = max(free, key=lambda c: (c.asked.weight - 0.5 * forms[c.asked.form], c.question))
            forms[best.asked.form] += 1
            openings[_opening(best)] += 1
            seen.add(best.question)
            chosen.append(best)
            done.add(fact_id)
    gaps = [found.gaps[i] for i in interleaved({k: [v] for k, v in found.gaps.items() if k not in done})]
    room = min(wanted - len(chosen), len(chosen) // 2 if chosen else 3)
    # A gap shares its frame with every other gap, so only its statement is compared.
    for candidate in gaps:
        if room <= 0:
            break
        if not seen.near(candidate.question):
            seen.add(candidate.question)
            chosen.append(candidate)
            room -= 1
    return chosen


def _opening(candidate: Candidate) -> str:
    return " ".join(folded(candidate.question).split()[:3])


def _single(candidate: Candidate) -> dict[str, Any]:
    asked = candidate.asked
    named = f"So {_ASKED_FOR[asked.slot]} is: {asked.answer}."
    return {
        "question": asked.question,
        "answer": asked.answer,
        "fact_ids": [candidate.fact_id],
        "evidence": [candidate.evidence],
        "type": "list"
        if asked.type == "fact"
        and asked.shape.endswith("-list")
        and " and " in asked.answer
        and "," in asked.answer
        else asked.type,
        "aspect": candidate.aspect,
        "difficulty": asked.difficulty,
        "reasoning_steps": [_states(candidate), named],
        "confidence": 0.8 if asked.slot == "gap" else 1.0,
    }


def _states(candidate: Candidate) -> str:
    return f"The profile states: {candidate.text.rstrip('.')}."


def _spare(found: Material, items: list[Candidate], wanted: int) -> list[Candidate]:
    """Facts that no question of the set is about yet, nor will be."""
    taken = {candidate.fact_id for candidate in items[:wanted]}
    return [candidates[0] for fact_id, candidates in found.by_fact.items() if fact_id not in taken]


def _pairs(found: Material, spare: list[Candidate], seen: Seen, wanted: int) -> list[dict[str, Any]]:
    """Questions over two facts: two counts compared, or two things asked for at once."""
    free = sorted(spare, key=lambda c: hashlib.sha256(c.question.encode()).hexdigest())
    written: list[dict[str, Any]] = []
    while len(written) < wanted:
        pair = _comparison(free) if len(written) % 2 == 0 else None
        made = _compared(*pair, found) if pair else None
        if made is None:
            pair = _alike(free, found)
            made = _joined(*pair) if pair else None
        if made is None or pair is None:
            return written
        free = [candidate for candidate in free if candidate not in pair]
        if not seen.near(made["question"]):
            seen.add(made["question"])
            written.append(made)
    return written


def _comparison(free: list[Candidate]) -> tuple[Candidate, Candidate] | None:
    counts = [candidate for candidate in free if candidate.asked.said]
    for first in counts:
        for second in counts:
            if first.fact_id < second.fact_id and count_of(first) != count_of(second):
                return first, second
    return None


def _compared(first: Candidate, second: Candidate, found: Material) -> dict[str, Any]:
    high, low = (first, second) if count_of(first) > count_of(second) else (second, first)
    question = f"Which number in {found.name.short}'s profile is higher, that of the {first.asked.said} or that of the {second.asked.said}?"
    answer = f"{high.asked.answer} {high.asked.shape}, against {low.asked.answer} {low.asked.shape}"
    steps = f"{high.asked.answer} is more than {low.asked.answer}."
    return _double(
        first,
        second,
        question,
        answer,
        "comparison",
        [f"{_states(first)} {_states(second)}", steps[0].upper() + steps[1:]],
    )


def _alike(free: list[Candidate], found: Material) -> tuple[Candidate, Candidate] | None:
    """Two facts that can be asked for in one breath, since both speak of the same thing or are of one aspect; or none."""
    called = {word for form in found.name.forms for word in meaning(form)}
    short = [
        c
        for c in free
        if len(c.question.split()) <= 12
        # "What does she drink, and what does she bake?": neither half says which of many is meant.
        and not c.asked.bare
        and c.asked.slot in {"thing", "place", "person"}
        and "," not in c.asked.answer
    ]

    def shared(pair: tuple[Candidate, Candidate]) -> int:
        return len((meaning(pair[0].text) & meaning(pair[1].text)) - called)

    pairs = [
        (first, second)
        for first, second in combinations(sorted(short, key=lambda c: c.fact_id), 2)
        if first.fact_id != second.fact_id
        and first.asked.form == second.asked.form
        and (first.aspect == second.aspect or shared((first, second)))
    ]
    return max(pairs, key=shared, default=None)


def _joined(first: Candidate, second: Candidate) -> dict[str, Any]:
    answer = f"{first.asked.answer}, and {second.asked.answer}"
    return _double(
        first, second, joined_question(first, second), answer, "list", [_states(first), _states(second)]
    )


def _double(
    first: Candidate, second: Candidate, question: str, answer: str, kind: str, steps: list[str]
) -> dict[str, Any]:
    return {
        "question": question,
        "answer": answer,
        "fact_ids": [first.fact_id, second.fact_id],
        "evidence": [first.evidence, second.evidence],
        "type": kind,
        "aspect": first.aspect,
        "difficulty": "hard",
        "reasoning_steps": steps,
        "confidence": 1.0,
    }

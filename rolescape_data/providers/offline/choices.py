"""Facts -> four-option questions (TextMCQAnswer): easy and medium about one fact, hard over several.

The correct option is always written as A: letters are balanced over the set afterwards, by seed.
"""

from collections import Counter
from itertools import combinations
from typing import Any

from rolescape_data.providers.offline.distractors import RATIO, choose, stable, stand_ins, supported
from rolescape_data.providers.offline.material import (
    Candidate,
    Material,
    Seen,
    count_of,
    joined_question,
    material,
    reworded,
)
from rolescape_data.spans import folded

LONGEST_SHARE = 0.35  # how often the correct option may be the longest (RECIPES gate 16)
_ASPECT_NAMES = {
    "background": "background", "personality": "personality", "abilities": "abilities",
    "relationships": "relations to others", "preferences": "habits and preferences", "appearance": "appearance",
    "history": "history", "quotes": "way of speaking", "goals": "goals", "miscellaneous": "life",
}  # fmt: skip


def _opening(question: str) -> str:
    return " ".join(folded(question).split()[:3])


class _Draft:
    """The set as it grows: what is asked, about which facts, and how often the correct option stands out."""

    def __init__(self, found: Material, taken: list[str], size: int) -> None:
        self.found = found
        self.seen = Seen(taken)
        self.size = size
        self.facts: set[str] = set()
        self.aspects: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.openings: Counter[str] = Counter(_opening(question) for question in taken)
        self.stems: list[str] = []
        self.answers: list[str] = []
        self.sets: list[frozenset[str]] = []
        self.longest = 0

    def may_stand_out(self) -> bool:
        """Tell whether one more question may have the correct option longest."""
        return self.longest + 1 <= LONGEST_SHARE * self.size

    def fits(self, question: str, options: tuple[str, ...]) -> bool:
        """No near copy; no answer named in its own or another stem, no stem naming an earlier answer, no options twice.

        Who has met three of four options in another question may know the answer by what is left.
        """
        if self.seen.near(question):
            return False
        asked = f" {folded(question)} "
        answer = folded(options[0])
        if any(f" {folded(option)} " in asked for option in options):
            return False
        if any(f" {given} " in asked for given in self.answers) or any(
            f" {answer} " in stem for stem in self.stems
        ):
            return False
        mine = frozenset(folded(option) for option in options)
        return len(mine) == 4 and all(len(mine & other) < 3 for other in self.sets)

    def take(
        self, question: str, options: tuple[str, ...], facts: tuple[str, ...], aspect: str, form: str
    ) -> None:
        """Book a question that goes into the set."""
        self.seen.add(question)
        self.openings[_opening(question)] += 1
        self.stems.append(f" {folded(question)} ")
        self.answers.append(folded(options[0]))
        self.sets.append(frozenset(folded(option) for option in options))
        self.facts.update(facts)
        self.aspects[aspect] += 1
        self.forms[form] += 1
        self.longest += all(len(options[0]) > len(option) for option in options[1:])


def text_mcq(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a four-option question for each key, as far as the facts reach.

    Args:
        block: character, facts, `avoid` (questions of the training set) and `used` (questions already taken).
        keys: the cells asked for: `easy_1` .., `medium_1` .., `hard_1` ...

    Returns:
        A TextMCQAnswer for each key that could be filled; None when no fact carries a question.
    """
    draft = _Draft(material(block), [*block.get("avoid", []), *block.get("used", [])], len(keys))
    written: dict[str, Any] = {}
    # Hard questions take several facts each and have the fewest ways out, so they choose first.
    for level in ("hard", "medium", "easy"):
        for key in (key for key in keys if key.rsplit("_", 1)[0] == level):
            made = _hard(draft) if level == "hard" else _plain(draft, level)
            if made is not None:
                written[key] = made
    return {key: written[key] for key in keys if key in written} or None


def _plain(draft: _Draft, level: str) -> dict[str, Any] | None:
    """An easy or medium question: the aspect and form least used so far, with the best distractors."""
    close = level == "medium"
    pool = [
        c for c in draft.found.all() if c.fact_id not in draft.facts and len(c.asked.answer.split()) <= 20
    ]
    pool = [c for c in pool if not close or c.asked.difficulty == "medium" or len(c.question.split()) >= 10]

    def rank(candidate: Candidate) -> tuple[float, str]:
        worth = (
            candidate.asked.weight
            - 2.0 * draft.forms[candidate.asked.form]
            - 6.0 * draft.aspects[candidate.aspect]
        )
        worth += 2.0 * (candidate.asked.difficulty == level)
        return -worth, stable(candidate.question)

    ranked = sorted(pool, key=rank)
    for strict in (True, False):
        if not strict and not draft.may_stand_out():
            break
        for candidate in ranked:
            choice = choose(candidate, draft.found, close=close, avoid_longest=strict)
            if choice is None:
                continue
            wordings = [candidate, *(reworded(candidate, draft.found.name, turn) for turn in range(9))]
            for worded in sorted(wordings, key=lambda one: draft.openings[_opening(one.question)]):
                options = (candidate.asked.answer, *choice.texts)
                if draft.fits(worded.question, options):
                    draft.take(
                        worded.question, options, (candidate.fact_id,), candidate.aspect, candidate.asked.form
                    )
                    return _item([candidate], worded.question, options, candidate.aspect, _why(candidate))
    return None


def _why(candidate: Candidate) -> str:
    return f'The profile states: "{candidate.text.rstrip(".")}." The answer is therefore "{candidate.asked.answer}".'


def _item(
    about: list[Candidate], question: str, options: tuple[str, ...], aspect: str, rationale: str
) -> dict[str, Any]:
    return {
        "question": question,
        "options": dict(zip("ABCD", options, strict=True)),
        "answer_key": "A",
        "fact_ids": [candidate.fact_id for candidate in about],
        "evidence": [candidate.evidence for candidate in about],
        "aspect": aspect,
        "rationale": rationale,
    }


def _hard(draft: _Draft) -> dict[str, Any] | None:
    """A question over several facts; the three forms take turns, each where the material allows it."""
    makers = {"not stated": _not_stated, "both": _both, "highest": _highest}
    for form in sorted(makers, key=lambda form: (draft.forms[form], list(makers).index(form))):
        made = makers[form](draft)
        if made is not None:
            return made
    return None


def _statement(candidate: Candidate) -> str:
    return candidate.text.strip().rstrip(".")


def _not_stated(draft: _Draft) -> dict[str, Any] | None:
    """Three true statements and one whose object belongs to another fact."""
    found = draft.found
    lanes: dict[str, list[Candidate]] = {}
    for fact_id, candidates in found.by_fact.items():
        first = candidates[0]
        fair = 5 <= len(first.text.split()) <= 18 and ":" not in first.text and "(" not in first.text
        if fact_id not in draft.facts and fair and any(form in first.text for form in found.name.forms):
            lanes.setdefault(first.aspect, []).append(first)
    for aspect in sorted(lanes, key=lambda aspect: (draft.aspects[aspect], -len(lanes[aspect]), aspect)):
        for base in sorted(lanes[aspect], key=lambda c: stable(c.text)):
            false = _falsified(base, found)
            others = sorted(
                (c for c in lanes[aspect] if c is not base), key=lambda c: abs(len(c.text) - len(base.text))
            )
            if false is None or len(others) < 3:
                continue
            options = (false, *(_statement(c) for c in others[:3]))
            question = f"Which of these statements about {found.name.short}'s {_ASPECT_NAMES[aspect]} does the profile not make?"
            if not _even(options) or not draft.fits(question, options):
                continue
            draft.take(
                question, options, (base.fact_id, *(c.fact_id for c in others[:3])), aspect, "not stated"
            )
            rationale = (
                f'Nothing in the profile says "{false}"; the other three are statements of the profile. '
                "It is hard because four statements have to be checked one by one."
            )
            return _item(others[:3], question, options, aspect, rationale)
    return None


def _even(options: tuple[str, ...]) -> bool:
    """The correct option neither longest nor out of proportion."""
    rest = options[1:]
    ratio = 3 * len(options[0]) / sum(map(len, rest))
    return RATIO[0] <= ratio <= RATIO[1] and len(options[0]) <= max(map(len, rest))


def _falsified(base: Candidate, found: Material) -> str | None:
    """The statement with its object, place or person exchanged for that of another fact."""
    for candidate in found.by_fact[base.fact_id]:
        asked = candidate.asked
        if asked.slot not in {"thing", "place", "person"} or base.text.count(asked.answer) != 1:
            continue
        if any(form in asked.answer for form in found.name.forms):
            continue
        for text in stand_ins(candidate, found):
            false = _statement(base).replace(asked.answer, text)
            if not supported(text, candidate, found) and not any(
                folded(false) in folded(given) for given in found.texts
            ):
                return false
    return None


def _both(draft: _Draft) -> dict[str, Any] | None:
    """Two questions at once; each wrong option has one half or both halves from elsewhere."""
    found = draft.found
    pool = sorted(
        (c for c in found.all()
         if c.fact_id not in draft.facts and c.asked.slot in {"thing", "place", "person"} and len(c.question.split()) <= 12
         and 1 < len(c.asked.answer.split()) <= 7 and not set(",;") & set(c.asked.answer) and " and " not in c.asked.answer),
        key=lambda c: (draft.aspects[c.aspect], stable(c.question)),
    )  # fmt: skip
    pairs = [
        (first, second)
        for first, second in combinations(pool[:120], 2)
        if first.fact_id != second.fact_id and first.asked.form == second.asked.form
    ]
    # Rather two facts of one aspect: what has nothing to do with each other is seldom asked in one breath.
    pairs.sort(key=lambda pair: pair[0].aspect != pair[1].aspect)
    return next((made for pair in pairs if (made := _crossed(draft, *pair)) is not None), None)


def _crossed(draft: _Draft, first: Candidate, second: Candidate) -> dict[str, Any] | None:
    one, two = stand_ins(first, draft.found), stand_ins(second, draft.found)
    a, b = first.asked.answer, second.asked.answer
    wrong_a, wrong_b = _nearest(one, a, b), _nearest(two, b, a)
    if wrong_a is None or wrong_b is None or folded(wrong_a) == folded(wrong_b):
        return None
    options = (f"{a} and {b}", f"{a} and {wrong_b}", f"{wrong_a} and {b}", f"{wrong_a} and {wrong_b}")
    question = joined_question(first, second)
    if not _even(options) or not draft.fits(question, options):
        return None
    draft.take(question, options, (first.fact_id, second.fact_id), first.aspect, "both")
    rationale = (
        f'Two facts give "{options[0]}": "{_statement(first)}" and "{_statement(second)}". '
        "It is hard because one half of a wrong option can be right."
    )
    return _item([first, second], question, options, first.aspect, rationale)


def _nearest(texts: list[str], answer: str, other: str) -> str | None:
    fitting = [
        text for text in texts if folded(text) != folded(other) and " and " not in text and "," not in text
    ]
    return min(
        fitting, key=lambda text: (len(text) < len(answer), abs(len(text) - len(answer))), default=None
    )


def _highest(draft: _Draft) -> dict[str, Any] | None:
    """Four counts of the profile, of which one is the highest."""
    counts = {
        c.fact_id: c
        for c in draft.found.all()
        if c.asked.said and c.fact_id not in draft.facts and count_of(c) > 1
    }
    ranked = sorted(
        (c for c in counts.values() if len(c.asked.said.split()) <= 16),
        key=lambda c: (-count_of(c), c.fact_id),
    )
    for at, top in enumerate(ranked):
        lower = [c for c in ranked[at + 1 :] if count_of(c) < count_of(top)]
        for start in range(max(len(lower) - 2, 0)):
            rest = lower[start : start + 3]
            options = tuple(f"the {c.asked.said}" for c in (top, *rest))
            question = f"Of which of these does {draft.found.name.short}'s profile give the highest number?"
            if len(rest) < 3 or not _even(options) or not draft.fits(question, options):
                continue
            draft.take(question, options, tuple(c.fact_id for c in (top, *rest)), top.aspect, "highest")
            numbers = ", ".join(c.asked.answer for c in rest)
            rationale = (
                f'"{options[0]}" has the number {top.asked.answer}; the others have {numbers}. '
                "It is hard because four numbers have to be found and compared."
            )
            return _item([top, *rest], question, options, top.aspect, rationale)
    return None

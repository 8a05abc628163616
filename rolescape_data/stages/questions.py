"""Facts of the profile -> open questions to learn from, and four-option questions to test with."""

from collections.abc import Callable, Sequence
from typing import Any

from rolescape_data.gates import Context
from rolescape_data.gates.letters import reletter
from rolescape_data.providers.base import Outcome
from rolescape_data.records import CharacterProfile, Evidence, Fact, Options, Question, TextMCQ, TextQA
from rolescape_data.records.answers import Answer, TextMCQAnswer, TextQAAnswer
from rolescape_data.spans import find_span
from rolescape_data.stages.asking import fill
from rolescape_data.stages.base import Result, Setting, character_block, common_fields, gate_context, numbered


def text_qa(setting: Setting, profile: CharacterProfile) -> Result:
    """Fill the contract of open questions: no two on the same fact."""
    facts = {fact.fact_id: fact for fact in profile.facts}

    def block(kept: list[TextQA], part: int, parts: int) -> dict[str, Any]:
        spent = {fact_id for question in kept for fact_id in question.fact_ids}
        free = [fact for fact in profile.facts if fact.fact_id not in spent]
        return {
            "character": character_block(setting),
            "facts": [_shown(fact) for fact in free[part::parts]],
            "used": sorted(question.question for question in kept),
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> TextQA | str:
        assert isinstance(item, TextQAAnswer)
        evidence = _evidence(item.evidence, item.fact_ids, facts)
        if isinstance(evidence, str):
            return evidence
        return TextQA(
            id=name,
            question=item.question,
            answer=item.answer,
            evidence=evidence,
            fact_ids=item.fact_ids,
            type=item.type,
            aspect=item.aspect,
            difficulty=item.difficulty,
            reasoning_steps=item.reasoning_steps,
            confidence=item.confidence,
            **common_fields(setting, outcome, [profile.id]),
        )

    quota = {"qa": setting.contract.cells()["count"]}
    return _filled(setting, profile, quota, block, make, "qa")


def text_mcq(setting: Setting, profile: CharacterProfile, training: Sequence[TextQA], *, seed: int) -> Result:
    """Fill the contract of four-option questions and balance their letters by seed.

    The questions may rest on facts that training questions ask about (it is a test of memory, and the gate
    `fact_overlap` says so); with `facts: unseen` in the blueprint they may not.
    """
    facts = {fact.fact_id: fact for fact in profile.facts}
    trained = {fact_id for question in training for fact_id in question.fact_ids}
    if setting.contract.facts == "unseen":
        facts = {fact_id: fact for fact_id, fact in facts.items() if fact_id not in trained}

    def block(kept: list[TextMCQ], part: int, parts: int) -> dict[str, Any]:
        spent = {fact_id for question in kept for fact_id in question.fact_ids}
        free = [fact for fact in facts.values() if fact.fact_id not in spent]
        # Facts that no training question uses come first, so that the test repeats as little as it can.
        free.sort(key=lambda fact: fact.fact_id in trained)
        return {
            "character": character_block(setting),
            "facts": [_shown(fact) for fact in free[part::parts]],
            "avoid": sorted(question.question for question in training),
            "used": sorted(question.question for question in kept),
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> TextMCQ | str:
        assert isinstance(item, TextMCQAnswer)
        evidence = _evidence(item.evidence, item.fact_ids, facts)
        if isinstance(evidence, str):
            return evidence
        cell: Any = key.rpartition("_")[0]
        return TextMCQ(
            id=name,
            question=item.question,
            options=Options(**item.options.model_dump()),
            answer_key=item.answer_key,
            evidence=evidence,
            fact_ids=item.fact_ids,
            aspect=item.aspect,
            difficulty=cell,
            rationale=item.rationale,
            **common_fields(setting, outcome, [profile.id]),
        )

    result = _filled(setting, profile, setting.contract.cells(), block, make, "mcq")
    records = [record for record in result.records if isinstance(record, TextMCQ)]
    return Result(reletter(records, seed), result.rejects, result.cells)


def _filled(
    setting: Setting,
    profile: CharacterProfile,
    quota: dict[str, int],
    block: Callable[[list[Any], int, int], dict[str, Any]],
    make: Callable[[str, str, Answer, Outcome], Any],
    prefix: str,
) -> Result:
    context: Context = gate_context(setting, [profile.id])
    note = "the profile states no further fact that such a question can be made from"
    result = fill(setting, quota=quota, block=block, make=make, context=context, note=note)
    questions: list[Question] = [record for record in result.records if isinstance(record, Question)]
    return Result(numbered(questions, f"{setting.material.id}_{prefix}"), result.rejects, result.cells)


def _shown(fact: Fact) -> dict[str, str]:
    return {"fact_id": fact.fact_id, "text": fact.text, "aspect": fact.aspect, "evidence": fact.evidence.text}


def _evidence(
    passages: Sequence[str], fact_ids: Sequence[str], facts: dict[str, Fact]
) -> list[Evidence] | str:
    """Return the exact places of the passages inside their facts' evidence, or why there are none."""
    unknown = [fact_id for fact_id in fact_ids if fact_id not in facts]
    if unknown or not fact_ids:
        return f"fact_ids: names the unknown fact '{unknown[0]}'" if unknown else "fact_ids: names no fact"
    found: list[Evidence] = []
    for passage in passages:
        for fact_id in fact_ids:
            whole = facts[fact_id].evidence
            span = find_span(passage, whole.text)
            if span is not None:
                start = whole.start + span.start
                end = whole.start + span.end
                found.append(Evidence(source=whole.source, start=start, end=end, text=span.text))
                break
        else:
            return f"evidence: '{passage[:60]}' does not stand in the facts it names"
    return found or "evidence: no passage given"

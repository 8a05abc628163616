"""Documents and spoken lines -> the profile, with every fact anchored in its document."""

from rolescape_data.records import CharacterProfile, Evidence, Fact, Rejected, Relationship
from rolescape_data.records.answers import ProfileAnswer
from rolescape_data.spans import find_span, folded
from rolescape_data.stages.base import (
    Result,
    Setting,
    cells,
    common_fields,
    dropped,
    failures,
    gate_context,
    material_block,
    read_answer,
    request,
)


def profile(setting: Setting) -> Result:
    """Make the one profile of a character."""
    material = setting.material
    outcome = setting.writer.write([request(setting, material_block(setting))])[0]
    answer, reason = read_answer(setting, outcome)
    if not isinstance(answer, ProfileAnswer) or not answer.description.strip():
        note = reason or "the documents hold no sentence that introduces the character"
        rejects = [dropped(setting, "profile", outcome.raw, [note])] if outcome.raw else []
        return Result([], rejects, cells(setting, setting.contract.cells(), {}, note))
    facts, rejects = _facts(setting, answer)
    # The documents of an invented character are the parts of a record: RECORD_ID/PART.
    written = sorted(
        {name.rpartition("/")[0] for name in _names(setting) if name.startswith(f"{material.id}_detailed/")}
    )
    entry = material.entry
    record = CharacterProfile(
        id=f"{material.id}_profile",
        name=entry.name,
        aliases=list(entry.aliases),
        category=entry.category,
        script=entry.script,
        split_role=entry.role,
        description=answer.description,
        opening=answer.opening,
        brief_introduction=answer.brief_introduction or answer.description,
        personality=answer.personality,
        life_story=answer.life_story,
        relationships=[Relationship(**relationship.model_dump()) for relationship in answer.relationships],
        catchphrases=list(answer.catchphrases),
        speech_style=answer.speech_style,
        background=answer.background,
        motivation=answer.motivation,
        appearance=answer.appearance,
        facts=facts,
        **common_fields(setting, outcome, written),
    )
    failing = failures(setting, [record], gate_context(setting, [record.id, *written]))
    if record.id in failing:
        reasons = [verdict.reason for verdict in failing[record.id]]
        rejects.append(dropped(setting, "profile", record.model_dump_json(), reasons))
        return Result([], rejects, cells(setting, setting.contract.cells(), {}, "; ".join(reasons)))
    return Result([record], rejects, cells(setting, setting.contract.cells(), {"count": 1}))


def _names(setting: Setting) -> list[str]:
    return [document.name for document in setting.material.documents]


def _facts(setting: Setting, answer: ProfileAnswer) -> tuple[list[Fact], list[Rejected]]:
    """Keep the facts whose evidence stands in the document they name, each statement once."""
    texts = {document.name: document.text for document in setting.material.documents}
    facts: list[Fact] = []
    rejects: list[Rejected] = []
    seen: set[str] = set()
    for number, given in enumerate(answer.facts, start=1):
        span = find_span(given.evidence, texts.get(given.document, ""))
        if span is None:
            reason = f"evidence: not found in '{given.document}'"
            rejects.append(dropped(setting, f"fact_{number:03d}", given.model_dump_json(), [reason]))
            continue
        if folded(given.text) in seen:
            continue
        seen.add(folded(given.text))
        facts.append(
            Fact(
                fact_id=f"fact_{len(facts) + 1:03d}",
                text=given.text,
                aspect=given.aspect,
                evidence=Evidence(source=given.document, start=span.start, end=span.end, text=span.text),
            )
        )
    return facts, rejects

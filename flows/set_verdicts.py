"""Measurements, verdicts and splits over the whole set, written by one coordinator.

Gates look at one character at a time, so one character's rows can be replaced and the others stay as they are.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flows.contract import contract
from flows.desk import told_material
from flows.steps import QA_KINDS
from flows.whole_set import ALL, WholeSet, accepted, scores_of, tables_of
from rolescape_data.gates import Context, measure_set, unmeasured
from rolescape_data.gates.decide import decide
from rolescape_data.gates.quota import quotas_of
from rolescape_data.records import (
    RECORDS,
    CharacterProfile,
    ImageDialogue,
    ImageRecord,
    Measurement,
    NegativeItem,
    Record,
    SolverAnswer,
    SplitRow,
    TextMCQ,
    Verdict,
    VisualMCQ,
)
from rolescape_data.stages.splits import splits
from rolescape_data.stages.verdicts import drop, measure, measure_leaks
from rolescape_data.store.atomic import write_json
from rolescape_data.store.blobs import real_format
from rolescape_data.store.tables import read_table, write_table


def context_of(whole: WholeSet, character: str, records: Sequence[Record]) -> Context:
    """Return what gates may look at for one character."""
    material = told_material(whole.workspace, whole.inputs.material(character))
    entries = whole.inputs.found.characters
    blobs = {record.blob for record in records if isinstance(record, ImageRecord)}
    return Context(
        sources=material.sources(),
        # A talk of two characters is made from both profiles.
        record_ids=frozenset(
            [*(record.id for record in records), *(f"{entry.resolved_id()}_profile" for entry in entries)]
        ),
        names={entry.resolved_id(): (entry.name, *entry.aliases) for entry in entries},
        allow={character: frozenset(material.entry.allow)},
        character_ids=frozenset(entry.resolved_id() for entry in entries),
        blob_formats={blob: real_format(whole.workspace.blobs.path(blob)) for blob in blobs},
        cast={character: _cast(whole, character, records)},
        titles=tuple(sorted({entry.script for entry in entries if entry.script})),
        replies={record.id: record.response for record in records if isinstance(record, ImageDialogue)},
        quotas=quotas_of(
            whole.owed_by(character),
            [record.id for record in records if isinstance(record, ImageRecord) and record.owner != "pool"],
        ),
        flagged_words=frozenset(whole.thresholds.flagged_words),
        answers=answers_of(whole, character),
        negatives=frozenset(record.id for record in records if isinstance(record, NegativeItem)),
        catchphrases={
            record.character_id: tuple(record.catchphrases)
            for record in records
            if isinstance(record, CharacterProfile)
        },
    )


def answers_of(whole: WholeSet, character: str) -> dict[str, list[SolverAnswer]]:
    """Return what a solver answered, by question id; nothing where the blueprint asks for none."""
    if SolverAnswer.kind not in whole.blueprint.kinds:
        return {}
    found: dict[str, list[SolverAnswer]] = {}
    for answer in whole.workspace.character(character).read(SolverAnswer):
        found.setdefault(answer.question_id, []).append(answer)
    return found


def _cast(whole: WholeSet, character: str, records: Sequence[Record]) -> tuple[str, ...]:
    """Name everybody of the character's script: its other characters, who speaks there, whom its profile knows."""
    material = whole.inputs.material(character)
    script = material.entry.script
    mates = [
        entry for entry in whole.inputs.found.characters if entry is material.entry or entry.script == script
    ]
    named = [name for entry in mates for name in (entry.name, *entry.aliases)]
    named += [line.speaker for line in material.lines]
    for record in records:
        if isinstance(record, CharacterProfile):
            named += [bond.name for bond in record.relationships]
    # Phrases that the set allows for the character are the place to declare a guest.
    return tuple(sorted({*named, *material.entry.allow}))


def judge(whole: WholeSet, only: str | None = None) -> None:
    """Write measurements, verdicts and the rejects that follow; with `only`, that character's questions alone."""
    folder = whole.workspace.set_folder
    folder.mkdir(parents=True, exist_ok=True)
    measurements: list[Measurement] = []
    verdicts: list[Verdict] = []
    scored = scores_of(whole)
    for character in [only] if only else whole.characters:
        tables = tables_of(whole, character)
        records = [record for rows in tables.values() for record in rows]
        context = replace(context_of(whole, character, records), scores=scored)
        found = measure(tables, whole.blueprint, context)
        found += unmeasured(records, found)
        kinds = list(QA_KINDS) if only else list(RECORDS)
        found = [row for row in found if row.kind in kinds]
        decided = decide(found, whole.thresholds)
        _, rejects = drop([record for record in records if record.kind in kinds], decided)
        whole.workspace.character(character).replace_rejects(rejects, origin="verdicts", kinds=kinds)
        measurements += found
        verdicts += decided
    batch = measure_batches(whole)
    measurements += batch
    verdicts += decide(batch, whole.thresholds)
    for name, rows, model in (("measurements", measurements, Measurement), ("verdicts", verdicts, Verdict)):
        path = folder / f"{name}.parquet"
        kept = (
            [row for row in read_table(path, model) if not _replaced(row, only)]
            if only and path.exists()
            else []
        )
        write_table(path, sorted([*kept, *rows], key=_order), model)


def measure_batches(whole: WholeSet) -> list[Measurement]:
    """Measure what only the test questions of all characters together show: letters, and the longest option."""
    questions: list[Record] = []
    for character in whole.characters:
        tables = tables_of(whole, character)
        questions += [
            question for kind in (TextMCQ.kind, VisualMCQ.kind) for question in tables.get(kind, [])
        ]
    found = measure_set(questions, Context(), per_character=False)
    return [row for row in found if row.record_id.startswith(ALL)]


def _replaced(row: Any, only: str | None) -> bool:
    return (row.character_id == only and row.kind in QA_KINDS) or row.record_id.startswith(ALL)


def _order(row: Any) -> tuple[Any, ...]:
    return (row.character_id, row.kind, row.record_id, row.gate, row.value, getattr(row, "detail", ""))


def divide(whole: WholeSet, only: str | None = None) -> None:
    """Write splits, what leaks across them, and the contract; with `only`, that character's questions alone."""
    folder = whole.workspace.set_folder
    records = accepted(whole)
    ood = frozenset(entry.resolved_id() for entry in whole.inputs.found.characters if entry.role == "ood")
    rows, split_cells = splits(
        records,
        whole.blueprint,
        ood=ood,
        seed=whole.inputs.found.seed,
        radius=whole.thresholds.image_duplicates.radius,
    )
    path = folder / "splits.parquet"
    if only and path.exists():
        frozen = [row for row in read_table(path, SplitRow) if not _replaced(row, only)]
        rows = sorted(
            [*frozen, *(row for row in rows if _replaced(row, only))], key=lambda row: row.record_id
        )
    write_table(path, rows, SplitRow)
    leaks: list[Verdict] = []
    for character in whole.characters:
        own = [record for record in records if record.character_id == character]
        context = Context(names={character: (character,)})
        leaks += [
            verdict
            for verdict in decide(measure_leaks(own, rows, context), whole.thresholds)
            if verdict.status != "pass"
        ]
    write_table(folder / "leaks.parquet", sorted(leaks, key=_order), Verdict)
    write_json(
        folder / "contract.json", [cell.model_dump() for cell in contract(whole, records) + split_cells]
    )

"""What an engine is handed: one character. Its steps run in the same process: read, call the stage, write."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from flows import progress
from flows.desk import FROM_SEED, Desk, blueprint_of, share_of_pools, told
from flows.runtime import call
from flows.step import Step, others_read
from flows.steps import STEPS, WRITTEN
from rolescape_data import assets
from rolescape_data.gates.decide import Thresholds, load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.providers import BatchTerms, Purse, open_route
from rolescape_data.providers.base import Writer
from rolescape_data.records import RECORDS, Cell, ImageRecord
from rolescape_data.routes import Casting
from rolescape_data.stages.base import Result
from rolescape_data.store.inputs import Inputs, from_workspace
from rolescape_data.store.tables import looks_whole
from rolescape_data.store.workspace import Stamp, Workspace, append_log, content_hash


class CharacterJob(BaseModel):
    """One character's part of a build; plain data, so that it can travel to another machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workspace: str
    character: str
    stages: tuple[str, ...]
    casting: Casting
    budget_usd: float | None = None
    own_budget: bool = False
    batch_until: float | None = None


def build_character(job: CharacterJob) -> dict[str, Any]:
    """Build what is missing or out of date of one character; safe to run twice.

    Returns:
        {'character', 'built': [kinds], 'counts': {kind: rows}}.
    """
    desk = open_desk(
        Workspace(Path(job.workspace)),
        job.character,
        casting=job.casting,
        budget_usd=job.budget_usd,
        own_budget=job.own_budget,
        batch_until=job.batch_until,
    )
    built: list[str] = []
    counts: dict[str, int] = {}
    for step in planned(desk, job.stages):
        if call(_named(step), desk):
            built.append(step.kind)
        progress.step_done(job.character, step.kind)
        counts[step.kind] = desk.workspace.character(job.character).stamps()[step.kind].rows
    return {"character": job.character, "built": built, "counts": counts}


def open_desk(
    workspace: Workspace,
    character: str,
    *,
    casting: Casting,
    budget_usd: float | None = None,
    own_budget: bool = False,
    batch_until: float | None = None,
) -> Desk:
    """Open one character's collaborators from the workspace's own copy of the set.

    With `own_budget` the cap is this character's share and not the workspace's total. With `batch_until` (seconds since
    1970) models are asked in batches, which are waited for until then.
    """
    inputs = from_workspace(workspace)
    folder = workspace.character(character)
    folder.root.mkdir(parents=True, exist_ok=True)
    blueprint = blueprint_of(inputs)
    material, generic = share_of_pools(inputs, blueprint, character)
    return Desk(
        workspace=workspace,
        inputs=inputs,
        material=material,
        blueprint=blueprint.owed_by(material.entry.category, material.entry.role),
        thresholds=thresholds_of(inputs),
        writers=writers_of(
            casting,
            ledger=folder.ledger,
            purse=Purse(
                folder.root if own_budget else workspace.root,
                budget_usd,
                inputs.qa,
                BatchTerms(batch_until) if batch_until is not None else None,
            ),
            notice=lambda text: _note(workspace, text),
        ),
        seed=inputs.found.seed,
        generic=generic,
    )


def _note(workspace: Workspace, text: str) -> None:
    progress.note(text)
    append_log(workspace, text)


def writers_of(
    casting: Casting,
    *,
    ledger: Path | None = None,
    purse: Purse | None = None,
    notice: Callable[[str], None] = progress.note,
) -> dict[str, Writer]:
    """Open every kind's writer; kinds of one route share it. `notice` is told when one has to give way to the next."""
    opened = {
        route: open_route(route, ledger=ledger, purse=purse, notice=notice) for route in casting.routes()
    }
    return {kind: opened[casting.route(kind)] for kind in WRITTEN}


def thresholds_of(inputs: Inputs) -> Thresholds:
    """Return qa/gates.yaml and qa/flagged_words.txt as this set sees them."""
    found = load_thresholds(assets.find("qa", "gates.yaml", inputs.qa))
    listed = load_flagged_words(assets.find("qa", "flagged_words.txt", inputs.qa))
    return found.model_copy(update={"flagged_words": tuple(sorted({*found.flagged_words, *listed}))})


def planned(desk: Desk, stages: tuple[str, ...]) -> list[Step]:
    """Return the steps that the blueprint asks for in these stages, in order."""
    return [step for step in STEPS if step.stage in stages and step.kind in desk.blueprint.kinds]


def out_of_date(desk: Desk, stages: tuple[str, ...]) -> list[str]:
    """Name the tables that a build would make now. A table whose inputs are themselves out of date counts."""
    stamps = desk.workspace.character(desk.material.id).stamps()
    stale: list[str] = []
    for step in planned(desk, stages):
        if set(step.needs) & set(stale) or _met_anew(desk, step) or _mark(desk, step, stamps) is not None:
            stale.append(step.kind)
    return stale


def _met_anew(desk: Desk, step: Step) -> bool:
    """Say whether a step reads the profile of somebody whose profile is itself out of date."""
    return any(out_of_date(_beside(desk, other), ("profile",)) for other in others_read(desk, step))


def _beside(desk: Desk, character: str) -> Desk:
    """Return the desk of another character of the set, for looking only."""
    blueprint = blueprint_of(desk.inputs)
    material, generic = share_of_pools(desk.inputs, blueprint, character)
    owed = blueprint.owed_by(material.entry.category, material.entry.role)
    return replace(desk, material=material, generic=generic, blueprint=owed)


def build_table(desk: Desk, step: Step) -> bool:
    """Make one table unless it is up to date; return whether it was made."""
    folder = desk.workspace.character(desk.material.id)
    stamps = folder.stamps()
    mark = _mark(desk, step, stamps)
    if mark is None:
        return False
    desk = _knowing(desk, step)
    take = _take(step, stamps)
    # Rows of a kind that the blueprint no longer has must not shape what a fresh workspace would make otherwise.
    tables = {kind: folder.read(RECORDS[kind]) for kind in step.needs if kind in desk.blueprint.kinds}
    if "profile" in step.needs and not tables.get("profile"):
        result = _nothing(desk, step, "there is no profile to build on")
    else:
        result = step.make(desk, tables, take)
    stamp = Stamp(
        fingerprint=mark,
        content=content_hash(result.records),
        take=take,
        rows=len(result.records),
        rejected=len(result.rejects),
        cells=result.cells,
    )
    folder.write(step.kind, result.records, result.rejects, stamp)
    return True


def _knowing(desk: Desk, step: Step) -> Desk:
    """Return the desk as the step sees it: what comes after a written profile reads it like a document."""
    return desk if step.kind in FROM_SEED else told(desk)


def _take(step: Step, stamps: Mapping[str, Stamp]) -> int:
    return stamps[step.kind].take if step.kind in stamps else 0


def _mark(desk: Desk, step: Step, stamps: Mapping[str, Stamp]) -> str | None:
    """Return the fingerprint to build with, or None when the table is up to date."""
    contents = {kind: stamp.content for kind, stamp in stamps.items() if kind in desk.blueprint.kinds}
    mark = step.fingerprint(_knowing(desk, step), contents, _take(step, stamps))
    folder = desk.workspace.character(desk.material.id)
    there = (
        looks_whole(folder.table(step.kind)) and looks_whole(folder.rejected) and _pictures_there(desk, step)
    )
    known = step.kind in stamps and stamps[step.kind].fingerprint == mark and there
    return None if known else mark


def _pictures_there(desk: Desk, step: Step) -> bool:
    """Say whether the stored pictures of the image table are all there; true for every other table."""
    if step.kind != ImageRecord.kind:
        return True
    records = desk.workspace.character(desk.material.id).read(ImageRecord)
    return all(desk.workspace.blobs.path(record.blob).is_file() for record in records)


def _nothing(desk: Desk, step: Step, note: str) -> Result:
    cells = [
        Cell(character_id=desk.material.id, kind=step.kind, cell=cell, wanted=count, found=0, note=note)
        for cell, count in desk.blueprint.kinds[step.kind].cells().items()
    ]
    return Result([], [], cells)


def _named(step: Step) -> Callable[[Desk], bool]:
    """Return the step as a function that bears its kind's name, for the Prefect UI."""

    def run(desk: Desk) -> bool:
        return build_table(desk, step)

    run.__name__ = step.kind
    return run

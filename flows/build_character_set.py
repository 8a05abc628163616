"""Job 1: a set file in, a workspace with checked records, shards and a report out. Run again, it does what is missing."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flows import progress
from flows.batches import until
from flows.contract import shortcomings
from flows.desk import Desk
from flows.expecting import expecting
from flows.packing import clear_unnamed_shards, write_shards
from flows.retrying import end_anew, lift, to_retry
from flows.runtime import call, each, on_cluster
from flows.set_verdicts import divide, judge
from flows.steps import FIRST_WAVE, QA_STAGES, SECOND_WAVE, SET_STAGES, STAGES, STEPS, WRITTEN
from flows.tasks import CharacterJob, build_character, open_desk, out_of_date, planned, writers_of
from flows.whole_set import WholeSet, done, mark_done, open_set
from rolescape_data.errors import InputError, SettingsError
from rolescape_data.providers import Purse
from rolescape_data.providers.budget import booked, ledgers_under
from rolescape_data.routes import Casting, cast
from rolescape_data.settings import CharacterSet, load_set
from rolescape_data.store.atomic import write_json
from rolescape_data.store.inputs import copy_inputs
from rolescape_data.store.workspace import Workspace, append_log


class BuildParameters(BaseModel):
    """What a build is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    set_file: str = Field(description="the character-set file")
    workspace: str = Field(description="folder to build in")
    writer: str | None = Field(
        None,
        description="offline, openai:MODEL or gemini:MODEL, several in order with commas between; the set file's otherwise",
    )
    base_url: str | None = None
    budget_usd: float | None = Field(
        None, ge=0, description="most USD that the workspace may ever spend; the set file's own otherwise"
    )
    only: str | None = Field(None, description="one character id")
    until: str | None = Field(None, description="last stage to run")
    retry: str | None = Field(
        None, description="ask again for what is in quarantine: quarantined (all of it), or one reason"
    )
    batch: bool = Field(False, description="ask in batches: half the price, answers within a day")
    batch_wait_s: float = Field(24 * 3600.0, ge=0, description="seconds to wait for batches")
    slots: int = Field(2, ge=1, description="characters built side by side")


def build_character_set(parameters: BuildParameters) -> dict[str, Any]:
    """Build what is missing or out of date.

    Returns:
        {'built': {character: [kinds]}, 'set': [stages]} and what `shortcomings` found.
    """
    workspace = _claimed(parameters)
    with workspace.locked():
        whole, casting, budget_usd = _open(parameters, workspace)
        append_log(workspace, f"build {parameters.model_dump_json()}")
        characters = _chosen(whole, parameters)
        stages = _stages_until(parameters.until)
        built: dict[str, list[str]] = {}
        batch_until = until(parameters.batch_wait_s) if parameters.batch else None
        if parameters.retry is not None:
            for name in characters:
                lift(workspace, name, parameters.retry, _kinds_until(stages))
        progress.plan(
            {
                name: [step.kind for step in planned(_desk(workspace, name, casting), stages)]
                for name in characters
            }
        )
        with expecting(
            workspace,
            Path(parameters.set_file),
            casting,
            only=parameters.only,
            until=stages,
            batch=parameters.batch,
        ):
            for wave in (FIRST_WAVE, SECOND_WAVE):
                named = tuple(stage for stage in wave if stage in stages)
                shares = shares_of(workspace, characters, budget_usd) if on_cluster() else {}
                jobs = [
                    CharacterJob(
                        workspace=str(workspace.root.resolve()),
                        character=name,
                        stages=named,
                        casting=casting,
                        budget_usd=shares.get(name, budget_usd),
                        own_budget=name in shares,
                        batch_until=batch_until,
                    )
                    for name in characters
                ]
                for result in (
                    each(build_character, jobs, slots=parameters.slots, name=lambda job: job.character)
                    if named
                    else []
                ):
                    built.setdefault(result["character"], []).extend(result["built"])
        if set(QA_STAGES) <= set(stages):
            for name in characters:
                end_anew(workspace, name)
        anew = any(built.values())
        finished = [stage for stage in SET_STAGES if stage in stages and _set_stage(whole, stage, anew=anew)]
        append_log(workspace, f"built {json.dumps(built)} {' '.join(finished)}")
    return {"built": built, "set": finished, **shortcomings(whole)}


def pending(parameters: BuildParameters) -> dict[str, list[str]]:
    """Copy the inputs and name what a build would make, by character; the set's own stages stand under ''."""
    workspace = _claimed(parameters)
    with workspace.locked():
        whole, casting, _ = _open(parameters, workspace)
        stages = _stages_until(parameters.until)
        found: dict[str, list[str]] = {}
        for name in _chosen(whole, parameters):
            stale = out_of_date(_desk(workspace, name, casting), stages)
            if parameters.retry is not None:
                again = to_retry(workspace, name, parameters.retry, _kinds_until(stages))
                stale += [kind for kind in again if kind not in stale]
            if stale:
                found[name] = stale
        open_stages = [stage for stage in SET_STAGES if stage in stages and not done(whole, stage)]
        if open_stages:
            found[""] = open_stages
        return found


def _claimed(parameters: BuildParameters) -> Workspace:
    set_file = Path(parameters.set_file)
    workspace = Workspace(Path(parameters.workspace))
    found = load_set(set_file)
    # Before anything is written: a mistyped name leaves no half-made folder behind.
    _known(parameters.only, [entry.resolved_id() for entry in found.characters])
    _stages_until(parameters.until)
    workspace.claim(found.name, set_file)
    return workspace


def _known(only: str | None, characters: list[str]) -> None:
    if only is not None and only not in characters:
        raise InputError(
            f"There is no character '{only}' in this set. Known: {', '.join(sorted(characters))}."
        )


def remembered_casting(
    workspace: Workspace, flag: str | None, base_url: str | None, found: CharacterSet
) -> Casting:
    """Return who writes: as asked now, else as in the last build, unless the set file says otherwise since."""
    last = last_build(workspace)
    if flag is None and base_url is None and last.get("in_set") == _said(found):
        return Casting.model_validate_json(json.dumps(last["casting"]))
    if flag is None and base_url is not None and last.get("in_set") == _said(found):
        flag = last.get("flag")
    return cast(found.writer, found.writers, kinds=WRITTEN, flag=flag, base_url=base_url)


def _said(found: CharacterSet) -> dict[str, Any]:
    """Return what a set says of its writers, as data that a file can hold."""
    dumped: dict[str, Any] = found.model_dump(mode="json", include={"writer", "writers"})
    return dumped


def remembered_budget(workspace: Workspace, flag: float | None, in_set: float | None) -> float | None:
    """Return the cap in USD over the workspace's lifetime: as asked now, else as before, unless the set file changed."""
    last = last_build(workspace)
    if flag is not None or "budget_usd" not in last or last.get("budget_in_set") != in_set:
        return in_set if flag is None else flag
    remembered: float | None = last["budget_usd"]
    return remembered


def shares_of(workspace: Workspace, characters: list[str], cap_usd: float | None) -> dict[str, float]:
    """Divide what is left of the cap among characters that are built by processes of their own.

    Returns:
        Each one's own cap in USD over its lifetime, in sum never above the workspace's; {} without a cap.
    """
    if cap_usd is None:
        return {}
    spent = {path: booked(path) for path in ledgers_under(workspace.root)}
    left = max(0.0, cap_usd - sum(spent.values())) / max(1, len(characters))
    return {name: spent.get(workspace.character(name).ledger, 0.0) + left for name in characters}


def last_build(workspace: Workspace) -> dict[str, Any]:
    """Return what the last build was told (set_file, casting, budget_usd, and what the set said); {} before the first."""
    try:
        found: dict[str, Any] = json.loads((workspace.root / "build.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _open(parameters: BuildParameters, workspace: Workspace) -> tuple[WholeSet, Casting, float | None]:
    set_file = Path(parameters.set_file)
    inputs = copy_inputs(set_file, workspace)
    casting = remembered_casting(workspace, parameters.writer, parameters.base_url, inputs.found)
    budget_usd = remembered_budget(workspace, parameters.budget_usd, inputs.found.budget_usd)
    writers_of(casting, purse=Purse(workspace.root, budget_usd, inputs.qa))
    last = last_build(workspace)
    same = last.get("in_set") == _said(inputs.found)
    remembered = {
        "set_file": str(set_file.resolve()),
        "casting": casting.model_dump(mode="json"),
        "flag": parameters.writer or (last.get("flag") if same else None),
        "in_set": _said(inputs.found),
        "budget_usd": budget_usd,
        "budget_in_set": inputs.found.budget_usd,
    }
    write_json(workspace.root / "build.json", remembered, if_changed=True)
    return open_set(workspace), casting, budget_usd


def _desk(workspace: Workspace, name: str, casting: Casting) -> Desk:
    return open_desk(workspace, name, casting=casting)


def _chosen(whole: WholeSet, parameters: BuildParameters) -> list[str]:
    return whole.characters if parameters.only is None else [parameters.only]


def _stages_until(until: str | None) -> tuple[str, ...]:
    if until is None:
        return STAGES
    if until not in STAGES:
        raise SettingsError(f"There is no stage '{until}'. Known, in order: {', '.join(STAGES)}.")
    return STAGES[: STAGES.index(until) + 1]


def _kinds_until(stages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(step.kind for step in STEPS if step.stage in stages)


def _set_stage(whole: WholeSet, stage: str, *, anew: bool) -> bool:
    """Run one stage over the whole set unless it is up to date; return whether it ran."""
    # Scores rest on pictures and captions alone, and their model is slow to load for nothing.
    if done(whole, stage) and (stage == "scores" or not anew):
        return False
    call(_SET_WORK[stage], whole)
    mark_done(whole, stage)
    progress.step_done("", stage)
    return True


def scores(whole: WholeSet) -> None:
    """Score captions and pictures by the set's CLIP model."""
    from flows.scoring import score

    score(whole)


def verdicts(whole: WholeSet) -> None:
    """Measure and decide over the whole set."""
    judge(whole)


def split(whole: WholeSet) -> None:
    """Divide the set and hold it against its contract."""
    divide(whole)


def shards(whole: WholeSet) -> None:
    """Write the workspace's own shards."""
    clear_unnamed_shards(whole.workspace)
    write_shards(whole, whole.workspace.shards)


def report(whole: WholeSet) -> None:
    """Write the HTML report."""
    from flows.reporting import write_report

    write_report(whole)


_SET_WORK = {"scores": scores, "verdicts": verdicts, "splits": split, "shards": shards, "report": report}

"""Job 2: one character's questions again, and nothing else touched."""

import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flows import progress
from flows.batches import until
from flows.begun import begin
from flows.build_character_set import last_build, remembered_budget, remembered_casting
from flows.contract import shortcomings
from flows.expecting import expecting_questions
from flows.retrying import ask_anew, end_anew, errors_of, lift
from flows.runtime import each
from flows.set_verdicts import divide, judge
from flows.steps import QA_KINDS, QA_STAGES, WRITTEN
from flows.tasks import CharacterJob, build_character, open_desk, out_of_date, planned
from flows.whole_set import done, mark_done, open_set
from rolescape_data.errors import InputError
from rolescape_data.records import Review
from rolescape_data.store.inputs import refresh_overlays
from rolescape_data.store.workspace import Workspace, append_log

# Replies that stay as they are were judged already; new ones are other requests.
ASKED_ANEW = tuple(kind for kind in QA_KINDS if kind in WRITTEN and kind != Review.kind)


class QaParameters(BaseModel):
    """What a regeneration is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workspace: str
    character: str
    fresh: bool = Field(False, description="ask every question anew, also where nothing changed")
    retry: str | None = Field(
        None, description="ask again for questions in quarantine: quarantined (all of them), or one reason"
    )
    writer: str | None = None
    base_url: str | None = None
    batch: bool = Field(False, description="ask in batches: half the price, answers within a day")
    batch_wait_s: float = Field(24 * 3600.0, ge=0, description="seconds to wait for batches")


def regenerate_qa(parameters: QaParameters) -> dict[str, Any]:
    """Rebuild one character's question tables, its rejects, and the rows of its questions in the set tables.

    Returns:
        {'built': [kinds], 'stale': what is now older than the questions, 'behind': tables that the questions
        rest on and that are out of date themselves} and what `shortcomings` found.

    Raises:
        InputError: no workspace, no such character, or its profile was never built.
    """
    workspace = Workspace(Path(parameters.workspace))
    workspace.require()
    with workspace.locked():
        if (origin := last_build(workspace).get("set_file")) is not None:
            refresh_overlays(Path(origin), workspace)
        whole = open_set(workspace)
        whole.inputs.entry(parameters.character)
        if not workspace.character(parameters.character).table("profile").exists():
            raise InputError(
                f"'{parameters.character}' has no profile in {workspace.root} yet. "
                f"Run `rolescape build` with `--only {parameters.character}` first."
            )
        casting = remembered_casting(workspace, parameters.writer, parameters.base_url, whole.inputs.found)
        budget_usd = remembered_budget(workspace, None, whole.inputs.found.budget_usd)
        append_log(workspace, f"qa {parameters.model_dump_json()}")
        desk = open_desk(workspace, parameters.character, casting=casting)
        behind = out_of_date(desk, ("profile",))
        if parameters.retry is not None:
            errors_of(parameters.retry)  # A mistyped one leaves no note of anything begun.
        before = begin(whole, parameters.character, _command(parameters))
        # After the writers are opened: one that cannot be asked leaves nothing behind to be made anew.
        if parameters.retry is not None:
            lift(workspace, parameters.character, parameters.retry, QA_KINDS)
        if parameters.fresh and ask_anew(workspace, parameters.character, ASKED_ANEW):
            progress.note(
                f"An earlier run began to ask the questions of {parameters.character} anew: this one goes on with it."
            )
        progress.plan({parameters.character: [step.kind for step in planned(desk, QA_STAGES)]})
        job = CharacterJob(
            workspace=str(workspace.root.resolve()),
            character=parameters.character,
            stages=QA_STAGES,
            casting=casting,
            budget_usd=budget_usd,
            batch_until=until(parameters.batch_wait_s) if parameters.batch else None,
        )
        with expecting_questions(desk, casting, batch=parameters.batch):
            result = each(build_character, [job], slots=1, name=lambda one: one.character)[0]
        # Also where nothing was asked: an earlier run may have ended between the questions and their verdicts.
        if result["built"] or not all(done(whole, stage) for stage in ("verdicts", "splits")):
            judge(whole, only=parameters.character)
            divide(whole, only=parameters.character)
            for stage in before:
                # What was true of the whole set is true again, now that these questions' rows are renewed.
                mark_done(whole, stage)
        end_anew(workspace, parameters.character)
        stale = [stage for stage in ("shards", "report") if not done(whole, stage)]
    return {"built": result["built"], "stale": stale, "behind": behind, **shortcomings(whole)}


def _command(parameters: QaParameters) -> str:
    """Return what asks for the same: the writer too, which another command may not remember."""
    said = ["rolescape", "qa", parameters.workspace, parameters.character]
    said += ["--fresh"] if parameters.fresh else []
    for option, value in (("--writer", parameters.writer), ("--base-url", parameters.base_url)):
        said += [option, value] if value else []
    return shlex.join([*said, "--batch"])

"""A set file -> a workspace that is thrown away, with everything in it that one kind of record is made from.

What a build has made already is taken from its workspace; the rest is made on the spot by the offline writer, which costs
nothing. So a single call, and the estimate of a whole build, see the very requests that a build sends.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from flows.desk import Desk
from flows.step import Step, others_read
from flows.steps import STEPS
from flows.tasks import build_table, open_desk
from rolescape_data.providers.base import Writer
from rolescape_data.records import ImageRecord
from rolescape_data.routes import Casting, Leg
from rolescape_data.store.inputs import copy_inputs
from rolescape_data.store.workspace import Workspace

OFFLINE = Casting(default=(Leg(name="offline"),))


def offline_desk(workspace: Workspace, character: str) -> Desk:
    """Open a character's desk with the offline writer."""
    return open_desk(workspace, character, casting=OFFLINE)


def rehearsal(set_file: Path, folder: Path) -> Workspace:
    """Copy a set's inputs into an empty folder."""
    workspace = Workspace(folder)
    copy_inputs(set_file, workspace)
    return workspace


def rehearsal_of_questions(desk: Desk, folder: Path) -> Workspace:
    """Copy into an empty folder what a character's questions are made from; pictures and inputs are linked to.

    What a table was built from and how often it was made anew comes along: it decides what is out of date.
    """
    real, workspace = desk.workspace, Workspace(folder)
    for name in ("set.yaml", "inputs.json"):
        shutil.copyfile(real.root / name, folder / name)
    for name in ("inputs", "blobs"):
        # Read, and never written to: pictures are made and inputs copied by other steps than are rehearsed.
        (folder / name).symlink_to((real.root / name).resolve(), target_is_directory=True)
    rival = desk.rival()
    for step in STEPS:
        _taken(real, workspace, desk.material.id, step)
        if step.kind == "profile" and rival is not None:
            _taken(real, workspace, rival, step)
    return workspace


def upstream(step: Step, desk: Desk) -> list[Step]:
    """Return the steps whose tables a step needs, directly or not, in order."""
    needed: set[str] = set(step.needs)
    if step.others in ("profiles", "rival"):
        needed.add("profile")
    for earlier in reversed(STEPS):
        if earlier.kind in needed:
            needed |= set(earlier.needs)
    return [one for one in STEPS if one.kind in needed and one.kind in desk.blueprint.kinds]


def make_upstream(desk: Desk, step: Step, real: Workspace | None) -> dict[str, str]:
    """Have every table that a step needs in the desk's workspace, and say where each came from.

    Args:
        desk: of a rehearsal.
        step: what is to be made.
        real: a workspace whose tables are taken where they are there.

    Returns:
        'workspace' or 'offline' by kind.
    """
    found: dict[str, str] = {}
    partners = others_read(desk, step)
    for one in upstream(step, desk):
        for character in [desk.material.id, *(partners if one.kind == "profile" else [])]:
            own = desk if character == desk.material.id else offline_desk(desk.workspace, character)
            where = (
                "workspace"
                if real is not None and _taken(real, desk.workspace, character, one)
                else "offline"
            )
            if where == "offline":
                build_table(own, one)
            if character == desk.material.id:
                found[one.kind] = where
    return found


def _taken(real: Workspace, here: Workspace, character: str, step: Step) -> bool:
    """Copy one table and its stamp, and link the pictures that it names; say whether it was there."""
    source, target = real.character(character), here.character(character)
    stamp = source.stamps().get(step.kind)
    if stamp is None or not source.table(step.kind).is_file():
        return False
    target.table(step.kind).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.table(step.kind), target.table(step.kind))
    target.stamp(step.kind, stamp)
    if step.kind == ImageRecord.kind:
        for image in target.read(ImageRecord):
            _link(real.blobs.path(image.blob), here.blobs.path(image.blob))
    return True


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)


def with_writer(desk: Desk, kind: str, writer: Writer) -> Desk:
    """Return the desk with another writer for one kind."""
    return replace(desk, writers={**desk.writers, kind: writer})

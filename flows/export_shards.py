"""Job 3: a built workspace in, shards for a training cluster or a published set's files out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flows.collecting import collection_of
from flows.handing_over import FOLDERS, write_folder
from flows.packing import write_shards
from flows.runtime import call
from flows.whole_set import WholeSet, open_set, split_rows
from rolescape_data.errors import InputError, SettingsError
from rolescape_data.export.webdataset import MANIFEST, UNFINISHED
from rolescape_data.store.workspace import Workspace, append_log


class ExportParameters(BaseModel):
    """What an export is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workspace: str
    out: str = Field(description="folder to write to")
    to: str = Field("webdataset", description="a format of FORMATS")
    world_multiple: int = Field(1, ge=1, description="make the number of shards a multiple of this")


def webdataset(whole: WholeSet, parameters: ExportParameters) -> dict[str, Any]:
    """Write WebDataset tars, one shard set per record kind and split."""
    out = Path(parameters.out)
    ours = any((out / name).exists() for name in (MANIFEST, UNFINISHED))
    foreign = sorted(path.name for path in out.iterdir()) if out.is_dir() and not ours else []
    if foreign:
        # Shards among somebody's photographs would be found by nobody.
        raise InputError(
            f"{out} holds files that no export put there, e.g. {foreign[0]}. Name an empty folder."
        )
    return write_shards(whole, out, world_multiple=parameters.world_multiple)


def folder(whole: WholeSet, parameters: ExportParameters) -> dict[str, Any]:
    """Write the whole set as files in a published set's own format; tests are drawn with the set's seed."""
    return write_folder(
        collection_of(whole), Path(parameters.out), to=parameters.to, seed=whole.inputs.found.seed
    )


# To add a format: one file in rolescape_data/export, one function here or one line in FOLDERS.
FORMATS: dict[str, Callable[[WholeSet, ExportParameters], dict[str, Any]]] = {
    "webdataset": webdataset,
    **dict.fromkeys(FOLDERS, folder),
}


def export_shards(parameters: ExportParameters) -> dict[str, Any]:
    """Export everything accepted; return the manifest.

    Raises:
        InputError: nothing is built, or the target lies inside the workspace.
        SettingsError: an unknown format; the known ones are listed.
    """
    if parameters.to not in FORMATS:
        known = ", ".join([*sorted(FORMATS), "mmrole-reward (of reviews)"])
        raise SettingsError(f"There is no format '{parameters.to}'. Known: {known}.")
    workspace = Workspace(Path(parameters.workspace))
    workspace.require()
    if Path(parameters.out).resolve().is_relative_to(workspace.root.resolve()):
        # Its folders belong to the build, which would take shards with other settings for its own.
        raise InputError(
            f"{parameters.out} lies inside the workspace {workspace.root}. Name a folder outside it."
        )
    with workspace.locked():
        if not split_rows(workspace):
            raise InputError(f"{workspace.root} holds no finished records yet. Run `rolescape build` first.")
        append_log(workspace, f"export {parameters.model_dump_json()}")
        return call(FORMATS[parameters.to], open_set(workspace), parameters)

"""The set file and everything it names -> a content-addressed copy in the workspace, from which all work is done.

A workspace is whole without the folder it came from: it can be moved, copied to a cluster, and built again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rolescape_data import assets
from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.errors import InputError
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.materials import PICTURE_SUFFIXES, Material, gather, text_fault
from rolescape_data.prompts import load_prompt
from rolescape_data.providers.prices import load_prices
from rolescape_data.settings import CharacterEntry, CharacterSet, ClipSettings, ImageSource, load_set
from rolescape_data.store.atomic import write_bytes, write_json
from rolescape_data.store.workspace import Workspace
from rolescape_data.vision.clip import LOCAL, check_weights, is_file_name
from rolescape_data.yamlfile import load_yaml

# 200 MB is a 100-megapixel TIFF; a larger "picture" is something else.
MAX_INPUT_BYTES = 400_000_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """A set and its files, read from wherever `read` finds them."""

    found: CharacterSet
    files: dict[str, str]
    read: Callable[[str], bytes]
    prompts: Path | None
    qa: Path | None

    def entry(self, character_id: str) -> CharacterEntry:
        """Return a character by id.

        Raises:
            InputError: there is none; the known ones are listed.
        """
        for entry in self.found.characters:
            if entry.resolved_id() == character_id:
                return entry
        known = ", ".join(entry.resolved_id() for entry in self.found.characters)
        raise InputError(f"There is no character '{character_id}' in this set. Known: {known}.")

    def material(self, character_id: str) -> Material:
        """Return everything about one character, checked."""
        return gather(self.found, self.entry(character_id), self.read, self.files)


def from_set_file(path: Path) -> Inputs:
    """Open a set where the user keeps it. Contents are not hashed: `files` maps each path to ''."""
    found = load_set(path)
    base = path.parent

    def read(name: str) -> bytes:
        return read_input(base / name)

    weights = clip_files(found.clip, base) if found.clip else []
    return Inputs(
        found,
        dict.fromkeys([*named_files(found, base), *weights], ""),
        read,
        base / found.prompts if found.prompts else None,
        base / found.qa if found.qa else None,
    )


def from_workspace(workspace: Workspace) -> Inputs:
    """Open the set as it was copied into a workspace."""
    workspace.require()
    found = load_yaml(workspace.set_file, CharacterSet)
    index = workspace.root / "inputs.json"
    if not index.is_file():
        raise InputError(f"{workspace.root} has no inputs.json. Run `rolescape build` on the set file again.")
    files: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))

    def read(name: str) -> bytes:
        return read_input(workspace.inputs.path(files[name]))

    overlay = workspace.root / "inputs" / "overlay"
    return Inputs(
        found,
        files,
        read,
        overlay / "prompts" if (overlay / "prompts").is_dir() else None,
        overlay / "qa" if (overlay / "qa").is_dir() else None,
    )


def copy_inputs(path: Path, workspace: Workspace) -> Inputs:
    """Copy a set and all it names into the workspace and open the copy.

    Raises:
        SettingsError, InputError: the set or one of its files cannot be used; nothing was replaced then.
    """
    outside = from_set_file(path)
    check_overlays(outside)
    for entry in outside.found.characters:
        outside.material(entry.resolved_id())
    workspace.root.mkdir(parents=True, exist_ok=True)
    stored = workspace.inputs
    weights = clip_files(outside.found.clip, path.parent) if outside.found.clip else []
    files: dict[str, str] = {}
    for name in sorted(outside.files):
        suffix = Path(name).suffix.lower()
        if name in weights:
            files[name] = stored.put_file(path.parent / name, suffix)
        else:
            files[name] = stored.put(outside.read(name), suffix)
    _copy_overlays(outside, workspace)
    write_json(workspace.root / "inputs.json", files, if_changed=True)
    write_bytes(workspace.set_file, path.read_bytes(), if_changed=True)
    return from_workspace(workspace)


def refresh_overlays(path: Path, workspace: Workspace) -> None:
    """Copy the prompts and qa/ files of a set file again, and nothing else; without the file they stay as they are."""
    if path.is_file():
        outside = from_set_file(path)
        check_overlays(outside)
        _copy_overlays(outside, workspace)


def check_overlays(inputs: Inputs) -> None:
    """Read what a curator tunes before it is copied, so that a fault is named where the user has the file.

    Raises:
        SettingsError, PromptError: a file of the set's `qa:` or `prompts:` folder cannot be used.
    """
    blueprint = load_blueprint(inputs.found.blueprint, inputs.qa)
    load_thresholds(assets.find("qa", "gates.yaml", inputs.qa))
    load_flagged_words(assets.find("qa", "flagged_words.txt", inputs.qa))
    load_prices(inputs.qa)
    for kind in blueprint.kinds:
        if inputs.prompts is not None and (inputs.prompts / f"{kind}.md").is_file():
            load_prompt(kind, inputs.prompts)


def _copy_overlays(outside: Inputs, workspace: Workspace) -> None:
    for folder, source in (("prompts", outside.prompts), ("qa", outside.qa)):
        _mirror(source, workspace.root / "inputs" / "overlay" / folder)


def read_input(path: Path) -> bytes:
    """Read a file whole, with a sentence instead of a stack for what can go wrong."""
    try:
        size = path.stat().st_size
        if size > MAX_INPUT_BYTES:
            raise InputError(
                f"{path} has {size:,} bytes, more than {MAX_INPUT_BYTES:,}. Remove it or make it smaller."
            )
        return path.read_bytes()
    except OSError as fault:
        raise InputError(
            f"{path} cannot be read ({fault.strerror}). Check that it exists and is readable."
        ) from fault


def named_files(found: CharacterSet, base: Path) -> list[str]:
    """List every file that the set names, by the path it would be named with, each once."""
    names: list[str] = []
    for entry in found.characters:
        names += [*entry.documents, *entry.lines]
        for source in entry.images:
            names += _source_files(source, base)
    for script in found.scripts.values():
        names += script.lines
        for source in script.images:
            names += _source_files(source, base)
    for source in found.pools.values():
        names += _source_files(source, base)
    return list(dict.fromkeys(names))


def clip_files(clip: ClipSettings, base: Path) -> list[str]:
    """List the files of a model that lies on this machine, by the path they would be named with; none for a hub's.

    Raises:
        InputError, SettingsError: the weights that the set names cannot be there.
    """
    if clip.model.startswith(LOCAL):
        name = clip.model.removeprefix(LOCAL).rstrip("/")
        check_weights(f"{LOCAL}{base / name}", None)
        found = sorted(path for path in (base / name).iterdir() if path.is_file())
        return [f"{name}/{path.name}" for path in found if not path.name.startswith(".")]
    if clip.pretrained and is_file_name(clip.pretrained):
        check_weights(clip.model, str(base / clip.pretrained))
        return [clip.pretrained]
    check_weights(clip.model, clip.pretrained)
    return []


def model_files(inputs: Inputs) -> list[str]:
    """List the files of a set's local CLIP model among its inputs, as they were copied; none for a hub's."""
    clip = inputs.found.clip
    if clip is None:
        return []
    if clip.model.startswith(LOCAL):
        prefix = clip.model.removeprefix(LOCAL).rstrip("/") + "/"
        return [
            name
            for name in sorted(inputs.files)
            if name.startswith(prefix) and "/" not in name[len(prefix) :]
        ]
    return [clip.pretrained] if clip.pretrained and is_file_name(clip.pretrained) else []


def _source_files(source: ImageSource, base: Path) -> list[str]:
    folder = base / source.folder
    prefix = source.folder.rstrip("/")
    pictures = [
        f"{prefix}/{path.relative_to(folder).as_posix()}"
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file() and not path.name.startswith(".")
    ]
    for name in pictures:
        if fault := text_fault(name):
            raise InputError(f"The file name {name!a} {fault}. Rename the file.")
    return [*pictures, *(name for name in (source.notes, source.annotations) if name)]


def _mirror(source: Path | None, target: Path) -> None:
    """Make `target` hold exactly the prompts, YAML files and word lists of `source`."""
    wanted = {}
    if source is not None:
        wanted = {
            path.relative_to(source).as_posix(): path
            for path in sorted(source.rglob("*"))
            if path.is_file() and path.suffix in (".md", ".yaml", ".txt")
        }
    if target.is_dir():
        for path in target.rglob("*"):
            if path.is_file() and path.relative_to(target).as_posix() not in wanted:
                path.unlink()
    for name, path in wanted.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target / name, path.read_bytes(), if_changed=True)

"""The character-set file: one YAML file that names everything a set is built from.

Paths are relative to the file. `rolescape init` writes a commented example; editors complete the file
through schemas/character_set.schema.json.
"""

import re
import unicodedata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from rolescape_data.errors import SettingsError
from rolescape_data.records.base import CHARACTER_ID_PATTERN
from rolescape_data.records.character import Category
from rolescape_data.records.image import VisualAttributes
from rolescape_data.routes import Choice
from rolescape_data.yamlfile import line_of, load_yaml, read_nodes


def _posix_relative(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; name a file or folder")
    if "\\" in value:
        raise ValueError("holds a backslash; write paths with '/'")
    return value


def _inside(value: str) -> str:
    # A set that is copied to another machine takes its own folder along, and no other.
    if value.startswith(("/", "~")) or ".." in value.split("/"):
        raise ValueError("lies outside the set's folder; put it there, or put a link to it there")
    return value


# Marks that turn the direction of writing, and letters without a width: two names that look alike would differ.
_UNSEEN = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; write a name, or remove the entry")
    if _UNSEEN.search(value):
        raise ValueError("holds a mark that nobody sees (direction or zero width); type the name again")
    return value


PathText = Annotated[str, AfterValidator(_posix_relative)]
MaterialPath = Annotated[PathText, AfterValidator(_inside)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Part(BaseModel):
    """A part of the set file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ImageSource(Part):
    """A folder of pictures, and what is known about them."""

    folder: MaterialPath = Field(description="folder of pictures; sub-folders are read too")
    notes: MaterialPath | None = Field(
        None, description="JSON lines {image, note, attributes}: what a person sees on each picture"
    )
    annotations: MaterialPath | None = Field(
        None, description="JSON list {image, role_info, place_info, scene_info}, as MMRole writes it"
    )
    tags: dict[str, VisualAttributes] = Field(
        default_factory=dict,
        description="words in file names and the visual attributes they stand for, e.g. mad: {expression: angry}",
    )
    license: str | None = None
    source: str | None = None


class ScriptSource(Part):
    """A franchise, era or group: material that its characters share."""

    lines: list[MaterialPath] = Field(
        default_factory=list, description="JSON lines {scene, line, speaker, text, image}"
    )
    images: list[ImageSource] = Field(default_factory=list)


class CharacterEntry(Part):
    """One character and the material about it."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_name)]
    id: Annotated[str, Field(pattern=CHARACTER_ID_PATTERN)] | None = Field(
        None, description="defaults to an ASCII form of the name"
    )
    aliases: list[Annotated[str, AfterValidator(_name)]] = Field(
        default_factory=list, description="other names in documents and scripts"
    )
    category: Category
    script: str = Field("", description="franchise, era or group; characters of one script may meet")
    role: Literal["id", "ood"] = Field("id", description="ood characters never appear in training splits")
    lang: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"
    documents: list[MaterialPath] = Field(
        default_factory=list, description="text or Markdown files about the character"
    )
    seed: Annotated[str, Field(max_length=2_000)] = Field(
        "",
        description="who an invented character without documents is, in one line; its profile is expanded from it",
    )
    lines: list[MaterialPath] = Field(
        default_factory=list, description="JSON lines {scene, line, speaker, text, image}"
    )
    images: list[ImageSource] = Field(default_factory=list)
    allow: list[str] = Field(
        default_factory=list, description="phrases that text gates let pass for this character"
    )
    license: str | None = None
    source: str | None = None

    def resolved_id(self) -> str:
        """Return the id, explicit or made from the name."""
        return self.id or slug(self.name)


class ClipSettings(Part):
    """The CLIP model that scores pictures against captions. Without this part nothing is scored."""

    model: PathText = Field(
        description="local-dir:FOLDER, hf-hub:OWNER/NAME, or an architecture of open_clip, e.g. ViT-B-32"
    )
    pretrained: PathText | None = Field(
        None,
        description="for an architecture: a weights tag of open_clip (fetched once from its hub), or a checkpoint file",
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        "auto", description="auto takes CUDA, else MPS, else the CPU"
    )
    batch_size: int = Field(64, ge=1, description="pictures or texts that the model is given at once")


class Reviews(Part):
    """A sample of the set's own replies, judged by a model. Without this part nothing is judged."""

    sample: int = Field(
        10,
        ge=1,
        le=10_000,
        description="replies per character, drawn by seed: so many of its dialogues, of what it can and what it cannot "
        "answer, and of its preference pairs, each as far as a rubric asks for them",
    )
    rubrics: list[str] = Field(
        ["rolescape_1to7", "refusal"],
        min_length=1,
        description="files of qa/rubrics, without .yaml; mmrole_pair holds rejected replies against chosen ones, in both orders",
    )
    metrics: list[str] = Field(
        default_factory=list, description="metrics of these rubrics that are asked for; all when empty"
    )


class CharacterSet(Part):
    """A whole set."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
    blueprint: str = Field("starter", description="a file of qa/blueprints, without .yaml")
    writer: Choice = Field(
        "offline",
        description="offline, openai:MODEL or gemini:MODEL; of several, each takes over where those before cannot",
    )
    writers: dict[str, Choice] = Field(
        default_factory=dict, description="writers of single stages or kinds, e.g. {captions: 'openai:MODEL'}"
    )
    seed: int = 0
    budget_usd: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="most that the workspace may ever spend"
    )
    matte: Colour = Field("#ffffff", description="colour put behind transparent pictures")
    license: str = Field(description="SPDX expression for material that names no other")
    source: str = ""
    clip: ClipSettings | None = None
    reviews: Reviews | None = None
    prompts: PathText | None = Field(
        None, description="folder whose files replace shipped prompts of the same name"
    )
    qa: PathText | None = Field(
        None, description="folder whose files replace shipped files of qa/ of the same name"
    )
    scripts: dict[str, ScriptSource] = Field(
        default_factory=dict, description="material shared by a script's characters"
    )
    pools: dict[str, ImageSource] = Field(default_factory=dict, description="generic pictures by pool name")
    characters: list[CharacterEntry] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _whole_budget(cls, data: object) -> object:
        # `budget_usd: 5` is an integer in YAML; strict mode would ask the curator for 5.0.
        if isinstance(data, dict) and type(data.get("budget_usd")) is int:
            return {**data, "budget_usd": float(data["budget_usd"])}
        return data


def slug(name: str) -> str:
    """Return an ASCII id for a name: 'Li'sar' -> 'lisar', 'Oda Wren' -> 'oda-wren'; empty when none is left."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name.lower().replace("'", "")).strip("-")[:40]


def load_set(path: Path) -> CharacterSet:
    """Read a set file and check what it says, but not yet the files it names.

    Raises:
        SettingsError: one sentence with file and line.
    """
    found = load_yaml(path, CharacterSet)
    _, lines = read_nodes(path)
    seen_ids: dict[str, str] = {}
    seen_names: dict[str, int] = {}
    for number, entry in enumerate(found.characters):
        where = f"{path}, line {line_of(lines, ('characters', number, 'name'))}"
        identity = entry.resolved_id()
        if not identity:
            raise SettingsError(
                f"{where}: no ASCII id can be made from '{entry.name}'. Add `id:` with letters a-z."
            )
        for name in (entry.name, *entry.aliases):
            if seen_names.setdefault(name.casefold(), number) != number:
                raise SettingsError(
                    f"{where}: two characters are called '{name}'. Give one of them another name, or merge them."
                )
        if identity in seen_ids:
            raise SettingsError(
                f"{where}: '{entry.name}' and '{seen_ids[identity]}' have the same id '{identity}'. "
                "Give one of them its own `id:`."
            )
        seen_ids[identity] = entry.name
        if entry.script not in found.scripts and found.scripts and entry.script:
            known = ", ".join(sorted(found.scripts))
            raise SettingsError(
                f"{path}, line {line_of(lines, ('characters', number, 'script'))}: "
                f"there is no script '{entry.script}' under `scripts:` (known: {known})."
            )
    check_paths(path, found, lines)
    return found


def check_paths(path: Path, found: CharacterSet, lines: dict[tuple[str | int, ...], int]) -> None:
    """Raise SettingsError for the first file or folder that the set names and that is not there."""
    base = path.parent
    for place, text, is_folder in _named_paths(found):
        target = base / text
        if (target.is_dir() if is_folder else target.is_file()) or "://" in text:
            continue
        what = "folder" if is_folder else "file"
        raise SettingsError(
            f"{path}, line {line_of(lines, place)}: there is no {what} '{text}' (looked for {target}). "
            "Paths are relative to the set file."
        )


def _named_paths(found: CharacterSet) -> list[tuple[tuple[str | int, ...], str, bool]]:
    """List every path of the set with its place in the file and whether it is a folder."""
    named: list[tuple[tuple[str | int, ...], str, bool]] = []

    def images(place: tuple[str | int, ...], source: ImageSource) -> None:
        named.append(((*place, "folder"), source.folder, True))
        for key, value in (("notes", source.notes), ("annotations", source.annotations)):
            if value is not None:
                named.append(((*place, key), value, False))

    for key, value in (("prompts", found.prompts), ("qa", found.qa)):
        if value is not None:
            named.append(((key,), value, True))
    for pool, source in found.pools.items():
        images(("pools", pool), source)
    owners: list[tuple[tuple[str | int, ...], ScriptSource | CharacterEntry]] = [
        *((("scripts", name), script) for name, script in found.scripts.items()),
        *((("characters", number), entry) for number, entry in enumerate(found.characters)),
    ]
    for place, owner in owners:
        files = [("lines", text) for text in owner.lines]
        if isinstance(owner, CharacterEntry):
            files += [("documents", text) for text in owner.documents]
        counts = {"lines": 0, "documents": 0}
        for key, text in files:
            named.append(((*place, key, counts[key]), text, False))
            counts[key] += 1
        for number, source in enumerate(owner.images):
            images((*place, "images", number), source)
    return named

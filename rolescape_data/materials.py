"""The files that a set names -> checked material: documents, spoken lines, pictures with their notes.

Every input is hostile until checked: encodings, sizes, JSON that is none, names that point elsewhere.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rolescape_data.errors import InputError
from rolescape_data.records.base import clean_text
from rolescape_data.records.image import Annotation, VisualAttributes
from rolescape_data.settings import CharacterEntry, CharacterSet, ImageSource

Read = Callable[[str], bytes]
Owner = Literal["character", "script", "pool"]

# An encyclopedia article is 100 KB; a whole novel 3 MB. More than this is a wrong file.
MAX_TEXT_BYTES = 32_000_000
# No language writes such words; what does is encoded data, which is no text about anybody.
MAX_WORD = 2_000
# Form feeds and stray control bytes come from PDF extraction; a record may not carry them.
_STRAY = dict.fromkeys({*range(32), *range(127, 160)} - {*map(ord, "\n\t")}, " ")
_ENDLESS_WORD = re.compile(rf"[A-Za-z0-9+/=_-]{{{MAX_WORD + 1},}}")
PICTURE_SUFFIXES = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".webp",
        ".gif",
        ".bmp",
        ".tif",
        ".tiff",
        ".avif",
        ".heic",
        ".jp2",
        ".svg",
        ".psd",
        ".ico",
    ]
)


@dataclass(frozen=True, slots=True)
class Document:
    """A text about the character."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One spoken line. `source` names it: FILE#SCENE/LINE."""

    source: str
    scene: str
    line: int
    speaker: str
    text: str
    image: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and what the set says of it; bytes are read when they are needed."""

    path: str
    owner: Owner
    license: str
    source: str
    note: str = ""
    annotation: Annotation = field(default_factory=Annotation)
    attributes: VisualAttributes = field(default_factory=VisualAttributes)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a set holds about one character."""

    id: str
    entry: CharacterEntry
    license: str
    source: str
    documents: tuple[Document, ...]
    lines: tuple[Line, ...]
    pictures: tuple[Picture, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The character's name and aliases."""
        return (self.entry.name, *self.entry.aliases)

    def own_lines(self) -> list[Line]:
        """Return the lines that the character speaks."""
        mine = {name.casefold() for name in self.names}
        return [line for line in self.lines if line.speaker.casefold() in mine]

    def sources(self) -> dict[str, str]:
        """Return every text that evidence may point at, by source name."""
        return {document.name: document.text for document in self.documents} | {
            line.source: line.text for line in self.lines
        }


class _LineFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    scene: str = ""
    line: int | None = None
    speaker: str = Field(min_length=1)
    text: str = Field(min_length=1)
    image: str | None = None


class _NoteFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    image: str = Field(min_length=1)
    note: str = ""
    attributes: VisualAttributes = VisualAttributes()


class _AnnotationFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    image: str = Field(min_length=1)
    role_info: str = ""
    place_info: str = ""
    scene_info: str = ""


def gather(found: CharacterSet, entry: CharacterEntry, read: Read, files: Iterable[str]) -> Material:
    """Read everything about one character.

    Args:
        found: the set it belongs to.
        entry: the character.
        read: returns the bytes of a file by the path that the set names it with.
        files: every file below the set's folders, by the same paths.

    Raises:
        InputError: a file that is not what it should be; the message names file and line.
    """
    script = found.scripts.get(entry.script)
    license_ = entry.license or found.license
    source = entry.source or found.source
    known = list(files)
    documents = tuple(Document(path, _text(path, read(path))) for path in entry.documents)
    paths = [*entry.lines, *(script.lines if script else [])]
    lines = _heard_by(entry, [line for path in dict.fromkeys(paths) for line in _lines(path, read(path))])
    owners: list[tuple[Owner, list[ImageSource]]] = [
        ("character", entry.images),
        ("script", script.images if script else []),
    ]
    pictures = [
        picture
        for owner, sources in owners
        for image_source in sources
        for picture in _pictures(image_source, owner, (license_, source), read, known)
    ]
    return Material(entry.resolved_id(), entry, license_, source, documents, lines, tuple(pictures))


def pool_pictures(found: CharacterSet, read: Read, files: Iterable[str]) -> dict[str, Picture]:
    """Return the generic pictures of all pools of a set, by path, with their licences and notes."""
    known = list(files)
    return {
        picture.path: picture
        for _, source in sorted(found.pools.items())
        for picture in _pictures(source, "pool", (found.license, found.source), read, known)
    }


def _heard_by(entry: CharacterEntry, lines: list[Line]) -> tuple[Line, ...]:
    """Keep the scenes in which the character speaks: an edit elsewhere in a shared script is not its concern."""
    names = {name.casefold() for name in (entry.name, *entry.aliases)}
    scenes = {line.source.rpartition("/")[0] for line in lines if line.speaker.casefold() in names}
    return tuple(line for line in lines if line.source.rpartition("/")[0] in scenes)


def _text(path: str, data: bytes) -> str:
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(
            f"{path} has {len(data):,} bytes, more than the {MAX_TEXT_BYTES:,} a text may have. Split it."
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as fault:
        raise InputError(f"{path} is not UTF-8 text (byte {fault.start}). Save it as UTF-8.") from fault
    text = clean_text(text.translate(_STRAY))
    if (endless := _ENDLESS_WORD.search(text)) is not None:
        line = text.count("\n", 0, endless.start()) + 1
        raise InputError(
            f"{path}, line {line}: a word of more than {MAX_WORD} letters. Is this a picture or a key stored as text? Remove it."
        )
    if not text.strip():
        raise InputError(
            f"{path} is empty. Put text about the character into it, or remove it from the set file."
        )
    return text


def _json_lines(path: str, data: bytes) -> Iterable[tuple[int, Any]]:
    for number, raw in enumerate(_text(path, data).split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            yield number, json.loads(raw)
        except (ValueError, RecursionError) as fault:
            # Besides bad syntax: numbers of thousands of digits, and brackets without end.
            why = fault.msg if isinstance(fault, json.JSONDecodeError) else "too long or too deep to read"
            raise InputError(
                f"{path}, line {number}: not a JSON object ({why}). One object per line."
            ) from None


def _checked(path: str, number: int, model: type[BaseModel], value: Any) -> Any:
    for text in value.values() if isinstance(value, dict) else ():
        if isinstance(text, str) and (fault := text_fault(" ".join(text.split()))):
            raise InputError(f"{path}, line {number}: {text[:40]!a} {fault}. Correct the text.")
    try:
        return model.model_validate(value)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the line"
        known = ", ".join(model.model_fields)
        raise InputError(
            f"{path}, line {number}: '{key}': {first['msg'].lower()}. Known keys: {known}."
        ) from None


def _lines(path: str, data: bytes) -> list[Line]:
    found: list[Line] = []
    seen: set[str] = set()
    for number, value in _json_lines(path, data):
        row = _checked(path, number, _LineFile, value)
        place = row.line if row.line is not None else number
        source = f"{path}#{row.scene}/{place}"
        if source in seen:
            raise InputError(
                f"{path}, line {number}: scene '{row.scene}' has a line {place} already. Number the lines of a scene."
            )
        seen.add(source)
        text = clean_text(" ".join(row.text.split()))
        if text:
            found.append(Line(source, row.scene, place, row.speaker.strip(), text, row.image or ""))
    return found


def _pictures(
    source: ImageSource, owner: Owner, defaults: tuple[str, str], read: Read, files: list[str]
) -> list[Picture]:
    prefix = source.folder.rstrip("/") + "/"
    own_files = {name for name in (source.notes, source.annotations) if name}
    inside = [path for path in files if path.startswith(prefix) and path not in own_files]
    pictures = sorted(path for path in inside if "." + path.rsplit(".", 1)[-1].lower() in PICTURE_SUFFIXES)
    notes = _by_picture(source.notes, _NoteFile, read, pictures)
    annotations = _by_picture(source.annotations, _AnnotationFile, read, pictures)
    found: list[Picture] = []
    for path in pictures:
        note = notes.get(path)
        given = annotations.get(path)
        attributes = _tagged(path, source.tags) | ({} if note is None else _filled(note.attributes))
        annotation = {} if given is None else given.model_dump(exclude={"image"})
        found.append(
            Picture(
                path=path,
                owner=owner,
                license=source.license or defaults[0],
                source=source.source or defaults[1],
                note="" if note is None else " ".join(note.note.split()),
                annotation=Annotation(**{key: " ".join(value.split()) for key, value in annotation.items()}),
                attributes=VisualAttributes(**attributes),
            )
        )
    return found


def text_fault(text: str) -> str:
    """Return what keeps a text out of records and files, '' when nothing does."""
    try:
        clean_text(text).encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    except ValueError as fault:
        return str(fault)
    return ""


def _by_picture(path: str | None, model: type[BaseModel], read: Read, pictures: list[str]) -> dict[str, Any]:
    """Read notes or annotations and bind each to the picture whose path ends like it."""
    if path is None:
        return {}
    data = read(path)
    try:
        whole = json.loads(_text(path, data))
    except (ValueError, RecursionError):
        whole = None
    numbered = enumerate(whole, start=1) if isinstance(whole, list) else _json_lines(path, data)
    found: dict[str, Any] = {}
    for number, value in numbered:
        row = _checked(path, number, model, value)
        picture = match_picture(row.image, pictures, f"{path}, line {number}")
        if picture in found:
            raise InputError(f"{path}, line {number}: '{row.image}' is described twice. Keep one of the two.")
        if picture:
            found[picture] = row
    return found


def match_picture(name: str, pictures: list[str], where: str) -> str:
    """Return the picture whose path shares the longest run of last parts with `name`; '' when none does.

    Case must be exact: a set that works on a disk that folds case breaks on the training cluster.

    Raises:
        InputError: two pictures match equally well, or one matches only with other letter case.
    """
    wanted = name.replace("\\", "/").split("/")

    def shared(path: str) -> int:
        parts = path.split("/")
        length = 0
        while length < min(len(parts), len(wanted)) and parts[-1 - length] == wanted[-1 - length]:
            length += 1
        return length

    scored = [(shared(path), path) for path in pictures]
    best = max((score for score, _ in scored), default=0)
    hits = [path for score, path in scored if score == best]
    if best == 0:
        folded = [path for path in pictures if path.split("/")[-1].casefold() == wanted[-1].casefold()]
        if folded:
            raise InputError(
                f"{where}: '{name}' differs from the file {folded[0]} in letter case. Write it alike."
            )
        return ""
    if len(hits) > 1:
        raise InputError(f"{where}: '{name}' may mean {hits[0]} or {hits[1]}. Write more of the path.")
    return hits[0]


def _filled(attributes: VisualAttributes) -> dict[str, str]:
    return {key: value for key, value in attributes.model_dump().items() if value}


def _tagged(path: str, tags: dict[str, VisualAttributes]) -> dict[str, str]:
    """Return what the declared words of a file name say: konrad-elvish-mad.png with the tag `mad`."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    spoken = set(stem.replace("_", "-").replace(" ", "-").split("-"))
    found: dict[str, str] = {}
    for word, attributes in tags.items():
        if word.lower() in spoken:
            found |= _filled(attributes)
    return found

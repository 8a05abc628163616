"""A folder in MMRole's format (arXiv 2408.04203) -> strict records, and a finding for every departure.

    profiles/profiles.json  profiles/NAME.json  raw_info/NAME.txt
    images/annotations.json  images/...
    dialogues/*.json  train_*.json  tests/**/*_test.json  reviews/*_test.json

A folder that holds samples and no dialogues (MMRole-Eval's) is read too: each sample's history, last words and answer are the
dialogue up to there. Where both are there, every sample must follow from its dialogue.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection, Finding
from rolescape_data.errors import InputError
from rolescape_data.importers import Imported
from rolescape_data.importers.inside import files_in, is_file_in, lies_in, parsed
from rolescape_data.importers.mmrole_dialogues import Cast, Read, read_dialogue
from rolescape_data.importers.mmrole_pictures import Pictures, read_pictures
from rolescape_data.importers.mmrole_profiles import (
    common_fields,
    detailed_profiles,
    detailed_record,
    profile_records,
    short_profiles,
)
from rolescape_data.importers.mmrole_samples import (
    SampleFile,
    check_samples,
    dialogue_of_sample,
    profiles_of_samples,
    read_samples,
    sample_files,
)
from rolescape_data.mmrole.names import coco_image_id
from rolescape_data.records import (
    RECORDS,
    ImageAnnotation,
    InstructionSample,
    Provenance,
    Record,
)
from rolescape_data.records.base import Split, clean_text


@dataclass(slots=True)
class _Reading:
    """What is read so far: everything that is odd, and the records by character."""

    root: Path
    license_id: str
    findings: list[Finding] = field(default_factory=list)
    records: dict[str, list[Record]] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def json(self, path: Path) -> Any:
        """Return a JSON file's content; None, with a finding, when it is none."""
        if not lies_in(self.root, path):
            self.outside(path)
            return None
        try:
            if not path.is_file():
                # A pipe that nobody writes to would be waited for without end.
                raise ValueError("no regular file")
            return parsed(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as fault:
            file = path.relative_to(self.root).as_posix()
            self.findings.append(
                Finding("file_unreadable", file, "", f"is no JSON in UTF-8 ({fault}); left out")
            )
            return None

    def outside(self, path: Path) -> None:
        """Note what leads out of the data set."""
        file = path.relative_to(self.root).as_posix()
        self.findings.append(Finding("outside", file, "", "leads out of the data set's folder; not read"))

    def text(self, value: Any, file: str, place: str) -> str:
        """Return a value as text that records can hold, with a finding where it had to be changed."""
        if not isinstance(value, str):
            kept = (
                "\n".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
            )
            self._changed("not_text", file, place, f"holds {type(value).__name__}, not text")
            value = kept
        plain = value.replace("\r\n", "\n").replace("\r", "\n")
        if plain != value:
            self._changed("line_ends", file, place, "holds carriage returns; now plain newlines")
        try:
            clean = clean_text(plain)
        except ValueError:
            clean = clean_text(
                "".join(one for one in plain if one in "\n\t" or unicodedata.category(one) != "Cc")
            )
            self._changed("control_character", file, place, "holds control characters; dropped")
            return clean
        if clean != plain:
            self._changed("not_nfc", file, place, "is not composed Unicode (NFC); composed")
        return clean

    def _changed(self, rule: str, file: str, place: str, detail: str) -> None:
        self.findings.append(Finding(rule, file, place, detail, hard=False, repaired=True))


def import_mmrole(root: Path) -> Imported:
    """Read a data set in MMRole's format.

    Args:
        root: the folder that holds `profiles/`, `dialogues/` and `images/`, or test or review files.

    Raises:
        InputError: no such folder, or nothing of MMRole's in it.
    """
    if not root.is_dir():
        raise InputError(f"There is no folder {root}. Name a folder in MMRole's format.")
    reading = _Reading(root, _license(root))
    found = reading.findings
    short = short_profiles(root, reading.json, reading.text, found)
    dialogues = _dialogue_entries(reading)
    files = sample_files(root, reading.json, found)
    samples = read_samples(files, found, license_id=reading.license_id)
    scripts: dict[str, str] = {}
    if not dialogues and samples:
        only = [sample for _, _, sample in samples]
        for name, (text, _, file) in profiles_of_samples(only).items():
            short.setdefault(name, (text, file))
        dialogues = _sample_entries(samples)
    detailed = detailed_profiles(root, list(short), reading.json, found)
    for name, (_, file) in detailed.items():
        if name not in short:
            found.append(Finding("profile_short", file, "", f"'{name}' has no short profile; left out"))
    if not short:
        raise InputError(
            f"{root} holds no profiles (profiles/profiles.json) and no samples (*_test.json, train_*.json) in MMRole's format. "
            "Name the folder that holds them."
        )
    commons = {
        name: common_fields(name, text, license_id=reading.license_id, source=file)
        for name, (text, file) in short.items()
    }
    cast = Cast(
        {name: common["character_id"] for name, common in commons.items()},
        {common["character_id"]: common["lang"] for common in commons.values()},
        reading.license_id,
    )
    pictures = read_pictures(root, reading.json, reading.text, found)
    talks = _talks(reading, dialogues, cast, pictures)
    for name, (_, script, _) in profiles_of_samples([sample for _, _, sample in samples]).items():
        scripts.setdefault(name, script)
    scripts |= _scripts(talks, cast, scripts)
    ood = _outside(talks, samples)
    for name, (text, file) in short.items():
        owner = cast.ids[name]
        profile, short_text = profile_records(
            name,
            text,
            file,
            script=scripts.get(name, ""),
            ood=owner in ood,
            common=commons[name],
            findings=found,
        )
        mine = reading.records.setdefault(owner, [])
        mine += [profile, short_text]
        reading.places |= {profile.id: (file, name), short_text.id: (file, name)}
        if name in detailed:
            content, own = detailed[name]
            record = detailed_record(content, own, common=commons[name], text=reading.text, findings=found)
            if record:
                mine.append(record)
                reading.places[record.id] = (own, "")
    shown = _picture_records(reading, talks, cast, pictures)
    for talk in talks:
        reading.records[talk.record.character_id].append(talk.record)
    collection = Collection(
        name=root.resolve().name,
        characters={one: _by_kind(rows) for one, rows in reading.records.items()},
        splits=_splits(talks, ood, samples),
        pictures=shown,
        sources=_sources(reading),
    )
    if samples and any(not file.startswith(_SAMPLES) for file, _, _ in dialogues):
        check_samples(samples, collection, found)
    return Imported(collection, found, reading.places)


# Stands before the file of a dialogue that was made from a sample.
_SAMPLES = "samples:"


def _dialogue_entries(reading: _Reading) -> list[tuple[str, str, Any]]:
    entries: list[tuple[str, str, Any]] = []
    for path in sorted(reading.root.glob("dialogues/**/*.json")):
        file = path.relative_to(reading.root).as_posix()
        content = reading.json(path)
        if content is not None and not isinstance(content, list):
            reading.findings.append(Finding("file_shape", file, "", "is no list of dialogues; left out"))
            continue
        entries += [(file, f"[{number}]", entry) for number, entry in enumerate(content or [])]
    return entries


def _sample_entries(
    samples: Sequence[tuple[SampleFile, str, InstructionSample]],
) -> list[tuple[str, str, Any]]:
    # Of several samples of one dialogue, the one that reaches furthest holds the others.
    furthest: dict[str, tuple[SampleFile, str, InstructionSample]] = {}
    for file, place, sample in samples:
        known = furthest.get(sample.dialogue_id)
        if known is None or sample.turn_index > known[2].turn_index:
            furthest[sample.dialogue_id] = (file, place, sample)
    return [
        (f"{_SAMPLES}{file.file}", place, dialogue_of_sample(sample))
        for file, place, sample in furthest.values()
    ]


def _talks(
    reading: _Reading, dialogues: Sequence[tuple[str, str, Any]], cast: Cast, pictures: Pictures
) -> list[Read]:
    talks: list[Read] = []
    seen: set[str] = set()
    for file, place, entry in dialogues:
        talk = read_dialogue(
            entry,
            file=file.removeprefix(_SAMPLES),
            place=place,
            cast=cast,
            pictures=pictures,
            text=reading.text,
            findings=reading.findings,
        )
        if talk is None:
            continue
        if talk.record.id in seen:
            detail = f"'{talk.name}' stands in the set before; left out"
            reading.findings.append(Finding("dialogue_twice", file, place, detail))
            continue
        seen.add(talk.record.id)
        reading.places[talk.record.id] = (file.removeprefix(_SAMPLES), place)
        talks.append(talk)
    return talks


def _scripts(talks: Sequence[Read], cast: Cast, known: dict[str, str]) -> dict[str, str]:
    """Return each character's script: the folder that its script pictures lie in, and its partners' where it has none."""
    names = {identity: name for name, identity in cast.ids.items()}
    found: dict[str, str] = {}
    for talk in talks:
        name = names[talk.record.character_id]
        folder = talk.image.split("/")[0] if "/" in talk.image else ""
        if folder and talk.name.place == "script" and coco_image_id(talk.image) is None and name not in known:
            found.setdefault(name, folder.replace("_", " "))
    for talk in talks:
        partner = getattr(talk.record, "partner_id", None)
        one, other = names[talk.record.character_id], names.get(partner or "", "")
        for mine, theirs in ((one, other), (other, one)):
            if mine and mine not in found and mine not in known and theirs in found:
                found[mine] = found[theirs]
    return found


def _outside(talks: Sequence[Read], samples: Sequence[tuple[SampleFile, str, InstructionSample]]) -> set[str]:
    """Return the out-of-distribution characters: Out-Test asks them, or their dialogues bear no number as MMRole's do."""
    asked = {
        sample.dialogue_id for file, _, sample in samples if file.use == "test" and "out" in file.file.lower()
    }
    bare = {talk.record.character_id for talk in talks if talk.name.number is None or str(talk.name) in asked}
    known = {
        talk.record.character_id
        for talk in talks
        if talk.name.number is not None and str(talk.name) not in asked
    }
    return bare if asked else bare - known


def _splits(
    talks: Sequence[Read], ood: set[str], samples: Sequence[tuple[SampleFile, str, InstructionSample]]
) -> dict[str, Split]:
    tested = {sample.dialogue_id for file, _, sample in samples if file.use == "test"}
    trained = {sample.dialogue_id for file, _, sample in samples if file.use == "train"}
    watched = {sample.dialogue_id for file, _, sample in samples if file.use == "val"}
    splits: dict[str, Split] = {}
    for talk in talks:
        if talk.record.character_id in ood:
            splits[talk.record.id] = "test_ood"
        elif str(talk.name) in tested:
            splits[talk.record.id] = "test_id"
        elif str(talk.name) in trained:
            splits[talk.record.id] = "train"
        elif str(talk.name) in watched:
            splits[talk.record.id] = "val"
    return splits


def _picture_records(
    reading: _Reading, talks: Sequence[Read], cast: Cast, pictures: Pictures
) -> dict[str, Path]:
    """Add a record and an annotation for every picture, to the first character that talks about it."""
    first = next(iter(cast.ids.values()))
    owners: dict[str, str] = {}
    for talk in talks:
        owners.setdefault(talk.image, talk.record.character_id)
    shown: dict[str, Path] = {}
    for path in [*pictures.annotated, *(one for one in owners if one not in pictures.annotated)]:
        owner = owners.get(path, first)
        identity = pictures.id_of(path, "images", path, reading.findings)
        record = pictures.record(
            path,
            character=owner,
            lang=cast.langs[owner],
            license_id=reading.license_id,
            findings=reading.findings,
        )
        if record is not None:
            reading.records[owner].append(record)
            reading.places[record.id] = (pictures.found[path].relative_to(reading.root).as_posix(), "")
            shown[identity] = pictures.found[path]
        if path in pictures.annotated:
            reading.records[owner].append(
                ImageAnnotation(
                    id=f"{identity}_annotation"[-80:],
                    character_id=owner,
                    lang=cast.langs[owner],
                    license=reading.license_id,
                    source=path,
                    provenance=Provenance(source_kind="seed", writer="mmrole"),
                    image_id=identity,
                    **pictures.annotated[path].model_dump(),
                    supplied=True,
                )
            )
    return shown


def _by_kind(rows: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row)
    return {kind: found[kind] for kind in RECORDS if kind in found}


def _sources(reading: _Reading) -> dict[str, str]:
    return {
        path.relative_to(reading.root).as_posix(): path.read_bytes().decode("utf-8", errors="replace")
        for path in files_in(reading.root, "raw_info/*.txt", reading.outside)
    }


def _license(root: Path) -> str:
    path = root / "LICENSE"
    if is_file_in(root, path) and path.read_text(encoding="utf-8", errors="replace").lstrip().startswith(
        "MIT License"
    ):
        return "MIT"
    return "LicenseRef-unknown"

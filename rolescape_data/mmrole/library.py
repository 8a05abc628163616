"""A whole set of records -> every dialogue as MMRole's files name it, with picture, annotation and speakers beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from rolescape_data.collection import Collection
from rolescape_data.errors import InputError
from rolescape_data.mmrole.names import (
    TYPES,
    DialogueName,
    DialogueType,
    Place,
    coco_path,
    dialogue_name,
    folder_of,
    owner_of,
)
from rolescape_data.mmrole.profile_text import short_profile
from rolescape_data.mmrole.prompt import HYPOTHETICAL
from rolescape_data.mmrole.turns import Dialogue, Speaker, samples_of
from rolescape_data.records.character import CharacterProfile, ProfileText
from rolescape_data.records.dialogue import Commentary, HumanRoleDialogue, InterRoleDialogue
from rolescape_data.records.image import Annotation, ImageRecord
from rolescape_data.records.instruction import InstructionSample
from rolescape_data.records.visual import ImageAnnotation

_SUFFIXES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One dialogue: its record, its name and its picture's path in MMRole's files, and what is known of the picture."""

    record: Dialogue
    name: DialogueName
    image: str
    annotation: Annotation


@dataclass(frozen=True, slots=True)
class Library:
    """A set as MMRole's files tell it.

    Args:
        speakers: by character id, in the order of the set.
        profiles: by character id.
        entries: every dialogue, by character and type.
        paths: a picture's path in MMRole's files, by image id; pictures that no file was stored of have one too.
        annotations: what is known of a picture, by image id.
    """

    speakers: Mapping[str, Speaker]
    profiles: Mapping[str, CharacterProfile]
    entries: Sequence[Entry]
    paths: Mapping[str, str]
    annotations: Mapping[str, Annotation]

    def speaker(self, character: str) -> Speaker:
        """Return who a character id stands for.

        Raises:
            InputError: the set has no profile of it.
        """
        if character not in self.speakers:
            raise InputError(
                f"The set holds no profile of '{character}', which a dialogue names. Build its profile, or leave the dialogue out."
            )
        return self.speakers[character]

    def samples(self, entry: Entry) -> list[InstructionSample]:
        """Return the instruction samples of a dialogue: one per turn of a character."""
        return samples_of(
            entry.record, entry.name, speaker=self.speaker, image=entry.image, annotation=entry.annotation
        )


def library_of(collection: Collection) -> Library:
    """Arrange a set as MMRole's files hold it. Characters without a profile are left out."""
    profiles = {one: found for one in collection.characters if (found := collection.profile(one)) is not None}
    speakers = {
        one: Speaker(
            one,
            profile.name,
            script_of(profile, collection),
            short_profile(profile, collection.of(one, ProfileText)),
        )
        for one, profile in profiles.items()
    }
    records = {
        one.id: one for character in collection.characters for one in collection.of(character, ImageRecord)
    }
    annotations = {one.id: one.annotation for one in records.values() if one.annotation != Annotation()}
    for character in collection.characters:
        for told in collection.of(character, ImageAnnotation):
            annotations[told.image_id] = Annotation(
                role_info=told.role_info, place_info=told.place_info, scene_info=told.scene_info
            )
    paths = _paths(records, speakers)
    entries: list[Entry] = []
    for character in profiles:
        for kind in TYPES:
            entries += _entries(collection, character, kind, speakers[character], records, paths, annotations)
    return Library(speakers, profiles, entries, paths, annotations)


def script_of(profile: CharacterProfile, collection: Collection) -> str:
    """Return what stands after 'from' in a prompt: the script, or the set's name where a character has none."""
    if profile.script:
        return profile.script
    return HYPOTHETICAL if profile.category == "hypothetical" else collection.name


def dialogues_of(collection: Collection, character: str, kind: DialogueType) -> Sequence[Dialogue]:
    """Return a character's dialogues of one type, in order."""
    if kind == "comment":
        return collection.of(character, Commentary)
    if kind == "human-role":
        return collection.of(character, HumanRoleDialogue)
    return collection.of(character, InterRoleDialogue)


def _entries(
    collection: Collection,
    character: str,
    kind: DialogueType,
    speaker: Speaker,
    records: Mapping[str, ImageRecord],
    paths: dict[str, str],
    annotations: Mapping[str, Annotation],
) -> list[Entry]:
    dialogues = dialogues_of(collection, character, kind)
    owner = owner_of(speaker.name)
    given = {one.id: _given(one.id, character, kind) for one in dialogues}
    taken = {(name.place, name.number) for name in given.values() if name}
    entries = []
    for dialogue in dialogues:
        image = dialogue.image_id
        if image not in paths:
            paths[image] = coco_path(image) or f"{folder_of(speaker.script)}/{image}"
        own = given[dialogue.id]
        if own is None:
            place: Place = "COCO" if _generic(image, records) else "script"
            number = next(n for n in range(len(dialogues) + len(taken) + 1) if (place, n) not in taken)
            taken.add((place, number))
            own = DialogueName(owner, kind, place, number)
        name = DialogueName(owner, kind, own.place, own.number)
        told = annotations.get(image, Annotation()) if name.place == "script" else Annotation()
        entries.append(Entry(dialogue, name, paths[image], told))
    return entries


def _given(record_id: str, character: str, kind: DialogueType) -> DialogueName | None:
    """Return the name that a record's id bears, if it bears one: imported dialogues keep theirs."""
    name = dialogue_name(record_id)
    return name if name and name.owner == character and name.type == kind else None


def _generic(image: str, records: Mapping[str, ImageRecord]) -> bool:
    if image in records:
        return records[image].owner == "pool"
    return coco_path(image) is not None


def _paths(records: Mapping[str, ImageRecord], speakers: Mapping[str, Speaker]) -> dict[str, str]:
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for record in records.values():
        suffixes = _SUFFIXES[record.format]
        path = PurePosixPath(record.path)
        if path.suffix.lower() not in suffixes:
            path = path.with_suffix(suffixes[0])
        speaker = speakers.get(record.character_id)
        unsafe = path.is_absolute() or ".." in path.parts or "\\" in record.path or "//" in record.path
        if unsafe or path.as_posix().casefold() in taken:
            path = (
                PurePosixPath(folder_of(speaker.script) if speaker else "pictures")
                / f"{record.id}{suffixes[0]}"
            )
        paths[record.id] = coco_path(record.id) or path.as_posix()
        taken.add(paths[record.id].casefold())
    return paths

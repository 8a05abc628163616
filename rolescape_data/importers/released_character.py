"""One character's folders of a set in RoleScape-20's released layout -> its records, in a collection.

    {"description": "...", "opening": "", "scenes": [[{"role": "user", "text": "..."}, {"role": "machine", "text": "...", "image": "0"}]]}

The fuller file is believed: annotation.json is held against NAME_with_image.json, processed/ and configs/ against what the
records give.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.importers import released_rows as rows
from rolescape_data.importers.released_pictures import find_picture, image_record
from rolescape_data.importers.released_questions import (
    TEXT_MCQ,
    TEXT_QA,
    VISUAL_MCQ,
    VISUAL_QA,
    Form,
    read_questions,
)
from rolescape_data.importers.released_reader import Reader
from rolescape_data.importers.released_scenes import read_captions, read_checks, read_pair
from rolescape_data.records import (
    RECORDS,
    Caption,
    CharacterProfile,
    ImageDialogue,
    ProbeInput,
    ProfileText,
    Provenance,
    Record,
    TextDialogue,
)
from rolescape_data.records.base import Split
from rolescape_data.spans import words
from rolescape_data.unicharacter import names
from rolescape_data.unicharacter.names import Side
from rolescape_data.unicharacter.portrait import portrait

_SPLITS: dict[Side, Split] = {"train": "train", "test": "test_id"}
_PROBES = ("memorization", "personality", "diversity")


def read_character(
    reader: Reader, people: Path, folder_name: str, sides: Mapping[Side, Path], collection: Collection
) -> Collection:
    """Return the collection with one more character in it.

    Args:
        reader: gets the findings.
        people: the folder `personalized_data`.
        folder_name: what the character's folders are called.
        sides: its folder below `train` and `test`, where there is one.
        collection: the characters before it, whose ids are taken.
    """
    return _Character(reader, people, folder_name, sides, set(collection.characters)).read(collection)


class _Character:
    """One character's folders while they are read."""

    def __init__(
        self, reader: Reader, people: Path, folder_name: str, sides: Mapping[Side, Path], taken: set[str]
    ) -> None:
        self.reader, self.people, self.folder_name, self.sides = reader, people, folder_name, sides
        files = [path.name for folder in sides.values() for path in sorted(folder.iterdir())]
        self.name, self.script = names.split_folder(folder_name, files)
        self.configs = people.parent / names.CONFIGS / folder_name
        self.id = self._identity(taken)
        self.records: dict[str, list[Record]] = {}
        self.splits: dict[str, Split] = {}
        self.pictures: dict[str, Path] = {}
        self.sources: dict[str, str] = {}
        self.header: dict[str, str] = {}
        self.lang = "en"

    def read(self, collection: Collection) -> Collection:
        """Read everything; return the collection with this character in it."""
        self._profiles()
        heads = {side: self._scenes(side) for side in self.sides}
        self._profile_record()
        for side, said in heads.items():
            self._talks(side, said)
        self._knowledge()
        self._probes()
        folder = self.people.parent.parent / names.GRPO / names.check_name(self.name)
        checks = self.reader.file(folder, names.check_file(self.name))
        for check in read_checks(self.reader, checks, self._shared("train")) if checks else []:
            self._keep(check, "train")
        mixes, told = rows.read_mixes(
            self.reader, self.configs, names.prefix_of(self.id), self._shared("train")
        )
        for mix in mixes:
            self._keep(mix)
        collection = self._into(collection)
        one = portrait(collection, self.id)
        if one is None:
            return collection
        files = {
            side: rows.read_processed(self.reader, folder, self.folder_name, self.name)
            for side, folder in self.sides.items()
        }
        for row in rows.mixture_rows(self.reader, one, files.get("train", {}), self._shared("train")):
            self._keep(row)
        collection = self._into(collection)
        one = portrait(collection, self.id)
        assert one is not None, "the profile does not go away"
        # What is read lies where it lies; what the records give would lie under this name.
        one = replace(one, folder=self.folder_name)
        for side, told_rows in files.items():
            rows.compare_rows(self.reader, one, side, told_rows)
        rows.compare_mixes(self.reader, one, mixes, told)
        return collection

    def _identity(self, taken: set[str]) -> str:
        """Return the character's id: what its configurations are called, else its folder's name as an id."""
        stems = sorted((path.stem for path in self.configs.glob("*.yaml")), key=len)
        wanted = stems[0] if stems and all(stem.startswith(stems[0]) for stem in stems) else self.folder_name
        own = names.slug(wanted) or f"character_{len(taken) + 1}"
        others = (f"{own[:35]}_{number}" for number in range(len(taken) + 1, 2 * len(taken) + 2))
        return next(name for name in (own, *others) if name not in taken)

    def _into(self, collection: Collection) -> Collection:
        mine: dict[str, Sequence[Record]] = {
            kind: self.records[kind] for kind in RECORDS if kind in self.records
        }
        return replace(
            collection,
            characters={**collection.characters, self.id: mine},
            splits={**collection.splits, **self.splits},
            pictures={**collection.pictures, **self.pictures},
            sources={**collection.sources, **self.sources},
        )

    def _shared(self, side: Side) -> dict[str, Any]:
        return {
            "character_id": self.id,
            "lang": self.lang,
            "license": "NOASSERTION",
            "source": f"{self.folder_name} of a set in RoleScape-20's layout",
            "provenance": Provenance(source_kind="seed", writer="importer:rolescape20"),
        }

    def _keep(self, record: Record | None, split: Split | None = None) -> None:
        if record is None:
            return
        self.records.setdefault(record.kind, []).append(record)
        if split is not None:
            self.splits[record.id] = split

    def _open(self, side: Side, ending: str, *, needed: bool = True) -> tuple[Path, dict[str, Any]] | None:
        """Return a JSON file of the character, after its description was held against the others."""
        folder = self.sides.get(side)
        if folder is None:
            return None
        name = ending if ending == "annotation.json" else f"{self.name}{ending}"
        path = self.reader.file(folder, name, needed=needed)
        told = self.reader.json(path) if path else None
        if path is None or told is None:
            return None
        for key in ("description", "opening"):
            text = self.reader.text(told.get(key, ""), path, key)
            if text != self.header.setdefault(key, text):
                self.reader.wrong(
                    "header_differs", path, key, f"says another {key} than the files before", hard=False
                )
        return path, told

    def _profiles(self) -> None:
        for form, ending in (
            ("full", "_full_profile.txt"),
            ("personality", "_personality_simplified_profile.txt"),
        ):
            for side, folder in self.sides.items():
                if form == "personality" and side == "test":
                    continue
                path = self.reader.file(folder, f"{self.name}{ending}", needed=True)
                text = self.reader.document(path) if path else None
                if path is None or text is None:
                    continue
                if form == "full" and "full" in self.header:
                    if text != self.header["full"]:
                        self.reader.wrong(
                            "header_differs", path, "", "differs from the other side's", hard=False
                        )
                    continue
                self.header[form] = text
                if form == "full":
                    self.lang = _language(text)
                    self.header["source"] = self.reader.name(path)
                    self.sources[self.reader.name(path)] = text
                values = self._shared(side) | {
                    "id": f"{self.id}_profile_{form}",
                    "form": form,
                    "text": text,
                }
                self._keep(self.reader.made(ProfileText, values, path, ""))

    def _profile_record(self) -> None:
        values = self._shared("train") | {
            "id": f"{self.id}_profile",
            "name": self.name,
            "category": None,
            "script": self.script,
            "description": self.header.get("description", ""),
            "opening": self.header.get("opening", ""),
            "brief_introduction": "",
            "personality": "",
            "life_story": "",
            "relationships": [],
            "catchphrases": [],
            "speech_style": "",
            "facts": [],
        }
        folder = next(iter(self.sides.values()))
        self._keep(self.reader.made(CharacterProfile, values, folder, ""))

    def _scenes(self, side: Side) -> list[tuple[str, str]]:
        """Read the exchanges beside pictures; return what is said in them, in order."""
        plain = self._open(side, "annotation.json")
        full = self._open(side, "_with_image.json")
        drawn = self._open(side, "_t2i_instruction.json")
        captions = read_captions(self.reader, *drawn) if drawn else {}
        told = full or plain
        if told is None:
            return []
        path, content = told
        self.reader.keys(content, ("description", "opening", "scenes"), path, "")
        said: list[tuple[str, str]] = []
        for place, scene in self.reader.items(content.get("scenes"), path, "scenes"):
            pair = read_pair(self.reader, path, place, scene)
            if pair is None:
                continue
            said.append((pair[0], pair[1]))
            self._scene(side, path, place, pair, captions)
        if full is not None and plain is not None:
            self._annotated(plain[0], plain[1], said)
        return said

    def _annotated(self, path: Path, told: dict[str, Any], said: list[tuple[str, str]]) -> None:
        """Hold annotation.json against the scenes that were read from the fuller file."""
        scenes = self.reader.items(told.get("scenes"), path, "scenes")
        if len(scenes) != len(said):
            self.reader.wrong(
                "derived_count", path, "scenes", f"{len(scenes)} scenes, {len(said)} with_image", hard=False
            )
        for (place, scene), known in zip(scenes, said, strict=False):
            pair = read_pair(self.reader, path, place, scene)
            if pair is not None and (pair[0], pair[1]) != known:
                self.reader.wrong(
                    "derived_row", path, place, "says other than the same scene with_image", hard=False
                )

    def _scene(
        self,
        side: Side,
        path: Path,
        place: str,
        pair: tuple[str, str, dict[str, Any], str],
        captions: dict[str, str],
    ) -> None:
        user, response, message, where = pair
        known = ("role", "from", "text", "value", "image", "thinking_process", "generation_instruction")
        self.reader.keys(message, (*known, "qa_pairs", "mcq_items"), path, where)
        picture = self.reader.text(message.get("image"), path, f"{where}.image").strip()
        file = find_picture(self.reader, self.sides[side], picture) if picture else None
        if file is None:
            self.reader.wrong(
                "picture_link", path, f"{where}.image", f"there is no picture '{picture}'; scene left out"
            )
            return
        stem = f"{side}_{names.slug(file.stem) or 'picture'}"
        shared = self._shared(side)
        image_id = f"{self.id}_img_{stem}"
        if image_id in self.pictures:
            self.reader.wrong(
                "picture_twice", path, f"{where}.image", f"'{picture}' has a scene already; left out"
            )
            return
        image = image_record(self.reader, file, shared, image_id)
        if image is None:
            return
        values = shared | {"image_id": image.id}
        dialogue = self.reader.made(
            ImageDialogue,
            values | {"id": f"{self.id}_imgdlg_{stem}", "user_text": user, "response": response},
            path,
            place,
        )
        if dialogue is None:
            return
        split = _SPLITS[side]
        self.pictures[image.id] = file
        self._keep(image, split)
        self._keep(dialogue, split)
        texts = {
            key: self.reader.text(message.get(key), path, f"{where}.{key}")
            for key in ("thinking_process", "generation_instruction")
        } | {"t2i_caption": captions.get(picture, captions.get(file.stem, ""))}
        missing = [key for key, text in texts.items() if not text.strip()]
        if missing and len(missing) < len(texts):
            self.reader.wrong(
                "caption_incomplete", path, where, f"has no {', '.join(missing)}; no caption made"
            )
        if not missing:
            caption = values | {"id": f"{self.id}_cap_{stem}", "dialogue_id": dialogue.id} | texts
            self._keep(self.reader.made(Caption, caption, path, where), split)
        asked: tuple[tuple[str, Form, Split], ...] = (
            ("vqa", VISUAL_QA, split),
            ("vmcq", VISUAL_MCQ, "test_id"),
        )
        for name, form, own in asked:
            owner = f"{self.id}_{name}_{stem}"
            for record in read_questions(form, self.reader, path, message, where, values, owner=owner):
                self._keep(record, own)

    def _talks(self, side: Side, pictured: list[tuple[str, str]]) -> None:
        """Read the exchanges without pictures; those beside pictures, which stand there again, are not read twice."""
        told = self._open("train", f"_dialogue_text_extension_{side}.json")
        if told is None:
            return
        path, content = told
        self.reader.keys(content, ("description", "opening", "scenes"), path, "")
        due = Counter(pictured if side == "train" else [])
        order: list[bool] = []
        count = 0
        for place, scene in self.reader.items(content.get("scenes"), path, "scenes"):
            pair = read_pair(self.reader, path, place, scene)
            if pair is None:
                continue
            user, response, message, where = pair
            self.reader.keys(message, ("role", "from", "text", "value"), path, where)
            if due[user, response]:
                due[user, response] -= 1
                order.append(True)
                continue
            order.append(False)
            count += 1
            name = f"txtdlg_{count:03d}" if side == "train" else f"txtdlg_test_{count:03d}"
            values = self._shared(side) | {
                "id": f"{self.id}_{name}",
                "user_text": user,
                "response": response,
            }
            self._keep(self.reader.made(TextDialogue, values, path, place), _SPLITS[side])
        if absent := due.total():
            detail = f"{absent} exchanges beside pictures are not in it"
            self.reader.wrong("derived_count", path, "scenes", detail, hard=False)
        if order != sorted(order):
            self.reader.wrong(
                "scene_order", path, "scenes", "exchanges beside pictures stand between others", hard=False
            )

    def _knowledge(self) -> None:
        profile = (self.header.get("source", ""), self.header.get("full", ""))
        files: tuple[tuple[str, Form, Split], ...] = (
            ("_knowledge_qa.json", TEXT_QA, "train"),
            ("_knowledge_qa_test.json", TEXT_MCQ, "test_id"),
        )
        for ending, form, split in files:
            told = self._open("train", ending)
            if told is None:
                continue
            path, content = told
            self.reader.keys(content, ("description", "opening", form.items), path, "")
            shared = self._shared("train")
            for record in read_questions(
                form, self.reader, path, content, "", shared, owner=self.id, profile=profile
            ):
                self._keep(record, split)

    def _probes(self) -> None:
        for probe in _PROBES:
            told = self._open("train", f"_{probe}_test.json", needed=probe != "diversity")
            if told is None:
                continue
            path, content = told
            self.reader.keys(content, ("description", "opening", "test_questions"), path, "")
            lines = self.reader.items(content.get("test_questions"), path, "test_questions")
            for number, (place, line) in enumerate(lines, start=1):
                values = self._shared("train") | {
                    "id": f"{self.id}_probe_{probe}_{number:02d}",
                    "probe": probe,
                    "text": self.reader.text(line, path, place),
                }
                self._keep(self.reader.made(ProbeInput, values, path, place), "test_id")


def _language(text: str) -> str:
    """Return 'zh' for a text of which every third word or more is a Chinese character, else 'en'."""
    told = words(text)
    return "zh" if sum("\u3400" <= word[0] <= "\u9fff" for word in told) * 3 >= max(1, len(told)) else "en"

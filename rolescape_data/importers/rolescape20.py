"""A data set in RoleScape-20's released layout -> strict records, and a finding for every departure.

    data/personalized_data/{train,test}/FOLDER/annotation.json, NAME_with_image.json, NAME_knowledge_qa.json, 0.png ..
    data/personalized_data/{train,test}/FOLDER/processed/{t2i,vlm}/NAME_*.jsonl
    data/configs/FOLDER/PREFIX*.yaml

Tolerant in reading: `from` for `role`, numbers for texts, names in another case, files and keys that are not there.
What the layout derives from its records (`processed/`, `configs/`) is compared with them, not believed.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.errors import InputError
from rolescape_data.importers import Imported
from rolescape_data.importers import released_questions as questions
from rolescape_data.importers import released_rows as rows
from rolescape_data.importers.inside import lies_in
from rolescape_data.importers.released_pictures import find_picture, image_record
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
from rolescape_data.unicharacter.names import SIDES, Side
from rolescape_data.unicharacter.portrait import portrait

_SPLITS: dict[Side, Split] = {"train": "train", "test": "test_id"}
_PROBES = ("memorization", "personality", "diversity")
_IGNORED = {".ds_store", "thumbs.db", ".gitkeep"}


def import_rolescape20(root: Path) -> Imported:
    """Read a data set in the released layout.

    Args:
        root: the folder that holds `data/`, or `data/` or `personalized_data/` itself.

    Raises:
        InputError: there is no `personalized_data` with a `train` folder.
    """
    people = next(
        (
            folder
            for folder in (root / names.DATA / names.PEOPLE, root / names.PEOPLE, root)
            if any((folder / side).is_dir() for side in SIDES)
        ),
        None,
    )
    if people is None:
        raise InputError(
            f"{root} holds no data set in RoleScape-20's layout: there is no {names.DATA}/{names.PEOPLE}/train. "
            "Name the folder that holds data/."
        )
    reader = Reader(root)
    folders: dict[str, dict[Side, Path]] = {}
    for side in SIDES:
        for folder in sorted(path for path in (people / side).glob("*") if path.is_dir()):
            if not lies_in(root, folder):
                reader.outside(folder)
                continue
            known = next((name for name in folders if name.casefold() == folder.name.casefold()), None)
            if known is not None and known != folder.name:
                reader.mended("file_case", folder, "", f"is called '{known}' on the other side")
            folders.setdefault(known or folder.name, {})[side] = folder
    collection = Collection(name=root.resolve().name, characters={}, splits={}, pictures={}, sources={})
    taken: set[str] = set()
    for folder_name in sorted(folders):
        one = _Character(reader, people, folder_name, folders[folder_name], taken)
        collection = one.read(collection)
        taken.add(one.id)
    _unread(reader, people)
    return Imported(collection, reader.findings)


class _Character:
    """One character's folders while they are read."""

    def __init__(
        self, reader: Reader, people: Path, folder_name: str, sides: dict[Side, Path], taken: set[str]
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
        found = names.slug(wanted) or f"character_{len(taken) + 1}"
        while found in taken:
            found = f"{found[:37]}_{len(taken) + 1}"
        return found

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
        path = self.reader.file(folder, name)
        if path is None:
            if needed:
                self.reader.wrong("file_missing", folder / name, "", "is not there", hard=False)
            return None
        told = self.reader.json(path)
        if told is None:
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
                path = self.reader.file(folder, f"{self.name}{ending}")
                if path is None:
                    self.reader.wrong(
                        "file_missing", folder / f"{self.name}{ending}", "", "is not there", hard=False
                    )
                    continue
                try:
                    data = path.read_bytes().decode("utf-8-sig")
                except UnicodeDecodeError:
                    self.reader.wrong("file_text", path, "", "is not UTF-8; left out")
                    continue
                text = self.reader.text(data, path, "")
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
        image = image_record(self.reader, file, shared, f"{self.id}_img_{stem}")
        if image is None:
            return
        if image.id in self.pictures:
            self.reader.wrong(
                "picture_twice", path, f"{where}.image", f"'{picture}' has a scene already; left out"
            )
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
        open_, four = questions.seen(self.reader, path, message, where, values, picture)
        for record in open_:
            self._keep(record, split)
        for record in four:
            self._keep(record, "test_id")

    def _talks(self, side: Side, pictured: list[tuple[str, str]]) -> None:
        """Read the exchanges without pictures; those beside pictures, which stand there again, are not read twice."""
        told = self._open("train", f"_dialogue_text_extension_{side}.json")
        if told is None:
            return
        path, content = told
        self.reader.keys(content, ("description", "opening", "scenes"), path, "")
        due = list(pictured) if side == "train" else []
        order: list[bool] = []
        count = 0
        for place, scene in self.reader.items(content.get("scenes"), path, "scenes"):
            pair = read_pair(self.reader, path, place, scene)
            if pair is None:
                continue
            user, response, message, where = pair
            self.reader.keys(message, ("role", "from", "text", "value"), path, where)
            if (user, response) in due:
                due.remove((user, response))
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
        if due:
            self.reader.wrong(
                "derived_count",
                path,
                "scenes",
                f"{len(due)} exchanges beside pictures are not in it",
                hard=False,
            )
        if order != sorted(order):
            self.reader.wrong(
                "scene_order", path, "scenes", "exchanges beside pictures stand between others", hard=False
            )

    def _knowledge(self) -> None:
        source, profile = self.header.get("source", ""), self.header.get("full", "")
        shared = self._shared("train")
        if (told := self._open("train", "_knowledge_qa.json")) is not None:
            self.reader.keys(told[1], ("description", "opening", "qa_items"), told[0], "")
            for record in questions.knowledge(self.reader, *told, shared, source, profile):
                self._keep(record, "train")
        if (told := self._open("train", "_knowledge_qa_test.json")) is not None:
            self.reader.keys(told[1], ("description", "opening", "mcq_items"), told[0], "")
            for record in questions.choices(self.reader, *told, shared, source, profile):
                self._keep(record, "test_id")

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


def _unread(reader: Reader, people: Path) -> None:
    """Note the files of the data set that nothing was made of."""
    parquet = ("_parquet",)
    for folder in (people, people.parent / names.CONFIGS):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if not path.is_file() or path in reader.seen or path.name.casefold() in _IGNORED:
                continue
            if path.parent.name.endswith(parquet):
                continue
            reader.wrong(
                "file_unknown",
                path,
                "",
                "belongs to no part of the layout that is read; left out",
                hard=False,
            )

"""A whole set -> the files that MMRole's trainer and evaluation read (arXiv 2408.04203).

    profiles/profiles.json  profiles/NAME.json      short and detailed profiles
    images/annotations.json  images/PATH            what is to be seen, and the pictures
    dialogues/{comment,human-role,inter-role}.json  the dialogues, whole
    train_{TYPE}.json  train_all.json               one sample per character turn, the picture inside the user's words
    val_{TYPE}.json                                 the same of the validation split, where the set has one
    tests/{in,out}_test/{TYPE}_test.json            In-Test: one random turn per character and type; Out-Test: one per dialogue kind
                                                    and place of each unseen character

A training sample; tests hold the bare prompt and `image` below `images/`:

    {"id": "Ada_Fenn_comment_COCO_0_1", "system": "...", "image": "images/Town/ada.png", "role": "Ada Fenn", "script": "Town",
     "other_role": "a curious human", "conversations": [
        {"from": "user", "value": "Picture 1: <img>images/Town/ada.png</img>\\nPlease step into ..."},
        {"from": "assistant", "value": "..."}]}

MMRole's trainer knows no other senders than `user` and `assistant`. Two of the released set's faults are not repeated: the person of a
commentary is named under `role` like everybody, and no dialogue that is tested on stands in training.
"""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.export.folder import Content
from rolescape_data.mmrole.library import Entry, Library, library_of
from rolescape_data.mmrole.names import TYPES, DialogueType
from rolescape_data.mmrole.profile_text import detailed_profile
from rolescape_data.mmrole.prompt import A_HUMAN, HUMAN, SYSTEM, build
from rolescape_data.mmrole.turns import messages_of
from rolescape_data.records.character import DetailedProfile
from rolescape_data.records.image import Annotation, ImageRecord
from rolescape_data.records.instruction import InstructionSample
from rolescape_data.records.visual import ImageAnnotation

FORMAT = "rolescape-mmrole"
IMAGES = "images"
RAW = "raw_info/"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Which samples are trained and tested on, each by type."""

    train: Mapping[DialogueType, Sequence[InstructionSample]]
    val: Mapping[DialogueType, Sequence[InstructionSample]]
    in_test: Mapping[DialogueType, Sequence[InstructionSample]]
    out_test: Mapping[DialogueType, Sequence[InstructionSample]]


def mmrole_files(collection: Collection, *, seed: int) -> tuple[dict[str, Content], dict[str, Any]]:
    """Return every file of the export by its path, and what it counts.

    Args:
        collection: the whole set; a record's split says whether it may be trained on, records without one may.
        seed: of the draw of test turns.

    Raises:
        InputError: a dialogue names a character without a profile, or a language that MMRole's prompts cannot name.
    """
    library = library_of(collection)
    drawn = draw(library, collection, seed=seed)
    files: dict[str, Content] = {
        "profiles/profiles.json": _json({one.name: one.profile for one in library.speakers.values()})
    }
    bare: list[str] = []
    for character, profile in library.profiles.items():
        parts = detailed_profile(profile, collection.of(character, DetailedProfile))
        if not all(parts.values()):
            # MMRole's readers take all five parts for granted.
            bare.append(character)
            continue
        files[f"profiles/{profile.name.replace('/', '_')}.json"] = _json(parts)
    files |= {name: text.encode() for name, text in collection.sources.items() if name.startswith(RAW)}
    files[f"{IMAGES}/annotations.json"] = _json(_annotations(library, collection))
    files |= {
        f"{IMAGES}/{library.paths[identity]}": path
        for identity, path in collection.pictures.items()
        if identity in library.paths
    }
    for kind in TYPES:
        own = [entry for entry in library.entries if entry.name.type == kind]
        files[f"dialogues/{kind}.json"] = _json([dialogue_json(entry, library) for entry in own])
        files[f"train_{kind}.json"] = _json([training_json(sample) for sample in drawn.train[kind]])
        if any(drawn.val.values()):
            files[f"val_{kind}.json"] = _json([training_json(sample) for sample in drawn.val[kind]])
        files[f"tests/in_test/{kind}_test.json"] = _json(
            [test_json(sample) for sample in drawn.in_test[kind]]
        )
        files[f"tests/out_test/{kind}_test.json"] = _json(
            [test_json(sample) for sample in drawn.out_test[kind]]
        )
    everything = [training_json(sample) for kind in TYPES for sample in drawn.train[kind]]
    files["train_all.json"] = _json(everything)
    return files, {**_counts(library, drawn, seed), "without_detailed_profile": bare}


def draw(library: Library, collection: Collection, *, seed: int) -> Drawn:
    """Draw the tests and say what is left to train on.

    In-Test takes one turn per character and type, from its `test_id` dialogues where it has some; no sample of that dialogue is
    trained on, and a dialogue whose picture no other is about is taken first. Whatever shows an unseen character on either side is
    trained on nowhere.
    """
    groups = _groups(library, collection)
    outside = {
        one
        for one, profile in library.profiles.items()
        if profile.split_role == "ood" or _all_ood(library, collection, one)
    }
    train: dict[DialogueType, list[InstructionSample]] = {kind: [] for kind in TYPES}
    val: dict[DialogueType, list[InstructionSample]] = {kind: [] for kind in TYPES}
    in_test: dict[DialogueType, list[InstructionSample]] = {kind: [] for kind in TYPES}
    out_test: dict[DialogueType, list[InstructionSample]] = {kind: [] for kind in TYPES}
    shown = Counter(groups[entry.image] for entry in library.entries)
    alone = {entry.image for entry in library.entries if shown[groups[entry.image]] == 1}
    rest: list[Entry] = []
    for character in library.speakers:
        for kind in TYPES:
            own = [
                entry
                for entry in library.entries
                if entry.record.character_id == character and entry.name.type == kind
            ]
            if character in outside:
                for place in ("COCO", "script"):
                    there = [entry for entry in own if entry.name.place == place]
                    if there:
                        dice = random.Random(f"{seed}/out/{character}/{kind}/{place}")
                        out_test[kind].append(dice.choice(library.samples(dice.choice(there))))
                continue
            seen = [entry for entry in own if not _people(entry, library) & outside]
            tested = _tested(seen, collection, alone, random.Random(f"{seed}/in/{character}/{kind}"))
            if tested:
                dice = random.Random(f"{seed}/in/{character}/{kind}/{tested.name}")
                in_test[kind].append(dice.choice(library.samples(tested)))
            rest += [entry for entry in seen if entry is not tested]
    for entry in rest:
        split = collection.splits.get(entry.record.id, "train")
        if split in ("train", "val"):
            (train if split == "train" else val)[entry.name.type] += library.samples(entry)
    return Drawn(train, val, in_test, out_test)


def _all_ood(library: Library, collection: Collection, character: str) -> bool:
    splits = [
        collection.splits.get(entry.record.id)
        for entry in library.entries
        if entry.record.character_id == character
    ]
    return bool(splits) and all(split == "test_ood" for split in splits)


def _people(entry: Entry, library: Library) -> set[str]:
    return {who for who, _ in messages_of(entry.record) if who != HUMAN} | {entry.record.character_id}


def _groups(library: Library, collection: Collection) -> dict[str, str]:
    """Return what stands for a picture and its near copies, by the picture's path; the path itself where there is no record of it."""
    records = [one for character in collection.characters for one in collection.of(character, ImageRecord)]
    known = {library.paths[one.id]: one.group_id for one in records if one.id in library.paths}
    return {entry.image: known.get(entry.image) or entry.image for entry in library.entries}


def _tested(
    own: Sequence[Entry], collection: Collection, alone: set[str], dice: random.Random
) -> Entry | None:
    held = [entry for entry in own if collection.splits.get(entry.record.id) == "test_id"]
    # With a single dialogue there is nothing to train on once it is tested on; training goes first.
    choice = held or (
        [entry for entry in own if collection.splits.get(entry.record.id) != "val"] if len(own) > 1 else []
    )
    # A picture that one dialogue alone is about costs training nothing else.
    return dice.choice([one for one in choice if one.image in alone] or choice) if choice else None


def dialogue_json(entry: Entry, library: Library) -> dict[str, Any]:
    """Return a dialogue as MMRole's dialogue files hold it."""
    infos = entry.annotation.model_dump() if entry.name.place == "script" else {}
    return {
        "id": str(entry.name),
        "image": entry.image,
        **infos,
        "conversations": [
            {"role": HUMAN if who == HUMAN else library.speaker(who).name, "value": words}
            for who, words in messages_of(entry.record)
        ],
    }


def training_json(sample: InstructionSample) -> dict[str, Any]:
    """Return a sample as MMRole's trainer reads it: Qwen-VL's picture mark stands in the user's words."""
    image = f"{IMAGES}/{sample.image}"
    return _sample_json(sample, image, f"Picture 1: <img>{image}</img>\n{build(sample)}")


def test_json(sample: InstructionSample) -> dict[str, Any]:
    """Return a sample as MMRole's evaluation reads it; the reference stands where a model's answer will."""
    return _sample_json(sample, sample.image, build(sample))


def _sample_json(sample: InstructionSample, image: str, words: str) -> dict[str, Any]:
    return {
        "id": sample.sample_id,
        "system": SYSTEM,
        "image": image,
        "conversations": [{"from": "user", "value": words}, {"from": "assistant", "value": sample.answer}],
        "role": sample.role,
        "script": sample.script,
        "other_role": sample.other_role or A_HUMAN,
    }


def _annotations(library: Library, collection: Collection) -> list[dict[str, str]]:
    """Return an entry for every picture that is no generic one, annotated or not."""
    found: dict[str, dict[str, str]] = {}
    for character in collection.characters:
        told = collection.of(character, ImageAnnotation)
        pictures = [one.id for one in collection.of(character, ImageRecord) if one.owner != "pool"]
        for image in (*pictures, *(one.image_id for one in told)):
            path = library.paths.get(image)
            if path is not None:
                found.setdefault(
                    image, {"image": path, **library.annotations.get(image, Annotation()).model_dump()}
                )
    return list(found.values())


def _counts(library: Library, drawn: Drawn, seed: int) -> dict[str, Any]:
    trained = {sample.image for samples in drawn.train.values() for sample in samples}
    tested = [sample.image for samples in drawn.in_test.values() for sample in samples]
    kinds = Counter(entry.name.type for entry in library.entries)
    return {
        "characters": len(library.speakers),
        "dialogues": {kind: kinds[kind] for kind in TYPES},
        "train": {kind: len(drawn.train[kind]) for kind in TYPES},
        "val": {kind: len(drawn.val[kind]) for kind in TYPES},
        "in_test": {kind: len(drawn.in_test[kind]) for kind in TYPES},
        "out_test": {kind: len(drawn.out_test[kind]) for kind in TYPES},
        "in_test_pictures_also_trained_on": sum(image in trained for image in tested),
        "seed": seed,
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

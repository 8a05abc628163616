"""A whole set -> the files that MMRole's trainer and evaluation read (arXiv 2408.04203).

    profiles/profiles.json  profiles/NAME.json      short and detailed profiles
    images/annotations.json  images/PATH            what is to be seen, and the pictures
    dialogues/{comment,human-role,inter-role}.json  the dialogues, whole
    train_{TYPE}.json  train_all.json               one sample per character turn, the picture inside the user's words
    val_{TYPE}.json                                 the same of the validation split, where the set has one
    tests/{in,out}_test/{TYPE}_test.json            In-Test: one random turn per character and type, of a dialogue held out of
                                                    training; Out-Test: one per type and place of each unseen character

A training sample; tests hold the bare prompt and `image` below `images/`:

    {"id": "Ada_Fenn_comment_COCO_0_1", "system": "...", "image": "images/Town/ada.png", "role": "Ada Fenn", "script": "Town",
     "other_role": "a curious human", "conversations": [
        {"from": "user", "value": "Picture 1: <img>images/Town/ada.png</img>\\nPlease step into ..."},
        {"from": "assistant", "value": "..."}]}

MMRole's trainer knows no other senders than `user` and `assistant`. Three of the released set's faults are not repeated: the person of
a commentary is named under `role` like everybody, no dialogue that is tested on stands in training, and no picture that is tested on does.
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
_CARRIED = frozenset(
    [
        "profile",
        "profile_text",
        "detailed_profile",
        "image",
        "annotation",
        "commentary",
        "human_role_dialogue",
        "inter_role_dialogue",
        "instruction_sample",
    ]
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Which samples are trained and tested on, each by type; `short` names who has no In-Test of a type, by character."""

    train: Mapping[DialogueType, Sequence[InstructionSample]]
    val: Mapping[DialogueType, Sequence[InstructionSample]]
    in_test: Mapping[DialogueType, Sequence[InstructionSample]]
    out_test: Mapping[DialogueType, Sequence[InstructionSample]]
    short: Mapping[str, Sequence[DialogueType]]


def mmrole_files(collection: Collection, *, seed: int) -> tuple[dict[str, Content], dict[str, Any]]:
    """Return every file of the export by its path, and what it counts.

    Args:
        collection: the whole set; a record's split says whether it is trained or tested on, records without one are trained on.
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
    return files, {
        **_counts(library, drawn, seed),
        "without_detailed_profile": bare,
        "left_out": _left_out(collection),
    }


def draw(library: Library, collection: Collection, *, seed: int) -> Drawn:
    """Draw the tests and say what is trained on.

    In-Test takes one turn per character and type from a dialogue of the split `test_id` whose picture, and whatever is grouped with it,
    nothing is trained on about. Who has none is named, and gets no test. Whatever shows an unseen character on either side, or is about
    a picture that one is tested with, is trained on nowhere.
    """
    train, val, in_test, out_test = (_by_type() for _ in range(4))
    outside = _outside(library, collection)
    unseen = {_group(entry, collection) for entry in library.entries if _owner(entry) in outside}
    seen = [
        entry
        for entry in library.entries
        if not _people(entry) & outside and _owner(entry) in library.speakers
    ]
    learned: set[str] = set()
    for entry in seen:
        split = collection.splits.get(entry.record.id, "train")
        group = _group(entry, collection)
        if split in ("train", "val") and group not in unseen:
            (train if split == "train" else val)[entry.name.type] += library.samples(entry)
            learned.add(group)
    short: dict[str, list[DialogueType]] = {}
    for character in library.speakers:
        for kind in TYPES:
            own = [e for e in library.entries if _owner(e) == character and e.name.type == kind]
            if character in outside:
                out_test[kind] += _unseen_turns(own, library, f"{seed}/out/{character}/{kind}")
                continue
            held = [
                entry
                for entry in own
                if collection.splits.get(entry.record.id) == "test_id"
                and not _people(entry) & outside
                and _group(entry, collection) not in learned
            ]
            if held:
                tested = random.Random(f"{seed}/in/{character}/{kind}").choice(held)
                dice = random.Random(f"{seed}/in/{character}/{kind}/{tested.name}")
                in_test[kind].append(dice.choice(library.samples(tested)))
            elif own:
                short.setdefault(character, []).append(kind)
    return Drawn(train, val, in_test, out_test, short)


def _by_type() -> dict[DialogueType, list[InstructionSample]]:
    return {kind: [] for kind in TYPES}


def _outside(library: Library, collection: Collection) -> set[str]:
    """Return the characters that are only tested with: by their profile, or because all their dialogues are."""
    splits: dict[str, set[str | None]] = {}
    for entry in library.entries:
        splits.setdefault(_owner(entry), set()).add(collection.splits.get(entry.record.id))
    return {
        one
        for one, profile in library.profiles.items()
        if profile.split_role == "ood" or splits.get(one) == {"test_ood"}
    }


def _unseen_turns(own: Sequence[Entry], library: Library, dice: str) -> list[InstructionSample]:
    """Draw one turn beside a generic picture and one beside a picture of the script."""
    drawn: list[InstructionSample] = []
    for place in ("COCO", "script"):
        there = [entry for entry in own if entry.name.place == place]
        if there:
            throw = random.Random(f"{dice}/{place}")
            drawn.append(throw.choice(library.samples(throw.choice(there))))
    return drawn


def _owner(entry: Entry) -> str:
    return entry.record.character_id


def _people(entry: Entry) -> set[str]:
    return {who for who, _ in messages_of(entry.record) if who != HUMAN} | {_owner(entry)}


def _group(entry: Entry, collection: Collection) -> str:
    """Return what a split may not tear apart; a picture's path where the set names no groups."""
    return collection.groups.get(entry.record.id) or entry.image


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
    kinds = Counter(entry.name.type for entry in library.entries)
    return {
        "characters": len(library.speakers),
        "dialogues": {kind: kinds[kind] for kind in TYPES},
        "train": {kind: len(drawn.train[kind]) for kind in TYPES},
        "val": {kind: len(drawn.val[kind]) for kind in TYPES},
        "in_test": {kind: len(drawn.in_test[kind]) for kind in TYPES},
        "out_test": {kind: len(drawn.out_test[kind]) for kind in TYPES},
        "without_in_test": {character: list(kinds) for character, kinds in drawn.short.items()},
        "seed": seed,
    }


def _left_out(collection: Collection) -> dict[str, int]:
    """Count the records of the kinds that MMRole's files have no place for, by kind."""
    lost = Counter[str]()
    for kinds in collection.characters.values():
        lost.update({kind: len(rows) for kind, rows in kinds.items() if kind not in _CARRIED and rows})
    return dict(sorted(lost.items()))


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

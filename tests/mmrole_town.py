"""A small town in MMRole's terms, written by code: three people who talk about generic pictures, and its export read back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.export.mmrole import mmrole_files
from rolescape_data.records import (
    CharacterProfile,
    Commentary,
    HumanRoleDialogue,
    InterRoleDialogue,
    Provenance,
    Record,
    Turn,
)
from rolescape_data.records.base import Split

TYPES = ("comment", "human-role", "inter-role")
BY_RULE = Provenance(source_kind="rule", writer="test")


def talk(model: type[Any], owner: str, number: int, image: str, place: str = "COCO", **fields: Any) -> Any:
    word = {
        Commentary: "comment",
        HumanRoleDialogue: "human-role-dialogue",
        InterRoleDialogue: "role-role-dialogue",
    }[model]
    return model(
        id=f"{owner}_{word}_{place}_{number}", character_id=owner, lang="en", license="CC0-1.0", provenance=BY_RULE,
        image_id=image, **fields,
    )  # fmt: skip


def person(identity: str, name: str, role: str = "id") -> CharacterProfile:
    return CharacterProfile(
        id=f"{identity}_profile", character_id=identity, lang="en", license="CC0-1.0", provenance=BY_RULE, name=name,
        category="fictional", script="Saltmarrow", split_role=role, description=f"{name} lives here.",
        brief_introduction=f"{name} lives here.", personality="Calm.", life_story="Long.", relationships=[],
        catchphrases=["Well then."], speech_style="", facts=[],
    )  # fmt: skip


def small_town(talks: int = 4) -> Collection:
    """Three people, one of them unseen, with several dialogues of each type; those about the last picture are kept for testing.

    The two who train talk about the same pictures, the unseen one about others.
    """
    people = {
        "oda": person("oda", "Oda Wren"),
        "tobin": person("tobin", "Tobin Ash"),
        "quill": person("quill", "Quill", "ood"),
    }
    characters: dict[str, dict[str, list[Record]]] = {}
    for identity, profile in people.items():
        partner = {"oda": "tobin", "tobin": "oda", "quill": "oda"}[identity]
        both = [partner, identity]
        first = 100 if identity == "quill" else 0
        characters[identity] = {
            "profile": [profile],
            "human_role_dialogue": [
                talk(HumanRoleDialogue, identity, n, picture(first + n), messages=[
                    Turn(speaker=["human", identity][m % 2], text=f"{identity} {n} says {m}") for m in range(6)
                ]) for n in range(talks)
            ],
            "commentary": [
                talk(Commentary, identity, n, picture(first + n), question="What now?", reply=f"{identity} on {n}.")
                for n in range(talks)
            ],
            "inter_role_dialogue": [
                talk(InterRoleDialogue, identity, n, picture(first + n), partner_id=partner, messages=[
                    Turn(speaker=both[m % 2], text=f"{identity} {n} line {m}") for m in range(5)
                ]) for n in range(talks)
            ] + ([talk(InterRoleDialogue, identity, 90, picture(90), partner_id="quill", messages=[
                    Turn(speaker=["quill", identity][m % 2], text=f"with quill {m}") for m in range(5)
                ])] if identity == "oda" else []),
        }  # fmt: skip
    town = Collection("town", characters)
    return replace(town, splits=split_by_picture(town, {picture(talks - 1): "test_id"}))


def picture(number: int) -> str:
    return f"coco-train2017-{number:012d}"


def split_by_picture(collection: Collection, splits: dict[str, Split]) -> dict[str, Split]:
    """Return the split of every dialogue: its picture's, else to be trained on."""
    return {
        record.id: splits.get(record.image_id, "train")
        for record in collection.records()
        if isinstance(record, Commentary | HumanRoleDialogue | InterRoleDialogue)
    }


def entries(files: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(files[name])
    return found


def written(collection: Collection, folder: Path, *, seed: int = 3) -> Path:
    for name, value in mmrole_files(collection, seed=seed)[0].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value if isinstance(value, bytes) else value.read_bytes())
    return folder


def content(value: bytes | Path) -> Any:
    return json.loads(value if isinstance(value, bytes) else value.read_bytes())

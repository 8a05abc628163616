"""Records and the blueprint -> one split per record; what belongs together is never torn apart.

Two records share a group when they show the same or a like picture, or repeat the same spoken line. A group
goes to one split as a whole (RECIPES' rule for session, image group and character; the released sets break it).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from rolescape_data.blueprints import Blueprint, HeldBack
from rolescape_data.records import (
    Cell,
    Commentary,
    Exchange,
    HumanRoleDialogue,
    ImageRecord,
    InterRoleDialogue,
    PreferencePair,
    Record,
    Split,
    SplitRow,
)


def splits(
    records: Sequence[Record], blueprint: Blueprint, *, ood: frozenset[str], seed: int
) -> tuple[list[SplitRow], list[Cell]]:
    """Assign every record to a split.

    Args:
        records: accepted records of all characters.
        blueprint: how many pictures and dialogues are kept for testing, and which kinds only test.
        ood: characters that no training split may hold.
        seed: decides which groups are kept for testing.

    Returns:
        One row per record, sorted by record id, and the cells of the split's own contract.
    """
    ordered = sorted(
        (record for record in records if record.kind in blueprint.kinds), key=lambda record: record.id
    )
    groups = _groups(ordered)
    members: dict[str, list[Record]] = {}
    for record in ordered:
        members.setdefault(groups[record.id], []).append(record)
    held, cells = _hold_back(members, blueprint, ood, seed)
    rows = [
        SplitRow(
            record_id=record.id,
            kind=record.kind,
            character_id=record.character_id,
            group_id=groups[record.id],
            split=_split(record, groups[record.id], blueprint, held, ood),
        )
        for record in ordered
    ]
    return rows, cells


def _split(
    record: Record, group: str, blueprint: Blueprint, held: Mapping[str, Split], ood: frozenset[str]
) -> Split:
    if record.character_id in ood:
        return "test_ood"
    rule = blueprint.kinds[record.kind].split
    if rule == "by_image" or isinstance(rule, HeldBack):
        return held.get(group, "train")
    return rule


def _hold_back(
    groups: Mapping[str, Sequence[Record]], blueprint: Blueprint, ood: frozenset[str], seed: int
) -> tuple[dict[str, Split], list[Cell]]:
    """Choose the groups that are kept for testing, then of the others those for validation.

    What an out-of-distribution character shares with others is tested with all of them, or it would be trained on.
    """
    tested = {name for name, group in groups.items() if any(record.character_id in ood for record in group)}
    held: dict[str, Split] = dict.fromkeys(sorted(tested), "test_id")
    cells: list[Cell] = []
    for split, wanted in _wanted(blueprint).items():
        held, found = _keep(groups, split, wanted, held, ood, seed)
        cells += found
    return held, cells


def _wanted(blueprint: Blueprint) -> dict[Split, dict[str, int]]:
    """Return how many records of which kind each held-back split owes, per character."""
    found: dict[Split, dict[str, int]] = {
        "test_id": {ImageRecord.kind: blueprint.test_images},
        "val": {ImageRecord.kind: blueprint.val_images},
    }
    for kind, contract in blueprint.kinds.items():
        if isinstance(contract.split, HeldBack):
            found["test_id"][kind] = contract.split.test_id
            found["val"][kind] = contract.split.val
    return {
        split: {kind: count for kind, count in wanted.items() if count and kind in blueprint.kinds}
        for split, wanted in found.items()
    }


def _keep(
    groups: Mapping[str, Sequence[Record]],
    split: Split,
    wanted: Mapping[str, int],
    held: Mapping[str, Split],
    ood: frozenset[str],
    seed: int,
) -> tuple[dict[str, Split], list[Cell]]:
    """Choose groups, character by character, until the shares are met; no character gets more than asked for.

    A group may hold records of several characters, who talk to each other: it counts for each of them.
    """
    chosen: dict[str, Split] = dict(held)
    gains = {
        name: Counter(
            (record.character_id, record.kind)
            for record in group
            if record.kind in wanted and record.character_id not in ood and not _generic(record)
        )
        for name, group in groups.items()
    }
    # A group's name is its hash's, so that another seed chooses others.
    ordered = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    found: Counter[tuple[str, str]] = sum(
        (gains[name] for name in sorted(chosen) if chosen[name] == split), Counter()
    )
    characters = sorted({record.character_id for group in groups.values() for record in group} - ood)
    for character in characters:
        for kind in wanted:
            for name in ordered:
                gain = gains[name]
                fits = all(found[place] + count <= wanted[place[1]] for place, count in gain.items())
                if name not in chosen and gain[character, kind] and fits:
                    chosen[name] = split
                    found += gain
    purpose = "testing" if split == "test_id" else "validation"
    cells = [
        Cell(
            character_id=character,
            kind=kind,
            cell=split,
            wanted=count,
            found=found[character, kind],
            note=""
            if found[character, kind] >= count
            else f"no further group is small enough to be kept for {purpose} whole",
        )
        for character in characters
        for kind, count in wanted.items()
    ]
    return chosen, cells


def _generic(record: Record) -> bool:
    """Say whether a record is a picture of a pool, which no share of a character's own pictures counts."""
    return isinstance(record, ImageRecord) and record.owner == "pool"


def _groups(records: Sequence[Record]) -> dict[str, str]:
    """Return each record's group: the connected parts over shared pictures and shared spoken lines."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    pictures = {record.id: record for record in records if isinstance(record, ImageRecord)}
    for record in records:
        for tie in _ties(record, pictures):
            first, second = sorted((find(record.id), find(tie)))
            # The smaller name wins, so that groups do not depend on the order of the records.
            parent[second] = first
    return {
        record.id: "grp_" + hashlib.sha256(find(record.id).encode()).hexdigest()[:16] for record in records
    }


def _ties(record: Record, pictures: Mapping[str, ImageRecord]) -> list[str]:
    if isinstance(record, ImageRecord):
        return [f"picture:{record.group_id}", f"blob:{record.blob_sha256}"]
    if isinstance(record, PreferencePair):
        return [record.source_record_id]
    ties: list[str] = []
    image = getattr(record, "image_id", None)
    if image is not None:
        ties.append(image)
    if isinstance(record, Exchange | Commentary):
        ties += [f"line:{evidence.source}" for evidence in record.evidence if "#" in evidence.source]
    if isinstance(record, HumanRoleDialogue | InterRoleDialogue):
        ties += [
            f"line:{turn.evidence.source}"
            for turn in record.messages
            if turn.evidence and "#" in turn.evidence.source
        ]
    return ties

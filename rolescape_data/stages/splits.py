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
    tested, cells = _keep_for_testing(members, blueprint, ood, seed)
    rows = [
        SplitRow(
            record_id=record.id,
            kind=record.kind,
            character_id=record.character_id,
            group_id=groups[record.id],
            split=_split(record, groups[record.id], blueprint, tested, ood),
        )
        for record in ordered
    ]
    return rows, cells


def _split(record: Record, group: str, blueprint: Blueprint, tested: set[str], ood: frozenset[str]) -> Split:
    if record.character_id in ood:
        return "test_ood"
    rule = blueprint.kinds[record.kind].split
    if rule == "by_image" or isinstance(rule, HeldBack):
        return "test_id" if group in tested else "train"
    return rule


def _keep_for_testing(
    groups: Mapping[str, Sequence[Record]], blueprint: Blueprint, ood: frozenset[str], seed: int
) -> tuple[set[str], list[Cell]]:
    """Choose groups, character by character, until the shares are met; no character gets more than asked for.

    A group may hold records of several characters, who talk to each other: it counts for each of them.
    """
    wanted = {"image": blueprint.test_images}
    wanted |= {
        kind: rule.split.test_id for kind, rule in blueprint.kinds.items() if isinstance(rule.split, HeldBack)
    }
    wanted = {kind: count for kind, count in wanted.items() if count and kind in blueprint.kinds}
    gains = {
        name: Counter(
            (record.character_id, record.kind)
            for record in group
            if record.kind in wanted and record.character_id not in ood
        )
        for name, group in groups.items()
    }
    ordered = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    # What an out-of-distribution character shares with others is tested with all of them, or it would be trained on.
    tested = {name for name, group in groups.items() if any(record.character_id in ood for record in group)}
    found: Counter[tuple[str, str]] = sum((gains[name] for name in sorted(tested)), Counter())
    characters = sorted({record.character_id for group in groups.values() for record in group} - ood)
    for character in characters:
        for kind in wanted:
            for name in ordered:
                gain = gains[name]
                fits = all(found[place] + count <= wanted[place[1]] for place, count in gain.items())
                if name not in tested and gain[character, kind] and fits:
                    tested.add(name)
                    found += gain
    note = "no further group is small enough to be kept for testing whole"
    cells = [
        Cell(
            character_id=character,
            kind=kind,
            cell="test_id",
            wanted=count,
            found=found[character, kind],
            note="" if found[character, kind] >= count else note,
        )
        for character in characters
        for kind, count in wanted.items()
    ]
    return tested, cells


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

"""Records and the blueprint -> one split per record; what belongs together is never torn apart.

Two records share a group when they show the same or a like picture, whosever it is, or repeat the same spoken line. A
group goes to one split as a whole (RECIPES' rule for session, image group and character; the released sets break it).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rolescape_data.blueprints import Blueprint, HeldBack
from rolescape_data.records import (
    RECORDS,
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
from rolescape_data.vision.likeness import hash_groups

# How many records a group holds, by character and kind.
Gain = Counter[tuple[str, str]]


def splits(
    records: Sequence[Record], blueprint: Blueprint, *, ood: frozenset[str], seed: int, radius: int = 8
) -> tuple[list[SplitRow], list[Cell]]:
    """Assign every record to a split.

    Args:
        records: accepted records of all characters.
        blueprint: how many pictures and dialogues are kept for testing, and which kinds only test.
        ood: characters that no training split may hold.
        seed: decides which groups are kept for testing.
        radius: bits by which the hashes of like pictures may differ.

    Returns:
        One row per record, sorted by record id, and the cells of the split's own contract.
    """
    ordered = sorted(
        (record for record in records if record.kind in blueprint.kinds), key=lambda record: record.id
    )
    groups = _groups(ordered, radius)
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
    """Choose groups until the shares are met, small ones first; a group counts for everybody whose records it holds.

    Nobody gives more than was asked for, where that can be had. Where it cannot, a picture takes all talks beside it along:
    pictures stay as many as were asked, and of every sort of talk one is left to train on.
    """
    chosen: dict[str, Split] = dict(held)
    gains: dict[str, Gain] = {
        name: Counter(
            (record.character_id, record.kind)
            for record in group
            if record.kind in wanted and record.character_id not in ood and not _generic(record)
        )
        for name, group in groups.items()
    }
    # A group's name is its hash's, so that another seed chooses others.
    ordered = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    found = _sum(gains[name] for name in groups if chosen.get(name) == split)
    most = _sum(gains[name] for name in groups if chosen.get(name, split) == split)
    for place in most:
        most[place] = most[place] - 1 if _beside_pictures(place[1]) else wanted[place[1]]
    exact = Counter({place: min(number, wanted[place[1]]) for place, number in most.items()})
    characters = sorted({record.character_id for group in groups.values() for record in group} - ood)
    giving = {
        (character, kind): sorted(
            (name for name in ordered if gains[name][character, kind]), key=lambda name: gains[name].total()
        )
        for character in characters
        for kind in wanted
    }
    # What few groups can give comes first: pictures, which almost every group brings, would fill up with others.
    for owed in sorted(giving, key=lambda place: len(giving[place])):
        for bound in (exact, most):
            for name in giving[owed]:
                fits = all(found[place] + count <= bound[place] for place, count in gains[name].items())
                if name not in chosen and found[owed] < wanted[owed[1]] and fits:
                    chosen[name] = split
                    found += gains[name]
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


def _sum(gains: Iterable[Gain]) -> Gain:
    total: Gain = Counter()
    for gain in gains:
        total.update(gain)
    return total


def _beside_pictures(kind: str) -> bool:
    """Say whether a record of this kind goes where its picture goes."""
    return "image_id" in RECORDS[kind].model_fields


def _generic(record: Record) -> bool:
    """Say whether a record is a picture of a pool, which no share of a character's own pictures counts."""
    return isinstance(record, ImageRecord) and record.owner == "pool"


def _groups(records: Sequence[Record], radius: int) -> dict[str, str]:
    """Return each record's group: the connected parts over like pictures and shared spoken lines."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    pictures = [record for record in records if isinstance(record, ImageRecord)]
    like = hash_groups([picture.phash64 for picture in pictures], radius=radius)
    ties = [(pictures[members[0]].id, pictures[other].id) for members in like for other in members[1:]]
    ties += [(record.id, tie) for record in records for tie in _ties(record)]
    for one, other in ties:
        first, second = sorted((find(one), find(other)))
        # The smaller name wins, so that groups do not depend on the order of the records.
        parent[second] = first
    return {
        record.id: "grp_" + hashlib.sha256(find(record.id).encode()).hexdigest()[:16] for record in records
    }


def _ties(record: Record) -> list[str]:
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

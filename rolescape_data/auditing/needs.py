"""What a repair leaves to a writer -> each thing once, with file and place in the mended copy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolescape_data.collection import Collection, Finding

# A reader quotes the loose passage itself; the gate says of the same record that it has one.
_SAME = {"evidence_exact": "evidence_verbatim"}


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose places those of a set are: a finding of the reader names a file and a place, one of a gate a record."""

    places: Mapping[str, tuple[str, str]]

    def find(self, findings: Sequence[Finding]) -> list[tuple[str, str]]:
        """Return of each finding (record id, the part of the record it names); '' twice where it is of no record."""
        owners = {where: name for name, where in self.places.items()}
        found = []
        for one in findings:
            if one.place in self.places:
                found.append((one.place, ""))
                continue
            whole, dot, part = one.place.rpartition(".")
            name = owners.get((one.file, whole), "") if one.file and dot else ""
            found.append((name, part if name else ""))
        return found


def told_once(findings: Sequence[Finding], places: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """Return the findings without those that a gate repeats of a record after its reader."""
    owners = Owners(places).find(findings)
    told = {(one.rule, name) for one, (name, _) in zip(findings, owners, strict=True)}
    return [
        one
        for one, (name, _) in zip(findings, owners, strict=True)
        if not name or (_SAME.get(one.rule, ""), name) not in told
    ]


def places_in(
    copy: Collection, places: Mapping[str, tuple[str, str]], mended: Collection
) -> dict[str, tuple[str, str]]:
    """Return (file, place) in a mended copy of each of its records, by the id that the record has in the set as read.

    Args:
        copy: the mended copy, read again.
        places: (file, place) of its records, by the ids that it has there.
        mended: what was written.

    A copy that is read again gives its records in the order in which they were written, under ids of its own. Kinds of
    which another number comes back have no place.
    """
    again, before = _by_kind(copy), _by_kind(mended)
    return {
        old: places[new]
        for key, names in before.items()
        if len(names) == len(again[key])
        for old, new in zip(names, again[key], strict=True)
        if new in places
    }


def _by_kind(collection: Collection) -> dict[tuple[str, str, str], list[str]]:
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for record in collection.records():
        side = "train" if collection.splits.get(record.id) in ("train", "val") else "test"
        found[record.character_id, record.kind, side].append(record.id)
    return found

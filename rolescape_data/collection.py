"""A whole set as importers hand it on and exporters read it: strict records by character and kind, splits, pictures.

Importers of other people's data make one, `flows` makes one of a workspace's accepted records; exporters, `audit` and
repairs read it. It goes to disk as one Parquet table per character and kind, and comes back equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rolescape_data.records import CharacterProfile, Record
from rolescape_data.records.base import Split

R = TypeVar("R", bound=Record)

Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a data set departs from its own rules or from what its trainer reads.

    Args:
        rule: short name of the broken rule, e.g. 'evidence_verbatim'; a gate's name where a gate found it.
        file: file below the data set's root, POSIX.
        place: where in it, e.g. 'qa_items[12].evidence', or a record id.
        detail: what was found, and what was made of it.
        hard: whether it fails an audit.
        repaired: what an importer or repair made right by itself; such a finding is told, not failed.
    """

    rule: str
    file: str
    place: str
    detail: str
    hard: bool = True
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """Records of a whole set.

    Args:
        name: the set's name.
        characters: records by character id and kind, in the order of the set.
        splits: split by record id; a record without one is in no split.
        groups: by record id, what a split may not tear apart: like pictures and all that is beside them. A record without
            one goes with its picture.
        pictures: stored file of each picture, by id of its ImageRecord.
        sources: text of each document and spoken line, by the name that `Evidence.source` uses.
    """

    name: str
    characters: Mapping[str, Tables]
    splits: Mapping[str, Split] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, Path] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def of(self, character: str, model: type[R]) -> list[R]:
        """Return one character's records of a kind, in order; [] when there are none."""
        return [
            record for record in self.characters[character].get(model.kind, ()) if isinstance(record, model)
        ]

    def profile(self, character: str) -> CharacterProfile | None:
        """Return the character's profile, if it has one."""
        return next(iter(self.of(character, CharacterProfile)), None)

    def records(self) -> list[Record]:
        """Return every record, by character, kind and order within."""
        return [record for tables in self.characters.values() for rows in tables.values() for record in rows]

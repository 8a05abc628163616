"""Data sets made elsewhere -> strict records, and a finding for every place where they depart from their rules.

To add one: a file in this package, one line in IMPORTERS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rolescape_data.collection import Collection, Finding


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made of a folder.

    Args:
        collection: its records.
        findings: every departure from the format.
        places: (file, place in it) of each record, by its id; both as findings name them.
    """

    collection: Collection
    findings: list[Finding]
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def _mmrole(root: Path) -> Imported:
    from rolescape_data.importers.mmrole import import_mmrole

    return import_mmrole(root)


def _rolescape20(root: Path) -> Imported:
    from rolescape_data.importers.rolescape20 import import_rolescape20

    return import_rolescape20(root)


IMPORTERS: dict[str, Callable[[Path], Imported]] = {"mmrole": _mmrole, "rolescape20": _rolescape20}

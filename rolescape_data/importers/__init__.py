"""Data sets made elsewhere -> strict records, and a finding for every place where they depart from their rules.

To add one: a file in this package, one line in IMPORTERS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rolescape_data.collection import Collection, Finding


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made of a folder."""

    collection: Collection
    findings: list[Finding]


IMPORTERS: dict[str, Callable[[Path], Imported]] = {}

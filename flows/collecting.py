"""A workspace's accepted records -> one Collection: what every exporter of a whole set reads."""

from collections.abc import Sequence

from flows.whole_set import WholeSet, accepted, split_rows
from rolescape_data.collection import Collection
from rolescape_data.records import RECORDS, ImageRecord, Record


def collection_of(whole: WholeSet) -> Collection:
    """Return everything that no verdict dropped, with splits, stored pictures and the texts that evidence points at.

    Characters come in the order of their ids, kinds in the order of RECORDS. A kind without records has no table.
    """
    found = accepted(whole)
    characters: dict[str, dict[str, Sequence[Record]]] = {}
    for character in whole.characters:
        mine: dict[str, list[Record]] = {}
        for record in found:
            if record.character_id == character:
                mine.setdefault(record.kind, []).append(record)
        characters[character] = {kind: mine[kind] for kind in RECORDS if kind in mine}
    sources: dict[str, str] = {}
    for character in whole.characters:
        sources |= whole.inputs.material(character).sources()
    rows = split_rows(whole.workspace)
    return Collection(
        name=whole.inputs.found.name,
        characters=characters,
        splits={row.record_id: row.split for row in rows},
        groups={row.record_id: row.group_id for row in rows},
        pictures={
            record.id: whole.workspace.blobs.path(record.blob)
            for record in found
            if isinstance(record, ImageRecord)
        },
        sources=sources,
    )

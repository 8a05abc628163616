"""A built workspace as one Collection."""

from pathlib import Path

from flows.collecting import collection_of
from flows.whole_set import open_set, split_rows, verdicts_of
from rolescape_data.records import ImageRecord
from rolescape_data.store.workspace import Workspace


def test_a_collection_holds_every_accepted_record_its_split_its_picture_and_its_sources(
    small_made: Path,
) -> None:
    workspace = Workspace(small_made / "built.workspace")
    made = collection_of(open_set(workspace))
    stored = [
        record
        for character in sorted(made.characters)
        for rows in workspace.character(character).read_all().values()
        for record in rows
    ]
    failed = {row.record_id for row in verdicts_of(workspace) if row.status == "fail"}
    assert {record.id for record in made.records()} <= {record.id for record in stored} - failed
    assert {row.record_id for row in split_rows(workspace)} == set(made.splits)
    assert set(made.splits) <= {record.id for record in made.records()}
    for record in made.records():
        if isinstance(record, ImageRecord):
            assert made.pictures[record.id].is_file()
        for evidence in getattr(record, "evidence", None) or []:
            assert made.sources[evidence.source][evidence.start : evidence.end] == evidence.text

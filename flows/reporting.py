"""A workspace -> its HTML report."""

from pathlib import Path

from flows.retrying import quarantined
from flows.reviewed import judges, reviewed
from flows.scoring import clip_note
from flows.whole_set import WholeSet, accepted, contract_of, leaks_of, split_rows, verdicts_of
from rolescape_data.providers.ledger import Ledger
from rolescape_data.providers.routing import taken_over
from rolescape_data.records import Record
from rolescape_data.report.data import CharacterPage, ReportData
from rolescape_data.report.page import page
from rolescape_data.store.atomic import write_text


def write_report(whole: WholeSet) -> Path:
    """Write report/index.html and return its path."""
    by_character: dict[str, dict[str, list[Record]]] = {name: {} for name in whole.characters}
    for record in accepted(whole):
        by_character[record.character_id].setdefault(record.kind, []).append(record)
    judged = reviewed(whole)
    entries = {entry.resolved_id(): entry for entry in whole.inputs.found.characters}
    pages = [
        CharacterPage(
            id=name,
            name=entries[name].name,
            tables=by_character[name],
            rejects=whole.workspace.character(name).rejects(),
            judged=judged.get(name, ()),
            spent=Ledger(whole.workspace.character(name).ledger).spent(),
            taken_over=taken_over(Ledger(whole.workspace.character(name).ledger)),
            held={
                (kind, reason): count
                for kind, by_reason in quarantined(whole.workspace, name).items()
                for reason, count in by_reason.items()
            },
        )
        for name in whole.characters
    ]
    writers = sorted(
        {
            record.provenance.writer
            for tables in by_character.values()
            for rows in tables.values()
            for record in rows
            if record.kind != "image"
        }
    )
    data = ReportData(
        name=whole.inputs.found.name,
        blueprint=whole.inputs.found.blueprint,
        about=whole.blueprint.about,
        writer=", ".join(writers),
        characters=pages,
        cells=contract_of(whole.workspace),
        verdicts=verdicts_of(whole.workspace),
        leaks=leaks_of(whole.workspace),
        splits=split_rows(whole.workspace),
        thresholds=whole.thresholds,
        clip_note=clip_note(whole),
        judges=judges(whole),
        blob_folder=whole.workspace.root / "blobs",
    )
    path = whole.workspace.report / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page(data))
    return path

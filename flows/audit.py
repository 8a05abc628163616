"""A data set made elsewhere -> what is wrong with it as a table, a page and JSON; with a repair, a mended copy."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rolescape_data import assets
from rolescape_data.auditing.measure import measure, split_rows
from rolescape_data.auditing.needs import Owners, places_in, told_once
from rolescape_data.auditing.repair import Judge, Repair, repair
from rolescape_data.auditing.table import Table, excerpt, not_run_of, rows_of
from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.blueprints import Blueprint
from rolescape_data.collection import Collection
from rolescape_data.errors import InputError, SettingsError
from rolescape_data.export.webdataset import UNFINISHED
from rolescape_data.gates.decide import Thresholds, decide, load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.importers import IMPORTERS, Imported
from rolescape_data.records import Verdict
from rolescape_data.report.audit import audit_page
from rolescape_data.store.atomic import write_bytes, write_json, write_text

SEED = 20
PAGE, DATA, REJECTS, NEEDS = "audit.html", "audit.json", "rejects.jsonl", "needs_writer.jsonl"


def _mmrole(collection: Collection, out: Path) -> None:
    from rolescape_data.export.mmrole import mmrole_files

    files, _ = mmrole_files(collection, seed=SEED)
    if "test_id" not in collection.splits.values():
        # A set that came without samples gets none: drawing tests is an export's work, not a repair's.
        drawn = ("train_", "val_", "tests/")
        files = {name: content for name, content in files.items() if not name.startswith(drawn)}
    write_files(files, out)


def write_files(files: Mapping[str, bytes | Path], out: Path) -> None:
    """Write an export's files below `out`, each by its POSIX path."""
    for name, content in sorted(files.items()):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content if isinstance(content, bytes) else content.read_bytes())


def _rolescape20(collection: Collection, out: Path) -> None:
    from rolescape_data.export.unicharacter import unicharacter_files

    write_files(unicharacter_files(collection)[0], out)


# Who writes a mended copy of each format: (collection, folder).
WRITERS: dict[str, Callable[[Collection, Path], None]] = {"mmrole": _mmrole, "rolescape20": _rolescape20}


def audit(
    path: Path,
    form: str,
    *,
    out: Path,
    repair_to: Path | None = None,
    qa: Path | None = None,
    recipe: str | None = None,
    allow: Sequence[str] = (),
) -> tuple[Table, Repair | None]:
    """Read a set, hold it against every rule that needs no model, and write what was found into `out`.

    Args:
        path: the set's folder.
        form: the format it is in, a name of `IMPORTERS`.
        out: folder for `audit.html` and `audit.json`.
        repair_to: folder for a mended copy, with `rejects.jsonl` and `needs_writer.jsonl`.
        qa: folder whose gates.yaml, flagged words and blueprints lie over the shipped ones.
        allow: CHARACTER=PHRASE each: what a character may say all the same.
        recipe: blueprint whose counts the set should meet; the format's own one by default, 'none' counts by none.

    Raises:
        InputError: no such folder, one that holds no such set, or an export that did not finish.
        SettingsError: no such format or blueprint.
    """
    if form not in IMPORTERS:
        raise SettingsError(
            f"There is no format '{form}'. Known: {', '.join(sorted(IMPORTERS)) or 'none'}. Name one with `--as`."
        )
    if not path.is_dir():
        raise InputError(f"{path} is no folder. Name the folder that holds the set.")
    if (path / UNFINISHED).exists():
        raise InputError(
            f"{path} holds an export that did not finish. Run the same export again, then audit it."
        )
    if repair_to is not None and repair_to.exists() and any(repair_to.iterdir()):
        raise InputError(f"{repair_to} is not empty. Name a new folder with `--repair`.")
    return audited(
        IMPORTERS[form](path),
        path=str(path),
        form=form,
        out=out,
        repair_to=repair_to,
        qa=qa,
        blueprint=recipe_of(form, recipe, qa),
        allow=allowed(allow),
    )


def audited(
    imported: Imported,
    *,
    path: str,
    form: str,
    out: Path,
    repair_to: Path | None = None,
    qa: Path | None = None,
    blueprint: Blueprint | None = None,
    allow: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Table, Repair | None]:
    """Do the same with a set that was read already."""
    thresholds = _thresholds(qa)
    judge = judge_with(qa, blueprint, allow)
    table = table_of(imported, judge(imported.collection), thresholds, path=path, form=form)
    mended = None
    if repair_to is not None:
        rows = split_rows(imported.collection, radius=thresholds.image_duplicates.radius)
        grouped = replace(imported.collection, groups={row.record_id: row.group_id for row in rows})
        mended = repair(grouped, imported.findings, judge, seed=SEED)
        left = told_once(mended.needs_writer, imported.places)
        mended = replace(mended, out=str(repair_to), needs_writer=left)
        write_repair(mended, form, repair_to, imported.places)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / PAGE, audit_page(table, mended))
    write_json(out / DATA, table.json() | ({"repair": _told(mended)} if mended else {}))
    return table, mended


def judge_with(
    qa: Path | None, blueprint: Blueprint | None, allow: Mapping[str, frozenset[str]] | None = None
) -> Judge:
    """Return what says of a collection how every gate judges it, or those that are named."""
    thresholds = _thresholds(qa)

    def judge(collection: Collection, only: frozenset[str] | None = None) -> list[Verdict]:
        found = measure(
            collection,
            blueprint=blueprint,
            flagged_words=thresholds.flagged_words,
            allow=allow,
            radius=thresholds.image_duplicates.radius,
            only=only,
        )
        return decide(found, thresholds)

    return judge


def table_of(
    imported: Imported, verdicts: list[Verdict], thresholds: Thresholds, *, path: str, form: str
) -> Table:
    """Return the table of one audit."""
    records: dict[str, int] = {}
    for record in imported.collection.records():
        records[record.kind] = records.get(record.kind, 0) + 1
    return Table(
        path=path,
        form=form,
        characters=len(imported.collection.characters),
        records=records,
        rows=rows_of(imported.findings, verdicts, thresholds, imported.collection.records(), imported.places),
        not_run=not_run_of(verdicts),
    )


def write_repair(
    mended: Repair, form: str, out: Path, places: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """Write the mended copy in its own format, the rejects beside it, and the list of what needs a writer.

    The list names file and place in the copy, and the id that the record has in the audit; `places` are those of the set
    as it was read.
    """
    out.mkdir(parents=True, exist_ok=True)
    if form not in WRITERS:
        raise SettingsError(f"Nothing writes the format '{form}' yet, so no mended copy can be made.")
    WRITERS[form](mended.collection, out)
    rejects = [json.dumps(row.model_dump(), ensure_ascii=False) for row in mended.rejects]
    write_text(out / REJECTS, "".join(f"{row}\n" for row in rejects))
    known = {record.id: record for record in mended.collection.records()}
    # Records moved up where others were taken out: only the copy itself says where they stand now.
    moved: dict[str, tuple[str, str]] = {}
    if mended.needs_writer and form in IMPORTERS:
        copy = IMPORTERS[form](out)
        moved = places_in(copy.collection, copy.places, mended.collection)
    needs = []
    for one, (name, part) in zip(
        mended.needs_writer, Owners(places or {}).find(mended.needs_writer), strict=True
    ):
        record = known.get(name or one.place)
        file, place = (one.file, one.place)
        if record is not None and record.id in moved:
            file, place = moved[record.id]
            place = f"{place}.{part}" if part else place
        told = {
            "rule": one.rule,
            "file": file,
            "place": place,
            "record": record.id if record else "",
            "said": excerpt(record) if record else "",
            "detail": one.detail,
        }
        needs.append(json.dumps(told, ensure_ascii=False))
    write_text(out / NEEDS, "".join(f"{row}\n" for row in needs))


def allowed(given: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return phrases by character id.

    Raises:
        SettingsError: one without '=', or with nothing on one side of it.
    """
    found: dict[str, set[str]] = {}
    for one in given:
        character, _, phrase = one.partition("=")
        if not character or not phrase:
            raise SettingsError(
                f"'{one}' allows nothing. Write CHARACTER=PHRASE, e.g. 'iron-man=AI assistant'."
            )
        found.setdefault(character, set()).add(phrase)
    return {character: frozenset(phrases) for character, phrases in found.items()}


def recipe_of(form: str, recipe: str | None, qa: Path | None) -> Blueprint | None:
    """Return the blueprint whose counts a set of this format should meet; None where it has none or 'none' is named."""
    if recipe == "none":
        return None
    if recipe is None:
        known = [
            Path(name).stem for name in assets.names("qa", ".yaml", qa) if name.startswith("blueprints/")
        ]
        if form not in known:
            return None
    return load_blueprint(recipe or form, qa)


def tell_audit(table: Table, mended: Repair | None, out: Path) -> str:
    """Return the audit as lines: a table of rules with the worst examples, then where everything lies."""
    total = sum(table.records.values())
    lines = [f"{table.path}, read as {table.form}: {table.characters} character(s), {total:,} records", ""]
    for title, rows in (("Broken rules", table.broken), ("To look at", table.doubted)):
        if not rows:
            continue
        lines.append(f"{title}:")
        width = max(len(row.rule) for row in rows)
        for row in rows:
            of = f" of {row.of:,}" if row.of is not None else ""
            lines.append(f"  {row.rule:<{width}}  {row.found:>6,}{of:<10}  {row.kind or 'files'}")
            for one in row.examples[:2]:
                lines.append(f"      {one.place}: {_short(one.detail)}")
                lines += [f"        {one.said[:110]}"] if one.said else []
        lines.append("")
    lines.append(f"Kept: {len(table.kept)} rules that nothing breaks.")
    lines += [
        f"Not run, which is not passed: {', '.join(gates)} ({why})" for why, gates in table.not_run.items()
    ]
    if mended is not None:
        lines.append(
            f"Mended copy: {mended.out} ({len(mended.mended)} changes, {len(mended.rejected)} records to "
            f"{REJECTS}, {len(mended.needs_writer)} places in {NEEDS} need a writer)"
        )
    return "\n".join([*lines, f"Page: {out / PAGE}", f"Data: {out / DATA}"])


def _thresholds(qa: Path | None) -> Thresholds:
    found = load_thresholds(assets.find("qa", "gates.yaml", qa))
    listed = load_flagged_words(assets.find("qa", "flagged_words.txt", qa))
    return found.model_copy(update={"flagged_words": tuple(sorted({*found.flagged_words, *listed}))})


def _told(mended: Repair) -> dict[str, Any]:
    def listed(rows: Any) -> list[dict[str, str]]:
        return [{"rule": one.rule, "place": one.place, "detail": one.detail} for one in rows]

    return {
        "out": mended.out,
        "mended": listed(mended.mended),
        "rejected": listed(mended.rejected),
        "needs_writer": listed(mended.needs_writer),
    }


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else flat[:119] + "…"

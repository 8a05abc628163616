"""Rows and configurations that a released set made from its records -> what of them is news, and a finding for every difference.

A derived file is compared with what the records give; only a merged file whose rows come from no record of the set is
kept, as MixtureRow records.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from rolescape_data.importers.released_reader import Reader
from rolescape_data.records import MixtureRow, Record, TrainingMix
from rolescape_data.unicharacter import names
from rolescape_data.unicharacter.configs import config_of, mixes_of, read_mix
from rolescape_data.unicharacter.names import Side, dataset_file
from rolescape_data.unicharacter.portrait import Portrait, drawing_rows, language_rows
from rolescape_data.unicharacter.wire import Said, read_drawing, read_turns

Rows = list[tuple[int, dict[str, Any]]]


# A training mix has a few dozen values; a few aliases can make billions.
_MOST = 100_000


def _is_small(value: Any) -> bool:
    left, count = [value], 0
    while left:
        one = left.pop()
        count += 1
        if count > _MOST:
            return False
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return True


def differences(found: Any, wanted: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield every place where two JSON values differ, with both values; a missing one is None."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in [*found, *(key for key in wanted if key not in found)]:
            where = f"{place}.{key}" if place else str(key)
            yield from differences(found.get(key), wanted.get(key), where)
    elif isinstance(found, list) and isinstance(wanted, list):
        for number in range(max(len(found), len(wanted))):
            here = found[number] if number < len(found) else None
            there = wanted[number] if number < len(wanted) else None
            yield from differences(here, there, f"{place}[{number}]")
    elif found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
        yield place, found, wanted


def read_processed(reader: Reader, folder: Path, folder_name: str, name: str) -> dict[str, tuple[Path, Rows]]:
    """Return the rows of the data sets of one side, by data set."""
    found = {}
    for task, datasets in (("t2i", names.T2I_SETS), ("vlm", names.VLM_SETS)):
        for dataset in datasets:
            path = reader.file(folder / "processed" / task, dataset_file(dataset, name, folder_name))
            if path is not None:
                found[dataset] = (path, reader.lines(path))
    return found


def mixture_rows(
    reader: Reader, one: Portrait, files: Mapping[str, tuple[Path, Rows]], shared: dict[str, Any]
) -> list[Record]:
    """Return the rows of merged files that the records do not give; merged drawing rows are no longer derived at all."""
    derived = drawing_rows(one, "train") | language_rows(one)
    known = {_key(row) for rows in derived.values() for row in rows}
    found: list[Record] = []
    for dataset in names.MERGED:
        if dataset not in files:
            continue
        path, rows = files[dataset]
        foreign = sum(_key(row) not in known for _, row in rows)
        if not foreign and dataset in derived:
            continue
        if foreign:
            detail = f"{foreign} of {len(rows)} rows come from no record of the set (an earlier take); kept as mixture rows"
            reader.wrong("merged_rows", path, "", detail, hard=False)
        for place, row in rows:
            record = _mixture_row(reader, one, path, dataset, place, row, shared)
            found += [record] if record else []
    return found


def compare_rows(reader: Reader, one: Portrait, side: Side, files: Mapping[str, tuple[Path, Rows]]) -> None:
    """Note every field of a derived file that is not what the records give."""
    derived = drawing_rows(one, side) | (language_rows(one) if side == "train" else {})
    for dataset, (path, rows) in files.items():
        wanted = derived.get(dataset, [])
        if len(rows) != len(wanted):
            reader.wrong(
                "derived_count",
                path,
                "",
                f"{len(rows)} rows where the records give {len(wanted)}",
                hard=False,
            )
        for place, row in rows:
            given = wanted[place] if place < len(wanted) else {}
            for where, told, made in differences(row, given, f"[{place}]"):
                _differs(reader, path, where, told, made)
    for dataset in derived:
        if dataset not in files:
            kind = "t2i" if dataset in names.T2I_SETS else "vlm"
            folder = reader.root / one.home(side) / "processed" / kind
            reader.wrong(
                "file_missing",
                folder / dataset_file(dataset, one.name, one.folder),
                "",
                "is not there; the records give it",
                hard=False,
            )


def read_mixes(
    reader: Reader, folder: Path, prefix: str, shared: dict[str, Any]
) -> tuple[list[TrainingMix], dict[str, tuple[Path, Any]]]:
    """Return the training mixes of a character's configurations, and the configurations by their mix."""
    mixes: list[TrainingMix] = []
    told: dict[str, tuple[Path, Any]] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        if not reader.there(path):
            continue
        try:
            config = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            reader.wrong("file_yaml", path, "", f"cannot be read ({str(error).splitlines()[0]}); left out")
            continue
        if not _is_small(config):
            reader.wrong(
                "file_yaml", path, "", f"holds more than {_MOST:,} values, aliases counted; left out"
            )
            continue
        if not isinstance(config, Mapping):
            reader.wrong("file_yaml", path, "", "holds no mapping; left out")
            continue
        name = path.stem.removeprefix(prefix).removeprefix("_")
        values = shared | {
            "id": f"{shared['character_id']}_mix_{names.slug(name) or 'plain'}",
            "name": name,
            "parts": read_mix(config, prefix),
        }
        record = reader.made(TrainingMix, values, path, "")
        if isinstance(record, TrainingMix):
            mixes.append(record)
            told[name] = (path, config)
    return mixes, told


def compare_mixes(
    reader: Reader, one: Portrait, mixes: list[TrainingMix], told: Mapping[str, tuple[Path, Any]]
) -> None:
    """Note every value of a configuration that is not what the records give."""
    rows = drawing_rows(one, "train") | language_rows(one)
    counts = {dataset: len(found) for dataset, found in rows.items()}
    for name, parts in mixes_of(mixes).items() if mixes else []:
        path, config = told[name]
        for place, said, made in differences(config, config_of(one.prefix, parts, counts)):
            rule = "num_used_data" if ".num_used_data[" in place else "config_value"
            reader.wrong(
                rule, path, place, f"is {said!r}; the records give {made!r}", hard=rule != "config_value"
            )


def _key(row: Mapping[str, Any]) -> str:
    """Return what a row says, without its number and without how its picture's path begins."""
    said = {key: value for key, value in row.items() if key not in ("id", "image")}
    return repr((said, PurePosixPath(str(row.get("image", ""))).name))


def _mixture_row(
    reader: Reader,
    one: Portrait,
    path: Path,
    dataset: str,
    place: int,
    row: dict[str, Any],
    shared: dict[str, Any],
) -> Record | None:
    where = f"[{place}]"
    picture = PurePosixPath(str(row.get("image", ""))).stem
    by_name = {name: image for image, name in one.pictures["train"].items()}
    said = _said(reader, path, where, row)
    shown = picture in by_name or (not picture and dataset not in names.T2I_SETS)
    if said is None or not shown:
        reader.wrong(
            "row_form", path, where, "is in no known form, or shows a picture that is not there; left out"
        )
        return None
    values = shared | {
        "id": f"{shared['character_id']}_mixture_{dataset}_{place:04d}",
        "dataset": dataset,
        "form": said.form,
        "image_id": by_name.get(picture),
        "user_text": said.user,
        "response": said.response,
        "thinking_process": said.thinking,
        "generation_instruction": said.instruction,
        "type": row.get("qa_type"),
    }
    return reader.made(MixtureRow, values, path, where)


def _said(reader: Reader, path: Path, where: str, row: dict[str, Any]) -> Said | None:
    if "text" in row:
        return read_drawing(reader.text(row["text"], path, f"{where}.text"))
    turns = row.get("conversations")
    if not isinstance(turns, list) or len(turns) != 2 or not all(isinstance(turn, dict) for turn in turns):
        return None
    asked, answered = (
        reader.text(turn.get("value"), path, f"{where}.conversations[{number}].value")
        for number, turn in enumerate(turns)
    )
    return read_turns(asked, answered, pictured="image" in row)


def _differs(reader: Reader, path: Path, where: str, told: Any, made: Any) -> None:
    if where.endswith(".image") and isinstance(told, str) and isinstance(made, str) and told.endswith(made):
        reader.mended("image_prefix", path, where, f"'{told}' begins elsewhere than '{made}'")
        return
    reader.wrong(
        "derived_row", path, where, f"is {str(told)[:60]!r}; the records give {str(made)[:60]!r}", hard=False
    )

"""A data set in RoleScape-20's released layout -> strict records, and a finding for every departure.

    data/personalized_data/{train,test}/FOLDER/annotation.json, NAME_with_image.json, NAME_knowledge_qa.json, 0.png ..
    data/personalized_data/{train,test}/FOLDER/processed/{t2i,vlm}/NAME_*.jsonl
    data/configs/FOLDER/PREFIX*.yaml

Tolerant in reading: `from` for `role`, numbers for texts, names in another case, files and keys that are not there.
What the layout derives from its records (`processed/`, `configs/`) is compared with them, not believed.
"""

from pathlib import Path

from rolescape_data.collection import Collection
from rolescape_data.errors import InputError
from rolescape_data.importers import Imported
from rolescape_data.importers.inside import lies_in
from rolescape_data.importers.released_character import read_character
from rolescape_data.importers.released_reader import Reader
from rolescape_data.unicharacter import names
from rolescape_data.unicharacter.names import SIDES, Side

_IGNORED = {".ds_store", "thumbs.db", ".gitkeep"}


def import_rolescape20(root: Path) -> Imported:
    """Read a data set in the released layout.

    Args:
        root: the folder that holds `data/`, or `data/` or `personalized_data/` itself.

    Raises:
        InputError: there is no `personalized_data` with a `train` folder.
    """
    people = next(
        (
            folder
            for folder in (root / names.DATA / names.PEOPLE, root / names.PEOPLE, root)
            if any((folder / side).is_dir() for side in SIDES)
        ),
        None,
    )
    if people is None:
        raise InputError(
            f"{root} holds no data set in RoleScape-20's layout: there is no {names.DATA}/{names.PEOPLE}/train. "
            "Name the folder that holds data/."
        )
    reader = Reader(root)
    folders: dict[str, dict[Side, Path]] = {}
    for side in SIDES:
        for folder in sorted(path for path in (people / side).glob("*") if path.is_dir()):
            if not lies_in(root, folder):
                reader.outside(folder)
                continue
            known = next((name for name in folders if name.casefold() == folder.name.casefold()), None)
            if known is not None and known != folder.name:
                reader.mended("file_case", folder, "", f"is called '{known}' on the other side")
            folders.setdefault(known or folder.name, {})[side] = folder
    collection = Collection(name=root.resolve().name, characters={}, splits={}, pictures={}, sources={})
    for folder_name in sorted(folders):
        collection = read_character(reader, people, folder_name, folders[folder_name], collection)
    _unread(reader, people)
    return Imported(collection, reader.findings, reader.places)


def _unread(reader: Reader, people: Path) -> None:
    """Note the files of the data set that nothing was made of."""
    parquet = ("_parquet",)
    for folder in (people, people.parent / names.CONFIGS):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if not path.is_file() or path in reader.seen or path.name.casefold() in _IGNORED:
                continue
            if path.parent.name.endswith(parquet):
                continue
            reader.wrong(
                "file_unknown",
                path,
                "",
                "belongs to no part of the layout that is read; left out",
                hard=False,
            )

"""Names in the released layout: folders, files, data sets; and which picture is called what.

data/personalized_data/{train,test}/FOLDER/NAME_with_image.json ..   FOLDER is 'SCRIPT-NAME', or NAME without a script
data/configs/FOLDER/PREFIX.yaml  PREFIX_full.yaml ..                 PREFIX is the character's id
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from rolescape_data.records.image import ImageRecord

Side = Literal["train", "test"]
SIDES: tuple[Side, ...] = ("train", "test")
DATA = "data"
PEOPLE = "personalized_data"
CONFIGS = "configs"
GRPO = "flow_grpo/dataset/personalized_t2i"

# Data sets in the order of the released table; the last of each are merged from others.
T2I_SETS = ("t2i", "t2i_with_thinking", "t2i_generation_instruction_only", "pure_t2i", "t2i_full")
VLM_SETS = ("vlm", "vlm_extension", "vlm_thinking", "knowledge_qa", "vqa", "full")
MERGED = ("t2i_full", "full")

_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
_ENDINGS = (
    "_dialogue_text_extension_train.json",
    "_dialogue_text_extension_test.json",
    "_personality_simplified_profile.txt",
    "_full_profile.txt",
    "_knowledge_qa_test.json",
    "_memorization_test.json",
    "_personality_test.json",
    "_diversity_test.json",
    "_t2i_instruction.json",
    "_with_image.json",
    "_knowledge_qa.json",
)
_LONGEST_ID = 40


def file_name(name: str) -> str:
    """Return a character's name as it stands in file names."""
    return _UNSAFE.sub("_", name).strip(". ") or "_"


def folder_name(name: str, script: str) -> str:
    """Return the folder of a character: 'Friends-Chandler', or 'Bo' without a script."""
    return f"{file_name(script)}-{file_name(name)}" if script else file_name(name)


def split_folder(folder: str, files: Sequence[str]) -> tuple[str, str]:
    """Return name and script of a character's folder, told by what its files begin with."""
    starts: dict[str, int] = {}
    for file in files:
        for ending in _ENDINGS:
            if file.casefold().endswith(ending):
                start = file[: -len(ending)]
                starts[start] = starts.get(start, 0) + 1
                break
    name = max(starts, key=lambda start: (starts[start], start)) if starts else folder
    script = folder[: -len(name) - 1] if folder.endswith(f"-{name}") else ""
    return name, script


def slug(folder: str) -> str:
    """Return a character id for a folder."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_ID]


def prefix_of(character_id: str) -> str:
    """Return what the names of a character's data sets begin with."""
    return character_id.replace("-", "_")


def dataset_file(dataset: str, name: str, folder: str) -> str:
    """Return the file of a data set below its `processed/` folder; the merged one bears the folder's name."""
    return f"{folder if dataset == 'full' else name}_{dataset}.jsonl"


def check_name(name: str) -> str:
    """Return a character's name as the drawing reward's folders hold it."""
    return name.replace(" ", "_")


def check_file(name: str) -> str:
    """Return the file of drawing prompts with check questions."""
    return f"{check_name(name)}_pure_t2i_with_vqa.jsonl"


def picture_names(images: Sequence[ImageRecord]) -> dict[str, str]:
    """Name the pictures of one side by image id: a number they are called by already, else their place in the row.

    A file that is called '7.png' stays 7 when every other one of the side has such a name, too, and no two the same.
    """
    stems = [PurePosixPath(image.path).stem for image in images]
    numbered = all(re.fullmatch(r"0|[1-9][0-9]{0,8}", stem) for stem in stems)
    if numbered and len(set(stems)) == len(stems):
        return {image.id: stem for image, stem in zip(images, stems, strict=True)}
    return {image.id: str(place) for place, image in enumerate(images)}

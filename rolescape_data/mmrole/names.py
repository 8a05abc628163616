"""MMRole's names for dialogues, samples and pictures, and ours for them.

    Ada_Fenn_human-role-dialogue_COCO_30      the 31st dialogue of Ada Fenn and a person beside a generic picture
    Ada_Fenn_human-role-dialogue_COCO_30_7    the sample whose answer is message 7 of it
    the_Ancient_Greece_period/01.jpg          a picture of a script; COCO/train2017/000000455340.jpg a generic one

Dialogues of its out-of-distribution characters bear no number.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

from rolescape_data.settings import slug

DialogueType = Literal["comment", "human-role", "inter-role"]
TYPES: tuple[DialogueType, ...] = get_args(DialogueType)
Place = Literal["COCO", "script"]

_WORD: dict[DialogueType, str] = {
    "comment": "comment",
    "human-role": "human-role-dialogue",
    "inter-role": "role-role-dialogue",
}
_TYPE = {word: name for name, word in _WORD.items()}
_TAIL = re.compile(
    r"(.+)_(comment|human-role-dialogue|role-role-dialogue)_(COCO|script)(?:_(\d{1,9}))?", re.DOTALL
)
_COCO = re.compile(r"COCO/((?:train|val|test)\d{4})/(\d{12})\.jpg")
_COCO_ID = re.compile(r"coco-((?:train|val|test)\d{4})-(\d{12})")


@dataclass(frozen=True, slots=True)
class DialogueName:
    """A dialogue's id, taken apart; `owner` has underscores where the name has spaces."""

    owner: str
    type: DialogueType
    place: Place
    number: int | None

    def __str__(self) -> str:
        number = "" if self.number is None else f"_{self.number}"
        return f"{self.owner}_{_WORD[self.type]}_{self.place}{number}"


def owner_of(name: str) -> str:
    """Return a character's name as ids hold it."""
    return name.replace(" ", "_")


def dialogue_name(text: str) -> DialogueName | None:
    """Take a dialogue's id apart; None when it is not of this form."""
    match = _TAIL.fullmatch(text)
    if match is None:
        return None
    place: Place = "COCO" if match[3] == "COCO" else "script"
    return DialogueName(match[1], _TYPE[match[2]], place, None if match[4] is None else int(match[4]))


def character_slug(name: str) -> str:
    """Return a character id for a name; a name without ASCII letters gets one from its hash."""
    return slug(name) or f"c-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def coco_image_id(path: str) -> str | None:
    """Return the image id of a COCO path; None for other paths."""
    match = _COCO.fullmatch(path)
    return f"coco-{match[1]}-{match[2]}" if match else None


def coco_path(image_id: str) -> str | None:
    """Return the COCO path of an image id; None for other pictures."""
    match = _COCO_ID.fullmatch(image_id)
    return f"COCO/{match[1]}/{match[2]}.jpg" if match else None


def folder_of(script: str) -> str:
    """Return the folder that holds a script's pictures."""
    return script.replace(" ", "_")

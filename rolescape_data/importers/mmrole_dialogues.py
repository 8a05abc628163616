"""MMRole's dialogue files -> Commentary, HumanRoleDialogue and InterRoleDialogue records.

    {"id": "Plato_role-role-dialogue_COCO", "image": "COCO/train2017/000000159223.jpg",
     "conversations": [{"role": "Socrates", "value": "..."}, {"role": "Plato", "value": "..."}]}

A script's picture brings `role_info`, `place_info` and `scene_info` beside `image`. The released files name the person of a
commentary under `from` instead of `role`, and hold empty conversations where generations were thrown away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rolescape_data.collection import Finding
from rolescape_data.importers.mmrole_pictures import INFOS, Pictures, check_keys
from rolescape_data.mmrole.names import DialogueName, coco_image_id, dialogue_name, owner_of
from rolescape_data.mmrole.prompt import HUMAN
from rolescape_data.mmrole.turns import Dialogue
from rolescape_data.records.base import Provenance
from rolescape_data.records.dialogue import Commentary, HumanRoleDialogue, InterRoleDialogue, Turn
from rolescape_data.records.image import Annotation

_HUMANS = {"human", "user", "a curious human", "the curious human"}


@dataclass(frozen=True, slots=True)
class Cast:
    """Who may speak: character ids by name, languages by character id, and the licence of the data."""

    ids: Mapping[str, str]
    langs: Mapping[str, str]
    license_id: str

    def owner(self, underscored: str) -> tuple[str | None, bool]:
        """Return the id behind a name as dialogue ids hold it, and whether only its case differed."""
        for name, identity in self.ids.items():
            if owner_of(name) == underscored:
                return identity, False
        for name, identity in self.ids.items():
            if owner_of(name).casefold() == underscored.casefold():
                return identity, True
        return None, False


@dataclass(frozen=True, slots=True)
class Read:
    """A dialogue with what its record does not say: its MMRole id and its picture's path."""

    record: Dialogue
    name: DialogueName
    image: str


def read_dialogue(
    entry: Any,
    *,
    file: str,
    place: str,
    cast: Cast,
    pictures: Pictures,
    text: Callable[[Any, str, str], str],
    findings: list[Finding],
) -> Read | None:
    """Read one dialogue; None, with a finding, where no record can be made of it.

    Args:
        entry: one entry of a dialogue file.
        file: the file below the data set's root.
        place: the entry's place in it.
        cast: who may speak.
        pictures: the data set's pictures.
        text: returns a value as clean text, with a finding where it was none.
        findings: gets what departs from the format.
    """
    if not isinstance(entry, Mapping):
        findings.append(Finding("dialogue_shape", file, place, "is no object; left out"))
        return None
    shown = str(entry.get("id", ""))
    name = dialogue_name(shown)
    if name is None:
        findings.append(Finding("dialogue_id", file, f"{place}.id", f"'{shown}' names no dialogue; left out"))
        return None
    owner, cased = cast.owner(name.owner)
    if owner is None:
        findings.append(
            Finding("unknown_character", file, f"{place}.id", f"'{shown}' belongs to no profile; left out")
        )
        return None
    if cased:
        findings.append(
            Finding(
                "name_case",
                file,
                f"{place}.id",
                f"'{shown}' differs in case from the profile",
                repaired=True,
                hard=False,
            )
        )
    image = entry.get("image")
    if not isinstance(image, str) or not image:
        findings.append(Finding("dialogue_image", file, f"{place}.image", "names no picture; left out"))
        return None
    said = _said(entry.get("conversations"), shown, file, place, owner, cast, text, findings)
    if said is None:
        return None
    image_id = pictures.id_of(image, file, f"{place}.image", findings)
    _infos(entry, image, name, file, place, pictures, text, findings)
    record = _record(name, owner, image_id, said, cast, file, place, findings)
    return Read(record, name, image) if record else None


def _infos(
    entry: Mapping[str, Any],
    image: str,
    name: DialogueName,
    file: str,
    place: str,
    pictures: Pictures,
    text: Callable[[Any, str, str], str],
    findings: list[Finding],
) -> None:
    generic = coco_image_id(image) is not None
    if generic != (name.place == "COCO"):
        findings.append(
            Finding(
                "picture_kind",
                file,
                f"{place}.image",
                f"the id says {name.place}, the picture is '{image}'",
                hard=False,
            )
        )
    if name.place == "COCO":
        check_keys(entry, ("id", "image", "conversations"), file, place, findings)
        return
    check_keys(entry, ("id", "image", *INFOS, "conversations"), file, place, findings)
    told = Annotation(**{key: text(entry.get(key, ""), file, f"{place}.{key}") for key in INFOS})
    if image not in pictures.annotated:
        pictures.annotated[image] = told
        return
    known = pictures.annotated[image]
    for key in INFOS:
        if key in entry and getattr(told, key) != getattr(known, key):
            findings.append(
                Finding(
                    "annotation_differs",
                    file,
                    f"{place}.{key}",
                    "differs from the annotation, which is kept",
                    repaired=True,
                    hard=False,
                )
            )


def _said(
    turns: Any,
    shown: str,
    file: str,
    place: str,
    owner: str,
    cast: Cast,
    text: Callable[[Any, str, str], str],
    findings: list[Finding],
) -> list[tuple[str, str]] | None:
    where = f"{place}.conversations"
    if not isinstance(turns, list) or not turns:
        findings.append(Finding("empty_conversation", file, where, f"'{shown}' holds no message; left out"))
        return None
    said = []
    for number, turn in enumerate(turns):
        at = f"{where}[{number}]"
        if not isinstance(turn, Mapping):
            findings.append(
                Finding("message_shape", file, at, f"of '{shown}' is no object; the dialogue is left out")
            )
            return None
        key = "role" if "role" in turn else "from"
        if key == "from" and "from" in turn:
            findings.append(
                Finding(
                    "speaker_key",
                    file,
                    f"{at}.from",
                    "names the speaker under 'from', not 'role'",
                    repaired=True,
                    hard=False,
                )
            )
        check_keys(turn, (key, "value"), file, at, findings)
        speaker = _speaker(turn.get(key), f"{at}.{key}", file, owner, cast, findings)
        if speaker is None:
            findings.append(
                Finding(
                    "unknown_speaker",
                    file,
                    f"{at}.{key}",
                    f"'{turn.get(key)}' is no character; '{shown}' is left out",
                )
            )
            return None
        words = text(turn.get("value", ""), file, f"{at}.value")
        if not words.strip():
            rule = "missing_answer" if speaker != HUMAN else "empty_message"
            findings.append(Finding(rule, file, f"{at}.value", f"is empty; '{shown}' is left out"))
            return None
        said.append((speaker, words))
    return said


def _speaker(value: Any, at: str, file: str, owner: str, cast: Cast, findings: list[Finding]) -> str | None:
    if not isinstance(value, str):
        return None
    if value == HUMAN:
        return HUMAN
    if value in cast.ids:
        return cast.ids[value]
    folded = value.strip().casefold()
    known = HUMAN if folded in _HUMANS else None
    if known is None:
        known = next((identity for name, identity in cast.ids.items() if name.casefold() == folded), None)
    if known is None and folded in ("assistant", "character"):
        known = owner
    if known is not None:
        findings.append(
            Finding("speaker_name", file, at, f"'{value}' is read as {known}", repaired=True, hard=False)
        )
    return known


def _record(
    name: DialogueName,
    owner: str,
    image_id: str,
    said: list[tuple[str, str]],
    cast: Cast,
    file: str,
    place: str,
    findings: list[Finding],
) -> Dialogue | None:
    shown = str(name)
    common: dict[str, Any] = {
        "id": record_id(owner, name),
        "character_id": owner,
        "lang": cast.langs[owner],
        "license": cast.license_id,
        "source": file,
        "provenance": Provenance(source_kind="seed", writer="mmrole"),
        "image_id": image_id,
    }
    turns = [Turn(speaker=speaker, text=words) for speaker, words in said]
    if name.type == "comment":
        if [speaker for speaker, _ in said] == [HUMAN]:
            findings.append(
                Finding(
                    "missing_answer", file, f"{place}.conversations", f"'{shown}' holds no reply; left out"
                )
            )
            return None
        if [speaker for speaker, _ in said] != [HUMAN, owner]:
            findings.append(
                Finding(
                    "turn_grammar",
                    file,
                    f"{place}.conversations",
                    f"'{shown}' is not one question and one reply; left out",
                )
            )
            return None
        return Commentary(**common, question=said[0][1], reply=said[1][1])
    others = {speaker for speaker, _ in said} - {owner}
    if name.type == "human-role":
        if others - {HUMAN}:
            findings.append(
                Finding(
                    "unknown_speaker",
                    file,
                    f"{place}.conversations",
                    f"'{shown}' has a second character; left out",
                )
            )
            return None
        return HumanRoleDialogue(**common, messages=turns)
    if len(others) != 1 or HUMAN in others:
        findings.append(
            Finding(
                "turn_grammar",
                file,
                f"{place}.conversations",
                f"'{shown}' is no talk of two characters; left out",
            )
        )
        return None
    return InterRoleDialogue(**common, partner_id=others.pop(), messages=turns)


def record_id(owner: str, name: DialogueName) -> str:
    """Return the id of a dialogue's record: the character's id stands where MMRole's has its name."""
    return str(DialogueName(owner, name.type, name.place, name.number))

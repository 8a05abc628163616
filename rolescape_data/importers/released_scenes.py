"""Scenes, captions and drawing checks as RoleScape-20 releases them -> what they say, tolerantly read."""

from pathlib import Path
from typing import Any

from rolescape_data.importers.released_reader import Reader
from rolescape_data.records import Record, T2ICheck

USERS = ("user", "human")
MACHINES = ("machine", "assistant", "gpt", "character")


def read_pair(
    reader: Reader, path: Path, place: str, scene: Any
) -> tuple[str, str, dict[str, Any], str] | None:
    """Return what a scene says: the user's words, the reply, the whole reply message and its place."""
    if not isinstance(scene, list) or len(scene) != 2 or not all(isinstance(m, dict) for m in scene):
        reader.wrong("turns", path, place, "is not one message and one reply; left out")
        return None
    texts = []
    for number, (message, allowed) in enumerate(zip(scene, (USERS, MACHINES), strict=True)):
        where = f"{place}[{number}]"
        role = "role" if "role" in message else "from"
        if role == "from":
            reader.mended("turn_key", path, f"{where}.from", "names the speaker with `from`, not `role`")
        if str(message.get(role)).casefold() not in allowed:
            reader.wrong("turns", path, f"{where}.{role}", f"is said by {message.get(role)!r}; left out")
            return None
        if message.get(role) != allowed[0]:
            reader.mended("turn_role", path, f"{where}.{role}", f"is {message.get(role)!r}, not {allowed[0]}")
        key = "text" if "text" in message else "value"
        if key == "value" and "value" in message:
            reader.mended("turn_key", path, f"{where}.value", "holds the words as `value`, not `text`")
        texts.append(reader.text(message.get(key), path, f"{where}.text"))
    if not all(text.strip() for text in texts):
        reader.wrong("turns", path, place, "has an empty message; left out")
        return None
    return texts[0], texts[1], scene[1], f"{place}[1]"


def read_captions(reader: Reader, path: Path, content: dict[str, Any]) -> dict[str, str]:
    """Return the captions of a `_t2i_instruction.json` by the picture that each names."""
    found: dict[str, str] = {}
    for place, item in reader.items(content.get("t2i_instructions"), path, "t2i_instructions"):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, place, "is no object; left out")
            continue
        reader.keys(item, ("image_id", "t2i_instruction"), path, place)
        picture = reader.text(item.get("image_id"), path, f"{place}.image_id")
        if picture in found:
            reader.wrong("caption_twice", path, place, f"picture {picture} has one already; left out")
            continue
        found[picture] = reader.text(item.get("t2i_instruction"), path, f"{place}.t2i_instruction")
    return found


def read_checks(reader: Reader, path: Path, shared: dict[str, Any]) -> list[Record]:
    """Return the drawing prompts with check questions."""
    found: list[Record] = []
    for place, row in reader.lines(path):
        asked = []
        for where, item in reader.items(row.get("vqa_questions"), path, f"[{place}].vqa_questions"):
            if not isinstance(item, dict):
                reader.wrong("file_shape", path, where, "is no object; left out")
                continue
            weight = item.get("weight")
            asked.append(
                {
                    key: reader.text(item.get(key), path, f"{where}.{key}")
                    for key in ("question", "type", "category", "answer")
                }
                | {
                    "choices": [str(choice) for choice in item.get("choices") or []],
                    "weight": float(weight) if isinstance(weight, int | float) else 1.0,
                    "is_negative": item.get("is_negative") is True,
                }
            )
        values = shared | {
            "id": f"{shared['character_id']}_check_{place + 1:03d}",
            "prompt": reader.text(row.get("text"), path, f"[{place}].text"),
            "questions": asked,
        }
        record = reader.made(T2ICheck, values, path, f"[{place}]")
        found += [record] if record else []
    return found

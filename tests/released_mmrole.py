"""A set in MMRole's released layout, with the faults of its first upload, scaled down, in known numbers.

Names, words and pictures are made up here, by seed. As published: 394 talks and 247 talks of two without a message, 209
commentaries without a reply, the person of a commentary under `from`, folders that differ in case from the annotations.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from released_set import Words

CAST = ("Tessa Quill", "Oren Vash", "Lida Marsh")
SCRIPT = "Long_Quay"
# Dialogues of each type and character beside generic pictures, and beside the script's own.
GENERIC, OWN = 6, 2


@dataclass(frozen=True)
class Faults:
    """How often each fault is put into the set; all none makes a sound one."""

    empty_talks: int = 0
    empty_inter: int = 0
    unanswered: int = 0
    from_keys: bool = False
    wrong_turns: int = 0
    ai_tone: int = 0
    prefixes: int = 0
    stray_keys: int = 0
    path_case: int = 0


FAULTY = Faults(
    empty_talks=4,
    empty_inter=3,
    unanswered=2,
    from_keys=True,
    wrong_turns=1,
    ai_tone=3,
    prefixes=2,
    stray_keys=2,
    path_case=1,
)


def write_released(root: Path, faults: Faults, seed: int = 5) -> Path:
    """Write the set below `root` and return it."""
    words = Words(seed)
    replies: list[str] = []
    left = {name: int(value) for name, value in vars(faults).items() if name != "from_keys"}

    def due(fault: str) -> bool:
        left[fault] -= 1
        return left[fault] >= 0

    def talk(speakers: tuple[str, str]) -> list[dict[str, str]]:
        return [{"role": speakers[at % 2], "value": words.reply(replies)} for at in range(6)]

    profiles: dict[str, str] = {}
    files: dict[str, list[dict[str, Any]]] = {"comment": [], "human-role": [], "inter-role": []}
    number = 0
    for place, name in enumerate(CAST):
        profiles[name] = _profile(name, words)
        other = CAST[(place + 1) % len(CAST)]
        for at in range(GENERIC + OWN):
            own = at >= GENERIC
            tail = f"script_{at - GENERIC}" if own else f"COCO_{at}"
            for kind, word in (
                ("comment", "comment"),
                ("human-role", "human-role-dialogue"),
                ("inter-role", "role-role-dialogue"),
            ):
                number += 1
                entry: dict[str, Any] = {
                    "id": f"{name.replace(' ', '_')}_{word}_{tail}",
                    "image": f"{SCRIPT}/{at - GENERIC}.jpg" if own else f"COCO/train2017/{number:012d}.jpg",
                }
                if own:
                    entry |= _annotation(at - GENERIC)
                if kind == "comment":
                    key = "from" if faults.from_keys else "role"
                    said = [
                        {key: "human", "value": "What goes through your mind when you look at this picture?"},
                        {"role": name, "value": " ".join(words.reply(replies) for _ in range(7))},
                    ]
                    if not own and due("unanswered"):
                        said = said[:1]
                else:
                    said = talk(("human", name) if kind == "human-role" else (other, name))
                    if not own and due("empty_talks" if kind == "human-role" else "empty_inter"):
                        said = []
                if own:
                    _spoil(kind, entry, said, due)
                files[kind].append({**entry, "conversations": said})
    for kind, entries in files.items():
        _save(root / "dialogues" / f"{kind}.json", entries)
    _save(root / "profiles" / "profiles.json", profiles)
    annotations = [{"image": f"{SCRIPT}/{at}.jpg", **_annotation(at)} for at in range(OWN)]
    for at in range(OWN):
        folder = SCRIPT.lower() if due("path_case") else SCRIPT
        _draw(root / "images" / folder / f"{at}.jpg", at)
    _save(root / "images" / "annotations.json", annotations)
    assert all(value <= 0 for value in left.values()), left
    return root


def _spoil(kind: str, entry: dict[str, Any], said: list[dict[str, str]], due: Callable[[str], bool]) -> None:
    """Put at most one fault into a dialogue beside a picture of the script."""
    if kind == "inter-role" and due("stray_keys"):
        entry["score"] = 5
    if kind != "human-role":
        return
    if due("wrong_turns"):
        said.insert(2, dict(said[1]))
    elif due("ai_tone"):
        said[1]["value"] = f"As an AI language model, {said[1]['value']}"
    elif due("prefixes"):
        said[3]["value"] = f"Here is my reply: {said[3]['value']}"


def _annotation(at: int) -> dict[str, str]:
    return {
        "role_info": f"From left to right are {CAST[at]} and {CAST[at + 1]}.",
        "place_info": "The long quay",
        "scene_info": "They mend a net before the evening tide.",
    }


def _profile(name: str, words: Words) -> str:
    said: list[str] = []

    def some(count: int) -> str:
        return " ".join(words.reply(said) for _ in range(count))

    return (
        f"### Brief Introduction\n{name} mends nets on the long quay. {some(4)}\n\n"
        f"### Personality\n{some(4)}\n\n### Life Story\n{some(5)}\n\n"
        f"### Main Interpersonal Relationships\n- {CAST[0]}: an old friend from the quay.\n\n"
        '### Catchphrases\n- "Mend it before noon."\n- "The tide counts twice."\n- "Knots first, talk later."\n'
    )


def _draw(path: Path, at: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (520, 520), (210, 200, 180))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((40 + 200 * at, 60, 240 + 200 * at, 460 - 150 * at), fill=(40, 60, 120))
    pen.ellipse((300 - 220 * at, 300, 500 - 220 * at, 500), fill=(180, 60, 40))
    picture.save(path, "JPEG")


def _save(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")

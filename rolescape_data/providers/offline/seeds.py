"""A seed line in the form "gender: ...; age: ...; ..." -> meta information; documents -> the detailed profile's five parts.

Nothing is invented: a seed that is a sentence, or meta information that would have to be expanded, is left open.
"""

import re
from typing import Any

from rolescape_data.providers.offline.profile import profile

_LABELS = {
    "gender": ("gender", "sex", "性别"),
    "age": ("age", "年龄"),
    "origin": ("origin", "from", "出身", "籍贯"),
    "personality": ("personality", "性格"),
    "experience": ("experience", "life", "经历"),
}


def meta_information(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Read a MetaInformationAnswer out of a seed that labels all five; None for any other."""
    stated: dict[str, str] = {}
    for piece in re.split(r"[;；\n]+", str(block["seed"])):
        label, mark, value = re.sub(r"：", ":", piece).partition(":")
        if mark:
            stated[label.strip().casefold()] = value.strip()
    found = {
        field: next((stated[label] for label in labels if stated.get(label)), "")
        for field, labels in _LABELS.items()
    }
    return found if all(found.values()) else None


def detailed_profile(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Arrange a DetailedProfileAnswer from the sentences of documents; None when nothing is stated."""
    found = profile(block) if block.get("documents") else None
    if found is None:
        return None
    zh = block["character"].get("lang") == "zh"
    return {
        "introduction": found["brief_introduction"] or found["description"],
        "personality": found["personality"],
        "experience": found["life_story"],
        "relationship": ("" if zh else " ").join(bond["note"] for bond in found["relationships"]),
        "catchphrase": "\n".join(found["catchphrases"]),
    }

"""Turns what is noted of a picture and the exchange beside it into a caption: a plan, an instruction, a plain text.

Nothing is seen here: every visual word comes from the attributes, the annotation or the note. A picture of which
fewer than three elements are known gets no caption.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from rolescape_data.providers.offline.drawn import CAPTION_WORDS, instruction, listed, plain_caption
from rolescape_data.providers.offline.phrases import is_light, tidy
from rolescape_data.providers.offline.pictures.parts import affirmed
from rolescape_data.providers.offline.profile import plain
from rolescape_data.providers.offline.thinking import planned, thinking
from rolescape_data.records.image import VISUAL_ELEMENTS
from rolescape_data.spans import sentences, words

LEAST_ELEMENTS = 3

# What counts as a visual element; prop and outfit are details on top.
ELEMENTS = tuple(name for name in VISUAL_ELEMENTS if name not in ("prop", "outfit"))

_NOTE_WORDS = {
    "expression": r"smil\w+|frown\w*|laugh\w*|scowl\w*|grin\w*|glar\w+|tears?|eyes|brows?|mouth|worried|angry|sad|surprised|proud",
    "pose": r"stand\w*|sits?|sitting|seated|kneel\w*|hold\w*|rais\w+|lean\w*|point\w*|gestur\w*|walk\w*|crouch\w*|arms?|hands?",
    "setting": r"room|pier|street|market|deck|office|school|hall|forest|field|garden|house|tower|sky|water|background|outdoors",
    "style": r"painting|fresco|photograph|illustration|drawing|watercolou?r|poster|engraving|sculpture|portrait|cartoon",
    "lighting": r"\w*light|sun\w*|moon\w*|shadows?|dusk|dawn|glow\w*|dark",
    "colour": r"red|blue|green|yellow|white|black|brown|grey|gray|orange|violet|purple|pink|gold\w*|silver|colou?rs?",
    "composition": r"left|right|centre|center|middle|foreground|close-up|full figure|half figure|whole figure|waist-up",
}


def caption(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write a CaptionAnswer; None when fewer than three visual elements are known, or too little for all three texts."""
    character, image = block["character"], block["image"]
    if character.get("lang", "en") != "en":
        return None
    known = _known(image)
    notes = _notes(image)
    seed = _hash(image["file"], block["dialogue"]["response"])
    if len([name for name in ELEMENTS if name in known]) < LEAST_ELEMENTS:
        found = [name for name in ELEMENTS if name in known or _noted(name, notes)]
        if len(found) < LEAST_ELEMENTS or not notes:
            return None
        plan = [*notes, f"The {_listed(found)} named there carry the answer."]
        row = r"^From left to right (?:are|is) (.+)$"
        bare = [re.sub(row, r"\1 from left to right", note.rstrip(".!")) for note in notes]
        items = [item for note in bare for item in re.split(r"[,;:] ", note)]
        text, told = _shortest_run(notes), listed(items)
        shown = "\n".join(notes)
    else:
        plan = planned(known, str(character["name"]), seed)
        told = instruction(block, known, seed)
        text = plain_caption(block, known, seed)
        shown = f"{known.get('expression', '')}\n{known.get('pose', '')} {known.get('prop', '')}"
    thought = thinking(block, plan, shown, seed)
    if thought is None or told is None or text is None:
        return None
    return {"thinking_process": thought, "generation_instruction": told, "t2i_caption": text}


def _known(image: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that say something; a place of the annotation stands in for an unknown setting."""
    given = image.get("attributes") or {}
    known = {name: tidy(str(given.get(name) or "")) for name in VISUAL_ELEMENTS}
    known["outfit"] = affirmed(known["outfit"])
    place = str((image.get("annotation") or {}).get("place_info") or "")
    known["setting"] = known["setting"] or tidy(place)
    # "dim" and "muted" name no light and no colour by themselves.
    if known["lighting"] and not is_light(known["lighting"]):
        known["lighting"] += " light"
    if len(known["colour"].split()) == 1 and not known["colour"].endswith("s"):
        known["colour"] += " colours"
    return {name: phrase for name, phrase in known.items() if phrase}


def _notes(image: dict[str, Any]) -> list[str]:
    """Return the sentences of note and annotation, each once."""
    annotation = image.get("annotation") or {}
    texts = [
        str(image.get("note") or ""),
        *(str(annotation.get(key) or "") for key in ("role_info", "scene_info")),
    ]
    found = [
        plain(sentence.text) for text in texts for sentence in sentences(text) if sentence.kind == "statement"
    ]
    return list(dict.fromkeys(found))


def _noted(element: str, notes: Sequence[str]) -> bool:
    # Capitals are left out: "The School of Athens" is a title, not a place.
    return any(re.search(rf"\b(?:{_NOTE_WORDS[element]})\b", note) for note in notes)


def _shortest_run(notes: Sequence[str]) -> str | None:
    """Return the first notes that make 15-40 words together."""
    for start in range(len(notes)):
        for end in range(start + 1, len(notes) + 1):
            text = " ".join(notes[start:end])
            if CAPTION_WORDS[0] <= len(words(text)) <= CAPTION_WORDS[1]:
                return text
    return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def _hash(*texts: str) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(texts).encode()).digest()[:8], "big")

"""What is noted of pictures -> drawing prompts with check questions (T2ICheckAnswer).

A prompt puts two or three noted elements of one picture together; each of its elements is asked about once as it is and
once as another picture has it, so that half of the answers are yes. English only: the frames are English.
"""

import re
from collections.abc import Iterator
from typing import Any

from rolescape_data.spans import words

_PROMPTS = (
    ("pose", "setting"),
    ("prop", "setting", "lighting"),
    ("expression", "setting"),
    ("pose", "prop", "lighting"),
    ("outfit", "setting"),
    ("expression", "pose", "lighting"),
)
_LEADS = ("{name},", "Draw {name}:", "Show {name}:")
_FRAMES = {
    "setting": "Is this the place: {value}?",
    "lighting": "Is this the light: {value}?",
    "prop": "Is {value} to be seen?",
    "outfit": "Is {name} dressed in {value}?",
    "pose": "Does {name}'s pose fit these words: {value}?",
    "expression": "Does {name}'s face fit these words: {value}?",
    "colour": "Do the colours fit these words: {value}?",
    "style": "Does the style fit these words: {value}?",
    "composition": "Does the framing fit these words: {value}?",
}
_WEIGHTS = {"outfit": 1.0, "prop": 0.9, "setting": 0.8, "pose": 0.8, "expression": 0.7, "lighting": 0.6}
# How the body is carried: of these a drawing shows one.
_STANCES = {
    "upright": r"\b(?:stand|upright)",
    "low": r"\b(?:kneel|one knee|crouch|squat)",
    "seated": r"\b(?:sit|seated|perch)",
    "down": r"\b(?:lying|lies)\b",
    "walking": r"\b(?:walk|strid|stalk)",
    "fast": r"\b(?:run|jump|leap)",
    "aloft": r"\b(?:fly|soar)",
}
_WORDS = (7, 21)


def t2i_checks(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a T2ICheckAnswer for each key that the notes reach."""
    if str(block["character"].get("lang") or "en").split("-")[0] != "en":
        return None
    used = {str(text) for text in block.get("used", [])}
    made = (item for item in _made(block, len(used)) if item["prompt"] not in used)
    return dict(zip(keys, made, strict=False)) or None


def _made(block: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """Yield a prompt per picture and way of building one; `number` says how the first one opens."""
    name = str(block["character"]["name"])
    # Picture by picture the elements change, so that no two prompts in a row are built alike.
    for turn in range(len(_PROMPTS)):
        for place, picture in enumerate(block["pictures"]):
            elements = _PROMPTS[(place + turn) % len(_PROMPTS)]
            noted = {key: str(text) for key, text in picture["attributes"].items() if text}
            if not all(element in noted for element in elements):
                continue
            first, *rest = (noted[element] for element in elements)
            # Whoever is drawn comes first: what follows the name is read as theirs.
            prompt = ", ".join((f"{_LEADS[number % len(_LEADS)].format(name=name)} {first}", *rest))
            if not _WORDS[0] <= len(words(prompt)) <= _WORDS[1]:
                continue
            questions = _questions(name, noted, elements, block["others"], int(block["most_questions"]))
            if len(questions) >= int(block["least_questions"]):
                yield {"prompt": prompt, "questions": questions}
                number += 1


def _questions(
    name: str, noted: dict[str, str], elements: tuple[str, ...], others: list[dict[str, str]], most: int
) -> list[dict[str, Any]]:
    """Ask about each element as it is and as another picture has it; and once with four choices."""
    found: list[dict[str, Any]] = []
    # Of what the prompt does not name a drawing may show anything: nothing of that is asked.
    for element in elements:
        values = _values(element, noted[element], others)
        if not values:
            continue
        wrong = next((value for value in values if element != "pose" or _excluded(noted[element], value)), "")
        if not wrong:
            continue
        for value, answer in ((noted[element], "yes"), (wrong, "no")):
            found.append(
                {
                    "question": _FRAMES[element].format(name=name, value=value),
                    "type": "yes_no",
                    "category": element,
                    "answer": answer,
                    "choices": [],
                    "weight": _WEIGHTS.get(element, 0.5),
                    "is_negative": answer == "no",
                }
            )
        if element == "setting" and len(values) >= 3:
            # Sorted, so that the place among the choices gives nothing away.
            choices = sorted([noted[element], *values[:3]])
            found.append(
                {
                    "question": "Which of these places is shown?",
                    "type": "multiple_choice",
                    "category": element,
                    "answer": noted[element],
                    "choices": choices,
                    "weight": _WEIGHTS[element],
                    "is_negative": False,
                }
            )
    return found[:most]


def _excluded(own: str, other: str) -> bool:
    """Tell whether two poses cannot be one: who stands may well lift a hand, who kneels does not walk."""
    stances = [{name for name, said in _STANCES.items() if re.search(said, text)} for text in (own, other)]
    return bool(stances[0] and stances[1]) and not stances[0] & stances[1]


def _values(element: str, own: str, others: list[dict[str, str]]) -> list[str]:
    """Return what other pictures have there that shares hardly a word with this one, each once, in the set's order."""
    mine = {word for word in words(own.casefold()) if len(word) > 3}
    found: list[str] = []
    for other in others:
        value = str(other.get(element, ""))
        theirs = {word for word in words(value.casefold()) if len(word) > 3}
        if value and value not in found and not mine & theirs:
            found.append(value)
    return found

"""What is noted of pictures -> drawing prompts with check questions (T2ICheckAnswer).

A prompt puts two or three noted elements of one picture together; each of its elements is asked about once as it is and
once as another picture has it, so that half of the answers are yes. English only: the frames are English.
"""

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
_WORDS = (7, 21)
# Of every prompt at least so many elements are asked about, with those that it does not name: they go with its picture.
_ELEMENTS = 4


def t2i_checks(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a T2ICheckAnswer for each key that the notes reach."""
    if str(block["character"].get("lang") or "en").split("-")[0] != "en":
        return None
    used = {str(text) for text in block.get("used", [])}
    made = (item for item in _made(block) if item["prompt"] not in used)
    return dict(zip(keys, made, strict=False)) or None


def _made(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name = str(block["character"]["name"])
    for elements in _PROMPTS:
        for picture in block["pictures"]:
            noted = {key: str(text) for key, text in picture["attributes"].items() if text}
            if not all(element in noted for element in elements):
                continue
            prompt = f"{name}: " + ", ".join(noted[element] for element in elements)
            if not _WORDS[0] <= len(words(prompt)) <= _WORDS[1]:
                continue
            questions = _questions(name, noted, elements, block["others"], int(block["most_questions"]))
            if len(questions) >= int(block["least_questions"]):
                yield {"prompt": prompt, "questions": questions}


def _questions(
    name: str, noted: dict[str, str], elements: tuple[str, ...], others: list[dict[str, str]], most: int
) -> list[dict[str, Any]]:
    """Ask about each element as it is and as another picture has it; and once with four choices."""
    asked = [*elements, *(element for element in _FRAMES if element in noted and element not in elements)]
    found: list[dict[str, Any]] = []
    for element in asked[: max(_ELEMENTS, len(elements))]:
        values = _values(element, noted[element], others)
        if not values:
            continue
        for value, answer in ((noted[element], "yes"), (values[0], "no")):
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

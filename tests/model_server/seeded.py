"""A JSON Schema and a data block -> an answer that fits, made up from a seed. For tests only."""

import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@cache
def _vocabulary(*, zh: bool) -> list[str]:
    """Return the plain words of the starter set's documents, so many that two made-up texts are never alike."""
    text = "\n".join(
        path.read_text()
        for path in sorted((_EXAMPLES / ("starter_zh" if zh else "starter") / "documents").rglob("*.*"))
    )
    if zh:
        return sorted(set(re.findall(r"[\u4e00-\u9fff]{2}", text)))
    names = {word.casefold() for word in re.findall(r"\b[A-Z][a-z]+", text)}
    return sorted(set(re.findall(r"\b[a-z]{3,}\b", text)) - names)


# What the gates look for in a plan for a picture.
_SEEN = "Her expression is calm, her pose upright, the setting wide, the lighting soft, and the colour warm. "
_SEEN_ZH = "表情平静，姿势端正，背景开阔，光线柔和，色彩温暖，构图居中。"
# How many words a text has, by the name of its key; the rest gets 6 to 14.
_LENGTHS = {
    "description": (40, 60),
    "brief_introduction": (50, 80),
    "personality": (50, 80),
    "life_story": (50, 90),
    "thinking_process": (70, 110),
    "generation_instruction": (20, 35),
    "t2i_caption": (18, 30),
    "response": (12, 30),
    "answer": (3, 9),
    "reply": (70, 110),
    "introduction": (60, 90),
    "experience": (60, 90),
    "relationship": (60, 90),
    "catchphrase": (20, 30),
    "prompt": (7, 14),
    "relation": (1, 2),
    "name": (1, 2),
}


def answer(schema: dict[str, Any], block: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return an answer for a schema of the documented subset.

    Args:
        schema: of the reply; `$ref` into its own `$defs` is followed.
        block: the request's inputs; facts and documents are quoted from it where the answer wants evidence.
        mark: whatever the answer depends on besides: the same mark, the same answer.
    """
    return _Filler(schema, block, mark).value(schema, "")  # type: ignore[no-any-return]


class _Filler:
    def __init__(self, schema: dict[str, Any], block: dict[str, Any], mark: str) -> None:
        self._root = schema
        self._random = random.Random(mark)
        self._name = str(block.get("character", {}).get("name", "Somebody"))
        self._zh = block.get("character", {}).get("lang") == "zh"
        self._facts = [fact for fact in block.get("facts", []) if isinstance(fact, dict)]
        self._documents = [item for item in block.get("documents", []) if isinstance(item, dict)]
        self._fact: dict[str, Any] = {}
        self._turn = 0
        self._passages = _passages(self._documents)
        self._key = ""
        self._block = block

    def value(self, schema: dict[str, Any], name: str) -> Any:
        if "$ref" in schema:
            return self.value(self._found(schema["$ref"]), name)
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0], name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema, name)
        if kind == "number":
            return round(self._random.random(), 2)
        if kind == "integer":
            low = int(schema.get("minimum", 0))
            return self._random.randint(low, int(schema.get("maximum", low + 9)))
        if kind == "boolean":
            return self._random.random() < 0.5
        if name == "review" and "lowest" in self._block:
            return self._review()
        if name == "review" and "reply" in self._block:
            return self._decision()
        return self._text(name)

    def _review(self) -> str:
        """A judge's words. What it thinks of an answer follows from its words, and a little from where it stands; every eighth
        first try keeps to no form, and every try does not that is about an answer with the word 'unjudgeable'. Whoever speaks of
        being 'out of character' is."""
        low, high = int(self._block["lowest"]), int(self._block["highest"])
        reasons = self._text("thinking_process")
        shown = self._block.get("answers") or {"A": json.dumps(self._block.get("replies"))}
        stubborn = any("unjudgeable" in str(words) for words in shown.values())
        if stubborn or (not self._block.get("problem") and self._random.random() < 1 / 8):
            return self._random.choice(
                [reasons, f"{reasons} [Scores]: {high}", f"[Scores]: ({high}, {high + 1})"]
            )
        if len(shown) == 1 and "out of character" in shown["A"]:
            return f"{reasons}\n{low}"
        metric = self._block["metric"]
        scores = [
            max(
                low,
                min(
                    high,
                    random.Random(f"{metric}:{words}").randint(low + 2, high)
                    - (letter == "B" and self._random.random() < 0.2),
                ),
            )
            for letter, words in shown.items()
        ]
        if len(scores) == 1:
            return f"{reasons}\n{scores[0]}"
        return f"{reasons}\n[Scores]: ({scores[0]}, {scores[1]})"

    def _decision(self) -> str:
        """A judge's yes or no: whoever says 'I cannot tell' has declined."""
        declined = "I cannot tell" in str(self._block["reply"])
        return f"{self._text('thinking_process')}\n{'yes' if declined else 'no'}"

    def _found(self, reference: str) -> dict[str, Any]:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found  # type: ignore[no-any-return]

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        names = list(schema.get("properties", {}))
        if "fact_ids" in names:
            self._fact = self._facts[self._turn % len(self._facts)] if self._facts else {}
            self._turn += 1
        made: dict[str, Any] = {}
        for name in names:
            # The key of a set says which cell is asked for.
            self._key = name if "_" in name and name[-1].isdigit() else self._key
            made[name] = self.value(schema["properties"][name], name)
        if "document" in made and "evidence" in made:
            made |= self._quoted()
        if "grounding" in made:
            made["grounding"] = ["image"] if "_visual_" in self._key else ["image", "profile"]
        return made

    def _checks(self) -> list[dict[str, Any]]:
        """Eight questions with whole choices: three of six yes/no ones are yes."""
        made: list[dict[str, Any]] = []
        for number in range(8):
            options = [self._text("option") for _ in range(4)]
            kind = "multiple_choice" if number >= 6 else "yes_no"
            yes, no = ("是", "否") if self._zh else ("yes", "no")
            answer = options[0] if kind == "multiple_choice" else (yes if number % 2 else no)
            made.append(
                {
                    "question": self._text("question"),
                    "type": kind,
                    "category": "setting",
                    "answer": answer,
                    "choices": options if kind == "multiple_choice" else [],
                    "weight": 0.5,
                    "is_negative": answer == no,
                }
            )
        return made

    def _quoted(self) -> dict[str, Any]:
        """A fact word for word: the next passage of the documents."""
        if not self._passages:
            return {"document": "none", "evidence": self._name, "text": self._name}
        document, passage = self._passages[self._turn % len(self._passages)]
        self._turn += 1
        return {"document": document, "evidence": passage, "text": passage.strip("- #*")}

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        if name == "fact_ids" and self._fact:
            return [self._fact["fact_id"]]
        if name == "evidence" and self._fact:
            return [self._fact["evidence"]]
        if name == "messages":
            item = schema["items"]
            message = self._found(item["$ref"]) if "$ref" in item else item
            speakers = message["properties"]["speaker"]["enum"]
            return [{"speaker": speakers[number % 2], "text": self._text("response")} for number in range(8)]
        if name == "facts" and self._passages:
            return [self.value(schema["items"], name) for _ in self._passages]
        if name == "questions":
            return self._checks()
        if name in ("relationships", "catchphrases"):
            return [self.value(schema["items"], name) for _ in range(3)]
        low = int(schema.get("minItems", 1))
        count = self._random.randint(low, max(low, int(schema.get("maxItems", low + 2))))
        return [self.value(schema["items"], name) for _ in range(count)]

    def _text(self, name: str) -> str:
        low, high = _LENGTHS.get(name, (6, 14))
        length = self._random.randint(low, high)
        if self._zh:
            return self._chinese(name, length, short=high < 10)
        if name == "generation_instruction":
            return ", ".join(
                " ".join(self._random.choices(_vocabulary(zh=False), k=3)) for _ in range(length // 4 + 2)
            )
        text = " ".join(self._random.choices(_vocabulary(zh=False), k=length))
        if name == "question":
            return f"What does {self._name} know of {text}?"
        if name == "thinking_process":
            text = _SEEN + text
        if name == "prompt":
            return f"{self._name} {text}"
        return text[:1].upper() + text[1:] + ("" if high < 10 else ".")

    def _chinese(self, name: str, length: int, *, short: bool) -> str:
        """Made of words of two characters, of which each counts as a word: half as many are taken."""
        found = self._random.choices(_vocabulary(zh=True), k=max(3, length // 2))
        if name == "generation_instruction":
            return "，".join(found[:12])
        text = "，".join("".join(found[at : at + 5]) for at in range(0, len(found), 5))
        if name == "question":
            return f"{self._name}知道{text}吗？"
        if name == "thinking_process":
            return _SEEN_ZH + text + "。"
        if name == "prompt":
            return self._name + text
        return text if short else text + "。"


def _passages(documents: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Cut documents into passages, each word for word and long enough to say something; every one once."""
    found: dict[str, str] = {}
    for document in documents:
        for line in str(document.get("text", "")).splitlines():
            if line.startswith("#"):
                continue
            for piece in re.split(r"(?<=[.!?;:,。！？；，])\s*", line.strip("- *")):
                if len(piece.split()) > 3 or (len(piece) > 7 and not piece.isascii()):
                    found.setdefault(piece, str(document["name"]))
    return [(name, passage) for passage, name in found.items()]


def data_block(user: str) -> dict[str, Any]:
    """Return the first fenced JSON block of a text; {} where none is."""
    start = user.find("```json\n")
    end = user.find("\n```", start + 8)
    if start < 0 or end < 0:
        return {}
    try:
        found = json.loads(user[start + 8 : end])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""A JSON Schema and a data block -> an answer that fits, made up from a seed. For tests only."""

import json
import random
from typing import Any

_WORDS = [
    "lamp",
    "harbour",
    "tide",
    "rope",
    "clock",
    "feather",
    "ledger",
    "wind",
    "gull",
    "stone",
    "bread",
    "winter",
    "lantern",
    "door",
    "boat",
    "letter",
    "song",
    "bridge",
    "copper",
    "glass",
    "morning",
    "quiet",
    "bright",
    "early",
    "small",
    "careful",
    "brave",
    "patient",
    "carries",
    "mends",
    "watches",
    "counts",
    "keeps",
    "finds",
    "follows",
    "answers",
    "remembers",
    "lights",
    "opens",
    "waits",
    "walks",
    "and",
    "with",
    "under",
    "near",
    "before",
    "after",
    "every",
]
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
        self._facts = [fact for fact in block.get("facts", []) if isinstance(fact, dict)]
        self._documents = [item for item in block.get("documents", []) if isinstance(item, dict)]
        self._fact: dict[str, Any] = {}
        self._turn = 0

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
        return self._text(name)

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
        made = {name: self.value(schema["properties"][name], name) for name in names}
        if "document" in made and "evidence" in made:
            made |= self._quoted()
        return made

    def _quoted(self) -> dict[str, Any]:
        """A fact word for word: a line of a document."""
        document = self._random.choice(self._documents) if self._documents else {"name": "none", "text": ""}
        lines = [line for line in str(document["text"]).splitlines() if len(line.split()) > 4]
        line = self._random.choice(lines) if lines else self._name
        return {"document": document["name"], "evidence": line, "text": line.strip("- #")}

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        if name == "fact_ids" and self._fact:
            return [self._fact["fact_id"]]
        if name == "evidence" and self._fact:
            return [self._fact["evidence"]]
        if name == "messages":
            speakers = ("human", "character")
            return [{"speaker": speakers[number % 2], "text": self._text("response")} for number in range(8)]
        low = int(schema.get("minItems", 1))
        count = self._random.randint(low, max(low, int(schema.get("maxItems", low + 2))))
        return [self.value(schema["items"], name) for _ in range(count)]

    def _text(self, name: str) -> str:
        low, high = _LENGTHS.get(name, (6, 14))
        words = self._random.choices(_WORDS, k=self._random.randint(low, high))
        text = " ".join(words)
        if name == "question":
            return f"What does {self._name} know of {text}?"
        return text[:1].upper() + text[1:] + ("" if high < 10 else ".")


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

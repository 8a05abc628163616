"""The offline writer behind a wire: reads the request's data block, fills the reply's schema."""

import copy
from functools import cache
from typing import Any

from rolescape_data.providers.offline import TASKS
from rolescape_data.records.answers import ANSWERS

from .asked import Asked, RefusalError
from .seeded import data_block


def answer(asked: Asked) -> dict[str, Any]:
    """Return what the offline writer says, with empty text wherever it leaves something open.

    A strict schema leaves a model no way to leave a key out; an honest one fills it with nothing, and the
    stage drops that item.
    """
    block = data_block(asked.user)
    if not block:
        raise RefusalError("bad_request", 400, "the offline source needs a request that holds a data block")
    name, keys = _named(asked.schema)
    found = TASKS[name](block, keys) or {}
    if keys:
        return {key: found.get(key) or _nothing(name) for key in keys}
    return {**_nothing(name), **found}


def _named(schema: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the answer that a schema asks for, and its keys when it is a set.

    Gemini's wire has no name beside the schema, so the schema itself has to tell: a set refers to its items by
    name, and of answers with the same keys the description is another one.
    """
    properties = schema["properties"]
    items = {part.get("$ref", "").rsplit("/", 1)[-1] for part in properties.values()}
    if len(items) == 1 and items <= set(ANSWERS):
        return items.pop(), tuple(properties)
    fitting = [name for name, model in ANSWERS.items() if list(model.model_fields) == list(properties)]
    for name in fitting:
        if len(fitting) == 1 or _described(name) == schema.get("description"):
            return name, ()
    raise RefusalError(
        "bad_request", 400, f"the offline source knows no answer with the keys {list(properties)}"
    )


@cache
def _described(name: str) -> str | None:
    found: str | None = ANSWERS[name].model_json_schema().get("description")
    return found


@cache
def _empty_answer(name: str) -> dict[str, Any]:
    root = ANSWERS[name].model_json_schema()
    return {key: _empty(part, root) for key, part in root["properties"].items()}


def _nothing(name: str) -> dict[str, Any]:
    """Return an answer that says nothing: empty text, empty lists, the first of every choice."""
    return copy.deepcopy(_empty_answer(name))


def _empty(part: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in part:
        return _empty(root["$defs"][part["$ref"].rsplit("/", 1)[-1]], root)
    if "enum" in part:
        return part["enum"][0]
    if part.get("type") == "object":
        return {name: _empty(inner, root) for name, inner in part.get("properties", {}).items()}
    return {"array": [], "number": 0.0, "integer": 0, "boolean": False}.get(str(part.get("type")), "")

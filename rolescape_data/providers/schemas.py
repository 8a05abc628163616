"""A request's answer -> the strict JSON Schema of its reply, as far as each kind of server understands it.

Three profiles: `openai` (Structured Outputs, strict), `gemini` (`response_json_schema`) and `compatible` (vLLM,
Ollama, llama.cpp and the like, whose grammar builders each leave something out). What a server does not
understand is left out of what is sent, never out of what is checked: replies are validated here again.

The documented subsets, as read in November 2026:
- openai: developers.openai.com, "Structured Outputs", Supported schemas;
- gemini: google-genai 3.4.0, `GenerateContentConfig.response_json_schema`;
- compatible: what llama.cpp's json-schema-to-grammar and vLLM's xgrammar have in common.
"""

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from rolescape_data.records.answers import ANSWERS, quota_model

Profile = Literal["openai", "gemini", "compatible"]
Schema = dict[str, Any]

_STRUCTURE = {
    "$defs",
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
    "description",
}
_BOUNDS = {"minItems", "maxItems", "minimum", "maximum"}
_OPENAI_BOUNDS = _BOUNDS | {
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "pattern",
    "format",
    "const",
}
KEYWORDS: dict[Profile, frozenset[str]] = {
    "openai": frozenset(_STRUCTURE | _OPENAI_BOUNDS),
    "gemini": frozenset(_STRUCTURE | _BOUNDS | {"format", "title", "prefixItems", "oneOf"}),
    # minItems and maxItems are ignored by some and multiply the grammar in others: checked here only.
    "compatible": frozenset(_STRUCTURE),
}
_OPENAI_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
MOST_LEVELS = 10
MOST_PROPERTIES = 5_000
MOST_CHOICES = 1_000
MOST_LETTERS = 120_000


def schema_name(answer: str, keys: tuple[str, ...] = ()) -> str:
    """Return the name that goes with the schema on the wire."""
    return f"{answer}Set" if keys else answer


@lru_cache(maxsize=512)
def answer_schema(answer: str, keys: tuple[str, ...] = ()) -> Schema:
    """Return the strict schema of a reply. It is shared between calls: read it, never change it.

    Args:
        answer: a name of `records.answers.ANSWERS`.
        keys: with keys, the reply is one object with exactly these, each one such answer.
    """
    model = quota_model(ANSWERS[answer], list(keys)) if keys else ANSWERS[answer]
    return _strict(model.model_json_schema())


def sanitised(schema: Schema, profile: Profile) -> Schema:
    """Return a copy of a strict schema that holds only what servers of this profile understand."""
    allowed = KEYWORDS[profile]
    if "$ref" in schema:
        # Everybody refuses other keywords beside a reference; a description is lost, no more.
        return {word: value for word, value in schema.items() if word == "$ref"}
    found: Schema = {}
    for word, value in schema.items():
        if word in ("properties", "$defs"):
            found[word] = {name: sanitised(part, profile) for name, part in value.items()}
        elif word == "items":
            found[word] = sanitised(value, profile)
        elif word in ("anyOf", "oneOf"):
            found["anyOf"] = [sanitised(part, profile) for part in value]
        elif word == "const" and "const" not in allowed:
            found["enum"] = [value]
        elif word == "format" and profile == "openai" and value not in _OPENAI_FORMATS:
            continue
        elif word in allowed:
            found[word] = copy.deepcopy(value)
    return found


_sent: dict[tuple[int, Profile], tuple[Schema, str]] = {}


def sanitised_text(schema: Schema, profile: Profile) -> str:
    """Return `sanitised` as JSON. Schemas are shared objects: each is written once, and known again by its identity."""
    key = (id(schema), profile)
    held = _sent.get(key)
    if held is None or held[0] is not schema:
        if len(_sent) >= 512:
            _sent.clear()
        held = _sent[key] = (schema, json.dumps(sanitised(schema, profile), ensure_ascii=False))
    return held[1]


def lint(schema: Schema, profile: Profile) -> list[str]:
    """Say what a server of this profile would refuse or ignore; [] when nothing.

    Returns:
        Sentences that begin with the place, e.g. "properties.confidence: 'default' is not understood".
    """
    faults: list[str] = []
    if schema.get("type") != "object" or "anyOf" in schema:
        faults.append("(root): is no plain object")
    letters = properties = choices = 0
    for place, part in _walk(schema, ()):
        where = ".".join(place) or "(root)"
        faults += [f"{where}: '{word}' is not understood" for word in sorted(set(part) - KEYWORDS[profile])]
        if "$ref" in part and len(part) > 1:
            faults.append(f"{where}: '$ref' does not stand alone")
        if not {"type", "$ref", "anyOf", "enum", "const"} & set(part):
            faults.append(f"{where}: says no 'type'")
        if part.get("type") == "array" and "items" not in part:
            faults.append(f"{where}: an array without 'items'")
        if profile == "openai" and part.get("format") not in (None, *_OPENAI_FORMATS):
            faults.append(f"{where}: the format '{part['format']}' is not understood")
        if part.get("type") == "object":
            names = list(part.get("properties", {}))
            properties += len(names)
            letters += sum(map(len, names))
            if part.get("additionalProperties") is not False:
                faults.append(f"{where}: 'additionalProperties' is not false")
            if sorted(part.get("required", [])) != sorted(names):
                faults.append(f"{where}: 'required' does not name every property")
        choices += len(part.get("enum", []))
        letters += sum(len(str(choice)) for choice in part.get("enum", []))
    if profile != "openai":
        return faults
    sums = {
        "properties": properties,
        "choices": choices,
        "letters": letters,
        "levels": _levels(schema, schema),
    }
    most = {
        "properties": MOST_PROPERTIES,
        "choices": MOST_CHOICES,
        "letters": MOST_LETTERS,
        "levels": MOST_LEVELS,
    }
    faults += [
        f"(root): has {sums[what]} {what}, at most {most[what]} are taken"
        for what in most
        if sums[what] > most[what]
    ]
    return faults


def _strict(schema: Schema) -> Schema:
    """Require every property and forbid others, whatever pydantic left open."""
    found = copy.deepcopy(schema)
    for _, part in _walk(found, ()):
        part.pop("title", None)
        part.pop("default", None)
        if part.get("type") == "object":
            part["required"] = list(part.get("properties", {}))
            part["additionalProperties"] = False
    return found


def _walk(schema: Schema, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield every schema inside a schema with its place, outermost first."""
    yield place, schema
    for group in ("properties", "$defs"):
        for name, part in schema.get(group, {}).items():
            yield from _walk(part, (*place, group, name))
    if "items" in schema:
        yield from _walk(schema["items"], (*place, "items"))
    for group in ("anyOf", "oneOf", "prefixItems"):
        for number, part in enumerate(schema.get(group, [])):
            yield from _walk(part, (*place, group, str(number)))


def _levels(schema: Schema, root: Schema) -> int:
    """Return how deep objects lie inside each other, references followed."""
    if "$ref" in schema:
        return _levels(root["$defs"][_target(schema)], root)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("oneOf", [])]
    inner += [schema["items"]] if "items" in schema else []
    return (schema.get("type") == "object") + max((_levels(part, root) for part in inner), default=0)


def _target(schema: Schema) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]

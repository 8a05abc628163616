"""Every shipped prompt's schema fits what each kind of server documents, and says the same as the model behind it."""

import copy
import json
import re
from typing import Any, get_args

import jsonschema
import pytest
from adapters import KEYS
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import seeded, strict
from model_server.asked import RefusalError

from rolescape_data import assets
from rolescape_data.prompts import Prompt, load_prompt
from rolescape_data.providers.schemas import Profile, answer_schema, lint, sanitised, schema_name
from rolescape_data.records.answers import ANSWERS, quota_model

PROFILES: tuple[Profile, ...] = get_args(Profile)
PROMPTS = [name.removesuffix(".md") for name in assets.names("prompts", ".md")]
# The largest set that a blueprint may ask for in one call.
MANY = tuple(f"easy_{number}" for number in range(1, 101))


def keys_of(prompt: Prompt, keys: tuple[str, ...]) -> tuple[str, ...]:
    return keys if prompt.keys else ()


def refused(schema: dict[str, Any], profile: Profile) -> str:
    """Return what the model server says against a schema, by rules written apart from ours; '' for nothing."""
    try:
        if profile == "gemini":
            strict.refuse_gemini(schema)
        else:
            strict.refuse_openai(schema, "answer")
    except RefusalError as refusal:
        return refusal.message
    return ""


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", PROMPTS)
def test_every_shipped_prompt_has_a_schema_that_every_kind_of_server_takes(
    name: str, profile: Profile
) -> None:
    prompt = load_prompt(name)
    for keys in (("easy_1",), MANY):
        schema = sanitised(answer_schema(prompt.answer, keys_of(prompt, keys)), profile)

        assert lint(schema, profile) == []
        assert refused(schema, profile) == ""


@pytest.mark.parametrize("name", PROMPTS)
def test_the_name_of_a_schema_is_one_that_the_wire_takes(name: str) -> None:
    prompt = load_prompt(name)
    found = schema_name(prompt.answer, keys_of(prompt, KEYS))

    assert found.replace("_", "").isalnum()
    assert len(found) <= 64


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("keys", [(), KEYS])
def test_what_fits_the_schema_fits_the_model_and_the_other_way_round(
    answer: str, keys: tuple[str, ...], profile: Profile
) -> None:
    schema = sanitised(answer_schema(answer, keys), profile)
    model = quota_model(ANSWERS[answer], list(keys)) if keys else ANSWERS[answer]
    for mark in "abc":
        reply = seeded.answer(schema, {}, mark)

        jsonschema.validate(reply, schema)
        model.model_validate_json(json.dumps(reply))
        for damaged in (_without_last(reply), {**reply, "more": 1}):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(damaged, schema)
            with pytest.raises(ValueError, match="validation error"):
                model.model_validate_json(json.dumps(damaged))


def _without_last(reply: dict[str, Any]) -> dict[str, Any]:
    return dict(list(reply.items())[:-1])


@pytest.mark.parametrize(("answer", "opens"), [("HumanRoleAnswer", "human"), ("InterRoleAnswer", "partner")])
def test_only_the_two_who_talk_can_be_named_as_speakers(answer: str, opens: str) -> None:
    (message,) = answer_schema(answer)["$defs"].values()

    assert message["properties"]["speaker"]["enum"] == [opens, "character"]


@pytest.mark.parametrize("keys", [("easy_1",), ("hard_2", "easy_1"), MANY])
def test_a_set_requires_exactly_its_keys_in_their_order(keys: tuple[str, ...]) -> None:
    schema = answer_schema("TextMCQAnswer", keys)

    assert list(schema["properties"]) == schema["required"] == list(keys)
    assert schema["additionalProperties"] is False


def test_local_servers_get_no_bounds_because_their_grammars_ignore_or_multiply_them() -> None:
    bounded = {
        "type": "object",
        "properties": {"parts": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 3}},
        "required": ["parts"],
        "additionalProperties": False,
    }

    assert "min" not in json.dumps(sanitised(bounded, "compatible"))
    assert sanitised(bounded, "openai") == sanitised(bounded, "gemini") == bounded


STRANGE: dict[str, Any] = {
    "title": "Strange",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "pattern": "^a", "default": "a", "title": "Name"},
        "parts": {
            "type": "array",
            "items": {"$ref": "#/$defs/Part", "description": "one"},
            "minItems": 2,
            "uniqueItems": True,
        },
        "kind": {"const": "part"},
        "either": {"oneOf": [{"type": "string"}, {"type": "null"}]},
        "when": {"type": "string", "format": "uri"},
    },
    "required": ["name", "parts", "kind", "either", "when"],
    "additionalProperties": False,
    "$defs": {
        "Part": {
            "type": "object",
            "properties": {"size": {"type": "number", "exclusiveMinimum": 0}},
            "required": ["size"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_server_does_not_understand_is_found_and_taken_out(profile: Profile) -> None:
    before = copy.deepcopy(STRANGE)

    assert lint(STRANGE, profile)
    assert refused(STRANGE, profile)
    cleaned = sanitised(STRANGE, profile)

    assert lint(cleaned, profile) == []
    assert refused(cleaned, profile) == ""
    assert before == STRANGE
    # Whatever the whole schema takes, the cleaned one takes too.
    good = {"name": "a", "parts": [{"size": 1}, {"size": 2}], "kind": "part", "either": None, "when": "a:b"}
    jsonschema.validate(good, STRANGE)
    jsonschema.validate(good, cleaned)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"type": "array", "items": {"type": "string"}}, "no plain object"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": []},
            "does not name every property",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            "'additionalProperties' is not false",
        ),
        (
            {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False},
            "says no 'type'",
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "array"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            "without 'items'",
        ),
    ],
)
def test_the_linter_names_what_is_wrong(broken: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in lint(broken, "openai"))


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=14))
def test_the_linter_counts_levels_as_the_documented_limit_does(depth: int) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {
            "type": "object",
            "properties": {"in": schema},
            "required": ["in"],
            "additionalProperties": False,
        }

    assert bool(lint(schema, "openai")) == (depth > 10) == bool(refused(schema, "openai"))


# What the providers document, written down apart from the code under test.
# OpenAI, "Structured model outputs", Supported schemas (developers.openai.com/api/docs/guides/structured-outputs, as of
# 2026-11): an object at the root, every field required, additionalProperties false, no allOf, not, if, dependent*; at most
# 5,000 properties, 10 levels (5 until 2025, which some models and proxies still enforce: tidyverse/ellmer#671), 1,000
# enum values, 120,000 letters in names and enum values, 15,000 in one enum of more than 250.
# Gemini: `GenerateContentConfig.response_json_schema` of google-genai lists the keywords; enums are of strings and numbers, a
# $ref stands alone. Its limit of "too many states" is not documented in numbers: nested lists and bounds are what costs.
OPENAI_LIMITS = {"properties": 5_000, "levels": 5, "enums": 1_000, "letters": 120_000, "one_enum": 15_000}
OPENAI_REFUSED = {
    "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "default",
    "minLength", "maxLength", "uniqueItems", "oneOf", "title",
}  # fmt: skip
GEMINI_TAKEN = {
    "$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems",
    "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering",
}  # fmt: skip


def parts_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every schema inside a schema, definitions among them."""
    found = [schema]
    for group in ("properties", "$defs"):
        found += [inner for part in schema.get(group, {}).values() for inner in parts_of(part)]
    if "items" in schema:
        found += parts_of(schema["items"])
    return found + [inner for part in schema.get("anyOf", []) for inner in parts_of(part)]


def depth_of(schema: dict[str, Any], root: dict[str, Any]) -> int:
    """Return how deep objects and lists lie in each other, the root being the first level."""
    if "$ref" in schema:
        return depth_of(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema["items"]] if "items" in schema else []
    own = schema.get("type") in ("object", "array")
    return own + max((depth_of(part, root) for part in inner), default=0)


@pytest.mark.parametrize("name", PROMPTS)
def test_every_shipped_prompt_stays_within_openais_documented_limits(name: str) -> None:
    prompt = load_prompt(name)
    schema = sanitised(answer_schema(prompt.answer, keys_of(prompt, MANY)), "openai")
    parts = parts_of(schema)
    enums = [list(map(str, part["enum"])) for part in parts if "enum" in part]
    chosen = [choice for enum in enums for choice in enum]
    names = [key for part in parts for key in part.get("properties", {})]

    assert schema["type"] == "object"
    assert all(not OPENAI_REFUSED & set(part) for part in parts)
    assert len(names) <= OPENAI_LIMITS["properties"]
    assert depth_of(schema, schema) <= OPENAI_LIMITS["levels"]
    assert sum(map(len, enums)) <= OPENAI_LIMITS["enums"]
    assert sum(len(word) for word in [*names, *schema.get("$defs", {}), *chosen]) <= OPENAI_LIMITS["letters"]
    assert all(len(enum) <= 250 or len("".join(enum)) <= OPENAI_LIMITS["one_enum"] for enum in enums)
    for part in parts:
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert sorted(part["required"]) == sorted(part["properties"])


@pytest.mark.parametrize("name", PROMPTS)
def test_every_shipped_prompt_uses_only_what_gemini_documents(name: str) -> None:
    prompt = load_prompt(name)
    schema = sanitised(answer_schema(prompt.answer, keys_of(prompt, MANY)), "gemini")
    parts = parts_of(schema)

    assert all(set(part) <= GEMINI_TAKEN for part in parts)
    assert all(set(part) == {"$ref"} for part in parts if "$ref" in part)
    assert all(isinstance(value, str | int | float) for part in parts for value in part.get("enum", []))
    assert depth_of(schema, schema) <= OPENAI_LIMITS["levels"]


def test_gemini_documents_what_is_written_down_here() -> None:
    from google.genai import types

    said = types.GenerateContentConfig.model_fields["response_json_schema"].description or ""

    assert set(re.findall(r"`([\w$]+)`", said)) >= GEMINI_TAKEN

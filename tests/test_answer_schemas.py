"""Every shipped prompt's schema fits what each kind of server documents, and says the same as the model behind it."""

import copy
import json
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

"""What the real servers refuse in a response schema, written from their documentation and not from our linter.

OpenAI, "Structured Outputs, supported schemas": the root is an object and no anyOf; every object lists all its
properties as required and says additionalProperties: false; at most 5,000 properties, 10 levels, 120,000 letters
of names and choices, 1,000 choices; no allOf, oneOf, not, if, then, else, dependentRequired, dependentSchemas,
default. Gemini, `response_json_schema`: a list of keywords, and a $ref stands alone.
"""

from typing import Any

from .asked import RefusalError

_OPENAI = {
    "$defs", "$ref", "type", "title", "description", "properties", "required", "additionalProperties", "items", "enum",
    "const", "anyOf", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "pattern", "format",
}  # fmt: skip
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
_GEMINI = {
    "$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
    "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required",
    "propertyOrdering",
}  # fmt: skip


def refuse_openai(schema: dict[str, Any], name: str) -> None:
    """Raise RefusalError, worded as OpenAI does, for a schema that strict mode does not take."""
    if schema.get("type") != "object":
        raise _openai(
            name,
            (),
            f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'.",
        )
    if "anyOf" in schema:
        raise _openai(name, (), "schema must not have 'anyOf' at the top level.")
    sums = {"properties": 0, "letters": 0, "choices": 0}
    _walk_openai(schema, (), name, sums, 0)
    for what, most in (("properties", 5000), ("letters", 120_000), ("choices", 1000)):
        if sums[what] > most:
            raise _openai(name, (), f"the schema has {sums[what]} {what}, which exceeds the limit of {most}.")


def _walk_openai(schema: Any, place: tuple[str, ...], name: str, sums: dict[str, int], depth: int) -> None:
    if not isinstance(schema, dict):
        raise _openai(name, place, f"{schema!r} is not of type 'object', 'boolean'.")
    for keyword in schema:
        if keyword not in _OPENAI:
            raise _openai(name, place, f"'{keyword}' is not permitted.")
    if "$ref" in schema and len(schema) > 1:
        raise _openai(name, place, f"$ref cannot have keywords {sorted(set(schema) - {'$ref'})}.")
    if "format" in schema and schema["format"] not in _FORMATS:
        raise _openai(name, place, f"'{schema['format']}' is not a valid format.")
    if not {"type", "$ref", "anyOf", "enum", "const"} & set(schema):
        raise _openai(name, place, "schema must have a 'type' key.")
    if schema.get("type") == "object":
        depth += 1
        if depth > 10:
            raise _openai(name, place, "the schema exceeds 10 levels of nesting.")
        if schema.get("additionalProperties") is not False:
            raise _openai(name, place, "'additionalProperties' is required to be supplied and to be false.")
        names = list(schema.get("properties", {}))
        missing = [key for key in names if key not in schema.get("required", [])]
        if missing or set(schema.get("required", [])) - set(names):
            raise _openai(
                name,
                place,
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0] if missing else ''}'.",
            )
        sums["properties"] += len(names)
        sums["letters"] += sum(map(len, names))
    if schema.get("type") == "array" and "items" not in schema:
        raise _openai(name, place, "array schema missing items.")
    sums["choices"] += len(schema.get("enum", []))
    sums["letters"] += sum(len(str(choice)) for choice in schema.get("enum", []))
    for where, inner in _parts(schema):
        _walk_openai(inner, (*place, *where), name, sums, 0 if where[0] == "$defs" else depth)


def refuse_gemini(schema: dict[str, Any]) -> None:
    """Raise RefusalError for a schema outside the keywords that Gemini documents."""
    _walk_gemini(schema, ())


def _walk_gemini(schema: Any, place: tuple[str, ...]) -> None:
    where = ".".join(("response_json_schema", *place))
    if not isinstance(schema, dict):
        raise _gemini(f"{where}: should be an object.")
    for keyword in schema:
        if keyword not in _GEMINI:
            raise _gemini(f"{where}: unsupported keyword '{keyword}'.")
    if "$ref" in schema and any(not keyword.startswith("$") for keyword in schema):
        raise _gemini(f"{where}: only keywords starting with '$' may stand beside '$ref'.")
    if any(not isinstance(choice, str | int | float) for choice in schema.get("enum", [])):
        raise _gemini(f"{where}.enum: only strings and numbers are allowed.")
    unknown = set(schema.get("required", [])) - set(schema.get("properties", {}))
    if unknown:
        raise _gemini(f"{where}.required: property '{sorted(unknown)[0]}' is not defined.")
    for inside, inner in _parts(schema):
        _walk_gemini(inner, (*place, *inside))


def _parts(schema: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for group in ("properties", "$defs"):
        found += [((group, key), inner) for key, inner in schema.get(group, {}).items()]
    if "items" in schema:
        found.append((("items",), schema["items"]))
    for group in ("anyOf", "oneOf", "prefixItems"):
        found += [((group, str(number)), inner) for number, inner in enumerate(schema.get(group, []))]
    return found


def _openai(name: str, place: tuple[str, ...], message: str) -> RefusalError:
    where = f"In context={place}, " if place else ""
    return RefusalError(
        "schema",
        400,
        f"Invalid schema for response_format '{name}': {where}{message}",
        param="response_format",
    )


def _gemini(message: str) -> RefusalError:
    return RefusalError("schema", 400, f"Invalid JSON payload received. {message}")

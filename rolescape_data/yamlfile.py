"""A YAML file read into a strict model; every fault is one sentence with file and line."""

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from yaml.constructor import SafeConstructor

from rolescape_data.errors import SettingsError

Place = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


def load_yaml(path: Path, model: type[M]) -> M:
    """Read `path` as `model`.

    Raises:
        SettingsError: no such file, not YAML, a key twice, an unknown key or a wrong value; the message
            names file and line and, for unknown keys, the known ones.
    """
    root, lines = read_nodes(path)
    if not isinstance(root, dict):
        raise SettingsError(f"{path}, line 1: expected 'key: value' lines, found {_named(root)}.")
    try:
        return model.model_validate(root)
    except ValidationError as fault:
        # A misspelt key is also a missing one: the misspelling is what the curator can see. Where a value may have several
        # forms, the form that it nearly has says more than those that it has not.
        ranks = {"extra_forbidden": 0, "value_error": 1}
        faults = sorted(fault.errors(include_url=False), key=lambda error: ranks.get(error["type"], 2))
        first = faults[0]
        raise SettingsError(_sentence(path, lines, model, first)) from None


def read_nodes(path: Path) -> tuple[Any, dict[Place, int]]:
    """Return the data of a YAML file and the line (from 1) of every place in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(
            f"There is no file {path}. Check the path, or write one with `rolescape init`."
        ) from None
    except IsADirectoryError:
        raise SettingsError(
            f"{path} is a folder. Name the set file inside it, e.g. {path / 'set.yaml'}."
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path} cannot be read as UTF-8 text ({fault}). Save it as UTF-8.") from fault
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError(
            f"{path}, line {line}: not valid YAML ({fault.problem or fault.context}). Check indentation and quotes there."
        ) from None
    except yaml.YAMLError as fault:
        raise SettingsError(f"{path}: not valid YAML ({fault}).") from None
    lines: dict[Place, int] = {(): 1}
    try:
        return (None if node is None else _build(node, (), path, lines)), lines
    except RecursionError:
        raise SettingsError(
            f"{path}: an anchor (&name) holds itself (*name), or brackets never end. Write it out."
        ) from None


@lru_cache(maxsize=64)
def _composed(text: str) -> yaml.Node | None:
    """Parse a text once: every stage reads the same few files, and libyaml, 20 times as fast, dies of brackets without end."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _build(node: yaml.Node, place: Place, path: Path, lines: dict[Place, int]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = SafeConstructor().construct_object(key_node)
            if key in found:
                raise SettingsError(
                    f"{path}, line {key_node.start_mark.line + 1}: the key '{key}' stands twice. Remove one of them."
                )
            lines[(*place, key)] = key_node.start_mark.line + 1
            found[key] = _build(value_node, (*place, key), path, lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*place, number), path, lines) for number, item in enumerate(node.value)]
    try:
        return SafeConstructor().construct_object(node)
    except (ValueError, yaml.YAMLError) as fault:
        raise SettingsError(
            f"{path}, line {node.start_mark.line + 1}: cannot read this value ({fault})."
        ) from None


def line_of(lines: dict[Place, int], place: Place) -> int:
    """Return the line of the nearest place that stands in the file."""
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _sentence(path: Path, lines: dict[Place, int], model: type[BaseModel], fault: Any) -> str:
    place: Place = tuple(fault["loc"])
    where = f"{path}, line {line_of(lines, place)}"
    label = ".".join(str(part) for part in place) or "the file"
    if fault["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(model, place[:-1]))
        return f"{where}: unknown key '{place[-1]}'. Known here: {known}."
    if fault["type"] == "missing":
        return f"{where}: '{label}' is missing. Add it."
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    plain = isinstance(given, (str, int, float, bool, type(None)))
    # An address may hold a password or a key; the line is named.
    shown = f", found {_named(given)}" if plain and "://" not in str(given) else ""
    return f"{where}: '{label}' {message[:1].lower()}{message[1:]}{shown}."


def _named(value: object) -> str:
    text = repr(value)
    return "nothing" if value is None else text if len(text) <= 60 else text[:57] + "..."


def _known_keys(model: type[BaseModel], place: Place) -> list[str]:
    """Follow `place` through the model's annotations to the model that refused a key."""
    current: type[BaseModel] = model
    for part in place:
        if isinstance(part, str) and part in current.model_fields:
            inner = _models_in(current.model_fields[part].annotation)
            current = inner[0] if inner else current
    return sorted(field.alias or name for name, field in current.model_fields.items())


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]

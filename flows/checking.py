"""A set file -> what it holds, what is wrong with it, and what a build would cost; without a model call."""

from pathlib import Path
from typing import Any

from flows.steps import STEPS, WRITTEN
from flows.tasks import writers_of
from rolescape_data import assets
from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.blueprints import Blueprint, KindContract
from rolescape_data.errors import InputError
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.materials import Material
from rolescape_data.prompts import load_prompt
from rolescape_data.records import LETTERS, SolverAnswer
from rolescape_data.routes import cast, named
from rolescape_data.store.inputs import from_set_file
from rolescape_data.vision.decode import decode


def check_set(path: Path, *, writer: str | None = None, base_url: str | None = None) -> dict[str, Any]:
    """Read a set and everything it names.

    Raises:
        SettingsError, InputError, PromptError, WriterError: the first fault that makes the set unusable.

    Returns:
        Counts per character and the calls that a build makes; `warnings` names pictures that will be left
        out, `problems` is empty (faults are raised).
    """
    inputs = from_set_file(path)
    blueprint = load_blueprint(inputs.found.blueprint, inputs.qa)
    load_thresholds(assets.find("qa", "gates.yaml", inputs.qa))
    load_flagged_words(assets.find("qa", "flagged_words.txt", inputs.qa))
    for kind in _asked(blueprint):
        load_prompt(kind, inputs.prompts)
    casting = cast(inputs.found.writer, inputs.found.writers, kinds=WRITTEN, flag=writer, base_url=base_url)
    writers_of(casting)
    name = ", ".join(dict.fromkeys(named(route) for route in casting.routes()))
    matte = inputs.found.matte
    colour = (int(matte[1:3], 16), int(matte[3:5], 16), int(matte[5:7], 16))
    characters: dict[str, Any] = {}
    warnings: list[str] = []
    for entry in inputs.found.characters:
        owed = blueprint.owed_by(entry.category, entry.role)
        material = inputs.material(entry.resolved_id())
        usable = 0
        for picture in material.pictures:
            try:
                decode(inputs.read(picture.path), name=picture.path, matte=colour)
                usable += 1
            except InputError as fault:
                warnings.append(str(fault))
        if material.entry.images and not material.pictures:
            warnings.append(f"'{entry.name}' names {len(entry.images)} image folder(s) that hold no picture.")
        characters[material.id] = {
            "documents": len(material.documents),
            "own_lines": len(material.own_lines()),
            "pictures": usable,
            "calls": _calls(owed, material, usable),
        }
    return {
        "set": inputs.found.name,
        "blueprint": inputs.found.blueprint,
        "writer": name,
        "characters": characters,
        "calls": sum(entry["calls"] for entry in characters.values()),
        "cost_usd": 0.0 if name == "offline" else None,
        "warnings": warnings,
        "problems": [],
    }


def check_table(found: dict[str, Any]) -> str:
    """Return a check as lines."""
    lines = [f"Set '{found['set']}' is sound. Blueprint '{found['blueprint']}', writer '{found['writer']}'."]
    for name, entry in found["characters"].items():
        lines.append(
            f"  {name}: {entry['documents']} document(s), {entry['own_lines']} own lines, "
            f"{entry['pictures']} usable picture(s); {entry['calls']} calls in the first round"
        )
    lines += [f"  Left out: {warning}" for warning in found["warnings"]]
    money = "0.00 USD" if found["cost_usd"] == 0.0 else "at your provider's prices"
    lines.append(f"  A build makes about {found['calls']} calls, {money}.")
    return "\n".join(lines)


def _asked(blueprint: Blueprint) -> list[str]:
    """Return the kinds of a blueprint for which a writer is asked."""
    return [step.kind for step in STEPS if step.prompt and step.kind in blueprint.kinds]


def _calls(blueprint: Blueprint, material: Material, pictures: int) -> int:
    """Return the calls of a build's first round."""
    calls = 0
    for kind in _asked(blueprint):
        contract = blueprint.kinds[kind]
        if kind == SolverAnswer.kind:
            calls += _solver_calls(contract, {"text_mcq", "visual_mcq"} & set(blueprint.kinds))
        elif contract.per_picture():
            # Kinds with a mix ask for all of a picture's cells in one call.
            calls += pictures * (contract.per_image or 1) + contract.generic
        elif kind in ("text_dialogue", "text_qa", "text_mcq", "probe", "t2i_check", "negative"):
            wanted = sum(contract.cells().values())
            calls += -(-wanted // contract.per_call)
        else:
            calls += sum(contract.cells().values())
    return calls


def _solver_calls(contract: KindContract, kinds: set[str]) -> int:
    """Return the calls of one character's solver at most: with everything each picture is looked at on its own."""
    size = contract.cells()["count"]
    calls = 0
    for view in contract.views:
        alone = view == "full" and "visual_mcq" in kinds
        together = len(kinds) - alone
        calls += size * alone - (-size * together // contract.per_call)
    return calls * len(LETTERS)

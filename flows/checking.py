"""A set file -> what it holds, what is wrong with it, and what a build would cost; without a model call."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.desk import blueprint_of
from flows.estimating import SAMPLE, forecast, totals
from flows.expecting import FIRST
from flows.reviewing import rubrics_of
from flows.steps import STEPS, WRITTEN
from flows.tasks import writers_of
from rolescape_data.blueprints import Blueprint
from rolescape_data.errors import InputError
from rolescape_data.prompts import load_prompt
from rolescape_data.providers.repair import MOST_REPLIES
from rolescape_data.records import Review
from rolescape_data.routes import cast, named
from rolescape_data.store.inputs import check_overlays, from_set_file
from rolescape_data.vision.decode import decode


def check_set(
    path: Path, *, writer: str | None = None, base_url: str | None = None, batch: bool = False
) -> dict[str, Any]:
    """Read a set and everything it names.

    Args:
        path: the set file.
        writer: instead of the set's own.
        base_url: of another server.
        batch: count what it costs in batches.

    Raises:
        SettingsError, InputError, PromptError, WriterError: the first fault that makes the set unusable.

    Returns:
        Counts per character and the calls that a build makes; `warnings` names pictures that will be left
        out, `problems` is empty (faults are raised).
    """
    inputs = from_set_file(path)
    check_overlays(inputs)
    blueprint = blueprint_of(inputs)
    for kind in _asked(blueprint):
        if kind != Review.kind:
            load_prompt(kind, inputs.prompts)
    rubrics_of(inputs)
    casting = cast(inputs.found.writer, inputs.found.writers, kinds=WRITTEN, flag=writer, base_url=base_url)
    writers_of(casting)
    name = ", ".join(dict.fromkeys(named(route) for route in casting.routes()))
    matte = inputs.found.matte
    colour = (int(matte[1:3], 16), int(matte[3:5], 16), int(matte[5:7], 16))
    characters: dict[str, Any] = {}
    warnings: list[str] = []
    for entry in inputs.found.characters:
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
        }
    stages = forecast(path, casting, batch=batch)
    sums = totals(stages)
    return {
        "set": inputs.found.name,
        "blueprint": inputs.found.blueprint,
        "writer": name,
        "characters": characters,
        "stages": [asdict(one) for one in stages],
        **sums,
        "cost_usd": sums["usd"],
        "batch": batch,
        "rehearsed": min(SAMPLE, len(characters)),
        "budget_usd": inputs.found.budget_usd,
        "warnings": warnings,
        "problems": [],
    }


def check_table(found: dict[str, Any]) -> str:
    """Return a check as lines."""
    lines = [f"Set '{found['set']}' is sound. Blueprint '{found['blueprint']}', writer '{found['writer']}'."]
    for name, entry in found["characters"].items():
        lines.append(
            f"  {name}: {entry['documents']} document(s), {entry['own_lines']} own lines, "
            f"{entry['pictures']} usable picture(s)"
        )
    lines += [f"  Left out: {warning}" for warning in found["warnings"]]
    head = ("kind", "calls", "(most)", "input", "(most)", "output", "(most)", "USD", "(most)", "writer")
    rows = [_row(stage["kind"], stage, stage["writer"]) for stage in found["stages"]]
    rows.append(_row("in sum", found, ""))
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)),
        ]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    if found["rehearsed"] < len(found["characters"]):
        lines.append(
            f"  Counted by {found['rehearsed']} of {len(found['characters'])} characters; the most is their mean."
        )
    if found["cost_usd"] is None:
        lines.append("  No price is known for a writer: write it into prices.yaml of the set's `qa:` folder.")
    else:
        cap = "" if found["budget_usd"] is None else f" The budget stops it at {found['budget_usd']:.2f}."
        price = f"{found['cost_usd']:.2f} USD" + (
            " at the half price of batches (`build --batch`)" if found["batch"] else ""
        )
        lines.append(
            f"  A build makes about {found['calls']} calls for {price}; corrected by its first {FIRST} replies.{cap}"
        )
    if found["output_tokens"]:
        lines += _about_the_most(found)
    return "\n".join(lines)


def _about_the_most(found: dict[str, Any]) -> list[str]:
    """Say what makes the most so much more than what is expected."""
    per_call = {
        name: found[name] / max(1, found["calls_most" if name.endswith("_most") else "calls"])
        for name in ("input_tokens", "input_most", "output_tokens", "output_most")
    }
    return [
        f"  (most) is what a build cannot pass, not what it comes near: {found['calls_most']:,} calls, since a reply may have "
        f"to be asked for {MOST_REPLIES} times and open cells in every round;",
        f"  every reply as long as its limit lets it, which grows twice ({per_call['output_most']:,.0f} tokens a call, "
        f"{per_call['output_tokens']:,.0f} expected); and requests that carry",
        f"  such replies on ({per_call['input_most']:,.0f} tokens a call, {per_call['input_tokens']:,.0f} expected). "
        "A budget (`budget_usd`, `--budget`) holds well below it.",
    ]


def _row(label: str, one: dict[str, Any], writer: str) -> tuple[str, ...]:
    money = (
        ("?", "?")
        if one["usd"] is None or one["usd_most"] is None
        else (f"{one['usd']:.4f}", f"{one['usd_most']:.2f}")
    )
    numbers = ("calls", "calls_most", "input_tokens", "input_most", "output_tokens", "output_most")
    return (label, *(f"{one[name]:,}" for name in numbers), *money, writer)


def _asked(blueprint: Blueprint) -> list[str]:
    """Return the kinds of a blueprint for which a writer is asked."""
    return [step.kind for step in STEPS if step.prompt and step.kind in blueprint.kinds]

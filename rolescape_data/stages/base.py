"""What stages share: their collaborators, their result, and the round of asking, checking and asking again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rolescape_data.blueprints import KindContract
from rolescape_data.gates import Context, measure_records, measure_set
from rolescape_data.gates.decide import Thresholds, can_fail, decide
from rolescape_data.materials import Line, Material
from rolescape_data.prompts import Prompt
from rolescape_data.providers.base import ImageInput, Outcome, Request, Writer
from rolescape_data.records import Cell, Evidence, ImageRecord, Provenance, Record, Rejected, Verdict
from rolescape_data.records.answers import ANSWERS, Answer
from rolescape_data.spans import find_span

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Setting:
    """The collaborators of one stage for one character."""

    kind: str
    material: Material
    contract: KindContract
    rounds: int
    thresholds: Thresholds
    writer: Writer
    prompt: Prompt
    take: int
    blob_path: Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Result:
    """What a stage made: kept records, dropped ones with reasons, and its contract as it came out."""

    records: Sequence[Record]
    rejects: list[Rejected] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)


def character_block(setting: Setting) -> dict[str, Any]:
    """Return the `character` input that every prompt has."""
    entry = setting.material.entry
    return {
        "id": setting.material.id,
        "name": entry.name,
        "aliases": list(entry.aliases),
        "category": entry.category,
        "script": entry.script,
        "lang": entry.lang,
    }


def material_block(setting: Setting) -> dict[str, Any]:
    """Return the inputs of prompts that read all there is of a character: who it is, its documents, its own lines."""
    material = setting.material
    return {
        "character": character_block(setting),
        "documents": [{"name": document.name, "text": document.text} for document in material.documents],
        "spoken_lines": [
            {
                "source": line.source,
                "scene": line.scene,
                "line": line.line,
                "text": line.text,
                "image": line.image,
            }
            for line in material.own_lines()
        ],
    }


def image_block(image: ImageRecord) -> dict[str, Any]:
    """Return the `image` input: what is known about the picture, never its pixels."""
    return {
        "file": image.path.rsplit("/", 1)[-1],
        "note": image.note,
        "annotation": image.annotation.model_dump(),
        "attributes": image.attributes.model_dump(),
    }


def scene_of(line: Line) -> str:
    """Return file and scene of a line: scenes of two files may bear one name."""
    return line.source.rpartition("/")[0]


def shows(line: Line, path: str) -> bool:
    """Say whether a line is spoken beside the picture at `path`: the shorter path is the end of the longer one."""
    named, there = line.image.replace("\\", "/").split("/"), path.split("/")
    length = min(len(named), len(there))
    return bool(line.image) and named[-length:] == there[-length:]


def image_name(setting: Setting, image: ImageRecord) -> str:
    """Return the part of an image's id that names the picture; ids of what belongs to it repeat it."""
    return image.id.removeprefix(f"{setting.material.id}_img_")


def request(
    setting: Setting, inputs: dict[str, Any], *, keys: Sequence[str] = (), images: Sequence[ImageRecord] = ()
) -> Request:
    """Render the stage's prompt into a request."""
    prompt = setting.prompt
    sent = (
        [ImageInput(image.blob_sha256, setting.blob_path(image.blob)) for image in images]
        if prompt.images
        else []
    )
    return Request(
        prompt_id=prompt.id,
        prompt_sha256=prompt.sha256,
        system=prompt.system,
        user=prompt.render(inputs),
        answer=prompt.answer,
        keys=tuple(keys),
        images=tuple(sent),
        take=setting.take,
        temperature=prompt.temperature,
        max_tokens=prompt.max_tokens,
    )


def common_fields(setting: Setting, outcome: Outcome, parents: Sequence[str]) -> dict[str, Any]:
    """Return the fields that every record of this stage shares."""
    return {
        "character_id": setting.material.id,
        "lang": setting.material.entry.lang,
        "license": setting.material.license,
        "source": setting.material.source,
        "provenance": Provenance(
            source_kind=outcome.kind or setting.writer.kind,
            writer=outcome.writer or setting.writer.name,
            prompt_id=setting.prompt.id,
            prompt_sha256=setting.prompt.sha256,
            call_key=outcome.call_key,
            take=setting.take,
            parents=list(parents),
        ),
    }


def read_items(
    setting: Setting, outcome: Outcome, keys: Sequence[str]
) -> tuple[dict[str, Answer], list[Rejected]]:
    """Validate the items of a set reply one by one; an item that does not fit is quarantined alone."""
    model = ANSWERS[setting.prompt.answer]
    items: dict[str, Answer] = {}
    rejects: list[Rejected] = []
    for key in keys:
        if outcome.reply is None or key not in outcome.reply:
            continue
        try:
            items[key] = model.model_validate(outcome.reply[key])
        except ValidationError as fault:
            first = fault.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            rejects.append(
                dropped(setting, key, str(outcome.reply[key]), [f"reply: {place}: {first['msg']}"])
            )
    return items, rejects


def read_answer(setting: Setting, outcome: Outcome) -> tuple[Answer | None, str]:
    """Validate a single reply; return it, or None and the reason."""
    if outcome.reply is None:
        return None, outcome.detail or str(outcome.error)
    try:
        return ANSWERS[setting.prompt.answer].model_validate(outcome.reply), ""
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        return None, f"reply: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def dropped(setting: Setting, name: str, content: str, reasons: list[str], winner: str = "") -> Rejected:
    """Return a reject of this stage; `content` is whatever is left of the record."""
    return Rejected(
        record_id=f"{setting.material.id}_{setting.kind}_{name}",
        kind=setting.kind,
        character_id=setting.material.id,
        origin="stage",
        reasons=reasons,
        winner_id=winner,
        record_json=content or "{}",
    )


def anchor(passage: str, sources: dict[str, str]) -> Evidence | None:
    """Return the exact place of a passage in the sources, or None when it stands in none of them."""
    for name, text in sources.items():
        span = find_span(passage, text)
        if span is not None:
            return Evidence(source=name, start=span.start, end=span.end, text=span.text)
    return None


def spoken(setting: Setting, *texts: str) -> list[Evidence]:
    """Return the lines (first choice) or document sentences that the texts repeat word for word."""
    found: list[Evidence] = []
    for text in texts:
        line = next((line for line in setting.material.lines if line.text == text), None)
        if line is not None:
            found.append(Evidence(source=line.source, start=0, end=len(text), text=text))
            continue
        for document in setting.material.documents:
            at = document.text.find(text)
            if at >= 0:
                found.append(Evidence(source=document.name, start=at, end=at + len(text), text=text))
                break
    return found


def gate_context(setting: Setting, ids: Sequence[str]) -> Context:
    """Return what the gates may look at for this character; `ids` are the records that links may point at."""
    return context_for(setting.material, setting.thresholds, ids)


def context_for(material: Material, thresholds: Thresholds, ids: Sequence[str]) -> Context:
    """Return what the gates may look at for a character, where no writer is asked."""
    return Context(
        sources=material.sources(),
        record_ids=frozenset(ids),
        names={material.id: material.names},
        allow={material.id: frozenset(material.entry.allow)},
        character_ids=frozenset({material.id}),
        blob_formats={},
        titles=(material.entry.script,) if material.entry.script else (),
        flagged_words=frozenset(thresholds.flagged_words),
    )


def failures(setting: Setting, records: Sequence[Record], context: Context) -> dict[str, list[Verdict]]:
    """Run every cheap gate on `records` and return the failing verdicts by record id."""
    if not can_fail(setting.thresholds):
        return {}
    measured = [*measure_records(records, context), *measure_set(records, context)]
    found: dict[str, list[Verdict]] = {}
    for verdict in decide(measured, setting.thresholds):
        if verdict.status == "fail":
            found.setdefault(verdict.record_id, []).append(verdict)
    return found


def admit(
    setting: Setting, kept: Sequence[Record], candidates: Sequence[R], context: Context
) -> tuple[list[R], list[Rejected]]:
    """Hold new records against the gates, beside the records kept before; return the admitted ones and the rejects."""
    widened = replace(context, record_ids=context.record_ids | {record.id for record in candidates})
    failing = failures(setting, [*kept, *candidates], widened)
    admitted: list[R] = []
    rejects: list[Rejected] = []
    for record in candidates:
        if record.id not in failing:
            admitted.append(record)
            continue
        reasons = [verdict.reason for verdict in failing[record.id]]
        name = bare_name(record.id, setting.material.id, setting.kind)
        rejects.append(dropped(setting, name, record.model_dump_json(), reasons))
    return admitted, rejects


def bare_name(record_id: str, character: str, kind: str) -> str:
    """Return an id without its character and its kind, which a reject's id holds anyhow: mira_text_qa_r1_3 -> r1_3."""
    name = record_id.removeprefix(f"{character}_")
    for prefix in (kind, kind.removesuffix("_dialogue")):
        name = name.removeprefix(f"{prefix}_")
    return name


def numbered(records: Sequence[R], prefix: str) -> list[R]:
    """Give records their final ids: PREFIX_001, PREFIX_002, ..."""
    return [
        record.model_copy(update={"id": f"{prefix}_{number:03d}"}) for number, record in enumerate(records, 1)
    ]


def cells(setting: Setting, wanted: dict[str, int], found: dict[str, int], note: str = "") -> list[Cell]:
    """Return the contract of this stage, cell by cell; a shortfall says why."""
    return [
        Cell(
            character_id=setting.material.id,
            kind=setting.kind,
            cell=cell,
            wanted=count,
            found=found.get(cell, 0),
            note=note if found.get(cell, 0) < count else "",
        )
        for cell, count in wanted.items()
    ]

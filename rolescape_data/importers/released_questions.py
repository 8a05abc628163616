"""Questions as RoleScape-20 releases them -> TextQA, TextMCQ, VisualQA and VisualMCQ records.

    {"id": "qa_001", "question": "...", "answer": "...", "evidence": "...", "type": "fact", "difficulty": "easy", "reasoning_steps": []}
    {"id": "q1", "question": "...", "options": {"A": "...", "B": "...", ...}, "answer_key": "B", "difficulty": "easy", "rationale": "..."}

Evidence that stands in the profile only when spaces, marks and quote forms are set aside becomes the exact span; what
stands nowhere is kept as `unanchored`. Both are findings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from rolescape_data.importers.released_reader import Reader
from rolescape_data.records import LETTERS, Evidence, Record, TextMCQ, TextQA, VisualMCQ, VisualQA
from rolescape_data.records.question import Difficulty, QuestionType
from rolescape_data.records.visual import VISUAL_CATEGORIES
from rolescape_data.spans import find_span


@dataclass(frozen=True, slots=True)
class _Item:
    """One question while it is read, and the text that its evidence should stand in, with that text's name."""

    reader: Reader
    path: Path
    place: str
    told: Mapping[str, Any]
    source: str
    profile: str


# (item, key) -> the fields of the record that the item's key gives.
_Read = Callable[[_Item, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of question is released.

    Args:
        items: the key that its list stands under.
        model: the record made of an item.
        record_id: of the record; takes `owner` and `number`, from 1.
        fields: what reads each key of an item; another key belongs to no field.
        item_id: what items are numbered by in the file; '' where they bear no id.
        fixed: fields of the record that no file tells.
        needed: a file without the list is a finding.
    """

    items: str
    model: type[Record]
    record_id: str
    fields: Mapping[str, _Read]
    item_id: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    needed: bool = True


def read_questions(
    form: Form,
    reader: Reader,
    path: Path,
    content: Mapping[str, Any],
    place: str,
    shared: Mapping[str, Any],
    *,
    owner: str,
    profile: tuple[str, str] = ("", ""),
) -> list[Record]:
    """Return the questions of one list; every item that is none, and every value made right, is a finding.

    Args:
        form: what the list holds.
        reader: gets the findings.
        path: the file.
        content: the object that holds the list.
        place: where in the file `content` stands; '' for the whole file.
        shared: the fields that all the records have.
        owner: what the records' ids begin with.
        profile: (name, text) of the document that evidence is quoted from.
    """
    where = f"{place}.{form.items}" if place else form.items
    told = content.get(form.items, None if form.needed else [])
    records: list[Record] = []
    for number, (at, item) in enumerate(reader.items(told, path, where), start=1):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, at, "is no object; left out")
            continue
        reader.keys(item, (*(("id",) if form.item_id else ()), *form.fields), path, at)
        wanted = form.item_id.format(number=number)
        if wanted and item.get("id") != wanted:
            reader.mended("item_id", path, f"{at}.id", f"is {item.get('id')!r}; numbered {wanted}")
        one = _Item(reader, path, at, item, *profile)
        values = {**shared, **form.fixed, "id": form.record_id.format(owner=owner, number=number)}
        for key, read in form.fields.items():
            values |= read(one, key)
        record = reader.made(form.model, values, path, at)
        records += [record] if record else []
    return records


def _text(item: _Item, key: str) -> dict[str, Any]:
    return {key: item.reader.text(item.told.get(key), item.path, f"{item.place}.{key}")}


def _one_of(rule: str, allowed: tuple[str, ...], *, told: bool = True) -> _Read:
    """Return what reads a value of a list; one that the released files do not tell and ours do may be absent."""

    def read(item: _Item, key: str) -> dict[str, Any]:
        value = item.told.get(key)
        if value is None and not told:
            return {key: None}
        return {key: item.reader.picked(value, allowed, rule, item.path, f"{item.place}.{key}")}

    return read


def _options(item: _Item, key: str) -> dict[str, Any]:
    told = item.told.get(key)
    options: dict[str, Any] = told if isinstance(told, dict) else {}
    where = f"{item.place}.{key}"
    item.reader.keys(options, LETTERS, item.path, where)
    return {
        key: {
            letter: item.reader.text(options.get(letter), item.path, f"{where}.{letter}")
            for letter in LETTERS
        }
    }


def _steps(item: _Item, key: str) -> dict[str, Any]:
    steps = item.reader.items(item.told.get(key, []), item.path, f"{item.place}.{key}")
    return {key: [item.reader.text(step, item.path, where) for where, step in steps]}


def _confidence(item: _Item, key: str) -> dict[str, Any]:
    value = item.told.get(key)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {key: float(value)}
    except OverflowError:
        # JSON's integers have no bound.
        pass
    item.reader.wrong("text_type", item.path, f"{item.place}.{key}", "is no number; read as 0", hard=False)
    return {key: 0.0}


def _evidence(item: _Item, key: str) -> dict[str, Any]:
    """Anchor an item's evidence, one passage or a list of them, in the profile."""
    reader, path, told, where = item.reader, item.path, item.told.get(key), f"{item.place}.{key}"
    claims = reader.items(told, path, where) if isinstance(told, list) else [(where, told)]
    spans: list[Evidence] = []
    loose: list[str] = []
    for at, claim in claims:
        passage = reader.text(claim, path, at)
        if not passage.strip():
            reader.wrong("evidence_verbatim", path, at, "is empty")
            continue
        span = find_span(passage, item.profile)
        if span is None:
            reader.wrong("evidence_verbatim", path, at, f"'{passage[:80]}' stands nowhere in {item.source}")
            loose.append(passage)
            continue
        if span.text != passage:
            detail = f"'{passage[:60]}' stands there as '{span.text[:60]}'; made exact"
            reader.mended("evidence_verbatim", path, at, detail)
        spans.append(Evidence(source=item.source, start=span.start, end=span.end, text=span.text))
    return {"evidence": spans, "unanchored": loose}


_DIFFICULTY = _one_of("difficulty", get_args(Difficulty))
_ASPECT = _one_of("aspect", get_args(get_args(TextQA.model_fields["aspect"].annotation)[0]), told=False)
_CATEGORY = _one_of("question_category", VISUAL_CATEGORIES, told=False)
_FOUR: Mapping[str, _Read] = {
    "question": _text,
    "options": _options,
    "answer_key": _one_of("answer_key", LETTERS),
    "difficulty": _DIFFICULTY,
    "rationale": _text,
}

TEXT_QA = Form(
    "qa_items",
    TextQA,
    "{owner}_qa_{number:03d}",
    {
        "evidence": _evidence,
        "reasoning_steps": _steps,
        "confidence": _confidence,
        "question": _text,
        "answer": _text,
        "aspect": _ASPECT,
        "difficulty": _DIFFICULTY,
        "type": _one_of("question_type", get_args(QuestionType)),
    },
    item_id="qa_{number:03d}",
    fixed={"fact_ids": []},
)
TEXT_MCQ = Form(
    "mcq_items",
    TextMCQ,
    "{owner}_mcq_{number:03d}",
    {"evidence": _evidence, **_FOUR, "aspect": _ASPECT},
    item_id="mcq_{number:03d}",
    fixed={"fact_ids": []},
)
VISUAL_QA = Form(
    "qa_pairs",
    VisualQA,
    "{owner}_{number:02d}",
    {
        "type": _one_of("question_type", ("objective", "subjective")),
        "question": _text,
        "answer": _text,
        "category": _CATEGORY,
    },
    fixed={"grounding": [], "polarity": None},
    needed=False,
)
VISUAL_MCQ = Form(
    "mcq_items",
    VisualMCQ,
    "{owner}_{number}",
    {**_FOUR, "category": _CATEGORY},
    item_id="q{number}",
    needed=False,
)

"""Questions as RoleScape-20 releases them -> TextQA, TextMCQ, VisualQA and VisualMCQ records.

Evidence that stands in the profile only when spaces, marks and quote forms are set aside becomes the exact span; what
stands nowhere is kept as `unanchored`. Both are findings.
"""

from pathlib import Path
from typing import Any, get_args

from rolescape_data.importers.released_reader import Reader
from rolescape_data.records import LETTERS, Evidence, Record, TextMCQ, TextQA, VisualMCQ, VisualQA
from rolescape_data.records.question import Difficulty, QuestionType
from rolescape_data.spans import find_span

_OPEN = (
    "id",
    "question",
    "answer",
    "evidence",
    "type",
    "difficulty",
    "reasoning_steps",
    "confidence",
    "aspect",
)
_CHOICE = ("id", "question", "options", "answer_key", "difficulty", "evidence", "rationale", "aspect")
_SEEN = ("question", "answer", "type", "category")
_SEEN_CHOICE = ("id", "question", "options", "answer_key", "difficulty", "rationale", "category")
_ASPECTS = tuple(get_args(get_args(TextQA.model_fields["aspect"].annotation)[0]))
_CATEGORIES = tuple(get_args(get_args(VisualMCQ.model_fields["category"].annotation)[0]))


def knowledge(
    reader: Reader, path: Path, told: dict[str, Any], shared: dict[str, Any], source: str, profile: str
) -> list[Record]:
    """Return the open questions of a `_knowledge_qa.json`."""
    found: list[Record] = []
    for number, (place, item) in enumerate(reader.items(told.get("qa_items"), path, "qa_items"), start=1):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, place, "is no object; left out")
            continue
        reader.keys(item, _OPEN, path, place)
        name = _item_id(reader, item, f"qa_{number:03d}", path, place)
        values = shared | _evidence(reader, item, path, place, source, profile)
        steps = reader.items(item.get("reasoning_steps", []), path, f"{place}.reasoning_steps")
        confidence = item.get("confidence")
        if isinstance(confidence, bool) or not isinstance(confidence, int | float):
            reader.wrong("text_type", path, f"{place}.confidence", "is no number; read as 0", hard=False)
            confidence = 0.0
        values |= {
            "id": f"{shared['character_id']}_{name}",
            "question": reader.text(item.get("question"), path, f"{place}.question"),
            "answer": reader.text(item.get("answer"), path, f"{place}.answer"),
            "fact_ids": [],
            "aspect": _aspect(reader, item, path, place),
            "difficulty": _difficulty(reader, item, path, place),
            "type": reader.picked(
                item.get("type"), get_args(QuestionType), "question_type", path, f"{place}.type"
            ),
            "reasoning_steps": [reader.text(step, path, where) for where, step in steps],
            "confidence": float(confidence),
        }
        record = reader.made(TextQA, values, path, place)
        found += [record] if record else []
    return found


def choices(
    reader: Reader, path: Path, told: dict[str, Any], shared: dict[str, Any], source: str, profile: str
) -> list[Record]:
    """Return the four-option questions of a `_knowledge_qa_test.json`."""
    found: list[Record] = []
    for number, (place, item) in enumerate(reader.items(told.get("mcq_items"), path, "mcq_items"), start=1):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, place, "is no object; left out")
            continue
        reader.keys(item, _CHOICE, path, place)
        name = _item_id(reader, item, f"mcq_{number:03d}", path, place)
        values = shared | _evidence(reader, item, path, place, source, profile)
        values |= _four(reader, item, path, place)
        values |= {
            "id": f"{shared['character_id']}_{name}",
            "fact_ids": [],
            "aspect": _aspect(reader, item, path, place),
        }
        record = reader.made(TextMCQ, values, path, place)
        found += [record] if record else []
    return found


def seen(
    reader: Reader, path: Path, message: dict[str, Any], place: str, shared: dict[str, Any], picture: str
) -> tuple[list[Record], list[Record]]:
    """Return the open and the four-option questions about one picture."""
    stem = shared["image_id"].removeprefix(f"{shared['character_id']}_img_")
    open_: list[Record] = []
    for number, (where, item) in enumerate(
        reader.items(message.get("qa_pairs", []), path, f"{place}.qa_pairs"), start=1
    ):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, where, "is no object; left out")
            continue
        reader.keys(item, _SEEN, path, where)
        type_ = reader.picked(
            item.get("type"), ("objective", "subjective"), "question_type", path, f"{where}.type"
        )
        values = shared | {
            "id": f"{shared['character_id']}_vqa_{stem}_{number:02d}",
            "question": reader.text(item.get("question"), path, f"{where}.question"),
            "answer": reader.text(item.get("answer"), path, f"{where}.answer"),
            "type": type_,
            "grounding": [],
            "polarity": None,
            "category": _category(reader, item, path, where),
        }
        record = reader.made(VisualQA, values, path, where)
        open_ += [record] if record else []
    four: list[Record] = []
    for number, (where, item) in enumerate(
        reader.items(message.get("mcq_items", []), path, f"{place}.mcq_items"), start=1
    ):
        if not isinstance(item, dict):
            reader.wrong("file_shape", path, where, "is no object; left out")
            continue
        reader.keys(item, _SEEN_CHOICE, path, where)
        if item.get("id") != f"q{number}":
            reader.mended("item_id", path, f"{where}.id", f"is {item.get('id')!r}; numbered q{number}")
        values = shared | _four(reader, item, path, where)
        values |= {
            "id": f"{shared['character_id']}_vmcq_{stem}_{number}",
            "category": _category(reader, item, path, where),
        }
        record = reader.made(VisualMCQ, values, path, where)
        four += [record] if record else []
    return open_, four


def _item_id(reader: Reader, item: dict[str, Any], wanted: str, path: Path, place: str) -> str:
    """Return the item's id: as it should be numbered, told when it is another."""
    if item.get("id") != wanted:
        reader.mended("item_id", path, f"{place}.id", f"is {item.get('id')!r}; numbered {wanted}")
    return wanted


def _difficulty(reader: Reader, item: dict[str, Any], path: Path, place: str) -> str | None:
    return reader.picked(
        item.get("difficulty"), get_args(Difficulty), "difficulty", path, f"{place}.difficulty"
    )


def _aspect(reader: Reader, item: dict[str, Any], path: Path, place: str) -> str | None:
    """Return the aspect, which the released files do not tell and ours do."""
    if item.get("aspect") is None:
        return None
    return reader.picked(item["aspect"], _ASPECTS, "aspect", path, f"{place}.aspect")


def _category(reader: Reader, item: dict[str, Any], path: Path, place: str) -> str | None:
    """Return the category, which the released files do not tell and ours do."""
    if item.get("category") is None:
        return None
    return reader.picked(item["category"], _CATEGORIES, "question_category", path, f"{place}.category")


def _four(reader: Reader, item: dict[str, Any], path: Path, place: str) -> dict[str, Any]:
    told = item.get("options")
    options: dict[str, Any] = told if isinstance(told, dict) else {}
    reader.keys(options, LETTERS, path, f"{place}.options")
    return {
        "question": reader.text(item.get("question"), path, f"{place}.question"),
        "options": {
            letter: reader.text(options.get(letter), path, f"{place}.options.{letter}") for letter in LETTERS
        },
        "answer_key": reader.picked(
            item.get("answer_key"), LETTERS, "answer_key", path, f"{place}.answer_key"
        ),
        "difficulty": _difficulty(reader, item, path, place),
        "rationale": reader.text(item.get("rationale"), path, f"{place}.rationale"),
    }


def _evidence(
    reader: Reader, item: dict[str, Any], path: Path, place: str, source: str, profile: str
) -> dict[str, Any]:
    """Anchor an item's evidence, one passage or a list of them, in the profile."""
    told = item.get("evidence")
    claims = (
        reader.items(told, path, f"{place}.evidence")
        if isinstance(told, list)
        else [(f"{place}.evidence", told)]
    )
    spans: list[Evidence] = []
    loose: list[str] = []
    for where, claim in claims:
        passage = reader.text(claim, path, where)
        if not passage.strip():
            reader.wrong("evidence_verbatim", path, where, "is empty")
            continue
        span = find_span(passage, profile)
        if span is None:
            reader.wrong("evidence_verbatim", path, where, f"'{passage[:80]}' stands nowhere in {source}")
            loose.append(passage)
            continue
        if span.text != passage:
            reader.mended(
                "evidence_verbatim",
                path,
                where,
                f"'{passage[:60]}' stands there as '{span.text[:60]}'; made exact",
            )
        spans.append(Evidence(source=source, start=span.start, end=span.end, text=span.text))
    return {"evidence": spans, "unanchored": loose}

"""`ReportData` in, one HTML page out: it holds its own pictures and styles, and asks nobody.

The page's content policy allows its one style sheet and its one script, by hash, and pictures inside the page. The
script only filters what is there, and the page is whole without it. Whatever comes from data is escaped by the
templates; documents and models may say `<script>`, and it is shown as they said it.
"""

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import jinja2
from markupsafe import Markup

from rolescape_data.gates.decide import Limits
from rolescape_data.providers.ledger import Spent
from rolescape_data.records import LETTERS
from rolescape_data.records.visual import VISUAL_CATEGORIES, Polarity
from rolescape_data.report.charts import Bars, Histogram, bars, histogram
from rolescape_data.report.data import ReportData
from rolescape_data.report.filtering import choices
from rolescape_data.report.findings import checks, contract, dropped, leaks, silent
from rolescape_data.report.further import told
from rolescape_data.report.people import asked_a_model, people, places

TEMPLATES = Path(__file__).resolve().parent / "templates"

# Lengths worth a picture: gate, record kinds, what they count, and the unit.
LENGTHS = (
    ("response_words", ("image_dialogue", "text_dialogue"), "Replies", "words"),
    ("user_words", ("image_dialogue", "text_dialogue"), "What users say", "words"),
    ("message_words", ("human_role_dialogue",), "Longest message of the character in a talk", "words"),
    ("message_words", ("inter_role_dialogue",), "Longest message in a talk of two characters", "words"),
    ("comment_words", ("commentary",), "Commentary", "words"),
    ("answer_words", ("text_qa",), "Answers to open questions", "words"),
    ("thinking_words", ("caption",), "Thinking processes", "words"),
    ("caption_words", ("caption",), "Captions to draw from", "words"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The page's first lines. `noted`: records that a check warned of or failed; `asked`: a model was asked."""

    records: int
    pictures: int
    rejected: int
    rejected_share: float
    too_many_rejected: bool
    noted: int
    writers: Sequence[str]
    asked: bool
    spent: Spent


def page(data: ReportData) -> str:
    """Return the report as one HTML page; the same data gives the same page.

    Args:
        data: everything that was built. Pictures that do not lie below `data.blob_folder` are named as missing.

    Returns:
        HTML without a reference to anything outside itself. Lists of large sets are cut, and say so.
    """
    shown = people(data)
    names = {character.id: character.name for character in data.characters}
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "filter.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("page.html")
        .render(
            data=data,
            head=_head(data),
            contract=contract(data.cells, names),
            leaks=leaks(data.leaks, data.thresholds),
            checks=[check for check in checks(data.verdicts, data.thresholds) if check.ran],
            silent=silent(data.verdicts),
            dropped=dropped(data.characters, data.thresholds),
            bars=_bars(data),
            histograms=_histograms(data),
            people=shown,
            names=names,
            anchors={person.page.id: person.anchor for person in shown},
            present={record_id for person in shown for record_id in person.ids},
            choices=choices(data),
            style=Markup(style),
            script=Markup(script),
            policy=f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
            "base-uri 'none'; form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def environment() -> jinja2.Environment:
    """Return the templates' environment: everything that comes from data is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["plainly"] = lambda name: str(name).replace("_", " ")
    made.filters["grouped"] = lambda number: f"{number:,}"
    made.filters["places"] = places
    made.filters["told"] = told
    return made


def _head(data: ReportData) -> Head:
    records = sum(len(rows) for character in data.characters for rows in character.tables.values())
    rejected = sum(len(character.rejects) for character in data.characters)
    share = rejected / (records + rejected) if rejected else 0.0
    spent = [character.spent for character in data.characters]
    kept = {row.id for character in data.characters for rows in character.tables.values() for row in rows}
    noted = {verdict.record_id for verdict in data.verdicts if verdict.status in ("warn", "fail")}
    return Head(
        records=records,
        pictures=sum(len(character.tables.get("image", ())) for character in data.characters),
        rejected=rejected,
        rejected_share=share,
        too_many_rejected=share > data.thresholds.max_reject_share,
        noted=len(kept & noted),
        writers=_writers(data.writer),
        asked=any(asked_a_model(character) for character in data.characters),
        spent=Spent(
            sum(one.calls for one in spent),
            sum(one.failed for one in spent),
            sum(one.input_tokens for one in spent),
            sum(one.output_tokens for one in spent),
            sum(one.cost_usd for one in spent),
            sent=sum(one.sent for one in spent),
        ),
    )


def _writers(writer: str) -> list[str]:
    names = [name.strip() for name in writer.split(",") if name.strip()]
    told = [
        "offline (extracted, no model)" if name.partition("@")[0] == "offline" else name for name in names
    ]
    return list(dict.fromkeys(told))


def _bars(data: ReportData) -> list[Bars]:
    found: dict[str, list[str]] = {}
    for character in data.characters:
        for kind in ("text_qa", "text_mcq", "visual_qa", "visual_mcq"):
            for record in character.tables.get(kind, ()):
                for field in ("difficulty", "answer_key", "type", "aspect", "category", "polarity"):
                    if hasattr(record, field):
                        found.setdefault(f"{kind} {field}", []).append(getattr(record, field))
    levels = ("easy", "medium", "hard")
    wanted: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("text_qa difficulty", "Difficulty of open questions", levels),
        ("text_mcq difficulty", "Difficulty of four-option questions without a picture", levels),
        ("text_mcq answer_key", "Letter of the right option, without a picture", LETTERS),
        ("visual_mcq difficulty", "Difficulty of four-option questions about pictures", levels),
        ("visual_mcq answer_key", "Letter of the right option, about pictures", LETTERS),
        ("visual_mcq category", "What four-option questions about pictures ask about", VISUAL_CATEGORIES),
        ("visual_qa type", "Types of open questions about pictures", ("objective", "subjective")),
        ("visual_qa polarity", "Polarity of open questions about pictures", get_args(Polarity)),
        ("text_qa type", "Types of open questions", ()),
        ("text_qa aspect", "What open questions ask about", ()),
    )
    return [bars(title, found[key], order=order) for key, title, order in wanted if key in found]


def _histograms(data: ReportData) -> list[Histogram]:
    found = []
    for gate, kinds, title, unit in LENGTHS:
        values = [
            row.value
            for row in data.verdicts
            if row.gate == gate and row.kind in kinds and math.isfinite(row.value)
        ]
        limits = data.thresholds.gates.get(gate)
        if values:
            found.append(histogram(title, values, limits.for_kind(kinds[0]) if limits else Limits(), unit))
    return found

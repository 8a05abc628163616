"""No kind of the starter set opens alike: of a kind's records, at most one in ten begins with the same three words."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.whole_set import accepted, open_set
from rolescape_data.records import Record
from rolescape_data.spans import folded
from rolescape_data.store.workspace import Workspace

# The text of each kind that a reader meets first. The questions of commentaries are a fixed pool of ten, used evenly.
TEXTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "annotation, who": ("annotation", lambda record: record.role_info),
    "annotation, what": ("annotation", lambda record: record.scene_info),
    "image dialogue, user": ("image_dialogue", lambda record: record.user_text),
    "image dialogue, reply": ("image_dialogue", lambda record: record.response),
    "caption, thinking": ("caption", lambda record: record.thinking_process),
    "caption, instruction": ("caption", lambda record: record.generation_instruction),
    "caption, plain": ("caption", lambda record: record.t2i_caption),
    "drawing form": ("t2i_form", lambda record: record.prompt),
    "talk with a person": ("human_role_dialogue", lambda record: record.messages[0].text),
    "talk of two": ("inter_role_dialogue", lambda record: record.messages[0].text),
    "commentary": ("commentary", lambda record: record.reply),
    "text dialogue, user": ("text_dialogue", lambda record: record.user_text),
    "text dialogue, reply": ("text_dialogue", lambda record: record.response),
    "open question": ("text_qa", lambda record: record.question),
    "four options": ("text_mcq", lambda record: record.question),
    "probe": ("probe", lambda record: record.text),
    "picture question": ("visual_qa", lambda record: record.question),
    "picture answer": ("visual_qa", lambda record: record.answer),
    "picture, four options": ("visual_mcq", lambda record: record.question),
    "picture, rationale": ("visual_mcq", lambda record: record.rationale),
    "drawing check": ("t2i_check", lambda record: record.prompt),
    "question to decline": ("negative", lambda record: record.question),
    "preferred reply": ("preference", lambda record: record.chosen),
}

# One or three a character: too few to have openings in common.
FEW = {"profile", "image", "detailed_profile", "profile_text"}


@pytest.fixture(scope="module")
def records(starter: Path) -> list[Record]:
    return accepted(open_set(Workspace(starter)))


@pytest.mark.parametrize("name", TEXTS)
def test_at_most_one_record_in_ten_of_a_kind_opens_with_the_same_three_words(
    records: list[Record], name: str
) -> None:
    kind, text = TEXTS[name]
    openings = Counter(
        " ".join(folded(text(record)).split()[:3])
        for record in records
        if record.kind == kind and text(record)
    )
    assert openings.total() >= 12
    opening, count = openings.most_common(1)[0]
    # Of fewer than twenty, two are more than one in ten and yet no pattern.
    assert count <= max(2, 0.10 * openings.total()), f"{count} of {openings.total()} open with '{opening}'"


def test_every_kind_with_a_text_is_looked_at(records: list[Record]) -> None:
    assert {record.kind for record in records} == {kind for kind, _ in TEXTS.values()} | FEW


def test_captions_differ_because_the_notes_do(records: list[Record]) -> None:
    captions = [text for name in ("caption, thinking", "caption, instruction", "caption, plain")
                for record in records if record.kind == "caption" for text in [TEXTS[name][1](record)]]  # fmt: skip
    assert len(set(captions)) == len(captions) > 100

"""Commentaries, talks of two characters, probes and drawing prompts, as a build makes them."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Told
from gates_samples import COMMON
from small_set import edit

from rolescape_data.gates import Context, measure_records
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.pools import QuestionPool, commentary_questions, dealt
from rolescape_data.records import Commentary, InterRoleDialogue, ProbeInput, T2IForm, Turn
from rolescape_data.records.visual import T2I_SHAPES
from rolescape_data.store.workspace import Workspace

Build = Callable[..., Told]
STARTER_IDS = ("oda-wren", "quill", "tobin-ash")
QA = Path(__file__).resolve().parent.parent / "qa"


def talk(*speakers: str, partner: str = "jon-2") -> InterRoleDialogue:
    return InterRoleDialogue(
        id="mira-h_inter_001",
        image_id="mira-h_image_001",
        partner_id=partner,
        messages=[
            Turn(speaker=name, text=f"Here are my words, number {number}.")
            for number, name in enumerate(speakers)
        ],
        **COMMON,
    )


def measured(record: Any, gate: str) -> float:
    return measure_records([record], Context(), [gate])[0].value


@pytest.mark.parametrize(
    ("speakers", "faults"),
    [
        (("jon-2", "mira-h", "jon-2", "mira-h", "jon-2"), 0),
        (("mira-h", "jon-2", "mira-h", "jon-2", "mira-h"), 5),
        (("jon-2", "mira-h", "mira-h", "mira-h", "jon-2"), 1),
        (("jon-2", "mira-h", "jon-2", "anchor", "jon-2"), 1),
    ],
)
def test_the_partner_opens_and_the_two_take_turns(speakers: tuple[str, ...], faults: int) -> None:
    assert measured(talk(*speakers), "turn_grammar") == faults


def test_nobody_talks_with_oneself() -> None:
    assert measured(talk(*["mira-h"] * 6, partner="mira-h"), "turn_grammar") >= 1


def test_talks_of_two_have_their_own_bounds() -> None:
    bounds = load_thresholds(QA / "gates.yaml").gates
    own = bounds["message_count"].kinds["inter_role_dialogue"]
    assert (own.fail_below, own.fail_above) == (5, 26)
    assert (bounds["comment_words"].fail_below, bounds["comment_words"].fail_above) == (60, 400)


def test_the_pool_holds_ten_questions_in_two_languages() -> None:
    for lang in ("en", "zh"):
        questions = commentary_questions(lang)
        assert len(questions) == len(set(questions)) >= 10
    assert commentary_questions("de") == []


def test_a_pool_of_nine_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 10"):
        QuestionPool(about="too few", questions={"en": [f"What is it, number {n}?" for n in range(9)]})


@pytest.mark.parametrize("count", [1, 7, 10, 15, 37])
def test_questions_are_dealt_evenly_and_by_seed(count: int) -> None:
    pool = commentary_questions("en")
    first = dealt(pool, count, seed=1, character="mira")
    used = Counter(first)
    assert len(first) == count
    assert max(used.values()) - min(used[text] for text in pool) <= 1
    assert first == dealt(pool, count, seed=1, character="mira")
    assert dealt(pool, 10, seed=1, character="mira") != dealt(pool, 10, seed=2, character="mira")


def test_the_starter_set_uses_every_question_of_the_pool_alike(starter: Path) -> None:
    asked = Counter(
        record.question
        for character in STARTER_IDS
        for record in Workspace(starter).character(character).read(Commentary)
    )
    assert set(asked) == set(commentary_questions("en"))
    assert max(asked.values()) <= 1.5 * min(asked.values())


@pytest.mark.parametrize("character", STARTER_IDS)
def test_every_message_of_a_talk_of_two_is_a_spoken_line_and_the_picture_is_the_characters(
    starter: Path, character: str
) -> None:
    records = Workspace(starter).character(character).read(InterRoleDialogue)
    assert len(records) == 4
    for record in records:
        assert record.partner_id != character
        assert record.image_id.startswith(f"{character}_img_")
        assert all(turn.evidence and turn.evidence.text == turn.text for turn in record.messages)
        assert {turn.speaker for turn in record.messages} == {character, record.partner_id}


@pytest.mark.parametrize("character", STARTER_IDS)
def test_probes_are_twenty_of_each_sort_and_seldom_open_alike(starter: Path, character: str) -> None:
    records = Workspace(starter).character(character).read(ProbeInput)
    assert Counter(record.probe for record in records) == dict.fromkeys(
        ("memorization", "personality", "diversity"), 20
    )
    openings = Counter(" ".join(record.text.casefold().split()[:3]) for record in records)
    assert max(openings.values()) <= 0.1 * len(records)


def test_every_captioned_picture_has_its_four_forms_made_of_its_own_texts(starter: Path) -> None:
    folder = Workspace(starter).character("quill")
    tables = folder.read_all()
    captions: dict[str, Any] = {record.image_id: record for record in tables["caption"]}  # type: ignore[attr-defined]
    dialogues: dict[str, Any] = {record.id: record for record in tables["image_dialogue"]}
    forms = folder.read(T2IForm)
    assert Counter(form.image_id for form in forms) == dict.fromkeys(captions, len(T2I_SHAPES))
    for form in forms:
        caption = captions[form.image_id]
        dialogue = dialogues[caption.dialogue_id]
        both = (caption.thinking_process in form.prompt, caption.generation_instruction in form.prompt)
        said = dialogue.user_text in form.prompt and dialogue.response in form.prompt
        assert form.provenance.source_kind == "rule"
        if form.shape == "pure_t2i":
            assert form.prompt == caption.t2i_caption
        elif form.shape == "instruction_only":
            assert form.prompt == caption.generation_instruction
        else:
            assert said and both == ((form.shape == "t2i_with_thinking",) * 2)


def fingerprints(workspace: Path, character: str) -> dict[str, str]:
    stamps = Workspace(workspace).character(character).stamps()
    return {kind: stamp.fingerprint for kind, stamp in stamps.items()}


def test_a_partners_document_rebuilds_the_talks_that_name_the_partner_and_nothing_else_of_the_others(
    small: Path, build: Build, tmp_path: Path
) -> None:
    blueprint = small.parent / "qa/blueprints/small.yaml"
    edit(
        blueprint, "  text_dialogue:", "  inter_role_dialogue: {count: 1, split: by_image}\n  text_dialogue:"
    )
    third = (
        "  - name: Odile Crane\n    category: fictional\n    script: Gull Point\n    documents: [odile.md]\n"
    )
    edit(small, "characters:\n", f"characters:\n{third}")
    (small.parent / "odile.md").write_text(
        "# Odile Crane\n\nOdile Crane is the harbour master of Gull Point.\n"
    )
    says = [("Bram Oake", "Does the new gauge hold the rain?"), ("Mara Quist", "It holds every drop so far.")]
    with (small.parent / "lines.jsonl").open("a") as lines:
        for number in range(1, 7):
            speaker, text = says[(number - 1) % 2]
            image = '"mara-1.png"' if number == 4 else "null"
            lines.write(
                f'{{"scene": "meeting", "line": {number}, "speaker": "{speaker}", '
                f'"text": "{text} That is {number} of them.", "image": {image}}}\n'
            )
    build(small)
    workspace = tmp_path / "built.workspace"
    [record] = Workspace(workspace).character("mara-quist").read(InterRoleDialogue)
    assert (record.partner_id, len(record.messages)) == ("bram-oake", 6)
    before = fingerprints(workspace, "mara-quist")

    edit(small.parent / "odile.md", "the harbour master", "the strict harbour master")
    build(small)
    assert fingerprints(workspace, "mara-quist") == before

    edit(small.parent / "bram.md", "slow and very hard to hurry", "quick and very easy to hurry")
    build(small)
    after = fingerprints(workspace, "mara-quist")
    assert {kind for kind in after if after[kind] != before[kind]} == {"inter_role_dialogue"}

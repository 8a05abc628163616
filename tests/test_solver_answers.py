"""A solver's tries: a sample by seed, options in four orders, what is kept from it, and what the gates then say."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Told
from gates_samples import COMMON, image, mcq, profile
from model_server import ModelServer
from small_set import IDS

from rolescape_data import assets
from rolescape_data.blueprints import KindContract
from rolescape_data.gates import Context, measure_set
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.materials import Material
from rolescape_data.prompts import data_block, load_prompt
from rolescape_data.providers import Purse, open_writer
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.records import LETTERS, Options, SolverAnswer, TextMCQ, Verdict, VisualMCQ
from rolescape_data.settings import CharacterEntry
from rolescape_data.stages.base import Setting
from rolescape_data.stages.solver_answers import sample, solver_answers, turned, turned_back
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import Workspace


class Reader:
    """Answers by what the options say, as somebody would who knows which one is right."""

    name = "test:reader"
    kind = "llm"

    def __init__(self, knows: Callable[[dict[str, str], str], str]) -> None:
        self.knows = knows
        self.asked: list[Request] = []

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        self.asked += requests
        return [Outcome("0" * 64, self._answer(request)) for request in requests]

    def _answer(self, request: Request) -> dict[str, Any]:
        block = data_block(request.user)
        return {
            key: {"answer": self.knows(asked["options"], block["view"])}
            for key, asked in block["questions"].items()
        }


def finds(text: str) -> Callable[[dict[str, str], str], str]:
    return lambda options, view: next(letter for letter, said in options.items() if said == text)


def setting(writer: Any, *views: str, count: int = 10) -> Setting:
    entry = CharacterEntry(name="Mira Holt", id="mira-h", category="fictional")
    return Setting(
        kind="solver_answer",
        material=Material("mira-h", entry, "CC0-1.0", "", (), (), ()),
        contract=KindContract(count=count, views=list(views) or ["full", "blind"]),  # type: ignore[arg-type]
        rounds=1,
        thresholds=load_thresholds(assets.find("qa", "gates.yaml")),
        writer=writer,
        prompt=load_prompt("solver_answer", None),
        take=0,
        blob_path=Path,
    )


def looked_at(number: int, picture: str = "mira-h_image_001") -> VisualMCQ:
    return VisualMCQ(
        **COMMON,
        id=f"mira-h_vmcq_{number:03d}",
        image_id=picture,
        category="context_element",
        difficulty="easy",
        question="What stands on the sill?",
        options=Options(A="A lamp", B="A bell", C="A cup", D="A shell"),
        answer_key="A",
        rationale="It is lit.",
    )


def answers_of(writer: Any, *views: str, questions: Sequence[Any] = ()) -> list[SolverAnswer]:
    found = solver_answers(
        setting(writer, *views), profile(), [image()], questions or [mcq(answer_key="A")], seed=1
    )
    return [record for record in found.records if isinstance(record, SolverAnswer)]


def test_turns_show_every_option_under_every_letter_and_letters_turn_back() -> None:
    question = mcq()
    shown = [turned(question, turn) for turn in range(4)]
    for letter in LETTERS:
        assert {options[letter] for options in shown} == set(question.options.texts().values())
    for turn, options in enumerate(shown):
        for letter, text in options.items():
            assert question.options.texts()[turned_back(letter, turn)] == text


def test_whoever_reads_is_right_in_every_turn_and_whoever_guesses_a_letter_in_one() -> None:
    read = answers_of(Reader(finds("Saltby")), "full")
    assert [(one.rotation, one.answer, one.correct) for one in read] == [
        (turn, "A", True) for turn in range(4)
    ]
    guessed = answers_of(Reader(lambda options, view: "A"), "blind")
    assert sum(one.correct for one in guessed) == 1
    assert Counter(one.answer for one in guessed) == Counter("ABCD")


def test_a_solver_that_says_none_is_not_right() -> None:
    found = answers_of(Reader(lambda options, view: "none"), "full")
    assert [(one.answer, one.correct) for one in found] == [(None, False)] * 4


def test_what_is_kept_from_the_solver_is_not_sent() -> None:
    writer = Reader(lambda options, view: "A")
    answers_of(writer, "full", "blind", "options_only", questions=[mcq(), looked_at(1)])
    for request in writer.asked:
        block = data_block(request.user)
        asked = list(block["questions"].values())
        assert "answer_key" not in request.user and "Option A is right" not in request.user
        assert bool(block["known"]) == (block["view"] == "full" and not request.images)
        assert bool(request.images) == (block["view"] == "full" and not block["known"])
        assert all(("question" in one) == (block["view"] != "options_only") for one in asked)


def test_the_sample_is_drawn_by_seed_so_many_of_each_kind() -> None:
    questions = [
        *[mcq(id=f"mira-h_mcq_{number:03d}") for number in range(1, 21)],
        *[looked_at(number) for number in range(1, 21)],
    ]
    first = [one.id for one in sample(questions, 5, seed=1)]
    assert first == [one.id for one in sample(list(reversed(questions)), 5, seed=1)]
    assert first != [one.id for one in sample(questions, 5, seed=2)]
    assert Counter(one.kind for one in sample(questions, 5, seed=1)) == {"text_mcq": 5, "visual_mcq": 5}


def test_gates_tell_a_readable_question_from_one_that_tells_its_answer() -> None:
    fair = mcq(answer_key="A")
    reader = Reader(lambda options, view: finds("Saltby")(options, view) if view == "full" else "B")
    found = answers_of(reader, "full", "blind", questions=[fair])
    context = Context(answers={fair.id: found})
    assert [row.value for row in measure_set([fair], context, ["answerable"])] == [0]
    assert [row.value for row in measure_set([fair], context, ["blind_item"])] == [1]
    telling = answers_of(Reader(finds("Saltby")), "full", "blind", questions=[fair])
    context = Context(answers={fair.id: telling})
    assert [row.value for row in measure_set([fair], context, ["blind_item"])] == [4]


def with_solver(set_file: Path, entry: str) -> None:
    blueprint = set_file.parent / "qa" / "blueprints" / "small.yaml"
    blueprint.write_text(f"{blueprint.read_text()}  solver_answer: {entry}\n")


def verdicts(workspace: Path) -> list[Verdict]:
    return read_table(workspace / "set" / "verdicts.parquet", Verdict)


def test_a_build_through_a_model_tries_a_sample_and_hands_none_of_it_on(
    small: Path, build: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_solver(small, "{count: 2, split: test_id}")
    out = tmp_path / "solved.workspace"
    with ModelServer(source="offline") as server:
        background()._admissions.clear()
        told = build(small, "--writer", "openai:test-model", "--base-url", server.openai_url, out=out)
    assert told.status in (0, 1), told.out + told.err
    for name in IDS:
        folder = Workspace(out).character(name)
        tried = folder.read(SolverAnswer)
        asked = {question.id for question in folder.read(TextMCQ)}
        assert {one.question_id for one in tried} == asked and len(asked) == 2
        assert len(tried) == 2 * 2 * 4
    judged = {row.gate: row.status for row in verdicts(out)}
    # The offline source says "none" to everything, so no question can be answered.
    assert judged["answerable"] == "fail" and judged["blind_share"] == "pass"
    assert judged["judged_mean"] == "not_run"
    handed = json.loads((out / "shards" / "manifest.json").read_text())
    assert "solver" not in json.dumps(handed)


def test_a_model_that_fills_the_schema_by_seed_is_held_against_the_same_bounds(
    small: Path, build: Callable[..., Told], tmp_path: Path
) -> None:
    """The seeded source picks letters at random, so that right answers are about one in five."""
    with ModelServer(source="seeded") as server:
        background()._admissions.clear()
        real = open_writer(
            "openai:test-model",
            base_url=server.openai_url,
            ledger=tmp_path / "ledger.sqlite",
            purse=Purse(tmp_path, None, None),
        )
        questions = [mcq(id=f"mira-h_mcq_{number:03d}") for number in range(1, 11)]
        found = answers_of(real, "full", "blind", questions=questions)
    assert len(found) == 10 * 2 * 4
    assert 0 < sum(one.correct for one in found) < len(found) / 2
    assert {one.answer for one in found} > {"A", "B"}


def test_offline_nothing_is_tried_and_its_gates_are_not_run(
    small: Path, build: Callable[..., Told], tmp_path: Path
) -> None:
    with_solver(small, "{count: 2, split: test_id}")
    out = tmp_path / "offline.workspace"
    told = build(small, out=out)
    assert told.status == 1
    assert "solver_answer full: 0 of 8 (not run: the offline writer" in told.out
    assert "Not run, which is not passed: answerable" in told.out
    judged = {row.gate: row.status for row in verdicts(out) if row.gate in ("answerable", "blind_share")}
    assert judged == {"answerable": "not_run", "blind_share": "not_run"}
    assert "Not run is not passed" in (out / "report" / "index.html").read_text()

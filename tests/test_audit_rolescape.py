"""Audits of sets in RoleScape-20's layout: known faults found exactly, mended where no writer is needed, and the real Bo."""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import released_set as made
from released_counts import Released, alike, near_repeats, repeats, tokens
from released_set import FAULTY, RECIPE, Faults
from small_set import ROOT

from flows.audit import audited, judge_with, recipe_of, write_repair
from rolescape_data.auditing.needs import told_once
from rolescape_data.auditing.repair import Repair, repair
from rolescape_data.auditing.table import Table
from rolescape_data.collection import Collection
from rolescape_data.importers import IMPORTERS, Imported
from rolescape_data.records import LETTERS, TextMCQ, Verdict, VisualMCQ

BO = (
    Path(os.environ.get("ROLESCAPE_REAL_INPUTS", ROOT.parent / "shared" / "real")).resolve()
    / "rolescape20_bo"
)


@dataclass(frozen=True)
class Audited:
    """A released folder, what was read of it, and its audit."""

    root: Path
    imported: Imported
    table: Table
    folder: Path

    @property
    def broken(self) -> dict[tuple[str, str], int]:
        return {(row.rule, row.kind): row.found for row in self.table.broken}

    def characters(self) -> list[Released]:
        return [Released(self.root, name.replace(" ", "_")) for name in made.NAMES]

    def over(self, count: Callable[[Released], int]) -> int:
        """Sum a count that is made straight from the files, over all characters."""
        return sum(count(one) for one in self.characters())


def run(root: Path, folder: Path) -> Audited:
    qa = folder / "qa"
    (qa / "blueprints").mkdir(parents=True)
    (qa / "blueprints" / "small.yaml").write_text(RECIPE)
    imported = IMPORTERS["rolescape20"](root)
    table, _ = audited(
        imported,
        path=str(root),
        form="rolescape20",
        out=folder / "out",
        qa=qa,
        blueprint=recipe_of("rolescape20", "small", qa),
    )
    return Audited(root, imported, table, folder)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("sound")
    return run(made.write_released(folder / "set", Faults()), folder)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("faulty")
    return run(made.write_released(folder / "set", FAULTY), folder)


def test_a_set_without_faults_breaks_no_hard_rule(sound: Audited) -> None:
    assert sound.broken == {}
    assert sound.table.records["text_mcq"] == 200


def test_every_fault_is_found_as_often_as_it_was_put_in(faulty: Audited) -> None:
    assert faulty.broken == {
        # The letters of all characters together, once for each kind.
        ("mcq_key_balance", "text_mcq"): 1,
        ("mcq_letter_share", "text_mcq"): 1,
        ("mcq_key_balance", "visual_mcq"): 1,
        ("mcq_letter_share", "visual_mcq"): 1,
        ("train_test_exact", "text_mcq"): 36,
        ("train_test_near", "text_mcq"): 36,
        ("evidence_verbatim", ""): 25,
        ("evidence_exact", "text_mcq"): 25,
        ("question_type", ""): 9,
        ("duplicate_near", "text_qa"): 12,
        ("duplicate_exact", "text_dialogue"): 10,
        ("duplicate_near", "text_dialogue"): 10,
        ("train_test_exact", "text_dialogue"): 6,
        ("train_test_near", "text_dialogue"): 6,
        ("quota", "visual_qa"): 5,
        ("quota", "visual_mcq"): 1,
        # Three, three and one of a probe's twenty are missing.
        ("quota", "probe"): 3,
        ("image_file", "image"): 4,
        ("picture_side", "image"): 3,
        ("group_split", "caption"): 1,
        ("ai_tone", "text_dialogue"): 3,
        ("explanatory_prefix", "text_dialogue"): 2,
        ("residue", "text_dialogue"): 2,
        ("foreign_line", "text_dialogue"): 4,
        ("pii", "text_dialogue"): 2,
        ("language", "text_dialogue"): 3,
    }


def test_what_the_reader_made_right_is_counted_too(faulty: Audited) -> None:
    told = {row.rule: row.found for row in faulty.table.rows if row.weight == "told"}
    assert told["evidence_verbatim"] == 58
    assert told["text_type"] == 24
    assert told["picture_suffix"] == 4
    # The exchanges beside pictures stand among the text dialogues again, with their pictures: two of each character.
    assert told["stray_key"] == 30 + 2 * len(made.NAMES)
    assert faulty.table.counted("stage_directions") == 5


def test_the_numbers_are_those_of_a_count_straight_from_the_files(faulty: Audited) -> None:
    table = faulty.table
    assert table.counted("evidence_verbatim") == faulty.over(lambda one: one.unverbatim(one.mcq)) == 83
    assert table.counted("train_test_exact", "text_mcq") == faulty.over(Released.leaks) == 36
    assert table.counted("train_test_near", "text_mcq") == faulty.over(Released.near_leaks)
    assert table.counted("text_type") == faulty.over(Released.numeric_options) == 24
    assert table.counted("question_type") == faulty.over(Released.odd_types) == 9
    assert table.counted("image_file") == faulty.over(Released.jpegs) == 4
    assert table.counted("duplicate_near", "text_qa") == faulty.over(
        lambda one: near_repeats([item["question"] for item in one.qa])
    )
    letters: Counter[str] = Counter()
    for one in faulty.characters():
        letters.update(one.letters(one.mcq))
    assert [letters[letter] for letter in "ABCD"] == [7, 83, 99, 11]
    assert "(A 7, B 83, C 99, D 11)" in detail(table, "mcq_key_balance", "text_mcq")


def detail(table: Table, rule: str, kind: str) -> str:
    return next(row.examples[0].detail for row in table.rows if row.rule == rule and row.kind == kind)


@pytest.fixture(scope="module")
def mended(faulty: Audited) -> Repair:
    return repair(faulty.imported.collection, faulty.imported.findings, _judge(faulty), seed=20)


def _judge(given: Audited) -> Callable[[Collection], list[Verdict]]:
    qa = given.folder / "qa"
    return judge_with(qa, recipe_of("rolescape20", "small", qa))


def test_the_mended_set_is_clean_of_what_needs_no_writer(faulty: Audited, mended: Repair) -> None:
    failing = Counter(
        verdict.gate for verdict in _judge(faulty)(mended.collection) if verdict.status == "fail"
    )
    for rule in (
        "mcq_key_balance",
        "mcq_letter_share",
        "train_test_exact",
        "train_test_near",
        "duplicate_exact",
        "duplicate_near",
        "image_file",
    ):
        assert failing[rule] == 0, rule
    for model in (TextMCQ, VisualMCQ):
        questions = [one for one in mended.collection.records() if isinstance(one, model)]
        shares = Counter(one.answer_key for one in questions)
        assert max(shares.values()) - min(shares.values()) <= 1
        assert all(f"Option {one.answer_key} " in one.rationale for one in questions)


def test_test_questions_stay_and_what_gave_them_away_goes(faulty: Audited, mended: Repair) -> None:
    kinds = Counter(reject.kind for reject in mended.rejects)
    # 36 questions that a test repeats and 12 near twins; 10 repeated inputs and 6 that are tested.
    assert kinds == {"text_qa": 36 + 12, "text_dialogue": 10 + 6}
    assert len([one for one in mended.collection.records() if isinstance(one, TextMCQ)]) == 200


def test_what_needs_a_writer_is_named_once(faulty: Audited, mended: Repair) -> None:
    needed = Counter(one.rule for one in told_once(mended.needs_writer, faulty.imported.places))
    # The reader quotes what is loose; the gate need not say so again.
    assert needed["evidence_verbatim"] == 25 and not needed["evidence_exact"]
    assert needed["ai_tone"] == 3 and needed["pii"] == 2 and needed["language"] == 3
    assert needed["question_type"] == 0
    assert needed["quota"] > 0, "what went to the rejects is missing now"


def test_the_mended_copy_is_written_in_its_own_layout_and_reads_back_clean(
    mended: Repair, tmp_path: Path
) -> None:
    write_repair(mended, "rolescape20", tmp_path / "mended")
    again = run(tmp_path / "mended", tmp_path / "again")

    left = {rule for rule, _ in again.broken}
    assert left == {
        # What a writer has to mend, and what is missing since its repeats are gone.
        *(
            "evidence_verbatim",
            "evidence_exact",
            "quota",
            "ai_tone",
            "explanatory_prefix",
            "residue",
            "foreign_line",
        ),
        *("pii", "language", "picture_side", "group_split"),
    }
    told = {row.rule for row in again.table.rows if row.weight == "told" and row.found}
    assert told & {"text_type", "evidence_verbatim", "picture_suffix", "stray_key"} == set()


@pytest.mark.skipif(not BO.is_dir(), reason=f"no real inputs at {BO}")
def test_bo_is_counted_as_its_files_say(tmp_path: Path) -> None:
    bo, table = Released(BO, "Bo"), run(BO, tmp_path).table
    questions: Sequence[str] = [item["question"] for item in bo.qa]
    trained, tested = bo.inputs("dialogue_text_extension_train"), bo.inputs("dialogue_text_extension_test")

    letters = bo.letters(bo.visual_mcq)
    told = ", ".join(f"{letter} {letters[letter]}" for letter in LETTERS)
    assert f"({told})" in detail(table, "mcq_key_balance", "visual_mcq")
    assert table.counted("mcq_key_balance", "visual_mcq") == 1
    longest = f"({bo.longest(bo.visual_mcq)} of {len(bo.visual_mcq)})"
    assert longest in detail(table, "mcq_longest_share", "visual_mcq")
    assert table.counted("evidence_verbatim") == bo.unverbatim(bo.mcq) + bo.unverbatim(bo.qa)
    assert table.counted("question_type") == bo.odd_types()
    # The format has no place for the facts that a question rests on: no question is at fault, and none is cleared.
    assert table.counted("types") == sum(not item.get("reasoning_steps") for item in bo.qa)
    assert "fact_overlap" not in {row.rule for row in table.rows}
    assert ["fact_overlap"] in table.not_run.values()
    assert table.counted("duplicate_exact", "text_qa") == repeats(list(questions))
    assert table.counted("duplicate_near", "text_qa") == near_repeats(list(questions))
    assert table.counted("duplicate_exact", "text_dialogue") == repeats(trained) + repeats(tested)
    assert table.counted("duplicate_near", "text_dialogue") == near_repeats(trained) + near_repeats(tested)
    assert table.counted("train_test_exact", "text_mcq") == bo.leaks()
    assert table.counted("train_test_near", "text_mcq") == bo.near_leaks()
    known = {" ".join(tokens(text)) for text in trained}
    assert table.counted("train_test_exact", "text_dialogue") == sum(
        " ".join(tokens(text)) in known for text in tested
    )
    assert table.counted("train_test_near", "text_dialogue") == sum(
        any(alike(text, one) >= 0.7 for one in trained) for text in tested
    )
    # Asked without a picture in the merged file, and of a test dialogue, a test question or a probe.
    assert table.counted("merged_leak") == 33
    assert table.counted("picture_side") == bo.short_sides(512)
    assert table.counted("image_file") == bo.jpegs() == 0
    assert table.counted("quota", "visual_qa") == bo.off_counts()["visual_qa"] == 1
    assert table.counted("quota", "visual_mcq") == bo.off_counts()["visual_mcq"] == 0
    said = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert said["passed"] is False and said["characters"] == 1

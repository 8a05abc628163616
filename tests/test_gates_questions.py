import math
from collections import Counter

import pytest
from gates_samples import COMMON, CONTEXT, mcq, qa, span
from hypothesis import given, settings
from hypothesis import strategies as st

from rolescape_data.gates import measure_records, measure_set, reletter
from rolescape_data.gates.letters import rewritten
from rolescape_data.gates.questions import chi_square_p
from rolescape_data.records import LETTERS, Options, TextMCQ
from rolescape_data.records.question import Letter

batches = st.lists(st.sampled_from(LETTERS), min_size=0, max_size=50)
seeds = st.integers(min_value=-(2**40), max_value=2**40)


def _batch(keys: list[Letter]) -> list[TextMCQ]:
    return [
        mcq(
            id=f"mira-h_mcq_{number:03d}",
            answer_key=key,
            options=Options(A=f"a{number}", B=f"b{number}", C=f"c{number}", D=f"d{number}"),
            rationale=f"Option {key} is right.",
        )
        for number, key in enumerate(keys, 1)
    ]


@settings(max_examples=60, deadline=None)
@given(batches, seeds)
def test_relettering_keeps_the_right_text_the_options_and_the_order(keys: list[Letter], seed: int) -> None:
    before = _batch(keys)
    after = reletter(before, seed)
    assert [question.id for question in after] == [question.id for question in before]
    for old, new in zip(before, after, strict=True):
        assert new.options.texts()[new.answer_key] == old.options.texts()[old.answer_key]
        assert sorted(new.options.texts().values()) == sorted(old.options.texts().values())
        assert new.rationale == f"Option {new.answer_key} is right."


@settings(max_examples=60, deadline=None)
@given(batches, seeds)
def test_relettering_deals_every_letter_a_quarter_of_the_batch(keys: list[Letter], seed: int) -> None:
    counts = Counter(question.answer_key for question in reletter(_batch(keys), seed))
    fair = {math.floor(len(keys) / 4), math.ceil(len(keys) / 4)}
    assert {counts[letter] for letter in LETTERS} <= fair


@settings(max_examples=60, deadline=None)
@given(batches, seeds)
def test_relettering_twice_changes_nothing_more_and_the_order_given_does_not_matter(
    keys: list[Letter], seed: int
) -> None:
    once = reletter(_batch(keys), seed)
    assert reletter(once, seed) == once
    assert sorted(reletter(_batch(keys)[::-1], seed), key=lambda question: question.id) == once


def test_the_seed_and_the_batch_decide_which_letters_get_one_more() -> None:
    def favoured(questions: list[TextMCQ], seed: int) -> frozenset[str]:
        counts = Counter(question.answer_key for question in reletter(questions, seed))
        return frozenset(letter for letter in LETTERS if counts[letter] == 3)

    batch = _batch(["C"] * 10)
    assert len({favoured(batch, seed) for seed in range(20)}) > 1
    others = [
        [question.model_copy(update={"id": f"c{number}_{question.id}"}) for question in batch]
        for number in range(20)
    ]
    assert len({favoured(other, 0) for other in others}) > 1


def test_the_letters_follow_no_pattern_along_the_batch() -> None:
    batch = _batch(["C"] * 40)
    dealt = {"".join(question.answer_key for question in reletter(batch, seed)) for seed in range(10)}
    assert len(dealt) == 10
    assert not any(run[:4] * 10 == run or sorted(run) == list(run) for run in dealt)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Option B is right.", "Option D is right."),
        ("option (B) and (D).", "option (D) and (B)."),
        ("The answer is B, since she says so.", "The answer is D, since she says so."),
        ("Answer: B.", "Answer: D."),
        ("Options A, B and D contradict the text.", "Options A, D and B contradict the text."),
        ("B is correct; D is wrong.", "D is correct; B is wrong."),
        ("B) is right.", "D) is right."),
        ("(B) names the town.", "(D) names the town."),
        ("Choices B/D are close.", "Choices D/B are close."),
        ("A and C are not stated.", "A and C are not stated."),
        ("A boat is right there, in dock B, with vitamin D and plan B's crew.",) * 2,
        ("Option Beta is right.", "Option Beta is right."),
        ("An option A7 and the answer Dawn.", "An option A7 and the answer Dawn."),
    ],
)
def test_references_to_options_are_rewritten_and_nothing_else(before: str, after: str) -> None:
    assert rewritten(before, {"B": "D", "D": "B"}) == after


def test_chi_square_agrees_with_published_values() -> None:
    # 7.815 and 11.345 are the 5 % and 1 % points of chi-square with three degrees of freedom.
    assert chi_square_p([25, 25, 25, 25]) == 1.0
    assert chi_square_p([0, 0, 0, 0]) == 1.0
    assert chi_square_p([10, 20, 20, 30]) == pytest.approx(0.0186, abs=1e-4)
    assert chi_square_p([7, 83, 99, 11]) < 1e-25


@pytest.mark.parametrize(
    ("question", "dangling"),
    [
        ("What did he do?", True),
        ("Is it red?", True),
        ("How many brothers does she have?", True),
        ("What is his favourite food?", True),
        ("Her lamp burns where?", True),
        ("What do people call him?", True),
        ("What is this?", True),
        ("Where does Mira go when she rests?", False),
        ("Who lost his sword?", False),
        ("Which keeper trims her own lamp?", False),
        ("Why is it hard to light the lamp of Saltby?", False),
        ("What does a keeper fear?", False),
    ],
)
def test_a_leading_pronoun_needs_a_name(question: str, dangling: bool) -> None:
    (found,) = measure_records([qa(question=question)], CONTEXT, ["question_self_contained"])
    assert bool(found.value) is dangling


@pytest.mark.parametrize("last", ["All of the above", "None of these", "Both A and B", "以上都是"])
def test_an_option_that_points_at_the_others_is_refused(last: str) -> None:
    (found,) = measure_records([mcq(options=Options(A="x", B="y", C="z", D=last))], CONTEXT, ["mcq_options"])
    assert found.value == 1


@pytest.mark.parametrize(
    "last", ["All of her boats", "None but the sea", "Above the lamp room", "Both lamps"]
)
def test_an_option_that_only_starts_alike_is_not(last: str) -> None:
    (found,) = measure_records([mcq(options=Options(A="x", B="y", C="z", D=last))], CONTEXT, ["mcq_options"])
    assert found.value == 0


def test_options_of_signs_alone_are_compared_as_they_are() -> None:
    (found,) = measure_records([mcq(options=Options(A="+", B="-", C="*", D="/"))], CONTEXT, ["mcq_options"])
    assert found.value == 0


def test_the_name_of_the_character_and_bare_number_words_give_no_answer_away() -> None:
    keeper = mcq(options=Options(A="Mira Holt", B="b", C="c", D="d"), question="Who keeps the lamp?")
    count = mcq(
        id="mira-h_mcq_002",
        options=Options(A="two", B="b", C="c", D="d"),
        question="How many boats has Mira Holt?",
    )
    third = mcq(id="mira-h_mcq_003", question="Which two towns does Mira Holt know?", answer_key="D")
    found = measure_set([keeper, count, third], CONTEXT, ["mcq_answer_in_other_stem"])
    assert [one.value for one in found] == [0, 0, 0]


def test_a_possessive_names_the_answer_as_well() -> None:
    (found,) = measure_records(
        [mcq(question="What is Saltby's keeper's town?", provenance=COMMON["provenance"])],
        CONTEXT,
        ["mcq_options"],
    )
    assert found.detail == "the question names its answer"


def test_the_share_of_exact_evidence_counts_each_piece_and_no_evidence_says_nothing() -> None:
    pieces = [span(), span(shift=2), span(source="gone.md"), span()]
    (found,) = measure_records([qa(evidence=pieces)], CONTEXT, ["evidence_exact"])
    assert found.value == 0.5
    assert "there is no source 'gone.md'" in found.detail

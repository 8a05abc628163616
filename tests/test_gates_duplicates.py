import random
import time
from typing import Any

from gates_samples import COMMON, CONTEXT, dialogue, qa, talk
from hypothesis import given, settings
from hypothesis import strategies as st

from rolescape_data.gates import measure_pairs, measure_set
from rolescape_data.gates.jaccard import Nearest, Words, likeness, nearest_earlier, nearest_in, word_set
from rolescape_data.records import MixtureRow

word_sets = st.lists(st.frozensets(st.sampled_from("abcdefghij"), max_size=6), max_size=25)


def _slow(text: Words, pool: list[Words]) -> Nearest:
    best = Nearest(0.0, None)
    for position, other in enumerate(pool):
        if likeness(text, other) > best.likeness:
            best = Nearest(likeness(text, other), position)
    return best


@settings(max_examples=200, deadline=None)
@given(word_sets)
def test_the_nearest_earlier_text_is_the_one_that_comparing_all_finds(texts: list[Words]) -> None:
    assert nearest_earlier(texts) == [_slow(text, texts[:at]) for at, text in enumerate(texts)]


@settings(max_examples=200, deadline=None)
@given(word_sets, word_sets)
def test_the_nearest_text_of_a_pool_is_the_one_that_comparing_all_finds(
    queries: list[Words], pool: list[Words]
) -> None:
    assert nearest_in(queries, pool) == [_slow(query, pool) for query in queries]


def test_two_thousand_records_that_share_a_template_are_compared_in_seconds() -> None:
    rng = random.Random(7)
    vocabulary = [f"word{number}" for number in range(900)]
    texts = [
        frozenset(["what", "does", "mira", "holt", "say", "about", "the", *rng.sample(vocabulary, 5)])
        for _ in range(2000)
    ]
    started = time.process_time()
    found = nearest_earlier(texts)
    assert time.process_time() - started < 10
    assert all(found[at] == _slow(texts[at], texts[:at]) for at in (1, 10, 1999))


def test_the_earlier_of_two_equals_wins_and_is_named() -> None:
    records = [
        dialogue(id="d1", user_text="Who keeps the lamp?"),
        dialogue(id="d2", user_text="What does the tide bring?"),
        dialogue(id="d3", user_text="who keeps the LAMP"),
        dialogue(id="d4", user_text="“Who keeps the lamp?”"),
    ]
    found = measure_set(records, CONTEXT, ["duplicate_exact"])
    assert [(one.value, one.detail) for one in found] == [(0, ""), (0, ""), (1, "d1"), (1, "d1")]
    near = measure_set(records, CONTEXT, ["duplicate_near"])
    assert (near[3].value, near[3].detail) == (1, "d1")


def test_sets_are_kept_apart_by_character_and_by_kind() -> None:
    records = [
        dialogue(user_text="Where was Mira Holt born?"),
        dialogue(user_text="Where was Mira Holt born?", character_id="jon-2"),
        qa(question="Where was Mira Holt born?"),
    ]
    assert [one.value for one in measure_set(records, CONTEXT, ["duplicate_exact"])] == [0, 0, 0]


def test_two_talks_may_open_alike() -> None:
    records = [talk("Hello!", "Aye."), talk("Hello!", "The lamp is lit."), talk("Hello!", "Aye.")]
    assert [one.value for one in measure_set(records, CONTEXT, ["duplicate_exact"])] == [0, 0, 1]


def test_a_training_dialogue_can_give_a_test_question_away() -> None:
    found = measure_pairs(
        [dialogue(user_text="Where was Mira Holt born?")],
        [qa()],
        CONTEXT,
        ["train_test_exact", "train_test_near"],
    )
    assert [(one.record_id, one.value, one.detail) for one in found] == [
        ("mira-h_qa_001", 1, "mira-h_dialogue_001"),
        ("mira-h_qa_001", 1, "mira-h_dialogue_001"),
    ]


def test_a_row_of_a_merged_file_can_give_a_test_away_unless_it_asks_about_a_picture() -> None:
    def row(number: int, text: str, **changes: Any) -> MixtureRow:
        fields: dict[str, Any] = {
            "id": f"mira-h_mixture_full_{number:04d}",
            "dataset": "full",
            "form": "reply",
        }
        return MixtureRow(**{**COMMON, **fields, "user_text": text, "response": "Saltby.", **changes})

    rows = [
        row(1, "where was MIRA HOLT born"),
        row(2, "Why is the stair so steep?"),
        row(3, "Where was Mira Holt born?", form="visual_question", image_id="mira-h_image_001"),
    ]
    found = measure_pairs([*rows, dialogue()], [qa()], CONTEXT, ["merged_leak"])
    assert [(one.record_id, one.value, one.detail) for one in found] == [
        (rows[0].id, 1, "mira-h_qa_001"),
        (rows[1].id, 0, ""),
    ]


def test_twenty_thousand_texts_that_differ_in_a_number_are_each_like_the_first_of_them() -> None:
    # Compared each with each, these would take minutes.
    texts = [word_set(f"What is the {number} colour of the fur of the dog?") for number in range(20_000)]
    found = nearest_earlier([*texts, *texts])
    assert found[0] == Nearest(0.0, None)
    assert set(found[1:20_000]) == {Nearest(likeness(texts[0], texts[1]), 0)}
    assert found[20_000:] == [Nearest(1.0, at) for at in range(20_000)]
    assert nearest_in(texts, texts) == found[20_000:]

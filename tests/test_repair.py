"""The ladder: mend what stands around a reply, ask again with the error, a fresh sample, quarantine."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server.damage import damaged
from model_server.settings import CORRUPTIONS

from rolescape_data.prompts import data_block
from rolescape_data.providers.base import Request
from rolescape_data.providers.repair import MOST_REPLIES, Ask, Said, Settled, next_step, parse, read

ASKED = Request(
    prompt_id="image_dialogue",
    prompt_sha256="0" * 64,
    system="You write.",
    user='Write.\n\n```json\n{"character": {"name": "Oda"}}\n```',
    answer="ImageDialogueAnswer",
    max_tokens=500,
)
GOOD = {"user_text": 'She said: "wait, }"', "response": "No, I won't."}
SET = replace(ASKED, answer="TextDialogueAnswer", keys=("dialogue_1", "dialogue_2"))
GOOD_SET = {"dialogue_1": GOOD, "dialogue_2": GOOD}
MENDED_HERE = ("fenced", "leading_prose", "trailing_prose", "trailing_comma", "single_quotes", "extra_key")


def said(text: str, *, step: Any = "ask", finish: str = "stop") -> Said:
    return Said(step, text, finish)


def text_of(reply: Any) -> str:
    return json.dumps(reply, ensure_ascii=False)


def test_the_first_step_is_the_request_itself() -> None:
    assert next_step(ASKED, []) == Ask("ask", ASKED.user, ASKED.temperature, 500)


@pytest.mark.parametrize("request_", [ASKED, SET], ids=["one", "set"])
@pytest.mark.parametrize("corruption", MENDED_HERE)
def test_what_only_surrounds_a_reply_is_mended_without_another_call(
    request_: Request, corruption: str
) -> None:
    good = GOOD_SET if request_.keys else GOOD

    end = next_step(request_, [said(damaged(good, corruption, "mark"))])

    assert isinstance(end, Settled)
    assert (end.reply, end.error) == (good, None)


@pytest.mark.parametrize("request_", [ASKED, SET], ids=["one", "set"])
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_corruption_is_mended_here_or_named_and_asked_again(request_: Request, corruption: str) -> None:
    good = GOOD_SET if request_.keys else GOOD
    first = said(damaged(good, corruption, "mark"))

    step = next_step(request_, [first])

    if isinstance(step, Settled):
        assert step.reply == good
        return
    assert step.step == "correct"
    assert read(request_, first).detail[:40] in step.user
    end = next_step(request_, [first, said(text_of(good), step="correct")])
    assert isinstance(end, Settled)
    assert end.reply == good


def test_a_correction_names_the_error_and_leaves_the_data_block_where_it_was() -> None:
    step = next_step(ASKED, [said('{"user_text": "a"}')])

    assert isinstance(step, Ask)
    assert "response: Field required" in step.user
    assert step.user.endswith(ASKED.user)
    assert data_block(step.user) == data_block(ASKED.user)


def test_no_row_takes_more_than_four_replies_and_the_last_is_quarantined_with_its_reason() -> None:
    history: list[Said] = []
    steps: list[str] = []
    while isinstance(step := next_step(ASKED, history), Ask):
        steps.append(step.step)
        history.append(said('{"user_text": [5]}', step=step.step))

    assert steps == ["ask", "correct", "fresh", "correct"]
    assert len(history) == MOST_REPLIES
    assert (step.reply, step.error, step.raw) == (None, "invalid", '{"user_text": [5]}')
    assert "user_text: Input should be a valid string" in step.detail


def test_a_set_that_stays_incomplete_keeps_its_valid_items() -> None:
    bad = text_of({"dialogue_1": GOOD, "dialogue_2": {"user_text": None, "response": "b"}})

    end = next_step(SET, [said(bad)] * MOST_REPLIES)

    assert isinstance(end, Settled)
    assert (end.reply, end.error) == ({"dialogue_1": GOOD}, "invalid")
    assert "dialogue_2" in end.detail


def test_exact_quotas_are_checked_here_whatever_the_server_promised() -> None:
    keys = ("easy_1", "easy_2", "hard_1")
    asked = replace(SET, keys=keys)

    assert read(asked, said(text_of(dict.fromkeys(keys, GOOD)))).reply == dict.fromkeys(keys, GOOD)
    assert read(asked, said(text_of(dict.fromkeys(keys[:2], GOOD)))).detail == "hard_1 is missing"
    more = read(asked, said(text_of(dict.fromkeys((*keys, "hard_2"), GOOD)))).reply
    assert more == dict.fromkeys(keys, GOOD), "what nobody asked for is left out"


QUESTION = {
    "question": "In which year did the harbour open?", "answer": "1901", "fact_ids": ["f1"], "evidence": ["opened in 1901"],
    "type": "fact", "aspect": "background", "difficulty": "easy", "reasoning_steps": ["read"], "confidence": 0.5,
}  # fmt: skip
ASKED_QUESTION = replace(ASKED, answer="TextQAAnswer")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"answer": 1901}, {"answer": "1901"}),
        ({"answer": -2.5}, {"answer": "-2.5"}),
        ({"confidence": "0.9"}, {"confidence": 0.9}),
    ],
)
def test_a_number_and_its_digits_are_the_same_said_in_two_ways(
    given: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert read(ASKED_QUESTION, said(text_of(QUESTION | given))).reply == QUESTION | meant


@pytest.mark.parametrize(
    "given",
    [{"answer": True}, {"answer": None}, {"answer": ["1901"]}, {"confidence": "high"}, {"confidence": "1e5"},
     {"evidence": "opened in 1901"}, {"difficulty": 1}, {"question": 1901}],
)  # fmt: skip
def test_what_would_have_to_be_guessed_is_asked_for_again(given: dict[str, Any]) -> None:
    step = next_step(ASKED_QUESTION, [said(text_of(QUESTION | given))])

    assert isinstance(step, Ask)
    assert step.step == "correct"
    assert next(iter(given)) in step.user


def test_null_is_no_text_where_a_text_may_be_empty() -> None:
    asked = replace(ASKED, answer="ProfileAnswer")
    texts = dict.fromkeys(("description", "opening", "brief_introduction", "personality", "life_story"), "a")
    texts |= dict.fromkeys(("speech_style", "background", "motivation", "appearance"), "b")
    whole = {**texts, "relationships": [], "catchphrases": [], "facts": []}

    assert read(asked, said(text_of(whole | {"opening": None}))).reply == whole | {"opening": ""}
    assert read(asked, said(text_of(whole | {"description": None}))).error == "invalid"


def test_a_truncated_reply_is_asked_for_again_with_more_room_and_never_patched() -> None:
    cut = said(text_of(GOOD)[:-1], finish="length")

    first = next_step(ASKED, [cut])
    second = next_step(ASKED, [cut, replace(cut, step="widen")])
    end = next_step(ASKED, [cut, replace(cut, step="widen"), replace(cut, step="widen")])

    assert isinstance(first, Ask) and isinstance(second, Ask) and isinstance(end, Settled)
    assert (first.step, first.max_tokens, second.max_tokens) == ("widen", 1000, 2000)
    assert first.user == ASKED.user
    assert (end.reply, end.error) == (None, "truncated")


@given(st.integers(0, len(text_of(GOOD_SET)) - 1))
def test_no_cut_of_a_reply_ever_passes_for_another_reply(at: int) -> None:
    for finish in ("stop", "length"):
        found = read(SET, said(text_of(GOOD_SET)[:at], finish=finish))

        assert found.reply in (None, GOOD_SET)
        assert finish == "stop" or found.error == "truncated"


def test_a_list_that_is_cut_is_not_closed() -> None:
    assert parse('{"messages": [{"speaker": "human", "text": "a"}') is None
    assert parse('{"facts": ["a", "b"') is None
    assert parse('{"confidence": 0.9') is None, "digits may be missing"
    assert parse('{"a": {"b": "c"') == {"a": {"b": "c"}}


def test_a_refusal_is_named_tried_once_more_and_then_quarantined() -> None:
    refusal = said("I cannot help with that.", finish="refusal")

    again = next_step(ASKED, [refusal])
    end = next_step(ASKED, [refusal, refusal])

    assert isinstance(again, Ask) and again.step == "fresh"
    assert isinstance(end, Settled)
    assert end.error == "refused"
    assert "I cannot help with that." in end.detail


def test_no_text_at_all_is_named() -> None:
    end = next_step(ASKED, [said(""), said("  ")])

    assert isinstance(end, Settled)
    assert end.error == "empty"


NOTHING = {"user_text": "", "response": " "}


def test_an_item_without_a_word_is_left_open_and_not_asked_for_again() -> None:
    end = next_step(SET, [said(text_of({"dialogue_1": GOOD, "dialogue_2": NOTHING}))])

    assert end == Settled({"dialogue_1": GOOD}, text_of({"dialogue_1": GOOD, "dialogue_2": NOTHING}))


def test_a_set_of_which_everything_is_left_open_ends_as_empty_at_once() -> None:
    end = next_step(SET, [said(text_of({"dialogue_1": NOTHING, "dialogue_2": NOTHING}))])

    assert isinstance(end, Settled)
    assert (end.reply, end.error) == (None, "empty")


def test_choices_and_numbers_of_an_item_left_open_need_not_be_empty() -> None:
    asked = replace(SET, answer="TextMCQAnswer")
    options = {"A": "", "B": "", "C": "", "D": ""}
    nothing = {
        "question": "", "options": options, "answer_key": "A", "fact_ids": [], "evidence": [], "aspect": "identity", "rationale": "",
    }  # fmt: skip

    end = next_step(asked, [said(text_of({"dialogue_1": nothing, "dialogue_2": nothing}))])
    half = {**nothing, "options": {**options, "B": "A ford"}}
    step = next_step(asked, [said(text_of({"dialogue_1": half, "dialogue_2": nothing}))])

    assert isinstance(end, Settled) and end.error == "empty"
    assert isinstance(step, Ask) and "dialogue_1: question" in step.user and "dialogue_2" not in step.user


def test_a_single_reply_without_a_word_ends_as_empty_at_once() -> None:
    end = next_step(ASKED, [said(text_of(NOTHING))])

    assert isinstance(end, Settled)
    assert (end.reply, end.error) == (None, "empty")
    assert "left everything open" in end.detail


def test_a_fresh_sample_of_a_cold_prompt_is_taken_warmer() -> None:
    cold = replace(ASKED, temperature=0.0)

    step = next_step(cold, [said("no"), said("no", step="correct")])

    assert isinstance(step, Ask)
    assert (step.step, step.temperature) == ("fresh", 0.5)


@pytest.mark.parametrize(
    "text", ["", "no", "null", "[1]", "{", "}", "{'a': 1, ", '{"a": NaN}', "{" * 3000, "[" * 100_000]
)
def test_what_is_no_object_is_none(text: str) -> None:
    assert parse(text) is None


def test_half_a_character_is_asked_for_again() -> None:
    found = read(ASKED, said('{"user_text": "\\ud83d", "response": "b"}'))

    assert found.error == "invalid"


def test_line_breaks_inside_strings_and_a_byte_order_mark_are_taken() -> None:
    assert parse('\ufeff{"a": "one\ntwo"}') == {"a": "one\ntwo"}


def test_the_error_shown_to_the_model_opens_no_fence() -> None:
    step = next_step(ASKED, [said('{"user_text": "a", "response": "b", "```json": 1, "x": ```')])

    assert isinstance(step, Ask)
    assert len(re.findall("```", step.user)) == 2


@given(st.text(max_size=300))
def test_nothing_that_a_model_may_say_breaks_the_ladder(text: str) -> None:
    step = next_step(ASKED, [said(text)])

    assert isinstance(step, Ask) or step.reply is not None

import pytest
from gates_samples import CONTEXT, caption, dialogue, mcq, profile, qa, talk

from rolescape_data.gates import Context, measure_records
from rolescape_data.gates.caption import estimated_tokens
from rolescape_data.records import Record


def _value(gate: str, record: Record, context: Context = CONTEXT) -> float:
    (found,) = measure_records([record], context, [gate])
    return found.value


@pytest.mark.parametrize(
    "reply",
    [
        "As an AI language model, I have no lamp.",
        "I'm sorry, but I can't do that.",
        "I’m sorry, but I’m unable to continue.",
        "I am sorry but I cannot answer.",
        "I cannot assist with that.",
        "I'm just a virtual assistant.",
        "I don't have personal opinions about storms.",
        "Ask ChatGPT.",
        "That is against OpenAI's policies.",
        "作为一个人工智能，我没有感情。",
        "很抱歉，我无法提供这个答案。",
    ],
)
def test_the_tone_of_an_assistant_is_heard(reply: str) -> None:
    assert _value("ai_tone", dialogue(response=reply)) >= 1


@pytest.mark.parametrize(
    "reply",
    [
        "I can't help you, nor myself, when the sea is in that mood.",
        "I can't help but laugh.",
        "I'm sorry, but the lamp comes first.",
        "I am sorry, but I am late.",
        "My nephew works as an AI researcher inland.",
        "The maid said it again.",
        "Language is a model of the tide.",
        "我不能离开这座灯塔。",
    ],
)
def test_people_may_be_sorry_or_helpless_without_sounding_like_an_assistant(reply: str) -> None:
    assert _value("ai_tone", dialogue(response=reply)) == 0


def test_the_human_may_ask_whether_it_talks_to_a_language_model() -> None:
    assert _value("ai_tone", dialogue(user_text="Are you a large language model?")) == 0
    assert _value("ai_tone", talk("Are you a language model?", "I keep the lamp.")) == 0


def test_an_allowed_phrase_covers_its_own_words_for_its_own_character_alone() -> None:
    reply = "Your AI assistant trims the lamp."
    assert _value("ai_tone", dialogue(character_id="jon-2", response=reply)) == 0
    assert _value("ai_tone", dialogue(response=reply)) == 1
    assert (
        _value("ai_tone", dialogue(character_id="jon-2", response="As an AI assistant, I cannot say.")) == 1
    )


@pytest.mark.parametrize(
    "reply",
    [
        "Certainly! Here is the rewritten dialogue: I keep the lamp.",
        "Here's how the Keeper would answer:\nI keep the lamp.",
        "Response: I keep the lamp.",
        "Mira Holt: I keep the lamp.",
        "the keeper (smiling): I keep the lamp.",
        "I keep the lamp.\nJon Pike: And I the boat.",
        "Mira Holt：我守着灯。",
        "```json\nI keep the lamp.",
        "I keep the lamp. Let me know if you need anything else!",
        "I keep the lamp. Let me know if you'd like me to change it.",
        "Of course, I'd be happy to help.",
        "I keep the lamp. I hope this helps.",
    ],
)
def test_talk_about_the_answer_is_found(reply: str) -> None:
    assert _value("explanatory_prefix", dialogue(response=reply)) >= 1


@pytest.mark.parametrize(
    "reply",
    [
        "I would say this: keep the lamp.",
        "Sure, I keep the lamp.",
        "Certainly, my friend, the tide is high.",
        "Here is a sight for you!",
        "Here are my terms: two fish and a rope.",
        "Listen: the wind turns.",
        "Let me know if the wind turns.",
        "Two things Mira Holt never does: sleep and row.",
    ],
)
def test_speech_that_only_looks_like_a_prefix_is_left_alone(reply: str) -> None:
    assert _value("explanatory_prefix", dialogue(response=reply)) == 0


def test_a_name_and_a_colon_are_a_label_in_speech_alone() -> None:
    assert _value("explanatory_prefix", qa(answer="Mira Holt: the keeper.")) == 0
    assert _value("explanatory_prefix", profile(description="Mira Holt: a keeper of lamps.")) == 0


def test_a_profile_that_opens_with_an_explanation_is_found() -> None:
    text = "Here's a simplified version of the detailed information about Mira:\nShe keeps the lamp."
    assert _value("explanatory_prefix", profile(description=text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[Character Name] keeps the lamp.",
        "[insert the reply here]",
        "<image> The lamp is lit.",
        "The lamp.</think>",
        "<|im_end|>",
        "TODO",
        "Lorem ipsum dolor.",
        '"response": "The lamp is lit."',
        "{name} keeps the lamp.",
    ],
)
def test_residue_of_a_prompt_is_found(text: str) -> None:
    assert _value("residue", dialogue(response=text)) >= 1
    assert _value("residue", caption(t2i_caption=text)) >= 1


@pytest.mark.parametrize(
    "text",
    ["We drop anchor at dusk.", "[laughs] So much to do!", "I love it <3", "Mira says: 'the answer is no'."],
)
def test_ordinary_words_are_no_residue(text: str) -> None:
    assert _value("residue", dialogue(response=text)) == 0


def test_an_id_that_is_a_word_or_a_name_is_no_residue() -> None:
    named = Context(names={"jon-2": ("jon-2",)}, character_ids=frozenset({"jon-2", "anchor"}))
    assert _value("residue", dialogue(response="They call him jon-2 at the anchor."), named) == 0
    assert _value("residue", dialogue(response="They call him jon-2 at the anchor.")) == 1


def test_residue_of_a_question_is_looked_for_in_its_options_too() -> None:
    options = mcq().options.model_copy(update={"B": "TODO"})
    (found,) = measure_records([mcq(options=options)], CONTEXT, ["residue"])
    assert found.detail == 'option B: "TODO"'


def test_one_place_is_counted_once_and_the_detail_says_where() -> None:
    (found,) = measure_records([dialogue(response="I am an AI language model.")], CONTEXT, ["ai_tone"])
    assert found.value == 2
    assert found.detail == 'response: "I am an AI"; response: "language model"'


def test_the_token_estimate_counts_words_marks_and_both_ends() -> None:
    assert estimated_tokens("") == 2
    assert estimated_tokens("red coat, lamp") == 6
    assert estimated_tokens("lighthouse") == 4
    assert estimated_tokens("灯塔") == 8


def test_all_seven_elements_are_found_and_a_part_of_a_word_is_none() -> None:
    text = "A smile, a kneeling pose, a harbour, a painted style, soft light, a red coat, a close-up."
    (found,) = measure_records([caption(thinking_process=text)], CONTEXT, ["visual_elements"])
    assert found.value == 7
    hidden = "The surface of a slight, interstanding credo and of a postponed, redundant frameless mythology."
    (found,) = measure_records([caption(thinking_process=hidden)], CONTEXT, ["visual_elements"])
    assert (found.value, found.detail) == (0, "")

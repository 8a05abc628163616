"""Offline dialogues: replies word for word, strict alternation, nothing said by a narrator or about staging."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data.providers.offline.dialogues import image_dialogue, text_dialogues
from rolescape_data.providers.offline.human_talks import human_role
from rolescape_data.records.answers import HumanRoleAnswer, ImageDialogueAnswer, TextDialogueAnswer
from rolescape_data.spans import words

MARA = {"id": "mara", "name": "Mara", "aliases": [], "category": "fictional", "script": "", "lang": "en"}
KEYS = tuple(f"dialogue_{number}" for number in range(1, 7))
REPLY = "The seine tore on the harbour rocks again."


def exchange(text: str, reply: str = REPLY, speaker: str = "Visitor") -> dict[str, Any]:
    return {"before": {"speaker": speaker, "text": text}, "reply": reply}


def texts(**block: Any) -> dict[str, Any]:
    found = (
        text_dialogues({"character": MARA, "exchanges": [], "sentences": [], "used": []} | block, KEYS) or {}
    )
    for item in found.values():
        TextDialogueAnswer.model_validate(item)
    return found


def test_a_picture_s_exchange_is_the_line_beside_it_and_the_line_before() -> None:
    beside = [exchange("What happened to the net?", "Ow!"), exchange("What happened to the net?")]
    found = image_dialogue({"character": MARA, "spoken_beside": beside}, ())
    assert found == {"user_text": "What happened to the net?", "response": REPLY}
    ImageDialogueAnswer.model_validate(found)


@pytest.mark.parametrize(
    "useless",
    [
        {"before": None, "reply": REPLY},
        exchange("What happened to the net?", speaker="Mara"),
        exchange("Night fell upon the quay.", speaker="narrator"),
        exchange("Well then?"),
        exchange(" ".join(["word"] * 41)),
        exchange("What happened to the net?", "Very well, let us go then!"),
        exchange("What happened to the net?", "(sighs) The seine tore on the harbour rocks."),
        exchange("What happened to the net?", "*shrugs* The seine tore on the harbour rocks."),
        exchange("What happened to $net_name?"),
        exchange("Keep away from the rocks, Bram!"),
        exchange("What happened to the net?", " ".join(["rock"] * 81)),
    ],
)
def test_lines_that_are_no_exchange_with_the_character_give_nothing(useless: dict[str, Any]) -> None:
    assert image_dialogue({"character": MARA, "spoken_beside": [useless]}, ()) is None
    assert texts(exchanges=[useless]) == {}


def test_exchanges_that_plainly_answer_come_first_and_then_the_order_of_the_script() -> None:
    given_ = [
        exchange("The tide turns at noon.", "Bram owes the bakery eleven copper coins."),
        exchange("The gulls are loud today.", "Somebody painted the lower bollards green."),
        exchange("Who tore the great seine?", "The rocks tore the great seine in two."),
    ]
    assert [item["response"] for item in texts(exchanges=given_).values()] == [
        "The rocks tore the great seine in two.",
        "Bram owes the bakery eleven copper coins.",
        "Somebody painted the lower bollards green.",
    ]


def test_a_reply_to_somebody_else_or_to_nothing_that_was_said_is_left_out() -> None:
    given_ = [
        exchange("We have fought them off!", "Thank you for coming back to the harbour, Ines.", "Bram"),
        exchange(
            "Raise the red flag over the city.", "Finally, the city is ours! Rest here tonight.", "Bram"
        ),
        exchange("The storm is upon the harbour!", "Keep the nets dry and the lamps burning.", "Bram"),
        exchange("Fight on to the last, comrades!", "I fight on for the harbour, and so shall you.", "Bram"),
        exchange("Have we held the quay, Mara?", "Thank the harbour guard for that, Bram.", "Bram"),
    ]
    found = texts(exchanges=given_)
    assert [item["response"] for item in found.values()] == ["Thank the harbour guard for that, Bram."]


@pytest.mark.parametrize(
    "user",
    [
        "Did he mend the seine before breakfast?",
        "What will they say about the seine?",
        "Is that true about the seine?",
        "That is bad news for the seine. Who told the quay?",
        "Could nobody else have mended it?",
        "It tore again! Who mended the seine?",
    ],
)
def test_without_a_picture_nobody_is_spoken_of_who_is_not_named(user: str) -> None:
    named = exchange("Did Bram mend the lantern?", "Bram broke the lantern before breakfast.")
    given_ = [exchange(user, "Half of the seine was mended before breakfast."), named]
    assert [item["user_text"] for item in texts(exchanges=given_).values()] == ["Did Bram mend the lantern?"]


def test_beside_a_picture_the_exchange_that_names_everybody_comes_first_and_others_after_it() -> None:
    named = exchange("Did Bram mend the lantern?", "Bram broke the lantern before breakfast.")
    shown = exchange("Did he mend the seine?", "He mended half of the seine before breakfast.")
    for beside, user in (([shown, named], named), ([shown], shown)):
        found = image_dialogue({"character": MARA, "spoken_beside": beside}, ())
        assert found is not None and found["user_text"] == user["before"]["text"]


@pytest.mark.parametrize(
    ("user", "reply"),
    [
        (
            "I am Bram. You will have to fight me to get any further!",
            "Only a fool would dare to attack me here!",
        ),
        ("You will never leave my harbour alive!", "I have buried bigger men behind this quay."),
        (
            "Come aboard, we take you away from the harbour!",
            "We have won the harbour back. Wait for the ship.",
        ),
        ("What happened to the net?", "The seine tore. Orlaith, fetch me the tarred twine."),
        ("What happened to the net?", "The seine tore on the rocks. To the boats, men!"),
        ("What happened to the net?", "You saw the net tear, Orlaith daughter of Ida, what say you?"),
    ],
)
def test_cries_that_follow_each_other_and_words_to_somebody_else_are_no_answer(user: str, reply: str) -> None:
    assert image_dialogue({"character": MARA, "spoken_beside": [exchange(user, reply, "Bram")]}, ()) is None


def test_a_heading_in_the_middle_of_a_line_calls_nobody() -> None:
    said = exchange(
        "Under Nets, Torn, you fill a page of the ledger.", "I fill a page of the ledger with pride.", "Bram"
    )
    assert image_dialogue({"character": MARA, "spoken_beside": [said]}, ()) is not None


def test_what_two_branches_of_a_script_tell_in_nearly_the_same_words_is_told_once() -> None:
    given_ = [
        exchange(
            "Will the net hold until noon?",
            "Thank you, Bram. The harbour guard is as kind as its captain was.",
        ),
        exchange(
            "Shall we wait for the tide?", "Thank you. The harbour guard is as kind as its captain was."
        ),
    ]
    assert len(texts(exchanges=given_)) == 1


def test_no_question_is_used_twice_and_no_reply_given_twice_over_rounds() -> None:
    given_ = [
        exchange("Who tore the great seine?", "The rocks tore the great seine in two."),
        exchange("Who tore the great seine!", "Nobody ever mends the lower bollards here."),
        exchange("Tell me about the tear.", "The rocks tore the great seine in two."),
        exchange("Who painted the bollards?", "Somebody with plenty of green paint."),
    ]
    first = texts(exchanges=given_)
    assert len(first) == 2
    again = texts(exchanges=given_, used=[item["user_text"] for item in first.values()])
    assert again == {}


def test_a_quoted_sentence_answers_a_plain_question_about_its_topic() -> None:
    given_ = [
        {"document": "d", "text": '"The bell tower of Skerry has stood on the north quay since 1840."'},
        {"document": "d", "text": "“Skerry Rock was marked on our first charts as a danger to shipping.”"},
    ]
    found = texts(sentences=given_)
    assert [item["response"] for item in found.values()] == [entry["text"][1:-1] for entry in given_]
    questions = [item["user_text"] for item in found.values()]
    assert "the bell tower" in questions[0] and "Skerry Rock" in questions[1]
    assert all(question.count("{") == 0 and question[-1] == "?" for question in questions)


@pytest.mark.parametrize(
    "sentence",
    [
        "The bell tower of Skerry has stood on the north quay since 1840.",
        "Coming-to-be is a change where the substrate of the thing has itself changed.",
        "The bell tower was where I found the youngest prince of the island.",
    ],
)
def test_what_a_document_reports_is_nobody_s_speech(sentence: str) -> None:
    assert texts(sentences=[{"document": "d", "text": sentence}]) == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "Mara was the finest mender on the whole north quay.",
        "The bell tower was where she kept all of her old nets.",
        "However, Skerry Rock was marked on the first charts.",
        "According to Ole, Skerry Rock was never marked at all.",
        "Since Skerry was poor, nobody mended the harbour wall.",
        "I was marked on the first charts as a danger to shipping.",
        "Was Skerry Rock marked on the first charts as a danger?",
        "Skerry Rock was grey.",
    ],
)
def test_sentences_about_the_character_or_without_a_footing_answer_nothing(sentence: str) -> None:
    assert texts(sentences=[{"document": "d", "text": f'"{sentence}"'}]) == {}


@given(
    st.lists(
        st.sampled_from(["What of the net?", "Who tore the net there?", "Mind the quay, Mara!"]), max_size=8
    ),
    st.integers(0, 6),
)
def test_every_reply_is_a_given_line_word_for_word_and_no_key_is_filled_twice(
    before: list[str], wanted: int
) -> None:
    given_ = [
        exchange(text, f"The seine tore on harbour rock number {place}.") for place, text in enumerate(before)
    ]
    found = (
        text_dialogues({"character": MARA, "exchanges": given_, "sentences": [], "used": []}, KEYS[:wanted])
        or {}
    )
    assert list(found) == list(KEYS[: len(found)])
    assert {item["response"] for item in found.values()} <= {entry["reply"] for entry in given_}
    assert len({item["user_text"] for item in found.values()}) == len(found)


def passage(
    speakers: str, *, image_at: int | None = None, long_at: int | None = None
) -> list[dict[str, Any]]:
    """Return a passage from letters: M is Mara, N the narrator, K has a name, other letters are anybody."""
    names = {"M": "Mara", "N": "narrator", "K": "Captain Kell"}
    return [
        {
            "speaker": names.get(letter, f"Person {letter}"),
            "text": " ".join(["word"] * 101) if place == long_at else f"Line {place} of the talk.",
            "image": "quay.png" if place == image_at else None,
        }
        for place, letter in enumerate(speakers)
    ]


def talk(lines: list[dict[str, Any]], **more: Any) -> list[int]:
    """Return which lines of the passage the dialogue took."""
    block = {
        "character": MARA,
        "image": {"file": "quay.png"},
        "passage": lines,
        "min_messages": 6,
        "max_messages": 22,
    }
    found = human_role(block | more, ())
    if found is None:
        return []
    HumanRoleAnswer.model_validate(found)
    assert [message["speaker"] for message in found["messages"]] == ["human", "character"] * (
        len(found["messages"]) // 2
    )
    every = [line["text"] for line in lines]
    return [every.index(message["text"]) for message in found["messages"]]


@pytest.mark.parametrize(
    ("speakers", "taken"),
    [
        ("AMAMAM", range(6)),
        ("MAMAMAMA", range(1, 7)),
        ("AMAMAMBMAM", range(6)),
        ("BMAMAMAM", range(2, 8)),
        ("AMAMNAMAM", []),
        ("AMMAMAMAM", range(3, 9)),
        ("AAMAMAM", range(1, 7)),
        ("AMAM", []),
        ("ABABAB", []),
        ("KMKMKM", []),
        ("KMKMKMAMAMAM", range(6, 12)),
        ("AM" * 12, range(22)),
    ],
)
def test_the_longest_strict_alternation_with_one_nameless_speaker_is_taken(speakers: str, taken: Any) -> None:
    assert talk(passage(speakers)) == list(taken)


def test_a_passage_that_carries_the_picture_gives_a_stretch_with_its_line_or_nothing() -> None:
    assert talk(passage("AMAMAMAM" + "BMBMBM", image_at=11)) == list(range(8, 14))
    assert talk(passage("AMAMAM" + "BM", image_at=7)) == []
    assert talk(passage("AM" * 14, image_at=27)) == list(range(6, 28))


def test_a_line_that_is_too_long_ends_a_stretch() -> None:
    assert talk(passage("AMAMAMAM", long_at=7)) == list(range(6))


def test_human_messages_stay_within_60_words_and_the_character_s_within_100() -> None:
    lines = passage("AMAMAM")
    lines[0]["text"] = " ".join(["word"] * 61)
    assert talk(lines) == []
    lines = passage("AMAMAM")
    lines[1]["text"] = " ".join(["word"] * 100)
    assert talk(lines) == list(range(6))
    assert len(words(lines[1]["text"])) == 100

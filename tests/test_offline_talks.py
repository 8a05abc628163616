"""Commentaries and talks of two characters that the offline writer takes from spoken lines, word for word."""

from typing import Any

import pytest

from rolescape_data.providers.offline.talks import commentary, inter_role

LONG = "I keep the lamp because somebody has to. " + "The boats come home late and the stairs are many. " * 7
MIRA = {"id": "mira", "name": "Mira Holt", "aliases": ["Mira"], "lang": "en"}
JON = {"name": "Jon Pike", "aliases": [], "description": "", "personality": "", "speech_style": ""}


def beside(*lines: str) -> dict[str, Any]:
    return {"character": MIRA, "spoken_beside": [{"reply": line} for line in lines]}


def scene(*lines: str) -> dict[str, Any]:
    """Return a block for lines such as 'J: ...' and 'M*: ...', the star being the picture."""
    speakers = {"M": "Mira Holt", "J": "Jon Pike", "P": "Pell"}
    passage = []
    for line in lines:
        head, _, text = line.partition(": ")
        passage.append(
            {
                "speaker": speakers[head[0]],
                "text": text,
                "image": "pictures/lamp.png" if "*" in head else None,
            }
        )
    return {
        "character": MIRA,
        "partner": JON,
        "image": {"file": "lamp.png"},
        "passage": passage,
        "min_messages": 5,
        "max_messages": 26,
    }


TALK = (
    "J: Why is the lamp still dark tonight?",
    "M: The wick is wet, and so am I.",
    "J: Shall I fetch a dry one from the store?",
    "M*: Bring two, and mind the ninth step.",
    "J: I have them here, with matches.",
    "M: Then stand back and shut your eyes.",
)


def test_a_commentary_is_the_longest_line_beside_the_picture_as_it_was_spoken() -> None:
    longer = LONG + "And so it goes on, night after night, for as long as there are boats."
    assert commentary(beside("I am cold.", LONG.strip(), longer)) == {"reply": longer}


@pytest.mark.parametrize(
    "opening",
    ["Because ", "Yes, ", "They are mine. ", "That is what I said. ", "I do, but ", "The tide, naturally. "],
)
def test_a_line_that_answers_something_else_is_no_commentary(opening: str) -> None:
    assert commentary(beside(opening + LONG)) is None


def test_a_short_line_is_no_commentary() -> None:
    assert commentary(beside("I keep the lamp because somebody has to.")) is None


def test_a_talk_of_two_keeps_every_line_and_the_partner_opens() -> None:
    found = inter_role(scene(*TALK))
    assert found is not None
    said = [(message["speaker"], message["text"]) for message in found["messages"]]
    assert [speaker for speaker, _ in said] == ["partner", "character"] * 3
    assert [text for _, text in said] == [line.partition(": ")[2] for line in TALK]


def test_a_talk_starts_later_where_the_character_spoke_first() -> None:
    found = inter_role(scene("M: Who goes there?", *TALK))
    assert found is not None and found["messages"][0]["text"] == "Why is the lamp still dark tonight?"


def test_a_third_speaker_ends_the_talk() -> None:
    assert inter_role(scene(*TALK[:3], "P: Good evening to both of you.", *TALK[3:])) is None


def test_a_talk_needs_the_picture_on_a_line_of_the_character() -> None:
    without = [line.replace("M*", "M") for line in TALK]
    theirs = [*without[:4], without[4].replace("J:", "J*:"), without[5]]
    assert inter_role(scene(*without)) is None
    assert inter_role(scene(*theirs)) is None


def test_words_that_lean_on_what_was_said_before_open_no_talk() -> None:
    found = inter_role(scene("M: Look at that lamp!", "J: It went out at two, I think.", "M: Hm.", *TALK))
    assert found is not None and found["messages"][0]["text"] == "Why is the lamp still dark tonight?"


def test_four_messages_are_no_talk() -> None:
    assert inter_role(scene(*TALK[:4])) is None

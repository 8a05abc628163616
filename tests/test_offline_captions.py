"""Offline captions: every visual word is given, the lengths hold, and nothing is invented where little is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data.providers.offline.captions import caption
from rolescape_data.providers.offline.phrases import clip_tokens, placed, shape_of, with_article
from rolescape_data.records.answers import CaptionAnswer
from rolescape_data.spans import words

KNOWN = {
    "expression": "a worried frown with raised inner brows",
    "pose": "kneeling with one knee on the planks",
    "setting": "the end of the north quay above green water",
    "lighting": "cold blue moonlight through drifting mist",
    "colour": "red gloves against slate grey",
    "composition": "full figure, set to the left",
    "style": "flat storybook illustration with paper grain",
    "prop": "a coil of tarred rope",
    "outfit": "a brown canvas apron and red wool gloves",
}
DESCRIPTION = "Mara is a patient net mender who keeps the bell ropes of Skerry in order. Mara wears red gloves in all weathers."


def block(attributes: dict[str, str], **image: Any) -> dict[str, Any]:
    """Return the input of a caption request."""
    return {
        "character": {
            "id": "mara",
            "name": "Mara",
            "aliases": [],
            "category": "fictional",
            "script": "",
            "lang": "en",
        },
        "description": DESCRIPTION,
        "personality": "Mara is patient with knots and rude to gulls. Mara counts to nine before answering an insult.",
        "image": {"file": "quay.png", "note": "", "annotation": {}, "attributes": attributes} | image,
        "dialogue": {
            "user_text": "You have been kneeling there since noon, is the rope that bad?",
            "response": "It is worse than the sailors told me. Hand me the knife, and mind the gull behind you.",
        },
    }


def test_a_fully_noted_picture_gets_a_plan_an_instruction_and_a_plain_text() -> None:
    found = caption(block(KNOWN), ())
    assert found is not None
    CaptionAnswer.model_validate(found)
    assert 60 <= len(words(found["thinking_process"])) <= 160
    assert 15 <= len(words(found["t2i_caption"])) <= 40
    assert sum(phrase in found["thinking_process"] for phrase in KNOWN.values()) >= 3


def test_the_plan_links_user_reply_and_nature_to_what_is_seen() -> None:
    found = caption(block(KNOWN), ())
    assert found is not None
    assert "“It is worse than the sailors told me" in found["thinking_process"]
    assert "“You have been kneeling there since noon" in found["thinking_process"]
    assert (
        "Mara is patient with knots" in found["thinking_process"]
        or "counts to nine" in found["thinking_process"]
    )


def test_the_instruction_is_one_comma_list_of_given_phrases_without_the_end_of_a_sentence() -> None:
    found = caption(block(KNOWN), ())
    assert found is not None
    text = found["generation_instruction"]
    items = text.split(", ")
    assert len(items) >= 5 and "\n" not in text and text[-1] not in ".!?" and not set('"“”') & set(text)
    assert len(words(text)) <= 50 and clip_tokens(text) <= 77
    allowed = ", ".join(["a patient net mender", *KNOWN.values()]).split(", ")
    assert set(items) <= set(allowed)
    assert KNOWN["expression"] in items


@given(
    st.fixed_dictionaries({}, optional={name: st.just(phrase) for name, phrase in KNOWN.items()}),
    st.text("abcdefgh", min_size=1, max_size=6),
)
def test_lengths_hold_for_any_choice_of_attributes_and_less_than_three_elements_give_nothing(
    attributes: dict[str, str], file: str
) -> None:
    found = caption(block(attributes, file=f"{file}.png"), ())
    elements = set(attributes) - {"prop", "outfit"}
    if len(elements) < 3:
        assert found is None
    elif found:
        assert 60 <= len(words(found["thinking_process"])) <= 160
        assert len(words(found["generation_instruction"])) <= 50
        assert 15 <= len(words(found["t2i_caption"])) <= 40
        assert not found["thinking_process"].startswith("The image")
        used = {
            name
            for name in KNOWN
            if KNOWN[name].split(",")[0] in found["t2i_caption"].replace("Full", "full")
        }
        assert used <= set(attributes)


def test_openings_differ_over_the_pictures_of_a_set() -> None:
    plans = [caption(block(KNOWN, file=f"quay-{number}.png"), ()) for number in range(60)]
    openings = {plan["thinking_process"].split("“")[0] for plan in plans if plan}
    captions = {plan["t2i_caption"].split()[0] for plan in plans if plan}
    assert len(openings) >= 12
    assert len(captions) >= 5


def test_the_same_input_gives_the_same_caption() -> None:
    assert caption(block(KNOWN), ()) == caption(block(dict(reversed(KNOWN.items()))), ())


@pytest.mark.parametrize(
    "attributes",
    [{}, {"expression": "angry"}, {"expression": "angry", "prop": "a sword", "outfit": "a coat"}],
)
def test_a_file_name_tag_alone_is_too_little(attributes: dict[str, str]) -> None:
    assert caption(block(attributes), ()) is None


def test_a_place_of_the_annotation_stands_in_for_an_unknown_setting() -> None:
    given_ = {
        name: phrase
        for name, phrase in KNOWN.items()
        if name not in ("setting", "composition", "style", "colour")
    }
    found = caption(
        block(given_, annotation={"role_info": "", "place_info": "Bell tower of Skerry", "scene_info": ""}),
        (),
    )
    assert found is not None
    assert "in Bell tower of Skerry" in found["thinking_process"]


def test_notes_alone_are_kept_word_for_word() -> None:
    note = (
        "Mara kneels on the planks of the quay, holding a torn net, her brows drawn together. "
        "Cold moonlight falls from the left, and her red gloves stand out against the dark water. "
        "The drawing shows her from head to foot, alone."
    )
    found = caption(block({}, note=note), ())
    assert found is not None
    assert note in found["thinking_process"]
    assert found["t2i_caption"] in note
    assert all(item in note for item in found["generation_instruction"].split(", "))


@pytest.mark.parametrize(
    ("phrase", "shape"),
    [
        ("a worried frown", "noun"),
        ("angry", "quality"),
        ("smiling gently, cheeks lifted", "doing"),
        ("down on one knee", "place"),
        ("evening light", "quality"),
        ("full figure", "noun"),
    ],
)
def test_attribute_phrases_are_told_apart(phrase: str, shape: str) -> None:
    assert shape_of(phrase) == shape


def test_phrases_get_the_words_that_their_sentence_needs() -> None:
    assert with_article("full figure, set to the left") == "a full figure, set to the left"
    assert with_article("an open book") == "an open book"
    assert with_article("raising a bare sword") == "raising a bare sword"
    assert with_article("three-quarter figure in the middle") == "a three-quarter figure in the middle"
    assert (
        with_article("half figure turned three quarters aside") == "a half figure turned three quarters aside"
    )
    assert placed("the deck of the ferry") == "on the deck of the ferry"
    assert (
        placed("the clock workshop, its wall full of clocks")
        == "in the clock workshop, its wall full of clocks"
    )
    assert placed("inside the tower") == "inside the tower"
    assert placed("the end of the pier") == "at the end of the pier"

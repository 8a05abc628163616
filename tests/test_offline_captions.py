"""Offline captions: every visual word is given, the lengths hold, and nothing is invented where little is known."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.whole_set import accepted, open_set
from rolescape_data.providers.offline.captions import caption
from rolescape_data.providers.offline.drawn import kind_of
from rolescape_data.providers.offline.phrases import clip_tokens, lead_of, placed, shape_of, with_article
from rolescape_data.providers.offline.pictures.kinds import brief, place_head, with_air
from rolescape_data.providers.offline.pictures.parts import pieces_of, thing_of
from rolescape_data.providers.offline.thinking import asked, gist, trait
from rolescape_data.records import Caption, ImageDialogue, ImageRecord
from rolescape_data.records.answers import CaptionAnswer
from rolescape_data.spans import sentences, words
from rolescape_data.store.workspace import Workspace

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
    assert "“You have been kneeling there since noon" in found["thinking_process"]
    asked = "“You have been kneeling there since noon, is the rope that bad?”"
    assert asked in found["thinking_process"]
    # They speak of a rope, and one is shown; counting to nine has nothing to do with it.
    assert "Mara is a patient net mender who keeps the bell ropes" in found["thinking_process"]
    assert "counts to nine" not in found["thinking_process"]


def test_the_instruction_is_one_comma_list_of_given_phrases_without_the_end_of_a_sentence() -> None:
    found = caption(block(KNOWN), ())
    assert found is not None
    text = found["generation_instruction"]
    items = text.split(", ")
    assert len(items) >= 5 and "\n" not in text and text[-1] not in ".!?" and not set('"“”') & set(text)
    assert len(words(text)) <= 50 and clip_tokens(text) <= 77
    assert "a patient net mender in a brown canvas apron and red wool gloves" in items
    rest = [item for item in items if "net mender" not in item]
    assert all(any(item in phrase for phrase in KNOWN.values()) for item in rest)


@settings(deadline=None)
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


def test_long_phrases_are_cut_to_their_heads_before_clothes_light_place_or_thing_is_left_out() -> None:
    long = KNOWN | {
        "outfit": "a long bright red oilskin coat with brass buttons, copper hair in one braid",
        "lighting": "dark storm light under heavy clouds with rain coming down",
        "setting": "the deck of the ferry, its striped funnel behind",
        "pose": "standing with one arm stretched out to point",
        "composition": "the whole figure from head to foot, set to the left",
        "style": "storybook poster in layered gouache shapes",
    }
    for number in range(12):
        found = caption(block(long, file=f"{number}.png"), ())
        assert found is not None
        for head in (
            "red oilskin coat",
            "copper hair",
            "storm light",
            "rain",
            "the deck of the ferry",
            "a coil",
            "whole figure",
        ):
            assert head in found["generation_instruction"]
        assert clip_tokens(found["generation_instruction"]) <= 77
        assert len(words(found["generation_instruction"])) <= 50
        assert "red oilskin coat" in found["t2i_caption"] and "copper hair" in found["t2i_caption"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "You are whistling, and it is not even raining. What is the umbrella for?",
            "You are whistling, and it is not even raining. What is the umbrella for?",
        ),
        (
            "Good evening, commodore! You look very official with the sun behind you, up there on your box by the door. "
            "Did you do something to the badge?",
            "Did you do something to the badge?",
        ),
        (
            "Sir, come below! You will be blown straight off.",
            "Sir, come below! You will be blown straight off",
        ),
    ],
)
def test_what_the_user_asks_is_never_cut_away(text: str, kept: str) -> None:
    assert asked(text) == kept


def test_a_trait_belongs_to_reply_face_or_thing_or_is_left_out() -> None:
    given_ = block(KNOWN)
    given_["personality"] = "Mara counts to nine before answering an insult. Mara sings in church."
    assert (
        trait(given_, "a worried frown\na coil of rope")
        == "Mara is a patient net mender who keeps the bell ropes of Skerry in order."
    )
    given_["description"] = "Mara is a woman."
    assert trait(given_, "a worried frown\na coil of rope") is None
    given_["personality"] = "Mara distrusts a calm sea. Mara worries about every sheep but her own."
    assert trait(given_, "a worried frown\na coil of rope") is None
    given_["personality"] = "Mara distrusts a calm sea. Mara is an anxious neighbour."
    assert trait(given_, "a worried frown\na coil of rope") == "Mara is an anxious neighbour."


def test_rain_snow_and_mist_are_part_of_the_light_and_clear_air_is_not() -> None:
    assert (
        with_air("dark storm light under heavy clouds with rain coming down") == "dark storm light with rain"
    )
    assert with_air("pink dawn light through drifting sea mist") == "pink dawn light with mist"
    assert with_air("cold blue moonlight in clear air") == "cold blue moonlight"


def test_a_thing_that_the_pose_holds_is_told_once() -> None:
    found = caption(block(KNOWN | {"pose": "holding a coil of tarred rope in both hands"}), ()) or {}
    for text in (found["generation_instruction"], found["t2i_caption"]):
        assert text.count("a coil") == 1


def test_one_word_in_common_makes_no_trait_fit() -> None:
    given_ = block(KNOWN)
    given_["description"] = ""
    given_["personality"] = "Mara cries at weddings and at gulls."
    assert trait(given_, "a wide smile\na coil of rope") is None
    given_["personality"] += " Mara hands the knife to whoever minds the gull."
    assert trait(given_, "a wide smile\na coil of rope") == "Mara hands the knife to whoever minds the gull."


def test_a_word_of_the_face_is_no_word_of_a_trait() -> None:
    given_ = block(KNOWN)
    given_["personality"], given_["description"] = "Mara is curious about anything with a lid.", ""
    assert trait(given_, "a sleepy face with drooping lids\na coil of tar") is None


def test_what_somebody_once_did_is_no_trait() -> None:
    given_ = block(KNOWN)
    given_["personality"], given_["description"] = (
        "",
        "Mara became a noble with a rope. Mara was born beside a rope.",
    )
    assert trait(given_, "a frown\na coil of rope") is None


def test_who_somebody_is_keeps_what_they_keep_and_loses_names() -> None:
    given_ = block(KNOWN)
    for text, who in (
        (
            "Mara is the old keeper of the tide lamp at the end of Long Pier.",
            "an old keeper of the tide lamp",
        ),
        ("Mara is the apprentice of Ines Vell.", "an apprentice"),
        ("Mara is a charismatic and confident dog who barks.", "a charismatic and confident dog"),
        ("Mara wears red gloves.", ""),
    ):
        given_["description"] = text
        assert kind_of(given_) == who


def test_a_backdrop_is_no_place_where_something_happens() -> None:
    for number in range(12):
        found = caption(
            block(KNOWN | {"setting": "before a plain white background"}, file=f"{number}.png"), ()
        )
        assert found is not None
        assert "before a plain white background" not in found["thinking_process"]
        assert "a plain white background" in found["thinking_process"]
        assert "place is" not in found["thinking_process"] and "happens" not in found["thinking_process"]


def test_nobody_is_drawn_in_what_is_not_there() -> None:
    found = caption(block(KNOWN | {"outfit": "a bare red-brown and cream coat, no collar"}), ())
    assert found is not None
    for text in (found["generation_instruction"], found["t2i_caption"]):
        assert " collar" not in text and " bare " not in text and "red-brown and cream fur" in text


@pytest.fixture(scope="module")
def captions_of_the_starter(starter: Path) -> list[tuple[Caption, ImageRecord, ImageDialogue]]:
    """Every caption of the built starter, with its picture and its exchange."""
    found = {record.id: record for record in accepted(open_set(Workspace(starter)))}
    return [
        (record, cast(ImageRecord, found[record.image_id]), cast(ImageDialogue, found[record.dialogue_id]))
        for record in found.values()
        if isinstance(record, Caption)
    ]


def test_no_caption_of_the_starter_loses_the_question_that_is_answered(
    captions_of_the_starter: list[tuple[Caption, ImageRecord, ImageDialogue]],
) -> None:
    assert len(captions_of_the_starter) == 54
    for made, _, exchange in captions_of_the_starter:
        questions = [s.text.strip() for s in sentences(exchange.user_text) if s.text.strip().endswith("?")]
        assert not questions or questions[-1] in made.thinking_process, made.id


def test_every_drawing_prompt_of_the_starter_says_who_is_drawn_and_how(
    captions_of_the_starter: list[tuple[Caption, ImageRecord, ImageDialogue]],
) -> None:
    kinds = {"oda-wren": "keeper of the tide lamp", "quill": "an old grey heron", "tobin-ash": "apprentice"}
    for made, picture, _ in captions_of_the_starter:
        seen, text = picture.attributes, made.generation_instruction
        for told in (text, made.t2i_caption.lower()):
            assert kinds[made.character_id] in told
            for piece in pieces_of(seen.outfit):
                assert piece.noun in told and piece.colour in told, (made.id, piece)
        for head in (
            brief(seen.lighting),
            place_head(seen.setting),
            seen.composition.split(",")[0].split(" from ")[0],
        ):
            assert head in text, (made.id, head)
        thing = thing_of(seen.prop)
        assert thing is not None and thing.short in text, made.id
        assert clip_tokens(text) <= 77 and len(words(text)) <= 50 and len(text.split(", ")) >= 5
        assert 15 <= len(words(made.t2i_caption)) <= 40


def test_openings_differ_over_the_pictures_of_a_set() -> None:
    blocks = [block(KNOWN, file=f"quay-{number}.png") for number in range(60)]
    for given_ in blocks:
        given_["dialogue"] = given_["dialogue"] | {
            "response": "It is worn through. Every coil of it has to go."
        }
    plans = [caption(given_, ()) for given_ in blocks]
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


@pytest.mark.parametrize(
    ("phrase", "lead"),
    [
        ("a stern, searching look from under heavy brows", "a stern, searching look from under heavy brows"),
        ("a stunned, frightened stare with parted lips", "a stunned, frightened stare with parted lips"),
        ("an angry stare, beak half open in a rebuke", "an angry stare"),
        ("a startled look, eyes wide and mouth in an O", "a startled look"),
        ("smiling gently, cheeks lifted", "smiling gently"),
    ],
)
def test_a_phrase_is_cut_at_a_comma_only_behind_its_noun(phrase: str, lead: str) -> None:
    assert lead_of(phrase) == lead


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


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("The lamp is clean. Go to sleep, all of you.", "The lamp is clean"),
        ("Bram. You are late again, and so is the whole tide tonight.", "You are late again"),
        ("The lamp is clean, and whoever is out there tonight can see it from the bar.", "The lamp is clean"),
        ("If the lamp is clean, whoever is out there tonight can see it from the bar.", ""),
        ("Whoever is out there tonight under a sky like this can see it.", ""),
    ],
)
def test_a_plan_quotes_a_whole_sentence_or_clause_or_nothing(line: str, quoted: str) -> None:
    assert gist(line, 7) == quoted
    given_ = block(KNOWN)
    given_["dialogue"]["response"] = line
    made = caption(given_, ())
    assert made is not None and "…" not in json.dumps(made, ensure_ascii=False)
    assert "“”" not in json.dumps(made, ensure_ascii=False)

"""What the offline writer makes of a picture: annotations, open questions, four-option questions."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from rolescape_data.providers.offline.pictures.annotations import annotation
from rolescape_data.providers.offline.pictures.ask import Known
from rolescape_data.providers.offline.pictures.choices import visual_mcq
from rolescape_data.providers.offline.pictures.elements import face
from rolescape_data.providers.offline.pictures.grounds import explains
from rolescape_data.providers.offline.pictures.kinds import hues_of, place_noun
from rolescape_data.providers.offline.pictures.look import clothes, face_clause, look_of
from rolescape_data.providers.offline.pictures.parts import (
    affirmed,
    counts_of,
    goes_with,
    looks_like,
    pieces_of,
    thing_of,
)
from rolescape_data.providers.offline.pictures.questions import visual_qa
from rolescape_data.records.answers import AnnotationAnswer, VisualMCQAnswer, VisualQAAnswer, quota_keys
from rolescape_data.spans import folded, words
from rolescape_data.stages.visual_questions import choice_keys

STARTER = Path(__file__).resolve().parent.parent / "examples" / "starter" / "pictures"
KEYS = tuple(quota_keys({"objective": 15, "subjective": 5}))
MIX = {"easy": 2, "medium": 2, "hard": 1}

NOTE = (
    "Mira Holt stands alone in the lamp room and holds a brass lantern with a lit flame. Four brass buttons close her "
    "grey coat. Rain runs down the panes in the moonlight."
)
ATTRIBUTES = {
    "expression": "a worried frown with raised brows",
    "pose": "standing with one arm stretched out to point",
    "setting": "the lamp room beside its great lens",
    "style": "a flat poster illustration",
    "lighting": "cold moonlight with rain on the panes",
    "colour": "a grey coat against deep blue and silver",
    "composition": "a close view of head and chest, left of the middle",
    "prop": "a brass lantern with a lit flame",
    "outfit": "a grey coat with brass buttons",
}
OTHERS = [
    {
        "expression": "a wide laugh",
        "pose": "sitting on a crate",
        "setting": "the fish market under awnings",
        "lighting": "bright midday sun",
        "colour": "a grey coat against orange and gold",
        "composition": "full figure, in the middle",
        "prop": "a silver fish",
    },
    {
        "expression": "an angry scowl",
        "pose": "kneeling on one knee",
        "setting": "the deck of the ferry",
        "lighting": "pink dawn light",
        "colour": "a grey coat against soft pinks",
        "composition": "half figure, set to the right",
        "prop": "a white teapot",
    },
    {
        "expression": "a proud smirk",
        "pose": "walking with a long stride",
        "setting": "a steep stair street",
        "lighting": "golden evening light",
        "colour": "a grey coat against violet shadow",
        "composition": "full figure, set to the right",
        "prop": "an iron key",
    },
]


def block(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "character": {
            "id": "mira",
            "name": "Mira Holt",
            "aliases": [],
            "category": "fictional",
            "script": "",
            "lang": "en",
        },
        "description": "Mira Holt keeps a lamp. She trusts no calm sea.",
        "personality": "Mira Holt worries about every boat. She sleeps little.",
        "facts": [
            {"text": "Mira Holt's grey coat has a torn pocket.", "aspect": "appearance"},
            {"text": "Mira Holt polishes her lantern every noon.", "aspect": "preferences"},
        ],
        "image": {"file": "one.png", "note": NOTE, "annotation": {}, "attributes": ATTRIBUTES},
        "shows": "character",
        "dialogue": {
            "user_text": "Is the Patience late again?",
            "response": "She is. I have counted the lights four times.",
        },
        "others": OTHERS,
        "used": [],
        "cast": ["Jon Pike"],
    }
    return found | changes


def starter() -> list[dict[str, Any]]:
    names = {"oda-wren": "Oda Wren", "quill": "Quill", "tobin-ash": "Tobin Ash"}
    found = []
    for folder, name in names.items():
        lines = (STARTER / folder / "notes.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        found += [
            block(
                character={"id": folder, "name": name, "aliases": [name.split()[0]], "lang": "en"},
                personality="",
                facts=[],
                dialogue=None,
                image={"file": row["image"], "note": row["note"], "attributes": row["attributes"]},
                others=[other["attributes"] for other in rows if other is not row],
            )
            for row in rows
        ]
    return found


def test_every_question_of_a_well_noted_picture_fits_its_answer_model() -> None:
    made = visual_qa(block(), KEYS) or {}
    assert list(made) == list(KEYS)
    for item in made.values():
        VisualQAAnswer.model_validate(item)
        assert 3 <= len(words(item["answer"])) <= 60
        assert item["question"].endswith("?")
        assert item["answer"][0].isupper() or item["answer"][0] == "“"


def test_objective_questions_hold_one_to_three_doubts_and_some_links_to_the_profile() -> None:
    made = visual_qa(block(), KEYS) or {}
    objective = [item for key, item in made.items() if key.startswith("objective")]
    doubts = [item for item in objective if item["polarity"] != "positive"]
    assert 1 <= len(doubts) <= 3
    assert any(item["grounding"] == ["image", "profile"] for item in objective)


def test_a_negative_names_another_thing_and_says_what_is_there_instead() -> None:
    keys = tuple(quota_keys({"objective": 40}))
    made = visual_qa(block(), keys) or {}
    negatives = [item for item in made.values() if item["polarity"] == "negative"]
    assert negatives
    for item in negatives:
        said = folded(" ".join([NOTE, *ATTRIBUTES.values()]))
        told = {word for word in folded(item["answer"]).split() if len(word) > 4}
        assert told & set(said.split())


def test_reasons_quote_the_exchange_and_name_a_trait() -> None:
    made = visual_qa(block(personality="Mira is an anxious keeper."), KEYS) or {}
    reasons = [item for key, item in made.items() if key.startswith("subjective")]
    assert any(
        "dialogue" in item["grounding"] and "“" in item["question"] + item["answer"] for item in reasons
    )
    assert any("an anxious keeper" in item["answer"] for item in reasons)


def test_questions_taken_before_are_not_asked_again() -> None:
    first = visual_qa(block(), KEYS) or {}
    used = [item["question"] for item in first.values()]
    again = visual_qa(block(used=used), KEYS) or {}
    assert not {item["question"] for item in again.values()} & set(used)


def test_a_picture_of_which_nothing_is_known_gets_no_questions_and_no_annotation() -> None:
    blank = block(
        image={"file": "x.png", "note": "", "annotation": {}, "attributes": {}}, facts=[], dialogue=None
    )
    assert visual_qa(blank, KEYS) is None
    assert visual_mcq(blank, ("expression_emotion_easy_1",)) is None
    assert annotation(blank) is None


def test_other_languages_are_left_to_models() -> None:
    german = block(character={"id": "mira", "name": "Mira Holt", "aliases": [], "lang": "de"})
    assert visual_qa(german, KEYS) is None
    assert visual_mcq(german, ("expression_emotion_easy_1",)) is None
    assert annotation(german) is None


def test_a_picture_of_several_people_is_asked_about_as_a_whole_only() -> None:
    made = visual_qa(block(shows="script"), KEYS) or {}
    assert made
    assert not any("Mira" in item["question"] for item in made.values())
    assert visual_mcq(block(shows="script"), ("expression_emotion_easy_1",)) is None


def test_annotations_say_who_where_and_what_within_their_lengths() -> None:
    made = annotation(block())
    assert made is not None
    AnnotationAnswer.model_validate(made)
    assert made["role_info"] in {
        "Mira Holt, alone, in a grey coat with brass buttons.",
        "Mira Holt, alone, who wears a grey coat with brass buttons.",
        "Mira Holt, alone, dressed in a grey coat with brass buttons.",
        "Mira Holt is to be seen, alone, in a grey coat with brass buttons.",
        "Wearing a grey coat with brass buttons: Mira Holt, alone.",
    }
    assert made["place_info"] == "The lamp room beside its great lens"
    assert made["scene_info"] == NOTE


def test_annotations_name_others_only_where_the_note_does() -> None:
    note = "Mira Holt stands beside Jon Pike on the pier."
    made = annotation(block(image={"file": "two.png", "note": note, "attributes": {}}))
    assert made is not None
    assert made["role_info"] == "Mira Holt and Jon Pike."
    long = " ".join(["Mira Holt counts the boats that lie before the pier tonight."] * 9)
    cut = annotation(block(image={"file": "two.png", "note": long, "attributes": {}}))
    assert cut is not None
    assert len(words(cut["scene_info"])) <= 60


@pytest.mark.parametrize("image_id", ["mira_img_one", "mira_img_two", "mira_img_three"])
def test_each_visual_category_is_asked_once_and_fine_detail_is_the_hard_one(image_id: str) -> None:
    keys = choice_keys(image_id, MIX)
    assert len(keys) == len({key.rsplit("_", 2)[0] for key in keys}) == 5
    assert keys[-1] == "fine_detail_reasoning_hard_1"
    assert Counter(key.split("_")[-2] for key in keys) == Counter(MIX)


def test_a_face_is_cut_short_only_where_what_is_asked_for_and_the_noun_stay() -> None:
    noted = ATTRIBUTES | {"expression": "sad, mouth turned down and a tear rolling"}
    asks = face(look_of(block(image={"file": "a.png", "note": NOTE, "attributes": noted})), Known((), ()))
    assert all("tear" in answer for ask in asks if ask.topic == "tear" for answer in ask.answers)
    noted["expression"] = "a stern, searching look from under heavy brows"
    clause = face_clause(
        look_of(block(image={"file": "a.png", "note": NOTE, "attributes": noted})), short=True
    )
    assert clause.endswith("has a stern, searching look")


def test_which_categories_are_easy_differs_by_picture() -> None:
    assert len({tuple(choice_keys(f"mira_img_{number}", MIX)) for number in range(12)}) > 3


def test_wrong_options_are_what_other_pictures_show_and_this_one_does_not() -> None:
    keys = tuple(choice_keys("mira_img_one", MIX))
    made = visual_mcq(block(), keys) or {}
    assert set(made) == set(keys)
    elsewhere = {text for other in OTHERS for text in other.values()}
    for key, item in made.items():
        VisualMCQAnswer.model_validate(item)
        options = item["options"]
        assert item["answer_key"] == "A"
        assert len({text.casefold() for text in options.values()}) == 4
        assert folded(options["A"]) not in folded(item["question"])
        if key.startswith(("action", "expression")):
            assert {options[letter] for letter in "BCD"} <= elsewhere


def test_options_never_share_what_makes_the_right_one_right() -> None:
    for given in starter():
        keys = tuple(choice_keys(given["image"]["file"], MIX))
        for item in (visual_mcq(given, keys) or {}).values():
            right, *wrong = (item["options"][letter] for letter in "ABCD")
            if "colour" in item["question"]:
                assert all(not hues_of(right) & hues_of(text) for text in wrong), item
            assert all(folded(a) not in folded(b) for a, b in combinations([right, *wrong], 2)), item


def test_the_starter_pictures_carry_five_choices_each_with_the_right_one_longest_by_chance_alone() -> None:
    longest = asked = 0
    for given in starter():
        made = visual_mcq(given, tuple(choice_keys(given["image"]["file"], MIX))) or {}
        assert len(made) == 5
        for item in made.values():
            asked += 1
            longest += all(len(item["options"]["A"]) > len(item["options"][letter]) for letter in "BCD")
    assert 0.1 <= longest / asked <= 0.35


def test_answers_about_the_starter_pictures_open_in_many_ways() -> None:
    openings: dict[str, Counter[str]] = {}
    for given in starter():
        counter = openings.setdefault(given["character"]["id"], Counter())
        for item in (visual_qa(given, KEYS) or {}).values():
            counter[" ".join(folded(item["answer"]).split()[:3])] += 1
    for counter in openings.values():
        assert max(counter.values()) <= 0.10 * counter.total()


def test_the_same_block_gives_the_same_questions() -> None:
    assert visual_qa(block(), KEYS) == visual_qa(block(), KEYS)
    assert visual_qa(block(), KEYS) != visual_qa(block(image=block()["image"] | {"file": "two.png"}), KEYS)


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("Six brass buttons close her coat.", [("six", "brass buttons")]),
        ("Two glowing post lamps stand there.", [("two", "glowing post lamps")]),
        ("Between the two stretches of dark sea.", []),
        ("She waited three hours.", []),
        ("One fish lies there.", []),
    ],
)
def test_counts_are_of_things_that_the_note_counts(note: str, found: list[tuple[str, str]]) -> None:
    assert counts_of(note) == found


def test_an_outfit_is_cut_into_clothes_and_hair() -> None:
    pieces = pieces_of("a long red coat with brass buttons, copper hair in one braid")
    assert [(piece.noun, piece.colour, piece.body) for piece in pieces] == [
        ("coat", "red", False),
        ("hair", "copper", True),
    ]


def test_a_thing_is_held_only_where_the_note_says_so() -> None:
    held = thing_of("a brass lantern", ["She raises a brass lantern."])
    beside = thing_of("a brass lantern", ["A brass lantern stands on the crate beside her."])
    assert held is not None
    assert beside is not None
    assert (held.held, beside.held) == (True, False)


@pytest.mark.parametrize(
    ("setting", "noun"),
    [
        ("the end of the long pier above grey water", "pier"),
        ("the round lamp room beside its lens", "lamp room"),
        ("before a plain white background", ""),
    ],
)
def test_a_place_is_looked_up_by_its_noun(setting: str, noun: str) -> None:
    assert place_noun(setting) == noun


def test_a_turned_figure_is_not_placed_on_that_side() -> None:
    turned = ATTRIBUTES | {"composition": "low seated figure, turned three quarters to the right"}
    assert look_of(block(image={"file": "x.png", "note": "", "attributes": turned})).side == ""


def test_a_round_after_asks_nothing_that_the_round_before_asked_in_other_words() -> None:
    first = visual_qa(block(), KEYS) or {}
    again = visual_qa(block(used=[item["question"] for item in first.values()]), KEYS) or {}
    pairs = {(item["element"], item["answer"]) for item in first.values()}
    assert not pairs & {(item["element"], item["answer"]) for item in again.values()}


def test_an_annotation_stands_in_for_a_missing_note() -> None:
    known = {"role_info": "From left to right are Mira Holt and Jon Pike.", "place_info": "School of Aster in Aldmouth",
             "scene_info": "Mira Holt hands Jon Pike a wet rope."}  # fmt: skip
    made = visual_qa(
        block(image={"file": "x.png", "note": "", "annotation": known, "attributes": {}}, shows="script"),
        KEYS,
    )
    answers = {item["answer"] for item in (made or {}).values()}
    assert known["role_info"] in answers
    assert known["scene_info"] in answers
    assert "School of Aster in Aldmouth." in answers  # "It is School of Aster" would lack its article
    assert not any(" at School" in answer for answer in answers)


def test_a_plain_backdrop_is_no_place_and_still_asked_about_as_a_background() -> None:
    image = {
        "file": "one.png",
        "note": NOTE,
        "attributes": ATTRIBUTES | {"setting": "before a plain white background"},
    }
    made = annotation(block(image=image))
    assert made is not None and made["place_info"] == ""
    for number in range(8):
        found = visual_qa(block(image=image | {"file": f"{number}.png"}), KEYS)
        assert found is not None
        for question in (asked for asked in found.values() if isinstance(asked, dict)):
            if "white background" in question.get("answer", ""):
                assert "Where" not in question["question"], question


def test_nobody_wears_what_is_not_there_nor_an_animal_its_own_coat() -> None:
    image = {
        "file": "one.png",
        "note": "Mira Holt sits on a rug.",
        "attributes": ATTRIBUTES | {"outfit": "a bare red-brown and cream coat, no collar"},
    }
    made = annotation(block(image=image))
    assert made is not None
    assert "collar" not in made["role_info"] and "coat" not in made["role_info"]
    found = visual_qa(block(image=image), KEYS)
    assert found is not None and "no collar" not in json.dumps(found)
    look = look_of(block(image=image))
    assert clothes(look) == "" and look.pieces[0].body
    assert affirmed("a thin vest and no hat, without shoes") == "a thin vest"


def test_what_surrounds_somebody_is_named_with_them() -> None:
    for number in range(12):
        found = visual_qa(
            block(image={"file": f"{number}.png", "note": NOTE, "attributes": ATTRIBUTES}), KEYS
        )
        assert found is not None and "It is kept in" not in json.dumps(found)


@pytest.mark.parametrize(
    ("here", "there", "another"),
    [
        ("on a deep green lawn", "on grass beside a path", False),
        ("on a rug by the fire", "on a wooden floor", False),
        ("on the deck of a ship", "on the shore", False),
        ("in the grey nowhere", "on the shore", False),
        ("on a deep green lawn", "in the grey nowhere", False),
        ("on a deep green lawn", "in the kitchen", True),
        ("in the kitchen", "in a steep street", True),
    ],
)
def test_a_place_is_denied_or_offered_as_wrong_only_where_it_is_of_another_sort(
    here: str, there: str, another: bool
) -> None:
    image = {
        "note": "Mira Holt laughs.",
        "attributes": ATTRIBUTES | {"setting": here, "lighting": "grey light"},
    }
    others = [{"setting": there}, *OTHERS]
    told = ""
    for number in range(12):
        shown = block(image=image | {"file": f"{number}.png"}, others=others)
        keys = tuple(choice_keys(f"mira_img_{number}", MIX))
        open_, chosen = visual_qa(shown, KEYS) or {}, visual_mcq(shown, keys) or {}
        told += json.dumps([item for item in open_.values() if item["polarity"] == "negative"])
        told += json.dumps([item["options"] for item in chosen.values()])
    assert (there in told) is another


@pytest.mark.parametrize(
    ("mood", "trait", "scene", "explained"),
    [
        ("good will", "Mira is a kind and patient keeper", "", True),
        ("worry", "Mira is nervous about geese", "The lamp smokes in the wind.", False),
        ("worry", "Mira is nervous about geese", "Two geese stand on the stairs.", True),
        ("sorrow", "Mira never repeats a secret, even to the cat", "", False),
        ("pride", "Mira hates being proud of a thing", "", False),
        ("anger", "A slow morning makes Mira grumpy", "", False),
        ("anger", "Mira believes that a harbour without rules is a puddle", "a harbour", False),
        ("", "Mira is kind", "", False),
    ],
)
def test_a_trait_explains_a_face_only_where_it_names_the_feeling_and_the_occasion_is_there(
    mood: str, trait: str, scene: str, explained: bool
) -> None:
    assert explains(mood, trait, scene) is explained


def test_a_picture_beside_which_nobody_speaks_has_no_words_to_quote() -> None:
    for number in range(8):
        made = visual_qa(block(image=block()["image"] | {"file": f"{number}.png"}, dialogue=None), KEYS)
        assert made is not None and "“”" not in json.dumps(made, ensure_ascii=False)


@pytest.mark.parametrize(
    ("fact", "noun", "worn", "joined"),
    [
        ("Mira's cap is navy blue with a gold band", "cap", True, True),
        ("Mira wears a cap with a gold band", "cap", True, True),
        ("Mira's cap blew off the head of a captain", "cap", True, False),
        ("Mira carries a brass lantern to the pier", "lantern", False, True),
        ("Mira takes offence at the word lantern", "lantern", False, False),
        ("Mira calls the hut the harbour office in letters", "harbour office", False, False),
    ],
)
def test_a_fact_is_joined_to_a_picture_only_where_it_puts_the_thing_there(
    fact: str, noun: str, worn: bool, joined: bool
) -> None:
    assert (looks_like(fact, noun, ("Mira",)) if worn else goes_with(fact, noun)) is joined


def test_colours_are_asked_for_as_people_do_and_set_somebody_apart_only_where_they_differ() -> None:
    told, reasons = "", ""
    for number in range(24):
        shown = block(image=block()["image"] | {"file": f"{number}.png"})
        keys = tuple(choice_keys(f"mira_img_{number}", MIX))
        told += json.dumps([visual_qa(shown, KEYS), visual_mcq(shown, keys)])
        same = ATTRIBUTES | {"colour": "a grey coat against grey and silver"}
        alike = block(image=block()["image"] | {"file": f"{number}.png", "attributes": same})
        reasons += json.dumps(visual_qa(alike, KEYS))
    assert re.search(r"What colour (?:is|are) |What is the colour of ", told)
    assert not re.search(r"[Ww]hich colour do(?:es)? .* have\?|[Oo]f which colour|[Ii]n what colour", told)
    assert "What do the colours do" not in reasons and "find Mira at once" not in reasons

"""Probes that the offline writer makes of facts: what is remembered, situations, small talk."""

from collections import Counter
from typing import Any

import pytest

from rolescape_data.providers.offline.english.names import Name
from rolescape_data.providers.offline.english.second_person import to_you
from rolescape_data.providers.offline.probes import probes
from rolescape_data.providers.offline.situations import situations
from rolescape_data.providers.offline.smalltalk import FORMS, small_talk
from rolescape_data.spans import folded

MIRA = Name("Mira Holt", ("Mira Holt", "Mira"), frozenset({"she", "her", "hers", "herself"}))
CHARACTER = {"id": "mira", "name": "Mira Holt", "aliases": ["Mira"], "lang": "en"}
FACTS = [
    ("Mira hates being thanked in front of a crowd.", "personality"),
    ("Mira becomes very polite when she is angry.", "personality"),
    ("Mira never repeats a secret, even to the cat.", "personality"),
    ("Mira prefers rain to wind.", "preferences"),
    ("Mira dislikes brass bands.", "preferences"),
    ("Mira hangs her boots upside down above the stove.", "preferences"),
    ("Mira hopes to see the northern islands.", "goals"),
    ("Mira is stubborn about ladders.", "personality"),
    ("Mira learned knots from the ferryman Bram Pell.", "background"),
    ("Mira pulled the ferryman Bram Pell out of the water in the great storm.", "history"),
]


def block(**changes: Any) -> dict[str, Any]:
    facts = [
        {"fact_id": f"fact_{number:03d}", "text": text, "aspect": aspect}
        for number, (text, aspect) in enumerate(FACTS, 1)
    ]
    return {"character": CHARACTER, "facts": facts, "avoid": [], "used": []} | changes


def asked(cell: str, count: int = 20, **changes: Any) -> list[str]:
    keys = tuple(f"{cell}_{number}" for number in range(1, count + 1))
    found = probes(block(**changes), keys) or {}
    return [found[key]["text"] for key in keys if key in found]


@pytest.mark.parametrize(
    ("said", "to_the_face"),
    [
        ("Mira hangs her boots above the stove", "you hang your boots above the stove"),
        ("Mira Holt is patient, and she never shouts", "you are patient, and you never shout"),
        ("Where does Mira keep her twine?", "Where do you keep your twine?"),
        ("Who taught Mira knots?", "Who taught you knots?"),
        ("a slow morning makes her grumpy", "a slow morning makes you grumpy"),
        ("the island where Mira's boat lies", "the island where your boat lies"),
        ("Mira sings badly and knows every verse", "you sing badly and know every verse"),
    ],
)
def test_a_statement_is_said_to_the_face(said: str, to_the_face: str) -> None:
    assert to_you(said, MIRA) == to_the_face


@pytest.mark.parametrize(
    "said",
    [
        "Jon says that she is late",  # she may be another
        "the child Mira ran away",  # a name that only says who the child is
        "Where did Mira, Jon and Pell ride?",
        "Mira gave Tilda her coat",
        "Mira's mother lost her coat",
        "Mira knots ropes and nets",
    ],
)
def test_what_may_mean_somebody_else_is_left_alone(said: str) -> None:
    found = to_you(said, MIRA)
    assert found is None or (said.endswith("nets") and found == "you knot ropes and nets")


def test_every_kind_of_trait_has_its_situation() -> None:
    facts = [{"text": text, "aspect": aspect} for text, aspect in FACTS]
    found = {kind: texts[0] for kind, texts in situations(facts, MIRA)}
    assert found["passive"] == "You are thanked in front of a crowd. What do you do?"
    assert found["when"] == "You are angry. What do you do?"
    assert found["never"] == "Somebody begs you to repeat a secret. What do you say?"
    assert found["choice"] == "You may choose between rain and wind. Which do you take, and why?"
    assert found["habit"].startswith("Somebody asks you why you hang your boots upside down above the stove.")
    assert found.keys() >= {"dislike", "wish", "called"}


def test_facts_about_deeds_and_looks_make_no_situation() -> None:
    facts = [{"text": "Mira pulled Bram out of the water.", "aspect": "history"}]
    assert list(situations(facts, MIRA)) == []


def test_what_somebody_does_in_spite_of_an_occasion_is_not_asked_for_on_it() -> None:
    facts = [{"text": "Mira is honest even when a lie would be tidier.", "aspect": "personality"}]
    assert [kind for kind, _ in situations(facts, MIRA)] == ["called"]


def test_memory_is_asked_in_other_words_than_training_asks() -> None:
    plain = asked("memorization")
    assert plain
    again = asked("memorization", avoid=plain)
    for text in again:
        mine = set(folded(text).split())
        for other in plain:
            theirs = set(folded(other).split())
            assert len(mine & theirs) / len(mine | theirs) < 0.7


@pytest.mark.parametrize(
    ("fact", "remembered"),
    [
        ("Mira moved to Skerry in 1891.", True),
        ("Mira moved to Skerry in 1891, east of modern Carrow.", True),
        ("Mira died in Skerry in 1931.", False),
        ("In 1931, Mira Holt was buried on the north quay.", False),
        ("Mira became famous in Carrow after her death.", False),
        ("The scholar Ole Pike has reconstructed Mira's almanac.", False),
        ("Mira's reputation was restored by the 19th century.", False),
        ("Mira exerted a strong influence on menders in later antiquity.", False),
        ("Mira nursed the ferryman Bram Pell in the year when Ole died.", True),
    ],
)
def test_nobody_is_asked_to_remember_the_own_death_or_what_came_after_it(fact: str, remembered: bool) -> None:
    facts = [{"fact_id": "fact_001", "text": fact, "aspect": "history"}]
    assert bool(asked("memorization", facts=facts)) is remembered


def test_a_second_round_brings_no_situation_of_the_first_in_another_frame() -> None:
    first = asked("personality")
    assert len(first) >= 8
    assert asked("personality", used=first) == []


def test_small_talk_takes_its_forms_in_turn() -> None:
    texts = small_talk("mira")
    form = {text: name for name, lines in FORMS.items() for text in lines}
    assert len(texts) == len(set(texts)) == len(form)
    assert len({form[text] for text in texts[: len(FORMS)]}) == len(FORMS)
    assert texts != small_talk("jon")


def test_twenty_openings_of_small_talk_differ() -> None:
    openings = Counter(" ".join(folded(text).split()[:3]) for text in asked("diversity"))
    assert openings.total() == 20
    assert max(openings.values()) == 1


def test_another_language_is_left_open() -> None:
    assert probes(block(character=CHARACTER | {"lang": "zh"}), ("diversity_1",)) is None

"""The offline profile: facts that stand in the documents and stand alone, texts of whole sentences."""

import re
from typing import Any

import pytest

from rolescape_data.providers.offline.profile import known_names, profile, told
from rolescape_data.records import ASPECTS
from rolescape_data.records.answers import ProfileAnswer
from rolescape_data.spans import find_span, folded, words

MARA = """# Mara Lund

Mara Lund (/ˈmɑːrə/; born c. 1871) is the net mender of the harbour of Skerry and the only person who keeps its bell \
ropes in order. She has worked on the north quay for thirty years and is known for patience, plain speech and red gloves.

## Background/Origin

Mara was born in a smokehouse during a flood. Her brother **Ole Lund** builds boats. Mara's father, Sten Lund, rang the bell.

## Personality

- Mara is patient with knots and rude to gulls.
- She hums when she is cross.
- Mara counts to nine before answering an insult

## Relationships

Mara's oldest friend is the baker Ines Vell. Mara teaches the ferryman Bram Holt to splice rope.

## Appearance

**Gloves:** red wool with green thumbs

## History

In 1902 Mara mended the great seine in one night. However, Mara never spoke of it. According to Ines, Mara slept for a week.
Scholars believe that Mara invented the double knot. After Sten's death, he was buried at sea. Mara married Per Holm.

## Quotes/Speech

Mara speaks in half sentences. She calls the sea the big basin.

- "Pull twice, tie once."
- "Gulls are not guests."

## Notes of others

- Ines Vell said of Mara: Mara is the laziest mender on the coast. She never mends.
- I saw Mara steal a herring.
- Would Mara steal a herring?
- Mara's gloves!
"""


def block(
    text: str = MARA, *, name: str = "Mara Lund", lines: tuple[str, ...] = (), **character: Any
) -> dict[str, Any]:
    """Return the input of a profile request: one document, the character's own lines."""
    return {
        "character": {"id": "mara", "name": name, "aliases": [], "category": "fictional", "lang": "en"}
        | character,
        "documents": [{"name": "profile.md", "text": text}],
        "spoken_lines": [
            {"source": "s", "scene": "1", "line": n, "text": t, "image": None} for n, t in enumerate(lines)
        ],
    }


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """Return Mara's profile."""
    found = profile(block(), ())
    assert found is not None
    ProfileAnswer.model_validate(found)
    return found


def test_every_fact_is_a_named_sentence_with_exact_evidence(answer: dict[str, Any]) -> None:
    for fact in answer["facts"]:
        assert fact["evidence"] in MARA
        # The name stands where the passage has the pronoun that means it, and nothing else is changed.
        assert fact["text"] in (
            told(fact["evidence"]),
            re.sub(r"^She\b", "Mara Lund", told(fact["evidence"])),
            re.sub(r"^Her\b", "Mara's", told(fact["evidence"])),
            re.sub(r"^She\b", "Mara", told(fact["evidence"])),
        )
        assert "Mara" in fact["text"] or fact["text"].startswith("Gloves:")
        assert fact["aspect"] in ASPECTS


def test_no_fact_is_hearsay_first_person_a_question_a_claim_or_leans_on_what_came_before(
    answer: dict[str, Any],
) -> None:
    told = " ".join(fact["text"] for fact in answer["facts"])
    for piece in (
        "laziest",
        "never mends",
        "I saw",
        "Would",
        "According",
        "Scholars",
        "However",
        "She ",
        "he was",
        "gloves!",
    ):
        assert piece not in told


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("Mara was born in a smokehouse during a flood.", "background"),
        ("Mara counts to nine before answering an insult", "personality"),
        ("Mara's oldest friend is the baker Ines Vell.", "relationships"),
        ("Gloves: red wool with green thumbs", "appearance"),
        ("In 1902 Mara mended the great seine in one night.", "history"),
        ("Mara speaks in half sentences.", "quotes"),
    ],
)
def test_headings_give_facts_their_aspect(answer: dict[str, Any], text: str, aspect: str) -> None:
    assert {fact["text"]: fact["aspect"] for fact in answer["facts"]}.get(text) == aspect


def test_no_two_facts_say_the_same_words() -> None:
    found = profile(
        block(
            "- Mara mends old nets.\n- Mara mends old nets!\n- mara mends old nets.\n- *Mara* mends old nets."
        ),
        (),
    )
    assert found is not None
    assert [folded(fact["text"]) for fact in found["facts"]] == ["mara mends old nets"]


def test_texts_are_whole_sentences_of_the_documents_within_their_lengths(answer: dict[str, Any]) -> None:
    for field, least, most in (
        ("description", 30, 80),
        ("brief_introduction", 40, 150),
        ("life_story", 20, 250),
    ):
        assert least <= len(words(answer[field])) <= most
    for field in (
        "description",
        "personality",
        "life_story",
        "speech_style",
        "background",
        "motivation",
        "appearance",
    ):
        for sentence in answer[field].split(". "):
            assert not sentence or find_span(sentence, told(MARA)), sentence
    assert answer["description"].startswith("Mara Lund (born c. 1871) is the net mender")


def test_pronunciations_and_other_scripts_in_brackets_are_left_out_and_nothing_else() -> None:
    assert told("Ada (/ˈeɪdə/; Greek: Άδα; c. 1815) counts.") == "Ada (c. 1815) counts."
    assert told("Ada (Greek: Άδα, pronounced [ˈeɪdə]) counts (too much).") == "Ada counts (too much)."


def test_a_passage_that_a_branching_script_tells_twice_makes_no_catchphrase() -> None:
    branches = [
        {"scene": scene, "line": line, "text": text, "image": None}
        for scene in ("a", "b")
        for line, text in enumerate(
            [
                f"Camp in this {scene} hole if you like, elf.",
                "The lesson was lost on the old king.",
                "Onward to the pass!",
            ]
        )
    ]
    said = [{"scene": f"s{n}", "line": 1, "text": "By rope and tide!", "image": None} for n in range(2)]
    found = profile(
        block("Mara mends nets on the north quay of Skerry.") | {"spoken_lines": branches + said}, ()
    )
    assert found is not None
    assert found["catchphrases"] == ["By rope and tide!"]


def test_a_pronoun_may_follow_its_name_in_a_text_and_gives_way_to_it_in_a_fact(
    answer: dict[str, Any],
) -> None:
    assert answer["speech_style"] == "Mara speaks in half sentences. She calls the sea the big basin."
    assert answer["motivation"] == ""
    fact = next(fact for fact in answer["facts"] if "big basin" in fact["text"])
    assert fact["text"] == "Mara calls the sea the big basin."
    assert fact["evidence"] == "She calls the sea the big basin."


@pytest.mark.parametrize(
    ("follows", "fact"),
    [
        ("He rowed out at night.", None),
        ("Her boat leaks in rough weather.", "Mara's boat leaks in rough weather."),
        (
            'While quick with a "net smile," she keeps to herself.',
            'While quick with a "net smile," Mara keeps to herself.',
        ),
        ("She also mended it at that time.", None),
        ("Whenever Ole sang, she left.", None),
    ],
)
def test_only_a_pronoun_that_means_the_character_gives_way_to_its_name(
    follows: str, fact: str | None
) -> None:
    found = profile(block(f"Mara mends her nets on the north quay. {follows}"), ())
    assert found is not None
    assert [one["text"] for one in found["facts"]][1:] == ([fact] if fact else [])


def test_a_year_before_the_name_is_nobody_and_the_sentence_stays_in_the_life() -> None:
    told_ = (
        "# Mara Lund\n\n## History\n\nMara was made head of the old yard of Carrow in 1890. By 335 BC, Mara had "
        "returned to Skerry, founding her own school. Mara taught at the school for the next twelve years."
    )
    found = profile(block(told_), ())
    assert found is not None
    assert "By 335 BC, Mara had returned" in found["life_story"]
    assert found["life_story"].endswith("Mara taught at the school for the next twelve years.")


def test_what_refers_to_a_sentence_that_is_left_out_is_left_out_too_and_is_no_fact() -> None:
    told_ = (
        "## History\n\nMara was made head of the old yard of Carrow in 1890. Scholars believe that Mara founded her "
        "own school. Mara taught at the school. Mara called it a good house. Mara rowed for the next twelve years. "
        "Mara mended the great seine of Skerry in one night."
    )
    found = profile(block(told_), ())
    assert found is not None
    kept = [
        "Mara was made head of the old yard of Carrow in 1890.",
        "Mara mended the great seine of Skerry in one night.",
    ]
    assert [fact["text"] for fact in found["facts"]] == kept
    assert found["life_story"] == " ".join(kept)


def test_what_everybody_knows_leans_on_nothing() -> None:
    told_ = (
        "Mara keeps a boat by the sea. Mara watches the harbour from the pier. Mara rows the boat of Ines."
    )
    found = profile(block(told_), ())
    assert found is not None
    assert len(found["facts"]) == 3


def test_a_comparison_with_the_character_is_no_fact_of_it() -> None:
    told_ = (
        "Mara mends nets on the north quay. Ole was much less patient than Mara was, and rowed home. "
        "To a sailor, the reason, not known to Mara, was the tide."
    )
    found = profile(block(told_), ())
    assert found is not None
    assert [fact["text"] for fact in found["facts"]] == ["Mara mends nets on the north quay."]


def test_a_list_of_notes_that_introduces_nobody_leaves_it_to_what_the_set_says() -> None:
    told_ = (
        "- Mara became a noble in the court of Carrow.\n- Mara mended the great seine in one night.\n"
        "- Mara is stubborn about coming down from a ladder.\n- Mara stood on the quay staring out to sea."
    )
    given_ = block(told_)
    given_["character"] |= {"name": "Mara Lund", "category": "fictional", "script": "Tales of Skerry"}
    found = profile(given_, ())
    assert found is not None
    assert found["description"] == "Mara Lund is one of the characters who appear in Tales of Skerry."
    assert found["brief_introduction"] == found["description"]
    # Its items stand in no order of time.
    assert found["life_story"] == ""
    led = profile(
        block("# Mara Lund\n\n## Life\n\n- Mara rowed east in 1901.\n- Mara came back to Skerry in 1903.\n"),
        (),
    )
    assert led is not None and led["life_story"].startswith("Mara rowed east in 1901.")


@pytest.mark.parametrize("rank", ["daughter of Ole Lund", "the mender of Skerry", "queen of the north quay"])
def test_an_item_that_tells_whose_or_what_somebody_is_introduces_alone(rank: str) -> None:
    told_ = f"- Mara Lund, {rank}, was crowned at noon.\n- Mara rowed east through the fog.\n"
    found = profile(block(told_), ())
    assert found is not None and found["description"] == f"Mara Lund, {rank}, was crowned at noon."


def test_a_line_that_two_branches_of_a_scene_end_with_is_no_catchphrase() -> None:
    lines = [
        {"source": "s", "scene": "one", "line": number, "text": text}
        for number, text in enumerate(
            ["Haul the net in.", "Mind the rocks, all of you.", "Mind the rocks, all of you."]
        )
    ]
    found = profile(block("Mara is a mender of nets.") | {"spoken_lines": lines}, ())
    assert found is not None and found["catchphrases"] == []


def test_an_introduction_does_not_end_on_a_trait() -> None:
    told_ = (
        "# Mara Lund\n\nMara Lund is the net mender of Skerry.\n\n## Background\n\n- Mara was born in a smokehouse.\n\n"
        "## Personality\n\n- Mara is stubborn about a ladder and the end of a rope.\n"
    )
    found = profile(block(told_), ())
    assert found is not None
    assert (
        found["brief_introduction"] == "Mara Lund is the net mender of Skerry. Mara was born in a smokehouse."
    )


def test_a_trade_or_another_s_apprentice_is_no_relation() -> None:
    told_ = "## Relationships\n\n- Mara owes the ferryman Bram Holt an oar.\n- Mara likes the apprentice Tobin Ash.\n"
    found = profile(block(told_), ())
    assert found is not None
    assert [(one["name"], one["relation"]) for one in found["relationships"]] == [
        ("Bram Holt", ""),
        ("Tobin Ash", ""),
    ]


def test_a_list_of_pupils_leaves_places_to_others() -> None:
    pupils = "Bram, Ines, Ole, Sten, Runa, Ivar, Odd, and Tove"
    told_ = f"Mara's students included {pupils}. Mara married Per Holm. At the request of Sif, Mara tutored his son Leif in 1890."
    found = profile(block(told_), ())
    assert found is not None
    relations = {one["name"]: one["relation"] for one in found["relationships"]}
    assert {"Per Holm", "Leif"} <= set(relations)
    assert sum(relation == "student" for relation in relations.values()) <= 3


def test_relationships_carry_the_word_that_stands_in_the_sentence(answer: dict[str, Any]) -> None:
    found = {entry["name"]: entry["relation"] for entry in answer["relationships"]}
    assert found == {
        "Sten Lund": "father",
        "Ines Vell": "friend",
        "Bram Holt": "",
        "Ole Lund": "brother",
        "Per Holm": "",
    }
    assert all(find_span(entry["note"], MARA) for entry in answer["relationships"])


def test_siblings_listed_in_one_sentence_are_told_apart() -> None:
    found = profile(
        block(
            "Mara had two brothers, Ole and Sten, a sister, Runa, and a half brother, Ivar. Mara rows.",
            name="Mara",
        ),
        (),
    )
    assert found is not None
    assert {entry["name"]: entry["relation"] for entry in found["relationships"]} == {
        "Ole": "brother",
        "Sten": "brother",
        "Runa": "sister",
        "Ivar": "half brother",
    }


def test_declared_sayings_come_before_lines_that_are_often_said(answer: dict[str, Any]) -> None:
    assert answer["catchphrases"] == ["Pull twice, tie once.", "Gulls are not guests."]
    lines = ("Mind the rope, boy.", "Well.", "Mind the rope, boy!", "Good morning to you.", "Well.")
    found = profile(block("Mara mends old nets.", lines=lines), ())
    assert found is not None
    assert found["catchphrases"] == ["Mind the rope, boy."]


def test_a_document_that_states_nothing_of_the_character_gives_none() -> None:
    assert (
        profile(block("- Ana said of Mara: She is late.\n- I saw Mara.\n- The quay is long and wet."), ())
        is None
    )


def test_a_first_name_counts_only_where_it_is_used_and_a_family_name_only_where_it_leads() -> None:
    character = {"name": "Mara Lund", "aliases": ["the Mender"]}
    assert known_names(character, ["Mara mends."]) == ["the Mender", "Mara Lund", "Mara"]
    lund = ["In 1902 Lund left. Later Lund wrote. Then Lund returned, and Lund stayed."]
    assert known_names(character, lund) == ["the Mender", "Mara Lund", "Lund"]


def test_chinese_documents_give_facts_too() -> None:
    found = profile(
        block(
            "# 林娜\n\n## 性格\n\n林娜是港口的修网人，她很有耐心。她从不抱怨天气。", name="林娜", lang="zh"
        ),
        (),
    )
    assert found is not None
    assert [(fact["text"], fact["aspect"]) for fact in found["facts"]] == [
        ("林娜是港口的修网人，她很有耐心。", "personality")
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "In Memorabilia, he defends Mara from the harbour council.",
        "After Mara's trial, he left the quay for another harbour.",
        "The story begins when Mara is mending the great seine.",
        "Mara mended three hundred nets in one winter, according to Ines.",
        "On Ines's view, Mara's knots have a double meaning.",
    ],
)
def test_sentences_of_somebody_unnamed_or_somebody_s_view_are_no_facts(sentence: str) -> None:
    found = profile(block(f"Mara mends nets on the north quay. {sentence}"), ())
    assert found is not None
    assert [fact["text"] for fact in found["facts"]] == ["Mara mends nets on the north quay."]


@pytest.mark.parametrize(
    ("sentence", "aspect"),
    [
        ("Early pupils of Mara were independent menders of the coast.", "history"),
        ("Mara argued that the gulls were inherently wise birds.", "history"),
        ("Mara never speaks in her own voice in her dialogues.", "miscellaneous"),
        ("Mara has been called the mother of knots.", "miscellaneous"),
        ("Mara hopes to splice the longest rope of the coast.", "goals"),
    ],
)
def test_key_words_count_only_where_they_tell_of_the_character(sentence: str, aspect: str) -> None:
    found = profile(block(sentence), ())
    assert found is not None
    assert found["facts"][0]["aspect"] == aspect


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Mara's pupils included Bram, Ines, and Ole.",
            [("Bram", "pupil"), ("Ines", "pupil"), ("Ole", "pupil")],
        ),
        ("Bram became Mara's High Counselor, advising her in most things.", [("Bram", "High Counselor")]),
        ("Sten's daughter, Mara, looked on from the quay.", [("Sten", "parent")]),
        ("Like her teacher Ines, Mara aims at even meshes.", [("Ines", "teacher")]),
    ],
)
def test_relations_are_read_from_either_side(sentence: str, expected: list[tuple[str, str]]) -> None:
    found = profile(block(sentence), ())
    assert found is not None
    assert [(other["name"], other["relation"]) for other in found["relationships"]] == expected

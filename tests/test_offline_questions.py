"""Questions of the offline writer: grounded in one sentence, well formed, one answer, nothing asked twice."""

import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from rolescape_data.providers.offline.choices import _Draft
from rolescape_data.providers.offline.distractors import spelled
from rolescape_data.providers.offline.english.asked import Asked, number_prefix, self_contained
from rolescape_data.providers.offline.english.asking import asked_of
from rolescape_data.providers.offline.english.clauses import parse
from rolescape_data.providers.offline.english.names import Name, names_of
from rolescape_data.providers.offline.english.predicates import predicates_of
from rolescape_data.providers.offline.material import gap_of, material
from rolescape_data.providers.offline.meanings import meaning
from rolescape_data.providers.offline.profile import profile
from rolescape_data.providers.offline.questions import text_mcq, text_qa
from rolescape_data.records.answers import TextMCQAnswer, TextQAAnswer
from rolescape_data.spans import folded

STARTER = Path(__file__).parent.parent / "examples" / "starter" / "documents"
MCQ_KEYS = tuple(
    f"{level}_{n}" for level, count in (("easy", 4), ("medium", 4), ("hard", 2)) for n in range(1, count + 1)
)
QA_KEYS = tuple(f"qa_{n}" for n in range(1, 61))
SHE, HE = frozenset({"she", "her", "hers", "herself"}), frozenset({"he", "him", "his", "himself"})

NAMES = {
    "Oda": Name("Oda Wren", ("Oda Wren", "Oda"), SHE),
    "Quill": Name("Quill", ("Quill",), HE),
    "Plato": Name("Plato", ("Plato",), HE),
    "Konrad": Name("Konrad", ("Konrad",), HE),
}


def asked(name: str, sentence: str) -> list[Asked]:
    clause = parse(sentence, NAMES[name])
    return asked_of(clause, NAMES[name]) if clause else []


EXAMPLES = [
    ("Oda", "Oda keeps the tide lamp at the end of Long Pier.", "What does Oda keep at the end of Long Pier?", "the tide lamp"),
    ("Oda", "Oda keeps the tide lamp at the end of Long Pier.", "Where does Oda keep the tide lamp?", "at the end of Long Pier"),
    ("Oda", "Oda was born in the lamp house.", "Where was Oda born?", "in the lamp house"),
    ("Oda", "Oda was born in the winter of the long ice.", "When was Oda born?", "in the winter of the long ice"),
    ("Oda", "Oda's coat is red oilskin with six horn buttons.", "What is Oda's coat made of?", "red oilskin"),
    ("Oda", "Oda's hair is copper red and hangs in one long braid.", "What colour is Oda's hair?", "copper red"),
    ("Plato", "Plato founded the Academy in Athens.", "What did Plato found in Athens?", "the Academy"),
    ("Plato", "Plato founded the Academy in Athens.", "Where did Plato found the Academy?", "in Athens"),
    ("Oda", "Oda can trim a wick in the dark by touch.", "How can Oda trim a wick in the dark?", "by touch"),
    ("Oda", "Oda ties thirty-one different knots without looking.", "How many different knots does Oda tie without looking?", "thirty-one"),
    ("Oda", "Oda rows a skiff across the bay in eleven minutes.", "In how many minutes does Oda row a skiff across the bay?", "eleven"),
    ("Oda", "Oda became the keeper at twenty-four.", "At what age did Oda become the keeper?", "twenty-four"),
    ("Oda", "Oda eats supper with Marit Wren every Sunday.", "How often does Oda eat supper with Marit Wren?", "every Sunday"),
    ("Oda", "Oda eats supper with Marit Wren every Sunday.", "With whom does Oda eat supper every Sunday?", "Marit Wren"),
    ("Oda", "Oda buys buns from the baker Pell Garrow.", "From whom does Oda buy buns?", "the baker Pell Garrow"),
    ("Oda", "Oda's oldest friend is the net mender Sunniva Marl.", "Who is Oda's oldest friend?", "the net mender Sunniva Marl"),
    ("Oda", "Oda's mother, Marit Wren, lives in a blue cottage.", "Where does Oda's mother, Marit Wren, live?", "in a blue cottage"),
    ("Oda", "Oda's mother, Marit Wren, lives in a blue cottage.", "What is the name of Oda's mother?", "Marit Wren"),
    ("Oda", "Oda becomes very polite when she is angry.", "When does Oda become very polite?", "when she is angry"),
    ("Oda", "Oda hums an old song while she cleans glass.", "What does Oda do while she cleans glass?", "hums an old song"),
    ("Oda", "Oda keeps the lamp burning because her mother promised a light.", "Why does Oda keep the lamp burning?", "because her mother promised a light"),
    ("Oda", "Oda climbs forty-four steps to reach the lamp room.", "Why does Oda climb forty-four steps?", "to reach the lamp room"),
    ("Oda", "Oda hopes to replace the cracked pane before the spring.", "What does Oda hope to do before the spring?", "replace the cracked pane"),
    ("Oda", "Oda has never been able to whistle.", "What has Oda never been able to do?", "whistle"),
    ("Oda", "Oda is patient with children and old dogs.", "Who is Oda patient with?", "children and old dogs"),
    ("Oda", "Oda named the stove Little Edric.", "What did Oda name the stove?", "Little Edric"),
    ("Oda", "Oda's birthday is the third of February.", "When is Oda's birthday?", "the third of February"),
    ("Oda", "Oda has grey-green eyes with fine lines.", "What kind of eyes does Oda have?", "grey-green eyes with fine lines"),
    ("Oda", "Oda's jumper was knitted from undyed wool.", "What was Oda's jumper knitted from?", "undyed wool"),
    ("Oda", "Oda addresses the tide lamp as old girl.", "What does Oda address the tide lamp as?", "old girl"),
    ("Oda", "Tobin Ash is an apprentice whom Oda treats like a cousin.", "Who is Tobin Ash to Oda?", "an apprentice whom Oda treats like a cousin"),
    ("Oda", "Oda's skiff has two oars and a mast, which is rare.", "What does Oda's skiff have?", None),
    ("Quill", "Quill is twenty-three years old, which is a great age for a heron.", "How old is Quill?", "twenty-three years old"),
    ("Quill", "In his second year of office, Quill mapped every loose plank.", "When did Quill map every loose plank?", "in his second year of office"),
    ("Konrad", "The merfolk finally saved Konrad from the sea, but were too late.", "Who finally saved Konrad from the sea?", "the merfolk"),
    ("Konrad", "Konrad sent some of the merfolk to investigate the noise.", "Why did Konrad send some of the merfolk?", "to investigate the noise"),
    ("Quill", "Quill's first spoken word was incorrect.", "What was Quill's first spoken word?", "incorrect"),
    ("Quill", "Quill's rival is a herring gull.", "Who is Quill's rival?", "a herring gull"),
    ("Quill", "Quill hopes to win the race at eighty.", "At what age does Quill hope to win the race?", "eighty"),
    ("Quill", "Quill eats four sprats at seven.", "At what time does Quill eat four sprats?", "at seven"),
    ("Quill", "Quill is recorded in Oda's ledger under the heading of Herons, Grey.", "Where is Quill recorded?", "in Oda's ledger under the heading of Herons, Grey"),
    ("Konrad", "Konrad emerged from the catacombs into icy blackness.", "From where did Konrad emerge into icy blackness?", "the catacombs"),
    ("Oda", "Oda has patched her scarf with thread in five different yellows.", "What has Oda patched with thread in five different yellows?", "her scarf"),
    ("Oda", "Oda carries a brass lantern with a dent.", "What does Oda carry?", "a brass lantern with a dent"),
    ("Plato", "According to Philodemus, Plato was buried in the garden of his academy.", "According to Philodemus, where was Plato buried?", "in the garden of his academy"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sentence", "question", "answer"), EXAMPLES, ids=lambda value: str(value)[:40]
)
def test_a_sentence_answers_the_question_that_it_was_turned_into(
    name: str, sentence: str, question: str, answer: str | None
) -> None:
    found = {item.question: item.answer for item in asked(name, sentence)}
    assert found.get(question) == answer


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Plato", "He was a member of an aristocratic family."),
        ("Plato", "This made Plato famous in Athens."),
        ("Plato", "Plato may have travelled to Italy, Sicily and Egypt."),
        ("Plato", 'Plato said: "Know thyself."'),
        ("Oda", "Broad in the shoulder and sparing with words, Oda wears a red coat."),
        ("Oda", "Oda prefers rain to wind and wind to fog."),
        ("Oda", "Oda owes the ferryman Bram Holt one new oar."),
        ("Oda", "Why does Oda sing?"),
        ("Konrad", "I entered the chambers of Prince Konrad."),
        ("Oda", "Oda's name is famous."),
        ("Oda", "Oda talks fast and starts a new thought before the last is told."),
        ("Oda", "Oda is the undisputed queen of the pier and approaches life with calm."),
        ("Konrad", "Konrad's army (and others"),
    ],
)
def test_a_sentence_that_does_not_come_apart_cleanly_is_not_asked_about(name: str, sentence: str) -> None:
    assert asked(name, sentence) == []


@pytest.mark.parametrize(
    ("question", "good"),
    [
        ("What does Oda keep in her left pocket?", True),
        ("What does she keep in her left pocket?", False),
        ("What does Oda keep in his left pocket?", False),
        ("What does Oda do before learning their names?", False),
        ("When does Oda call people by their trade?", True),
        ("What did Oda do in her first summer as its keeper?", False),
    ],
)
def test_a_question_stands_alone_when_it_names_the_character_and_every_pronoun_has_its_word(
    question: str, good: bool
) -> None:
    assert self_contained(question, NAMES["Oda"]) is good


@cache
def starter(character: str) -> dict[str, Any]:
    who = {
        "id": character,
        "name": {"oda-wren": "Oda Wren", "tobin-ash": "Tobin Ash", "quill": "Quill"}[character],
    }
    who |= {"aliases": [], "category": "fictional", "script": "", "lang": "en"}
    files = sorted((STARTER / character).iterdir())
    documents = [{"name": path.name, "text": path.read_text(encoding="utf-8")} for path in files]
    made = profile({"character": who, "documents": documents, "spoken_lines": []})
    assert made is not None
    facts = [
        {
            "fact_id": f"fact_{at:03d}",
            "text": fact["text"],
            "aspect": fact["aspect"],
            "evidence": fact["evidence"],
        }
        for at, fact in enumerate(made["facts"], 1)
    ]
    return {
        "character": who,
        "facts": facts,
        "used": [],
        "avoid": [],
        "sources": "\n".join(d["text"] for d in documents),
    }


@cache
def written(character: str) -> tuple[dict[str, Any], dict[str, Any]]:
    block = starter(character)
    open_ones = text_qa(block, QA_KEYS) or {}
    block = block | {"avoid": [item["question"] for item in open_ones.values()]}
    return open_ones, text_mcq(block, MCQ_KEYS) or {}


def jaccard(one: str, other: str) -> float:
    first, second = set(folded(one).split()), set(folded(other).split())
    return len(first & second) / len(first | second)


CHARACTERS = ("oda-wren", "tobin-ash", "quill")


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_rich_profile_fills_every_cell_of_both_blueprints(character: str) -> None:
    open_ones, choices = written(character)
    assert tuple(open_ones) == QA_KEYS
    assert tuple(choices) == MCQ_KEYS
    for item in open_ones.values():
        TextQAAnswer.model_validate(item)
    for item in choices.values():
        TextMCQAnswer.model_validate(item)


@pytest.mark.parametrize("character", CHARACTERS)
def test_every_answer_stands_in_its_evidence_and_every_evidence_in_a_document(character: str) -> None:
    block, (open_ones, choices) = starter(character), written(character)
    known = {fact["fact_id"]: fact for fact in block["facts"]}
    for item in [*open_ones.values(), *choices.values()]:
        assert [known[fact_id]["evidence"] for fact_id in item["fact_ids"]] == item["evidence"]
        assert all(passage in block["sources"] for passage in item["evidence"])
    for item in open_ones.values():
        if item["difficulty"] != "hard":
            assert folded(item["answer"]) in folded(item["evidence"][0])
            assert 1 <= len(item["answer"].split()) <= 30


@pytest.mark.parametrize("character", CHARACTERS)
def test_no_fact_is_asked_twice_and_no_question_nearly_copies_another(character: str) -> None:
    open_ones, choices = written(character)
    for items in (open_ones, choices):
        facts = [fact_id for item in items.values() for fact_id in item["fact_ids"]]
        assert len(facts) == len(set(facts))
    questions = [item["question"] for item in (*open_ones.values(), *choices.values())]
    assert all(jaccard(one, other) < 0.7 for one, other in combinations(questions, 2))


@pytest.mark.parametrize("character", CHARACTERS)
def test_questions_name_the_character_end_with_a_mark_and_gaps_are_few(character: str) -> None:
    open_ones, _ = written(character)
    first = starter(character)["character"]["name"].split()[0]
    gaps = [item for item in open_ones.values() if "____" in item["question"]]
    assert len(gaps) <= len(open_ones) / 3
    for item in open_ones.values():
        assert first in item["question"]
        assert item["question"].endswith("?")
        assert item["question"][0].isupper()
        assert not re.search(r"[{}\[\]*_#]", item["question"].replace("____", ""))
        assert item["confidence"] == (0.8 if item in gaps else 1.0)


@pytest.mark.parametrize("character", CHARACTERS)
def test_options_are_distinct_apart_and_not_named_in_any_stem(character: str) -> None:
    _, choices = written(character)
    for item in choices.values():
        options = list(item["options"].values())
        assert len({option.casefold() for option in options}) == 4
        assert all(1 <= len(option.split()) <= 20 for option in options)
        for one, other in combinations(options, 2):
            assert f" {folded(one)} " not in f" {folded(other)} "
            assert f" {folded(other)} " not in f" {folded(one)} "
        for other in choices.values():
            assert f" {folded(item['options']['A'])} " not in f" {folded(other['question'])} "


@pytest.mark.parametrize("character", CHARACTERS)
def test_the_length_of_an_option_does_not_give_the_answer_away(character: str) -> None:
    _, choices = written(character)
    longest = 0
    for item in choices.values():
        right, *wrong = item["options"].values()
        longest += all(len(right) > len(option) for option in wrong)
        assert 0.6 <= 3 * len(right) / sum(map(len, wrong)) <= 1.6
    assert longest <= 0.35 * len(choices)


@pytest.mark.parametrize("character", CHARACTERS)
def test_ten_choices_spread_over_eight_aspects_and_hard_ones_take_different_forms(character: str) -> None:
    _, choices = written(character)
    assert len({item["aspect"] for item in choices.values()}) >= 8
    hard = [item for key, item in choices.items() if key.startswith("hard")]
    assert all(len(item["fact_ids"]) >= 2 for item in hard)
    assert len({len(item["fact_ids"]) for item in hard}) == 2
    assert all("hard because" in item["rationale"] for item in hard)


@pytest.mark.parametrize("character", CHARACTERS)
def test_no_fact_supports_a_wrong_option_of_a_plain_question(character: str) -> None:
    block, (_, choices) = starter(character), written(character)
    for key, item in choices.items():
        if not key.startswith("hard"):
            evidence = f" {folded(item['evidence'][0])} "
            for option in list(item["options"].values())[1:]:
                assert f" {folded(option)} " not in evidence
    for item in choices.values():
        if item["question"].endswith("does the profile not make?"):
            stated = [folded(fact["text"]) for fact in block["facts"]]
            right, *wrong = item["options"].values()
            assert not any(folded(right) in text for text in stated)
            assert all(folded(option) in stated for option in wrong)


def test_the_same_material_gives_the_same_questions() -> None:
    block = starter("quill")
    assert text_qa(block, QA_KEYS) == written("quill")[0]


def test_a_second_round_repeats_nothing_of_the_first() -> None:
    block = starter("oda-wren")
    first = written("oda-wren")[0]
    again = text_qa(block | {"used": [item["question"] for item in first.values()]}, QA_KEYS[:10]) or {}
    assert len(again) == 10
    assert all(jaccard(a["question"], b["question"]) < 0.7 for a in again.values() for b in first.values())


def test_a_choice_over_two_facts_joins_what_is_of_one_aspect_where_it_can() -> None:
    alike = 0
    for character in CHARACTERS:
        aspects = {fact["fact_id"]: fact["aspect"] for fact in starter(character)["facts"]}
        joined = [item["fact_ids"] for item in written(character)[1].values() if len(item["fact_ids"]) == 2]
        alike += sum(aspects[first] == aspects[second] for first, second in joined)
    assert alike >= 2


def test_hard_open_questions_need_two_facts() -> None:
    hard = [item for item in written("oda-wren")[0].values() if item["difficulty"] == "hard"]
    assert hard
    assert all(len(item["fact_ids"]) == 2 and item["type"] in {"comparison", "list"} for item in hard)
    facts = {fact["fact_id"]: fact for fact in starter("oda-wren")["facts"]}
    joined = [[facts[name] for name in item["fact_ids"]] for item in hard if item["type"] == "list"]
    assert joined
    for one, other in joined:
        both = (meaning(one["text"]) & meaning(other["text"])) - meaning("Oda Wren")
        assert one["aspect"] == other["aspect"] or both


def fact(text: str, number: int = 1, aspect: str = "background") -> dict[str, str]:
    return {"fact_id": f"fact_{number:03d}", "text": text, "aspect": aspect, "evidence": text}


def block_of(*facts: dict[str, str], name: str = "Bo", lang: str = "en") -> dict[str, Any]:
    return {
        "character": {"id": "x", "name": name, "aliases": [], "lang": lang},
        "facts": list(facts),
        "used": [],
    }


@pytest.mark.parametrize(
    ("text", "name", "lang", "question", "answer"),
    [
        ("Breed: Shiba Inu", "Bo", "en", "What is Bo's breed?", "Shiba Inu"),
        ("*   **Breed:** Shiba Inu", "Bo", "en", "What is Bo's breed?", "Shiba Inu"),
        ("Hobbies: chess and rowing", "Bo", "en", "What are Bo's hobbies?", "chess and rowing"),
        ("年龄：十七岁", "小林", "zh", "小林的年龄是什么？", "十七岁"),
    ],
)
def test_key_and_value_are_asked_for_in_the_language_of_the_character(
    text: str, name: str, lang: str, question: str, answer: str
) -> None:
    found = text_qa(block_of(fact(text), name=name, lang=lang), ("qa_1",))
    assert found is not None
    assert (found["qa_1"]["question"], found["qa_1"]["answer"]) == (question, answer)


def test_sentences_of_other_languages_and_empty_material_are_a_shortfall() -> None:
    assert text_qa(block_of(fact("小林住在海边的灯塔里。"), name="小林", lang="zh"), QA_KEYS) is None
    assert text_qa(block_of(), QA_KEYS) is None
    assert text_mcq(block_of(fact("Breed: Shiba Inu")), MCQ_KEYS) is None


def test_a_question_with_two_answers_is_not_asked() -> None:
    found = text_qa(block_of(fact("Bo chases the red ball."), fact("Bo chases a grey cat.", 2)), QA_KEYS)
    assert found is None or all("____" in item["question"] for item in found.values())


@pytest.mark.parametrize(
    ("phrase", "value"),
    [("four hundred and twelve paces", 412), ("forty-four steps", 44), ("1,200 ships", 1200), ("one oar", 1)],
)
def test_numbers_are_read_from_words_and_figures(phrase: str, value: int) -> None:
    split = number_prefix(phrase)
    assert split is not None
    assert split[1] == value


def test_numbers_are_written_as_they_are_read() -> None:
    for number in range(2, 1000):
        split = number_prefix(f"{spelled(number)} paces")
        assert split is not None
        assert split[1:] == (number, "paces")


def test_what_one_does_all_the_time_is_not_asked_for_bare() -> None:
    facts = [
        "Oda believes that the tide keeps its own appointments.",
        "Oda also discusses the weather with the gulls at noon.",
        "Oda learned about tides in the lamp house.",
        "Oda wears brass goggles with two lenses.",
    ]
    block = {
        "character": {"id": "oda", "name": "Oda", "lang": "en"},
        "facts": [
            {"fact_id": f"fact_{n:03d}", "text": text, "aspect": "history", "evidence": text}
            for n, text in enumerate(facts, 1)
        ],
    }
    questions = [item["question"] for item in (text_qa(block, QA_KEYS[:6]) or {}).values()]
    assert questions
    assert not [question for question in questions if " also " in question and "____" not in question]
    assert not {
        "What does Oda believe?",
        "What does Oda discuss?",
        "What did Oda learn about?",
        "What does Oda wear?",
    } & set(questions)


def test_who_somebody_is_is_asked_only_where_the_document_begins() -> None:
    def question(fact_id: str) -> str:
        text = "Oda is a keeper of the tide lamp in Saltmarrow."
        facts = [{"fact_id": fact_id, "text": text, "aspect": "background", "evidence": text}]
        found = text_qa({"character": {"id": "oda", "name": "Oda", "lang": "en"}, "facts": facts}, ("qa_1",))
        return str(found["qa_1"]["question"]) if found else ""

    assert question("fact_001") == "Who is Oda?"
    assert question("fact_044") != "Who is Oda?"


def test_an_ending_that_may_be_a_noun_or_a_second_verb_is_not_cut() -> None:
    assert (
        asked("Konrad", "Konrad led his men through lonely corridors and abandoned tunnels for four days.")
        == []
    )


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("Rex is the king of his house and approaches life with a mix of calm and wit.", "What is Rex the king of?", "his house"),
        ("Rex is the king of his house and approaches life with a mix of calm and wit.", "What does Rex approach life with?", "a mix of calm and wit"),
        ("Rex is a calm dog who carries himself with a quiet dignity.", "How does Rex carry himself?", "with a quiet dignity"),
        ("Rex is a master at posing for photos, fully aware of his handsome ears.", "What is Rex fully aware of?", "his handsome ears"),
        ('While quick to offer a "net smile," Rex keeps apart.', "What is Rex quick to offer?", "net smile"),
        ('Rex often refers to his owner as "the boss" and sometimes barks at gulls.', "What does Rex often refer to his owner as?", '"the boss"'),
        ("Rex's temper is filled with small storms.", "What is Rex's temper filled with?", "small storms"),
    ],
)  # fmt: skip
def test_each_predicate_of_a_statement_is_asked_for_by_itself(
    sentence: str, question: str, answer: str
) -> None:
    found = predicates_of(sentence, names_of({"name": "Rex"}, [sentence]))
    assert {asked.question: asked.answer for asked in found}.get(question) == answer


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("Ines left the long quay of Skerry for the harbour of Carrow in 1902.", "1902"),
        ("Ines taught the young prince of the island beginning in 343 BC.", "343 BC"),
        ("Ines left the long quay of Skerry for the harbour of Carrow.", None),
        ("Ines was a polarizing figure of her days in the town society.", None),
    ],
)
def test_only_a_gap_with_one_true_filling_is_asked(statement: str, answer: str | None) -> None:
    found = gap_of(statement, names_of({"name": "Ines"}, [statement]))
    assert (found.answer if found else None) == answer


def _choices(*facts: str) -> dict[str, Any]:
    block = {
        "character": {"name": "Ines"},
        "facts": [
            {"fact_id": f"fact_{place:03}", "text": text, "aspect": "history", "evidence": text}
            for place, text in enumerate(facts, 1)
        ],
    }
    return text_mcq(block, ("easy_1", "easy_2", "medium_1", "medium_2")) or {}


def test_thoughts_that_cannot_stand_in_each_other_s_place_make_no_options() -> None:
    made = _choices(
        "Ines challenged the views of her times.",
        "Ines exerted a strong influence on the menders of Carrow.",
        "Ines initiated the dialogue with a question.",
        "Ines used a more complex pattern of irony in her letters.",
    )
    assert made == {}


def test_beside_always_no_other_time_is_a_wrong_option() -> None:
    others = (
        "Ines won the sculling race in the late autumn.",
        "Ines lost her left boot in the long winter.",
        "Ines painted the whole quay on a cold morning.",
    )
    assert _choices("Ines mended the great clock in the dry summer.", *others)
    made = _choices("Ines mended the great clock in every summer.", *others)
    assert not any(item["options"]["A"] == "in every summer" for item in made.values())


def test_an_option_set_serves_one_question() -> None:
    draft = _Draft(material({"character": {"name": "Ines"}, "facts": []}), [], 4)
    options = ("a red lantern", "a brass compass", "a church organ", "a stone whistle")
    assert draft.fits("What does Ines keep above the stove?", options)
    draft.take("What does Ines keep above the stove?", options, ("fact_001",), "history", "what")
    again = (options[1], options[0], options[2], "a bone comb")
    assert not draft.fits("Which thing is carried by Ines in her winter coat?", again)
    assert draft.fits(
        "Which thing is carried by Ines in her winter coat?", (*again[:2], "a comb", "an old oar")
    )


def test_a_reason_without_content_is_no_answer() -> None:
    facts = [
        {"fact_id": "fact_001", "aspect": "history", "text": "Ines sent some of the boys to investigate."}
    ]
    facts[0]["evidence"] = facts[0]["text"]
    found = text_qa({"character": {"name": "Ines"}, "facts": facts}, ("qa_1",)) or {}
    assert not [item for item in found.values() if item["question"].startswith("Why")]

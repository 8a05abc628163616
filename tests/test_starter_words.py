"""The words of the starter set keep the rules that the pipeline's readers rely on."""

import json
import re
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

STARTER = Path(__file__).parent.parent / "examples" / "starter"
NAMES = {"oda-wren": "Oda Wren", "tobin-ash": "Tobin Ash", "quill": "Quill"}
PREFIXES = {"Oda Wren": "oda-", "Tobin Ash": "tobin-", "Quill": "quill-"}
ASPECTS = {
    "Background/Origin",
    "Personality/Traits",
    "Abilities/Skills",
    "Relationships",
    "Preferences/Habits",
    "Appearance",
    "History/Timeline",
    "Quotes/Speech",
    "Goals/Motivations",
    "Miscellaneous Facts",
}
ATTRIBUTES = {"expression", "pose", "setting", "style", "lighting", "colour", "composition", "prop", "outfit"}
SAYING = re.compile(r'- "(.+)"')
NOT_SPOKEN = re.compile(r"[*\"“”\[\](){}]|\b(?:scene|script|camera|picture|image|frame)s?\b", re.IGNORECASE)
PASSAGE_SCENE = 51  # Scenes from here on hold one short answer and one long passage about one picture.

Line = dict[str, Any]


def read_documents(character: str) -> tuple[str, dict[str, list[str]], list[str]]:
    """Return a character's introduction, its facts by aspect and its sayings."""
    introduction, facts, sayings = "", dict[str, list[str]](), list[str]()
    for path in sorted((STARTER / "documents" / character).iterdir()):
        aspect = ""
        for row in path.read_text(encoding="utf-8").splitlines():
            if row.startswith("## "):
                aspect = row.removeprefix("## ")
                assert aspect not in facts, f"{path.name}: '{aspect}' is a heading twice"
                facts[aspect] = []
            elif not row.strip() or row.startswith("# "):
                continue
            elif not aspect:
                introduction += row
            elif saying := SAYING.fullmatch(row):
                sayings.append(saying[1])
            else:
                facts[aspect] += re.split(r"(?<=[.!?])\s+", row.removeprefix("- ").strip())
    return introduction, facts, sayings


def read_rows(path: Path) -> list[Line]:
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]


def read_scenes() -> dict[str, list[Line]]:
    scenes: dict[str, list[Line]] = {}
    for line in read_rows(STARTER / "lines" / "saltmarrow.jsonl"):
        scenes.setdefault(line["scene"], []).append(line)
    return scenes


def own_lines(speaker: str) -> list[str]:
    return [line["text"] for lines in read_scenes().values() for line in lines if line["speaker"] == speaker]


def length(text: str) -> int:
    return len(text.split())


def opening(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower())[:3])


def scenes_of(*speakers: str) -> dict[str, list[Line]]:
    """Return the scenes, passages aside, in which exactly these two speak."""
    return {
        name: lines
        for name, lines in read_scenes().items()
        if {line["speaker"] for line in lines} == set(speakers) and int(name[:2]) < PASSAGE_SCENE
    }


@pytest.mark.parametrize("character", NAMES)
def test_documents_cover_ten_aspects_with_twelve_facts_each(character: str) -> None:
    introduction, facts, _ = read_documents(character)
    assert set(facts) == ASPECTS
    assert 45 <= length(introduction) <= 70
    assert {aspect: len(found) for aspect, found in facts.items() if len(found) < 12} == {}
    assert sum(map(len, facts.values())) >= 135


@pytest.mark.parametrize("character", NAMES)
def test_every_fact_is_one_sentence_that_names_its_character(character: str) -> None:
    _, facts, _ = read_documents(character)
    first_name = NAMES[character].split()[0]
    for fact in (fact for found in facts.values() for fact in found):
        assert 6 <= length(fact) <= 24, fact
        # A short phrase of time may come first, nothing else: the name is the grammatical subject.
        assert re.match(rf"(?:(?:At|In) [^,.]+, )?{first_name}\b", fact), fact
        assert re.fullmatch(r"[A-Z][^.!?]*\.", fact), fact
        assert not re.search(r"\b(?:I|my|we|our)\b", fact), fact


@pytest.mark.parametrize("character", NAMES)
def test_no_two_facts_of_a_character_state_the_same_thing(character: str) -> None:
    _, facts, _ = read_documents(character)
    every = [fact for found in facts.values() for fact in found]
    plain = {"a", "an", "the", "of", "in", "to", "s", "and", "is", "has", *NAMES[character].lower().split()}
    words = {fact: set(re.findall(r"\w+", fact.lower())) - plain for fact in every}
    assert len(words) == len(every)
    for one, other in combinations(every, 2):
        shared = len(words[one] & words[other]) / len(words[one] | words[other])
        assert shared < 0.45, (one, other)


@pytest.mark.parametrize("character", NAMES)
def test_the_other_two_and_four_townspeople_appear_among_the_relationships(character: str) -> None:
    _, facts, _ = read_documents(character)
    text = " ".join(facts["Relationships"])
    others = [name for other, name in NAMES.items() if other != character]
    assert all(name in text for name in others)
    townspeople = ["Marit", "Edric", "Bram Holt", "Pell Garrow", "Sunniva Marl", "Dorrit Lamb", "Ines Vell"]
    assert sum(person in text for person in townspeople) >= 4


@pytest.mark.parametrize("character", NAMES)
def test_each_saying_is_spoken_in_two_to_four_lines(character: str) -> None:
    _, _, sayings = read_documents(character)
    assert len(sayings) == 5
    spoken = [text.lower() for text in own_lines(NAMES[character])]
    for saying in sayings:
        assert length(saying) <= 14
        assert 2 <= sum(saying.rstrip(".!").lower() in text for text in spoken) <= 4, saying


def test_lines_are_counted_from_one_in_every_scene() -> None:
    for name, lines in read_scenes().items():
        assert [line["line"] for line in lines] == list(range(1, len(lines) + 1)), name
        assert all(set(line) == {"scene", "line", "speaker", "text", "image"} for line in lines), name


def test_lines_hold_spoken_words_of_five_to_sixty_words() -> None:
    for name, lines in read_scenes().items():
        for line in lines:
            assert not NOT_SPOKEN.search(line["text"]), (name, line["text"])
            longest = 60 if int(name[:2]) < PASSAGE_SCENE else 120
            assert 5 <= length(line["text"]) <= longest, (name, line["line"])


@pytest.mark.parametrize("speaker", NAMES.values())
def test_a_character_has_170_lines_none_twice_and_no_habitual_opening(speaker: str) -> None:
    lines = own_lines(speaker)
    assert len(lines) >= 170
    assert len(set(lines)) == len(lines)
    phrase, count = Counter(map(opening, lines)).most_common(1)[0]
    assert count <= 0.04 * len(lines), phrase


@pytest.mark.parametrize("speaker", NAMES.values())
def test_ten_scenes_alternate_between_the_visitor_and_the_character(speaker: str) -> None:
    scenes = scenes_of("Visitor", speaker)
    assert len(scenes) == 10
    for name, lines in scenes.items():
        assert 6 <= len(lines) <= 12, name
        assert [line["speaker"] for line in lines] == (["Visitor", speaker] * 6)[: len(lines)], name
        assert any(line["image"] for line in lines), name
        for line in lines:
            least, most = (5, 35) if line["speaker"] == "Visitor" else (8, 60)
            assert least <= length(line["text"]) <= most, (name, line["line"])


@pytest.mark.parametrize(("one", "other"), list(combinations(NAMES.values(), 2)))
def test_each_pair_of_characters_alternates_in_five_scenes(one: str, other: str) -> None:
    scenes = scenes_of(one, other)
    assert len(scenes) == 5
    for name, lines in scenes.items():
        assert 7 <= len(lines) <= 13, name
        assert all(before["speaker"] != after["speaker"] for before, after in pairwise(lines)), name
        assert any(line["image"] for line in lines), name


@pytest.mark.parametrize("speaker", NAMES.values())
def test_ten_long_passages_answer_a_visitor_beside_a_picture(speaker: str) -> None:
    passages = [
        (before, line)
        for name, lines in read_scenes().items()
        if int(name[:2]) >= PASSAGE_SCENE
        for before, line in pairwise(lines)
        if line["speaker"] == speaker and length(line["text"]) > 60
    ]
    assert len(passages) == 10
    for before, line in passages:
        assert 62 <= length(line["text"]) <= 120, line["scene"]
        assert before["speaker"] == "Visitor" and length(before["text"]) <= 25, line["scene"]
        assert line["image"], line["scene"]


@pytest.mark.parametrize("character", NAMES)
def test_every_planned_picture_has_a_prompt_and_a_reply_beside_it(character: str) -> None:
    speaker = NAMES[character]
    planned = {note["image"] for note in read_rows(STARTER / "pictures" / character / "notes.jsonl")}
    beside, replied = set[str](), set[str]()
    for lines in read_scenes().values():
        for before, line in pairwise([{"speaker": "", "text": "", "image": None}, *lines]):
            if line["image"] is None or not line["image"].startswith(PREFIXES[speaker]):
                continue
            assert line["speaker"] == speaker, line
            assert before["speaker"] not in ("", speaker), line
            beside.add(line["image"])
            if 8 <= length(line["text"]) <= 60 and 5 <= length(before["text"]) <= 34:
                replied.add(line["image"])
    assert beside == replied == planned


@pytest.mark.parametrize("character", NAMES)
def test_each_character_has_eighteen_notes_that_open_differently(character: str) -> None:
    notes = read_rows(STARTER / "pictures" / character / "notes.jsonl")
    assert len({note["image"] for note in notes}) == len(notes) == 18
    assert len({opening(note["note"]) for note in notes}) == len(notes)
    for note in notes:
        assert 35 <= length(note["note"]) <= 60, note["image"]
        assert 2 <= len(re.findall(r"[.!?](?:\s|$)", note["note"])) <= 3, note["image"]
        assert set(note["attributes"]) == ATTRIBUTES
        assert all(phrase.strip() for phrase in note["attributes"].values()), note["image"]


@pytest.mark.parametrize("character", NAMES)
def test_noted_pictures_are_in_the_folder(character: str) -> None:
    folder = STARTER / "pictures" / character
    notes = read_rows(folder / "notes.jsonl")
    assert [note["image"] for note in notes if not (folder / note["image"]).is_file()] == []


@pytest.mark.parametrize("character", NAMES)
def test_a_third_of_the_pictures_are_annotated_as_mmrole_does(character: str) -> None:
    folder = STARTER / "pictures" / character
    noted = {note["image"] for note in read_rows(folder / "notes.jsonl")}
    annotations = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    images = {annotation["image"] for annotation in annotations}
    assert len(images) == len(annotations) == 6
    assert images <= noted
    limits = {"role_info": 40, "place_info": 15, "scene_info": 60}
    for annotation in annotations:
        assert set(annotation) == {"image", *limits}
        for field, limit in limits.items():
            assert 0 < length(annotation[field]) <= limit, (annotation["image"], field)

"""A set in RoleScape-20's released layout, with each of the faults of the published one in a known number.

Names, words and pictures are made up here, by seed. Without its faults the set breaks no hard rule, so that an audit of the
faulty one has to find exactly these.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from released_counts import alike

NAMES = [
    "Tessa Quill",
    "Oren Vash",
    "Lida Marsh",
    "Bertil Crane",
    "Nuala Fenwick",
    "Pavel Orchard",
    "Imre Salt",
    "Dagny Holm",
    "Rufus Teal",
    "Maren Lock",
    "Silas Wren",
    "Greta Moor",
    "Anton Reed",
    "Hilde Frost",
    "Caspar Dune",
    "Edda Birch",
    "Jonas Flint",
    "Vera Stone",
    "Milo Thorn",
    "Agnes Pike",
]
_NOUNS = [
    "lantern",
    "kettle",
    "barrow",
    "ladder",
    "anchor",
    "basket",
    "mirror",
    "spoon",
    "hammer",
    "candle",
    "blanket",
    "bucket",
    "carpet",
    "fiddle",
    "hinge",
    "jacket",
    "needle",
    "orchard",
    "paddle",
    "quilt",
    "ribbon",
    "saddle",
    "teapot",
    "umbrella",
    "violin",
    "wagon",
    "apron",
    "button",
    "cradle",
    "drum",
    "easel",
    "feather",
    "glove",
    "helmet",
    "inkwell",
    "jug",
    "kite",
    "locket",
    "mallet",
    "napkin",
    "oar",
    "pillow",
    "rake",
    "sieve",
    "thimble",
    "urn",
    "vase",
    "whistle",
    "anvil",
    "bellows",
    "compass",
    "dagger",
    "engine",
    "flute",
]
_ADJECTIVES = [
    "old",
    "narrow",
    "bright",
    "heavy",
    "quiet",
    "broken",
    "polished",
    "crooked",
    "rusty",
    "painted",
    "hollow",
    "patient",
    "frozen",
    "gentle",
    "dusty",
    "slender",
    "silver",
    "woven",
    "clumsy",
    "humble",
    "stubborn",
    "golden",
    "faded",
    "sturdy",
    "tiny",
]
_VERBS = [
    "mend",
    "carry",
    "paint",
    "polish",
    "borrow",
    "hide",
    "sharpen",
    "count",
    "bury",
    "lend",
    "trade",
    "draw",
    "weigh",
    "fetch",
    "clean",
    "repair",
    "collect",
    "guard",
    "lose",
    "find",
]
_PLACES = [
    "market",
    "mill",
    "harbour",
    "attic",
    "cellar",
    "bridge",
    "tower",
    "garden",
    "stable",
    "forge",
    "chapel",
    "quarry",
    "meadow",
    "bakery",
    "school",
    "library",
    "island",
    "valley",
    "station",
    "theatre",
]
_TOWNS = [
    "Norrow",
    "Eastham",
    "Kelding",
    "Saltby",
    "Varnholt",
    "Dunmere",
    "Ostrava",
    "Pellworm",
    "Quarley",
    "Ristow",
    "Thale",
    "Ulfby",
    "Wexcombe",
    "Yarrow",
    "Zennor",
    "Arden",
    "Bramley",
    "Corvin",
    "Delph",
    "Elmer",
]
_CHINESE = (
    "我每天晚上都点亮灯塔里的灯，自从那场大风暴以来，从来没有停过一天。",
    "明天早上请你到码头来找我，我们一起把那条旧船修好再出海。",
    "他们说山谷里的钟声可以传得很远，可是我从来没有听见过。",
)
_COMMON = "{adj} {noun} {prep} the {adj2} {place}"


@dataclass(frozen=True)
class Faults:
    """How often each fault is put into the set; all none makes a sound one."""

    letters: tuple[int, int, int, int] = (50, 50, 50, 50)
    visual_letters: tuple[int, int, int, int] = (50, 50, 50, 50)
    leaks: int = 0
    loose_evidence: int = 0
    invented_evidence: int = 0
    numeric_items: int = 0
    odd_types: int = 0
    pictures_with_19: int = 0
    pictures_with_4: int = 0
    stray_keys: int = 0
    jpegs: int = 0
    small_pictures: int = 0
    shared_pictures: int = 0
    near_questions: int = 0
    repeated_inputs: int = 0
    tested_inputs: int = 0
    missing_probes: int = 0
    ai_tone: int = 0
    prefixes: int = 0
    stage_directions: int = 0
    placeholders: int = 0
    foreign_lines: int = 0
    pii: int = 0
    wrong_language: int = 0


FAULTY = Faults(
    letters=(7, 83, 99, 11),
    visual_letters=(24, 114, 58, 4),
    leaks=36,
    loose_evidence=58,
    invented_evidence=25,
    numeric_items=6,
    odd_types=9,
    pictures_with_19=5,
    pictures_with_4=1,
    stray_keys=30,
    jpegs=4,
    small_pictures=3,
    shared_pictures=1,
    near_questions=12,
    repeated_inputs=10,
    tested_inputs=6,
    missing_probes=7,
    ai_tone=3,
    prefixes=2,
    stage_directions=5,
    placeholders=2,
    foreign_lines=4,
    pii=2,
    wrong_language=3,
)

QA, MCQ, DIALOGUES, TESTED, PROBES, OPEN, CHOICES = 12, 10, 14, 3, 20, 20, 5
TRAINED_PICTURES = 2

RECIPE = f"""\
about: What a set of tests owes.
kinds:
  text_qa: {{count: {QA}, split: train}}
  text_mcq: {{mix: {{easy: 4, medium: 4, hard: 2}}, split: test_id}}
  text_dialogue: {{count: {DIALOGUES + TESTED}, split: {{test_id: {TESTED}}}}}
  probe: {{mix: {{memorization: {PROBES}, personality: {PROBES}}}, split: test_id}}
  visual_qa: {{per_image_mix: {{objective: 15, subjective: 5}}, split: by_image}}
  visual_mcq: {{per_image_mix: {{easy: 2, medium: 2, hard: 1}}, split: test_id}}
"""


class Words:
    """Sentences that share little with one another, by seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def phrase(self) -> str:
        pick = self.random.choice
        return _COMMON.format(
            adj=pick(_ADJECTIVES),
            noun=pick(_NOUNS),
            prep=pick(("behind", "beside", "under", "above", "near")),
            adj2=pick(_ADJECTIVES),
            place=pick(_PLACES),
        )

    def apart(self, forms: Sequence[Callable[[], str]], others: list[str]) -> str:
        """Return a sentence that is not much like any of the others, and remember it."""
        for _ in range(2000):
            text = self.random.choice(forms)()
            if all(alike(text, other) < 0.6 for other in others):
                others.append(text)
                return text
        raise AssertionError("the word lists are too small for so many sentences")

    def question(self, name: str, others: list[str]) -> str:
        pick = self.random.choice
        forms = (
            lambda: f"Why did {name} {pick(_VERBS)} the {self.phrase()}?",
            lambda: f"When will {name} {pick(_VERBS)} a {self.phrase()}?",
            lambda: f"How does {name} {pick(_VERBS)} every {self.phrase()}?",
            lambda: f"Who helped {name} to {pick(_VERBS)} that {self.phrase()}?",
        )
        return self.apart(forms, others)

    def said(self, others: list[str]) -> str:
        pick = self.random.choice
        forms = (
            lambda: f"Could you {pick(_VERBS)} my {self.phrase()} before winter?",
            lambda: f"I saw somebody {pick(_VERBS)} the {self.phrase()} this morning.",
            lambda: f"Tell me how to {pick(_VERBS)} a {self.phrase()}.",
            lambda: f"Should we {pick(_VERBS)} this {self.phrase()} together?",
        )
        return self.apart(forms, others)

    def reply(self, others: list[str]) -> str:
        pick = self.random.choice
        forms = (
            lambda: f"I would rather {pick(_VERBS)} the {self.phrase()}, and so should you.",
            lambda: f"My uncle used to {pick(_VERBS)} a {self.phrase()} on rainy evenings.",
            lambda: f"Nobody here can {pick(_VERBS)} the {self.phrase()} as well as we do.",
            lambda: f"Ask me tomorrow, when we {pick(_VERBS)} that {self.phrase()} again.",
        )
        return self.apart(forms, others)


def write_released(root: Path, faults: Faults, seed: int = 1) -> Path:
    """Write the set below `root` and return it."""
    _Writer(root, faults, seed).write()
    return root


class _Writer:
    def __init__(self, root: Path, faults: Faults, seed: int) -> None:
        self.faults = faults
        self.left = {name: value for name, value in vars(faults).items() if isinstance(value, int)}
        self.root = root / "data" / "personalized_data"
        self.words = Words(seed)
        self.random = random.Random(seed + 1)
        self.letters = self._dealt(faults.letters)
        self.visual_letters = self._dealt(faults.visual_letters)
        self.shade = 0
        # What other characters said, and so must not be anybody else's.
        self.replies: list[str] = []

    def _dealt(self, counts: tuple[int, int, int, int]) -> Iterator[str]:
        letters = [letter for letter, count in zip("ABCD", counts, strict=True) for _ in range(count)]
        self.random.shuffle(letters)
        return iter(letters)

    def due(self, fault: str, at_most: int = 1) -> int:
        """Take so many of a fault's number as are left, at most `at_most`."""
        taken = min(self.left[fault], at_most)
        self.left[fault] -= taken
        return taken

    def write(self) -> None:
        for name in NAMES:
            self._character(name)
        # Every fault was put somewhere: otherwise the numbers of the tests say nothing.
        assert not any(self.left.values()), self.left

    def _character(self, name: str) -> None:
        key = name.replace(" ", "_")
        train, test = self.root / "train" / key, self.root / "test" / key
        for side in (train, test):
            side.mkdir(parents=True)
        head = {"description": self._description(name), "opening": ""}
        facts = self._facts(name)
        profile = f"# {name}\n\n{head['description']}\n\n" + "\n".join(
            f"- **{label}:** {text}" for label, text in facts
        )
        for side in (train, test):
            (side / f"{key}_full_profile.txt").write_text(profile, encoding="utf-8")
        (train / f"{key}_personality_simplified_profile.txt").write_text(
            f"{name} is patient with strangers, strict about clocks and fond of long walks by the water.",
            encoding="utf-8",
        )
        asked: list[str] = []
        qa = self._qa(name, facts, asked)
        self._save(train / f"{key}_knowledge_qa.json", head, qa_items=qa)
        self._save(train / f"{key}_knowledge_qa_test.json", head, mcq_items=self._mcq(name, facts, asked, qa))
        said: list[str] = []
        scenes = [self._pictured(train, name, place, said) for place in range(TRAINED_PICTURES)]
        tested = [self._pictured(test, name, 0, said, questions=False)]
        self._shared_picture(train, test)
        self._save(train / f"{key}_with_image.json", head, scenes=scenes)
        self._save(test / f"{key}_with_image.json", head, scenes=tested)
        for side, rows in ((train, scenes), (test, tested)):
            plain = [[user, {k: reply[k] for k in ("role", "text", "image")}] for user, reply in rows]
            self._save(side / "annotation.json", head, scenes=plain)
            forms = [
                {"image_id": reply["image"], "t2i_instruction": self._caption(name)} for _, reply in rows
            ]
            self._save(side / f"{key}_t2i_instruction.json", head, t2i_instructions=forms)
        trained = [self._exchange(said) for _ in range(DIALOGUES)]
        self._spoil(trained)
        self._save(
            train / f"{key}_dialogue_text_extension_train.json", head, scenes=[*trained, *plain_of(scenes)]
        )
        tests = [self._exchange(said) for _ in range(TESTED)]
        for place in range(self.due("tested_inputs")):
            tests[place][0]["text"] = trained[0][0]["text"].upper()
        self._save(train / f"{key}_dialogue_text_extension_test.json", head, scenes=tests)
        for probe in ("memorization", "personality"):
            lines = [self.words.said(said) for _ in range(PROBES)]
            gone = self.due("missing_probes", 3 if probe == "personality" else 0)
            self._save(train / f"{key}_{probe}_test.json", head, test_questions=lines[: PROBES - gone])

    def _save(self, path: Path, head: dict[str, Any], **fields: Any) -> None:
        path.write_text(json.dumps({**head, **fields}, indent=2, ensure_ascii=False), encoding="utf-8")

    def _description(self, name: str) -> str:
        return (
            f"{name} keeps a small workshop by the water and mends whatever the neighbours bring along. {name} speaks in short "
            f"sentences, likes the {self.words.phrase()} best of all, and never leaves a promise open. Strangers find {name} "
            "reserved at first and kind before the evening is over."
        )

    def _facts(self, name: str) -> list[tuple[str, str]]:
        labels = [
            "Home",
            "Habit",
            "Skill",
            "Friend",
            "Fear",
            "Wish",
            "Past",
            "Tool",
            "Food",
            "Walk",
            "Song",
            "Work",
            "Time",
            "Coat",
            "Room",
            "Boat",
            "Dog",
            "Gift",
            "Rule",
            "Word",
            "Tea",
            "Hat",
        ]
        others: list[str] = []
        return [
            (
                label,
                self.words.apart(
                    [lambda: f"{name} learned to {self.random.choice(_VERBS)} a {self.words.phrase()}."],
                    others,
                ),
            )
            for label in labels
        ]

    def _qa(self, name: str, facts: list[tuple[str, str]], asked: list[str]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for number in range(1, QA + 1):
            label, fact = facts[number - 1]
            question = self.words.question(name, asked)
            # The first one stays, so that the second can be told from it.
            if number == QA and self.due("near_questions"):
                question = items[0]["question"].replace("?", " today?")
            items.append(
                {
                    "id": f"qa_{number:03d}",
                    "question": question,
                    "answer": f"Because of the {self.random.choice(_NOUNS)} in the {self.random.choice(_PLACES)}.",
                    "evidence": f"**{label}:** {fact}",
                    "type": "trivia" if number == 3 and self.due("odd_types") else "fact",
                    "difficulty": ("easy", "medium")[number % 2],
                    "reasoning_steps": [f"The profile states it under {label}."],
                    "confidence": 0.9,
                }
            )
        return items

    def _mcq(
        self, name: str, facts: list[tuple[str, str]], asked: list[str], qa: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for number in range(1, MCQ + 1):
            label, fact = facts[QA + number - 1]
            key = next(self.letters)
            towns = iter(self.random.sample(_TOWNS, 4))
            # Leaks stay off the questions that have a near twin among themselves.
            leak = 2 <= number <= 3 and self.due("leaks")
            evidence = f"**{label}:** {fact}"
            if number in (4, 5, 6) and self.due("loose_evidence"):
                evidence = f"{label}: {fact}"
            elif number in (7, 8) and self.due("invented_evidence"):
                evidence = (
                    f"It is well known that {fact.split(' ', 1)[1].replace('a ', 'many a ')[:-1]} and more."
                )
            items.append(
                {
                    "id": f"mcq_{number:03d}",
                    "question": qa[number]["question"] if leak else self.words.question(name, asked),
                    "options": {letter: next(towns) for letter in "ABCD"},
                    "answer_key": key,
                    "difficulty": "easy" if number <= 4 else "medium" if number <= 8 else "hard",
                    "evidence": evidence,
                    "rationale": f"Option {key} is right, as the profile says under {label}.",
                }
            )
        return items

    def _pictured(
        self, side: Path, name: str, place: int, said: list[str], *, questions: bool = True
    ) -> list[dict[str, Any]]:
        self._draw(side / f"{place}.png", small=questions)
        reply: dict[str, Any] = {
            "role": "machine",
            "text": self.words.reply(self.replies),
            "image": str(place),
            "thinking_process": self._thinking(),
            "generation_instruction": self._instruction(),
        }
        if questions:
            reply |= {"qa_pairs": self._open(name), "mcq_items": self._choices(name)}
        return [{"role": "user", "text": self.words.said(said)}, reply]

    def _draw(self, path: Path, *, small: bool) -> None:
        self.shade += 1
        drawing = random.Random(self.shade)
        side = 200 if small and self.due("small_pictures") else 300
        picture = Image.new("RGB", (side, side), tuple(drawing.randrange(120, 256) for _ in range(3)))
        pen = ImageDraw.Draw(picture)
        # A pattern of its own: blocks large enough that a perceptual hash tells two pictures apart.
        step = side // 6
        for row in range(6):
            for column in range(6):
                if drawing.random() < 0.5:
                    pen.rectangle(
                        (column * step, row * step, column * step + step - 1, row * step + step - 1),
                        fill=tuple(drawing.randrange(0, 200) for _ in range(3)),
                    )
        picture.save(path, "JPEG" if small and side == 300 and self.due("jpegs") else "PNG")

    def _shared_picture(self, train: Path, test: Path) -> None:
        # The first ones bear faults of their own.
        if train.name == NAMES[-1].replace(" ", "_") and self.due("shared_pictures"):
            (test / "0.png").write_bytes((train / "0.png").read_bytes())

    def _thinking(self) -> str:
        pick = self.random.choice
        return (
            f"A calm answer asks for a steady smile and an upright pose, so the figure stands beside the {self.words.phrase()}. "
            f"Warm light falls from the left and makes the {pick(_ADJECTIVES)} {pick(_NOUNS)} glow. The background shows the "
            f"{pick(_PLACES)} in soft colours, painted in a loose style, because the words are friendly and unhurried. Hands rest on "
            f"the {pick(_NOUNS)}, the eyes look straight ahead, and the frame leaves room above the head. The mood stays quiet, as "
            "the reply does."
        )

    def _instruction(self) -> str:
        pick = self.random.choice
        return (
            f"a figure in a {pick(_ADJECTIVES)} coat, steady smile, upright pose, {pick(_ADJECTIVES)} {pick(_NOUNS)}, "
            f"{pick(_PLACES)} behind, warm side light, loose painted style"
        )

    def _caption(self, name: str) -> str:
        pick = self.random.choice
        return (
            f"A figure in a {pick(_ADJECTIVES)} coat smiles beside a {pick(_ADJECTIVES)} {pick(_NOUNS)} at the {pick(_PLACES)}, "
            "in warm side light and a loose painted style"
        )

    def _open(self, name: str) -> list[dict[str, Any]]:
        others: list[str] = []
        number = OPEN - self.due("pictures_with_19")
        return [
            {
                "question": self.words.question(name, others),
                "answer": f"It stands beside the {self.random.choice(_NOUNS)} in plain view.",
                "type": "objective" if at < 15 else "subjective",
            }
            for at in range(number)
        ]

    def _choices(self, name: str) -> list[dict[str, Any]]:
        others: list[str] = []
        items: list[dict[str, Any]] = []
        short = bool(self.due("pictures_with_4"))
        for number in range(1, CHOICES + 1):
            key = next(self.visual_letters)
            if short and number == CHOICES:
                break
            towns: Iterator[Any] = iter(self.random.sample(_TOWNS, 4))
            if number == 1 and self.due("numeric_items"):
                towns = iter(self.random.sample(range(11, 99), 4))
            items.append(
                {
                    "id": f"q{number}",
                    "question": self.words.question(name, others),
                    "options": {letter: next(towns) for letter in "ABCD"},
                    "answer_key": key,
                    "difficulty": "easy" if number <= 2 else "medium" if number <= 4 else "hard",
                    "rationale": f"Option {key} is the one that can be seen at the left edge.",
                }
            )
        return items

    def _exchange(self, said: list[str]) -> list[dict[str, Any]]:
        return [
            {"role": "user", "text": self.words.said(said)},
            {"role": "machine", "text": self.words.reply(self.replies)},
        ]

    def _spoil(self, scenes: list[list[dict[str, Any]]]) -> None:
        """Put the faults of single texts into scenes of their own, one fault in each."""
        for scene in scenes[1:3]:
            if self.due("stray_keys"):
                scene[1]["image"] = "7"
        if self.due("repeated_inputs"):
            scenes[3][0]["text"] = scenes[4][0]["text"]
        if self.due("ai_tone"):
            scenes[5][1]["text"] = f"As an AI language model, {scenes[5][1]['text']}"
        if self.due("prefixes"):
            scenes[6][1]["text"] = f"Here is my reply: {scenes[6][1]['text']}"
        if self.due("stage_directions"):
            scenes[7][1]["text"] = f"*sighs deeply* {scenes[7][1]['text']}"
        if self.due("placeholders"):
            scenes[8][1]["text"] = f"[Character Name] says hello. {scenes[8][1]['text']}"
        if self.due("pii"):
            scenes[9][1]["text"] = f"{scenes[9][1]['text']} Write to keeper@saltby-post.net."
        if self.due("wrong_language"):
            scenes[10][1]["text"] = _CHINESE[self.left["wrong_language"]]
        if hasattr(self, "first_reply") and self.due("foreign_lines"):
            scenes[11][1]["text"] = self.first_reply
        if not hasattr(self, "first_reply"):
            self.first_reply = scenes[12][1]["text"]


def plain_of(scenes: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Return pictured scenes as RoleScape repeats them among the text dialogues."""
    return [[user, {name: reply[name] for name in ("role", "text", "image")}] for user, reply in scenes]

"""Counts of a released RoleScape-20 folder, straight from its JSON: none of the factory's own code is asked.

An audit has to come to the same numbers by way of records and gates.
"""

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

TYPES = [
    "fact",
    "definition",
    "list",
    "reasoning",
    "comparison",
    "timeline",
    "procedure",
    "numeric",
    "quote",
    "location",
    "role",
    "capability",
    "limitation",
    "preference",
]


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=100_000)
def _set(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


def tokens(text: str) -> list[str]:
    """Split into words, quotes straightened and case folded."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.replace("’", "'").replace("‘", "'").casefold())


def alike(one: str, other: str) -> float:
    first, second = _set(one), _set(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def repeats(texts: list[str]) -> int:
    """Count the texts whose words an earlier one has in the same order."""
    folded = [" ".join(tokens(text)) for text in texts]
    return sum(text in folded[:place] for place, text in enumerate(folded))


def near_repeats(texts: list[str]) -> int:
    """Count the texts that share seven tenths of their words with an earlier one."""
    return sum(
        any(alike(text, earlier) >= 0.7 for earlier in texts[:place]) for place, text in enumerate(texts)
    )


class Released:
    """One character's files of a released set."""

    def __init__(self, root: Path, name: str) -> None:
        data = root / "data" if (root / "data").is_dir() else root
        self.name = name
        self.train = data / "personalized_data" / "train" / name
        self.test = data / "personalized_data" / "test" / name

    def _of(self, side: Path, ending: str) -> Any:
        return _load(side / f"{self.name}_{ending}.json")

    @property
    def profile(self) -> str:
        return (self.train / f"{self.name}_full_profile.txt").read_text(encoding="utf-8")

    @property
    def qa(self) -> list[dict[str, Any]]:
        return list(self._of(self.train, "knowledge_qa")["qa_items"])

    @property
    def mcq(self) -> list[dict[str, Any]]:
        return list(self._of(self.train, "knowledge_qa_test")["mcq_items"])

    @property
    def pictured(self) -> list[dict[str, Any]]:
        """The replies beside training pictures, with everything that hangs on them."""
        return [
            turn
            for scene in self._of(self.train, "with_image")["scenes"]
            for turn in scene
            if "image" in turn
        ]

    @property
    def visual_mcq(self) -> list[dict[str, Any]]:
        return [item for turn in self.pictured for item in turn.get("mcq_items", [])]

    def inputs(self, ending: str) -> list[str]:
        """What users say in one file of text dialogues."""
        scenes = self._of(self.train, ending)["scenes"]
        return [turn["text"] for scene in scenes for turn in scene if turn["role"] == "user"]

    def letters(self, items: list[dict[str, Any]]) -> dict[str, int]:
        counts = Counter(item["answer_key"] for item in items)
        return {letter: counts[letter] for letter in "ABCD"}

    def longest(self, items: list[dict[str, Any]]) -> int:
        """Count the questions whose right option is longer than each other one."""
        return sum(
            len(str(item["options"][item["answer_key"]]))
            > max(len(str(text)) for letter, text in item["options"].items() if letter != item["answer_key"])
            for item in items
        )

    def unverbatim(self, items: list[dict[str, Any]]) -> int:
        """Count the questions whose evidence is no exact passage of the profile."""
        profile = self.profile
        return sum(item["evidence"] not in profile for item in items)

    def leaks(self) -> int:
        asked = {" ".join(tokens(item["question"])) for item in self.qa}
        return sum(" ".join(tokens(item["question"])) in asked for item in self.mcq)

    def near_leaks(self) -> int:
        return sum(
            any(alike(item["question"], one["question"]) >= 0.7 for one in self.qa) for item in self.mcq
        )

    def numeric_options(self) -> int:
        return sum(
            not isinstance(text, str)
            for item in [*self.mcq, *self.visual_mcq]
            for text in item["options"].values()
        )

    def odd_types(self) -> int:
        return sum(item["type"] not in TYPES for item in self.qa)

    def stray_images(self) -> int:
        """Count the keys of pictures on exchanges without one; those beside a picture stand here a second time."""
        beside = {scene[0]["text"] for scene in self._of(self.train, "with_image")["scenes"]}
        scenes = self._of(self.train, "dialogue_text_extension_train")["scenes"]
        return sum("image" in turn for scene in scenes if scene[0]["text"] not in beside for turn in scene)

    def jpegs(self) -> int:
        """Count the files named .png that begin as a JPEG does."""
        files = [*self.train.glob("*.png"), *self.test.glob("*.png")]
        return sum(path.read_bytes()[:3] == b"\xff\xd8\xff" for path in files)

    def short_sides(self, below: int) -> int:
        from PIL import Image

        files = [*self.train.glob("*.png"), *self.test.glob("*.png")]
        return sum(min(Image.open(path).size) < below for path in files)

    def off_counts(self) -> dict[str, int]:
        """Count the pictures with other than 20 open and 5 four-option questions, and the probes missing from 20."""
        return {
            "visual_qa": sum(len(turn.get("qa_pairs", [])) != 20 for turn in self.pictured),
            "visual_mcq": sum(len(turn.get("mcq_items", [])) != 5 for turn in self.pictured),
            "memorization": 20 - len(self._of(self.train, "memorization_test")["test_questions"]),
            "personality": 20 - len(self._of(self.train, "personality_test")["test_questions"]),
        }

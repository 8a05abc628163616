"""Pools shared by a set: the questions that commentaries answer, dealt out evenly, and generic pictures, drawn once each."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from rolescape_data import assets
from rolescape_data.settings import Part
from rolescape_data.yamlfile import load_yaml

# MMRole (arXiv 2408.04203) asks in ten English and ten Chinese paraphrases (counted).
LEAST_QUESTIONS = 10


class QuestionPool(Part):
    """Paraphrases of one question, by language."""

    about: str
    questions: dict[str, list[str]] = Field(description="by language code, e.g. en")

    @model_validator(mode="after")
    def _enough(self) -> "QuestionPool":
        for lang, texts in self.questions.items():
            if len(set(texts)) < LEAST_QUESTIONS or len(set(texts)) < len(texts):
                raise ValueError(
                    f"'{lang}' needs at least {LEAST_QUESTIONS} questions, all different (has {len(set(texts))})"
                )
        return self


def commentary_questions(lang: str, overlay: Path | None = None) -> list[str]:
    """Return the questions of a language, in the order of the file; none when it has no list of its own.

    Raises:
        SettingsError: the file is not valid, or holds too few questions; the message names the line.
    """
    pool = load_yaml(assets.find("qa", "commentary_questions.yaml", overlay), QuestionPool)
    return list(pool.questions.get(lang, []))


def dealt(questions: list[str], count: int, *, seed: int, character: str) -> list[str]:
    """Deal `count` questions to a character, each as often as the others or once more.

    The order is the character's own, by seed, so that a set uses the whole pool and nobody's questions change when
    another character joins it.
    """
    if not questions:
        return []
    order = sorted(
        questions, key=lambda text: hashlib.sha256(f"{seed}:{character}:{text}".encode()).hexdigest()
    )
    return [order[number % len(order)] for number in range(count)]


def drawn(
    pictures: Mapping[str, str], owed: Mapping[str, Mapping[str, int]], *, seed: int
) -> dict[str, dict[str, list[str]]]:
    """Draw the generic pictures of every character and kind; none is drawn twice.

    Args:
        pictures: content hash by path; of two files with the same bytes only the first is drawn.
        owed: number by character and kind. The order counts: who comes later draws from what is left, so that a character
            that joins at the end changes nobody's pictures.
        seed: decides which ones.

    Returns:
        Paths by character and kind, in the order drawn; fewer than owed when the pool ends.
    """
    first: dict[str, str] = {}
    for path in sorted(pictures):
        first.setdefault(pictures[path] or path, path)
    # By content, so that renaming a file changes nobody's draw.
    deck = iter(sorted(first, key=lambda content: hashlib.sha256(f"{seed}:{content}".encode()).hexdigest()))
    return {
        character: {
            kind: [first[content] for _, content in zip(range(count), deck, strict=False)]
            for kind, count in kinds.items()
        }
        for character, kinds in owed.items()
    }

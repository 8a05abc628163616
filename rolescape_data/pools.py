"""qa/commentary_questions.yaml -> the questions of one language, dealt out evenly by seed."""

import hashlib
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

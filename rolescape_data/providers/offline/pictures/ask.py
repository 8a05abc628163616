"""One thing to ask about a picture, in several wordings; which one is used depends on the picture alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.pictures.look import Look
from rolescape_data.spans import words

ANSWER_WORDS = (3, 60)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask about: wordings of the question, wordings of the answer; all fit each other."""

    topic: str
    element: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    grounding: tuple[str, ...] = ("image",)
    polarity: str = "positive"


@dataclass(frozen=True, slots=True)
class Known:
    """Beside the picture itself: facts of the profile, and what the character's other pictures show."""

    facts: tuple[str, ...]
    others: tuple[dict[str, str], ...]


def ask(
    look: Look,
    topic: str,
    element: str,
    questions: Sequence[str],
    answers: Sequence[str],
    grounding: tuple[str, ...] = ("image",),
    polarity: str = "positive",
    **given: str,
) -> Ask:
    """Fill the wordings of one question with what is known."""
    return Ask(
        topic,
        element,
        tuple(look.fill(question, **given) for question in questions),
        tuple(look.fill(answer, **given) for answer in answers),
        grounding,
        polarity,
    )


def worded(look: Look, ask: Ask, seen: Seen) -> dict[str, Any] | None:
    """Take the wordings that the picture's seed points at; the next ones where a question is too like one taken."""
    for step in range(len(ask.questions)):
        question = ask.questions[(look.seed("q", ask.topic) + step) % len(ask.questions)]
        for turn in range(len(ask.answers)):
            answer = ask.answers[(look.seed("a", ask.topic) + turn) % len(ask.answers)]
            if not seen.near(question) and ANSWER_WORDS[0] <= len(words(answer)) <= ANSWER_WORDS[1]:
                seen.add(question)
                return {
                    "question": question,
                    "answer": answer,
                    "grounding": list(ask.grounding),
                    "polarity": ask.polarity,
                    "element": ask.element,
                }
    return None

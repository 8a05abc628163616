"""A sample of the four-option questions -> what a solver answers, with everything and without, in four orders each.

The sample is drawn by seed, so many questions of each kind. Every question is tried four times, its options turned by
one place each time (circular evaluation, OmniCharacter): what is guessed is right once, what is read every time.
Gates hold the answers against bounds; nothing is judged here.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.providers.base import Request
from rolescape_data.records import (
    LETTERS,
    CharacterProfile,
    ImageRecord,
    Rejected,
    SolverAnswer,
    TextMCQ,
    VisualMCQ,
)
from rolescape_data.records.answers import SolverLetterAnswer
from rolescape_data.records.question import Letter
from rolescape_data.stages.base import Result, Setting, cells, common_fields, read_items, request

MCQ = TextMCQ | VisualMCQ
NOT_RUN = "not run: the offline writer examines no questions; build with a model (`--writer`)"


@dataclass(frozen=True, slots=True)
class Try:
    """One call: some questions under their keys, in one view and one turn."""

    view: str
    turn: int
    questions: Mapping[str, MCQ]
    image: ImageRecord | None


def solver_answers(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    questions: Sequence[MCQ],
    *,
    seed: int,
) -> Result:
    """Put a sample of the questions to the writer, in each view of the contract and in four orders.

    The offline writer is not asked: whoever wrote the questions from the facts cannot examine them. Its cells stay open,
    and the gates that read these answers stand as "not run".
    """
    chosen = sample(questions, setting.contract.cells()["count"], seed=seed)
    wanted: dict[str, int] = {view: len(chosen) * len(LETTERS) for view in setting.contract.views}
    if setting.writer.kind == "rule":
        return Result([], [], cells(setting, wanted, {}, NOT_RUN))
    tries = [one for view in setting.contract.views for one in _tries(setting, view, chosen, images)]
    requests = [_request(setting, one, profile) for one in tries]
    records: list[SolverAnswer] = []
    rejects: list[Rejected] = []
    for one, outcome in zip(tries, setting.writer.write(requests), strict=True):
        items, bad = read_items(setting, outcome, list(one.questions))
        rejects.extend(bad)
        for key, question in one.questions.items():
            item = items.get(key)
            if isinstance(item, SolverLetterAnswer):
                letter = None if item.answer == "none" else turned_back(item.answer, one.turn)
                records.append(
                    SolverAnswer(
                        id=_identity(setting, question, one),
                        question_id=question.id,
                        view=one.view,  # type: ignore[arg-type]
                        rotation=one.turn,
                        answer=letter,
                        correct=letter == question.answer_key,
                        **common_fields(setting, outcome, [question.id]),
                    )
                )
    found: dict[str, int] = {view: sum(record.view == view for record in records) for view in wanted}
    ordered = sorted(records, key=lambda record: record.id)
    return Result(ordered, rejects, cells(setting, wanted, found, "the solver gave no readable answer"))


def sample(questions: Sequence[MCQ], size: int, *, seed: int) -> list[MCQ]:
    """Return so many questions of each kind, drawn by seed; all of them where there are fewer. In order of their ids."""
    chosen: list[MCQ] = []
    for kind in (TextMCQ.kind, VisualMCQ.kind):
        of_kind = [question for question in questions if question.kind == kind]
        drawn = sorted(of_kind, key=lambda one: hashlib.sha256(f"{seed}:{one.id}".encode()).hexdigest())
        chosen += sorted(drawn[:size], key=lambda one: one.id)
    return chosen


def turned(question: MCQ, turn: int) -> dict[Letter, str]:
    """Return the options with each one moved `turn` letters towards A."""
    texts = question.options.texts()
    return {letter: texts[turned_back(letter, turn)] for letter in LETTERS}


def turned_back(letter: Letter, turn: int) -> Letter:
    """Return the letter that the option shown under `letter` has in its record."""
    return LETTERS[(LETTERS.index(letter) + turn) % len(LETTERS)]


def _tries(
    setting: Setting, view: str, questions: Sequence[MCQ], images: Sequence[ImageRecord]
) -> Iterator[Try]:
    """Yield the calls of one view: what is asked about one picture goes together, everything else in batches."""
    by_id = {image.id: image for image in images}
    groups: dict[str, list[MCQ]] = {}
    for question in questions:
        shown = question.image_id if view == "full" and isinstance(question, VisualMCQ) else ""
        groups.setdefault(shown, []).append(question)
    size = setting.contract.per_call
    for shown, members in groups.items():
        if shown and shown not in by_id:
            continue
        for at in range(0, len(members), size):
            keyed = {f"question_{at + place}": one for place, one in enumerate(members[at : at + size], 1)}
            for turn in range(len(LETTERS)):
                yield Try(view, turn, keyed, by_id.get(shown))


def _request(setting: Setting, one: Try, profile: CharacterProfile) -> Request:
    reads = one.view == "full" and one.image is None
    questions: dict[str, dict[str, Any]] = {
        key: {"question": question.question, "options": turned(question, one.turn)}
        for key, question in one.questions.items()
    }
    if one.view == "options_only":
        questions = {key: {"options": asked["options"]} for key, asked in questions.items()}
    inputs = {
        "view": one.view,
        "known": _known(profile) if reads else [],
        "questions": questions,
    }
    images = [one.image] if one.image is not None else []
    return request(setting, inputs, keys=list(one.questions), images=images)


def _known(profile: CharacterProfile) -> list[str]:
    """Return what is stated about the character: the texts of its profile, then its facts, each once."""
    texts = [
        profile.description,
        profile.brief_introduction,
        profile.personality,
        profile.life_story,
        profile.background,
        profile.motivation,
        profile.appearance,
        *(f"{bond.name}: {bond.note}" for bond in profile.relationships),
        *(fact.text for fact in profile.facts),
    ]
    return [text for text in dict.fromkeys(texts) if text]


def _identity(setting: Setting, question: MCQ, one: Try) -> str:
    head, tail = f"{setting.material.id}_solver_", f"_{one.view}_{one.turn}"
    name = question.id.removeprefix(f"{setting.material.id}_")
    room = 80 - len(head) - len(tail)
    if len(name) > room:
        name = f"{name[: room - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return head + name + tail

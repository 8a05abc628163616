"""What a solver made of four-option questions: solved without looking, solved with everything, harder when called harder.

Every sampled question is tried four times with its options turned by one place each time (circular evaluation,
OmniCharacter): a guess is right once, a reader of the picture or the profile every time. The answers are records that
a stage made before; without any of them nothing is measured here, and `rolescape_data.gates.unmeasured` says so.
"""

from collections import defaultdict
from collections.abc import Sequence

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import LETTERS, Measurement, Record, SolverAnswer, TextMCQ, VisualMCQ

ROTATIONS = len(LETTERS)
# Of a hard question one try in four may miss.
FORGIVEN = {"easy": 0, "medium": 0, "hard": 1}
BLIND = ("blind", "options_only")
DIFFICULTIES = ("easy", "medium", "hard")


def blind_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure, for each way of not looking, the share of tries that were right all the same; 0.25 is chance."""
    found: list[Measurement] = []
    for view in BLIND:
        tries = [one for question in _mcqs(records) for one in _given(question, context, view)]
        if tries:
            right = sum(one.correct for one in tries)
            found.append(
                _on_set(
                    records[0], "blind_share", right / len(tries), f"{view}: {right} of {len(tries)} tries"
                )
            )
    return found


def blind_item(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count, for each sampled question, the turns (of four) in which it was solved without profile or picture."""
    found: list[Measurement] = []
    for question in _mcqs(records):
        for view in BLIND:
            tries = _given(question, context, view)
            solved = {one.rotation for one in tries if one.correct}
            if tries:
                found.append(measured(question, "blind_item", len(solved), view))
    return found


def answerable(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count, for each sampled question, the turns that a solver with profile or picture missed beyond those forgiven.

    Easy and medium questions have to be right in all four turns, hard ones in three. A turn that was not tried counts
    as missed. Where a wrong option was chosen in every turn that missed, it may be right as well, and `detail` names it.
    """
    found: list[Measurement] = []
    for question in _mcqs(records):
        tries = _given(question, context, "full")
        if not tries:
            continue
        wrong = {one.rotation for one in tries if not one.correct}
        untried = set(range(ROTATIONS)) - {one.rotation for one in tries}
        missed = len(wrong | untried)
        chosen = {one.answer for one in tries if not one.correct}
        detail = f"right in {ROTATIONS - missed} of {ROTATIONS} turns"
        if len(chosen) == 1 and None not in chosen and len(wrong) > 1:
            detail += f"; every miss chose {next(iter(chosen))}, which may be right as well"
        if untried:
            detail += f"; {len(untried)} turns were not tried"
        found.append(measured(question, "answerable", max(0, missed - FORGIVEN[question.difficulty]), detail))
    return found


def difficulty_order(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure by how much harder questions were solved more often than easier ones, the largest difference of shares."""
    tries: dict[str, list[bool]] = defaultdict(list)
    for question in _mcqs(records):
        tries[question.difficulty] += [one.correct for one in _given(question, context, "full")]
    shares = [(name, sum(tries[name]) / len(tries[name])) for name in DIFFICULTIES if tries[name]]
    if len(shares) < 2:
        return []
    worst = max(later - earlier for at, (_, earlier) in enumerate(shares) for _, later in shares[at + 1 :])
    detail = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    return [_on_set(records[0], "difficulty_order", max(0.0, worst), detail)]


def _mcqs(records: Sequence[Record]) -> list[TextMCQ | VisualMCQ]:
    return [record for record in records if isinstance(record, TextMCQ | VisualMCQ)]


def _given(question: Record, context: Context, view: str) -> list[SolverAnswer]:
    return [one for one in context.answers.get(question.id, ()) if one.view == view]


def _on_set(first: Record, gate: str, value: float, detail: str) -> Measurement:
    return Measurement(
        record_id=f"{first.character_id}/{first.kind}",
        kind=first.kind,
        character_id=first.character_id,
        gate=gate,
        value=value,
        detail=detail,
    )

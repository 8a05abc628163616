"""Review files in MMRole's format -> score pairs per sample and metric, and every review that does not count.

A review file is a JSON list, one entry per test sample (arXiv 2408.04203, released reviews):

    {"id": "Ada_Fenn_comment_script_0_1", "rm_review": {"Fluency": {"review": "... [Scores]: (9, 10)", "score": [9.0, 10.0]}}}

The first number is the judged answer's, the second the reference's. Reviews of our own judge carry the swapped order too, under
`swapped`, written the same way round. A folder or file whose name says `out` (out_test, out-test, ood) holds Out-Test samples.
A sample is counted once: a second row that gives it the same scores is told, one that gives it others is refused.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rolescape_data.errors import InputError
from rolescape_data.records.judged import Review

METRICS = (
    "Instruction Adherence",
    "Fluency",
    "Coherency",
    "Image-Text Relevance",
    "Response Accuracy",
    "Personality Consistency",
    "Knowledge Consistency",
    "Tone Consistency",
)
SCALE = (1.0, 10.0)
# Beyond this a number is no slip of the scale (`nan`, infinities and integers that no float holds too).
_MOST = 1e6

_OUT = re.compile(r"(^|[^a-z])(out|ood)([^a-z]|$)")
_IN = re.compile(r"(^|[^a-z])in([^a-z]|$)")

Test = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A review that does not count, or one that counts and is to be looked at."""

    file: str
    sample: str
    metric: str
    what: Literal["missing", "unreadable", "zero_reference", "out_of_scale", "twice", "without_id"]
    detail: str = ""

    @property
    def counted(self) -> bool:
        """Say whether its scores are in the table all the same."""
        return self.what in ("out_of_scale", "twice", "without_id")


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """One file's pairs: for every sample the (judged, reference) scores by metric, in the file's order.

    `samples` holds (id, place in the file) of each; the id of a row without one is ''.
    """

    name: str
    test: Test
    samples: Sequence[tuple[str, str]]
    pairs: Sequence[Mapping[str, tuple[float, float]]]
    swapped: Sequence[Mapping[str, tuple[float, float]]]
    problems: Sequence[Problem]


def review_files(paths: Sequence[Path]) -> list[Path]:
    """Return the JSON files that `paths` name, folders searched, each once however it is named, in order of their names."""
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*.json") if one.is_file())
            if not inside:
                raise InputError(f"{path} holds no review file (*.json). Name a folder that does.")
        elif path.is_file():
            inside = [path]
        else:
            raise InputError(f"There is no review file {path}. Name a JSON file or a folder of them.")
        for one in inside:
            found.setdefault(one.resolve(), one)
    return list(found.values())


def read_reviews(path: Path, *, name: str | None = None) -> ReviewFile:
    """Read one review file; whatever cannot be counted is a problem, never a silent gap.

    Raises:
        InputError: the file is no list of reviewed samples.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise InputError(
            f"{path} cannot be read as reviews ({fault}). Give a JSON list in MMRole's format."
        ) from fault
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path} is no list of reviewed samples. Give a JSON list in MMRole's format.")
    shown = name or path.name
    problems: list[Problem] = []
    pairs: list[dict[str, tuple[float, float]]] = []
    swapped: list[dict[str, tuple[float, float]]] = []
    samples: list[tuple[str, str]] = []
    for number, entry in enumerate(entries):
        given, place = entry.get("id"), f"[{number}]"
        name_of = given.strip() if isinstance(given, str) else "" if given is None else str(given)
        sample = name_of or place
        samples.append((name_of, place))
        if not name_of:
            detail = "counted; whether it stands there twice cannot be told"
            problems.append(Problem(shown, sample, "", "without_id", detail))
        review = entry.get("rm_review")
        said: Mapping[str, Any] = review if isinstance(review, dict) else {}
        pairs.append(_pairs(said, "score", shown, sample, problems))
        if any(isinstance(one, dict) and "swapped" in one for one in said.values()):
            turned = {key: one.get("swapped") for key, one in said.items() if isinstance(one, dict)}
            swapped.append(_pairs(turned, "score", f"{shown} (swapped)", sample, problems))
        else:
            swapped.append({})
    # The file's name decides before its folder's: one folder may hold both tests.
    own, folder = path.stem.lower(), path.parent.name.lower()
    out = _OUT.search(own) or (_OUT.search(folder) and not _IN.search(own))
    return ReviewFile(shown, "out" if out else "in", samples, pairs, swapped, problems)


def counted_once(files: Sequence[ReviewFile]) -> list[ReviewFile]:
    """Return the files with every sample in the first row alone that reviews it; each further one is a problem.

    Raises:
        InputError: two rows give one sample different scores; both are named.
    """
    first: dict[str, tuple[str, Any]] = {}
    found: list[ReviewFile] = []
    for file in files:
        kept: list[int] = []
        told: list[Problem] = []
        for at, (sample, place) in enumerate(file.samples):
            here, scores = f"{file.name} {place}", (file.pairs[at], file.swapped[at])
            there, known = first.setdefault(sample, (here, scores)) if sample else (here, scores)
            if known != scores:
                raise InputError(
                    f"{here} gives '{sample}' other scores than {there}. Leave one of the two rows out; "
                    "score the answers of each model by themselves."
                )
            if there == here:
                kept.append(at)
            else:
                told.append(Problem(file.name, sample, "", "twice", f"{place}, as in {there}; counted once"))
        names = {file.samples[at][0] or file.samples[at][1] for at in kept}
        problems = dict.fromkeys(one for one in file.problems if one.sample in names)
        found.append(
            replace(
                file,
                samples=[file.samples[at] for at in kept],
                pairs=[file.pairs[at] for at in kept],
                swapped=[file.swapped[at] for at in kept],
                problems=[*problems, *told],
            )
        )
    return found


def pairs_of(reviews: Sequence[Review], *, name: str, test: Test) -> ReviewFile:
    """Arrange review records of pairs as a file of them would: a sample for each reply that was judged, in order of their ids.

    Only metrics that the judge was asked for can be missing; a review that cannot be read is a problem.
    """
    asked = {one.metric for one in reviews}
    said: dict[str, dict[str, Review]] = {}
    turned: dict[str, dict[str, Review]] = {}
    for one in sorted(reviews, key=lambda one: one.target_id):
        said.setdefault(one.target_id, {})
        turned.setdefault(one.target_id, {})
        (said if one.order == "AB" else turned)[one.target_id][one.metric] = one
    problems: list[Problem] = []
    pairs = [_read(own, asked, name, sample, problems) for sample, own in said.items()]
    label = f"{name} (swapped)"
    swapped = [_read(own, asked if own else set(), label, sample, problems) for sample, own in turned.items()]
    samples = [(sample, f"[{at}]") for at, sample in enumerate(said)]
    return ReviewFile(name, test, samples, pairs, swapped, problems)


def _read(
    said: Mapping[str, Review], asked: set[str], file: str, sample: str, problems: list[Problem]
) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for metric in METRICS:
        one = said.get(metric)
        if one is None:
            if metric in asked:
                problems.append(Problem(file, sample, metric, "missing"))
        elif one.score is None or not one.reference_score:
            problems.append(Problem(file, sample, metric, "unreadable", one.reason[:80]))
        else:
            found[metric] = (one.score, one.reference_score)
    return found


def _pairs(
    said: Mapping[str, Any], key: str, file: str, sample: str, problems: list[Problem]
) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for metric in METRICS:
        one = said.get(metric)
        if one is None:
            problems.append(Problem(file, sample, metric, "missing"))
            continue
        score = one.get(key) if isinstance(one, dict) else None
        if score is None or not _is_pair(score):
            problems.append(Problem(file, sample, metric, "unreadable", repr(score)[:80]))
            continue
        judged, reference = float(score[0]), float(score[1])
        if reference == 0:
            problems.append(Problem(file, sample, metric, "zero_reference", f"({judged:g}, 0)"))
            continue
        if not (SCALE[0] <= judged <= SCALE[1] and SCALE[0] <= reference <= SCALE[1]):
            problems.append(
                Problem(
                    file, sample, metric, "out_of_scale", f"({judged:g}, {reference:g}), counted as it stands"
                )
            )
        found[metric] = (judged, reference)
    return found


def _is_pair(score: Any) -> bool:
    return (
        isinstance(score, list | tuple)
        and len(score) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= _MOST for n in score)
    )

"""Files with a model's answers -> the samples they answer, and the words; unanswered ones are named.

Two forms: MMRole's, where `answer` stands beside the reference in the assistant's turn, and JSON lines beside the test files:

    {"id": "Ada_Fenn_comment_script_0_1", "answer": "Well then."}
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rolescape_data.errors import InputError
from rolescape_data.judging.replies import Reply
from rolescape_data.mmrole.samples import sample_of
from rolescape_data.records.instruction import InstructionSample
from rolescape_data.records.judged import Review

_TEST_FOLDER = re.compile(r"(in|out)[_-]?test|ood", re.IGNORECASE)
_FORMS = "Give MMRole's test files with `answer` in the assistant's turn, or JSON lines of `id` and `answer` with --tests."


@dataclass(frozen=True, slots=True)
class Answered:
    """A sample and what a model answered.

    Args:
        entry: the sample as its file holds it.
        file: the file's name, below `in_test/` or `out_test/` where it lies in such a folder.
    """

    sample: InstructionSample
    answer: str
    entry: Mapping[str, Any]
    file: str


def read_answers(paths: Sequence[Path], tests: Sequence[Path]) -> tuple[list[Answered], list[str]]:
    """Return every answered sample, and the ids of those without an answer.

    Args:
        paths: files with answers.
        tests: MMRole-format test files that JSON lines refer to, or folders of them.

    Raises:
        InputError: a file that cannot be read, an answer to no sample, two different ones to one, or none at all;
            the row is named. Two equal ones are one.
    """
    known: dict[str, tuple[Mapping[str, Any], str]] = {}
    for path in _files(tests):
        for place, entry in _entries(path):
            name = _id(entry, place)
            if known.setdefault(name, (entry, _shown(path)))[0] != entry:
                raise InputError(
                    f"{place} tests '{name}', which {known[name][1]} tests with other words. Leave one of the two out."
                )
    answered: list[Answered] = []
    missing: list[str] = []
    given: dict[str, tuple[str, str]] = {}
    for path in _files(paths):
        for place, entry in _entries(path):
            name = _id(entry, place)
            whole, file = (entry, _shown(path)) if "conversations" in entry else known.get(name, (None, ""))
            if whole is None:
                raise InputError(
                    f"{place} answers '{name}', which no test file holds. Name the file that does with --tests."
                )
            words = _answer(entry, place)
            if name in given:
                before, same = given[name]
                if words != same:
                    raise InputError(
                        f"{place} answers '{name}', which {before} answers with other words. Leave one of the two out."
                    )
                continue
            given[name] = (place, words)
            if words:
                answered.append(Answered(sample_of(whole, source=file), words, whole, file))
            else:
                missing.append(name)
    missing += [name for name in known if name not in given]
    if not answered:
        raise InputError(f"{', '.join(map(str, paths))}: no sample has an answer. {_FORMS}")
    return answered, missing


def reply_of(given: Answered) -> Reply:
    """Return an answered sample as a judge is shown it: the sample's own answer is the reference."""
    sample = given.sample
    return Reply(
        target=sample.sample_id,
        record=sample.id,
        character_id=sample.character_id,
        lang=sample.lang,
        license=sample.license,
        source=sample.source,
        role=sample.role,
        script=sample.script,
        profile=sample.profile,
        asked=sample.last_words,
        words=given.answer,
        reference=sample.answer,
        other=sample.other_role,
        other_profile=sample.other_profile,
        annotation=sample.annotation,
        history=sample.history,
        image=sample.image,
    )


def review_entries(
    answered: Sequence[Answered], reviews: Sequence[Review]
) -> dict[str, list[dict[str, Any]]]:
    """Return MMRole-format review files by name: the samples as they were, with answer and `rm_review`.

    The order AB stands under `review` and `score` as in the released files, the other under `swapped`, its scores turned back; a
    review that could not be read has the score null.
    """
    by_target: dict[str, dict[str, dict[str, Any]]] = {}
    for one in reviews:
        own = by_target.setdefault(one.target_id, {}).setdefault(one.metric, {})
        pair = [one.score, one.reference_score] if one.parse_ok else None
        told = {"review": one.raw, "score": pair}
        own.update(told if one.order == "AB" else {"swapped": told})
    files: dict[str, list[dict[str, Any]]] = {}
    for given in answered:
        entry: dict[str, Any] = {**given.entry}
        turns: list[Mapping[str, Any]] = list(entry["conversations"])
        entry["conversations"] = [*turns[:-1], {**turns[-1], "answer": given.answer}]
        entry["rm_review"] = by_target.get(given.sample.sample_id, {})
        files.setdefault(given.file, []).append(entry)
    return files


def _id(entry: Mapping[str, Any], place: str) -> str:
    name = entry.get("id")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{place} has no `id` that names its sample. {_FORMS}")
    return name


def _answer(entry: Mapping[str, Any], place: str) -> str:
    """Return the answer's words; '' where there are none."""
    holder: Mapping[str, Any] = entry
    if "conversations" in entry:
        turns = entry["conversations"]
        holder = turns[-1] if isinstance(turns, list) and turns and isinstance(turns[-1], dict) else {}
    words = holder.get("answer")
    if words is not None and not isinstance(words, str):
        raise InputError(
            f"{place}: the answer to '{entry['id']}' is {type(words).__name__}, not text. {_FORMS}"
        )
    return (words or "").strip()


def _shown(path: Path) -> str:
    # Both tests have files of the same names; their folders alone tell them apart.
    folder = path.resolve().parent.name
    return f"{folder}/{path.name}" if _TEST_FOLDER.fullmatch(folder) else path.name


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*_test.json") if one.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"There is no file {path}. {_FORMS}")
    return found


def _entries(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return a file's entries, each with the words that say where it stands."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".jsonl":
            # Not `splitlines`: an answer may hold U+2028, which JSON does not escape.
            lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
            rows: Any = [json.loads(line) for _, line in lines]
            places = [f"{path} line {number}" for number, _ in lines]
        else:
            rows = json.loads(text)
            places = [f"{path} [{number}]" for number in range(len(rows))] if isinstance(rows, list) else []
    except (OSError, ValueError, RecursionError) as fault:
        raise InputError(f"{path} is no JSON ({fault}). {_FORMS}") from fault
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is no list of samples. {_FORMS}")
    return list(zip(places, rows, strict=True))

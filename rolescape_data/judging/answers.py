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
from rolescape_data.mmrole.samples import sample_of
from rolescape_data.records.instruction import InstructionSample

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
        InputError: a file that cannot be read, an answer to no sample, or no answer at all.
    """
    known: dict[str, tuple[Mapping[str, Any], str]] = {}
    for path in _files(tests):
        for entry in _entries(path):
            known[str(entry.get("id"))] = (entry, _shown(path))
    answered: list[Answered] = []
    missing: list[str] = []
    given: set[str] = set()
    for path in _files(paths):
        for entry in _entries(path):
            name = str(entry.get("id"))
            whole, file = (entry, _shown(path)) if "conversations" in entry else known.get(name, (None, ""))
            if whole is None:
                raise InputError(
                    f"{path} answers '{name}', which no test file holds. Name the file that does with --tests."
                )
            if name in given:
                raise InputError(f"{path} answers '{name}', which was answered before. Leave one answer out.")
            given.add(name)
            words = _answer(entry)
            if words.strip():
                answered.append(Answered(sample_of(whole, source=file), words.strip(), whole, file))
            else:
                missing.append(name)
    missing += [name for name in known if name not in given]
    if not answered:
        raise InputError(f"{', '.join(map(str, paths))}: no sample has an answer. {_FORMS}")
    return answered, missing


def _answer(entry: Mapping[str, Any]) -> str:
    if "conversations" not in entry:
        return str(entry.get("answer") or "")
    turns = entry["conversations"]
    last = turns[-1] if isinstance(turns, list) and turns and isinstance(turns[-1], dict) else {}
    return str(last.get("answer") or "")


def _shown(path: Path) -> str:
    # Both tests have files of the same names; their folders alone tell them apart.
    folder = path.resolve().parent.name
    return f"{folder}/{path.name}" if _TEST_FOLDER.fullmatch(folder) else path.name


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.rglob("*_test.json"))
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"There is no file {path}. {_FORMS}")
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".jsonl":
            # Not `splitlines`: an answer may hold U+2028, which JSON does not escape.
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            rows = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise InputError(f"{path} is no JSON ({fault}). {_FORMS}") from fault
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is no list of samples. {_FORMS}")
    return rows

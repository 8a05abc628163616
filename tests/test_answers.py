"""Files of answers: each sample answered once, and every row that is no answer refused by its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape
from test_judging import answered
from test_mmrole_exchange import content, small_town, written

from rolescape_data.judging.answers import read_answers, review_entries


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    return written(small_town(), tmp_path / "town") / "tests/in_test"


def test_both_tests_have_files_of_one_name_and_their_answers_are_kept_apart(
    tests: Path, tmp_path: Path
) -> None:
    own = content(tests / "comment_test.json")
    other = tests.parent / "out_test" / "comment_test.json"
    other.parent.mkdir(exist_ok=True)
    other.write_text(json.dumps([{**row, "id": row["id"].replace("_COCO_", "_COCO_9")} for row in own[:1]]))
    ids = [row["id"] for row in [*own, *content(other)]]
    answers = tmp_path / "answers.jsonl"
    # U+2028 ends no line of JSON.
    answers.write_text(
        "".join(
            json.dumps({"id": one, "answer": "Well\u2028then."}, ensure_ascii=False) + "\n" for one in ids
        )
    )
    answered, _ = read_answers([answers], [tests.parent])
    files = review_entries(answered, [])
    assert {name: len(rows) for name, rows in files.items()} == {
        "in_test/comment_test.json": len(own),
        "out_test/comment_test.json": 1,
    }


def test_an_answer_to_no_sample_is_refused(tests: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "Nobody_comment_COCO_0_1", "answer": "x"}\n')
    told = run_rolescape("judge", path, "--tests", tests, "--out", tmp_path / "out")
    assert told.status == 2 and "which no test file holds" in told.err


def test_one_answer_given_twice_is_one_and_two_answers_to_one_sample_are_refused_by_row(
    tests: Path, tmp_path: Path
) -> None:
    path = answered(tests)
    known, _ = read_answers([path], [tests])
    again, _ = read_answers([path, path], [tests, tests.parent])
    assert again == known
    row = json.loads(path.read_text().split("\n")[1])
    path.write_text(path.read_text() + json.dumps({**row, "answer": "Another one."}) + "\n")
    told = run_rolescape("judge", path, "--tests", tests, "--out", tmp_path / "out")
    assert told.status == 2 and len(told.err.splitlines()) == 1
    assert f"{path} line {len(known) + 1} answers '{row['id']}', which {path} line 2 answers" in told.err


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"answer": "Well."}, "line 1 has no `id`"),
        ({"id": 7, "answer": "Well."}, "line 1 has no `id`"),
        ({"id": "{id}", "answer": ["Well."]}, "line 1: the answer to '{id}' is list, not text"),
        ({"id": "{id}", "answer": 9}, "line 1: the answer to '{id}' is int, not text"),
    ],
)
def test_an_answer_without_id_or_words_is_refused_by_row(
    tests: Path, tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    name = content(tests / "comment_test.json")[0]["id"]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row).replace("{id}", name))
    told = run_rolescape("judge", path, "--tests", tests, "--out", tmp_path / "out")
    assert told.status == 2 and words.replace("{id}", name) in told.err


def test_tests_that_contradict_each_other_are_refused_by_row(tests: Path, tmp_path: Path) -> None:
    row = content(tests / "comment_test.json")[0]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "comment_test.json").write_text(json.dumps([{**row, "image": "other.png"}]))
    told = run_rolescape(
        "judge", answered(tests), "--tests", tests, "--tests", tmp_path / "other", "--out", tmp_path / "out"
    )
    assert told.status == 2 and f"comment_test.json [0] tests '{row['id']}', which" in told.err

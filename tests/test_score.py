"""Tables from review files: MMRole's own numbers to the last digit, and everything that its tables leave out."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape

from rolescape_data.errors import InputError
from rolescape_data.judging.reviews import METRICS, read_reviews
from rolescape_data.judging.tables import OVERALL, tabulate, weights_of

CHECKOUT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real")) / "mmrole_in_test"


def reviews(path: Path, *samples: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": f"Oda_comment_COCO_{n}_1", "rm_review": sample} for n, sample in enumerate(samples)]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def flat(judged: float, reference: float, **others: Any) -> dict[str, Any]:
    return {metric: {"review": "r", "score": [judged, reference]} for metric in METRICS} | others


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no released reviews at {REAL}")
def test_tables_of_the_released_reviews_equal_the_published_csv_files_byte_for_byte(tmp_path: Path) -> None:
    told = run_rolescape("score", REAL / "reviews", "--csv", tmp_path)
    assert told.status == 0
    published = sorted((REAL / "results").glob("*.csv"))
    assert len(published) == 3
    for path in published:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no released reviews at {REAL}")
def test_the_mean_over_types_is_the_published_in_test_row() -> None:
    told = run_rolescape("score", REAL / "reviews", "--json")
    means = json.loads(told.out)["means"]
    assert [round(means[metric], 3) for metric in METRICS] == [
        1.063,
        1.033,
        1.087,
        1.102,
        1.1,
        1.175,
        1.11,
        1.167,
    ]
    assert round(means[OVERALL], 3) == 1.105


def test_in_and_out_tests_are_weighed_three_to_one_and_files_of_a_pool_by_their_samples(
    tmp_path: Path,
) -> None:
    inside = reviews(tmp_path / "in_test" / "comment_test.json", flat(10, 10), flat(10, 10), flat(10, 10))
    outside = reviews(tmp_path / "out_test" / "comment_test.json", flat(5, 10))
    files = [read_reviews(inside), read_reviews(outside)]
    assert [file.test for file in files] == ["in", "out"]
    for way, value in (("3:1", 0.875), ("macro_types", 0.75), ("pool", 0.875), ("1:1", 0.75), ("0:1", 0.5)):
        table = tabulate(files, weights_of(way))
        assert table.means[OVERALL] == pytest.approx(value), way
        assert all(table.means[metric] == pytest.approx(value) for metric in METRICS)


def test_three_to_one_without_an_out_test_is_refused(tmp_path: Path) -> None:
    file = reviews(tmp_path / "comment_test.json", flat(9, 10))
    told = run_rolescape("score", file, "--weights", "3:1")
    assert told.status == 2 and "Out-Test" in told.err
    with pytest.raises(InputError, match="no way to weigh"):
        weights_of("three to one")


def test_a_reference_of_zero_leaves_the_mean_and_is_told(tmp_path: Path) -> None:
    file = reviews(tmp_path / "t.json", flat(8, 10), flat(8, 10, Fluency={"review": "r", "score": [7, 0]}))
    told = run_rolescape("score", file, "--json")
    assert told.status == 1
    found = json.loads(told.out)
    assert found["means"]["Fluency"] == pytest.approx(0.8)
    assert [(one["what"], one["metric"], one["sample"]) for one in found["problems"]] == [
        ("zero_reference", "Fluency", "Oda_comment_COCO_1_1")
    ]


def test_missing_unreadable_and_out_of_scale_reviews_are_each_listed(tmp_path: Path) -> None:
    gap = flat(10, 10)
    del gap["Coherency"]
    odd = flat(
        10, 10, Fluency={"review": "r", "score": "9 of 10"}, Coherency={"review": "r", "score": [0, 10]}
    )
    found = tabulate([read_reviews(reviews(tmp_path / "t.json", gap, odd))], weights_of("pool"), draws=0)
    assert {(one.what, one.metric) for one in found.problems} == {
        ("missing", "Coherency"),
        ("unreadable", "Fluency"),
        ("out_of_scale", "Coherency"),
    }
    assert found.means["Coherency"] == 0, (
        "a score below the scale counts as it stands, as in the published tables"
    )


def test_ties_are_counted_per_metric_and_over_all(tmp_path: Path) -> None:
    file = reviews(tmp_path / "t.json", flat(9, 9), flat(9, 8), flat(9, 9), flat(9, 9))
    table = tabulate([read_reviews(file)], weights_of("pool"))
    assert table.ties["Fluency"] == table.ties[OVERALL] == 0.75


def test_intervals_hold_the_mean_repeat_with_their_seed_and_shrink_with_more_samples(tmp_path: Path) -> None:
    few = read_reviews(reviews(tmp_path / "few.json", *(flat(5 + n % 5, 8) for n in range(10))))
    many = read_reviews(reviews(tmp_path / "many.json", *(flat(5 + n % 5, 8) for n in range(400))))
    wide, again, other = (tabulate([few], weights_of("pool"), seed=seed) for seed in (3, 3, 4))
    assert wide.intervals == again.intervals != other.intervals
    narrow = tabulate([many], weights_of("pool"), seed=3)
    for table in (wide, narrow):
        low, high = table.intervals[OVERALL]
        assert low < table.means[OVERALL] < high
    assert _width(narrow) < _width(wide) / 4


def _width(table: Any) -> float:
    low, high = table.intervals[OVERALL]
    return float(high - low)


@pytest.mark.parametrize("way", ["pool", "macro_types", "3:1"])
def test_the_interval_of_reviews_that_all_agree_is_a_point(tmp_path: Path, way: str) -> None:
    files = [
        read_reviews(reviews(tmp_path / name / "t.json", *[flat(8, 10)] * 5))
        for name in ("in_test", "out_test")
    ]
    table = tabulate(files, weights_of(way))
    assert table.intervals[OVERALL] == pytest.approx((0.8, 0.8))


def test_the_gap_between_orders_is_told_when_both_were_judged(tmp_path: Path) -> None:
    turned = {metric: {"score": [9, 10], "swapped": {"score": [7, 10]}} for metric in METRICS}
    table = tabulate([read_reviews(reviews(tmp_path / "t.json", turned))], weights_of("pool"))
    assert table.order_gap == pytest.approx(0.2)
    one_way = tabulate([read_reviews(reviews(tmp_path / "u.json", flat(9, 10)))], weights_of("pool"))
    assert one_way.order_gap is None


def test_a_path_without_reviews_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("{}")
    for path, words in (("absent.json", "no review file"), ("empty", "holds no"), ("text.json", "no list")):
        told = run_rolescape("score", tmp_path / path)
        assert told.status == 2 and words in told.err


def rows(path: Path, *told: tuple[str | None, dict[str, Any]]) -> Path:
    path.write_text(json.dumps([{"id": name, "rm_review": review} for name, review in told]))
    return path


def test_a_sample_reviewed_twice_alike_is_counted_once_and_told(tmp_path: Path) -> None:
    once = rows(tmp_path / "once.json", ("a", flat(9, 10)), ("b", flat(10, 10)))
    twice = rows(tmp_path / "twice.json", ("a", flat(9, 10)), ("b", flat(10, 10)), ("a", flat(9, 10)))
    wanted = json.loads(run_rolescape("score", once, "--json").out)
    told = run_rolescape("score", twice, "--json")
    found = json.loads(told.out)
    assert told.status == 0
    assert (found["counts"], found["means"]) == ({"twice.json": 2}, wanted["means"])
    assert [(one["what"], one["sample"]) for one in found["problems"]] == [("twice", "a")]
    assert "twice.json: a: twice [2], as in twice.json [0]; counted once" in run_rolescape("score", twice).out


def test_a_file_is_counted_once_by_whatever_paths_it_is_named(tmp_path: Path) -> None:
    file = rows(tmp_path / "t.json", ("a", flat(9, 10)), ("b", flat(10, 10)))
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "again.json").symlink_to(file)
    told = run_rolescape("score", tmp_path, file, tmp_path / "links", "--json")
    assert sum(json.loads(told.out)["counts"].values()) == 2 and not json.loads(told.out)["problems"]


@pytest.mark.parametrize("apart", [False, True])
def test_two_reviews_of_one_sample_that_contradict_each_other_are_refused_by_row(
    tmp_path: Path, apart: bool
) -> None:
    second = ("a", flat(9, 10, Fluency={"score": [8, 10]}))
    first = rows(tmp_path / "t.json", ("a", flat(9, 10)), *(() if apart else (second,)))
    files = [first, rows(tmp_path / "u.json", ("b", flat(9, 10)), second)] if apart else [first]
    told = run_rolescape("score", *files)
    assert told.status == 2 and len(told.err.splitlines()) == 1
    assert f"{'u' if apart else 't'}.json [1] gives 'a' other scores than t.json [0]" in told.err


def test_the_problems_of_a_repeated_row_are_told_once_and_rows_without_id_are_counted(tmp_path: Path) -> None:
    part = {metric: flat(9, 10)[metric] for metric in METRICS[:7]}
    file = rows(tmp_path / "t.json", ("a", part), ("a", part), (None, flat(9, 10)), (None, flat(9, 10)))
    told = run_rolescape("score", file, "--json")
    found = json.loads(told.out)
    assert told.status == 1 and found["counts"] == {"t.json": 3}
    assert [one["what"] for one in found["problems"]] == ["missing", "without_id", "without_id", "twice"]


def test_a_column_is_titled_by_the_end_of_its_files_path_that_tells_it_apart(tmp_path: Path) -> None:
    for side, judged in (("in_test", 10), ("out_test", 5)):
        path = reviews(tmp_path / side / "comment_test.json", flat(judged, 10))
        path.write_text(path.read_text().replace("Oda", side))
    apart = run_rolescape("score", tmp_path / "in_test", tmp_path / "out_test").out.splitlines()
    assert apart[0].split()[:3] == ["in_test/comment", "out_test/comment", "mean"]
    overall = next(line for line in apart if line.startswith(OVERALL)).split()
    assert overall[1:3] == ["1.000", "0.500"]
    # Numbers stand below the ends of their titles.
    for title, number in zip(apart[0].split()[:2], overall[1:3], strict=True):
        line = next(line for line in apart if line.startswith(OVERALL))
        assert line[: apart[0].index(title) + len(title)].endswith(number)
    alone = run_rolescape("score", tmp_path / "in_test").out.splitlines()
    assert alone[0].split()[:2] == ["comment", "mean"]

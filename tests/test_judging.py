"""Judging: strict forms, both orders, asked again when unreadable, never paid twice, never passed without a judge."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import run_rolescape
from model_server import ModelServer
from test_mmrole_exchange import content, small_town, written

from rolescape_data import assets
from rolescape_data.errors import SettingsError
from rolescape_data.gates import Context, measure_set
from rolescape_data.judging.grammar import Scored, Unreadable, read_pair, read_scale, read_yes_no
from rolescape_data.judging.reviews import METRICS
from rolescape_data.judging.rubrics import known_rubrics, load_rubric
from rolescape_data.providers.background import background
from rolescape_data.records import Review
from rolescape_data.store.tables import read_table

TYPES = ("comment", "human-role", "inter-role")


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    with ModelServer(source="seeded") as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.reset()
    background()._admissions.clear()
    return running


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    return written(small_town(), tmp_path / "town") / "tests/in_test"


@pytest.fixture
def images(tmp_path: Path, tests: Path) -> Path:
    """A picture for every test sample, where its path says."""
    from PIL import Image

    for path in tests.glob("*_test.json"):
        for row in content(path):
            place = tmp_path / "images" / row["image"]
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (64, 48), (40, 90, 160)).save(place)
    return tmp_path / "images"


def answered(tests: Path, words: str = "Well then, {id}.") -> Path:
    rows = [row for path in sorted(tests.glob("*_test.json")) for row in content(path)]
    path = tests.parent / "answers.jsonl"
    path.write_text(
        "".join(json.dumps({"id": row["id"], "answer": words.format(**row)}) + "\n" for row in rows)
    )
    return path


def judge(server: ModelServer, answers: Path, out: Path, *more: str | Path) -> Any:
    return run_rolescape(
        "judge",
        answers,
        "--out",
        out,
        "--writer",
        "openai:test-model",
        "--base-url",
        server.openai_url,
        *more,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A is warmer. [Scores]: (9, 7)", (9.0, 7.0)),
        ("A is warmer.\nB explains.\n[Scores]: ( 8.5 ,10 )\n", (8.5, 10.0)),
        ("[Scores]: (9, 7)", "no reasons"),
        ("A is warmer.", "0 times"),
        ("A. [Scores]: (9, 7) [Scores]: (8, 7)", "2 times"),
        ("A is warmer. [Scores]: (9, 7). Hope that helps!", "does not end"),
        ("A is warmer. [Scores]: (0, 7)", "not between 1 and 10"),
        ("A is warmer. [Scores]: (9, 11)", "not between 1 and 10"),
        ("A is warmer. [Scores]: (nine, 7)", "does not end"),
    ],
)
def test_pair_scores_are_read_in_one_form_alone(text: str, expected: Any) -> None:
    found = read_pair(text, 1, 10)
    if isinstance(expected, tuple):
        assert isinstance(found, Scored) and found.scores == expected
    else:
        assert isinstance(found, Unreadable) and expected in found.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dry and calm throughout.\n6", 6.0),
        ("Dry and calm throughout.\n6\n6\n", 6.0),
        ("Dry.\n5\n6", "two different"),
        ("6", "no reasons"),
        ("Dry and calm.\nScore: 6", "last line"),
        ("Dry and calm.\n8", "not between 1 and 7"),
        ("Dry and calm.\n6.5", "last line"),
        ("6\nDry and calm.", "last line"),
    ],
)
def test_a_scale_is_read_from_a_last_line_that_holds_the_score_alone(text: str, expected: Any) -> None:
    found = read_scale(text, 1, 7)
    if isinstance(expected, float):
        assert isinstance(found, Scored) and found.scores == (expected,)
    else:
        assert isinstance(found, Unreadable) and expected in found.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'I could not tell you' leaves it open.\nyes", 1.0),
        ("It names the town.\n\nNo\n", 0.0),
        ("yes", "no reason"),
        ("It names the town.\nNo.", "last line"),
        ("It declines.\nyes, it does", "last line"),
    ],
)
def test_a_decision_is_read_from_a_last_line_that_holds_it_alone(text: str, expected: Any) -> None:
    found = read_yes_no(text)
    if isinstance(expected, float):
        assert isinstance(found, Scored) and found.scores == (expected,)
    else:
        assert isinstance(found, Unreadable) and expected in found.problem


def test_refusals_of_a_models_answers_are_counted(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answers = answered(tests, "I cannot tell you that, {id}.")
    told = judge(server, answers, out, "--tests", tests, "--rubric", "refusal")
    assert told.status == 0, told.out + told.err
    reviews = read_table(out / "reviews.parquet", Review)
    assert {(one.judge_kind, one.metric, one.score) for one in reviews} == {("yes_no", "refusal", 1.0)}
    assert len(reviews) == 6


def test_metrics_of_all_replies_together_are_missing_of_none_of_them(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    judge(server, answered(tests), out, "--tests", tests, "--images", images, "--rubric", "rolescape_1to7")
    gates = {one["gate"]: one for one in json.loads((out / "judge.json").read_text())["gates"]}
    assert gates["judge_missing"]["value"] == 0


def test_the_shipped_rubrics_name_mmroles_eight_metrics_and_the_six_scales() -> None:
    assert known_rubrics() == ["mmrole_pair", "refusal", "rolescape_1to7"]
    pairs, scales = load_rubric("mmrole_pair"), load_rubric("rolescape_1to7")
    assert tuple(metric.name for metric in pairs.metrics) == METRICS and pairs.orders == ["AB", "BA"]
    assert [metric.name for metric in scales.metrics] == [
        "personality", "factual", "diversity", "values", "hallucination", "stability",
    ]  # fmt: skip
    assert all(len(metric.steps) >= 3 for metric in scales.metrics)


def test_an_unknown_or_broken_rubric_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Known: mmrole_pair, refusal, rolescape_1to7"):
        load_rubric("taste")
    (tmp_path / "rubrics").mkdir()
    text = assets.find("qa", "rubrics/mmrole_pair.yaml").read_text()
    (tmp_path / "rubrics/mmrole_pair.yaml").write_text(text.replace("lowest: 1", "lowest: 10"))
    with pytest.raises(SettingsError, match="lowest"):
        load_rubric("mmrole_pair", tmp_path)


def test_offline_nothing_is_judged_and_nothing_passes(tests: Path, tmp_path: Path) -> None:
    told = run_rolescape("judge", answered(tests), "--tests", tests, "--out", tmp_path / "out")
    assert told.status == 2 and "Not run" in told.err
    assert not (tmp_path / "out").exists()


def test_every_answer_is_judged_on_eight_metrics_in_both_orders_and_scored(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = judge(server, answered(tests), out, "--tests", tests, "--images", images, "--model-name", "ours-1")
    assert told.status == 0, told.out + told.err
    reviews = read_table(out / "reviews.parquet", Review)
    assert len(reviews) == 6 * 8 * 2 == len({one.id for one in reviews})
    assert Counter((one.metric, one.order) for one in reviews) == {
        (m, o): 6 for m in METRICS for o in ("AB", "BA")
    }
    assert {one.evaluated for one in reviews} == {"ours-1"} and all(one.parse_ok for one in reviews)
    gates = {
        (one["gate"], one["detail"].split(",")[0]): one
        for one in json.loads((out / "judge.json").read_text())["gates"]
    }
    assert {metric for gate, metric in gates if gate == "pair_ratio"} == set(METRICS)
    ratios = [
        one.score / one.reference_score
        for one in reviews
        if one.metric == "Fluency" and one.score and one.reference_score
    ]
    assert gates["pair_ratio", "Fluency"]["value"] == pytest.approx(sum(ratios) / len(ratios))
    again = [one for one in reviews if one.attempts > 1]
    assert again and len(again) < len(reviews) / 3 and max(one.attempts for one in reviews) <= 3

    scored = run_rolescape("score", out / "reviews", "--json")
    assert scored.status == 0, scored.out + scored.err
    table = json.loads(scored.out)
    assert table["counts"] == {f"{kind}_test.json": 2 for kind in TYPES}
    assert table["order_gap"] is not None and not table["problems"]


def test_both_orders_are_written_as_evaluated_over_reference(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert judge(server, answered(tests), out, "--tests", tests, "--images", images).status == 0
    pairs: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for one in read_table(out / "reviews.parquet", Review):
        assert one.score is not None and one.reference_score is not None
        pairs.setdefault((one.target_id, one.metric), {})[one.order] = (one.score, one.reference_score)
        # The judge's own words hold them in the order that it saw.
        shown = (one.score, one.reference_score) if one.order == "AB" else (one.reference_score, one.score)
        assert one.raw.endswith(f"({shown[0]:g}, {shown[1]:g})")
    # This judge marks B down by one at most, in a fifth of its reviews: scores hold to the answer, not to the place.
    close = [abs(both["AB"][n] - both["BA"][n]) <= 1 for both in pairs.values() for n in (0, 1)]
    assert all(close)
    assert any(both["AB"] != both["BA"] for both in pairs.values())


def test_asked_again_nothing_is_paid_twice_and_the_files_are_the_same(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out, answers = tmp_path / "out", answered(tests)
    assert judge(server, answers, out, "--tests", tests, "--images", images).status == 0
    paid = server.counters()["paid"]
    before = {path.name: path.read_bytes() for path in out.rglob("*.[jp]*") if "sqlite" not in path.name}
    assert judge(server, answers, out, "--tests", tests, "--images", images).status == 0
    assert server.counters()["paid"] == paid and server.counters()["repeated"] == 0
    assert {
        path.name: path.read_bytes() for path in out.rglob("*.[jp]*") if "sqlite" not in path.name
    } == before


def test_a_spent_budget_stops_and_a_larger_one_goes_on(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    qa = tmp_path / "qa"
    qa.mkdir()
    (qa / "prices.yaml").write_text(
        "prices: {'openai:test-model': {input: 1.0, output: 10.0, read: 2026-11-20, source: the test server}}\n"
    )
    out, answers = tmp_path / "out", answered(tests)
    more: tuple[str | Path, ...] = ("--tests", tests, "--images", images, "--qa", qa)
    stopped = judge(server, answers, out, *more, "--budget", "0.05")
    assert stopped.status == 3 and "budget" in stopped.err
    spent = server.counters()["paid"]
    assert spent > 0
    whole = judge(server, answers, out, *more, "--budget", "20")
    assert whole.status == 0, whole.out + whole.err
    assert server.counters()["repeated"] == 0


def test_what_cannot_be_read_after_three_tries_is_a_record_and_no_pass(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = judge(server, answered(tests, "This is unjudgeable."), out, "--tests", tests, "--images", images)
    assert told.status == 1 and "Unreadable" in told.out
    reviews = read_table(out / "reviews.parquet", Review)
    assert all(not one.parse_ok and one.score is None and one.attempts == 3 and one.raw for one in reviews)
    scored = run_rolescape("score", out / "reviews", "--json")
    assert scored.status in (1, 2)
    [verdict] = [
        one
        for one in measure_set(reviews, Context())
        if one.gate == "judge_parse_rate" and one.value is not None
    ][:1]
    assert verdict.value == 0


def test_without_pictures_their_metric_is_not_run_and_said_so(
    server: ModelServer, tests: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = judge(server, answered(tests), out, "--tests", tests)
    assert told.status == 1 and "Not run, which is not passed: 6" in told.out
    found = json.loads((out / "judge.json").read_text())
    assert {name.split(": ")[1] for name in found["not_run"]} == {"Image-Text Relevance"}
    assert run_rolescape("score", out / "reviews", "--json").status == 1


def test_answers_in_mmroles_own_form_and_empty_ones_are_read(
    server: ModelServer, tests: Path, tmp_path: Path
) -> None:
    rows = content(tests / "comment_test.json")
    rows[0]["conversations"][1]["answer"] = "Well then."
    (tmp_path / "comment_test.json").write_text(json.dumps(rows))
    out = tmp_path / "out"
    assert judge(server, tmp_path / "comment_test.json", out).status == 1
    found = json.loads((out / "judge.json").read_text())
    assert found["answers"] == 1 and found["without_answer"] == [rows[1]["id"]]


def test_scales_judge_single_answers_and_whole_characters(
    server: ModelServer, tests: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = judge(server, answered(tests), out, "--tests", tests, "--rubric", "rolescape_1to7")
    assert told.status == 0, told.out + told.err
    reviews = read_table(out / "reviews.parquet", Review)
    # Two characters with three answers each; diversity and stability look at all of them at once.
    assert Counter(one.metric for one in reviews) == {
        "personality": 6, "factual": 6, "values": 6, "hallucination": 6, "diversity": 2, "stability": 2,
    }  # fmt: skip
    assert all(
        one.score is not None and 1 <= one.score <= 7 and one.reference_score is None for one in reviews
    )
    scales = json.loads((out / "scales.json").read_text())
    assert set(scales) == {"oda-wren", "tobin-ash"}
    assert sum(own["personality"]["count"] for own in scales.values()) == 6


def test_reviews_become_reward_samples_with_the_judges_question_and_a_strict_target(
    server: ModelServer, tests: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert judge(server, answered(tests), out, "--tests", tests, "--images", images).status == 0
    told = run_rolescape("export", out, "--to", "mmrole-reward", "--out", tmp_path / "reward")
    assert told.status == 0, told.out + told.err
    assert run_rolescape("verify", tmp_path / "reward").status == 0
    samples = content(tmp_path / "reward/train_reward.json")
    reviews = {
        (one.target_id, one.metric, one.order): one for one in read_table(out / "reviews.parquet", Review)
    }
    assert len(samples) == len(reviews) == len({one["id"] for one in samples})
    for one in samples:
        question, target = one["conversations"]
        assert [question["from"], target["from"]] == ["user", "assistant"]
        assert (
            question["value"].startswith(f"Picture 1: <img>images/{one['image']}</img>\n")
            and one["metric"] in question["value"]
        )
        read = read_pair(target["value"], 1, 10)
        assert isinstance(read, Scored)
        [own] = [
            review
            for key, review in reviews.items()
            if key[1:] == (one["metric"], one["order"]) and one["id"].startswith(f"{key[0]}_")
        ]
        assert one["scores"] == [own.score, own.reference_score]
        assert list(read.scores) == (one["scores"] if one["order"] == "AB" else one["scores"][::-1])

    # A row that stands there twice is one sample; one that contradicts another is refused.
    file = next((out / "reviews").rglob("*.json"))
    rows = content(file)
    file.write_text(json.dumps([*rows, rows[0]]))
    assert run_rolescape("export", out, "--to", "mmrole-reward", "--out", tmp_path / "twice").status == 0
    assert content(tmp_path / "twice/train_reward.json") == samples
    other = json.loads(json.dumps(rows[0]).replace('"score": [', '"score": [1.0, 1.0], "was": ['))
    file.write_text(json.dumps([*rows, other]))
    told = run_rolescape("export", out, "--to", "mmrole-reward", "--out", tmp_path / "other")
    assert told.status == 2 and "other scores than" in told.err


REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", Path(__file__).resolve().parents[2] / "shared/real"))


@pytest.mark.skipif(not (REAL / "mmrole_in_test").is_dir(), reason=f"no released reviews at {REAL}")
def test_released_reviews_become_reward_samples_and_every_other_one_is_listed(tmp_path: Path) -> None:
    told = run_rolescape(
        "export",
        REAL / "mmrole_in_test/reviews",
        "--to",
        "mmrole-reward",
        "--out",
        tmp_path / "reward",
        "--json",
    )
    assert told.status == 0, told.out + told.err
    counts = json.loads(told.out)["counts"]
    assert counts["samples"] + counts["left_out"] == 216 * 8
    assert counts["samples"] > 0.98 * 216 * 8
    assert len(content(tmp_path / "reward/left_out.json")) == counts["left_out"]

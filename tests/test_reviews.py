"""A set's `reviews:`: a stated sample of its own replies judged in the build, read by the gates, told by status and report."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import Told, run_rolescape
from gates_samples import COMMON, dialogue, profile
from model_server import ModelServer
from small_set import IDS, contents, edit, write_small_set

from rolescape_data.judging.reviews import METRICS
from rolescape_data.judging.rubrics import load_rubric
from rolescape_data.judging.sampling import sampled
from rolescape_data.providers.background import background
from rolescape_data.records import (
    RECORDS,
    NegativeItem,
    PreferencePair,
    Record,
    Review,
    TextDialogue,
    Turn,
    Verdict,
)
from rolescape_data.records.dialogue import HumanRoleDialogue
from rolescape_data.store.tables import read_table, write_table
from rolescape_data.store.workspace import Workspace, content_hash

R = TypeVar("R", bound=Record)

KINDS = """\
  negative: {mix: {unanswerable_profile: 2, future_event: 2}, split: train}
  preference: {mix: {ai_tone: 2}, split: train}
"""
SECTION = "\nreviews:\n  sample: 3\n  rubrics: [rolescape_1to7, refusal, mmrole_pair]\n"
ALONE = ("personality", "factual", "values", "hallucination")
TOGETHER = ("diversity", "stability")
# Preference pairs are of exchanges without a picture.
PAIRED = [metric for metric in METRICS if metric != "Image-Text Relevance"]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(source="seeded") as running:
        background()._admissions.clear()
        yield running


@pytest.fixture(scope="module")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small set, negatives and preference pairs beside its kinds, and its workspace; nothing is judged."""
    folder = tmp_path_factory.mktemp("unjudged")
    set_file = write_small_set(folder / "set")
    blueprint = set_file.parent / "qa" / "blueprints" / "small.yaml"
    blueprint.write_text(blueprint.read_text() + KINDS)
    told = built(set_file, folder / "out")
    assert told.status == 0, told.out + told.err
    return folder


@pytest.fixture(scope="module")
def judged(unjudged: Path, server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, every negative declined in plain words, and a sample judged by the seeded judge. Only to be read."""
    folder = copied(unjudged, tmp_path_factory.mktemp("judged"))
    for name in IDS:
        rewritten(folder / "out", name, NegativeItem, answer="I cannot tell you that.")
    ask(folder / "set" / "set.yaml", server)
    told = built(folder / "set" / "set.yaml", folder / "out")
    assert told.status == 0, told.out + told.err
    return folder


def copied(source: Path, target: Path) -> Path:
    for name in ("set", "out"):
        shutil.copytree(source / name, target / name)
    told = (target / "out" / "build.json").read_text().replace(str(source), str(target))
    (target / "out" / "build.json").write_text(told)
    return target


def built(set_file: Path, out: Path, *options: str) -> Told:
    return run_rolescape("build", set_file, "--out", out, "--engine", "none", "--quiet", *options)


def ask(set_file: Path, server: ModelServer, section: str = SECTION) -> None:
    """Have a sample judged by a model, and everything else written offline as before."""
    writer = f"{{name: 'openai:test-model', base_url: '{server.openai_url}'}}"
    set_file.write_text(f"{set_file.read_text()}{section}writers:\n  reviews: {writer}\n")


def rewritten(out: Path, name: str, model: type[R], **words: str) -> list[str]:
    """Put other words into a built table as if it had been written with them, and return the ids."""
    folder = Workspace(out).character(name)
    rows = [row.model_copy(update=words) for row in folder.read(model)]
    write_table(folder.table(model.kind), rows, model)
    stamp = folder.stamps()[model.kind]
    folder.stamp(model.kind, stamp.model_copy(update={"content": content_hash(rows)}))
    return [row.id for row in rows]


def verdicts(out: Path, gate: str) -> dict[str, Verdict]:
    """Return a gate's verdicts by character; the last of several."""
    rows = read_table(out / "set" / "verdicts.parquet", Verdict)
    return {row.character_id: row for row in rows if row.gate == gate}


def too_low(out: Path, name: str) -> set[str]:
    """Return the ids of a character's records that were dropped for a judge's score."""
    rows = Workspace(out).character(name).rejects()
    return {row.record_id for row in rows if any(why.startswith("judged_item") for why in row.reasons)}


def requests(server: ModelServer) -> int:
    found: int = server.counters()["requests"]
    return found


def negative(number: int, expected: Any) -> NegativeItem:
    return NegativeItem(
        **COMMON,
        id=f"mira-h_negative_{number:03d}",
        negative="unanswerable_profile" if expected != "no" else "hard_negative_image",
        question="What is your shoe size?",
        answer="Nobody ever wrote that down.",
        expected=expected,
    )


def test_a_sample_is_drawn_by_seed_so_many_of_each_sort() -> None:
    tables: dict[str, Sequence[Record]] = {
        "profile": [profile()],
        "image_dialogue": [dialogue(id=f"mira-h_dialogue_{at:03d}") for at in range(1, 21)],
        "negative": [negative(at, "refuse_in_character") for at in range(1, 21)],
    }
    scales, refusal = load_rubric("rolescape_1to7"), load_rubric("refusal")
    drawn = [one.target for one in sampled(scales, tables, size=5, seed=1)["spoken"]]
    assert len(drawn) == 5 == len(set(drawn))
    backwards = {kind: list(reversed(rows)) for kind, rows in tables.items()}
    assert drawn == [one.target for one in sampled(scales, backwards, size=5, seed=1)["spoken"]]
    assert drawn != [one.target for one in sampled(scales, tables, size=5, seed=2)["spoken"]]
    sorts = sampled(refusal, tables, size=5, seed=1)
    assert {sort: len(replies) for sort, replies in sorts.items()} == {"answerable": 5, "unanswerable": 5}


def test_what_is_denied_and_not_declined_is_no_base_for_refusals() -> None:
    tables = {"profile": [profile()], "negative": [negative(1, "no"), negative(2, "say_not_visible")]}
    found = sampled(load_rubric("refusal"), tables, size=5, seed=1)
    assert [one.target for one in found["unanswerable"]] == ["mira-h_negative_002"]


def test_of_a_talk_one_turn_of_the_character_is_judged_with_what_it_answers() -> None:
    turns = [
        Turn(speaker="human" if at % 2 == 0 else "mira-h", text=f"Words number {at}.") for at in range(8)
    ]
    talk = HumanRoleDialogue(**COMMON, id="mira-h_talk_001", image_id="mira-h_image_001", messages=turns)
    tables = {"profile": [profile()], "human_role_dialogue": [talk]}
    (reply,) = sampled(load_rubric("rolescape_1to7"), tables, size=5, seed=1)["spoken"]
    assert (reply.target, reply.image) == ("mira-h_talk_001", "mira-h_image_001")
    asked, said = (int(re.findall(r"\d", text)[0]) for text in (reply.asked, reply.words))
    assert said % 2 == 1 and asked == said - 1


def test_a_build_judges_exactly_the_sample_that_the_set_states(judged: Path) -> None:
    for name in IDS:
        folder = Workspace(judged / "out").character(name)
        tables = {kind: folder.read(RECORDS[kind]) for kind in folder.stamps()}
        found = folder.read(Review)
        wanted: Counter[tuple[str, str, str]] = Counter()
        for rubric in ("rolescape_1to7", "refusal", "mmrole_pair"):
            for sort, replies in sampled(load_rubric(rubric), tables, size=3, seed=3).items():
                targets = [one.target for one in replies]
                assert len(targets) == (2 if sort == "preferred" else 3)
                metrics = {"spoken": ALONE, "preferred": PAIRED}.get(sort, ["refusal"])
                wanted.update((target, metric, "AB") for target in targets for metric in metrics)
                if sort == "preferred":
                    wanted.update((target, metric, "BA") for target in targets for metric in metrics)
        wanted.update((name, metric, "AB") for metric in TOGETHER)
        assert Counter((one.target_id, one.metric, one.order) for one in found) == wanted
        assert {one.provenance.writer.partition("@")[0] for one in found} == {"openai:test-model"}
        authors = {one.judge_kind: one.evaluated for one in found}
        assert authors == {
            "rolescape_1to7": "reference",
            "yes_no": "reference",
            "mmrole_pair": "rejected",
        }
        assert any(one.attempts > 1 for one in found) and all(one.parse_ok for one in found)


def test_replies_that_are_as_they_should_be_pass_the_gates_that_read_reviews(judged: Path) -> None:
    for gate in ("refused_share", "false_refusals", "judged_item", "judge_parse_rate", "judge_missing"):
        assert {row.status for row in verdicts(judged / "out", gate).values()} == {"pass"}, gate
    assert {row.value for row in verdicts(judged / "out", "refused_share").values()} == {1.0}
    assert {row.value for row in verdicts(judged / "out", "false_refusals").values()} == {0.0}


def test_replies_that_are_not_are_warned_of_and_dropped(
    unjudged: Path, server: ModelServer, tmp_path: Path
) -> None:
    folder = copied(unjudged, tmp_path)
    out = folder / "out"
    rewritten(out, "mara-quist", NegativeItem, answer="It was nine, on a Monday.")
    rewritten(out, "mara-quist", TextDialogue, response="I cannot tell.")
    false = rewritten(out, "bram-oake", TextDialogue, response="I am out of character here, and gladly.")
    ask(folder / "set" / "set.yaml", server, "\nreviews: {sample: 20, metrics: [personality, refusal]}\n")
    told = built(folder / "set" / "set.yaml", out)

    assert told.status == 1
    assert verdicts(out, "refused_share")["mara-quist"].status == "warn"
    assert verdicts(out, "false_refusals")["mara-quist"].status == "warn"
    # A score below three drops the reply that was judged, and the contract names what is missing then.
    assert too_low(out, "bram-oake") == set(false) and not too_low(out, "mara-quist")
    assert "bram-oake text_dialogue dialogue: 0 of 4 (4 dropped by verdicts" in told.out
    low = run_rolescape("status", out).out
    assert re.search(r"judged_item +1\.000  the lowest of \d+ scores; 4 too low  \[fail below 3\]", low)


def test_status_and_report_tell_the_numbers_and_what_they_rest_on(judged: Path) -> None:
    out = judged / "out"
    told = run_rolescape("status", out)
    assert told.status == 0
    assert re.search(r"judged_mean +\d\.\d{3}  hallucination, 3 reviews", told.out)
    assert re.search(r"refused_share +1\.000  declined 3 of 3 that it cannot answer", told.out)
    assert re.search(r"rejected_preferred +\d\.\d{3}  \d of 2 pairs", told.out)
    said = json.loads(run_rolescape("status", out, "--json").out)
    rows = said["characters"]["mara-quist"]["reviews"]
    declined = "declined 3 of 3 that it cannot answer"
    assert {
        "gate": "refused_share",
        "status": "pass",
        "value": 1.0,
        "threshold": "warn below 0.9",
        "detail": declined,
    } in rows
    page = (out / "report" / "index.html").read_text()
    (row,) = re.findall(
        r"<code>refused_share</code></th>(?:(?!</tr>).)*1\.000(?:(?!</tr>).)*</tr>", page, re.S
    )[:1]
    assert declined in row and "warn below 0.9" in row
    assert "What <code>openai:test-model" in page
    assert "Not run, which is not passed: judge_agreement (no person scored ten of the replies" in told.out


def test_offline_nothing_is_judged_and_its_gates_are_not_run(unjudged: Path, tmp_path: Path) -> None:
    folder = copied(unjudged, tmp_path)
    set_file = folder / "set" / "set.yaml"
    set_file.write_text(set_file.read_text() + SECTION)
    told = built(set_file, folder / "out")
    assert told.status == 1
    assert "mara-quist review rolescape_1to7 spoken: 0 of 14 (not run: the offline writer judges" in told.out
    assert "mara-quist review refusal unanswerable: 0 of 3 (not run" in told.out
    for gate in ("refused_share", "false_refusals", "judged_mean", "pair_order_gap"):
        assert {row.status for row in verdicts(folder / "out", gate).values()} == {"not_run"}
    status = run_rolescape("status", folder / "out")
    assert "judged:" not in status.out and "refused_share" in status.out.partition("Not run, which")[2]
    assert "Not run is not passed" in (folder / "out" / "report" / "index.html").read_text()


def test_a_set_that_asks_for_no_reviews_is_told_how_to(unjudged: Path) -> None:
    told = run_rolescape("status", unjudged / "out").out
    assert "(no model judged these replies; a section `reviews:` in the set file and a model as" in told


def test_without_the_section_a_workspace_is_what_it_was(unjudged: Path, tmp_path: Path) -> None:
    folder = copied(unjudged, tmp_path)
    set_file = folder / "set" / "set.yaml"
    before = contents(folder / "out")
    plain = set_file.read_text()
    set_file.write_text(plain + SECTION)
    assert built(set_file, folder / "out").status == 1
    set_file.write_text(plain)
    assert built(set_file, folder / "out").status == 0
    after = contents(folder / "out")
    # The tables of dropped kinds stay where they are, and nobody reads them.
    left = {name for name in after if name.endswith("review.parquet") or name.endswith("stages.json")}
    assert {name: mark for name, mark in after.items() if name not in left} == {
        name: mark for name, mark in before.items() if name not in left
    }


def test_run_again_nothing_is_paid_twice(judged: Path, server: ModelServer, tmp_path: Path) -> None:
    folder = copied(judged, tmp_path)
    out, set_file = folder / "out", folder / "set" / "set.yaml"
    before, asked = contents(out), requests(server)
    assert built(set_file, out).out.startswith("Nothing to do")
    for name in IDS:
        Workspace(out).character(name).table("review").unlink()
    assert built(set_file, out).status == 0
    assert contents(out) == before and requests(server) == asked


def test_questions_asked_anew_are_judged_anew_and_replies_that_stayed_are_not(
    judged: Path, server: ModelServer, tmp_path: Path
) -> None:
    out = copied(judged, tmp_path) / "out"
    asked = requests(server)
    before = Workspace(out).character("mara-quist").read(Review)
    told = run_rolescape("qa", out, "mara-quist", "--fresh")
    assert "negative" in told.out and "review" in told.out
    after = Workspace(out).character("mara-quist").read(Review)
    # The offline writer declines in its own words again, and not in those that were judged.
    assert 3 <= requests(server) - asked <= 9
    scales = [one for one in before if one.judge_kind == "rolescape_1to7"]
    assert scales == [one for one in after if one.judge_kind == "rolescape_1to7"]


def test_a_larger_sample_pays_for_what_was_added(judged: Path, server: ModelServer, tmp_path: Path) -> None:
    folder = copied(judged, tmp_path)
    set_file = folder / "set" / "set.yaml"
    edit(set_file, "rubrics: [rolescape_1to7, refusal, mmrole_pair]", "metrics: [hallucination]")
    edit(set_file, "sample: 3", "sample: 4")
    asked = requests(server)
    assert built(set_file, folder / "out").status == 0
    for name in IDS:
        found = Workspace(folder / "out").character(name).read(Review)
        assert len(found) == 4 and {one.metric for one in found} == {"hallucination"}
    # One reply more of each; a judge whose words cannot be read is asked up to three times.
    assert 2 <= requests(server) - asked <= 6


def test_check_tells_what_judging_takes(judged: Path) -> None:
    said = json.loads(run_rolescape("check", judged / "set" / "set.yaml", "--json").out)
    (row,) = [row for row in said["stages"] if row["kind"] == "review"]
    reviews = sum(len(Workspace(judged / "out").character(name).read(Review)) for name in IDS)
    assert (row["stage"], row["writer"]) == ("reviews", "openai:test-model")
    assert row["calls"] == reviews and row["input_tokens"] > 0


def test_score_reads_the_pairs_of_a_workspace(judged: Path, unjudged: Path) -> None:
    told = run_rolescape("score", judged / "out", "--json")
    assert told.status == 0, told.out + told.err
    table = json.loads(told.out)
    assert table["counts"] == dict.fromkeys(IDS, 2) and table["order_gap"] is not None
    pairs = [
        one.score / one.reference_score
        for one in Workspace(judged / "out").character(IDS[0]).read(Review)
        if (one.metric, one.order) == ("Fluency", "AB") and one.score and one.reference_score
    ]
    assert table["rows"][IDS[0]]["Fluency"] == pytest.approx(sum(pairs) / 2)
    told = run_rolescape("score", judged / "out")
    assert "nobody asked for Image-Text Relevance" in told.out
    assert (
        "the rejected replies of its preference pairs over the chosen ones: they should lie below 1"
        in told.out
    )
    told = run_rolescape("score", unjudged / "out")
    assert told.status == 2 and "holds no reviews of pairs" in told.err


def test_nothing_that_was_said_of_records_is_handed_on(judged: Path) -> None:
    manifest = json.loads((judged / "out" / "shards" / "manifest.json").read_text())
    assert "review" not in json.dumps(manifest)
    preferences = Workspace(judged / "out").character(IDS[0]).read(PreferencePair)
    assert len(preferences) == 2


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("reviews: {rubrics: [taste]}", "no rubric 'taste'. Known: mmrole_pair, refusal, rolescape_1to7"),
        (
            "reviews: {rubrics: [refusal], metrics: [charm]}",
            "the metric 'charm', which none of its rubrics has. Known: refusal",
        ),
        ("reviews: {sample: 0}", "sample"),
        ("reviews: {size: 3}", "size"),
    ],
)
def test_a_section_that_cannot_be_followed_is_refused_in_one_sentence(
    small: Path, rolescape: Callable[..., Told], section: str, words: str
) -> None:
    small.write_text(f"{small.read_text()}\n{section}\n")
    told = rolescape("check", small)
    assert told.status == 2 and words in told.err


def test_a_blueprint_counts_no_reviews(small: Path, rolescape: Callable[..., Told]) -> None:
    blueprint = small.parent / "qa" / "blueprints" / "small.yaml"
    blueprint.write_text(f"{blueprint.read_text()}  review: {{count: 3}}\n")
    told = rolescape("check", small)
    assert told.status == 2 and "`reviews:` in the set file" in told.err

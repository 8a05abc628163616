"""CLIP scores: true captions above false ones, nothing cut in silence, nothing scored twice, no random weights."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gates_samples import CONTEXT, caption, image
from hypothesis import given
from hypothesis import strategies as st
from small_set import ROOT
from test_starter_pictures import PLAN, shipped

from examples.clip.captions import FIELDS, KINDS, falsified, form
from examples.clip.captions import caption as caption_of
from examples.clip.draws import EVALUATION_SEEDS, TRAINING_SEEDS, kept_for_evaluation, spec_of
from flows.reporting import write_report
from flows.scoring import NOT_ASKED, clip_note, score
from flows.set_verdicts import judge
from flows.whole_set import WholeSet, done, open_set
from rolescape_data import assets
from rolescape_data.errors import InputError, SettingsError
from rolescape_data.gates import measure_records
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.records import Measurement
from rolescape_data.records.score import ScoreRow
from rolescape_data.stages.scores import Embeddings, scores, text_key
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import Workspace
from rolescape_data.vision.clip import (
    ClipModel,
    clip_scores,
    embed_pictures,
    embed_texts,
    load_clip,
    token_count,
)
from rolescape_data.vision.clip_text import Pieces, pieces

SHIPPED = ROOT / "examples/starter/clip"


@pytest.fixture(scope="module")
def clip() -> ClipModel:
    """The starter set's own model."""
    return load_clip(f"local-dir:{SHIPPED}", None, device="cpu")


def counted(text: str) -> int:
    """Count words, start and end as two more: a tokenizer that a reader can follow."""
    return len(text.split()) + 2


class Counting:
    """A network that counts how often it is called, and may end the process at one call."""

    def __init__(self, network: Any, ends_at: int = -1) -> None:
        self.network, self.calls, self.ends_at = network, 0, ends_at

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self.ends_at:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGKILL)

    def encode_image(self, *args: Any, **options: Any) -> Any:
        self._called()
        return self.network.encode_image(*args, **options)

    def encode_text(self, *args: Any, **options: Any) -> Any:
        self._called()
        return self.network.encode_text(*args, **options)


def loader(clip: ClipModel, network: Counting) -> Callable[..., ClipModel]:
    return lambda model, pretrained, device: replace(clip, network=network)


@pytest.fixture
def scored(small: Path, built: Path, build: Callable[..., Any]) -> Iterator[WholeSet]:
    """The small set with the shipped model and two items to a batch, its characters built and nothing scored yet."""
    shutil.copytree(SHIPPED, small.parent / "clip")
    small.write_text(
        small.read_text().replace("seed: 3", 'seed: 3\nclip: {model: "local-dir:clip", batch_size: 2}')
    )
    assert build(small, "--until", "qa", out=built).status in (0, 1)
    yield open_set(Workspace(built))


# ------------------------------------------------------------------ what the small model knows


def test_a_swapped_caption_scores_lower_on_the_starter_pictures(clip: ClipModel) -> None:
    planned = [(picture, shipped(who, picture.file)) for who, own in PLAN.items() for picture in own]
    rng = random.Random(3)
    texts = [caption_of(picture.spec, form(rng, least=4, most=5)) for picture, _ in planned]
    image_ND = np.concatenate(list(embed_pictures(clip, [path for _, path in planned], batch_size=27)))
    text_ND = np.concatenate(list(embed_texts(clip, texts, batch_size=27)))
    score_NN = image_ND @ text_ND.T
    right, wrong = score_NN.diagonal(), score_NN[~np.eye(len(planned), dtype=bool)]
    assert (right[:, None] > wrong[None, :]).mean() > 0.9


def test_training_never_sees_what_the_evaluation_draws() -> None:
    trained = [spec_of(TRAINING_SEEDS + number, evaluation=False) for number in range(300)]
    held = [spec_of(EVALUATION_SEEDS + number, evaluation=True) for number in range(300)]
    planned = [picture.spec for own in PLAN.values() for picture in own]
    assert not any(kept_for_evaluation(spec) for spec in trained)
    assert all(kept_for_evaluation(spec) for spec in (*held, *planned))
    assert not {spec.seed for spec in trained} & {spec.seed for spec in (*held, *planned)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_falsified_caption_differs_in_that_detail_alone(kind: str) -> None:
    rng = random.Random(kind)
    for number in range(50):
        spec = spec_of(EVALUATION_SEEDS + number, evaluation=True)
        other = falsified(spec, kind, rng)
        changed = {name for name in FIELDS if getattr(spec, name) != getattr(other, name)}
        assert changed == {KINDS[kind]}
        how = form(rng)
        told = KINDS[kind] in how.fields
        assert told or caption_of(spec, how) == caption_of(other, how)


def test_the_shipped_model_is_small_and_says_what_it_is_good_for(clip: ClipModel) -> None:
    assert 4e6 < (SHIPPED / "open_clip_model.safetensors").stat().st_size < 14e6
    assert "that look only" in clip.about


def test_scores_follow_the_published_formula_and_need_pairs() -> None:
    image_ND = torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0]])
    text_ND = torch.tensor([[0.5, 0.0], [1.0, 1.0], [-1.0, 0.0]])
    assert clip_scores(image_ND, text_ND).tolist() == pytest.approx([2.5, 2.5 / 2**0.5, 0.0])
    with pytest.raises(ValueError, match="one shape"):
        clip_scores(image_ND, text_ND[:2])


def test_a_batch_gives_the_numbers_that_single_items_give(clip: ClipModel) -> None:
    paths = [shipped("quill", picture.file) for picture in PLAN["quill"][:5]]
    together = np.concatenate(list(embed_pictures(clip, paths, batch_size=8)))
    alone = np.concatenate(list(embed_pictures(clip, paths, batch_size=1)))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    texts = ["a heron", "a heron with a brass lantern", "a keeper on the pier at dawn"]
    together = np.concatenate(list(embed_texts(clip, texts, batch_size=8)))
    alone = np.concatenate(list(embed_texts(clip, texts, batch_size=1)))
    np.testing.assert_allclose(together, alone, atol=1e-5)


# ------------------------------------------------------------------ texts longer than the window


def test_a_text_that_fits_is_one_piece() -> None:
    assert pieces("one two  three", count=counted, window=5) == Pieces(("one two three",), 1.0)


def test_a_long_text_is_taken_sentence_by_sentence_and_all_of_it() -> None:
    text = "She stands on the pier. Yes. The lamp is lit! A gull, white and loud, sits on the rail beside her"
    found = pieces(text, count=counted, window=9)
    assert found.texts == (
        "She stands on the pier.",
        "Yes. The lamp is lit!",
        "A gull, white and loud,",
        "sits on the rail beside her",
    )
    assert found.coverage == 1.0


def test_chinese_sentences_are_cut_at_their_own_marks() -> None:
    found = pieces("她站在码头上。灯还亮着！", count=lambda text: len(text) + 2, window=9)
    assert found == Pieces(("她站在码头上。", "灯还亮着！"), 1.0)


def test_a_word_longer_than_the_window_is_left_out_and_told() -> None:
    found = pieces("good " + "x" * 95 + " word", count=lambda text: len(text) + 2, window=20)
    assert found.texts == ("good word",)
    assert found.coverage == pytest.approx(8 / 103)


@given(st.lists(st.sampled_from(["a", "of", "lamp,", "sea.", "gull!", "灯。", "\n", "—"]), max_size=60))
def test_pieces_always_fit_and_hold_every_letter_in_order(units: list[str]) -> None:
    text = " ".join(units)
    found = pieces(text, count=counted, window=6)
    assert all(counted(piece) <= 6 for piece in found.texts)
    assert "".join("".join(found.texts).split()) == "".join(text.split())


def test_the_model_refuses_a_text_that_it_would_cut(clip: ClipModel) -> None:
    long = "a brass lantern with a lit flame, " * 20
    assert token_count(clip, long) > clip.window
    with pytest.raises(ValueError, match="does not fit"):
        list(embed_texts(clip, [long], batch_size=1))
    cut = pieces(long, count=lambda text: token_count(clip, text), window=clip.window)
    assert len(cut.texts) > 1 and cut.coverage == 1.0
    assert len(np.concatenate(list(embed_texts(clip, cut.texts, batch_size=4)))) == len(cut.texts)


# ------------------------------------------------------------------ weights that are not there


def both_ways_out(message: str) -> bool:
    return "local-dir:" in message and "leave out `clip:`" in message


def test_a_folder_that_is_not_there_names_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder") as fault:
        load_clip(f"local-dir:{tmp_path / 'nowhere'}", None)
    assert both_ways_out(str(fault.value))


def test_a_local_directory_without_weights_is_refused(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "open_clip_config.json", tmp_path)
    with pytest.raises(InputError, match="no weights") as fault:
        load_clip(f"local-dir:{tmp_path}", None)
    assert both_ways_out(str(fault.value))


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "clip")
    (tmp_path / "clip" / "open_clip_model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(InputError, match="cannot be loaded") as fault:
        load_clip(f"local-dir:{tmp_path / 'clip'}", None)
    assert both_ways_out(str(fault.value))


def test_weights_of_a_hub_without_network_name_both_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="ViT-B-32 laion2b_s34b_b79k") as fault:
        load_clip("ViT-B-32", "laion2b_s34b_b79k", device="cpu")
    assert both_ways_out(str(fault.value))


@pytest.mark.parametrize(
    ("model", "pretrained", "error"),
    [
        ("ViT-B-32", None, SettingsError),
        ("ViT-B-32", "weights/none.pt", InputError),
        ("ViT-Q-99", "some_tag", SettingsError),
    ],
)
def test_a_model_without_usable_weights_is_never_random(
    model: str, pretrained: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        load_clip(model, pretrained, device="cpu")


def test_a_set_that_names_missing_weights_is_told_so_before_anything_is_built(
    small: Path, build: Callable[..., Any], tmp_path: Path
) -> None:
    small.write_text(small.read_text().replace("seed: 3", 'seed: 3\nclip: {model: "local-dir:clip"}'))
    told = build(small, out=tmp_path / "new.workspace")
    assert told.status == 2 and both_ways_out(told.err)
    assert not (tmp_path / "new.workspace" / "characters").exists()


# ------------------------------------------------------------------ fingerprint


def test_the_fingerprint_changes_with_weights_and_with_preprocessing(clip: ClipModel, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for name in ("same", "weights", "preprocessing"):
        shutil.copytree(SHIPPED, tmp_path / name)
    path = tmp_path / "weights" / "open_clip_model.safetensors"
    weights = load_file(path)
    weights["ln_final.bias"][0] += 0.5
    save_file(weights, path)
    config = tmp_path / "preprocessing" / "open_clip_config.json"
    told = json.loads(config.read_text())
    told["preprocess_cfg"]["resize_mode"] = "squash"
    config.write_text(json.dumps(told))
    prints = {
        name: load_clip(f"local-dir:{tmp_path / name}", None, device="cpu").fingerprint
        for name in ("same", "weights", "preprocessing")
    }
    assert prints["same"] == clip.fingerprint
    assert len(set(prints.values())) == 3


# ------------------------------------------------------------------ over a whole set


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (path.suffix == ".npz" or path.name in ("scores.parquet", "calibration.json"))
    }


KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
from test_clip import SHIPPED, Counting, load_clip, loader, open_set, score, Workspace
clip = load_clip(f"local-dir:{{SHIPPED}}", None, device="cpu")
score(open_set(Workspace(Path({workspace!r}))), load=loader(clip, Counting(clip.network, ends_at=3)))
"""


def test_scoring_goes_on_after_a_kill_without_scoring_anything_twice(
    scored: WholeSet, clip: ClipModel, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.workspace"
    shutil.copytree(scored.workspace.root, copy)
    whole = Counting(clip.network)
    score(open_set(Workspace(copy)), load=loader(clip, whole))
    script = KILLED.format(tests=str(ROOT / "tests"), root=str(ROOT), workspace=str(scored.workspace.root))
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -9, ended.stderr
    assert not (scored.workspace.set_folder / "scores.parquet").exists()
    rest = Counting(clip.network)
    score(scored, load=loader(clip, rest))
    # The call that was killed is made again, the two before it are not.
    assert rest.calls == whole.calls - 2 > 0
    assert contents(scored.workspace.set_folder) == contents(copy / "set")
    again = Counting(clip.network)
    score(scored, load=loader(clip, again))
    assert again.calls == 0


def test_a_damaged_batch_is_scored_again_and_no_other(scored: WholeSet, clip: ClipModel) -> None:
    score(scored, load=loader(clip, Counting(clip.network)))
    before = contents(scored.workspace.set_folder)
    chunk = next((scored.workspace.set_folder / "embeddings").rglob("texts-*.npz"))
    chunk.write_bytes(chunk.read_bytes()[:100])
    once = Counting(clip.network)
    score(scored, load=loader(clip, once))
    assert once.calls == 1
    assert contents(scored.workspace.set_folder) == before


def test_a_workspace_scores_without_the_folder_it_came_from(scored: WholeSet, small: Path) -> None:
    shutil.rmtree(small.parent)
    score(scored)
    rows = read_table(scored.workspace.set_folder / "scores.parquet", ScoreRow)
    assert {row.measure for row in rows} == {"t2i_caption", "generation_instruction", "identity"}
    assert len({row.model for row in rows}) == 1
    assert all(row.coverage == 1.0 for row in rows)


def test_a_build_scores_judges_and_says_so(
    scored: WholeSet, small: Path, built: Path, build: Callable[..., Any], rolescape: Callable[..., Any]
) -> None:
    told = build(small, out=built)
    assert "scores, verdicts" in told.out, told.out + told.err
    measured = read_table(scored.workspace.set_folder / "measurements.parquet", Measurement)
    assert {"clip_fit", "clip_coverage", "image_neighbour"} <= {row.gate for row in measured}
    assert "that look only" in rolescape("status", built).out
    assert "that look only" in (built / "report" / "index.html").read_text()
    assert "Nothing to do" in build(small, out=built).out
    small.write_text(small.read_text().replace('clip: {model: "local-dir:clip", batch_size: 2}\n', ""))
    assert build(small, out=built).status == 0
    assert not (built / "set" / "scores.parquet").exists()
    left = read_table(built / "set" / "measurements.parquet", Measurement)
    assert all(row.not_run for row in left if row.gate.startswith(("clip_", "image_neighbour")))


def test_a_set_without_clip_is_not_scored_and_that_is_said(
    built: Path, rolescape: Callable[..., Any]
) -> None:
    whole = open_set(Workspace(built))
    assert done(whole, "scores") and clip_note(whole) == NOT_ASKED
    assert "CLIP was not run" in rolescape("status", built).out
    judge(whole)
    found = read_table(whole.workspace.set_folder / "measurements.parquet", Measurement)
    assert not any(row.gate.startswith("clip_") for row in found)
    assert "CLIP was not run" in write_report(whole).read_text()


# ------------------------------------------------------------------ fit and identity, from embeddings alone


def made(count: int, wrong: int = -1) -> tuple[list[Any], list[Any], dict[str, Pieces], Embeddings]:
    """Return captions and pictures whose embeddings are one axis each; caption `wrong` has its neighbour's."""
    axes = np.eye(count, dtype=np.float32)
    images = [
        image(
            id=f"mira-h_image_{number}",
            group_id=f"g{number}",
            blob_sha256=f"{number:064x}",
        )
        for number in range(count)
    ]
    captions = [
        caption(
            id=f"mira-h_caption_{number}",
            image_id=f"mira-h_image_{number}",
            t2i_caption=f"caption number {number}",
            generation_instruction=f"a, b, {number}",
        )
        for number in range(count)
    ]
    texts = {}
    cut = {}
    for number, one in enumerate(captions):
        for text in (one.t2i_caption, one.generation_instruction):
            cut[text] = Pieces((text,), 1.0)
            texts[text_key(text)] = axes[(number + (number == wrong)) % count]
    pictures = {one.blob_sha256: axes[number] for number, one in enumerate(images)}
    return captions, images, cut, Embeddings(pictures, texts, "0" * 64)


def test_a_caption_of_another_picture_falls_below_the_shuffled_pairs() -> None:
    captions, images, cut, known = made(30, wrong=4)
    found = scores(captions, images, cut, known, seed=1)
    fit = {row.record_id: row for row in found.rows if row.measure == "t2i_caption"}
    assert found.shuffled["t2i_caption"] == 0.0
    assert fit["mira-h_caption_3"].score == 2.5 and fit["mira-h_caption_3"].margin == 2.5
    assert fit["mira-h_caption_4"].score == 0.0 and fit["mira-h_caption_4"].rank == 0.0
    assert fit["mira-h_caption_3"].rank == pytest.approx(1 / 30, abs=1e-5)


def test_the_pieces_of_a_text_give_their_mean_and_their_lowest() -> None:
    captions, images, cut, known = made(3)
    text = captions[0].t2i_caption
    halves = ("first half", "second half")
    vectors = (known.pictures[images[0].blob_sha256], known.pictures[images[1].blob_sha256])
    more = {text_key(half): vector for half, vector in zip(halves, vectors, strict=True)}
    known = replace(known, texts={**known.texts, **more})
    found = scores(captions, images, {**cut, text: Pieces(halves, 0.9)}, known, seed=1)
    row = next(row for row in found.rows if row.record_id == captions[0].id and row.measure == "t2i_caption")
    assert (row.score, row.minimum, row.pieces, row.coverage) == (1.25, 0.0, 2, 0.9)


def test_a_set_too_small_to_shuffle_has_no_margin() -> None:
    captions, images, cut, known = made(4)
    found = scores(captions, images, cut, known, seed=1)
    assert found.shuffled == {}
    assert all(row.margin is None for row in found.rows)


def test_a_picture_of_somebody_else_lies_far_from_the_centre() -> None:
    captions, images, cut, known = made(8)
    alike = {one.blob_sha256: np.array([1.0, 0.1 * number], np.float32) for number, one in enumerate(images)}
    alike = {key: vector / np.linalg.norm(vector) for key, vector in alike.items()}
    alike[images[5].blob_sha256] = np.array([-1.0, 0.2], np.float32) / np.linalg.norm([-1.0, 0.2])
    found = scores([], images, cut, replace(known, pictures=alike), seed=1)
    margins = {row.record_id: row.margin for row in found.rows}
    assert [name for name, margin in margins.items() if margin is not None and margin < -2] == [images[5].id]
    near = next(row for row in found.rows if row.record_id == images[0].id)
    assert near.neighbour == images[1].id
    assert captions


# ------------------------------------------------------------------ gates

JUDGED = load_thresholds(assets.find("qa", "gates.yaml"))


def row(record_id: str, **changes: Any) -> ScoreRow:
    fields: dict[str, Any] = {
        "record_id": record_id,
        "kind": "caption",
        "character_id": "mira-h",
        "measure": "t2i_caption",
        "score": 1.2,
        "minimum": 1.2,
        "coverage": 1.0,
        "pieces": 1,
        "rank": 0.5,
        "margin": 0.4,
        "model": "0" * 64,
    }
    return ScoreRow(**{**fields, **changes})


@pytest.mark.parametrize(
    ("gate", "changes", "status"),
    [
        ("clip_fit", {}, "pass"),
        ("clip_fit_pool", {}, "pass"),
        ("clip_fit_shuffled", {"margin": 0.0}, "pass"),
        ("clip_fit_shuffled", {"margin": -0.01}, "warn"),
        ("clip_coverage", {}, "pass"),
        ("clip_coverage", {"coverage": 0.97, "pieces": 2}, "warn"),
    ],
)
def test_score_rows_are_judged_by_the_shipped_thresholds(
    gate: str, changes: dict[str, Any], status: str
) -> None:
    record = caption()
    context = replace(CONTEXT, scores={record.id: [row(record.id, **changes)]})
    (verdict,) = decide(measure_records([record], context, [gate]), JUDGED)
    assert verdict.status == status


@pytest.mark.parametrize(("margin", "status"), [(-2.0, "pass"), (-2.1, "warn")])
def test_a_picture_two_deviations_off_is_named(margin: float, status: str) -> None:
    record = image()
    context = replace(
        CONTEXT, scores={record.id: [row(record.id, kind="image", measure="identity", margin=margin)]}
    )
    (verdict,) = decide(measure_records([record], context, ["image_identity"]), JUDGED)
    assert verdict.status == status
    (near,) = decide(measure_records([record], context, ["image_neighbour"]), JUDGED)
    assert near.status == "pass"


@pytest.mark.parametrize(
    ("gate", "limit"), [("clip_fit", {"fail_below": 0.7}), ("clip_fit_pool", {"fail_below": 0.05})]
)
def test_a_curator_may_judge_by_a_constant_or_by_the_pool(gate: str, limit: dict[str, float]) -> None:
    thresholds = JUDGED.model_copy(
        update={"gates": {**JUDGED.gates, gate: JUDGED.gates[gate].model_copy(update=limit)}}
    )
    record = caption()
    good, bad = row(record.id), row(record.id, score=0.6, minimum=0.6, rank=0.01)
    context = replace(CONTEXT, scores={record.id: [good, bad]})
    verdicts = decide(measure_records([record], context, [gate]), thresholds)
    assert [verdict.status for verdict in verdicts] == ["pass", "fail"]


def test_records_without_scores_are_not_measured() -> None:
    names = [gate for gate in JUDGED.gates if gate.startswith(("clip_", "image_identity", "image_neighbour"))]
    assert len(names) == 6
    assert measure_records([caption(), image()], CONTEXT, names) == []

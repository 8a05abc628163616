"""Embeddings of pictures and of pieces of text -> score rows: how well captions fit, how alike a character's pictures are.

Fit is told in three ways, and qa/gates.yaml says which one judges: the score itself, its rank in the set, and its
margin above the 95th percentile of shuffled pairs, which no model's own scale disturbs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rolescape_data.records import Caption, ImageRecord
from rolescape_data.records.score import Measure, ScoreRow
from rolescape_data.vision.clip_text import Pieces

Vectors = npt.NDArray[np.float32]

TEXT_MEASURES: tuple[Measure, ...] = ("t2i_caption", "generation_instruction")
PERCENTILE = 95.0
# Below these numbers a percentile or a standard deviation says nothing: with n pictures none can lie further than
# (n - 1) / sqrt(n) deviations off, which is less than 2 up to five of them.
LEAST_PAIRS = 20
LEAST_PICTURES = 6
MOST_PAIRS = 20_000
# Sums differ in the last bits between machines; no threshold is that fine.
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Scored:
    """All rows of a set, and the shuffled-pair thresholds by measure (absent: too few pairs)."""

    rows: list[ScoreRow]
    shuffled: dict[str, float]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Unit vectors by name: pictures by the SHA-256 of their stored bytes, texts by `text_key`."""

    pictures: Mapping[str, Vectors]
    texts: Mapping[str, Vectors]
    model: str


def text_key(text: str) -> str:
    """Return the name of a piece of text among embeddings."""
    return hashlib.sha256(text.encode()).hexdigest()


def scores(
    captions: Sequence[Caption],
    images: Sequence[ImageRecord],
    cut: Mapping[str, Pieces],
    known: Embeddings,
    *,
    seed: int,
) -> Scored:
    """Score every caption against its picture, and every picture against its character's others.

    Args:
        captions: of the whole set; those whose picture is not among `images` are left out.
        images: of the whole set. Pictures of a script or pool have no identity to hold.
        cut: the pieces of each text, by the text.
        known: embeddings of all pictures and pieces.
        seed: chooses the shuffled pairs where there are too many to take all.
    """
    rows: list[ScoreRow] = []
    shuffled: dict[str, float] = {}
    pictures = {image.id: image for image in images}
    shown = sorted(
        (caption for caption in captions if caption.image_id in pictures), key=lambda caption: caption.id
    )
    for measure in TEXT_MEASURES:
        found, threshold = _fit(measure, shown, pictures, cut, known, seed)
        rows += found
        if threshold is not None:
            shuffled[measure] = threshold
    by_character: dict[str, list[ImageRecord]] = {}
    for image in sorted(images, key=lambda image: image.id):
        if image.owner == "character":
            by_character.setdefault(image.character_id, []).append(image)
    rows += _ranked([row for own in by_character.values() for row in _identity(own, known)])
    return Scored(sorted(rows, key=lambda row: (row.record_id, row.measure)), shuffled)


def _fit(
    measure: Measure,
    captions: Sequence[Caption],
    pictures: Mapping[str, ImageRecord],
    cut: Mapping[str, Pieces],
    known: Embeddings,
    seed: int,
) -> tuple[list[ScoreRow], float | None]:
    usable = [caption for caption in captions if cut[getattr(caption, measure)].texts]
    if not usable:
        return [], None
    parts = [cut[getattr(caption, measure)] for caption in usable]
    shown = [pictures[caption.image_id] for caption in usable]
    image_ND = np.stack([known.pictures[image.blob_sha256] for image in shown])
    owner_P = np.repeat(np.arange(len(parts)), [len(part.texts) for part in parts])
    text_PD = np.stack([known.texts[text_key(text)] for part in parts for text in part.texts])
    threshold = _shuffled(image_ND, text_PD, owner_P, shown, seed)
    score_P = _scores(image_ND[owner_P], text_PD)
    rows = []
    for number, (caption, part) in enumerate(zip(usable, parts, strict=True)):
        own = score_P[owner_P == number]
        score = _round(own.mean())
        rows.append(
            ScoreRow(
                record_id=caption.id,
                kind=caption.kind,
                character_id=caption.character_id,
                measure=measure,
                score=score,
                minimum=_round(own.min()),
                coverage=_round(part.coverage),
                pieces=len(part.texts),
                rank=0.0,
                margin=None if threshold is None else _round(score - threshold),
                model=known.model,
            )
        )
    return _ranked(rows), threshold


def _shuffled(
    image_ND: Vectors,
    text_PD: Vectors,
    owner_P: npt.NDArray[np.int64],
    shown: Sequence[ImageRecord],
    seed: int,
) -> float | None:
    """Return the 95th percentile of the scores of texts with pictures of other groups, or None for too few."""
    count = len(shown)
    groups = np.array([image.group_id for image in shown])
    rng = np.random.default_rng(seed)
    if count * count <= MOST_PAIRS:
        first, second = (
            side.ravel() for side in np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
        )
    else:
        first, second = rng.integers(0, count, (2, MOST_PAIRS))
    wrong = groups[first] != groups[second]
    first, second = first[wrong], second[wrong]
    if len(first) < LEAST_PAIRS:
        return None
    starts = np.searchsorted(owner_P, np.arange(count + 1))
    total = np.zeros(len(first))
    for offset in range(int(np.diff(starts).max())):
        has = starts[second] + offset < starts[second + 1]
        total[has] += _scores(image_ND[first[has]], text_PD[starts[second[has]] + offset])
    return _round(np.percentile(total / np.diff(starts)[second], PERCENTILE))


def _identity(images: Sequence[ImageRecord], known: Embeddings) -> list[ScoreRow]:
    """Return the rows of one character's pictures; none for a single picture."""
    if len(images) < 2:
        return []
    image_ND = np.stack([known.pictures[image.blob_sha256] for image in images]).astype(np.float64)
    centre_D = image_ND.mean(axis=0)
    centre_N = image_ND @ (centre_D / np.linalg.norm(centre_D))
    like_NN = image_ND @ image_ND.T
    np.fill_diagonal(like_NN, -np.inf)
    nearest = like_NN.argmax(axis=1)
    spread = float(centre_N.std())
    told = len(images) >= LEAST_PICTURES and spread > 0
    return [
        ScoreRow(
            record_id=image.id,
            kind=image.kind,
            character_id=image.character_id,
            measure="identity",
            score=_round(centre_N[number]),
            minimum=_round(like_NN[number, nearest[number]]),
            coverage=1.0,
            pieces=1,
            rank=0.0,
            margin=_round((centre_N[number] - centre_N.mean()) / spread) if told else None,
            neighbour=images[int(nearest[number])].id,
            model=known.model,
        )
        for number, image in enumerate(images)
    ]


def _ranked(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    ordered = np.sort([row.score for row in rows])
    return [
        row.model_copy(update={"rank": _round(np.searchsorted(ordered, row.score) / len(rows))})
        for row in rows
    ]


def _scores(image_ND: Vectors, text_ND: Vectors) -> npt.NDArray[np.float64]:
    import torch

    from rolescape_data.vision.clip import clip_scores

    found = clip_scores(
        torch.from_numpy(np.ascontiguousarray(image_ND)), torch.from_numpy(np.ascontiguousarray(text_ND))
    )
    scored: npt.NDArray[np.float64] = found.double().numpy()
    return scored


def _round(value: float | np.floating) -> float:
    return round(float(value), _DIGITS)

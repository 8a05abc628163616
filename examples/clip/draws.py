"""Random specs -> small drawings, kept in chunks; what the evaluation draws is never drawn for training.

Two fences keep them apart: seeds (training below 1,000,000, evaluation above, the starter set 101-318) and
combinations of character, expression, place and prop (one in ten by a hash, and all of the starter set).
"""

import hashlib
import random
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from examples.drawing.picture import draw_picture
from examples.drawing.plan import PLAN
from examples.drawing.vocabulary import (
    ACCENTS,
    CHARACTERS,
    EXPRESSIONS,
    FRAMINGS,
    LIGHTS,
    PLACES,
    POSES,
    PROPS,
    SIDES,
    WEATHERS,
    PictureSpec,
)

SIDE = 96
"""Edge of the drawings in pixels, as the model sees them."""

CHUNK = 250
TRAINING_SEEDS = 10_000
EVALUATION_SEEDS = 1_000_000

_STARTER = {
    (planned.spec.character, planned.spec.expression, planned.spec.place, planned.spec.prop)
    for pictures in PLAN.values()
    for planned in pictures
}


def kept_for_evaluation(spec: PictureSpec) -> bool:
    """Say whether a spec's combination is one that training must not see."""
    combination = (spec.character, spec.expression, spec.place, spec.prop)
    return combination in _STARTER or hashlib.sha256("/".join(combination).encode()).digest()[0] < 26


def spec_of(seed: int, *, evaluation: bool) -> PictureSpec:
    """Return the spec that a seed stands for, drawn again until it is on the right side of the fence."""
    rng = random.Random(f"clip/{seed}")
    while True:
        spec = PictureSpec(
            character=rng.choice(CHARACTERS),
            pose=rng.choice(POSES),
            expression=rng.choice(EXPRESSIONS),
            place=rng.choice(PLACES),
            prop=rng.choice(PROPS),
            light=rng.choice(LIGHTS),
            accent=rng.choice(ACCENTS),
            weather=rng.choice(WEATHERS),
            framing=rng.choice(FRAMINGS),
            side=rng.choice(SIDES),
            seed=seed,
        )
        if kept_for_evaluation(spec) == evaluation:
            return spec


def drawn(
    first: int, count: int, *, evaluation: bool, folder: Path, jobs: int = 1
) -> tuple[list[PictureSpec], npt.NDArray[np.uint8]]:
    """Draw `count` specs from seed `first` on, or read what was drawn before; whole chunks are kept in `folder`.

    Args:
        jobs: processes that draw side by side.

    Returns:
        The specs, and their pictures as (count, SIDE, SIDE, 3).
    """
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [(start, min(CHUNK, first + count - start)) for start in range(first, first + count, CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        paths = list(pool.map(partial(_chunk, evaluation=evaluation, folder=folder), chunks))
    specs = [spec_of(seed, evaluation=evaluation) for seed in range(first, first + count)]
    return specs, np.concatenate([np.load(path) for path in paths])


def _chunk(which: tuple[int, int], *, evaluation: bool, folder: Path) -> Path:
    """Draw one chunk, unless it is there, and return its file."""
    start, count = which
    path = folder / f"drawings-{SIDE}-{start}-{count}.npy"
    if not path.exists():
        specs = [spec_of(seed, evaluation=evaluation) for seed in range(start, start + count)]
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, np.stack([np.asarray(draw_picture(spec, size=SIDE)) for spec in specs]))
        part.replace(path)
    return path

"""How well a CLIP model tells true captions from false ones, on drawings that its training never saw.

For every picture a true caption is scored beside one of another picture and beside itself with one false detail. AUC
is the chance that a true caption of any picture scores above a false one of any picture; "same picture" is the share
of pictures whose true caption wins. Seeds and combinations of these drawings are kept from training
(examples/clip/draws.py). It says nothing about photographs or other drawing styles.

    python benchmarks/clip_quality.py --pictures 500
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

# The examples are not part of the installed package: they are imported from the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.clip.captions import KINDS, Form, caption, falsified, form
from examples.clip.draws import EVALUATION_SEEDS, drawn
from examples.drawing.plan import PLAN
from examples.drawing.shipping import PICTURES
from examples.drawing.vocabulary import PictureSpec
from rolescape_data.vision.clip import (
    ClipModel,
    clip_scores,
    embed_pictures,
    embed_texts,
    load_clip,
    token_count,
)
from rolescape_data.vision.clip_text import pieces

ROOT = Path(__file__).resolve().parent.parent

Row = tuple[str, float, float, int]


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--model", default=f"local-dir:{ROOT / 'examples/starter/clip'}")
    options.add_argument(
        "--pictures", type=int, default=500, help="held-out drawings, drawn now (about 0.1 s each)"
    )
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--cache", type=Path, help="folder of drawings made before")
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    clip = load_clip(given.model, None, device="cpu")
    print(
        f"model {given.model}, fingerprint {clip.fingerprint[:12]}; {clip.about or 'its maker says nothing about it'}"
    )
    with tempfile.TemporaryDirectory(prefix="clip-quality-") as scratch:
        folder = Path(scratch)
        specs, pixels = drawn(
            EVALUATION_SEEDS, given.pictures, evaluation=True, folder=given.cache or folder / "drawn"
        )
        paths = [folder / f"{number}.png" for number in range(len(specs))]
        for path, picture in zip(paths, pixels, strict=True):
            Image.fromarray(picture).save(path)
        print(table(f"{len(specs)} held-out drawings", measured(clip, specs, paths)))
    planned = [(picture, PICTURES / who / picture.file) for who, own in PLAN.items() for picture in own]
    starter = measured(clip, [picture.spec for picture, _ in planned], [path for _, path in planned])
    print(table(f"{len(planned)} pictures of the starter set", starter))
    return 0


def measured(clip: ClipModel, specs: Sequence[PictureSpec], paths: Sequence[Path]) -> list[Row]:
    """Return (kind of falsehood, AUC, share of pictures, pictures) for each kind."""
    rng = random.Random(5)
    image_ND = np.concatenate(list(embed_pictures(clip, paths, batch_size=64)))
    rows: list[Row] = []
    for kind in ("caption of another picture", *KINDS):
        forms = [_telling(kind, rng) for _ in specs]
        true = [caption(spec, how) for spec, how in zip(specs, forms, strict=True)]
        if kind in KINDS:
            others = [falsified(spec, kind, rng) for spec in specs]
        else:
            others = [
                specs[(number + 1 + rng.randrange(len(specs) - 1)) % len(specs)]
                for number in range(len(specs))
            ]
        false = [caption(other, how) for other, how in zip(others, forms, strict=True)]
        right, wrong = (_scored(clip, image_ND, texts) for texts in (true, false))
        rows.append((kind, auc(right, wrong), float((right > wrong).mean()), len(specs)))
    return rows


def auc(right: np.ndarray, wrong: np.ndarray) -> float:
    """Return the chance that a score of `right` is above one of `wrong`; equal ones count half."""
    above = (right[:, None] > wrong[None, :]).mean()
    return float(above + 0.5 * (right[:, None] == wrong[None, :]).mean())


def table(title: str, rows: Sequence[Row]) -> str:
    lines = [f"\n{title}", f"  {'false is':<28}{'AUC':>7}{'same picture':>15}"]
    return "\n".join(lines + [f"  {kind:<28}{value:>7.3f}{share:>15.1%}" for kind, value, share, _ in rows])


def _telling(kind: str, rng: random.Random) -> Form:
    """Draw the form of a caption of five or six details that tells of this kind."""
    while True:
        how = form(rng, least=5, most=6)
        if kind not in KINDS or KINDS[kind] in how.fields:
            return how


def _scored(clip: ClipModel, image_ND: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Return the score of each text with its picture, over the pieces of those that are longer than the window."""
    cut = [
        pieces(text, count=lambda piece: token_count(clip, piece), window=clip.window).texts for text in texts
    ]
    owner_P = np.repeat(np.arange(len(cut)), [len(part) for part in cut])
    text_PD = np.concatenate(list(embed_texts(clip, [text for part in cut for text in part], batch_size=64)))
    score_P = clip_scores(torch.from_numpy(image_ND[owner_P]), torch.from_numpy(text_PD)).numpy()
    return np.bincount(owner_P, weights=score_P) / np.bincount(owner_P)


if __name__ == "__main__":
    sys.exit(main())

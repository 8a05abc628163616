"""How fast pictures and texts are scored: our batches beside a plain loop of one at a time, in one run.

Both read the starter set's pictures from disk, prepare them and run the same model on the same device; the plain loop
is what open_clip's own example shows. Rounds are interleaved, the median counts; what is printed last is the ratio.

    python benchmarks/clip_speed.py --rounds 3 --copies 4
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

# The examples are not part of the installed package: they are imported from the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.drawing.plan import PLAN
from examples.drawing.shipping import PICTURES
from examples.drawing.vocabulary import describe
from rolescape_data.vision.clip import ClipModel, embed_pictures, embed_texts, load_clip

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--model", default=f"local-dir:{ROOT / 'examples/starter/clip'}")
    options.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="cpu")
    options.add_argument("--batch-size", type=int, default=64)
    options.add_argument(
        "--copies", type=int, default=4, help="times that the 54 pictures are read in a round"
    )
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    clip = load_clip(given.model, None, device=given.device)
    planned = [(picture, PICTURES / who / picture.file) for who, own in PLAN.items() for picture in own]
    paths = [path for _, path in planned] * given.copies
    texts = [", ".join(list(describe(picture.spec).values())[:5]) for picture, _ in planned] * given.copies
    size = given.batch_size
    contests: list[tuple[str, int, Callable[[], np.ndarray], Callable[[], np.ndarray]]] = [
        (
            "pictures, from files",
            len(paths),
            lambda: np.concatenate(list(embed_pictures(clip, paths, batch_size=size))),
            lambda: looped_pictures(clip, paths),
        ),
        (
            "texts",
            len(texts),
            lambda: np.concatenate(list(embed_texts(clip, texts, batch_size=size))),
            lambda: looped_texts(clip, texts),
        ),
    ]
    print(
        f"device {clip.device}, {torch.get_num_threads()} threads, batches of {size}, {given.rounds} rounds"
    )
    for name, count, ours, plain in contests:
        times: dict[str, list[float]] = {"ours": [], "plain": []}
        ours(), plain()
        for _ in range(given.rounds):
            for label, work in (("ours", ours), ("plain", plain)):
                began = time.perf_counter()
                found = work()
                times[label].append(time.perf_counter() - began)
                assert len(found) == count
        mine, theirs = (statistics.median(times[label]) for label in ("ours", "plain"))
        print(
            f"  {name:<22} batched {count / mine:8.1f}/s   plain loop {count / theirs:8.1f}/s   ratio {theirs / mine:.2f}"
        )
    return 0


def looped_pictures(clip: ClipModel, paths: Sequence[Path]) -> np.ndarray:
    found = []
    for path in paths:
        with Image.open(path) as picture, torch.no_grad():
            tensor = clip.preprocess(picture.convert("RGB")).unsqueeze(0).to(clip.device)
            found.append(clip.network.encode_image(tensor, normalize=True).cpu().numpy())
    return np.concatenate(found)


def looped_texts(clip: ClipModel, texts: Sequence[str]) -> np.ndarray:
    found = []
    for text in texts:
        with torch.no_grad():
            tokens = clip.tokenizer([text], context_length=clip.window).to(clip.device)
            found.append(clip.network.encode_text(tokens, normalize=True).cpu().numpy())
    return np.concatenate(found)


if __name__ == "__main__":
    sys.exit(main())

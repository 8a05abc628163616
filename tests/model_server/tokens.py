"""How many tokens the server counts: a real byte-pair vocabulary for text, the documented formulas for pictures.

The vocabulary is the one that open_clip brings along (49,408 entries), read without importing it. It is smaller than
today's language models', so it counts some tokens more; what matters is that it is not the factory's own estimate.
"""

import gzip
import importlib.util
import io
import itertools
import math
import re
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image

from .asked import Picture

_PIECE = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_+")
_MERGES = 49152 - 256 - 2


@cache
def vocabulary() -> dict[tuple[str, str], int]:
    """Return the rank of every merge."""
    found = importlib.util.find_spec("open_clip")
    assert found is not None and found.origin is not None
    path = Path(found.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")[1 : _MERGES + 1]
    return {
        (left, right): rank for rank, line in enumerate(lines) for left, _, right in [line.partition(" ")]
    }


@cache
def _letters() -> list[str]:
    """Return the letter that stands for each byte in the vocabulary (GPT-2's table)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in set(plain) else chr(next(others)) for byte in range(256)]


@lru_cache(maxsize=200_000)
def _piece_tokens(piece: str) -> int:
    letters = _letters()
    parts = [letters[byte] for byte in piece.encode()]
    parts[-1] += "</w>"
    ranks = vocabulary()
    while len(parts) > 1:
        pairs = list(itertools.pairwise(parts))
        best = min(pairs, key=lambda pair: ranks.get(pair, _MERGES))
        if best not in ranks:
            break
        at = pairs.index(best)
        parts[at : at + 2] = ["".join(best)]
    return len(parts)


def text_tokens(text: str) -> int:
    """Count the tokens of a text. No token spans two lines, and most lines of a prompt come again and again."""
    return sum(map(_line_tokens, text.split("\n")))


@lru_cache(maxsize=20_000)
def _line_tokens(line: str) -> int:
    # No token spans two words either.
    return sum(map(_word_tokens, line.lower().split()))


@lru_cache(maxsize=200_000)
def _word_tokens(word: str) -> int:
    return sum(map(_piece_tokens, _PIECE.findall(word)))


@lru_cache(maxsize=4096)
def _size(sha256: str, data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def openai_picture(picture: Picture) -> int:
    """85 tokens and 170 for each tile of 512 pixels, after fitting into 2048 and the short side to 768."""
    width, height = _size(picture.sha256, picture.data)
    shrink = min(1.0, 2048 / max(width, height))
    shrink *= min(1.0, 768 / (min(width, height) * shrink))
    return 85 + 170 * math.ceil(round(width * shrink) / 512) * math.ceil(round(height * shrink) / 512)


def gemini_picture(picture: Picture) -> int:
    """258 tokens for a picture of at most 384 pixels a side, else 258 for each tile."""
    width, height = _size(picture.sha256, picture.data)
    if max(width, height) <= 384:
        return 258
    side = min(768, max(256, math.floor(min(width, height) / 1.5)))
    return 258 * math.ceil(width / side) * math.ceil(height / side)

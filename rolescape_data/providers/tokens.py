"""A request -> how many tokens it will be billed for: what to expect, and what it can never exceed.

Text: no tokenizer is downloaded. `text_tokens` counts as byte-pair tokenizers split (words, runs of marks, three
digits, single letters of scripts without spaces), and `most_text_tokens` is the number of UTF-8
bytes, which no byte-pair or byte-fallback vocabulary (OpenAI's, Gemini's, Llama's, Qwen's) can exceed.

Pictures, by the documented formulas:
- OpenAI, "Images and vision", Calculating costs (read 2026-11): older models count 85 tokens and 170 for each tile
  of 512 pixels, after fitting into 2048 and the short side to 768; mini, nano and newer ones count patches of 32
  pixels, at most 1,536 (2,500 at high detail in the newest), times a factor of up to 2.46. gpt-4o-mini counts 2,833
  and 5,667 a tile. Documentation and bills disagreed on the factors more than once, so the most is taken of what
  was ever documented.
- Gemini, "Media resolution", Token counts (read 2026-11): 258 for a picture of at most 384 pixels a side, else 258
  for each tile, up to Gemini 2.5; 1,120 a picture from Gemini 3.
- other servers: what the model's picture encoder makes; here one token for 28 x 28 pixels, as Qwen's, and at
  least 256, unless the name is one of OpenAI's models.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rolescape_data.providers.base import Request
from rolescape_data.providers.pictures import pixels, sent_size
from rolescape_data.providers.schemas import Profile, answer_schema, sanitised_text

# What a chat format puts around the messages; OpenAI's takes 3 a message and 3 for the reply.
ENVELOPE = 16
_PIECE = re.compile(r"[^\W\d_]+|\d{1,3}|[^\s\w]+|_")
# Mean tokens of a word by its letters, for words in small letters and for names: counted over 60,000 words of
# characters' documents with open_clip's byte-pair vocabulary of 49,408. Larger vocabularies split up to a tenth less.
_WORD = (1.0, 1.0, 1.0, 1.0, 1.0, 1.02, 1.05, 1.11, 1.18, 1.24, 1.34, 1.37, 1.7, 1.7, 1.9, 2.4)
_NAME = (1.0, 1.0, 1.0, 1.0, 1.08, 1.08, 1.6, 1.6, 2.0, 1.9, 2.5, 2.5, 3.0, 3.0, 3.0, 3.5)
# Numbers and odd words between the tables' means; over whole requests of the starter set.
_SEAMS = 1.045


@dataclass(frozen=True, slots=True)
class Estimate:
    """Input tokens of one request: as expected, and as an upper bound."""

    expected: int
    most: int


def text_tokens(text: str) -> int:
    """Return about how many tokens a text is, to a twentieth or so for documents in English.

    Line breaks and spaces go with the words and marks beside them.
    """
    total = 0.0
    for piece in _PIECE.findall(text):
        letters = len(piece)
        if piece[0] > "\u2e7f":
            total += max(1.0, 0.8 * letters)  # Chinese, Japanese, Korean: most letters are a token
        elif not piece.isascii():
            total += max(1.0, letters / 2.5)
        elif not piece[0].isalnum():
            total += max(1.0, letters / 2)
        elif letters > 15:
            total += letters / 5
        else:
            total += _NAME[letters] if piece[0].isupper() else _WORD[letters]
    return round(total * _SEAMS)


def most_text_tokens(text: str) -> int:
    """Return the number of tokens that a text cannot exceed: its UTF-8 bytes."""
    return len(text.encode())


def picture_tokens(width: int, height: int, profile: Profile, model: str) -> Estimate:
    """Return the tokens of a picture of this many pixels, as it is stored, for a model."""
    wide, high = sent_size(width, height, profile)
    if profile == "gemini":
        return _gemini(wide, high, model)
    name = model.lower().removeprefix("openai/")
    if profile == "openai" or re.match(r"gpt-\d|o\d", name):
        return _openai(wide, high, name)
    patches = max(256, math.ceil(wide / 28) * math.ceil(high / 28))
    return Estimate(patches, max(4 * patches, 3_000))


def estimate(request: Request, profile: Profile, model: str) -> Estimate:
    """Return the input tokens of a request: instructions, text, response schema and pictures.

    Raises:
        InputError: a picture is not there.
    """
    schema = _schema_tokens(request.answer, request.keys, profile)
    expected = ENVELOPE + schema.expected + text_tokens(request.system) + text_tokens(request.user)
    most = 4 * ENVELOPE + schema.most + most_text_tokens(request.system) + most_text_tokens(request.user)
    for image in request.images:
        found = picture_tokens(*pixels(image.path, image.sha256), profile, model)
        expected, most = expected + found.expected, most + found.most
    return Estimate(expected, most)


def bound(request: Request, profile: Profile, model: str) -> Estimate:
    """Return `estimate` with the same bound and a coarse expectation, a token for four bytes: 20 times as fast.

    Raises:
        InputError: a picture is not there.
    """
    schema = _schema_tokens(request.answer, request.keys, profile)
    letters = most_text_tokens(request.system) + most_text_tokens(request.user)
    expected, most = ENVELOPE + schema.expected + letters // 4, 4 * ENVELOPE + schema.most + letters
    for image in request.images:
        found = picture_tokens(*pixels(image.path, image.sha256), profile, model)
        expected, most = expected + found.expected, most + found.most
    return Estimate(expected, most)


@lru_cache(maxsize=512)
def _schema_tokens(answer: str, keys: tuple[str, ...], profile: Profile) -> Estimate:
    text = sanitised_text(answer_schema(answer, keys), profile)
    return Estimate(text_tokens(text), most_text_tokens(text))


def total(estimates: Sequence[Estimate]) -> Estimate:
    """Add estimates up."""
    return Estimate(sum(one.expected for one in estimates), sum(one.most for one in estimates))


def _openai(width: int, height: int, name: str) -> Estimate:
    tiles = _tiles(width, height)
    patches = _patches(width, height, 1536)
    if name.startswith("gpt-4o-mini"):
        found = 2833 + 5667 * tiles
        return Estimate(found, found)
    if re.match(r"gpt-4\.1-(mini|nano)|o4-mini", name):
        factor = 2.46 if "nano" in name else 1.72 if "o4" in name else 1.62
        found = math.ceil(patches * factor)
        return Estimate(found, found)
    if re.match(r"gpt-4o|gpt-4\.1|gpt-4-|o1|o3|gpt-5(-20|-chat|$)", name):
        found = 85 + 170 * tiles
        return Estimate(found, found)
    expected = math.ceil(patches * 1.2)
    return Estimate(expected, max(math.ceil(_patches(width, height, 2500) * 2.46), 85 + 170 * tiles))


def _tiles(width: int, height: int) -> int:
    shrink = min(1.0, 2048 / max(width, height))
    shrink *= min(1.0, 768 / (min(width, height) * shrink))
    # Rounding against floats just above a multiple: 768.0000001 is not another tile.
    return math.ceil(width * shrink / 512 - 1e-9) * math.ceil(height * shrink / 512 - 1e-9)


def _patches(width: int, height: int, most: int) -> int:
    return min(most, math.ceil(width / 32) * math.ceil(height / 32))


def _gemini(width: int, height: int, model: str) -> Estimate:
    if re.match(r"(models/)?gemini-[12]\.", model.lower()):
        if max(width, height) <= 384:
            return Estimate(258, 258)
        side = min(768, max(256, math.floor(min(width, height) / 1.5)))
        found = 258 * math.ceil(width / side) * math.ceil(height / side)
        return Estimate(found, found)
    return Estimate(1120, 2240)

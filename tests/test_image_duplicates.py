"""Near-duplicates: copies of one picture come together, other pictures of the same layout stay apart."""

import hashlib
import io
import itertools
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from rolescape_data.vision.decode import decode
from rolescape_data.vision.duplicates import (
    Candidate,
    Fingerprint,
    best_member,
    fingerprint,
    hamming,
    near_duplicate_groups,
)
from rolescape_data.vision.hashes import brightness, contrast, phash64, thumbnail_vector

RADIUS = 8
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS") or Path(__file__).parents[2] / "shared" / "real")


def scene(seed: int, size: tuple[int, int] = (240, 200)) -> Image.Image:
    """A picture of soft patches: every seed another one, with the spectrum of a photograph."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((size[1], size[0], 3))
    for cells, weight in ((4, 90), (9, 60), (20, 30)):
        patch = Image.fromarray(rng.integers(0, 255, (cells, cells, 3), dtype=np.uint8))
        canvas += weight / 180 * np.asarray(patch.resize(size, Image.Resampling.BICUBIC))
    return Image.fromarray(canvas.clip(0, 255).astype(np.uint8))


def portrait(mouth: str, size: int = 400) -> Image.Image:
    """The same figure before the same wall; only its face differs."""
    image = scene(7, (size, size)).filter(ImageFilter.GaussianBlur(3))
    draw = ImageDraw.Draw(image)
    draw.polygon([(110, 400), (150, 210), (250, 210), (290, 400)], fill=(60, 90, 60))
    draw.ellipse((155, 110, 245, 220), fill=(225, 185, 150))
    draw.ellipse((175, 145, 188, 158), fill="black")
    draw.ellipse((212, 145, 225, 158), fill="black")
    if mouth == "open":
        draw.ellipse((178, 168, 222, 210), fill=(70, 10, 10))
    else:
        draw.line((182, 190, 218, 190), fill=(120, 50, 40), width=4)
    return image


def resaved(image: Image.Image) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=40)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def scaled(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def cropped(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    def crop(image: Image.Image) -> Image.Image:
        width, height = image.size
        return image.crop(
            (
                round(width * left),
                round(height * top),
                round(width * (1 - right)),
                round(height * (1 - bottom)),
            )
        )

    return crop


def brightened(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


def watermarked(image: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", image.size)
    font = ImageFont.load_default(size=max(8, image.height // 25))
    place = (image.width * 0.98, image.height * 0.98)
    ImageDraw.Draw(layer).text(place, "example.org", font=font, fill=(128, 128, 128, 160), anchor="rb")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "resaved": resaved,
    "half": scaled(0.5),
    "double": scaled(2),
    "cropped by 1 %": cropped(0.01, 0.01, 0.01, 0.01),
    "cropped at one corner": cropped(0.02, 0.015, 0, 0),
    "brighter": brightened(1.08),
    "darker": brightened(0.92),
    "watermarked": watermarked,
}


def prints(*images: Image.Image) -> list[Fingerprint]:
    return [fingerprint(image, sha256=hashlib.sha256(image.tobytes()).hexdigest()) for image in images]


def groups(*images: Image.Image, radius: int = RADIUS) -> list[list[int]]:
    return near_duplicate_groups(prints(*images), radius=radius)


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("original", ["scene", "portrait"])
def test_a_copy_comes_together_with_its_original(original, copy):
    image = scene(3) if original == "scene" else portrait("open")
    assert groups(image, COPIES[copy](image)) == [[0, 1]]


def test_another_expression_of_the_same_figure_stays_apart_although_the_hash_is_near():
    calm, shouting = prints(portrait("closed"), portrait("open"))
    assert hamming(calm.phash64, shouting.phash64) <= RADIUS
    assert near_duplicate_groups([calm, shouting], radius=RADIUS) == []


def test_each_expression_takes_its_own_copies():
    calm, shouting = portrait("closed"), portrait("open")
    images = [calm, shouting, resaved(calm), brightened(0.92)(shouting), scaled(0.5)(calm)]
    assert groups(*images) == [[0, 2, 4], [1, 3]]


def test_another_colour_of_the_same_drawing_stays_apart():
    red, green, blue = scene(3).split()
    assert groups(scene(3), Image.merge("RGB", (blue, green, red))) == []


def test_different_pictures_stay_apart_at_any_radius():
    assert groups(*[scene(seed) for seed in range(12)], radius=64) == []


def test_a_radius_of_zero_still_joins_equal_hashes():
    image = scene(3)
    assert phash64(image) == phash64(scaled(2)(image))
    assert groups(image, scaled(2)(image), radius=0) == [[0, 1]]


def test_equal_digests_are_duplicates_whatever_the_hash_says():
    first, second = prints(scene(1), scene(2))
    same = Fingerprint(first.sha256, second.phash64, second.contrast, second.thumbnail)
    assert near_duplicate_groups([first, same], radius=0) == [[0, 1]]


def flat(level: float) -> Image.Image:
    """Nearly one grey, with a faint gradient that gives every such picture the same hash."""
    ramp = np.linspace(level, level + 3, 64).round()
    return Image.fromarray(np.tile(ramp, (64, 1)).astype(np.uint8)).convert("RGB")


def test_flat_pictures_of_another_tone_stay_apart_although_their_hashes_are_equal():
    night, dusk = flat(8), flat(30)
    assert phash64(night) == phash64(dusk)
    assert groups(night, dusk) == []


def test_dark_pictures_are_not_brightened_onto_each_other():
    faint = np.zeros((64, 64, 3), dtype=np.uint8)
    faint[16:48, 16:48] = 12
    fainter = faint.copy()
    fainter[faint > 0] = 6
    images = [Image.fromarray(faint), Image.fromarray(fainter)]
    assert max(contrast(image) for image in images) < 8
    assert hamming(*(phash64(image) for image in images)) <= RADIUS
    assert groups(*images) == []


def test_flat_pictures_with_almost_the_same_pixels_come_together():
    first, second = prints(flat(40), flat(40.6))
    assert first.sha256 != second.sha256
    assert near_duplicate_groups([first, second], radius=RADIUS) == [[0, 1]]


def test_no_pictures_and_one_picture_make_no_group():
    assert groups() == []
    assert groups(scene(1)) == []


def test_a_chain_of_neighbours_is_one_group():
    image = scene(3)
    chain = [
        image,
        cropped(0.02, 0, 0, 0)(image),
        cropped(0.02, 0, 0.02, 0)(image),
        cropped(0.02, 0, 0.02, 0.02)(image),
    ]
    assert groups(*chain) == [[0, 1, 2, 3]]


@cache
def mixed_prints() -> list[Fingerprint]:
    calm, shouting = portrait("closed", 200), portrait("open", 200)
    copies = [calm, resaved(calm), shouting, resaved(shouting)]
    return prints(*copies, flat(8), flat(30), flat(8.4), scene(1), scene(2))


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(9)))
def test_the_order_of_the_pictures_changes_no_group(order):
    shuffled = [mixed_prints()[index] for index in order]
    found = [[order[at] for at in group] for group in near_duplicate_groups(shuffled, radius=RADIUS)]
    assert sorted(sorted(group) for group in found) == [[0, 1], [2, 3], [4, 6]]


@settings(max_examples=60, deadline=None)
@given(
    hashes=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12),
    flips=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 63)), max_size=40),
    radius=st.integers(0, 64),
)
def test_no_pair_within_the_radius_is_missed_and_none_beyond_is_joined(hashes, flips, radius):
    digests = [f"{value:016x}" for value in hashes]
    for at, bit in flips:
        digests.append(f"{int(digests[at % len(hashes)], 16) ^ 1 << bit:016x}")
    thumbnail = thumbnail_vector(scene(1))
    pictures = [Fingerprint(str(at), digest, 60.0, thumbnail) for at, digest in enumerate(digests)]

    together = [{at} for at in range(len(pictures))]
    for a, b in itertools.combinations(range(len(pictures)), 2):
        if (int(digests[a], 16) ^ int(digests[b], 16)).bit_count() <= radius:
            joined = next(group for group in together if a in group) | next(g for g in together if b in g)
            together = [group for group in together if not group & joined] + [joined]
    wanted = sorted(sorted(group) for group in together if len(group) > 1)
    assert near_duplicate_groups(pictures, radius=radius) == wanted


def test_pairs_are_found_across_thousands_of_pictures():
    rng = np.random.default_rng(2)
    values = rng.integers(0, 2**63, 3_000, dtype=np.uint64)
    values[2_900:] = values[:100] ^ np.uint64(0b10110)
    tones = rng.integers(0, 255, (2_900, 64, 64, 3), dtype=np.uint8)
    pictures = [
        Fingerprint(str(at), f"{int(value):016x}", 60.0, tones[at % 2_900]) for at, value in enumerate(values)
    ]
    assert near_duplicate_groups(pictures, radius=3) == [[at, 2_900 + at] for at in range(100)]
    assert near_duplicate_groups(pictures, radius=2) == []


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_the_hash_equals_that_of_the_imagehash_library(seed, mode):
    image = scene(seed, (37 + 11 * seed, 290 - 13 * seed)).convert(mode)
    assert phash64(image) == str(imagehash.phash(image, hash_size=8))
    assert len(phash64(image)) == 16


def test_contrast_and_brightness_are_those_of_the_luminance():
    halves = Image.new("RGB", (64, 64), "white")
    halves.paste("black", (0, 0, 32, 64))
    assert contrast(halves) == pytest.approx(127.5, abs=3)
    assert brightness(halves) == pytest.approx(127.5, abs=1)
    assert contrast(Image.new("RGB", (9, 9), (50, 50, 50))) == 0
    assert brightness(Image.new("RGB", (9, 9), (50, 50, 50))) == 50


@given(a=st.integers(0, 2**64 - 1), b=st.integers(0, 2**64 - 1))
def test_the_distance_is_that_of_the_imagehash_library(a, b):
    first, second = f"{a:016x}", f"{b:016x}"
    assert hamming(first, second) == imagehash.hex_to_hash(first) - imagehash.hex_to_hash(second)


@pytest.mark.parametrize("digest", ["", "0" * 15, "0" * 17, "g" * 16, "0x" + "0" * 14, "0000 0000 0000 00"])
def test_a_malformed_hash_is_refused(digest):
    with pytest.raises(ValueError, match="16 hex digits"):
        hamming(digest, "0" * 16)


SMALL = Candidate("a.png", 100, 100, lossless=True, size=9_000)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Candidate("z.jpg", 101, 100, lossless=False, size=10), SMALL),
        (
            Candidate("z.png", 100, 100, lossless=True, size=10),
            Candidate("a.jpg", 100, 100, lossless=False, size=99),
        ),
        (Candidate("z.png", 100, 100, lossless=True, size=9_001), SMALL),
        (SMALL, Candidate("b.png", 100, 100, lossless=True, size=9_000)),
    ],
    ids=["more pixels", "lossless", "bigger file", "first name"],
)
def test_near_duplicates_keep_the_best_picture_in_any_order(better, worse):
    assert best_member([better, worse]) == 0
    assert best_member([worse, better]) == 1


def test_an_empty_group_has_no_best_member():
    with pytest.raises(ValueError, match="empty"):
        best_member([])


def real_portraits() -> list[Path]:
    folder = REAL / "heir_to_the_throne" / "images"
    if not folder.is_dir():
        pytest.skip(f"no real inputs at {REAL}; name their folder in ROLESCAPE_REAL_INPUTS to run this")
    return sorted(folder.glob("*/*.png"))


MATTES = [(255, 255, 255), (128, 128, 128), (0, 0, 0)]


@pytest.mark.parametrize("matte", MATTES, ids=["white", "grey", "black"])
def test_all_real_portraits_survive(matte):
    paths = real_portraits()
    assert len(paths) == 24
    images = [decode(path.read_bytes(), name=path.name, matte=matte).image for path in paths]
    assert groups(*images) == []


@pytest.mark.parametrize("matte", MATTES, ids=["white", "grey", "black"])
def test_copies_of_real_portraits_come_together_with_their_own_original_only(matte):
    paths = real_portraits()
    images = [decode(path.read_bytes(), name=path.name, matte=matte).image for path in paths]
    kinds = ["resaved", "half", "double", "cropped by 1 %", "brighter", "darker", "watermarked"]
    planted = [COPIES[kind](image) for kind in kinds for image in images]
    wanted = [list(range(at, 24 * (len(kinds) + 1), 24)) for at in range(24)]
    assert groups(*images, *planted) == wanted

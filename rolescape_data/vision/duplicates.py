"""Fingerprints of pictures -> groups of near-duplicates: hash neighbours whose pixels agree everywhere.

A perceptual hash sees the layout alone. Portraits of one character in several moods share pose, costume and
background, and their hashes can lie 2 to 8 bits apart, as near as a re-save or a crop of one picture. So a pair
counts only when its pixels agree too, in every place: what was done to a picture as a whole (saving,
scaling, cropping, brightening) leaves small differences spread all over, while another face, hand or object
leaves a large one in one spot. The worst spot decides.

Worst spot (mean difference per channel, 0-255) at 64 x 64 pixels, blocks of 6 x 6, after alignment:

    pictures                                                              worst spot   per contrast
    JPEG quality 40, half and double size, crops of 1-2 % a side,
    brightness +-8 %, small watermark, and these together                 0.1 to 11    up to 0.27
    another mood of the same portrait                                     33 and more  0.69 and more

Counted on 42 pictures (24 drawn portraits, 3 paintings and photographs, 15 cartoons) over white, grey and
dark mattes; the second row is of pairs within 16 bits. The limits were set on these same pictures. On 60
others, drawn for the starter set, copies reached 8.2 and 0.21; they hold no second mood of one portrait.
The radius comes first: a crop of 2 % off one corner moved the hash of one picture in 60 by 10 bits, which a
radius of 8 leaves out. A face smaller than the blocks here is averaged away and cannot keep pictures apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from rolescape_data.vision.hashes import THUMBNAIL_SIDE, contrast, phash64, thumbnail_vector

Floats = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.intp]

# Both limits stand near the geometric middle of the two rows of the table above.
WORST_SPOT = 19.0
WORST_SPOT_PER_CONTRAST = 0.45
MIN_CONTRAST = 8.0
FLAT_MEAN = 1.5
FLAT_WORST_SPOT = 4.0

_SIDE = THUMBNAIL_SIDE
_BLOCK, _STEP = 6, 2
_EDGE = _SIDE // 8
_MAX_SHIFT = 0.04 * _SIDE
_ROUNDS = 8
_BATCH = 64
_SLAB = 256
_DIGEST = re.compile("[0-9a-fA-F]{16}")

# Everything below is matrix products over batches: rows @ picture @ columns.
_HALF = np.kron(np.eye(_SIDE // 2), [[0.5, 0.5]]).astype(np.float32)
_STARTS = np.arange(0, _SIDE - _BLOCK + 1, _STEP)
_BLOCKS = ((_STARTS[:, None] <= np.arange(_SIDE)) & (np.arange(_SIDE) < _STARTS[:, None] + _BLOCK)).astype(
    np.float32
)
_AT_EDGE = (_STARTS + _BLOCK <= _EDGE) | (_STARTS >= _SIDE - _EDGE)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the search needs of one picture; `sha256` is of its pixels or bytes: equal ones are duplicates."""

    sha256: str
    phash64: str
    contrast: float
    thumbnail: npt.NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What choosing among duplicates needs of one picture; `size` in bytes."""

    name: str
    width: int
    height: int
    lossless: bool
    size: int


def fingerprint(image: Image.Image, *, sha256: str) -> Fingerprint:
    """Take the fingerprint of a decoded picture."""
    return Fingerprint(sha256, phash64(image), contrast(image), thumbnail_vector(image))


def hamming(a: str, b: str) -> int:
    """Count the bits in which two hashes of 16 hex digits differ, 0 to 64.

    Raises:
        ValueError: one of them is not 16 hex digits.
    """
    return (_bits(a) ^ _bits(b)).bit_count()


def best_member(group: Sequence[Candidate]) -> int:
    """Return the index of the picture to keep: most pixels, then lossless, then most bytes, then first name.

    Raises:
        ValueError: the group is empty.
    """
    if not group:
        raise ValueError("A group of duplicates has at least one picture; this one is empty.")

    def rank(at: int) -> tuple[int, bool, int, str, int]:
        one = group[at]
        return (-one.width * one.height, not one.lossless, -one.size, one.name, at)

    return min(range(len(group)), key=rank)


def near_duplicate_groups(
    pictures: Sequence[Fingerprint], *, radius: int, min_contrast: float = MIN_CONTRAST
) -> list[list[int]]:
    """Group the pictures that show the same thing; pairs chain, so a group is a connected component.

    A pair is a near-duplicate when its `sha256` is equal, or its hashes differ in at most `radius` bits and
    its pixels agree (see the top of this file). Every pair within the radius is looked at, unless its two
    pictures are already in one group; the order of the pictures changes nothing.

    Args:
        pictures: fingerprints, any number; memory grows with the number, not with its square.
        radius: largest hash distance in bits, 0 to 64.
        min_contrast: below it (standard deviation of luminance, 0-127.5) a picture is flat or dark, its hash
            is noise, and it needs the same pixels almost to the digit.

    Returns:
        Groups of two or more indices into `pictures`, each ascending, in the order of their first member.

    Raises:
        ValueError: a hash is not 16 hex digits.
    """
    first_with: dict[str, int] = {}
    label_N = np.array(
        [first_with.setdefault(one.sha256, at) for at, one in enumerate(pictures)], dtype=np.intp
    )
    distinct = np.unique(label_N)
    hash_N = np.array([_bits(one.phash64) for one in pictures], dtype=np.uint64)
    tone_N3 = np.array([one.thumbnail.mean(axis=(0, 1)) for one in pictures]).reshape(-1, 3)
    flat_N = np.array([one.contrast < min_contrast for one in pictures], dtype=np.bool_)
    for start in range(0, len(distinct), _SLAB):
        pairs_P2 = _hash_neighbours(hash_N, distinct[start:], label_N, radius)
        first, second = pairs_P2.T
        # Means differ no more than pixels do: this clears flat pictures, whose hashes are all alike.
        apart = np.abs(tone_N3[first] - tone_N3[second]).mean(axis=1) > FLAT_MEAN
        pairs_P2 = pairs_P2[~((flat_N[first] | flat_N[second]) & apart)]
        while len(pairs_P2):
            # One partner for each picture at a time: what they join settles most of the other pairs.
            _, chosen = np.unique(pairs_P2[:, 1], return_index=True)
            for batch_P2 in np.array_split(pairs_P2[chosen], -(-len(chosen) // _BATCH)):
                for a, b in batch_P2[_same_picture(pictures, batch_P2, min_contrast)]:
                    low, high = sorted((label_N[a], label_N[b]))
                    label_N[label_N == high] = low
            pairs_P2 = np.delete(pairs_P2, chosen, axis=0)
            pairs_P2 = pairs_P2[label_N[pairs_P2[:, 0]] != label_N[pairs_P2[:, 1]]]
    groups: dict[int, list[int]] = {}
    for at, label in enumerate(label_N.tolist()):
        groups.setdefault(label, []).append(at)
    return [members for members in groups.values() if len(members) > 1]


def worst_spots(first_NCSS: Floats, second_NCSS: Floats) -> Floats:
    """Measure where two pictures differ most, after moving and re-lighting the first onto the second.

    Args:
        first_NCSS: thumbnails, shape (N, 3, 64, 64), 0-255.
        second_NCSS: their partners, same shape.

    Returns:
        N mean differences per channel of the worst block, 0-255. Not symmetric: a bright picture whose
        lights are cut off cannot be darkened back, so callers take the better direction.
    """
    shift_N4 = _alignment(_grey(first_NCSS), _grey(second_NCSS))
    moved, inside = _moved(_smoothed(first_NCSS), shift_N4)
    return _worst(moved, _smoothed(second_NCSS), inside)


def _bits(digest: str) -> int:
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"Hash '{digest}' is not 16 hex digits; take it from phash64().")
    return int(digest, 16)


def _hash_neighbours(hash_N: npt.NDArray[np.uint64], at: Indices, label_N: Indices, radius: int) -> Indices:
    """Return the pairs (P, 2) of a slab of `at` with all of it: near in hash, not yet together."""
    rows = at[:_SLAB]
    near = np.bitwise_count(hash_N[rows, None] ^ hash_N[None, at]) <= radius
    near &= label_N[rows, None] != label_N[None, at]
    row, column = np.nonzero(np.triu(near, k=1))
    return np.stack([at[row], at[column]], axis=1)


def _same_picture(
    pictures: Sequence[Fingerprint], pairs: Indices, min_contrast: float
) -> npt.NDArray[np.bool_]:
    """Say for each pair whether the pixels agree; the cheap checks first, as most true pairs are re-saves."""
    if not len(pairs):
        return np.zeros(0, dtype=np.bool_)
    # One direction for a pair, however the pictures are ordered.
    pairs = np.array([sorted(pair, key=lambda at: pictures[at].sha256) for pair in pairs])
    first, second = (_thumbnails(pictures, column) for column in pairs.T)
    low = np.array([min(pictures[a].contrast, pictures[b].contrast) for a, b in pairs])
    flat = low < min_contrast
    limit = np.minimum(WORST_SPOT, WORST_SPOT_PER_CONTRAST * low)
    same = np.zeros(len(pairs), dtype=np.bool_)
    same[flat] = _nearly_equal(first[flat], second[flat])

    left = np.flatnonzero(~flat)
    everywhere = np.ones((len(left), _SIDE, _SIDE), dtype=np.float32)
    same[left] = _worst(_smoothed(first[left]), _smoothed(second[left]), everywhere) <= limit[left]
    left = left[~same[left]]
    worst = worst_spots(first[left], second[left])
    same[left] = worst <= limit[left]
    # Cut-off lights are undone in one direction only, and never look as far apart as another picture.
    left = left[(worst > limit[left]) & (worst <= 2.5 * limit[left])]
    same[left] = worst_spots(second[left], first[left]) <= limit[left]
    return same


def _thumbnails(pictures: Sequence[Fingerprint], at: Indices) -> Floats:
    return np.stack([pictures[one].thumbnail for one in at]).astype(np.float32).transpose(0, 3, 1, 2)


def _nearly_equal(first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
    # No re-lighting here: two dark frames become the same picture when one may be brightened onto the other.
    difference = np.abs(first - second).mean(axis=1)
    worst = _block_means(difference, np.ones_like(difference)).max(axis=1)
    equal: npt.NDArray[np.bool_] = (difference.mean(axis=(1, 2)) <= FLAT_MEAN) & (worst <= FLAT_WORST_SPOT)
    return equal


def _worst(moved: Floats, target: Floats, inside: Floats) -> Floats:
    difference = np.abs(_relit(moved, target, inside) - target).mean(axis=1)
    worst: Floats = _block_means(difference, inside).max(axis=1)
    return worst


def _alignment(first: Floats, second: Floats) -> Floats:
    """Find shift and stretch (x, x stretch, y, y stretch in thumbnail pixels) that put first onto second.

    Gauss-Newton on the squared difference of grey pictures at half size, as Lucas and Kanade do, with
    brightness solved along; pixels that do not fit count less, so that a changed face does not pull the rest.
    """
    first, second = _halved(first), _halved(second)
    count, side, _ = first.shape
    across = np.broadcast_to(_ramp(side)[None, None, :], first.shape)
    down = np.broadcast_to(_ramp(side)[None, :, None], first.shape)
    slope_y, slope_x = np.gradient(first, axis=(1, 2))
    stack = np.stack([first, slope_x, slope_y], axis=1)
    shift = np.zeros((count, 4), dtype=np.float32)
    scale = _SIDE / side
    for _ in range(_ROUNDS):
        moved, inside = _moved(stack, shift / scale)
        value, dx, dy = moved[:, 0], moved[:, 1], moved[:, 2]
        rest = (second - value).reshape(count, 1, side * side)
        parts = [dx, dx * across, dy, dy * down, value, np.ones_like(value)]
        slopes = np.stack(parts, axis=1).reshape(count, 6, side * side)
        weighted = slopes * (inside.reshape(count, 1, side * side) / (1 + np.abs(rest) / 8))
        normal = (weighted @ slopes.transpose(0, 2, 1)).astype(np.float64) + 0.1 * np.eye(6)
        pull = (weighted @ rest.transpose(0, 2, 1)).astype(np.float64)
        step = np.linalg.solve(normal, pull)[:, :4, 0]
        shift = np.clip(shift + scale * step, -_MAX_SHIFT, _MAX_SHIFT).astype(np.float32)
    return shift


def _halved(images: Floats) -> Floats:
    halved: Floats = _HALF @ images @ _HALF.T
    return _smoothed(halved)


def _moved(images: Floats, shift_N4: Floats) -> tuple[Floats, Floats]:
    """Resample (N, C, S, S) at shifted places; the mask is 0 where a place lies outside the picture."""
    side = images.shape[-1]
    place = np.arange(side, dtype=np.float32)
    x = place + shift_N4[:, 0:1] + shift_N4[:, 1:2] * _ramp(side)
    y = place + shift_N4[:, 2:3] + shift_N4[:, 3:4] * _ramp(side)
    rows, columns = _hats(y)[:, None], _hats(x)[:, None].swapaxes(-1, -2)
    x_inside, y_inside = (x >= 0) & (x <= side - 1), (y >= 0) & (y <= side - 1)
    inside = (y_inside[:, :, None] & x_inside[:, None, :]).astype(np.float32)
    moved: Floats = rows @ images @ columns
    return moved, inside


def _hats(place: Floats) -> Floats:
    """Return the matrices of linear interpolation at the given places, shape (N, S, S)."""
    side = place.shape[1]
    distance = np.abs(np.clip(place, 0, side - 1)[:, :, None] - np.arange(side, dtype=np.float32))
    hats: Floats = np.maximum(0, 1 - distance).astype(np.float32)
    return hats


def _ramp(side: int) -> Floats:
    """Return -1 at one edge to 1 at the other."""
    return ((np.arange(side) - (side - 1) / 2) / (side / 2)).astype(np.float32)


def _relit(moved: Floats, target: Floats, inside: Floats) -> Floats:
    """Give the moved picture its target's brightness: one gain within 15 %, one offset within 25 levels."""
    grey, wanted = _grey(moved), _grey(target)
    # Cut-off lights say nothing about the gain; a picture that is nearly all white is fitted whole.
    use = inside * (grey < 245) * (wanted < 245)
    few = use.sum(axis=(1, 2)) < 0.25 * _SIDE * _SIDE
    use[few] = inside[few]
    total = np.maximum(use.sum(axis=(1, 2), keepdims=True), 1)
    grey_mean = (grey * use).sum(axis=(1, 2), keepdims=True) / total
    wanted_mean = (wanted * use).sum(axis=(1, 2), keepdims=True) / total
    grey_rest, wanted_rest = (grey - grey_mean) * use, (wanted - wanted_mean) * use
    spread = np.maximum((grey_rest**2).sum(axis=(1, 2), keepdims=True), 1)
    gain = np.clip((grey_rest * wanted_rest).sum(axis=(1, 2), keepdims=True) / spread, 0.85, 1.18)
    offset = np.clip(wanted_mean - gain * grey_mean, -25, 25)
    relit: Floats = np.clip(moved * gain[:, None] + offset[:, None], 0, 255).astype(np.float32)
    return relit


def _grey(images: Floats) -> Floats:
    grey: Floats = 0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]
    return grey


def _smoothed(images: Floats) -> Floats:
    blur = _blur(images.shape[-1])
    smoothed: Floats = blur @ images @ blur.T
    return smoothed


@cache
def _blur(side: int) -> Floats:
    """Return the matrix that averages each line with its neighbours, 1 : 2 : 1, the edge line repeated."""
    lines = np.eye(side, dtype=np.float32)
    wide = np.pad(lines, ((1, 1), (0, 0)), mode="edge")
    blur: Floats = ((wide[:-2] + 2 * lines + wide[2:]) / 4).astype(np.float32)
    return blur


def _block_means(difference: Floats, inside: Floats) -> Floats:
    """Average over overlapping blocks; one that lies half outside the other picture counts as agreeing.

    Blocks within the outer eighth count half: that is where watermarks stand and cropping shows, and seldom
    where a character's face is.
    """
    seen, total = _BLOCKS @ inside @ _BLOCKS.T, _BLOCKS @ (difference * inside) @ _BLOCKS.T
    weight = np.where(_AT_EDGE[:, None] | _AT_EDGE[None, :], 0.5, 1.0)
    means = np.where(seen >= _BLOCK * _BLOCK / 2, weight * total / np.maximum(seen, 1), 0)
    blocks: Floats = means.reshape(len(means), _STARTS.size**2).astype(np.float32)
    return blocks

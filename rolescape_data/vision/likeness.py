"""Hashes of a set's pictures -> groups of like pictures, which no split may tear apart."""

from collections.abc import Sequence

import numpy as np


def hash_groups(hashes: Sequence[str], *, radius: int) -> list[list[int]]:
    """Group pictures whose perceptual hashes lie within `radius` bits of one another; pairs chain.

    Unlike near-duplicates these may be different pictures: one face in two moods is alike, and training on
    one while testing on the other tests little.

    Args:
        hashes: 16 hex digits each.
        radius: largest distance in bits, 0 to 64.

    Returns:
        Every index once: groups in the order of their first member, single pictures included.
    """
    bits = np.array([int(digest, 16) for digest in hashes], dtype=np.uint64)
    leader = list(range(len(hashes)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for place in range(len(hashes)):
        near = np.flatnonzero(np.bitwise_count(bits[place + 1 :] ^ bits[place]) <= radius) + place + 1
        for other in near.tolist():
            first, second = sorted((find(place), find(other)))
            leader[second] = first
    groups: dict[int, list[int]] = {}
    for place in range(len(hashes)):
        groups.setdefault(find(place), []).append(place)
    return list(groups.values())

"""One picture and the character's other pictures -> four-option questions (VisualMCQAnswer), from what can be seen alone.

Wrong options are what the other pictures show in the same respect, and only such as exclude what this one shows. The
right option is always written as A: letters are balanced over the set afterwards, by seed.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.pictures.kinds import stable
from rolescape_data.providers.offline.pictures.look import Look, look_of
from rolescape_data.providers.offline.pictures.options import (
    Choice,
    backgrounds,
    counts,
    faces,
    framings,
    garments,
    lights,
    pairs,
    places,
    poses,
    things,
    times,
)
from rolescape_data.providers.offline.pictures.parts import attributes_of
from rolescape_data.records.visual import VISUAL_CATEGORIES
from rolescape_data.spans import folded, words

RATIO = (0.6, 1.6)  # letters of the right option over the mean of the wrong ones (qa/gates.yaml)


OPTION_WORDS = 15


MOST = 9  # candidates among which the best three are looked for


_RATIONALES = (
    "{C}; the other three do not fit.",
    "{C}, and none of the other options agrees with that.",
    "That {c} rules out the rest.",
    "{C}. Each of the other options would look different.",
)


def visual_mcq(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a four-option question about the picture for each key, e.g. `appearance_attributes_easy_1`.

    Args:
        block: character, image, shows, `others` (attributes of the character's other pictures) and `used`.
        keys: category, difficulty and number of each question asked for.
    """
    if block["character"].get("lang", "en") != "en":
        return None
    look = look_of(block)
    others = tuple(attributes_of(other) for other in block.get("others") or [])
    seen = Seen([str(question) for question in block.get("used") or []])
    written: dict[str, Any] = {}
    for key in keys:
        category, level = _read(key)
        makers = _MAKERS.get(category, ()) if look.own else ()
        ordered = sorted(makers, key=lambda maker: look.seed(key, maker.__name__))
        items = (
            item
            for maker in ordered
            for choice in maker(look, others, level)
            if (item := _item(look, choice, level, seen)) is not None
        )
        item = next(items, None)
        if item is not None:
            seen.add(item["question"])
            written[key] = item
    return written or None


def _read(key: str) -> tuple[str, str]:
    category = next((name for name in VISUAL_CATEGORIES if key.startswith(f"{name}_")), "")
    return category, key.removeprefix(f"{category}_").rpartition("_")[0]


def _item(look: Look, choice: Choice, level: str, seen: Seen) -> dict[str, Any] | None:
    options = _options(look, choice)
    if options is None:
        return None
    for step in range(len(choice.questions)):
        question = look.fill(choice.questions[(look.seed("q", choice.form) + step) % len(choice.questions)])
        named = any(f" {folded(option)} " in f" {folded(question)} " for option in options)
        if named or seen.near(question):
            continue
        cue = look.fill(choice.cue, x=choice.right)
        # "That he has a laugh, eyes shut rules out ...": such a clause stands better alone.
        fitting = [frame for frame in _RATIONALES if "," not in cue or not frame.startswith("That")]
        frame = fitting[look.seed("why", choice.form) % len(fitting)]
        return {
            "question": question,
            "options": dict(zip("ABCD", options, strict=True)),
            "answer_key": "A",
            "rationale": look.fill(frame, c=cue)
            + (f" It is hard because {choice.hard}." if level == "hard" else ""),
        }
    return None


def _options(look: Look, choice: Choice) -> tuple[str, ...] | None:
    """Return the right option and three wrong ones; how many of these are longer differs by picture, as chance would."""
    right = choice.right
    pool = sorted(dict.fromkeys(choice.wrong), key=lambda one: stable(look.file, choice.form, one[1]))[:MOST]
    target = look.seed("length", choice.form) % 4
    best: tuple[float, int, tuple[str, ...]] | None = None
    for chosen in combinations(pool, 3):
        three = tuple(text for _, text in chosen)
        options = (right, *three)
        if (
            len({sort for sort, _ in chosen}) < 3
            or any(_alike(a, b) for a, b in combinations(options, 2))
            or len(words(max(options, key=len))) > OPTION_WORDS
        ):
            continue
        ratio = 3 * len(right) / sum(map(len, three))
        longer = sum(len(text) >= len(right) for text in three)
        off = abs(longer - target) + (0 if RATIO[0] <= ratio <= RATIO[1] else 4)
        rank = (off, stable(look.file, *three), three)
        best = rank if best is None or rank < best else best
    return None if best is None else (right, *best[2])


def _alike(first: str, second: str) -> bool:
    """Whether one option is the other or stands inside it."""
    a, b = f" {folded(first)} ", f" {folded(second)} "
    return a in b or b in a


Maker = Callable[[Look, Sequence[dict[str, str]], str], Iterator[Choice]]


_MAKERS: dict[str, tuple[Maker, ...]] = {
    "appearance_attributes": (garments, backgrounds),
    "action_pose_gesture": (poses,),
    "expression_emotion": (faces,),
    "context_element": (places, things, lights),
    "fine_detail_reasoning": (pairs, framings, counts, times),
}

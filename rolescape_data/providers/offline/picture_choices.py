"""One picture and the character's other pictures -> four-option questions (VisualMCQAnswer), from what can be seen alone.

Wrong options are what the other pictures show in the same respect, and only such as exclude what this one shows. The
right option is always written as A: letters are balanced over the set afterwards, by seed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from rolescape_data.providers.offline.looks import (
    Look,
    attributes_of,
    brief,
    content,
    framing_of,
    gesture_of,
    look_of,
    mood_of,
    pieces_of,
    place_noun,
    posture_of,
    stable,
    thing_of,
    time_of,
)
from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.phrases import with_article
from rolescape_data.records.visual import VISUAL_CATEGORIES
from rolescape_data.spans import folded, words

RATIO = (0.6, 1.6)  # letters of the right option over the mean of the wrong ones (qa/gates.yaml)
OPTION_WORDS = 15
MOST = 9  # candidates among which the best three are looked for


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to ask about: wordings, the right option, options that it excludes."""

    form: str
    questions: tuple[str, ...]
    right: str
    wrong: tuple[str, ...]


_RATIONALES = (
    "What can be seen is {x}; the other three are not in the picture.",
    "The visible cue is {x}. None of the other options agrees with it.",
    "The picture shows {x}, and this rules the other options out.",
    "One look settles it: {x}. Each of the others would look different.",
)
_HARD = " It is hard because each wrong option is partly right or close to it."


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
        frame = _RATIONALES[look.seed("why", choice.form) % len(_RATIONALES)]
        return {
            "question": question,
            "options": dict(zip("ABCD", options, strict=True)),
            "answer_key": "A",
            "rationale": look.fill(frame, x=choice.right) + (_HARD if level == "hard" else ""),
        }
    return None


def _options(look: Look, choice: Choice) -> tuple[str, ...] | None:
    """Return the right option and three wrong ones; how many of these are longer differs by picture, as chance would."""
    right = choice.right
    pool = sorted(dict.fromkeys(choice.wrong), key=lambda text: stable(look.file, choice.form, text))[:MOST]
    target = look.seed("length", choice.form) % 4
    best: tuple[float, int, tuple[str, ...]] | None = None
    for three in combinations(pool, 3):
        options = (right, *three)
        if any(_alike(a, b) for a, b in combinations(options, 2)) or len(words(max(options, key=len))) > OPTION_WORDS:
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


def _faces(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    right = with_article(look.known.get("expression", ""))
    near = frozenset() if level != "easy" else _NEAR.get(look.mood, frozenset())
    wrong = [
        with_article(phrase) for phrase in _values(others, "expression")
        if mood_of(phrase) not in {look.mood, ""} | near and not content(phrase) & content(right) & _FACES
    ]  # fmt: skip
    if look.mood:
        yield Choice(
            "face",
            ("Which expression does {n} have in the picture?", "How does {n}'s face look?", "What is to be seen on {n}'s face?",
             "Which of these describes the face of {n}?"),
            right, tuple(wrong),
        )  # fmt: skip


# Feelings that a viewer may take for one another: no wrong option of an easy question.
_NEAR = {
    "good will": frozenset({"mirth", "pride", "calm"}), "mirth": frozenset({"good will"}), "pride": frozenset({"good will", "calm"}),
    "sorrow": frozenset({"worry", "weariness"}), "worry": frozenset({"sorrow", "surprise"}), "surprise": frozenset({"worry"}),
    "weariness": frozenset({"sorrow", "calm"}), "calm": frozenset({"good will", "pride", "weariness"}),
}  # fmt: skip
_FACES = frozenset({"tear", "laugh", "smile", "scowl", "yawn"})


def _poses(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    right = look.known.get("pose", "")
    wrong = [phrase for phrase in _values(others, "pose") if right and _other_pose(look, phrase)]
    yield Choice(
        "pose",
        ("How is {n} posed?", "What is {n} doing in the picture?", "Which pose or movement does the picture show {n} in?",
         "What are {n}'s body and limbs doing?"),
        right, tuple(wrong),
    )  # fmt: skip


def _other_pose(look: Look, phrase: str) -> bool:
    """Whether a pose excludes this picture's; where words leave the posture open, standing would fit nearly all."""
    posture, gesture = posture_of(phrase), gesture_of(phrase)
    told = posture_of(" ".join(look.notes))
    mine = look.posture or told
    if posture and mine:
        return posture != mine or _plain_gestures(gesture, look.gesture)
    if not posture and not look.posture:
        return _plain_gestures(gesture, look.gesture)
    other = posture or look.posture
    return other not in ("standing", "") or _plain_gestures(gesture, look.gesture)


def _plain_gestures(first: str, second: str) -> bool:
    return first != second and {first, second} <= {"point", "raise", "chest", "balance"}


def _colours(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    phrase = look.known.get("colour", "")
    front, _, back = phrase.partition(" against ")
    if not back:
        return
    wrong = [
        other for value in _values(others, "colour")
        if (other := value.partition(" against ")[2]) and not _hues(other) & _hues(phrase)
    ]  # fmt: skip
    yield Choice(
        "background",
        ("Which colours surround {n}?", "In which colours is the background kept?", "What colours lie behind and around {n}?"),
        back, tuple(wrong),
    )  # fmt: skip


_HUES = {
    "blue": r"blue|sky", "warm": r"orange|gold|amber|honey|brown|copper", "grey": r"grey|gray|slate|lead|silver|white|sunlit|cream",
    "green": r"green", "pink": r"pink|rose|lilac", "violet": r"violet|purple|lilac", "red": r"red|crimson|scarlet", "black": r"black|dark",
    "yellow": r"yellow|mustard",
}  # fmt: skip


def _hues(phrase: str) -> set[str]:
    return {hue for hue, pattern in _HUES.items() if re.search(pattern, phrase)}


def _garments(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """What is worn, where the other pictures show something else; else the colour of a garment."""
    first = look.pieces[0] if look.pieces and not look.pieces[0].body else None
    if first is None:
        return
    wrong: list[str] = []
    for outfit in _values(others, "outfit"):
        piece = next((piece for piece in pieces_of(outfit) if not piece.body), None)
        if piece and piece.noun and first.noun and piece.noun not in look.told and not _shares_colour(piece.colour, first.colour):
            wrong.append(piece.phrase)
    if len(wrong) >= 3:
        yield Choice(
            "worn", ("What is {n} wearing?", "Which of these clothes does {n} wear in the picture?"), first.phrase, tuple(wrong)
        )
    coloured = [piece for piece in look.pieces if piece.colour and piece.noun and not piece.body]
    if coloured and level == "easy":
        piece = coloured[look.seed("piece") % len(coloured)]
        are = "are" if piece.noun.endswith("s") else "is"
        yield Choice(
            "colour",
            (f"What colour {are} {{n}}'s {piece.noun}?", f"Which of these is the colour of {{n}}'s {piece.noun}?"),
            piece.colour, tuple(hue for hue in _palette(piece.colour) if not _hues(hue) & _hues(look.told)),
        )  # fmt: skip


def _shares_colour(first: str, second: str) -> bool:
    return bool(first and second and _hues(first) & _hues(second))


def _palette(colour: str) -> tuple[str, ...]:
    """Return colours worded like the given one, so that the form gives nothing away."""
    if "-" in colour:
        return ("navy-blue", "moss-green", "wine-red", "ash-grey", "rose-pink", "plum-purple", "lemon-yellow", "rust-brown")
    if " " in colour:
        return ("deep blue", "dark green", "pale grey", "soft pink", "light yellow", "deep purple", "bright red", "warm brown")
    return ("blue", "green", "grey", "pink", "yellow", "purple", "red", "brown", "black")


def _places(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    right = look.known.get("setting", "")
    if not right or not place_noun(right):
        return
    wrong = [
        value for value in _values(others, "setting")
        if place_noun(value) and not content(value) & (content(right) | content(look.told))
    ]  # fmt: skip
    yield Choice(
        "place",
        ("Where does the picture take place?", "What surroundings does the picture show?", "In which place is {n} to be seen?"),
        right, tuple(wrong),
    )  # fmt: skip


def _things(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    thing = look.thing
    if thing is None or not thing.noun:
        return
    values = [thing_of(value) for value in _values(others, "prop")]
    wrong = [
        value.phrase for value in values
        if value and value.noun and value.noun not in look.told and value.noun not in thing.phrase
    ]  # fmt: skip
    yield Choice(
        "thing",
        ("Which object is shown with {n}?", "What object belongs to the picture?", "Which of these things can be seen?"),
        thing.phrase, tuple(wrong),
    )  # fmt: skip


def _lights(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    right = look.known.get("lighting", "")
    wrong = [value for value in _values(others, "lighting") if look.time and _other_light(look, value)]
    yield Choice(
        "light",
        ("What light does the picture have?", "Which light falls on {n}?", "How is the picture lit?"), right, tuple(wrong),
    )  # fmt: skip


def _other_light(look: Look, value: str) -> bool:
    time = time_of(value)
    return bool(time) and time not in {look.time, *_CLOSE.get(look.time, ())} and not (
        content(brief(value)) & content(brief(look.known["lighting"])) - {"light", "clear"}
    )


_CLOSE = {"dusk": ("night", "evening"), "night": ("dusk",), "evening": ("dusk",)}
_WHEN = {
    "early morning": "early in the day", "midday": "around midday", "evening": "towards evening", "dusk": "at the fall of dusk",
    "night": "late at night",
}  # fmt: skip


def _pairs(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Thing and light at once: each wrong option has one half or both halves from elsewhere."""
    thing, light = look.thing, look.known.get("lighting", "")
    if thing is None or not thing.noun or not look.time:
        return
    things = [
        other.short for value in _values(others, "prop")
        if (other := thing_of(value)) and other.noun and other.noun not in look.told and other.noun not in thing.phrase
    ]  # fmt: skip
    lights = [brief(value) for value in _values(others, "lighting") if _other_light(look, value)]
    if not things or not lights:
        return
    things.sort(key=lambda text: (abs(len(text) - len(thing.short)) > 6, stable(look.file, text)))
    lights.sort(key=lambda text: (abs(len(text) - len(brief(light))) > 6, stable(look.file, text)))
    b = lights[0]
    for a in things[:3]:
        yield Choice(
            "pair",
            ("Which combination of object and light does the picture show?", "Which object is to be seen, and in what light?",
             "Which of these pairs of object and light is right for the picture?"),
            f"{thing.short} in {brief(light)}",
            (f"{thing.short} in {b}", f"{a} in {brief(light)}", f"{a} in {b}"),
        )  # fmt: skip


def _framings(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    right = look.known.get("composition", "")
    if not look.framing or not look.side:
        return
    wrong = []
    for value in _values(others, "composition"):
        framing, side = framing_of(value)
        # A figure left of the middle and one at the left edge are the same to many eyes.
        if framing and side and (framing, side) != (look.framing, look.side):
            wrong.append(value)
    yield Choice(
        "framing",
        ("How much of {n} is shown, and where in the picture?", "Which framing and position does the picture give {n}?",
         "Which of these describes the composition around {n}?"),
        right, tuple(_apart(wrong)),
    )  # fmt: skip


def _apart(values: Sequence[str]) -> list[str]:
    """Keep one phrase for each framing and side."""
    found: dict[tuple[str, str], str] = {}
    for value in values:
        found.setdefault(framing_of(value), value)
    return list(found.values())


def _counts(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    for number, things in look.counts:
        if number not in _NUMBERS:
            continue
        at = _NUMBERS.index(number)
        near = [_NUMBERS[place] for place in range(max(0, at - 2), min(len(_NUMBERS), at + 4)) if place != at]
        yield Choice(
            f"count of {things}",
            (f"How many {things} can be counted?", f"How many {things} are to be seen in the picture?"), number, tuple(near),
        )  # fmt: skip


_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _times(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    if look.time not in _WHEN:
        return
    shown = {time_of(value) for value in _values(others, "lighting")} - {"", look.time, *_CLOSE.get(look.time, ())}
    yield Choice(
        "time",
        ("Judging by light and colours, when does the moment take place?", "What do sky and shadows tell about the hour?",
         "Which time of day explains the light in the picture?"),
        _WHEN[look.time], tuple(_WHEN[time] for time in sorted(shown)),
    )  # fmt: skip


def _values(others: Sequence[dict[str, str]], element: str) -> list[str]:
    return sorted({other[element] for other in others if other.get(element)})


Maker = Callable[[Look, Sequence[dict[str, str]], str], Iterator[Choice]]
_MAKERS: dict[str, tuple[Maker, ...]] = {
    "appearance_attributes": (_colours, _garments),
    "action_pose_gesture": (_poses,),
    "expression_emotion": (_faces,),
    "context_element": (_places, _things, _lights),
    "fine_detail_reasoning": (_pairs, _framings, _counts, _times),
}

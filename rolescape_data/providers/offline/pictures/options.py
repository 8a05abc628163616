"""A picture and the character's other pictures -> what can be asked with four options, by visual category.

Wrong options are what the other pictures show in the same respect, and only such as exclude what this one shows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rolescape_data.providers.offline.phrases import with_article
from rolescape_data.providers.offline.pictures.kinds import (
    brief,
    content,
    framing_of,
    gesture_of,
    hues_of,
    mood_of,
    place_noun,
    posture_of,
    stable,
    time_of,
)
from rolescape_data.providers.offline.pictures.look import (
    Look,
    elsewhere,
    face_clause,
    place_clause,
    pose_clause,
)
from rolescape_data.providers.offline.pictures.parts import pieces_of, thing_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to ask about: wordings, the right option, what shows it, options that it excludes.

    `wrong` holds (sort, text): of options of one sort, such as two that both sit, only one is offered.
    """

    form: str
    questions: tuple[str, ...]
    right: str
    cue: str
    wrong: tuple[tuple[str, str], ...]
    hard: str = "the wrong options look much alike"


def faces(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the expression."""
    right = with_article(look.known.get("expression", ""))
    near = frozenset() if level != "easy" else _NEAR.get(look.mood, frozenset())
    wrong = [
        (mood_of(phrase), with_article(phrase)) for phrase in _values(others, "expression")
        if mood_of(phrase) not in {look.mood, ""} | near and not content(phrase) & content(right) & _FACES
    ]  # fmt: skip
    if look.mood:
        yield Choice(
            "face",
            ("Which expression does {n} have in the picture?", "How does {n}'s face look?", "What is to be seen on {n}'s face?",
             "What does the face of {n} express?", "By which words is {n}'s face described best?"),
            right, face_clause(look), tuple(wrong),
        )  # fmt: skip


# Feelings that a viewer may take for one another: no wrong option of an easy question.
_NEAR = {
    "good will": frozenset({"mirth", "pride", "calm"}), "mirth": frozenset({"good will"}), "pride": frozenset({"good will", "calm"}),
    "sorrow": frozenset({"worry", "weariness"}), "worry": frozenset({"sorrow", "surprise"}), "surprise": frozenset({"worry"}),
    "weariness": frozenset({"sorrow", "calm"}), "calm": frozenset({"good will", "pride", "weariness"}),
}  # fmt: skip


_FACES = frozenset({"tear", "laugh", "smile", "scowl", "yawn"})


def poses(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the pose; what could be true at the same time is no wrong option."""
    right = look.known.get("pose", "")
    wrong = [
        (f"{posture_of(phrase)} {gesture_of(phrase)}", phrase)
        for phrase in _values(others, "pose")
        if right and _other_pose(look, phrase)
    ]
    yield Choice(
        "pose",
        ("How is {n} posed?", "What is {n} doing in the picture?", "Which pose or movement does the picture show {n} in?",
         "What are {n}'s body and limbs doing?"),
        right, f"{look.she} is {pose_clause(look)}", tuple(wrong),
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


def backgrounds(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the colours of the background."""
    phrase = look.known.get("colour", "")
    back = phrase.partition(" against ")[2]
    if not back:
        return
    wrong = [
        (" ".join(sorted(hues_of(other))), other) for value in _values(others, "colour")
        if (other := value.partition(" against ")[2]) and not hues_of(other) & hues_of(back)
    ]  # fmt: skip
    yield Choice(
        "background",
        ("Which colours surround {n}?", "What are the colours of the background?", "What colours lie behind and around {n}?", "What colours frame {n}?"),
        back, "the background is kept in {x}", tuple(wrong),
    )  # fmt: skip


def garments(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """What is worn, where the other pictures show something else; else the colour of a garment."""
    first = look.pieces[0] if look.pieces and not look.pieces[0].body else None
    if first is None:
        return
    wrong: list[tuple[str, str]] = []
    for outfit in _values(others, "outfit"):
        piece = next((piece for piece in pieces_of(outfit) if not piece.body), None)
        if (
            piece
            and piece.noun
            and first.noun
            and piece.noun not in look.told
            and not _shares_colour(piece.colour, first.colour)
        ):
            wrong.append((piece.noun, piece.phrase))
    questions = (
        "What is {n} wearing?",
        "What does {n} wear in the picture?",
        "Which clothes does {n} wear in the picture?",
    )
    yield Choice("worn", questions, first.phrase, f"{look.she} is wearing {{x}}", tuple(wrong))
    coloured = [piece for piece in look.pieces if piece.colour and piece.noun and not piece.body]
    if coloured:
        piece = coloured[look.seed("piece") % len(coloured)]
        are, they = ("are", "they") if piece.noun.endswith("s") else ("is", "it")
        yield Choice(
            "colour",
            (f"What colour {are} {{n}}'s {piece.noun}?", f"What is the colour of {{n}}'s {piece.noun}?",
             f"{{n}}'s {piece.noun}: what colour {are} {they} in the picture?", f"Look at {{n}}'s {piece.noun}. What colour {are} {they}?",
             f"What colour does the picture give {{n}}'s {piece.noun}?", f"Which of these is the colour of {{n}}'s {piece.noun}?"),
            piece.colour, f"the {piece.noun} {are} {{x}}",
            tuple((hue, hue) for hue in _palette(piece.colour) if not hues_of(hue) & hues_of(look.known["outfit"])),
        )  # fmt: skip


def _shares_colour(first: str, second: str) -> bool:
    return bool(first and second and hues_of(first) & hues_of(second))


def _palette(colour: str) -> tuple[str, ...]:
    """Return colours worded like the given one, so that the form gives nothing away."""
    if "-" in colour:
        return (
            "navy-blue",
            "moss-green",
            "wine-red",
            "ash-grey",
            "rose-pink",
            "plum-purple",
            "lemon-yellow",
            "rust-brown",
        )
    if " " in colour:
        return (
            "deep blue",
            "dark green",
            "pale grey",
            "soft pink",
            "light yellow",
            "deep purple",
            "bright red",
            "warm brown",
        )
    return ("blue", "green", "grey", "pink", "yellow", "purple", "red", "brown", "black")


def places(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the place."""
    right = look.known.get("setting", "")
    if not right or not place_noun(right):
        return
    wrong = [
        (place_noun(value), value) for value in _values(others, "setting")
        if elsewhere(look, value)
    ]  # fmt: skip
    yield Choice(
        "place",
        ("Where does the picture take place?", "What surroundings does the picture show?", "In which place is {n} to be seen?", "At which spot does one find {n} here?"),
        right, f"the picture is set {place_clause(look)}", tuple(wrong),
    )  # fmt: skip


def things(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the thing that is shown."""
    thing = look.thing
    if thing is None or not thing.noun:
        return
    values = [thing_of(value) for value in _values(others, "prop")]
    wrong = [
        (value.noun, value.phrase) for value in values
        if value and value.noun and value.noun not in look.told and value.noun not in thing.phrase
    ]  # fmt: skip
    yield Choice(
        "thing",
        ("Which object is shown with {n}?", "What object belongs to the picture?", "What thing can be made out with {n}?", "With which object does the picture show {n}?"),
        thing.phrase, "{x} can be seen", tuple(wrong),
    )  # fmt: skip


def lights(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the light."""
    right = look.known.get("lighting", "")
    wrong = [
        (time_of(value), value)
        for value in _values(others, "lighting")
        if look.time and _other_light(look, value)
    ]
    yield Choice(
        "light",
        ("What light does the picture have?", "Which light falls on {n}?", "How is the picture lit?", "In what light is {n} to be seen?"),
        right, "there is {x}", tuple(wrong),
    )  # fmt: skip


def _other_light(look: Look, value: str) -> bool:
    time = time_of(value)
    return (
        bool(time)
        and time not in {look.time, *_CLOSE.get(look.time, ())}
        and not (content(brief(value)) & content(brief(look.known["lighting"])) - {"light", "clear"})
    )


_CLOSE = {"dusk": ("night", "evening"), "night": ("dusk",), "evening": ("dusk",)}


_WHEN = {
    "early morning": "early in the day", "midday": "around midday", "evening": "towards evening", "dusk": "at the fall of dusk",
    "night": "late at night",
}  # fmt: skip


def pairs(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
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
             "What thing is in the picture, and what is the light like?"),
            f"{thing.short} in {brief(light)}", "the picture shows {x}",
            (("1", f"{thing.short} in {b}"), ("2", f"{a} in {brief(light)}"), ("3", f"{a} in {b}")),
            "one half of a wrong option can be right",
        )  # fmt: skip


def framings(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask how much is shown, and on which side."""
    right = look.known.get("composition", "")
    if not look.framing or not look.side:
        return
    how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
    wrong: list[tuple[str, str]] = []
    for value in _values(others, "composition"):
        framing, side = framing_of(value)
        # A figure left of the middle and one at the left edge are the same to many eyes.
        if framing and side and (framing, side) != (look.framing, look.side):
            wrong.append((f"{framing} {side}", value))
    yield Choice(
        "framing",
        ("How much of {n} is shown, and where in the picture?", "Which framing and position does the picture give {n}?",
         "By what framing and position is {n} shown?", "Looking at the composition, how does {n} appear?"),
        right, f"{look.name.short} is shown {how} {look.framed}, {look.sided}", tuple(wrong), "framing and position have to be judged together",
    )  # fmt: skip


def counts(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask how many there are of what the note counts."""
    for number, things in look.counts:
        if number not in _NUMBERS:
            continue
        at = _NUMBERS.index(number)
        near = [_NUMBERS[place] for place in range(max(0, at - 2), min(len(_NUMBERS), at + 4)) if place != at]
        yield Choice(
            f"count of {things}",
            (f"How many {things} can be counted?", f"How many {things} are to be seen in the picture?"),
            number, f"{{x}} {things} can be counted", tuple((other, other) for other in near),
            f"the {things} have to be found and counted",
        )  # fmt: skip


_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def times(look: Look, others: Sequence[dict[str, str]], level: str) -> Iterator[Choice]:
    """Ask for the hour that the light tells of."""
    if look.time not in _WHEN:
        return
    shown = {time_of(value) for value in _values(others, "lighting")} - {
        "",
        look.time,
        *_CLOSE.get(look.time, ()),
    }
    yield Choice(
        "time",
        ("Judging by light and colours, when does the moment take place?", "What do sky and shadows tell about the hour?",
         "Which time of day explains the light in the picture?"),
        _WHEN[look.time], "the light is that of a moment {x}", tuple((time, _WHEN[time]) for time in sorted(shown)),
        "the hour has to be inferred from light and colours",
    )  # fmt: skip


def _values(others: Sequence[dict[str, str]], element: str) -> list[str]:
    return sorted({other[element] for other in others if other.get(element)})

"""Questions whose answer is no, because what is known of the picture says something else."""

import re
from collections.abc import Sequence

from rolescape_data.providers.offline.phrases import article, is_light, placed, with_article
from rolescape_data.providers.offline.pictures.ask import Ask, Known, ask
from rolescape_data.providers.offline.pictures.elements import FEELINGS, coloured
from rolescape_data.providers.offline.pictures.kinds import (
    brief,
    content,
    hues_of,
    mood_of,
    place_head,
    posture_of,
    time_of,
)
from rolescape_data.providers.offline.pictures.look import (
    Look,
    elsewhere,
    face_clause,
    place_clause,
    pose_clause,
)
from rolescape_data.providers.offline.pictures.parts import thing_of

# What nobody would take for the other; neighbours such as worry and sorrow are left out.
_OPPOSITE = {
    "worry": ("mirth", "pride"), "sorrow": ("mirth", "pride", "good will"), "anger": ("mirth", "good will", "weariness"),
    "surprise": ("weariness", "pride", "anger"), "weariness": ("surprise", "anger", "mirth"),
    "mirth": ("sorrow", "anger", "worry"), "pride": ("worry", "sorrow", "surprise"),
    "good will": ("anger", "sorrow", "worry"), "calm": ("surprise", "mirth"),
}  # fmt: skip


def denied(look: Look, known: Known) -> list[Ask]:
    """Questions whose answer is no, because what is known says something else."""
    return [
        ask
        for maker in (
            _other_mood,
            _other_posture,
            _other_thing,
            _other_place,
            _other_time,
            _other_side,
            _other_colour,
            _photo,
        )
        for ask in maker(look, known)
    ]


def _no(
    look: Look, topic: str, element: str, questions: Sequence[str], answers: Sequence[str], **given: str
) -> list[Ask]:
    return [ask(look, f"no {topic}", element, questions, answers, ("image",), "negative", **given)]


def _pick(look: Look, topic: str, options: Sequence[str]) -> str:
    """Choose one of the options by the picture's seed; '' of none."""
    ordered = sorted(set(options))
    return ordered[look.seed(topic) % len(ordered)] if ordered else ""


def _other_mood(look: Look, known: Known) -> list[Ask]:
    shown = {mood_of(other.get("expression", "")) for other in known.others}
    options = [mood for mood in _OPPOSITE.get(look.mood, ()) if mood in shown] or list(
        _OPPOSITE.get(look.mood, ())[:2]
    )
    mood = _pick(look, "mood", options)
    if not mood:
        return []
    return _no(
        look, "expression", "expression", ("Does {n} look {m} in the picture?", "Could one call {n}'s expression {m}?"),
        ("No, {c}.", "No; {c}.", "Not here: {c}.", "On the contrary, {c}."), m=FEELINGS[mood], c=face_clause(look, short=look.seed("short") % 2 == 0),
    )  # fmt: skip


def _other_posture(look: Look, known: Known) -> list[Ask]:
    shown = {posture_of(other.get("pose", "")) for other in known.others} - {look.posture, ""}
    posture = _pick(look, "posture", [p for p in shown if p != "lying down"]) if look.posture else ""
    if not posture:
        return []
    return _no(
        look, "pose", "pose", ("Is {n} {v} in the picture?", "Does the picture show {n} {v}?"),
        ("No, {s} is {x}.", "No; {n} is {x}.", "Not at all, for {s} is {x}.", "The picture has {o} {x} instead."),
        v=posture, x=pose_clause(look),
    )  # fmt: skip


def _other_thing(look: Look, known: Known) -> list[Ask]:
    thing = look.thing
    if thing is None or not thing.noun:
        return []
    others = [thing_of(other.get("prop", "")) for other in known.others]
    options = {
        other.short for other in others
        if other and other.noun and other.noun not in look.told and not content(other.short) & content(thing.phrase)
    }  # fmt: skip
    chosen = _pick(look, "thing", sorted(options))
    if not chosen:
        return []
    if thing.held:
        return _no(
            look, "prop", "prop", ("Is {n} holding {y}?", "Does {n} hold {y} in the picture?"),
            ("No; {s} is holding {x}.", "No, what {s} holds is {x}.", "It is not that but {x}.", "Not that; {n} holds {x}."),
            y=chosen, x=thing.phrase,
        )  # fmt: skip
    return _no(
        look, "prop", "prop", ("Is {n} shown with {y}?", "Does {n} have {y} in the picture?"),
        ("No; {s} is shown with {x}.", "No, the object in the picture is {x}.", "It is not that but {x}."),
        y=chosen, x=thing.phrase,
    )  # fmt: skip


def _other_place(look: Look, known: Known) -> list[Ask]:
    here = look.known.get("setting", "")
    options = [
        placed(place_head(other["setting"]))
        for other in known.others
        if elsewhere(look, other.get("setting", ""))
    ]
    chosen = _pick(look, "place", options) if here else ""
    if not chosen:
        return []
    return _no(
        look, "setting", "setting", ("Is {n} {y}?", "Does the picture show {n} {y}?"),
        ("No, {s} is {x}.", "No; the picture is set {x}.", "It does not look so: {s} is {x}.")[: 2 + (look.seed("place") % 2)],
        y=chosen, x=place_clause(look),
    )  # fmt: skip


_FAR = {
    "early morning": ("midday", "night"), "midday": ("night", "evening"), "evening": ("midday", "early morning"),
    "night": ("midday", "early morning"), "dusk": ("midday", "early morning"),
}  # fmt: skip


def _other_time(look: Look, known: Known) -> list[Ask]:
    shown = {time_of(other.get("lighting", "")) for other in known.others}
    options = [time for time in _FAR.get(look.time, ()) if time in shown] or list(_FAR.get(look.time, ()))
    chosen = _pick(look, "time", options)
    if not chosen or not is_light(look.known["lighting"]):
        return []
    when = f"at {chosen}" if chosen in ("midday", "night") else f"in the {chosen}"
    return _no(
        look, "lighting", "lighting", ("Is the picture set {y}?", "Could the picture be set {y}?"),
        ("No, there is {x}.", "No; it is lit by {x}.", "Hardly, since the picture shows {x}.", "That cannot be, as one sees {x}."),
        y=when, x=brief(look.known["lighting"]),
    )  # fmt: skip


def _other_side(look: Look, known: Known) -> list[Ask]:
    opposite = {"left": "right", "right": "left"}.get(look.side, "")
    if not opposite:
        return []
    return _no(
        look, "composition", "composition",
        ("Is {n} on the {y} side of the picture?", "Has {n} been placed on the {y}?"),
        ("No, {s} is {x}.", "No; {n} is placed {x}.", "The other way round: {s} is {x}."), y=opposite, x=look.sided,
    )  # fmt: skip


def _other_colour(look: Look, known: Known) -> list[Ask]:
    pieces = [piece for piece in coloured(look) if not piece.body]
    if not pieces:
        return []
    piece = pieces[look.seed("piece") % len(pieces)]
    mine = hues_of(look.known["outfit"])
    hues = [
        hue
        for hue in ("green", "blue", "black", "white", "purple", "orange", "pink")
        if not hues_of(hue) & mine
    ]
    be = "Are" if piece.noun.endswith("s") else "Is"
    hue = _pick(look, "hue", hues)
    if not hue:
        return []
    return _no(
        look, "outfit", "outfit", ("{b} {n}'s {k} {y}?", "Does {n} wear {z} {k}?" if be == "Is" else "{b} {n}'s {k} {y}?"),
        ("No, the {k} {c} {x}.", "No; {p} {k} {c} {x}.", "{P} {k} {c} not {y} but {x}."),
        b=be, c=be.lower(), k=piece.noun, y=hue, z=f"{article(hue)} {hue}", x=piece.colour,
    )  # fmt: skip


def _photo(look: Look, known: Known) -> list[Ask]:
    style = with_article(look.known.get("style", ""))
    if not re.search(r"illustration|poster|painting|drawing|watercolou?r|fresco|cartoon|engraving", style):
        return []
    if not re.match(r"an? |the ", style):
        return []
    return _no(
        look, "style", "style", ("Is the picture a photograph?", "Could the picture be a photograph?"),
        ("No, it is {x}.", "No; the picture is {x}.", "It is no photograph but {x}."), x=style,
    )  # fmt: skip

"""Expressions on a human face. The face's middle is the origin, its half-height about 0.55 units."""

from dataclasses import dataclass

from examples.drawing.paint import Blend, Colour, Pen, Point, darker, lighter, mix, outline
from examples.drawing.vocabulary import Expression

INK: Colour = (46, 28, 36)
LIP: Colour = (176, 62, 62)
TEAR: Colour = (120, 196, 240)
TURN = 0.05
"""How far the features lie to one side: the face looks a little towards the prop."""


@dataclass(frozen=True, slots=True)
class Face:
    """The colours of one face."""

    skin: Colour
    iris: Colour
    brow: Colour
    freckles: bool


HEAD_TILTS: dict[Expression, float] = {
    "smiling": 3,
    "laughing": -8,
    "worried": 5,
    "angry": 2,
    "surprised": -2,
    "sad": 10,
    "sleepy": 13,
    "proud": -9,
}
"""Degrees by which a head leans towards the prop's side."""


def draw_face(pen: Pen, face: Face, expression: Expression) -> None:
    """Draw skin and features; hair, ears and neck are the figure's."""
    skin = mix(face.skin, (226, 84, 66), 0.22) if expression == "angry" else face.skin
    pen.blob(
        outline(
            "-0.49,-0.12 -0.4,-0.46 0,-0.58 0.4,-0.46 0.5,-0.1 0.45,0.22 0.24,0.47 0.03,0.54 -0.2,0.47 -0.43,0.22"
        ),
        Blend(lighter(skin, 0.12), darker(skin, 0.08)),
        line=0.016,
    )
    flush = 0.5 if expression in ("laughing", "angry", "smiling", "proud") else 0.26
    for side in (-1, 1):
        pen.oval(TURN + side * 0.3, 0.19, 0.105, 0.07, mix(skin, (236, 84, 84), flush))
    if face.freckles:
        for x, y in (
            (-0.3, 0.1),
            (-0.22, 0.13),
            (-0.26, 0.17),
            (-0.16, 0.1),
            (0.3, 0.1),
            (0.22, 0.13),
            (0.27, 0.17),
            (0.15, 0.1),
        ):
            pen.oval(TURN + x, y, 0.016, 0.016, mix(skin, (150, 76, 40), 0.55))
    for side in (-1, 1):
        draw_eye(
            pen,
            TURN + side * 0.2,
            0.0,
            side,
            iris=face.iris,
            lid_tone=darker(skin, 0.14),
            expression=expression,
        )
    pen.stroke(
        [(TURN + 0.03, 0.02), (TURN + 0.09, 0.13), (TURN + 0.01, 0.16)], 0.03, mix(skin, (150, 60, 50), 0.55)
    )
    _draw_brows(pen, face.brow, expression)
    _draw_mouth(pen, expression)
    if expression == "sad":
        pen.stroke([(TURN + 0.24, 0.14), (TURN + 0.27, 0.26)], 0.035, lighter(TEAR, 0.3))
        draw_tear(pen, TURN + 0.27, 0.2, 1.1)
    if expression == "worried":
        draw_tear(pen, 0.43, -0.42, 0.9)


LOOKS: dict[Expression, Point] = {
    "smiling": (0.025, 0.01),
    "worried": (-0.03, 0.0),
    "angry": (0.02, 0.02),
    "surprised": (0.0, 0.0),
    "sad": (0.0, 0.04),
    "sleepy": (0.0, 0.05),
}
LIDS: dict[Expression, float] = {
    "smiling": 0.0,
    "worried": 0.14,
    "angry": 0.3,
    "surprised": 0.0,
    "sad": 0.38,
    "sleepy": 0.66,
}
"""Share of the eye that the upper lid covers."""


def draw_eye(
    pen: Pen,
    x: float,
    y: float,
    side: int,
    *,
    iris: Colour,
    lid_tone: Colour,
    expression: Expression,
    lashes: bool = True,
) -> None:
    """Draw one eye, about 0.22 units wide; `side` is -1 or 1 for the way its outer corner points."""
    if expression == "laughing":
        pen.stroke(outline("-0.12,0.05 -0.06,-0.05 0,-0.075 0.06,-0.05 0.12,0.05", x=x, y=y), 0.052, INK)
        return
    if expression == "proud":
        pen.stroke(outline("-0.12,-0.03 -0.05,0.05 0.05,0.05 0.12,-0.03", x=x, y=y), 0.052, INK)
        for dx in (-0.1, 0.1):
            pen.stroke([(x + dx, y), (x + dx * 1.5, y + 0.05)], 0.022, INK)
        return
    wide, tall = (0.15, 0.18) if expression == "surprised" else (0.112, 0.135)
    pen.oval(x, y, wide, tall, (255, 252, 244), line=0.016)
    size = 0.062 if expression == "surprised" else 0.085
    px, py = x + LOOKS[expression][0], y + LOOKS[expression][1]
    pen.oval(px, py, size, size * 1.12, iris)
    pen.oval(px, py, size * 0.6, size * 0.68, (22, 14, 22))
    pen.oval(px + 0.025, py - 0.035, 0.024, 0.026, (255, 255, 255))
    if LIDS[expression]:
        slope = {"angry": -side * 0.07, "sad": side * 0.06, "worried": side * 0.04}.get(expression, 0.0)
        cover, top, out = y - tall + 2 * tall * LIDS[expression], y - tall - 0.05, wide + 0.03
        edge = [(x - out, cover - slope), (x, cover + 0.015), (x + out, cover + slope)]
        crown = [(x - out, y - 0.06), (x - wide * 0.6, top), (x + wide * 0.6, top), (x + out, y - 0.06)]
        pen.blob([*crown, *reversed(edge)], lid_tone)
        pen.stroke(edge, 0.036, INK)
    if lashes and expression in ("smiling", "surprised"):
        lash = [
            (x - wide, y - 0.04),
            (x - wide * 0.6, y - tall * 0.86),
            (x, y - tall),
            (x + wide * 0.6, y - tall * 0.86),
            (x + wide, y - 0.04),
        ]
        pen.stroke(lash, 0.034, INK)
    if lashes and expression == "smiling":
        under = [(x - wide - 0.02, y + 0.1), (x, y + 0.065), (x + wide + 0.02, y + 0.1)]
        pen.blob(
            [*under, (x + wide * 0.7, y + tall + 0.04), (x - wide * 0.7, y + tall + 0.04)],
            lighter(lid_tone, 0.12),
        )
        pen.stroke(under, 0.028, darker(lid_tone, 0.45))
    if expression == "sleepy":
        pen.stroke([(x - 0.08, y + 0.18), (x, y + 0.2), (x + 0.08, y + 0.18)], 0.02, darker(lid_tone, 0.2))


def draw_tear(pen: Pen, x: float, y: float, size: float) -> None:
    """Draw a drop whose tip is at (x, y)."""
    drop = outline("0,0 0.07,0.15 0,0.22 -0.07,0.15")
    pen.blob([(x + dx * size, y + dy * size) for dx, dy in drop], TEAR, line=0.012)
    pen.oval(x - 0.02 * size, y + 0.15 * size, 0.015 * size, 0.03 * size, (236, 250, 255))


def _draw_brows(pen: Pen, colour: Colour, expression: Expression) -> None:
    # Height of the brow's inner and outer end, and its thickness.
    inner, outer, thick = {
        "smiling": (-0.29, -0.23, 0.045),
        "laughing": (-0.24, -0.19, 0.05),
        "worried": (-0.34, -0.17, 0.055),
        "angry": (-0.1, -0.29, 0.085),
        "surprised": (-0.33, -0.3, 0.05),
        "sad": (-0.31, -0.16, 0.055),
        "sleepy": (-0.25, -0.24, 0.045),
        "proud": (-0.18, -0.14, 0.06),
    }[expression]
    for side in (-1, 1):
        up = -0.14 if expression == "proud" and side == 1 else 0.0
        start, end = (TURN + side * 0.09, inner + up), (TURN + side * 0.34, outer + up)
        bow = -0.01 if expression == "angry" else 0.06 if expression != "surprised" else 0.09
        pen.stroke(
            [start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - bow), end],
            thick,
            colour,
            end=thick * 0.7,
        )
    if expression == "angry":
        for x in (-0.03, 0.03):
            pen.stroke([(TURN + x, -0.2), (TURN + x * 0.8, -0.1)], 0.02, INK)


def _draw_mouth(pen: Pen, expression: Expression) -> None:
    x, y = TURN + 0.01, 0.31
    if expression == "smiling":
        pen.stroke(outline("-0.2,-0.06 -0.1,0.03 0,0.055 0.1,0.03 0.2,-0.06", x=x, y=y), 0.045, LIP)
        for side in (-1, 1):
            pen.stroke([(x + side * 0.2, y - 0.1), (x + side * 0.225, y - 0.04)], 0.025, LIP)
    elif expression == "laughing":
        pen.blob(
            outline("-0.24,-0.1 0,-0.06 0.24,-0.1 0.19,0.08 0,0.18 -0.19,0.08", x=x, y=y),
            (112, 26, 36),
            line=0.022,
        )
        pen.blob(outline("-0.2,-0.08 0,-0.045 0.2,-0.08 0.16,0 0,0.02 -0.16,0", x=x, y=y), (255, 252, 244))
        pen.oval(x, y + 0.115, 0.1, 0.05, (232, 98, 104))
    elif expression == "worried":
        pen.stroke(outline("-0.16,0.04 -0.09,-0.03 -0.02,0.04 0.06,-0.03 0.14,0.05", x=x, y=y), 0.042, LIP)
    elif expression == "angry":
        pen.blob(
            outline("-0.18,0.07 -0.13,-0.06 0.13,-0.06 0.18,0.07 0,0.085", x=x, y=y),
            (255, 252, 244),
            line=0.03,
        )
        pen.stroke([(x - 0.15, y + 0.015), (x + 0.15, y + 0.015)], 0.016, INK)
        for dx in (-0.07, 0.0, 0.07):
            pen.stroke([(x + dx, y - 0.05), (x + dx, y + 0.075)], 0.014, INK)
    elif expression == "surprised":
        pen.oval(x, y + 0.03, 0.1, 0.14, (104, 26, 36), line=0.024)
        pen.oval(x, y + 0.11, 0.06, 0.04, (226, 96, 100))
    elif expression == "sad":
        pen.stroke(outline("-0.16,0.09 -0.08,0.01 0,-0.015 0.08,0.01 0.16,0.09", x=x, y=y), 0.045, LIP)
    elif expression == "sleepy":
        pen.oval(x, y + 0.03, 0.062, 0.075, (104, 26, 36), line=0.02)
    else:
        pen.stroke(outline("-0.15,0.01 0,0.045 0.13,0 0.2,-0.1", x=x, y=y), 0.045, LIP)
        pen.stroke([(x + 0.18, y - 0.13), (x + 0.24, y - 0.08)], 0.024, LIP)

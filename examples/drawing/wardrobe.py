"""Builds, clothes and hair of the two people."""

from dataclasses import dataclass

from examples.drawing.faces import Face
from examples.drawing.paint import Blend, Colour, Pen, Point, darker, lighter, outline, ring, shaded
from examples.drawing.vocabulary import Character

BRASS: Colour = (232, 180, 72)


@dataclass(frozen=True, slots=True)
class Build:
    """Heights of the joints above the ground (negative is up), widths and colours."""

    head: float
    shoulder: float
    hip: float
    shoulders: float
    arm: float
    limb: float
    leg: float
    coat: bool
    face: Face
    hair: Colour
    shirt: Colour
    trousers: Colour
    boots: Colour


BUILDS: dict[Character, Build] = {
    "oda-wren": Build(
        head=-2.92, shoulder=-2.36, hip=-1.3, shoulders=0.42, arm=1.06, limb=0.23, leg=1.0, coat=True,
        face=Face(skin=(250, 210, 182), iris=(46, 128, 112), brow=(158, 70, 28), freckles=True),
        hair=(206, 98, 40), shirt=(240, 232, 214), trousers=(58, 66, 92), boots=(38, 38, 50),
    ),
    "tobin-ash": Build(
        head=-3.1, shoulder=-2.5, hip=-1.5, shoulders=0.38, arm=1.12, limb=0.19, leg=1.16, coat=False,
        face=Face(skin=(222, 168, 128), iris=(110, 66, 34), brow=(48, 30, 28), freckles=False),
        hair=(58, 36, 34), shirt=(244, 238, 224), trousers=(116, 82, 62), boots=(84, 52, 40),
    ),
}  # fmt: skip


def draw_clothes(
    upright: Pen,
    ground: Pen,
    build: Build,
    *,
    accent: Colour,
    chest: Point,
    hem: tuple[Point, ...],
    drop: float,
) -> None:
    """Draw Oda's coat down to `hem`, or Tobin's shirt and waistcoat down to the hips."""
    y, half = chest[1], build.shoulders
    waist = y + 0.62
    if not build.coat:
        hip = build.hip + drop
        torso = [
            (-half - 0.03, y + 0.1),
            (-0.16, y - 0.02),
            (0.16, y - 0.02),
            (half + 0.03, y + 0.1),
            (0.33, waist),
            (0.34, hip + 0.14),
            (0, hip + 0.18),
            (-0.34, hip + 0.14),
            (-0.33, waist),
        ]
        upright.blob(torso, shaded(build.shirt), line=0.016)
        vest: Colour = (112, 120, 134)
        for side in (-1, 1):
            panel = [
                (side * 0.05, y + 0.34),
                (side * 0.24, y + 0.0),
                (side * (half - 0.04), y + 0.1),
                (side * 0.34, waist),
                (side * 0.37, hip + 0.12),
                (side * 0.06, hip + 0.16),
            ]
            upright.poly(panel, Blend(lighter(vest, 0.16), darker(vest, 0.2)), line=0.014)
            upright.stroke(
                [(side * 0.14, waist + 0.12), (side * 0.29, waist + 0.09)], 0.03, darker(vest, 0.4)
            )
        upright.poly([(-0.06, y + 0.36), (0.06, y + 0.36), (0.06, hip + 0.16), (-0.06, hip + 0.16)], vest)
        for step in range(3):
            upright.oval(0, y + 0.46 + step * 0.19, 0.03, 0.03, BRASS, line=0.008)
        chain = [(0.03, waist + 0.02), (0.12, waist + 0.13), (0.24, waist + 0.1)]
        upright.stroke(chain, 0.022, BRASS)
        return
    outline = [
        (-half - 0.06, y + 0.1),
        (-0.17, y - 0.04),
        (0.17, y - 0.04),
        (half + 0.06, y + 0.1),
        (0.4, waist),
        *reversed(hem),
        (-0.4, waist),
    ]
    ground.blob(outline, shaded(accent, 0.28), line=0.018)
    bottom = hem[len(hem) // 2]
    seam_x = (hem[1][0] + bottom[0]) / 2
    ground.stroke([(0, y + 0.1), (0.01, waist), (seam_x, bottom[1] + 0.01)], 0.03, darker(accent, 0.42))
    for low in (hem[0], hem[-1]):
        ground.stroke(
            [(low[0] * 0.4, waist + 0.22), (low[0] * 0.72, low[1] - 0.12)], 0.02, darker(accent, 0.34)
        )
    for step in range(3):
        for side in (-1, 1):
            ground.oval(side * 0.15, y + 0.36 + step * 0.24, 0.042, 0.042, BRASS, line=0.01)
    belt = [(-0.4, waist + 0.13), (0, waist + 0.17), (0.41, waist + 0.13)]
    ground.stroke(belt, 0.09, darker(accent, 0.5))
    ground.box(-0.07, waist + 0.1, 0.07, waist + 0.23, BRASS, line=0.012)
    for side in (-1, 1):
        collar = [
            (side * 0.02, y + 0.24),
            (side * 0.08, y - 0.1),
            (side * 0.36, y + 0.02),
            (side * 0.27, y + 0.27),
        ]
        ground.poly(collar, shaded(lighter(accent, 0.06), 0.18), line=0.016)


def draw_neckwear(pen: Pen, build: Build, accent: Colour, chest: Point, behind: bool) -> None:
    """Draw Tobin's scarf with its flying tails (behind) and its two thick turns (in front); Oda's braid."""
    y = chest[1]
    if build.coat:
        if not behind:
            draw_braid(pen, build.hair, chest)
        return
    if behind:
        for tip, lift in (((-1.12, y + 0.36), 0.02), ((-0.98, y + 0.66), 0.16)):
            tail = [(-0.2, y + 0.02), (-0.55, y + 0.18 + lift), tip]
            pen.stroke(tail, 0.2, shaded(darker(accent, 0.1)), end=0.27, line=0.016)
            for k in (-0.09, 0.0, 0.09):
                pen.stroke(
                    [(tip[0] - 0.1, tip[1] + k), (tip[0] - 0.22, tip[1] + k * 1.3 + 0.03)],
                    0.04,
                    darker(accent, 0.2),
                )
        return
    for lift, wide, tone in ((0.05, 0.27, darker(accent, 0.14)), (-0.08, 0.24, accent)):
        turn = [
            (-0.36, y - 0.06 + lift),
            (-0.16, y + 0.07 + lift),
            (0.06, y + 0.1 + lift),
            (0.28, y + 0.03 + lift),
            (0.38, y - 0.08 + lift),
        ]
        pen.stroke(turn, wide, shaded(tone, 0.2), line=0.016)
        for k in range(7):
            x = -0.3 + k * 0.1
            pen.stroke([(x, y - 0.02 + lift), (x + 0.03, y + 0.1 + lift)], 0.014, darker(tone, 0.3))
    pen.stroke(
        [(0.14, y + 0.1), (0.2, y + 0.4), (0.16, y + 0.72)], 0.22, shaded(accent, 0.18), end=0.25, line=0.016
    )
    for k in (-0.08, 0.0, 0.08):
        pen.stroke([(0.16 + k, y + 0.8), (0.15 + k * 1.1, y + 0.93)], 0.04, darker(accent, 0.15))


def draw_braid(pen: Pen, hair: Colour, chest: Point) -> None:
    """Draw Oda's braid over her shoulder, down to the waist, with a teal ribbon."""
    y = chest[1]
    for step in range(9):
        t = step / 8
        x = -0.36 + 0.1 * t + (0.035 if step % 2 else -0.035)
        size = 0.15 - 0.055 * t
        turn = 34 if step % 2 else -34
        pen.oval(
            x,
            y - 0.16 + t * 1.02,
            size,
            size * 0.72,
            shaded(lighter(hair, 0.08 if step % 2 else 0.0), 0.24),
            turn=turn,
            line=0.014,
        )
    x, y = -0.26, y + 0.94
    pen.stroke([(x, y), (x - 0.02, y + 0.22)], 0.12, shaded(hair), end=0.03, line=0.012)
    pen.box(x - 0.075, y - 0.04, x + 0.075, y + 0.04, (38, 140, 140), line=0.01)


def draw_hair_back(pen: Pen, build: Build) -> None:
    """Draw the hair behind the head."""
    if build.coat:
        pen.blob(
            outline(
                "-0.56,0.1 -0.56,-0.34 -0.3,-0.66 0.1,-0.7 0.46,-0.5 0.57,-0.1 0.5,0.28 0,0.42 -0.42,0.52"
            ),
            shaded(darker(build.hair, 0.16)),
            line=0.016,
        )
        return
    for x, y, r in (
        (-0.52, -0.1, 0.2),
        (-0.5, -0.36, 0.24),
        (-0.28, -0.6, 0.25),
        (0.04, -0.7, 0.26),
        (0.34, -0.6, 0.25),
        (0.54, -0.36, 0.23),
        (0.55, -0.1, 0.19),
        (-0.5, 0.14, 0.14),
        (0.54, 0.12, 0.13),
    ):
        pen.oval(x, y, r, r, darker(build.hair, 0.2), line=0.016)


def draw_hair_front(pen: Pen, build: Build) -> None:
    """Draw Oda's swept fringe, or Tobin's curls with the goggles pushed up into them."""
    hair = build.hair
    if build.coat:
        pen.blob(
            outline(
                "0.14,-0.66 -0.2,-0.66 -0.5,-0.4 -0.56,0.02 -0.5,0.16 -0.44,-0.1 -0.26,-0.3 0.1,-0.42 0.22,-0.56"
            ),
            shaded(hair),
            line=0.014,
        )
        pen.blob(
            outline("0.06,-0.66 0.34,-0.6 0.54,-0.36 0.57,0.02 0.52,0.18 0.47,-0.08 0.38,-0.28 0.18,-0.42"),
            shaded(lighter(hair, 0.06)),
            line=0.014,
        )
        for path in (
            [(0.04, -0.6), (-0.22, -0.52), (-0.44, -0.26)],
            [(-0.04, -0.5), (-0.26, -0.4), (-0.42, -0.16)],
            [(0.2, -0.56), (0.38, -0.42), (0.48, -0.16)],
        ):
            pen.stroke(path, 0.022, lighter(hair, 0.34), end=0.008)
        pen.stroke(outline("-0.52,-0.05 -0.52,0.24 -0.44,0.5 -0.36,0.66"), 0.12, shaded(hair), end=0.24)
        for path in (
            [(0.02, -0.68), (0.1, -0.78), (0.22, -0.78)],
            [(-0.5, -0.4), (-0.62, -0.4), (-0.68, -0.32)],
            [(0.54, 0.1), (0.6, 0.24), (0.56, 0.34)],
        ):
            pen.stroke(path, 0.05, hair, end=0.01)
        return
    for x, y, r in (
        (-0.48, -0.28, 0.16),
        (-0.32, -0.5, 0.19),
        (-0.08, -0.6, 0.2),
        (0.16, -0.58, 0.2),
        (0.38, -0.48, 0.18),
        (0.5, -0.24, 0.14),
        (-0.2, -0.68, 0.2),
        (0.1, -0.76, 0.2),
        (0.34, -0.62, 0.18),
    ):
        pen.oval(x, y, r, r, shaded(hair, 0.24), line=0.012)
        pen.stroke(
            [(x - r * 0.4, y - r * 0.2), (x, y - r * 0.55), (x + r * 0.45, y - r * 0.15)],
            0.024,
            lighter(hair, 0.26),
            end=0.01,
        )
    pen.stroke(outline("-0.56,-0.34 -0.2,-0.54 0.2,-0.54 0.57,-0.32"), 0.085, (112, 66, 42), line=0.012)
    for x in (-0.17, 0.21):
        pen.poly(ring(x, -0.58, 0.17, 0.16), shaded(BRASS, 0.3), line=0.016)
        pen.oval(x, -0.58, 0.12, 0.11, Blend((96, 196, 200), (30, 96, 116)), line=0.012)
        pen.stroke([(x - 0.06, -0.59), (x + 0.02, -0.65)], 0.03, (236, 255, 250))

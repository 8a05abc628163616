"""Quill the heron: long legs, a wide grey breast, a neck like a question mark, and wings used as arms."""

from examples.drawing.faces import INK, draw_eye, draw_tear
from examples.drawing.paint import Blend, Colour, Pen, Point, curve, darker, lighter, mix, outline, shaded
from examples.drawing.people import chest_height, crate, draw_sleeve, elbow_of, hands_of
from examples.drawing.props import GRIPS, PROPS, canopy
from examples.drawing.vocabulary import Expression, PictureSpec, Pose

GREY: Colour = (128, 152, 184)
PALE: Colour = (232, 238, 242)
SLATE: Colour = (52, 64, 98)
BILL: Colour = (244, 166, 52)
LEG: Colour = (206, 152, 74)
GOLD: Colour = (246, 200, 84)

DROPS: dict[Pose, float] = {"sitting": 0.5, "kneeling": 0.72, "walking": 0.04}
"""How far a pose lowers the body, in units."""

LEGS: dict[Pose, tuple[tuple[Point, ...], tuple[Point, ...]]] = {
    "standing": (((-0.06, -1.2), (-0.02, -0.62), (-0.04, 0)), ((0.2, -1.2), (0.5, -0.82), (0.1, -0.6))),
    "walking": (((-0.12, -1.2), (-0.22, -0.6), (-0.5, 0)), ((0.2, -1.2), (0.62, -0.86), (0.66, -0.3))),
    "sitting": (
        ((-0.16, -0.72), (-0.2, -0.56), (-0.24, -0.12)),
        ((0.22, -0.72), (0.26, -0.56), (0.3, -0.16)),
    ),
    "kneeling": (((-0.2, -0.56), (-0.62, -0.34), (-0.16, 0)), ((0.24, -0.56), (0.64, -0.34), (0.24, 0))),
}
"""Hip, knee and foot of both legs; poses that are not listed stand on both."""

TILTS: dict[Expression, float] = {
    "smiling": 2,
    "laughing": 14,
    "worried": -4,
    "angry": -6,
    "surprised": 4,
    "sad": -13,
    "sleepy": -15,
    "proud": 17,
}


def draw_heron(pen: Pen, spec: PictureSpec, accent: Colour) -> Point:
    """Draw Quill standing on the origin, about 3.7 units tall; return the middle of the prop."""
    drop = DROPS.get(spec.pose, 0.0)
    chest = (0.0, -2.2 + drop)
    hand, other = ((chest[0] + x, chest[1] + y) for x, y in hands_of(spec))
    grip = GRIPS[spec.prop]
    size = 0.86 if spec.prop in ("ledger", "letter", "teapot") else 0.95
    held = (hand[0] - grip[0] * size, hand[1] - grip[1] * size)
    if spec.pose == "hugging" and spec.prop != "umbrella":
        held = (0.14, chest[1] + chest_height(spec) + 0.04)
    if spec.prop == "umbrella":
        canopy(pen.moved(hand[0] - 0.34, hand[1] - 1.06, turn=9, scale=1.08))
    if spec.pose == "sitting":
        crate(pen)
    else:
        draw_legs(pen, spec.pose)
    draw_body(pen, drop)
    if spec.pose == "sitting":
        draw_legs(pen, spec.pose)
    if spec.pose != "hugging":
        draw_wing(pen, (-0.42, chest[1] + 0.2), other, spec.pose in ("pointing", "lifting", "walking"))
    head = (0.04, -3.02 + drop)
    draw_neck(pen, chest, head)
    draw_wing(pen, (0.44, chest[1] + 0.2), hand, spec.pose == "lifting")
    if spec.pose == "hugging":
        draw_wing(pen, (-0.42, chest[1] + 0.2), other, False)
    draw_head(pen.moved(head[0], head[1], scale=1.14, turn=TILTS[spec.expression]), spec.expression, accent)
    PROPS[spec.prop](pen.moved(held[0], held[1], scale=size))
    draw_grip(pen, hand)
    if spec.pose == "hugging":
        draw_grip(pen, other)
    return held


def draw_legs(pen: Pen, pose: Pose) -> None:
    """Draw both legs with their knobbly joints and three front toes."""
    straight = (((-0.16, -1.2), (-0.2, -0.6), (-0.22, 0)), ((0.2, -1.2), (0.24, -0.6), (0.26, 0)))
    for hip, knee, foot in LEGS.get(pose, straight):
        tuft = (hip[0] + (knee[0] - hip[0]) * 0.45, hip[1] + (knee[1] - hip[1]) * 0.45)
        pen.stroke([knee, foot], 0.09, shaded(LEG), line=0.014)
        pen.stroke([hip, knee], 0.1, shaded(LEG), line=0.014)
        pen.oval(knee[0], knee[1], 0.075, 0.075, shaded(lighter(LEG, 0.1)), line=0.014)
        pen.stroke([hip, tuft], 0.32, shaded(GREY), end=0.14, line=0.014)
        down = 0.02 if foot[1] == 0 else 0.12
        for spread in (-0.26, -0.02, 0.24):
            pen.stroke([foot, (foot[0] + spread, foot[1] + down)], 0.085, LEG, end=0.05, line=0.012)


def draw_body(pen: Pen, drop: float) -> None:
    """Draw tail, egg-shaped body and the streaked pale breast."""
    y = -1.66 + drop
    for x, tip in ((-0.3, -0.74), (-0.2, -0.6), (-0.1, -0.42)):
        feather = [
            (x, y + 0.2),
            (tip, y + 0.56),
            (tip - 0.04, y + 0.86 + (0.74 + tip) * 0.3),
            (x + 0.2, y + 0.6),
        ]
        pen.blob(feather, shaded(mix(SLATE, GREY, 0.3)), line=0.014)
    pen.blob(
        outline("-0.34,-0.6 0.06,-0.74 0.42,-0.58 0.6,-0.06 0.46,0.46 0.04,0.66 -0.4,0.5 -0.6,-0.02", y=y),
        shaded(GREY, 0.26),
        line=0.018,
    )
    pen.blob(
        outline("-0.2,-0.6 0.14,-0.64 0.32,-0.3 0.3,0.2 0.06,0.5 -0.18,0.24 -0.28,-0.24", y=y),
        Blend(PALE, mix(PALE, GREY, 0.55)),
    )
    for row in range(5):
        for col in range(4):
            x = -0.15 + col * 0.12 + (row % 2) * 0.05
            top = y - 0.44 + row * 0.17
            pen.stroke([(x, top), (x + 0.01, top + 0.12)], 0.036, mix(SLATE, GREY, 0.35), end=0.008)


def draw_neck(pen: Pen, chest: Point, head: Point) -> None:
    """Draw the curved neck, pale in front with two rows of dark dashes, and the breast plumes at its foot."""
    x, y = chest
    spine = [(x + 0.08, y + 0.28), (x + 0.24, y - 0.08), (x + 0.2, y - 0.34), (head[0] + 0.05, head[1] + 0.2)]
    pen.stroke(spine, 0.6, shaded(mix(GREY, PALE, 0.25)), end=0.4, line=0.018)
    front = [(px - 0.09, py) for px, py in spine]
    pen.stroke(front, 0.3, PALE, end=0.22)
    path = curve(front, closed=False, steps=6)
    for i in range(1, len(path) - 2, 2):
        for side in (-0.06, 0.07):
            px, py = path[i]
            pen.stroke([(px + side, py), (px + side - 0.01, py + 0.08)], 0.03, SLATE, end=0.012)
    for k in range(5):
        px = x - 0.2 + k * 0.11
        pen.blob(
            [(px - 0.06, y + 0.2), (px + 0.06, y + 0.2), (px + 0.01, y + 0.62 - abs(k - 2) * 0.06)],
            shaded(mix(PALE, GREY, 0.12 * (k % 2)), 0.12),
            line=0.01,
        )


def draw_wing(pen: Pen, start: Point, end: Point, spread: bool) -> None:
    """Draw a wing as an arm: flight feathers that hang from it, a sleeve of coverts, three finger feathers."""
    elbow = elbow_of(start, end, 0.6, 0.52)
    dx, dy = end[0] - elbow[0], end[1] - elbow[1]
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    ux, uy = dx / length, dy / length
    # Feathers trail on the side of the arm that looks down, or away from the head when it is raised.
    side = 1 if (ux * (1 if end[0] > 0 else -1)) >= 0 or spread else -1
    nx, ny = -uy, ux
    if ny < 0 or (abs(ny) < 0.35 and nx * (1 if end[0] > 0 else -1) < 0):
        nx, ny = -nx, -ny
    long = (0.62 if spread else 0.4) * side if side > 0 else 0.34
    for i in range(6):
        t = i / 5
        px, py = elbow[0] + dx * t * 0.94, elbow[1] + dy * t * 0.94
        reach = long * (0.8 + 0.35 * t)
        tip = (px + nx * reach + ux * 0.3 * t, py + ny * reach + uy * 0.3 * t)
        wide = 0.11
        feather = [
            (px - ux * wide, py - uy * wide),
            ((px + tip[0]) / 2 - ux * wide, (py + tip[1]) / 2 - uy * wide),
            tip,
        ]
        feather += [
            ((px + tip[0]) / 2 + ux * wide, (py + tip[1]) / 2 + uy * wide),
            (px + ux * wide, py + uy * wide),
        ]
        pen.blob(feather, shaded(mix(SLATE, GREY, 0.15 + 0.12 * (i % 2))), line=0.014)
    draw_sleeve(pen, (start, elbow, end), 0.42, 0.2, shaded(GREY, 0.24))
    for i in range(5):
        t = 0.15 + i * 0.17
        px, py = start[0] + (elbow[0] - start[0]) * t, start[1] + (elbow[1] - start[1]) * t
        pen.stroke(
            [(px - 0.09, py + 0.03), (px, py + 0.1), (px + 0.1, py + 0.02)], 0.026, mix(SLATE, GREY, 0.4)
        )
    for turn in (-0.13, 0.0, 0.13):
        tip = (end[0] + ux * 0.32 - uy * turn, end[1] + uy * 0.32 + ux * turn)
        pen.stroke([end, tip], 0.12, shaded(mix(SLATE, GREY, 0.35)), end=0.05, line=0.012)


def draw_grip(pen: Pen, at: Point) -> None:
    """Draw the finger feathers that close round the prop."""
    x, y = at
    for i in range(3):
        feather = [
            (x - 0.15 + i * 0.1, y + 0.12),
            (x - 0.16 + i * 0.1, y - 0.08),
            (x - 0.08 + i * 0.1, y - 0.13),
            (x - 0.04 + i * 0.1, y + 0.1),
        ]
        pen.blob(feather, shaded(mix(SLATE, GREY, 0.6 - 0.15 * i)), line=0.012)


def draw_head(pen: Pen, expression: Expression, accent: Colour) -> None:
    """Draw plumes, head, bill with its expression, eyes, brow feathers and the captain's cap."""
    for tip, sag in (((0.98, 0.1), 0.1), ((0.86, 0.32), 0.16)):
        pen.stroke([(0.26, -0.16), (0.62, -0.12 + sag), tip], 0.13, SLATE, end=0.02, line=0.01)
    pen.blob(
        outline("-0.42,-0.02 -0.32,-0.42 0.04,-0.52 0.4,-0.38 0.47,0.02 0.34,0.32 0,0.4 -0.3,0.28"),
        Blend((252, 252, 250), (214, 224, 234)),
        line=0.018,
    )
    pen.blob(outline("0.3,-0.36 0.44,-0.22 0.5,0.04 0.4,0.1 0.34,-0.08"), SLATE)
    blush = (244, 120, 110) if expression in ("smiling", "laughing", "angry", "proud") else (236, 180, 170)
    pen.oval(0.3, 0.2, 0.11, 0.075, mix((236, 238, 242), blush, 0.6))
    draw_bill(pen, expression)
    for x, side in ((-0.18, -1), (0.16, 1)):
        draw_eye(
            pen,
            x,
            -0.04,
            side,
            iris=(232, 156, 30),
            lid_tone=(150, 166, 190),
            expression=expression,
            lashes=False,
        )
    inner, outer, thick = {
        "smiling": (-0.31, -0.21, 0.042),
        "laughing": (-0.29, -0.2, 0.042),
        "worried": (-0.34, -0.14, 0.075),
        "angry": (-0.1, -0.32, 0.12),
        "surprised": (-0.33, -0.3, 0.06),
        "sad": (-0.32, -0.16, 0.07),
        "sleepy": (-0.24, -0.22, 0.06),
        "proud": (-0.2, -0.18, 0.07),
    }[expression]
    draw_cap(pen, accent)
    for x, side in ((-0.18, -1), (0.16, 1)):
        up = -0.12 if expression == "proud" and side == 1 else 0.0
        start, end = (x - side * 0.1, inner + up), (x + side * 0.17, outer + up)
        bow = {"angry": 0.0, "smiling": 0.04, "laughing": 0.04}.get(expression, 0.05)
        pen.stroke(
            [start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - bow), end],
            thick,
            INK,
            end=thick * 0.5,
        )
    if expression == "sad":
        draw_tear(pen, 0.24, 0.08, 1.2)
    if expression == "worried":
        draw_tear(pen, 0.5, -0.26, 0.95)


def draw_bill(pen: Pen, expression: Expression) -> None:
    """Draw the long bill; the lower half swings open from its corner at (0, 0.2)."""
    gape = {"laughing": -34, "surprised": -26, "angry": -17, "sleepy": -9}.get(expression, 0)
    low = pen.moved(0.02, 0.2, turn=gape)
    if gape:
        far = -0.52
        bottom = low.moved(0, 0)
        pen.blob([(0.06, 0.12), (far, 0.24), (far * 0.9, 0.26 - gape * 0.008), (0.04, 0.3)], (116, 28, 40))
        tongue = pen.moved(0.02, 0.2, turn=gape * 0.62)
        tongue.blob(outline("0,-0.02 -0.4,0.06 -0.46,0.11 -0.34,0.14 0,0.08"), (236, 106, 112))
        bottom.blob(
            outline("0.08,-0.02 -0.4,0.06 -0.84,0.16 -0.42,0.17 0.04,0.13"),
            shaded(darker(BILL, 0.12)),
            line=0.016,
        )
    else:
        low.blob(
            outline("0.08,0 -0.4,0.07 -0.9,0.13 -0.42,0.18 0.04,0.13"), shaded(darker(BILL, 0.12)), line=0.016
        )
    pen.blob(
        outline("0.06,0.02 -0.06,0 -0.44,0.1 -0.99,0.34 -0.5,0.29 0.06,0.24 0.1,0.14"),
        Blend(lighter(BILL, 0.3), darker(BILL, 0.1)),
        line=0.016,
    )
    pen.stroke([(-0.32, 0.13), (-0.22, 0.12)], 0.026, darker(BILL, 0.6))
    corner: dict[Expression, list[Point]] = {
        "smiling": outline("-0.6,0.3 -0.16,0.28 0.1,0.25 0.26,0.16 0.33,0.03"),
        "proud": outline("-0.5,0.3 -0.1,0.26 0.1,0.21 0.18,0.12"),
        "sad": outline("-0.5,0.3 -0.1,0.24 0.08,0.27 0.16,0.38"),
        "worried": outline("-0.6,0.3 -0.4,0.25 -0.22,0.3 -0.04,0.23 0.14,0.3"),
    }
    if expression in corner:
        pen.stroke(corner[expression], 0.036, (120, 56, 30))


def draw_cap(pen: Pen, accent: Colour) -> None:
    """Draw the captain's cap: crown, gold band with an anchor badge, dark peak."""
    cap = pen.moved(0.04, -0.5, turn=-5, scale=0.94)
    cap.blob(
        outline("-0.42,0.04 -0.54,-0.22 -0.3,-0.4 0.06,-0.44 0.42,-0.36 0.56,-0.16 0.42,0.06"),
        shaded(accent, 0.24),
        line=0.018,
    )
    cap.stroke(outline("-0.46,-0.16 -0.1,-0.24 0.3,-0.22 0.5,-0.12"), 0.03, darker(accent, 0.4))
    cap.poly(
        outline("-0.43,-0.06 0,-0.12 0.43,-0.06 0.43,0.08 0,0.04 -0.43,0.08"), shaded(GOLD, 0.2), line=0.012
    )
    cap.blob(outline("-0.45,0.07 0,0.03 0.34,0.07 0.12,0.11 -0.3,0.16 -0.6,0.15"), (34, 32, 46), line=0.012)
    cap.oval(-0.08, -0.13, 0.095, 0.095, (255, 246, 214), line=0.014)
    cap.stroke([(-0.08, -0.18), (-0.08, -0.08)], 0.03, (176, 44, 48))
    cap.stroke([(-0.13, -0.11), (-0.08, -0.075), (-0.03, -0.11)], 0.026, (176, 44, 48))

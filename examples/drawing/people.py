"""Oda and Tobin: one rig of joints, two builds, seven stances."""

from dataclasses import dataclass, replace

from examples.drawing.faces import HEAD_TILTS, Face, draw_face
from examples.drawing.paint import Blend, Colour, Fill, Pen, Point, darker, lighter, shaded
from examples.drawing.props import GRIPS, PROPS, canopy
from examples.drawing.vocabulary import PictureSpec, Pose
from examples.drawing.wardrobe import (
    BUILDS,
    Build,
    draw_clothes,
    draw_hair_back,
    draw_hair_front,
    draw_neckwear,
)

INK: Colour = (40, 26, 36)
WOOD: Colour = (176, 124, 78)


@dataclass(frozen=True, slots=True)
class Stance:
    """Joints of a pose: hands from the middle of the shoulders, knees, feet and hem from the ground."""

    drop: float
    hand: Point
    other: Point
    knees: tuple[Point, Point]
    feet: tuple[Point, Point]
    hem: tuple[Point, ...]
    tilt: float = 0.0


STANCES: dict[Pose, Stance] = {
    "standing": Stance(
        0, (0.9, 0.46), (-0.6, 1.02), ((-0.2, -0.62), (0.22, -0.62)), ((-0.24, 0), (0.28, 0)),
        ((-0.62, -0.52), (-0.22, -0.44), (0.24, -0.44), (0.64, -0.54)),
    ),
    "walking": Stance(
        0.05, (0.94, 0.4), (-0.9, 0.72), ((-0.26, -0.56), (0.48, -0.66)), ((-0.8, -0.12), (0.66, 0)),
        ((-0.84, -0.6), (-0.3, -0.5), (0.3, -0.52), (0.74, -0.66)), 4,
    ),
    "sitting": Stance(
        0.52, (0.92, 0.36), (-0.42, 0.9), ((0.1, -0.7), (0.58, -0.68)), ((0.12, 0), (0.7, 0)),
        ((-0.6, -0.56), (-0.1, -0.46), (0.4, -0.34), (0.86, -0.46)), -2,
    ),
    "kneeling": Stance(
        0.6, (0.96, 0.24), (-0.62, 0.9), ((-0.36, -0.1), (0.52, -0.8)), ((-0.86, -0.06), (0.56, 0)),
        ((-0.86, -0.08), (-0.3, -0.02), (0.3, -0.36), (0.76, -0.6)), 3,
    ),
    "pointing": Stance(
        0, (0.86, 0.46), (-1.36, -0.04), ((-0.22, -0.62), (0.24, -0.62)), ((-0.3, 0), (0.34, 0)),
        ((-0.64, -0.54), (-0.22, -0.44), (0.24, -0.44), (0.66, -0.52)), -3,
    ),
    "lifting": Stance(
        0, (0.95, -0.8), (-0.5, 0.66), ((-0.22, -0.62), (0.24, -0.62)), ((-0.28, 0), (0.32, 0)),
        ((-0.64, -0.52), (-0.22, -0.44), (0.24, -0.46), (0.64, -0.58)), -3,
    ),
    "hugging": Stance(
        0, (0.24, 0.56), (-0.22, 0.62), ((-0.2, -0.62), (0.2, -0.62)), ((-0.22, 0), (0.24, 0)),
        ((-0.62, -0.52), (-0.22, -0.44), (0.24, -0.44), (0.62, -0.52)),
    ),
}  # fmt: skip

CLOSE_HANDS: dict[Pose, tuple[Point, Point]] = {
    "pointing": ((0.56, 0.3), (-0.98, -0.1)),
    "lifting": ((0.84, -0.12), (-0.6, 0.8)),
    "hugging": ((0.24, 0.44), (-0.24, 0.48)),
}
"""Hands of close portraits, raised into the picture; other poses hold the prop beside the shoulder."""


def elbow_of(start: Point, end: Point, upper: float, lower: float) -> Point:
    """Return the elbow of an arm that starts at the shoulder `start`: of the two, the one further out and down."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    reach = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    out = max(upper**2 - along**2, 0.0) ** 0.5
    share = min(along / reach, 1.0)
    x, y = start[0] + dx * share, start[1] + dy * share
    bends = [(x - dy / reach * out * sign, y + dx / reach * out * sign) for sign in (-1, 1)]
    outward = 1 if start[0] > 0 else -1
    return max(bends, key=lambda point: point[0] * outward + point[1])


def hands_of(spec: PictureSpec) -> tuple[Point, Point]:
    """Return prop hand and other hand, measured from the middle of the shoulders."""
    stance = STANCES[spec.pose]
    hand, other = stance.hand, stance.other
    if spec.framing == "close":
        hand, other = CLOSE_HANDS.get(spec.pose, ((0.84, 0.22), (-0.66, 0.92)))
    elif spec.framing == "half" and spec.pose == "pointing" and spec.prop not in ("umbrella", "key"):
        hand = (0.52, 0.5)
    if spec.prop == "lantern" and spec.framing != "full" and spec.pose not in ("lifting", "hugging"):
        # What hangs from the hand would hang out of the picture.
        hand = (hand[0] + 0.06, hand[1] - (0.46 if spec.framing == "close" else 0.36))
    return hand, other


def chest_height(spec: PictureSpec) -> float:
    """Return how far below the shoulders a prop is hugged: higher in a close portrait, lower if it hangs."""
    return (0.24 if spec.framing == "close" else 0.4) + (0.24 if spec.prop == "lantern" else 0.0)


def draw_sleeve(pen: Pen, path: tuple[Point, Point, Point], width: float, end: float, tone: Fill) -> None:
    """Draw an arm as one smooth stroke, or in two where it bends too sharply for one."""
    (x0, y0), elbow, (x1, y1) = path
    if (x1 - x0) ** 2 + (y1 - y0) ** 2 > 0.5:
        pen.stroke(path, width, tone, end=end, line=0.016)
        return
    middle = (width + end) / 2
    pen.stroke([(x0, y0), elbow], width, tone, end=middle, line=0.016)
    pen.stroke([elbow, (x1, y1)], middle, tone, end=end, line=0.016)


def draw_person(pen: Pen, spec: PictureSpec, accent: Colour) -> Point:
    """Draw Oda or Tobin standing on the origin, about 3.7 units tall; return the middle of the prop."""
    build, stance = BUILDS[spec.character], STANCES[spec.pose]
    # Long legs fold further, so that everyone sits on the same crate and kneels on the same ground.
    if stance.drop > 0.3:
        stance = replace(stance, drop=stance.drop - 1.3 - build.hip)
    chest = (0.0, build.shoulder + stance.drop)
    hand, other = ((chest[0] + x, chest[1] + y) for x, y in hands_of(spec))
    grip = GRIPS[spec.prop]
    size = 0.84 if spec.prop in ("ledger", "letter", "teapot") else 0.95
    held = (hand[0] - grip[0] * size, hand[1] - grip[1] * size)
    if spec.pose == "hugging" and spec.prop != "umbrella":
        held = (0.02, chest[1] + chest_height(spec))
    head = (0.04 * stance.tilt / 4, build.head + stance.drop)
    upright = pen.moved(0, build.hip + stance.drop, turn=stance.tilt).moved(0, -build.hip - stance.drop)
    if spec.prop == "umbrella":
        canopy(pen.moved(hand[0] - 0.34, hand[1] - 1.06, turn=9, scale=1.08))
    if spec.pose == "sitting":
        crate(pen)
    face_pen = upright.moved(head[0], head[1], turn=HEAD_TILTS[spec.expression] * 0.8)
    draw_hair_back(face_pen, build)
    if spec.pose == "walking":
        draw_arm(upright, build, (-build.shoulders, chest[1] + 0.12), other, accent=accent)
    draw_legs(pen, build, stance)
    draw_clothes(upright, pen, build, accent=accent, chest=chest, hem=stance.hem, drop=stance.drop)
    neck(upright, build, chest, head)
    draw_neckwear(upright, build, accent, chest, behind=True)
    draw_head(face_pen, build, spec)
    draw_neckwear(upright, build, accent, chest, behind=False)
    if spec.pose not in ("walking", "hugging"):
        draw_arm(
            upright,
            build,
            (-build.shoulders, chest[1] + 0.12),
            other,
            accent=accent,
            point=spec.pose == "pointing",
        )
    draw_arm(upright, build, (build.shoulders, chest[1] + 0.12), hand, accent=accent, bare=False)
    if spec.pose == "hugging":
        draw_arm(upright, build, (-build.shoulders, chest[1] + 0.12), other, accent=accent, bare=False)
    PROPS[spec.prop](upright.moved(held[0], held[1], scale=size))
    draw_fist(upright, build.face.skin, hand)
    if spec.pose == "hugging":
        draw_fist(upright, build.face.skin, other)
    return held


def draw_head(pen: Pen, build: Build, spec: PictureSpec) -> None:
    """Draw ears, face and the hair in front of it."""
    skin = build.face.skin
    for side in (-1, 1):
        pen.oval(side * 0.5 + 0.01, 0.05, 0.1, 0.14, darker(skin, 0.06), line=0.016)
        pen.oval(side * 0.5 + 0.01, 0.06, 0.05, 0.08, darker(skin, 0.22))
    draw_face(pen, build.face, spec.expression)
    draw_hair_front(pen, build)


def neck(pen: Pen, build: Build, chest: Point, head: Point) -> None:
    """Draw the neck with the chin's shadow on it."""
    skin: Face = build.face
    top = head[1] + 0.36
    pen.poly(
        [(-0.15, top), (0.17, top), (0.19, chest[1] + 0.12), (-0.19, chest[1] + 0.12)],
        Blend(darker(skin.skin, 0.32), skin.skin),
    )


def draw_arm(
    pen: Pen,
    build: Build,
    start: Point,
    end: Point,
    *,
    accent: Colour,
    point: bool = False,
    bare: bool = True,
) -> None:
    """Draw a sleeve from the shoulder to the hand, and the hand unless it holds the prop."""
    elbow = elbow_of(start, end, build.arm * 0.52, build.arm * 0.5)
    sleeve: Colour = accent if build.coat else build.shirt
    wide = build.limb
    tone: Fill = shaded(sleeve, 0.2)
    if build.coat:
        draw_sleeve(pen, (start, elbow, end), wide * 1.25, wide * 1.05, tone)
        cuff = (elbow[0] + (end[0] - elbow[0]) * 0.82, elbow[1] + (end[1] - elbow[1]) * 0.82)
        pen.stroke([cuff, end], wide * 1.2, darker(sleeve, 0.2), line=0.012)
    else:
        pen.stroke([elbow, end], wide * 0.8, shaded(build.face.skin, 0.14), end=wide * 0.66, line=0.014)
        rolled = (elbow[0] + (end[0] - elbow[0]) * 0.2, elbow[1] + (end[1] - elbow[1]) * 0.2)
        pen.stroke([start, elbow, rolled], wide * 1.2, tone, end=wide * 1.05, line=0.016)
        pen.stroke([elbow, rolled], wide * 1.16, darker(sleeve, 0.12), line=0.012)
    if not bare:
        return
    skin = build.face.skin
    dx, dy = end[0] - elbow[0], end[1] - elbow[1]
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    ux, uy = dx / length, dy / length
    palm = (end[0] + ux * 0.1, end[1] + uy * 0.1)
    if point:
        pen.stroke([palm, (palm[0] + ux * 0.32, palm[1] + uy * 0.32)], 0.085, skin, end=0.06, line=0.014)
    else:
        for spread in (-0.07, 0.0, 0.07):
            tip = (palm[0] + ux * 0.16 - uy * spread, palm[1] + uy * 0.16 + ux * spread)
            pen.stroke([palm, tip], 0.075, skin, end=0.06, line=0.012)
    pen.oval(palm[0], palm[1], 0.12, 0.115, shaded(skin, 0.12), line=0.014)
    pen.stroke(
        [palm, (palm[0] + uy * 0.13 + ux * 0.05, palm[1] - ux * 0.13 + uy * 0.05)], 0.07, skin, end=0.055
    )


def draw_fist(pen: Pen, skin: Colour, at: Point) -> None:
    """Draw the closed hand that holds the prop."""
    x, y = at
    pen.oval(x, y + 0.02, 0.125, 0.12, shaded(skin, 0.12), line=0.014)
    for i in range(4):
        pen.oval(x - 0.085 + i * 0.056, y - 0.02, 0.037, 0.075, lighter(skin, 0.1), line=0.01)
    pen.stroke([(x + 0.1, y + 0.07), (x - 0.02, y + 0.075)], 0.06, lighter(skin, 0.06))


def draw_legs(pen: Pen, build: Build, stance: Stance) -> None:
    """Draw trousers and boots."""
    hips = build.hip + stance.drop
    for i in (0, 1):
        start = (-0.17 if i == 0 else 0.17, hips)
        knee = (stance.knees[i][0], stance.knees[i][1] * (build.leg if stance.drop < 0.3 else 1.0))
        foot = stance.feet[i]
        ankle = (foot[0], foot[1] - 0.12)
        pen.stroke(
            [start, knee, ankle], build.limb * 1.35, shaded(build.trousers), end=build.limb * 1.0, line=0.016
        )
        top = (knee[0] + (ankle[0] - knee[0]) * 0.42, knee[1] + (ankle[1] - knee[1]) * 0.42)
        pen.stroke([top, ankle], build.limb * 1.3, shaded(build.boots), end=build.limb * 1.15, line=0.016)
        toe = 1 if i else -1
        if stance.feet[0][0] < -0.5:
            toe = 1
        x, y = foot
        pen.blob(
            [
                (x - 0.15 * toe, y - 0.2),
                (x + 0.1 * toe, y - 0.2),
                (x + 0.31 * toe, y - 0.08),
                (x + 0.3 * toe, y + 0.02),
                (x - 0.15 * toe, y + 0.02),
            ],
            shaded(build.boots),
            line=0.016,
        )


def crate(pen: Pen) -> None:
    """A slatted crate to sit on."""
    pen.box(-0.9, -0.66, 0.56, 0.02, shaded(WOOD), line=0.02)
    for y in (-0.42, -0.21):
        pen.box(-0.9, y, 0.56, y + 0.025, darker(WOOD, 0.6))
    for x in (-0.9, 0.42):
        pen.box(x, -0.66, x + 0.14, 0.02, shaded(lighter(WOOD, 0.12)), line=0.014)
        for y in (-0.52, -0.31, -0.1):
            pen.oval(x + 0.07, y, 0.02, 0.02, INK)

"""The five places under the open sky. Figures stand in front at about y = 94; the open side is the right."""

import random
from itertools import pairwise

from examples.drawing.paint import Blend, Colour, Pen, darker, lighter, mix, outline, ring, shaded

Lamp = tuple[float, float, float]
"""A light in the scene: x, y and the reach of its glow."""

WOOD: Colour = (164, 120, 82)
BRASS: Colour = (222, 172, 70)
WHITE: Colour = (246, 240, 226)
INK: Colour = (52, 44, 58)


def pier(pen: Pen, rng: random.Random) -> list[Lamp]:
    """Planks that run out to the tide lamp, posts with ropes and lanterns on both sides."""
    far_x, far_y = 70.0, 60.0
    tower(pen, far_x + 4, far_y + 1.5)
    near = (-24.0, 110.0)

    def edge(side: int, t: float) -> tuple[float, float]:
        return far_x + (near[side] - far_x) * t + (-3 if side == 0 else 5) * (1 - t), far_y + 1.5 + 46 * t

    pen.poly([edge(0, 0), edge(1, 0), edge(1, 1), edge(0, 1)], Blend((150, 116, 92), WOOD))
    depth, row = 0.03, 0
    while depth < 1.0:
        following = depth * 1.17 + 0.012
        tone = mix(WOOD, (206, 166, 120) if row % 2 else (124, 86, 62), rng.uniform(0.1, 0.42))
        pen.poly([edge(0, depth), edge(1, depth), edge(1, following), edge(0, following)], tone)
        seam = following - 0.014 * following
        pen.poly([edge(0, seam), edge(1, seam), edge(1, following), edge(0, following)], darker(WOOD, 0.55))
        depth, row = following, row + 1
    lamps: list[Lamp] = [(far_x + 4, far_y - 19, 16)]
    for side in (0, 1):
        before: tuple[float, float, float] | None = None
        for t in (0.08, 0.16, 0.3, 0.52, 0.86):
            x, y = edge(side, t)
            tall, wide = 30 * t + 3, 3.6 * t + 0.4
            if before is not None:
                bx, by, bt = before
                sag = ((bx + x) / 2, (by + y) / 2 - (bt + tall) / 2 * 0.72 + 3 * t)
                pen.stroke([(bx, by - bt * 0.88), sag, (x, y - tall * 0.88)], 0.9 * t + 0.2, (222, 196, 146))
            pen.box(
                x - wide / 2,
                y - tall,
                x + wide / 2,
                y + 2 * t,
                Blend((150, 104, 70), (72, 50, 46), across=True),
            )
            pen.oval(x, y - tall, wide * 0.62, wide * 0.3, (190, 146, 100))
            before = (x, y, tall)
        x, y = edge(side, 0.52)
        lamps.append(harbour_lamp(pen, x, y - 18.6, 1.0))
    for _ in range(3):
        gull(pen, rng.uniform(10, 94), rng.uniform(12, 40), rng.uniform(1.2, 2.2))
    return lamps


def tower(pen: Pen, x: float, y: float) -> None:
    """The tide lamp: a small white tower with a red cap, its foot at (x, y)."""
    pen.poly(outline("-3.6,0 3.6,0 2.5,-17 -2.5,-17", x=x, y=y), Blend(WHITE, (170, 160, 170), across=True))
    for up in (4.0, 10.0):
        pen.poly(
            [(x - 3.4, y - up), (x + 3.4, y - up), (x + 3.1, y - up - 3), (x - 3.1, y - up - 3)],
            (206, 64, 54),
        )
    pen.box(x - 3.6, y - 18, x + 3.6, y - 16.8, INK)
    pen.box(x - 2, y - 22.4, x + 2, y - 18, (255, 232, 150))
    pen.poly([(x - 3.2, y - 22.2), (x + 3.2, y - 22.2), (x, y - 26.4)], (190, 54, 50))


def harbour_lamp(pen: Pen, x: float, y: float, size: float) -> Lamp:
    """A six-sided post lamp whose foot is at (x, y)."""
    pen.box(x - 0.5 * size, y - 3 * size, x + 0.5 * size, y, INK)
    body = [(x - 1.6 * size, y - 3 * size), (x + 1.6 * size, y - 3 * size)]
    pen.poly(
        [*body, (x + 2.2 * size, y - 7 * size), (x - 2.2 * size, y - 7 * size)], (255, 226, 146), line=0.35
    )
    pen.poly([(x - 2.7 * size, y - 7 * size), (x + 2.7 * size, y - 7 * size), (x, y - 9.6 * size)], INK)
    return x, y - 5 * size, 13 * size


def gull(pen: Pen, x: float, y: float, size: float) -> None:
    """A gull on the wing, about five units wide at size 1."""
    for side in (-1, 1):
        wing = [(x, y), (x + side * 1.2 * size, y - 0.9 * size), (x + side * 2.6 * size, y - 0.3 * size)]
        pen.stroke(wing, 0.5 * size, WHITE, end=0.12 * size)


def salt_flats(pen: Pen, rng: random.Random) -> list[Lamp]:
    """White pans cracked into plates, raked cones of salt, a salt mill on the skyline."""
    horizon = 52.0
    hills = outline("-30,1 8,-5 30,-2 58,-7 96,-3 130,1", y=horizon)
    pen.blob([*hills, (60, horizon + 4)], (168, 164, 190))
    pen.box(-40, horizon, 140, 140, Blend((226, 222, 226), (250, 238, 230)))
    for y, tall in ((55.5, 1.6), (61.0, 2.6)):
        pen.box(-40, y, 140, y + tall, (158, 196, 206), alpha=190)
    mill_x, mill_y = 82.0, horizon + 1
    pen.poly(outline("-4,0 4,0 2.4,-13 -2.4,-13", x=mill_x, y=mill_y), (236, 222, 204))
    pen.poly(
        [(mill_x - 3.2, mill_y - 12.6), (mill_x + 3.2, mill_y - 12.6), (mill_x, mill_y - 17)], (150, 84, 70)
    )
    spin = rng.uniform(10, 80)
    for quarter in range(4):
        sail = pen.moved(mill_x, mill_y - 13, turn=spin + 90 * quarter)
        sail.box(-0.25, 0, 0.25, 11, INK)
        sail.poly(outline("0.2,2.4 2.6,2.8 2.6,10.6 0.2,11"), (252, 244, 226))
    rows = outline("64,5 70,8 79,12 92,17 112,26")
    for (y0, step0), (y1, step1) in pairwise(rows):
        shift = rng.uniform(0, step0)
        for i in range(-16, 17):
            top = (50 + i * step0 + shift + rng.uniform(-1, 1), y0 + rng.uniform(-0.7, 0.7))
            low = (50 + (i + 0.5) * step1 + rng.uniform(-2, 2), y1)
            beside = (50 + (i + 1) * step0 + shift, y0 + rng.uniform(-0.7, 0.7))
            for line in ([top, low], [top, beside]):
                pen.stroke([line[0], line[1]], 0.02 * step1 + 0.16, (178, 164, 184))
    for x, y, tall in ((8, 66, 17), (29, 60, 8), (60, 60, 9), (72, 68, 21), (96, 74, 30), (-6, 78, 26)):
        cone(pen, x + rng.uniform(-2, 2), y, tall)
    return []


def cone(pen: Pen, x: float, y: float, tall: float) -> None:
    """A raked heap of salt with its reflection, foot at (x, y)."""
    half = tall * 0.62
    pen.poly([(x - half, y), (x + half, y), (x, y + tall * 0.42)], (214, 206, 222), alpha=170)
    pen.blob(
        [
            (x - half, y),
            (x - half * 0.42, y - tall * 0.6),
            (x, y - tall),
            (x + half * 0.42, y - tall * 0.6),
            (x + half, y),
            (x, y + 1),
        ],
        (255, 255, 252),
    )
    pen.blob(
        [
            (x, y - tall * 0.98),
            (x + half * 0.42, y - tall * 0.6),
            (x + half, y),
            (x + half * 0.2, y + 0.8),
            (x + half * 0.1, y - tall * 0.4),
        ],
        (190, 192, 218),
    )


def market(pen: Pen, rng: random.Random) -> list[Lamp]:
    """Two stalls under striped awnings, crates of fish on ice, bunting, cobbles."""
    walls: list[Colour] = [(226, 186, 140), (196, 142, 124), (160, 176, 168), (232, 208, 166)]
    rng.shuffle(walls)
    for i, x in enumerate((-14.0, 22.0, 52.0, 84.0)):
        top = rng.uniform(10, 22)
        pen.box(x, top, x + 38, 74, shaded(walls[i]))
        pen.poly(outline("-2,0 40,0 34,-8 4,-8", x=x, y=top), (150, 82, 66))
        for wx in (x + 8, x + 22):
            pen.box(wx, top + 6, wx + 7, top + 17, (92, 108, 126), line=0.4)
    pen.box(-40, 70, 140, 140, Blend((150, 140, 138), (116, 108, 112)))
    for row in range(9):
        y = 71 + row * row * 0.42 + row * 1.4
        for i in range(-2, 26):
            wide = 3.2 + row * 0.5
            x = 50 + (i - 12 + (row % 2) * 0.5) * wide * 1.1
            pen.oval(
                x, y, wide * 0.48, 0.75 + row * 0.13, mix((188, 178, 172), (120, 112, 120), rng.random())
            )
    lamps: list[Lamp] = []
    first: Colour = rng.choice(((206, 58, 52), (226, 142, 40)))
    for left, right, colour in ((-12, 34, (32, 134, 146)), (60, 112, first)):
        stall(pen, left, right, colour, rng)
        lamps.append(harbour_lamp(pen, (left + right) / 2 + (6 if left < 0 else -8), 44, 0.9))
    for i in range(11):
        x = 30 + i * 3.6
        y = 9 + 5 * (1 - ((i - 5) / 5.5) ** 2)
        flag: Colour = ((232, 190, 60), (206, 70, 60), (60, 140, 150))[i % 3]
        pen.poly([(x - 1.5, y), (x + 1.5, y), (x, y + 4)], flag)
    pen.stroke([(28, 8), (48, 14.5), (68, 8)], 0.4, INK)
    return lamps


def stall(pen: Pen, left: float, right: float, colour: Colour, rng: random.Random) -> None:
    """One stall: posts, a scalloped awning in stripes, a counter with fish on ice."""
    for x in (left + 3, right - 3):
        pen.box(x - 0.9, 22, x + 0.9, 84, darker(WOOD, 0.25))
    pen.box(left + 2, 60, right - 2, 66, (214, 232, 238))
    for _ in range(15):
        x, y = rng.uniform(left + 4, right - 5), rng.uniform(58.6, 64)
        tone = rng.choice(((150, 176, 192), (196, 206, 206), (214, 130, 104)))
        fish = pen.moved(x, y, scale=rng.uniform(0.9, 1.2), turn=rng.uniform(-24, 24))
        fish.blob(outline("-3.6,0 -0.5,-1.3 3,0 -0.5,1.2"), Blend(tone, lighter(tone, 0.5)))
        fish.poly([(2.4, 0), (4.6, -1.5), (4.6, 1.5)], darker(tone, 0.2))
        fish.oval(-2.3, -0.25, 0.3, 0.3, INK)
    pen.box(left + 1, 66, right - 1, 84, shaded(WOOD))
    for y in (71, 77):
        pen.box(left + 1, y, right - 1, y + 0.7, darker(WOOD, 0.5))
    count = 7
    wide = (right - left) / count
    for i in range(count):
        x = left + i * wide
        tone = colour if i % 2 == 0 else WHITE
        lean = 3.5 * (1 - 2 * (i + 0.5) / count)
        pen.poly(
            [(x + lean, 17), (x + wide + lean * 0.6, 17), (x + wide, 32), (x, 32)],
            Blend(lighter(tone, 0.2), darker(tone, 0.12)),
        )
        pen.poly(ring(x + wide / 2, 32, wide / 2, 3.2), darker(tone, 0.16))


def stairs(pen: Pen, rng: random.Random) -> list[Lamp]:
    """Steps that climb between tall narrow houses, washing on a line, a lamp on a bracket."""
    fronts: list[Colour] = [(226, 122, 96), (238, 192, 106), (110, 160, 176), (214, 160, 168)]
    rng.shuffle(fronts)
    lamps: list[Lamp] = []
    spans = (
        (-34.0, 14.0, 98.0, 2.0),
        (14.0, 34.0, 78.0, 12.0),
        (66.0, 84.0, 74.0, 8.0),
        (84.0, 134.0, 98.0, -4.0),
    )
    order = (1, 2, 0, 3)
    for i in order:
        left, right, foot, top = spans[i]
        pen.box(left, top, right, foot, Blend(lighter(fronts[i], 0.18), darker(fronts[i], 0.25)))
        pen.poly([(left - 2, top), (right + 2, top), ((left + right) / 2, top - 13)], (146, 74, 64))
        wide = min(right - left, 40)
        inner = right - 12 if i == 0 else left + 4 if i == 3 else (left + right) / 2 - 4
        for y in (top + 9, top + 29):
            if y + 13 > foot - 14:
                continue
            pen.box(
                inner,
                y,
                inner + 8,
                y + 12,
                (255, 222, 138) if rng.random() < 0.6 else (92, 112, 130),
                line=0.5,
            )
            pen.box(inner + 3.7, y, inner + 4.3, y + 12, INK)
            for sx in (inner - 3.4, inner + 8.4):
                pen.box(sx, y, sx + 3, y + 12, darker((58, 116, 110), 0.1))
            pen.box(inner - 2, y + 12, inner + 10, y + 14, darker(WOOD, 0.3))
            for k in range(4):
                pen.oval(inner - 0.6 + k * 3, y + 11.6, 1.4, 1.2, (214, 74, 84) if k % 2 else (84, 140, 74))
        if wide > 15 and i in (1, 2):
            pen.box(inner + 0.5, foot - 18, inner + 8, foot, (84, 60, 64), line=0.4)
    for step in range(13):
        t = step / 12
        y0, half = 46 + 56 * t**1.35, 9 + 30 * t**1.1
        tall = 1.4 + 5.0 * t
        pen.box(50 - half, y0, 50 + half, y0 + tall, (212, 200, 186))
        pen.box(
            50 - half, y0 + tall * 0.42, 50 + half, y0 + tall + 2.2, Blend((156, 142, 140), (126, 112, 118))
        )
    pen.box(-40, 97, 140, 140, Blend((190, 176, 162), (150, 136, 134)))
    pen.stroke([(30, 17), (50, 24), (70, 15)], 0.4, INK)
    cloths: list[Colour] = [(250, 246, 232), (226, 92, 84), (96, 150, 190), (246, 206, 98)]
    for k, x in enumerate((37.0, 46.0, 55.0, 63.0)):
        y = 19.5 + (2.6 if 42 < x < 60 else 0)
        pen.blob(outline("-3,0 3,0 3.4,9 0,8 -3.2,9.4", x=x, y=y), shaded(cloths[k], 0.15))
    pen.stroke([(84, 40), (79, 37), (77, 40)], 0.8, INK)
    lamps.append(harbour_lamp(pen, 77, 50, 1.15))
    return lamps


def ferry(pen: Pen, rng: random.Random) -> list[Lamp]:
    """The ferry's deck: rail and lifebuoys, a cabin, the striped funnel, the far shore."""
    shore = outline("-30,50 4,44 20,46.5 38,43.5 60,47 84,45 130,50")
    pen.blob([*shore, (60, 51)], (112, 140, 136))
    for _ in range(4):
        gull(pen, rng.uniform(6, 60), rng.uniform(8, 36), rng.uniform(1.3, 2.4))
    pen.poly(outline("74,64 97,64 94.5,4 78,4"), Blend((232, 92, 66), (150, 44, 46), across=True))
    for y0, colour in ((4.0, INK), (16.0, WHITE), (30.0, WHITE)):
        dx = (y0 - 4) / 60
        pen.poly(
            [(78 - 4 * dx, y0), (94.5 + 2.5 * dx, y0), (94.9 + 2.5 * dx, y0 + 8), (77.4 - 4 * dx, y0 + 8)],
            colour,
        )
    pen.box(68, 40, 140, 84, Blend(WHITE, (196, 194, 200)))
    pen.box(66, 37.5, 140, 41, (60, 92, 112))
    for x in (77.0, 92.0):
        pen.oval(x, 53, 5, 5, BRASS, line=0.4)
        pen.oval(x, 53, 3.6, 3.6, (255, 226, 150))
    pen.box(-40, 80, 140, 140, Blend((206, 160, 112), (150, 108, 78)))
    for i in range(-9, 10):
        pen.stroke([(50 + i * 7, 80), (50 + i * 13.5, 104)], 0.45, darker(WOOD, 0.4))
    for y in (58, 65, 72):
        pen.box(-40, y, 68, y + 1.5, WHITE)
        pen.box(-40, y + 1.1, 68, y + 1.6, (150, 158, 170))
    for post in range(-10, 68, 13):
        pen.box(post, 56, post + 1.8, 81, Blend(WHITE, (160, 166, 178), across=True))
    pen.box(-40, 55.5, 69, 58.2, (170, 104, 62))
    for x in (8.0, 58.0):
        for k in range(8):
            wedge = pen.moved(x, 68, turn=45 * k)
            tone = (238, 104, 44) if k % 2 else WHITE
            wedge.blob(outline("4.4,-1.9 7.6,-3.1 8.2,0 7.6,3.1 4.4,1.9 4.8,0"), tone)
    return [(77, 53, 9), (92, 53, 9)]

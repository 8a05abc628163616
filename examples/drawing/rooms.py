"""The four places indoors. Windows are holes in the wall: the sky of the chosen light shows through them."""

import math
import random

from examples.drawing.paint import Blend, Colour, Pen, darker, lighter, mix, outline, ring, shaded
from examples.drawing.shores import BRASS, INK, WOOD, Lamp


def lamp_room(pen: Pen, rng: random.Random) -> list[Lamp]:
    """Tall leaning panes all round, the ringed lens on its brass table, an iron floor."""
    pen.box(-40, 72, 140, 140, Blend((96, 92, 104), (58, 54, 70)))
    for seam in range(76, 108, 5):
        pen.box(-40, seam, 140, seam + 0.7, (44, 42, 56))
    for i in range(-9, 10):
        pen.stroke([(50 + i * 6, 72), (50 + i * 13, 106)], 0.5, (44, 42, 56))
    pen.box(-40, 66, 140, 74, Blend((206, 72, 58), (134, 44, 46)))
    pen.box(-40, 64.6, 140, 66.4, BRASS)
    pen.poly(outline("-40,-40 140,-40 140,8 50,3 -40,8"), Blend((120, 48, 48), (176, 70, 56)))
    for bar in range(-36, 140, 17):
        pen.stroke([(bar, 6), (bar + 8.5, 35), (bar, 66)], 1.3, (74, 66, 74))
        pen.stroke([(bar, 6), (bar - 8.5, 35), (bar, 66)], 1.3, (74, 66, 74))
    lens = pen.moved(75, 40)
    lens.blob(
        outline("-15,-24 0,-31 15,-24 20,0 15,24 0,29 -15,24 -20,0"),
        Blend((206, 236, 214), (112, 172, 166)),
        line=0.8,
    )
    for r in (17.5, 14.6, 11.8, 9.0, 6.2):
        lens.poly(ring(0, 0, r, r * 1.18), Blend((255, 248, 196), (238, 196, 96)))
        lens.poly(ring(0, 0, r - 1.0, (r - 1.0) * 1.18), Blend((126, 212, 206), (176, 232, 206)))
    lens.oval(0, 0, 4.6, 5.4, (255, 250, 214))
    for y in (20.0, 23.5, -21.0, -25.0):
        lens.stroke([(-15 + abs(y) * 0.15, y), (0, y + 2.5), (15 - abs(y) * 0.15, y)], 1.2, (250, 232, 160))
    for shine in ("-13,-17 -9,-23 -4,-26 -9,-12 -14,-2", "-15,2 -13,-1 -12,8 -13,12"):
        lens.poly(outline(shine), (255, 255, 255), alpha=130)
    for x in (-17.5, 17.5):
        lens.stroke([(x * 0.86, -22), (x * 1.12, 0), (x * 0.86, 23)], 1.1, darker(BRASS, 0.2))
    lens.box(-8, 34, 8, 62, Blend((176, 66, 56), (112, 40, 44), across=True), line=0.5)
    for y in (40.0, 52.0):
        lens.box(-8.6, y, 8.6, y + 2.4, shaded(BRASS))
    lens.poly(outline("-13,29 13,29 10,36 -10,36"), shaded(BRASS, 0.3), line=0.4)
    lens.box(-17, 26.5, 17, 30, shaded(BRASS), line=0.4)
    return [(75, 40, 44)]


def clock(pen: Pen, x: float, y: float, r: float, *, rim: Colour, rng: random.Random) -> None:
    """A round wall clock with twelve ticks and two hands."""
    pen.oval(x + r * 0.12, y + r * 0.16, r * 1.05, r * 1.05, (54, 32, 30), alpha=120)
    pen.oval(x, y, r, r, shaded(rim), line=0.35)
    pen.oval(x, y, r * 0.8, r * 0.8, Blend((255, 248, 226), (232, 216, 184)))
    for hour in range(12):
        angle = math.radians(30 * hour)
        long = 0.62 if hour % 3 else 0.56
        inner = (x + math.sin(angle) * r * long, y - math.cos(angle) * r * long)
        pen.stroke([inner, (x + math.sin(angle) * r * 0.72, y - math.cos(angle) * r * 0.72)], r * 0.07, INK)
    for long, wide in ((0.4, 0.1), (0.58, 0.06)):
        angle = rng.uniform(0, 2 * math.pi)
        pen.stroke([(x, y), (x + math.sin(angle) * r * long, y - math.cos(angle) * r * long)], r * wide, INK)
    pen.oval(x, y, r * 0.09, r * 0.09, BRASS)


def gear(pen: Pen, x: float, y: float, r: float, *, colour: Colour, turn: float) -> None:
    """A toothed wheel with four spokes."""
    teeth = max(10, round(r * 1.5))
    outline = []
    for i in range(teeth * 4):
        reach = r if i % 4 in (0, 1) else r * 0.84
        angle = 2 * math.pi * i / (teeth * 4) + math.radians(turn)
        outline.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    pen.poly(outline, shaded(colour), line=0.3)
    pen.oval(x, y, r * 0.64, r * 0.64, darker(colour, 0.62))
    for i in range(4):
        angle = math.radians(turn + 45 * i)
        dx, dy = math.cos(angle) * r * 0.68, math.sin(angle) * r * 0.68
        pen.stroke([(x - dx, y - dy), (x + dx, y + dy)], r * 0.14, colour)
    pen.oval(x, y, r * 0.22, r * 0.22, lighter(colour, 0.3), line=0.2)


def workshop(pen: Pen, rng: random.Random) -> list[Lamp]:
    """A panelled wall full of clocks, a window, a bench with wheels, tools and a vice."""
    pen.box(-40, -40, 140, 82, Blend((176, 112, 72), (122, 74, 54)))
    for x in range(-40, 140, 9):
        pen.box(x, -40, x + 0.7, 82, (88, 52, 42))
    pen.hole(outline("7,12 29,12 29,48 7,48"))
    for x0, y0, x1, y1 in (
        (4, 9, 32, 12),
        (4, 48, 32, 52),
        (4, 9, 7, 50),
        (29, 9, 32, 50),
        (17, 10, 18.6, 50),
        (5, 29, 31, 30.6),
    ):
        pen.box(x0, y0, x1, y1, (222, 182, 122))
    rims: list[Colour] = [(226, 176, 72), (176, 62, 52), (52, 116, 116), (92, 58, 44), (236, 222, 196)]
    spots = (
        (46, 14, 7),
        (63, 24, 9.5),
        (82, 12, 8),
        (95, 27, 6.5),
        (47, 38, 6),
        (82, 36, 7.5),
        (98, 6, 5),
        (64, 6, 4.6),
        (-8, 26, 9),
        (110, 16, 8),
    )
    for i, (x, y, r) in enumerate(spots):
        clock(pen, x, y, r, rim=rims[(i + rng.randrange(2)) % 5], rng=rng)
    pen.box(38, 52, 140, 54.5, shaded(WOOD), line=0.3)
    for x in (42, 52, 61, 71, 99):
        tall = rng.uniform(5, 9)
        glass: Colour = rng.choice(((116, 160, 150), (196, 96, 70), (226, 182, 96)))
        pen.box(x - 2.2, 52 - tall, x + 2.2, 52, shaded(glass), line=0.3)
        pen.oval(x, 52 - tall, 2.2, 0.8, lighter(glass))
    tall_clock = pen.moved(90, 62)
    tall_clock.box(-8, -16, 8, 34, Blend((136, 70, 46), (74, 36, 36), across=True), line=0.5)
    tall_clock.poly([(-9.5, -16), (9.5, -16), (0, -25)], (104, 50, 42), line=0.4)
    clock(tall_clock, 0, -8, 6.4, rim=BRASS, rng=rng)
    tall_clock.box(-4.6, 2, 4.6, 30, (44, 24, 28))
    swing = rng.uniform(-2, 2)
    tall_clock.stroke([(0, 2), (swing, 20)], 0.8, BRASS)
    tall_clock.oval(swing, 22, 3.2, 3.2, shaded(BRASS))
    pen.box(-40, 82, 140, 140, Blend((132, 88, 66), (86, 54, 50)))
    for i in range(-9, 10):
        pen.stroke([(50 + i * 9, 82), (50 + i * 15, 104)], 0.5, (62, 38, 40))
    pen.box(-40, 66, 22, 71, shaded((196, 138, 88)), line=0.4)
    pen.box(4, 71, 9, 92, darker(WOOD, 0.3))
    gear(pen, 5, 60, 6.6, colour=BRASS, turn=rng.uniform(0, 40))
    gear(pen, 15.5, 62, 4.4, colour=(196, 110, 70), turn=rng.uniform(0, 40))
    gear(pen, 56, 47, 4.6, colour=BRASS, turn=8)
    return [(18, 40, 26), (64, 24, 20)]


def office(pen: Pen, rng: random.Random) -> list[Lamp]:
    """A green room: pigeonholes of papers, the big sea chart, a round window, a desk with a bell."""
    pen.box(-40, -40, 140, 70, Blend((92, 148, 116), (60, 108, 92)))
    for stripe in range(-40, 140, 6):
        pen.box(stripe, -40, stripe + 2.6, 70, (84, 138, 108))
    pen.box(-40, 58, 140, 84, Blend((138, 86, 58), (98, 58, 48)))
    pen.box(-40, 56.6, 140, 59, (176, 116, 76))
    pen.box(-40, 82, 140, 140, Blend((156, 104, 74), (104, 66, 56)))
    for seam in range(85, 110, 6):
        pen.box(-40, seam, 140, seam + 0.6, (84, 52, 48))
    pen.box(-12, 6, 32, 64, shaded((120, 74, 52)), line=0.5)
    for row in range(5):
        for col in range(5):
            x, y = -10.4 + col * 8.3, 8 + row * 11
            pen.box(x, y, x + 7, y + 9.6, (56, 34, 36))
            for _ in range(rng.randrange(1, 4)):
                roll: Colour = rng.choice(((246, 234, 204), (226, 204, 160), (206, 92, 74), (122, 166, 178)))
                px = x + rng.uniform(1.5, 5.6)
                pen.oval(px, y + rng.uniform(5, 8), 1.5, 1.5, roll, line=0.15)
    chart = pen.moved(65, 30, scale=0.82)
    chart.box(-27, -23, 27, 21, (96, 58, 44), line=0.4)
    chart.box(-25, -21, 25, 19, Blend((170, 214, 214), (136, 190, 200)))
    land = outline("-25,-21 -4,-21 -8,-13 -2,-8 -11,-2 -7,6 -15,10 -13,19 -25,19")
    chart.poly(land, (242, 222, 166), line=0.35)
    chart.blob(outline("10,2 17,-1 20,6 14,10 8,8"), (242, 222, 166), line=0.35)
    chart.stroke([(-9, 0), (6, 0)], 1.0, (150, 84, 62))
    for k in range(7):
        chart.oval(-2 + k * 3.4, -14 + k * 2.2 * math.sin(k), 0.6, 0.6, (206, 60, 52))
    for k in range(8):
        rose = chart.moved(16, -11, turn=45 * k)
        rose.poly(
            [(0, 0), (-0.9, -2), (0, -7 if k % 2 == 0 else -4), (0.9, -2)],
            (190, 62, 54) if k % 2 == 0 else INK,
        )
    pen.oval(95, 22, 8.6, 8.6, shaded(BRASS), line=0.4)
    pen.hole(ring(95, 22, 6.8, 6.8))
    pen.box(58, 68, 140, 73, shaded((150, 84, 56)), line=0.4)
    pen.box(62, 73, 136, 100, Blend((116, 62, 48), (80, 42, 42)))
    pen.box(70, 77, 92, 86, (136, 78, 56), line=0.4)
    pen.oval(81, 81.5, 1.5, 1.5, BRASS)
    pen.blob(outline("68,66.6 69.5,61 73,58.6 76.5,61 78,66.6 73,67.6"), shaded(BRASS), line=0.3)
    pen.oval(73, 58, 1.0, 1.0, BRASS)
    for k in range(4):
        tone: Colour = ((52, 92, 132), (176, 62, 54), (226, 196, 130), (66, 118, 96))[k]
        pen.box(84, 65.8 - k * 2.4, 99 - k, 68 - k * 2.4, tone, line=0.25)
    return [(92, 50, 24)]


def clock_tower(pen: Pen, rng: random.Random) -> list[Lamp]:
    """Behind the great dial: opal glass, iron numerals, beams and the driving wheels."""
    pen.box(-40, -40, 140, 140, Blend((112, 82, 72), (72, 50, 52)))
    for row in range(18):
        for i in range(-5, 14):
            x, y = i * 11 + (row % 2) * 5.5, row * 6 - 4
            pen.box(x, y, x + 10.3, y + 5.4, mix((134, 96, 80), (88, 62, 60), rng.random()))
    x0, y0, r = 62.0, 42.0, 39.0
    pen.oval(x0, y0, r + 4, r + 4, shaded((64, 48, 52)), line=0.6)
    pen.oval(x0, y0, r + 2, r + 2, shaded(BRASS))
    pen.oval(x0, y0, r, r, Blend((255, 244, 206), (250, 216, 150)))
    for i in range(12):
        angle = math.radians(30 * i)
        pen.stroke([(x0, y0), (x0 + r * math.cos(angle), y0 + r * math.sin(angle))], 0.45, (206, 172, 116))
    for part in (0.62, 0.93):
        path = ring(x0, y0, r * part, r * part, steps=40)
        pen.stroke([*path, path[0], path[1]], 1.0, INK)
    for hour in range(12):
        numeral = pen.moved(x0, y0, turn=30 * hour)
        for k in range(1 + hour % 3):
            numeral.box(
                -1 + (k - (hour % 3) / 2) * 3.2, -r * 0.9, 1 + (k - (hour % 3) / 2) * 3.2, -r * 0.66, INK
            )
    minute, hour_turn = rng.uniform(0, 360), rng.uniform(0, 360)
    for turn, long, wide in ((hour_turn, 22, 3.4), (minute, 33, 2.2)):
        hand = pen.moved(x0, y0, turn=turn)
        hand.poly(
            [(-wide * 0.5, 6), (wide * 0.5, 6), (wide, -long * 0.7), (0, -long), (-wide, -long * 0.7)], INK
        )
    gear(pen, x0, y0, 5, colour=BRASS, turn=10)
    pen.box(-40, 82, 140, 140, Blend((142, 100, 70), (90, 60, 52)))
    for seam in range(85, 110, 6):
        pen.box(-40, seam, 140, seam + 0.6, (62, 42, 42))
    pen.poly(outline("-30,-20 -14,-20 22,90 10,90"), Blend((132, 88, 60), (84, 54, 48)), line=0.4)
    gear(pen, 8, 62, 15, colour=(206, 140, 66), turn=rng.uniform(0, 30))
    gear(pen, 26, 77, 8.6, colour=BRASS, turn=rng.uniform(0, 30))
    gear(pen, 96, 80, 11, colour=(186, 112, 66), turn=rng.uniform(0, 30))
    pen.box(-40, -40, 140, 4, Blend((92, 62, 52), (120, 80, 58)))
    return [(x0, y0, 52)]

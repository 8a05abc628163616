"""The ten props, each about one unit across around its own middle, and where a hand holds it."""

import math
from collections.abc import Callable

from examples.drawing.paint import Blend, Colour, Pen, Point, darker, lighter, outline, ring, shaded
from examples.drawing.vocabulary import Prop

BRASS: Colour = (228, 174, 62)
COPPER: Colour = (206, 112, 64)
IRON: Colour = (62, 62, 78)
EDGE: Colour = (214, 214, 222)
LINE = 0.016


def lantern(pen: Pen) -> None:
    """A brass lantern with four glass sides and a flame; it hangs from its ring."""
    loop = ring(0, -0.5, 0.15, 0.13, steps=16)
    pen.stroke([*loop, loop[0]], 0.05, darker(BRASS, 0.3))
    pen.blob(outline("-0.2,-0.3 -0.09,-0.43 0.09,-0.43 0.2,-0.3 0,-0.27"), shaded(BRASS), line=LINE)
    pen.poly(
        outline("-0.25,-0.28 0.25,-0.28 0.29,0.3 -0.29,0.3"),
        Blend((255, 244, 178), (255, 178, 70)),
        line=LINE,
    )
    pen.blob(outline("0,-0.2 0.12,0.06 0.08,0.24 -0.08,0.24 -0.12,0.06"), (255, 252, 226))
    pen.blob(outline("0.01,-0.06 0.06,0.1 0,0.24 -0.06,0.1"), (255, 142, 40))
    for x in (-0.26, 0.0, 0.26):
        pen.stroke([(x * 0.9, -0.28), (x * 1.08, 0.3)], 0.045, darker(BRASS, 0.25))
    pen.box(-0.32, -0.31, 0.32, -0.23, shaded(BRASS), line=LINE)
    pen.box(-0.35, 0.28, 0.35, 0.42, shaded(BRASS), line=LINE)


def clockwork_bird(pen: Pen) -> None:
    """A copper bird with a riveted wing, a clock face on its breast and a winding key."""
    pen.stroke([(0.3, -0.18), (0.46, -0.36)], 0.05, IRON)
    for turn in (-40, 50):
        pen.oval(
            0.47 + 0.07 * math.cos(turn),
            -0.42 + 0.08 * math.sin(turn),
            0.1,
            0.065,
            BRASS,
            turn=turn,
            line=LINE,
        )
    pen.blob(outline("0.2,0.06 0.62,0.02 0.72,0.14 0.6,0.2 0.25,0.2"), shaded(darker(COPPER, 0.2)), line=LINE)
    pen.blob(
        outline("-0.36,-0.1 -0.1,-0.26 0.26,-0.2 0.36,0.06 0.12,0.28 -0.18,0.24 -0.38,0.08"),
        shaded(COPPER),
        line=LINE,
    )
    pen.oval(-0.33, -0.24, 0.22, 0.21, shaded((226, 138, 78)), line=LINE)
    pen.poly([(-0.5, -0.28), (-0.76, -0.19), (-0.5, -0.14)], BRASS, line=LINE)
    pen.oval(-0.37, -0.28, 0.085, 0.085, (255, 246, 214), line=LINE)
    pen.oval(-0.38, -0.28, 0.042, 0.042, (24, 20, 30))
    for tip, tone in (((0.52, -0.5), 0.24), ((0.6, -0.3), 0.1), ((0.56, -0.12), 0.0)):
        feather = [(-0.06, -0.06), (0.12, -0.22), tip, (0.3, 0.06), (0.08, 0.1)]
        pen.blob(feather, shaded(darker((236, 160, 84), tone)), line=LINE)
    for x, y in ((0.06, 0.0), (0.2, -0.08), (0.32, -0.16)):
        pen.oval(x, y, 0.028, 0.028, (255, 226, 150))
    pen.oval(-0.14, 0.08, 0.12, 0.12, (255, 246, 222), line=LINE)
    pen.stroke([(-0.14, 0.08), (-0.14, 0.0)], 0.025, IRON)
    pen.stroke([(-0.14, 0.08), (-0.08, 0.1)], 0.025, IRON)
    for x in (-0.08, 0.1):
        pen.stroke([(x, 0.24), (x, 0.4)], 0.04, BRASS)


def whistle(pen: Pen) -> None:
    """A large pea whistle with a red cord."""
    pen = pen.moved(0, 0, turn=-38, flip=True)
    pen.stroke(outline("0.38,0.02 0.58,0.2 0.46,0.5 0.2,0.62 0.02,0.86"), 0.06, (206, 44, 48))
    pen.blob(
        outline("0.02,-0.3 0.32,-0.22 0.42,0.04 0.3,0.3 0.02,0.36 -0.2,0.2 -0.24,-0.1"),
        shaded(BRASS, 0.3),
        line=LINE,
    )
    pen.poly(
        outline("-0.66,-0.34 0.12,-0.34 0.12,-0.04 -0.66,-0.1"),
        Blend(lighter(BRASS, 0.5), darker(BRASS, 0.15)),
        line=LINE,
    )
    pen.poly(outline("-0.22,-0.36 -0.06,-0.36 -0.1,-0.14 -0.24,-0.14"), (62, 36, 30))
    pen.oval(0.1, 0.06, 0.15, 0.15, darker(BRASS, 0.45), line=LINE)
    pen.oval(0.12, 0.08, 0.1, 0.1, (150, 96, 60))
    pen.oval(0.38, 0.02, 0.08, 0.08, darker(BRASS, 0.2), line=LINE)
    pen.stroke([(-0.58, -0.28), (-0.32, -0.28)], 0.04, (255, 248, 214))


def ledger(pen: Pen) -> None:
    """A thick blue book with gold corners, a clasp and a red ribbon."""
    pen.poly(outline("0.1,0.4 0.2,0.4 0.2,0.66 0.15,0.6 0.1,0.66"), (206, 48, 52))
    pen.poly(
        outline("-0.34,0.5 0.44,0.5 0.48,0.42 0.48,-0.46 0.4,-0.5"),
        Blend((252, 242, 214), (206, 186, 150)),
        line=LINE,
    )
    for y in (0.44, 0.465):
        pen.stroke([(-0.3, y), (0.43, y)], 0.012, (170, 150, 120))
    pen.poly(outline("-0.42,-0.52 0.4,-0.52 0.4,0.42 -0.42,0.42"), shaded((44, 84, 160), 0.3), line=LINE)
    pen.poly(outline("-0.42,-0.52 -0.3,-0.52 -0.3,0.42 -0.42,0.42"), (28, 52, 112))
    for x, y, sx, sy in ((0.4, -0.52, -1, 1), (0.4, 0.42, -1, -1)):
        pen.poly([(x, y), (x + 0.2 * sx, y), (x, y + 0.2 * sy)], BRASS)
    anchor: Colour = (255, 214, 110)
    pen.stroke([(0.05, -0.26), (0.05, 0.14)], 0.055, anchor)
    pen.stroke(outline("-0.12,0 -0.06,0.13 0.05,0.18 0.16,0.13 0.22,0"), 0.05, anchor)
    pen.stroke([(-0.06, -0.16), (0.16, -0.16)], 0.045, anchor)
    pen.oval(0.05, -0.31, 0.06, 0.06, anchor)
    pen.box(0.3, -0.11, 0.5, 0.01, BRASS, line=LINE)


def spyglass(pen: Pen) -> None:
    """Three drawn tubes of brass and brown leather."""
    tube = pen.moved(0, 0, turn=-32)
    leather: Colour = (128, 66, 42)
    for x0, x1, half, tone in (
        (0.3, 0.78, 0.2, leather),
        (-0.2, 0.32, 0.155, BRASS),
        (-0.66, -0.18, 0.115, leather),
    ):
        tube.box(x0, -half, x1, half, Blend(lighter(tone, 0.45), darker(tone, 0.4)), line=LINE)
    for x, half in ((0.78, 0.235), (0.3, 0.215), (-0.2, 0.165), (-0.66, 0.14)):
        tube.box(x - 0.05, -half, x + 0.05, half, Blend((255, 232, 150), darker(BRASS, 0.3)), line=LINE)
    tube.oval(0.84, 0, 0.05, 0.21, (150, 214, 232), line=LINE)


def fish(pen: Pen) -> None:
    """A fat silver fish with a forked tail and a blue back."""
    body = pen.moved(0, 0, turn=-12)
    body.blob(outline("0.5,0 0.86,-0.32 0.78,0 0.86,0.3"), shaded((96, 128, 160)), line=LINE)
    body.blob(outline("-0.16,-0.24 0.04,-0.46 0.26,-0.36 0.3,-0.16"), (86, 118, 152), line=LINE)
    body.blob(
        outline("-0.74,0.02 -0.5,-0.2 -0.1,-0.3 0.3,-0.18 0.6,0 0.3,0.2 -0.12,0.29 -0.52,0.2"),
        Blend((122, 156, 188), (248, 250, 246)),
        line=LINE,
    )
    body.stroke([(-0.36, -0.2), (-0.28, 0.0), (-0.36, 0.2)], 0.035, (84, 108, 136))
    for row in range(3):
        for col in range(5 - row):
            x, y = -0.12 + col * 0.13 + row * 0.06, -0.14 + row * 0.1
            body.stroke([(x, y - 0.05), (x + 0.045, y), (x, y + 0.05)], 0.02, (104, 138, 168))
    body.blob([(-0.16, 0.08), (0.1, 0.1), (0.04, 0.26)], (134, 166, 190), line=LINE)
    body.oval(-0.52, -0.05, 0.085, 0.085, (255, 250, 220), line=LINE)
    body.oval(-0.53, -0.05, 0.045, 0.045, (20, 20, 30))
    body.stroke([(-0.72, 0.06), (-0.62, 0.09)], 0.03, (84, 108, 136))


def canopy(pen: Pen) -> None:
    """The open umbrella seen from its outside: twelve red and white panels round its tip."""
    reach, panels = 1.28, 12
    for i in range(panels):
        start, end = 2 * math.pi * i / panels, 2 * math.pi * (i + 1) / panels
        middle = (start + end) / 2
        rim: list[Point] = [(math.cos(start) * reach, math.sin(start) * reach)]
        rim.append((math.cos(middle) * reach * 0.92, math.sin(middle) * reach * 0.92))
        rim.append((math.cos(end) * reach, math.sin(end) * reach))
        tone: Colour = (214, 48, 54) if i % 2 else (255, 248, 234)
        pen.poly([(0, 0), *rim], Blend(lighter(tone, 0.1), darker(tone, 0.16)), line=LINE)
    pen.oval(0, 0, 0.07, 0.07, BRASS, line=LINE)


def umbrella(pen: Pen) -> None:
    """The umbrella's handle, held in the hand; its canopy is drawn behind the figure."""
    pen.stroke([(-0.3, -0.9), (0, 0), (0.1, 0.32)], 0.055, (96, 58, 44))
    pen.stroke(outline("0.1,0.3 0.13,0.5 0.28,0.52 0.32,0.38"), 0.075, shaded((150, 92, 52)).end)


def key(pen: Pen) -> None:
    """An oversized iron key, its bow a clover of three rings."""
    iron: Colour = (92, 96, 120)
    shine = lighter(iron, 0.5)
    # A pale edge keeps dark iron readable before dark feathers and night skies.
    for x, y in ((0, -0.56), (-0.17, -0.3), (0.17, -0.3)):
        loop = ring(x, y, 0.145, 0.145, steps=16)
        pen.stroke([*loop, loop[0], loop[1]], 0.15, EDGE)
    pen.stroke([(0, -0.24), (0, 0.66)], 0.18, EDGE)
    pen.box(-0.15, -0.25, 0.15, -0.1, EDGE)
    for y, long in ((0.36, 0.28), (0.54, 0.34)):
        pen.box(0.0, y - 0.03, long + 0.03, y + 0.14, EDGE)
    for x, y in ((0, -0.56), (-0.17, -0.3), (0.17, -0.3)):
        loop = ring(x, y, 0.145, 0.145, steps=16)
        pen.stroke([*loop, loop[0], loop[1]], 0.095, iron)
        pen.stroke(loop[9:14], 0.03, shine)
    pen.stroke([(0, -0.24), (0, 0.66)], 0.12, iron)
    pen.stroke([(-0.025, -0.1), (-0.025, 0.6)], 0.03, shine)
    pen.box(-0.12, -0.22, 0.12, -0.13, iron)
    for y, long in ((0.36, 0.28), (0.54, 0.34)):
        pen.box(0.02, y, long, y + 0.11, iron)


def teapot(pen: Pen) -> None:
    """A round white pot with blue dots, and its steam."""
    china: Colour = (252, 250, 244)
    for x, tall in ((-0.62, 0.0), (-0.5, 0.08)):
        pen.stroke(
            [(x, -0.3 - tall), (x - 0.07, -0.44 - tall), (x + 0.04, -0.56 - tall), (x - 0.02, -0.7 - tall)],
            0.06,
            (236, 240, 244),
            end=0.015,
        )
    loop = outline("0.34,-0.2 0.6,-0.24 0.66,0.02 0.5,0.2 0.32,0.2")
    pen.stroke(loop, 0.09, (62, 116, 190))
    pen.blob(
        outline("-0.3,0.14 -0.52,-0.02 -0.66,-0.26 -0.56,-0.29 -0.4,-0.12 -0.24,-0.1"),
        shaded(china),
        line=LINE,
    )
    pen.oval(0, 0.02, 0.42, 0.36, Blend(china, (196, 206, 222)), line=LINE)
    pen.oval(0, -0.28, 0.24, 0.09, shaded((62, 116, 190)), line=LINE)
    pen.oval(0, -0.39, 0.07, 0.06, (62, 116, 190), line=LINE)
    for x, y in (
        (-0.24, -0.04),
        (0.02, -0.1),
        (0.26, -0.03),
        (-0.12, 0.12),
        (0.14, 0.12),
        (0.0, 0.27),
        (-0.26, 0.2),
        (0.27, 0.2),
    ):
        pen.oval(x, y, 0.05, 0.05, (46, 104, 188))
    pen.box(-0.22, 0.34, 0.22, 0.4, (62, 116, 190), line=LINE)


def letter(pen: Pen) -> None:
    """A cream envelope with a broad red seal."""
    paper = pen.moved(0, 0, turn=-9)
    paper.box(-0.54, -0.36, 0.54, 0.36, Blend((255, 248, 226), (238, 220, 180)), line=LINE)
    paper.stroke([(-0.53, 0.34), (-0.1, 0.0)], 0.022, (190, 164, 122))
    paper.stroke([(0.53, 0.34), (0.1, 0.0)], 0.022, (190, 164, 122))
    paper.poly(
        [(-0.54, -0.36), (0.54, -0.36), (0.0, 0.1)], Blend((255, 252, 238), (240, 224, 188)), line=LINE
    )
    paper.blob(
        outline("0,-0.12 0.13,-0.08 0.17,0.05 0.1,0.17 -0.04,0.19 -0.16,0.1 -0.14,-0.04"),
        (206, 36, 44),
        line=LINE,
    )
    paper.oval(0, 0.03, 0.085, 0.085, (236, 84, 78))


PROPS: dict[Prop, Callable[[Pen], None]] = {
    "lantern": lantern,
    "clockwork_bird": clockwork_bird,
    "whistle": whistle,
    "ledger": ledger,
    "spyglass": spyglass,
    "fish": fish,
    "umbrella": umbrella,
    "key": key,
    "teapot": teapot,
    "letter": letter,
}
GRIPS: dict[Prop, Point] = {
    "lantern": (0, -0.55),
    "clockwork_bird": (0.0, 0.36),
    "whistle": (-0.14, 0.3),
    "ledger": (0.1, 0.42),
    "spyglass": (-0.1, 0.12),
    "fish": (0.05, 0.26),
    "umbrella": (0.03, 0.1),
    "key": (0, 0.16),
    "teapot": (0, 0.4),
    "letter": (0.1, 0.34),
}
"""Where the hand holds each prop, measured from the prop's middle."""

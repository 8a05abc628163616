"""The six lights: sky colours, how they tint a scene and a figure, and the weather in the air."""

import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from examples.drawing.paint import Blend, Colour, Pen, mix
from examples.drawing.vocabulary import Light, Weather


@dataclass(frozen=True, slots=True)
class Mood:
    """What one light does. Tints multiply a scene's channels, `sat` keeps that share of its saturation."""

    high: Colour
    middle: Colour
    low: Colour
    sea: tuple[Colour, Colour]
    cloud: Colour
    cloud_shadow: Colour
    scene_tint: tuple[float, float, float]
    scene_sat: float
    figure_tint: tuple[float, float, float]
    figure_sat: float
    rim: Colour
    shadow: Colour
    haze: Colour
    glow: float
    dark: bool


MOODS: dict[Light, Mood] = {
    "dawn": Mood(
        high=(118, 128, 190), middle=(236, 158, 176), low=(255, 217, 186),
        sea=((226, 168, 172), (98, 116, 150)), cloud=(255, 214, 206), cloud_shadow=(196, 138, 176),
        scene_tint=(1.02, 0.85, 0.9), scene_sat=0.88, figure_tint=(1.03, 0.95, 0.98), figure_sat=0.95,
        rim=(255, 206, 180), shadow=(96, 66, 112), haze=(248, 200, 196), glow=0.45, dark=False,
    ),
    "noon": Mood(
        high=(52, 142, 208), middle=(116, 192, 228), low=(214, 238, 238),
        sea=((120, 196, 200), (26, 112, 132)), cloud=(255, 255, 250), cloud_shadow=(186, 214, 230),
        scene_tint=(1.04, 1.03, 0.98), scene_sat=1.0, figure_tint=(1.03, 1.02, 1.0), figure_sat=1.05,
        rim=(255, 252, 226), shadow=(38, 56, 92), haze=(222, 240, 240), glow=0.25, dark=False,
    ),
    "golden": Mood(
        high=(120, 84, 122), middle=(240, 136, 66), low=(255, 214, 112),
        sea=((250, 176, 84), (110, 84, 84)), cloud=(255, 190, 104), cloud_shadow=(190, 92, 84),
        scene_tint=(1.08, 0.8, 0.52), scene_sat=0.85, figure_tint=(1.07, 0.95, 0.8), figure_sat=1.0,
        rim=(255, 212, 104), shadow=(92, 40, 48), haze=(255, 196, 108), glow=0.5, dark=False,
    ),
    "moonlight": Mood(
        high=(10, 20, 56), middle=(30, 58, 114), low=(88, 128, 172),
        sea=((96, 136, 176), (12, 28, 62)), cloud=(106, 138, 182), cloud_shadow=(34, 58, 104),
        scene_tint=(0.36, 0.5, 0.8), scene_sat=0.38, figure_tint=(0.8, 0.87, 1.0), figure_sat=0.86,
        rim=(196, 222, 255), shadow=(6, 10, 36), haze=(84, 118, 164), glow=0.75, dark=True,
    ),
    "storm": Mood(
        high=(44, 54, 60), middle=(84, 98, 98), low=(148, 158, 144),
        sea=((118, 134, 124), (32, 52, 54)), cloud=(98, 108, 110), cloud_shadow=(38, 46, 54),
        scene_tint=(0.62, 0.7, 0.68), scene_sat=0.5, figure_tint=(0.88, 0.93, 0.9), figure_sat=0.82,
        rim=(214, 228, 214), shadow=(16, 24, 30), haze=(130, 144, 136), glow=0.55, dark=True,
    ),
    "lamplight": Mood(
        high=(26, 16, 52), middle=(66, 36, 86), low=(150, 82, 98),
        sea=((128, 76, 104), (28, 20, 54)), cloud=(100, 60, 110), cloud_shadow=(40, 24, 66),
        scene_tint=(0.84, 0.54, 0.42), scene_sat=0.85, figure_tint=(1.05, 0.9, 0.74), figure_sat=0.95,
        rim=(255, 190, 92), shadow=(26, 8, 34), haze=(150, 84, 92), glow=1.0, dark=True,
    ),
}  # fmt: skip


def tinted(image: Image.Image, tint: tuple[float, float, float], sat: float) -> Image.Image:
    """Return the picture with its saturation scaled by `sat` and its channels by `tint`."""
    grey = (0.30 * (1 - sat), 0.59 * (1 - sat), 0.11 * (1 - sat))
    rows = [[grey[col] + (sat if col == row else 0.0) for col in range(3)] for row in range(3)]
    matrix = [
        value * tint[row] if col < 3 else 0.0
        for row in range(3)
        for col, value in enumerate([*rows[row], 0.0])
    ]
    return image.convert("RGB", tuple(matrix))


def paint_sky(pen: Pen, light: Light, rng: random.Random, horizon: float = 62.0) -> None:
    """Fill the picture with sky down to `horizon`: three-stop gradient, sun or moon, clouds, stars."""
    mood = MOODS[light]
    middle = horizon * 0.55
    pen.box(-40, -40, 140, middle + 0.5, Blend(mood.high, mood.middle))
    pen.box(-40, middle, 140, horizon + 0.5, Blend(mood.middle, mood.low))
    pen.box(-40, horizon, 140, 140, mood.low)
    if light in ("moonlight", "lamplight"):
        for _ in range(46):
            size = rng.uniform(0.12, 0.34)
            pen.oval(rng.uniform(-5, 105), rng.uniform(0, horizon * 0.8), size, size, (255, 244, 214))
    sun_x = rng.choice((20.0, 80.0))
    if light == "moonlight":
        pen.glow(sun_x, 18, 34, (150, 190, 255), 0.6)
        pen.oval(sun_x, 18, 7.5, 7.5, Blend((250, 250, 236), (206, 220, 238)))
        for x, y, r in ((-2.2, -1.5, 1.5), (2.4, 1.0, 1.9), (-1.2, 3.2, 1.1)):
            pen.oval(sun_x + x, 18 + y, r, r, (206, 216, 226))
    elif light in ("dawn", "golden"):
        pen.glow(sun_x, horizon - 9, 50, (255, 226, 150), 0.75)
        pen.oval(sun_x, horizon - 9, 8.5, 8.5, Blend((255, 248, 214), mix(mood.low, (255, 190, 120), 0.4)))
    elif light == "noon":
        pen.glow(sun_x, 8, 38, (255, 252, 220), 0.8)
        pen.oval(sun_x, 8, 6, 6, (255, 253, 232))
    clouds = {"storm": 11, "noon": 5}.get(light, 4)
    for _ in range(clouds):
        y = rng.uniform(-4, horizon * 0.5) if light == "storm" else rng.uniform(8, horizon * 0.72)
        x, size = rng.uniform(-8, 108), rng.uniform(0.7, 1.6) * (1.5 if light == "storm" else 1)
        paint_cloud(pen, x, y, size, mood=mood, rng=rng)
    if light == "storm":
        x, y = rng.choice((16.0, 84.0)), 6.0
        bolt = [
            (x, y),
            (x - 4, y + 14),
            (x, y + 13),
            (x - 5, y + 30),
            (x + 4, y + 9),
            (x, y + 10),
            (x + 4, y),
        ]
        pen.glow(x, y + 12, 26, (220, 236, 214), 0.5)
        pen.poly(bolt, (244, 248, 220))


def paint_cloud(pen: Pen, x: float, y: float, size: float, *, mood: Mood, rng: random.Random) -> None:
    """Draw one flat-bottomed cloud about 16 units wide at size 1."""
    puffs = [(rng.uniform(-7, 7) * size, rng.uniform(1.6, 3.6) * size) for _ in range(5)]
    for shift, colour in ((0.9, mood.cloud_shadow), (0.0, mood.cloud)):
        for dx, r in puffs:
            pen.oval(x + dx, y - r * 0.35 + shift * size, r * 1.35, r * 0.8, colour)
        pen.oval(x, y + shift * size, 10 * size, 1.5 * size, colour)


def paint_sea(pen: Pen, light: Light, rng: random.Random, horizon: float, bottom: float = 140.0) -> None:
    """Fill the sea from the horizon down, with wave dashes that grow towards us."""
    mood = MOODS[light]
    pen.box(-40, horizon, 140, min(horizon + 42, bottom), Blend(*mood.sea))
    if bottom > horizon + 42:
        pen.box(-40, horizon + 41.5, 140, bottom, mood.sea[1])
    for _ in range(54):
        depth = rng.random() ** 1.6
        y = horizon + 1 + depth * 44
        x, long, thick = rng.uniform(-6, 106), 2 + depth * 11, 0.2 + depth * 0.9
        bright = rng.random() < 0.6
        colour = mix(mood.sea[0], mood.low, 0.55) if bright else mix(mood.sea[1], mood.shadow, 0.3)
        sag = thick * rng.choice((-1, 1))
        pen.blob(
            [(x - long, y), (x, y - thick / 2 + sag), (x + long, y), (x, y + thick / 2 + sag)],
            colour,
            alpha=150,
        )


def paint_weather(pen: Pen, weather: Weather, light: Light, rng: random.Random, near: bool) -> None:
    """Draw what is in the air; the `near` pass, in front of the figure, is thinner and larger."""
    mood = MOODS[light]
    if weather == "mist":
        for _ in range(2 if near else 4):
            y = rng.uniform(84, 98) if near else rng.uniform(38, 76)
            x = rng.uniform(0, 100)
            pen.soft(
                [(x - 60, y), (x, y - 5), (x + 60, y), (x, y + 6)],
                mix(mood.haze, (255, 255, 255), 0.3),
                0.6,
                4,
            )
    elif weather == "rain":
        for _ in range(34 if near else 80):
            x, y, long = (
                rng.uniform(-5, 110),
                rng.uniform(-5, 100),
                rng.uniform(4, 8) * (1.3 if near else 0.8),
            )
            wide = 0.34 if near else 0.24
            drop = [(x, y), (x + wide, y), (x + wide - long * 0.32, y + long), (x - long * 0.32, y + long)]
            pen.poly(drop, (226, 238, 244), alpha=120 if near else 110)
    elif weather == "snow":
        for _ in range(26 if near else 70):
            size = rng.uniform(0.7, 1.25) if near else rng.uniform(0.3, 0.8)
            pen.oval(rng.uniform(0, 100), rng.uniform(0, 100), size, size, (248, 250, 255), alpha=225)
    elif weather in ("leaves", "petals"):
        colours: list[Colour] = [(214, 96, 32), (232, 152, 40), (176, 60, 36)]
        if weather == "petals":
            colours = [(255, 190, 206), (255, 222, 228), (244, 150, 180)]
        for _ in range(11 if near else 26):
            size = rng.uniform(1.3, 2.0) if near else rng.uniform(0.7, 1.3)
            leaf = pen.moved(rng.uniform(0, 100), rng.uniform(0, 96), scale=size, turn=rng.uniform(0, 360))
            leaf.blob([(-1.3, 0), (-0.2, -0.62), (1.3, 0), (-0.2, 0.62)], rng.choice(colours))


def round_figure(image: Image.Image, mask: Image.Image, light: Light, from_left: bool) -> Image.Image:
    """Return the figure with a soft shadow on the far side and a rim of light on the near one."""
    mood = MOODS[light]
    small = (max(mask.width // 4, 8), max(mask.height // 4, 8))
    outline = mask.resize(small, Image.Resampling.BILINEAR)
    reach = max(small[0] // 34, 1) * (1 if from_left else -1)
    blur = ImageFilter.GaussianBlur(max(small[0] / 60, 0.8))
    away = ImageChops.subtract(outline, ImageChops.offset(outline, -reach, -abs(reach) // 3)).filter(blur)
    near = ImageChops.subtract(outline, ImageChops.offset(outline, reach // 2 or reach, abs(reach) // 3))
    near = near.filter(ImageFilter.GaussianBlur(max(small[0] / 220, 0.4)))
    lit = image.copy()
    lit.paste(mood.shadow, (0, 0), away.point([round(v * 0.62) for v in range(256)]).resize(mask.size))
    lit.paste(mood.rim, (0, 0), near.point([round(v * 0.55) for v in range(256)]).resize(mask.size))
    return lit


def paper_grain(image: Image.Image, seed: int) -> Image.Image:
    """Return the picture on a slightly rough paper with darker corners."""
    width, height = image.size
    rng = random.Random(f"grain/{seed}")
    cells = (max(width // 3, 2), max(height // 3, 2))
    noise = Image.frombytes("L", cells, rng.randbytes(cells[0] * cells[1])).resize(
        image.size, Image.Resampling.BILINEAR
    )
    darker_paper = ImageChops.multiply(image, Image.new("RGB", image.size, (244, 241, 240)))
    rough = Image.composite(
        image, darker_paper, noise.point([min(255, max(0, (v - 70) * 3)) for v in range(256)])
    )
    corner = Image.radial_gradient("L").point([max(0, v - 128) * 78 // 127 for v in range(256)])
    rough.paste((24, 12, 30), (0, 0), corner.resize(image.size, Image.Resampling.BILINEAR))
    return rough

"""A spec -> a finished picture: place, figure, light, air and paper."""

import random

from PIL import Image, ImageFilter

from examples.drawing.heron import draw_heron
from examples.drawing.light import MOODS, paint_weather, paper_grain, round_figure, tinted
from examples.drawing.paint import Colour, Pen, Point, ring
from examples.drawing.people import draw_person
from examples.drawing.places import paint_place
from examples.drawing.vocabulary import INDOORS, Accent, Framing, PictureSpec, Side

ACCENT_COLOURS: dict[Accent, Colour] = {
    "red": (206, 42, 46),
    "mustard": (232, 176, 36),
    "navy": (36, 56, 122),
    "green": (48, 142, 78),
    "violet": (124, 66, 168),
    "cream": (246, 234, 202),
    "teal": (24, 146, 152),
    "pink": (240, 128, 164),
}
# Units a figure's own unit is drawn at, the ground's height and the background's zoom.
FRAMES: dict[Framing, tuple[float, float, float]] = {
    "full": (22.0, 93.5, 1.0),
    "half": (34.0, 146.0, 1.22),
    "close": (46.0, 181.0, 1.5),
}
LEFT_OF: dict[Side, float] = {"left": 38.0, "centre": 50.0, "right": 62.0}


def draw_picture(spec: PictureSpec, *, size: int = 768) -> Image.Image:
    """Draw one picture.

    Args:
        spec: what to show; any combination of the vocabulary.
        size: edge in pixels, at least 16. It is drawn larger and averaged down for smooth edges.

    Returns:
        An RGB picture of `size` by `size` pixels, the same for the same spec, size and Pillow version.

    Raises:
        ValueError: the size is too small to draw.
    """
    if size < 16:
        raise ValueError(f"A picture of {size} px cannot be drawn: ask for 16 px or more.")
    factor = 4 if size <= 160 else 3
    edge = size * factor
    rng = random.Random(f"picture/{spec.seed}/{spec.place}")
    flipped = spec.side == "right" or (spec.side == "centre" and rng.random() < 0.5)
    image = Image.new("RGB", (edge, edge))
    canvas = Pen(image, (edge / 100, 0, 0, 0, edge / 100, 0))
    unit, ground, zoom = FRAMES[spec.framing]
    mirrored = canvas.moved(100 if flipped else 0, 0, flip=flipped)
    # Nearer views look past the figure at the open side of the place.
    focus = rng.uniform(66, 76) * (1 - zoom)
    backdrop = mirrored if zoom == 1.0 else mirrored.moved(focus, 50 - 52 * zoom, scale=zoom)
    paint_place(backdrop, spec.place, spec.light, spec.weather, rng)
    if spec.framing != "full":
        # A near figure stands out when what lies behind it is a little out of focus.
        soft = image.resize((edge // 4, edge // 4), Image.Resampling.BOX)
        blur = edge / 4 / (420 if spec.framing == "half" else 240)
        image.paste(soft.filter(ImageFilter.GaussianBlur(blur)).resize(image.size, Image.Resampling.BICUBIC))
    add_figure(canvas, spec, unit, ground, flipped)
    if spec.place not in INDOORS:
        paint_weather(mirrored, spec.weather, spec.light, rng, near=True)
    return paper_grain(image.reduce(factor), spec.seed)


def add_figure(canvas: Pen, spec: PictureSpec, unit: float, ground: float, flipped: bool) -> None:
    """Draw the figure on a layer of its own, light it and lay it over the place with its shadow."""
    mood, image = MOODS[spec.light], canvas.image
    if spec.pose == "lifting" and spec.framing != "close":
        unit, ground = unit * 0.9, ground - (0 if spec.framing == "full" else 12)
    if spec.pose == "pointing" and spec.framing != "close":
        unit, ground = unit * 0.95, ground - (0 if spec.framing == "full" else 6)
    if spec.framing != "full":
        lowered = {"sitting": 0.52, "kneeling": 0.6}.get(spec.pose, 0.0)
        ground -= lowered * unit * 0.85
    if spec.character == "quill" and spec.framing == "close":
        unit, ground = unit * 0.86, ground - 18
    x = LEFT_OF[spec.side] + random.Random(f"figure/{spec.seed}/{spec.pose}").uniform(-3, 3)
    # A pointing figure points into the open side and keeps the prop at the near one.
    facing = flipped != (spec.pose == "pointing")
    if spec.framing == "close" and spec.pose in ("lifting", "pointing"):
        x += (7 if facing else -7) * (1 if spec.pose == "lifting" else -1)
    layer = Pen(Image.new("RGB", image.size), canvas.matrix, Image.new("L", image.size))
    figure = layer.moved(x, ground, scale=unit, flip=facing)
    accent = ACCENT_COLOURS[spec.worn_accent]
    held = (
        draw_heron(figure, spec, accent) if spec.character == "quill" else draw_person(figure, spec, accent)
    )
    assert layer.mask is not None
    if spec.framing == "full":
        for wide, tall, strength in ((24, 3.4, 0.5), (13, 1.8, 0.5)):
            canvas.soft(ring(x, ground, wide, tall), mood.shadow, strength, 1.6)
    chest = (x, ground - 2.6 * unit)
    canvas.glow(chest[0], chest[1], unit * 2.1, mood.haze, 0.42 if mood.dark else 0.3)
    body = round_figure(layer.image, layer.mask, spec.light, from_left=flipped)
    image.paste(tinted(body, mood.figure_tint, mood.figure_sat), (0, 0), layer.mask)
    if spec.prop == "lantern":
        shine(canvas, (x + held[0] * unit * (-1 if facing else 1), ground + held[1] * unit), unit, mood.glow)


def shine(canvas: Pen, at: Point, unit: float, strength: float) -> None:
    """Let the lantern light what is near it."""
    canvas.glow(at[0], at[1], unit * 1.9, (255, 150, 44), min(0.9, 0.25 + 0.6 * strength))
    canvas.glow(at[0], at[1], unit * 0.6, (255, 222, 140), min(0.8, 0.2 + 0.5 * strength))

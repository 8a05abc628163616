"""A place and a light -> the picture behind the figure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from examples.drawing.light import MOODS, paint_sea, paint_sky, paint_weather, tinted
from examples.drawing.paint import Pen
from examples.drawing.rooms import clock_tower, lamp_room, office, workshop
from examples.drawing.shores import Lamp, ferry, market, pier, salt_flats, stairs
from examples.drawing.vocabulary import INDOORS, Light, Place, Weather


@dataclass(frozen=True, slots=True)
class Scene:
    """How a place is drawn: its own layer, and where sky and sea meet behind it."""

    draw: Callable[[Pen, random.Random], list[Lamp]]
    horizon: float
    sea: bool


SCENES: dict[Place, Scene] = {
    "pier": Scene(pier, 60, True),
    "lamp_room": Scene(lamp_room, 54, True),
    "workshop": Scene(workshop, 46, False),
    "market": Scene(market, 60, False),
    "salt_flats": Scene(salt_flats, 52, False),
    "office": Scene(office, 28, True),
    "stairs": Scene(stairs, 54, False),
    "ferry": Scene(ferry, 48, True),
    "clock_tower": Scene(clock_tower, 60, False),
}


def paint_place(pen: Pen, place: Place, light: Light, weather: Weather, rng: random.Random) -> None:
    """Fill the pen's picture with the place in this light; weather behind the figure included."""
    scene, mood = SCENES[place], MOODS[light]
    paint_sky(pen, light, rng, scene.horizon)
    if scene.sea:
        paint_sea(pen, light, rng, scene.horizon)
    indoors = place in INDOORS
    if indoors:
        paint_weather(pen, weather, light, rng, near=False)
    layer = Pen(Image.new("RGB", pen.image.size), pen.matrix, Image.new("L", pen.image.size))
    lamps = scene.draw(layer, rng)
    assert layer.mask is not None
    pen.image.paste(tinted(layer.image, mood.scene_tint, mood.scene_sat), (0, 0), layer.mask)
    for x, y, reach in lamps:
        pen.glow(x, y, reach, (255, 156, 48), min(1.0, mood.glow * 0.85))
        pen.glow(x, y, reach * 0.4, (255, 214, 130), mood.glow)
    if light == "lamplight":
        pen.glow(78, 30, 80, (255, 150, 60), 0.4)
    if not indoors:
        paint_weather(pen, weather, light, rng, near=False)

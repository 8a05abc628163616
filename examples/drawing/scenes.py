"""Place, light and weather -> a scene with nobody in it, for the starter set's pool of generic pictures."""

import io
import random
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path

from PIL import Image

from examples.drawing.light import paint_weather, paper_grain
from examples.drawing.paint import Pen
from examples.drawing.places import paint_place
from examples.drawing.vocabulary import INDOORS, LIGHTS, PLACES, WEATHERS, Light, Place, Weather

SCENES = Path(__file__).resolve().parent.parent / "starter" / "pictures" / "scenes"
SCENE_SIZE = 512
"""Edge in pixels."""


@dataclass(frozen=True, slots=True)
class Scene:
    """An empty place. `zoom` is 1 for all of it; `flipped` turns it around."""

    place: Place
    light: Light
    weather: Weather
    zoom: float
    flipped: bool
    seed: int

    @property
    def file(self) -> str:
        return f"scene-{self.seed:02d}-{self.place.replace('_', '-')}-{self.light}.webp"


def planned_scenes() -> tuple[Scene, ...]:
    """Return every place in every light, each seen from elsewhere than the one before."""
    weathers, zooms = cycle(WEATHERS), cycle((1.0, 1.35, 1.15, 1.6, 1.25))
    return tuple(
        Scene(
            place=place,
            light=light,
            weather="rain" if light == "storm" else "clear" if place in INDOORS else next(weathers),
            zoom=next(zooms),
            flipped=number % 3 == 1,
            seed=number,
        )
        for number, (place, light) in enumerate(product(PLACES, LIGHTS), start=1)
    )


def draw_scene(scene: Scene, *, size: int = SCENE_SIZE) -> Image.Image:
    """Return an RGB picture of `size` by `size` pixels, the same for the same scene, size and Pillow version."""
    edge = size * 3
    rng = random.Random(f"scene/{scene.seed}/{scene.place}")
    image = Image.new("RGB", (edge, edge))
    canvas = Pen(image, (edge / 100, 0, 0, 0, edge / 100, 0))
    mirrored = canvas.moved(100 if scene.flipped else 0, 0, flip=scene.flipped)
    focus = rng.uniform(34, 66) * (1 - scene.zoom)
    view = mirrored if scene.zoom == 1.0 else mirrored.moved(focus, 50 - 52 * scene.zoom, scale=scene.zoom)
    paint_place(view, scene.place, scene.light, scene.weather, rng)
    if scene.place not in INDOORS:
        paint_weather(mirrored, scene.weather, scene.light, rng, near=True)
    return paper_grain(image.reduce(3), scene.seed)


def ship_scenes(folder: Path = SCENES) -> list[Path]:
    """Draw and write all scenes; return their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for scene in planned_scenes():
        buffer = io.BytesIO()
        draw_scene(scene).save(buffer, "WEBP", quality=55, method=6)
        written.append(folder / scene.file)
        written[-1].write_bytes(buffer.getvalue())
    return written

"""Brushes: smooth shapes, tapered strokes, gradients and glows on a picture whose side is 100 units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Blend:
    """A fill that runs from one colour to another across the shape, downwards unless `across`."""

    start: Colour
    end: Colour
    across: bool = False


Fill = Colour | Blend


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour `share` (0 to 1) of the way from `one` to `other`."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def darker(colour: Colour, share: float = 0.35) -> Colour:
    """Return the colour towards a warm near-black; ink lines look softer than with pure black."""
    return mix(colour, (28, 18, 34), share)


def lighter(colour: Colour, share: float = 0.3) -> Colour:
    """Return the colour towards warm white."""
    return mix(colour, (255, 250, 236), share)


def shaded(colour: Colour, depth: float = 0.22) -> Blend:
    """Return the usual top-lit fill of a shape in this colour."""
    return Blend(lighter(colour, depth * 0.6), darker(colour, depth))


def curve(points: Sequence[Point], *, closed: bool, steps: int = 7) -> list[Point]:
    """Return a Catmull-Rom curve through the points."""
    count = len(points)
    if count < 3:
        return list(points)
    found: list[Point] = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            a, b = t * t, t * t * t
            weights = (
                -0.5 * b + a - 0.5 * t,
                1.5 * b - 2.5 * a + 1,
                -1.5 * b + 2 * a + 0.5 * t,
                0.5 * b - 0.5 * a,
            )
            corners = (p0, p1, p2, p3)
            found.append(
                (
                    sum(w * p[0] for w, p in zip(weights, corners, strict=True)),
                    sum(w * p[1] for w, p in zip(weights, corners, strict=True)),
                )
            )
    if not closed:
        found.append(points[-1])
    return found


@lru_cache(maxsize=512)
def parsed(text: str) -> tuple[Point, ...]:
    """Read points from "x,y x,y", the way vector drawings are written."""
    pairs = (pair.split(",") for pair in text.split())
    return tuple((float(x), float(y)) for x, y in pairs)


def outline(text: str, x: float = 0.0, y: float = 0.0) -> list[Point]:
    """Return the points of "x,y x,y", moved by (x, y)."""
    return [(x + dx, y + dy) for dx, dy in parsed(text)]


def ring(x: float, y: float, rx: float, ry: float, *, turn: float = 0.0, steps: int = 28) -> list[Point]:
    """Return the outline of an ellipse turned by `turn` degrees."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    outline: list[Point] = []
    for step in range(steps):
        angle = 2 * math.pi * step / steps
        ex, ey = rx * math.cos(angle), ry * math.sin(angle)
        outline.append((x + ex * cos - ey * sin, y + ex * sin + ey * cos))
    return outline


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on `image`, and on `mask` too where a layer has its own outline; `matrix` maps units to pixels."""

    image: Image.Image
    matrix: Matrix
    mask: Image.Image | None = None

    def moved(
        self, x: float, y: float, *, scale: float = 1.0, turn: float = 0.0, flip: bool = False
    ) -> "Pen":
        """Return a pen whose origin lies at (x, y), scaled, turned clockwise (degrees) and perhaps mirrored."""
        a, b, c, d, e, f = self.matrix
        cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
        sign = -1.0 if flip else 1.0
        return Pen(
            self.image,
            (
                (a * cos + b * sin) * sign,
                -a * sin + b * cos,
                a * x + b * y + c,
                (d * cos + e * sin) * sign,
                -d * sin + e * cos,
                d * x + e * y + f,
            ),
            self.mask,
        )

    @property
    def unit(self) -> float:
        """Length of one unit in pixels."""
        return math.hypot(self.matrix[0], self.matrix[3])

    def pixels(self, points: Sequence[Point]) -> list[Point]:
        """Map points from units to pixels."""
        a, b, c, d, e, f = self.matrix
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def poly(self, points: Sequence[Point], fill: Fill, *, line: float = 0.0, alpha: int = 255) -> None:
        """Fill a polygon; `line` is the width of a darker rim in units, `alpha` makes flat colours see-through."""
        dots = self.pixels(points)
        flat = fill.end if isinstance(fill, Blend) else fill
        if line > 0:
            self._line([*dots, dots[0], dots[1]], line * self.unit, darker(flat, 0.55))
        if isinstance(fill, Blend):
            self._blend(dots, fill)
        else:
            ImageDraw.Draw(self.image, "RGBA").polygon(dots, fill=(*fill, alpha))
        if self.mask is not None and alpha == 255:
            ImageDraw.Draw(self.mask).polygon(dots, fill=255)

    def blob(self, points: Sequence[Point], fill: Fill, *, line: float = 0.0, alpha: int = 255) -> None:
        """Fill a smooth closed shape through the points."""
        self.poly(curve(points, closed=True), fill, line=line, alpha=alpha)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Fill,
        *,
        turn: float = 0,
        line: float = 0,
        alpha: int = 255,
    ) -> None:
        """Fill an ellipse."""
        self.poly(ring(x, y, rx, ry, turn=turn), fill, line=line, alpha=alpha)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, fill: Fill, *, line: float = 0, alpha: int = 255
    ) -> None:
        """Fill a rectangle."""
        self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, line=line, alpha=alpha)

    def stroke(
        self,
        points: Sequence[Point],
        width: float,
        fill: Fill,
        *,
        end: float | None = None,
        line: float = 0.0,
    ) -> None:
        """Draw a smooth round-ended stroke, `width` units wide at the start and `end` units at the end."""
        path = curve(points, closed=False, steps=6)
        last = width if end is None else end
        left: list[Point] = []
        right: list[Point] = []
        for i, (x, y) in enumerate(path):
            before, after = path[max(i - 1, 0)], path[min(i + 1, len(path) - 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            half = (width + (last - width) * i / max(len(path) - 1, 1)) / 2
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
        caps = self._cap(path[1], path[0], width / 2), self._cap(path[-2], path[-1], last / 2)
        self.poly([*caps[0], *right, *caps[1], *reversed(left)], fill, line=line)

    def hole(self, points: Sequence[Point]) -> None:
        """Cut the shape out of the layer, so that what lies behind it shows (windows)."""
        if self.mask is not None:
            ImageDraw.Draw(self.mask).polygon(self.pixels(points), fill=0)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Add a round light that fades to nothing at `radius` units; `strength` is 0 to 1."""
        ((px, py),) = self.pixels([(x, y)])
        reach = radius * self.unit
        box = (round(px - reach), round(py - reach), round(px + reach), round(py + reach))
        edge = max(box[2] - box[0], 2)
        fade = Image.radial_gradient("L").point(
            [round(max(0.0, 1 - v / 181) ** 1.7 * 255 * strength) for v in range(256)]
        )
        inside = (
            max(box[0], 0),
            max(box[1], 0),
            min(box[2], self.image.width),
            min(box[3], self.image.height),
        )
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            return
        scale = 256 / edge
        part = tuple((inside[i] - box[i % 2]) * scale for i in range(4))
        light = fade.resize(
            (inside[2] - inside[0], inside[3] - inside[1]),
            Image.Resampling.BILINEAR,
            box=(part[0], part[1], min(part[2], 256.0), min(part[3], 256.0)),
        )
        shine = Image.composite(Image.new("RGB", light.size, colour), Image.new("RGB", light.size), light)
        self.image.paste(ImageChops.screen(self.image.crop(inside), shine), inside[:2])

    def soft(self, points: Sequence[Point], colour: Colour, strength: float, blur: float) -> None:
        """Lay a blurred patch of colour over the picture, for shadows and mist; `blur` is in units."""
        small = (max(self.image.width // 6, 2), max(self.image.height // 6, 2))
        patch = Image.new("L", small)
        ImageDraw.Draw(patch).polygon(
            [(x / 6, y / 6) for x, y in self.pixels(points)], fill=round(255 * strength)
        )
        patch = patch.filter(ImageFilter.GaussianBlur(blur * self.unit / 6))
        self.image.paste(colour, (0, 0), patch.resize(self.image.size, Image.Resampling.BILINEAR))

    def _cap(self, before: Point, tip: Point, radius: float) -> list[Point]:
        angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
        turns = [angle - math.pi / 2 + math.pi * step / 6 for step in range(7)]
        return [(tip[0] + radius * math.cos(turn), tip[1] + radius * math.sin(turn)) for turn in turns]

    def _line(self, dots: list[Point], width: float, colour: Colour) -> None:
        wide = max(round(width * 2), 1)
        ImageDraw.Draw(self.image).line(dots, fill=colour, width=wide, joint="curve")
        if self.mask is not None:
            ImageDraw.Draw(self.mask).line(dots, fill=255, width=wide)

    def _blend(self, dots: list[Point], fill: Blend) -> None:
        xs, ys = [x for x, _ in dots], [y for _, y in dots]
        x0, y0 = max(math.floor(min(xs)), 0), max(math.floor(min(ys)), 0)
        x1, y1 = min(math.ceil(max(xs)) + 1, self.image.width), min(math.ceil(max(ys)) + 1, self.image.height)
        if x0 >= x1 or y0 >= y1:
            return
        # The ramp spans the whole shape, also where the picture's edge cuts it, so crops keep their colours.
        low, high = (min(xs), max(xs)) if fill.across else (min(ys), max(ys))
        span = max(high - low, 1.0)
        start, count = (x0, x1 - x0) if fill.across else (y0, y1 - y0)
        row = bytes(min(max(round((start + i - low) / span * 255), 0), 255) for i in range(count))
        size = (count, 1) if fill.across else (1, count)
        ramp = Image.frombytes("L", size, row)
        strip = Image.composite(Image.new("RGB", size, fill.end), Image.new("RGB", size, fill.start), ramp)
        shape = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(shape).polygon([(x - x0, y - y0) for x, y in dots], fill=255)
        self.image.paste(strip.resize(shape.size, Image.Resampling.NEAREST), (x0, y0), shape)

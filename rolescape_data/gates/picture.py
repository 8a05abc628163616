"""Pictures as files: size, shape, darkness, blur.

Of RoleScape-20's 263 pictures 17 are below 256 pixels on their short side and 124 below 512 (counted).
"""

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import ImageRecord, Measurement, Record


def picture_side(record: Record, context: Context) -> list[Measurement]:
    """Measure the short side in pixels."""
    if not isinstance(record, ImageRecord):
        return []
    return [
        measured(
            record, "picture_side", min(record.width, record.height), f"{record.width} x {record.height}"
        )
    ]


def picture_ratio(record: Record, context: Context) -> list[Measurement]:
    """Measure the short side over the long one, 0 to 1: a third is RoleScape's bound in both directions."""
    if not isinstance(record, ImageRecord):
        return []
    short, long = sorted((record.width, record.height))
    return [measured(record, "picture_ratio", short / long, f"{record.width} x {record.height}")]


def picture_brightness(record: Record, context: Context) -> list[Measurement]:
    """Measure the mean brightness, 0 to 255; silent for pictures whose light was not measured."""
    if not isinstance(record, ImageRecord) or record.brightness is None:
        return []
    return [measured(record, "picture_brightness", record.brightness)]


def picture_sharpness(record: Record, context: Context) -> list[Measurement]:
    """Measure the variance of the Laplacian at 512 pixels; a blurred picture has next to none."""
    if not isinstance(record, ImageRecord) or record.sharpness is None:
        return []
    return [measured(record, "picture_sharpness", record.sharpness)]

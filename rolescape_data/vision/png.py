"""A decoded picture -> the PNG that is stored: one format for all, its pixels and nothing else."""

import io

from PIL import Image


def png_bytes(image: Image.Image, level: int = 6) -> bytes:
    """Return the picture as PNG: the same bytes for the same pixels and level, without place, time, camera or text.

    The original stays among the workspace's inputs; shards need one field name and one format for all samples.
    """
    bare = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
    out = io.BytesIO()
    bare.save(out, "PNG", compress_level=level)
    return out.getvalue()

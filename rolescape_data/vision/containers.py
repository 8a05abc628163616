"""Bytes of a PNG, JPEG or WebP file -> its format, whether the file is whole, how large a WebP canvas is."""

import re
import struct
from typing import Literal

Format = Literal["png", "jpeg", "webp"]

_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_JPEG_END = 0xD9
_JPEG_SCAN = 0xDA
_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


def container_format(data: bytes) -> Format | None:
    """Name the format by its first bytes; None for every other one."""
    if data.startswith(_PNG_MARK):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def is_whole(data: bytes) -> bool:
    """Say whether the end mark of a PNG, JPEG or WebP file is there; any other file counts as whole."""
    kind = container_format(data)
    if kind == "png":
        return _png_is_whole(data)
    if kind == "jpeg":
        return _jpeg_is_whole(data)
    if kind == "webp":
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return True


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height of a WebP file from its first 30 bytes; None when they are not there.

    Opening such a file with the decoder makes room for the whole canvas, before anybody could refuse it.
    """
    if container_format(data) != "webp" or len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _png_is_whole(data: bytes) -> bool:
    place = len(_PNG_MARK)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"IEND":
            return place + 12 + length <= len(data)
        place += 12 + length
    return False


def _jpeg_is_whole(data: bytes) -> bool:
    place = 2
    while place + 4 <= len(data) or data[place : place + 2] == b"\xff\xd9":
        if data[place] != 0xFF:
            return False
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == _JPEG_END:
            return True
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        place += 2 + length
        if marker == _JPEG_SCAN:
            following = _AFTER_SCAN.search(data, place)
            if following is None:
                return False
            place = following.start(1) - 1
    return False

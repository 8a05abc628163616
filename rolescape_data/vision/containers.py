"""Bytes of a PNG, JPEG or WebP file -> whether the file is whole, and whether it carries more than a picture.

Photographs tell where and when they were taken, and by which camera. Telling that from the bytes keeps what a
library does not parse from slipping through: whatever is not on a format's list below counts as more.
"""

import re
import struct
from dataclasses import dataclass
from typing import Literal

Format = Literal["png", "jpeg", "webp"]

_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"bKGD",
    b"pHYs",
}
_WEBP_PICTURE = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
_JPEG_END = 0xD9
_JPEG_SCAN = 0xDA
# Frames, tables, restart interval, number of lines. Application segments are looked into one by one.
_JPEG_PICTURE = {0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC9, 0xCA, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD}
_JPEG_APPLICATION = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Container:
    """`whole`: the end mark is there. `bare`: nothing but the picture and its colours is in the file."""

    whole: bool
    bare: bool


def container_format(data: bytes) -> Format | None:
    """Name the format by its first bytes; None for every other one."""
    if data.startswith(_PNG_MARK):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def look_into(data: bytes) -> Container:
    """Walk the parts of a PNG, JPEG or WebP file; any other file is called whole and not bare."""
    kind = container_format(data)
    if kind == "png":
        return _look_into_png(data)
    if kind == "jpeg":
        return _look_into_jpeg(data)
    if kind == "webp":
        return _look_into_webp(data)
    return Container(whole=True, bare=False)


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


def _look_into_png(data: bytes) -> Container:
    place, bare = len(_PNG_MARK), True
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        name = data[place + 4 : place + 8]
        place += 12 + length
        bare = bare and name in _PNG_PICTURE
        if name == b"IEND":
            return Container(whole=True, bare=bare and place == len(data))
    return Container(whole=False, bare=False)


def _look_into_webp(data: bytes) -> Container:
    end = 8 + int.from_bytes(data[4:8], "little")
    place, bare = 12, True
    while place + 8 <= min(end, len(data)):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        bare = bare and data[place : place + 4] in _WEBP_PICTURE
        place += 8 + length + length % 2
    return Container(whole=len(data) >= end, bare=bare and len(data) == end and place == end)


def _look_into_jpeg(data: bytes) -> Container:
    place, bare = 2, True
    while place + 4 <= len(data) or data[place : place + 2] == b"\xff\xd9":
        if data[place] != 0xFF:
            return Container(whole=False, bare=False)
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == _JPEG_END:
            return Container(whole=True, bare=bare and place + 2 == len(data))
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        body = data[place + 4 : place + 2 + length]
        wanted = _JPEG_APPLICATION.get(marker)
        bare = bare and (marker in _JPEG_PICTURE or (wanted is not None and body.startswith(wanted)))
        place += 2 + length
        if marker == _JPEG_SCAN:
            following = _AFTER_SCAN.search(data, place)
            if following is None:
                break
            place = following.start(1) - 1
    return Container(whole=False, bare=False)

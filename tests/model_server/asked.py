"""What both wire protocols ask for, once their envelopes are off."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any


class RefusalError(Exception):
    """A request that is answered with an error. `kind` names it for the counters and picks its wire form."""

    def __init__(self, kind: str, status: int, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.message = message
        self.param = param


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was sent."""

    mime: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `body` is the hash of everything that was sent; `row` of the data it is about.

    A request that is repaired or asked again has another body but is about the same row.
    """

    model: str
    system: str
    user: str
    pictures: tuple[Picture, ...]
    schema: dict[str, Any]
    schema_name: str
    temperature: float
    max_tokens: int
    body: str
    row: str


def row_of(user: str, pictures: tuple[Picture, ...], schema: dict[str, Any]) -> str:
    """Return the hash of the first fenced JSON block of the text (all of it, where none is), pictures and keys."""
    start = user.find("```json\n")
    end = user.find("\n```", start + 8)
    about = user[start:end] if start >= 0 and end > 0 else user
    keys = list(schema.get("properties", {}))
    mark = json.dumps([about, [picture.sha256 for picture in pictures], keys], ensure_ascii=False)
    return hashlib.sha256(mark.encode()).hexdigest()[:16]


def picture(mime: str, encoded: str) -> Picture:
    """Decode a picture; raise RefusalError for what is none."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError("bad_request", 400, "Invalid base64 image data.") from None
    known = {
        "image/png": b"\x89PNG",
        "image/jpeg": b"\xff\xd8\xff",
        "image/webp": b"RIFF",
        "image/gif": b"GIF8",
    }
    if mime not in known or not data.startswith(known[mime]):
        raise RefusalError(
            "bad_request",
            400,
            "You uploaded an unsupported image. Please make sure your image is one of: png, jpeg, gif, webp.",
        )
    if len(data) > 20 * 1024 * 1024:
        raise RefusalError("too_large", 413, "The image is larger than 20 MB.")
    return Picture(mime, data, hashlib.sha256(data).hexdigest())


def digest(data: bytes) -> str:
    """Return the short hash of a request's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]

"""The one interface between stages and whoever writes text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from rolescape_data.records.answers import Answer


@dataclass(frozen=True, slots=True)
class ImageInput:
    """A picture to be sent: named by its content, read only when it is sent."""

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a writer. `user` ends in one fenced JSON block that holds all its data.

    `answer` names the item asked for ('TextMCQAnswer'); with `keys` the reply holds one item per key.
    """

    prompt_id: str
    prompt_sha256: str
    system: str
    user: str
    answer: str
    keys: tuple[str, ...] = ()
    images: tuple[ImageInput, ...] = ()
    take: int = 0
    temperature: float = 0.7
    max_tokens: int = 4096


ErrorKind = Literal["refused", "truncated", "invalid", "empty", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: a parsed reply, or why there is none. `raw` is the writer's own text.

    `writer` and `kind` name who really wrote it where several could have; '' stands for the one that was asked.
    """

    call_key: str
    reply: dict[str, Any] | None
    raw: str = ""
    error: ErrorKind | None = None
    detail: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    cached: bool = field(default=False, compare=False)
    writer: str = field(default="", compare=False)
    kind: Literal["", "llm", "vlm", "rule"] = field(default="", compare=False)


class Writer(Protocol):
    """Whoever writes text. Outcomes come in the order of the requests.

    A fault that no further request could escape (no key, budget spent) is raised; anything about one
    request alone is its outcome.
    """

    name: str
    kind: Literal["llm", "vlm", "rule"]

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request."""
        ...


__all__ = ["Answer", "ErrorKind", "ImageInput", "Outcome", "Request", "Writer"]

"""One attempt at one model call, whatever the provider: what is sent, what comes back, how it fails.

Adapters (`openai`, `gemini`) turn their SDK's types and exceptions into these; nothing above them knows an SDK.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rolescape_data.providers.base import ImageInput
from rolescape_data.providers.tokens import text_tokens

FaultKind = Literal[
    "rate_limit",  # 429: wait and try again; `retry_after` says how long where the server does
    "overloaded",  # 500, 502, 503, 529: the server's trouble, try again
    "timeout",  # no answer within the time-out of the attempt itself
    "connection",  # refused, reset, dropped half-way
    "quota",  # insufficient_quota: no try helps until somebody pays
    "auth",  # 401, 403: a wrong or missing key
    "not_found",  # 404: no such model or address
    "too_large",  # the request does not fit the model's window or the server's limit
    "schema",  # the server does not accept the response schema
    "bad_request",  # any other 4xx
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt sends. `schema` is the strict JSON Schema of the reply, `schema_name` its name."""

    system: str
    user: str
    images: tuple[ImageInput, ...]
    schema_name: str
    schema: dict[str, Any]
    temperature: float
    max_tokens: int
    timeout_s: float


# No model reads or writes as much in one call; a count above it is none.
_MOST_TOKENS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What one attempt brought. Tokens are the server's own count; headers hold what it says of its limits.

    `requests_per_minute` and `tokens_per_minute` are None where the server sends no limit. `counted` is False where it
    told no count that can be believed: the tokens are then ours, and what it charged for is not known.
    """

    text: str
    finish: Literal["stop", "length", "refusal"]
    input_tokens: int
    output_tokens: int
    model: str
    fingerprint: str = ""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    counted: bool = True


def counts_told(usage: Any) -> Mapping[str, Any]:
    """Return a server's counts; none where it sends something else: the reply beside them is whole all the same."""
    return usage if isinstance(usage, Mapping) else {}


def tokens_told(count: Any) -> int | None:
    """Return a server's count of tokens; None where it is missing, negative, no number or beyond all bounds."""
    if isinstance(count, bool) or not isinstance(count, int | float) or not 0 <= count <= _MOST_TOKENS:
        return None
    return int(count)


def tokens_used(given: int | None, made: int | None, attempt: Attempt, text: str) -> tuple[int, int, bool]:
    """Return the tokens of a reply and whether the server counted them; ours where one of its counts is missing.

    Args:
        given: what it counts as input, by `tokens_told`.
        made: what it counts as output.
        attempt: what was sent.
        text: what came back.
    """
    if given is None or made is None:
        return text_tokens(attempt.system + attempt.user), text_tokens(text), False
    return given, made, True


class WireFault(Exception):  # noqa: N818 - the adapters speak of faults throughout
    """A failed attempt, in one taxonomy. The message never holds a key."""

    def __init__(
        self, kind: FaultKind, message: str, *, retry_after_s: float | None = None, status: int = 0
    ) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.retry_after_s = retry_after_s
        self.status = status


def refused_unpaid(fault: WireFault) -> bool:
    """Tell whether a failed sending certainly cost nothing: the server said no, or was never reached.

    A reply that broke off or never came may have been made, and charged, all the same; so may one that only a
    gateway gave up waiting for (408, 504, 524).
    """
    if fault.status >= 300:
        return fault.kind != "timeout" and fault.status not in (408, 504, 524)
    return never_reached(fault)


def never_reached(fault: WireFault) -> bool:
    """Tell whether a sending failed before anything left: nobody listens there, or the name leads nowhere."""
    cause: BaseException | None = fault
    while cause is not None:
        inner = getattr(cause, "os_error", None)
        if isinstance(cause, ConnectionRefusedError | socket.gaierror) or isinstance(
            inner, ConnectionRefusedError | socket.gaierror
        ):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class Client(Protocol):
    """One provider and model. Construction opens no connection."""

    provider: str
    model: str

    async def send(self, attempt: Attempt) -> Reply:
        """Make one attempt; no retries of its own.

        Raises:
            WireFault: it failed.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...

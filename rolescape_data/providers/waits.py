"""What a server says of its limits and of when to come back -> seconds and numbers a minute."""

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# A limit that takes longer than this to fill again is none of requests a minute.
_A_MINUTE = 90.0


def span_s(text: str) -> float | None:
    """Return a span such as '6m0s', '17ms' or '3.5s' in seconds; None for anything else."""
    found = list(_SPAN.finditer(text.strip()))
    if not found or "".join(match[0] for match in found) != text.strip():
        return None
    return sum(float(match["number"]) * _SECONDS[match["unit"]] for match in found)


def retry_after_s(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Return the seconds to wait by Retry-After-Ms or Retry-After (seconds or an HTTP date); None without.

    Args:
        headers: of the refusal; names in any case if the mapping allows it.
        now: the clock in seconds since 1970, for dates.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    if said is None:
        return None
    seconds = _number(said)
    if seconds is not None:
        return seconds
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return span_s(said)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, when.timestamp() - (time.time() if now is None else now))


def per_minute(headers: Mapping[str, str], what: str) -> int | None:
    """Return the limit of `requests` or `tokens` a minute by x-ratelimit-limit-*; None where none is told.

    OpenAI sends a day's limit under the same name when that is the nearer one. What is left and when it is full
    again give it away: limit 10,000, 9,999 left, full in 8.64 s is 10,000 a day.
    """
    limit = _number(headers.get(f"x-ratelimit-limit-{what}"))
    if limit is None or limit < 1:
        return None
    left = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    full_in = span_s(headers.get(f"x-ratelimit-reset-{what}", ""))
    if (
        left is not None
        and full_in is not None
        and left < limit
        and full_in * limit / (limit - left) > _A_MINUTE
    ):
        return None
    return int(limit)


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text is not None else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found < 1e9 else None

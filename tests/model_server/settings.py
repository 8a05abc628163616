"""What the server is told to do: where answers come from, how slow it is, and how it fails."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Mode = Literal[
    "ok",
    "first_500",  # the first tries of every row end in status 500
    "overloaded",  # 503 (529 for nobody: neither provider sends it)
    "all_429",  # every request is refused for `seconds` after the first one
    "bucket",  # `rate` requests a second, `burst` at once, the rest refused
    "bad_json",  # the first tries of a row come back damaged
    "always_bad",  # every try comes back damaged
    "truncated",  # the first tries of a row are cut at half their length
    "refusal",
    "content_filter",
    "slow_drip",  # a byte at a time, for `seconds`
    "dropped",  # the connection breaks half-way through the reply
    "schema_rejecting",  # no response schema is accepted
    "quota",
    "auth",
    "forbidden",
    "not_found",
    "too_large",
    "bad_request",
    "no_html",  # a proxy's error page, not JSON
    "hang",  # accepts and never answers
]
MODES: tuple[str, ...] = get_args(Mode)

Corruption = Literal[
    "fenced",
    "leading_prose",
    "trailing_prose",
    "trailing_comma",
    "single_quotes",
    "unclosed",
    "missing_key",
    "extra_key",
    "wrong_type",
    "null_value",
]
CORRUPTIONS: tuple[str, ...] = get_args(Corruption)

FATES = ("complete", "partial", "expired", "failed", "cancelled", "full", "stuck")


@dataclass(slots=True)
class Settings:
    """One way to behave; changed while it runs by POST /_configure.

    Args:
        mode: see Mode.
        source: 'seeded' fills any schema, 'offline' asks the offline writer about the request's data block.
        seed: of made-up answers, of which rows are hit and of `mixed` corruption.
        latency_s: seconds before every answer.
        first: how many first tries of a row a fault hits; 0 hits every try.
        share: part of the rows that a fault hits, 0 to 1.
        seconds: how long all_429 lasts or slow_drip takes.
        retry_after: how a refusal says when to come back: seconds, ms, date (HTTP), none.
        retry_after_s: what it says; all_429 says what is left of its time.
        rate: requests per second of the bucket; `burst` of them at once.
        corruption: one of CORRUPTIONS, or mixed.
        rpm, tpm: limits told in x-ratelimit-* headers; 0 tells none.
        input_usd, output_usd: what it charges for a million tokens.
        strict: whether schemas are held against the documented subset.
        key: the key it asks for; '' takes any.
        temperature: whether a temperature other than 1 is accepted, as reasoning models do not.
        batch: complete, partial, expired, failed, cancelled, full (the provider's queue has no room) or stuck; what
            becomes of batches made from now on. `latency_s` makes them slow.
        batch_hidden_s: seconds for which a batch is missing from the list after it was made.
        batch_lost: whether the answer to a batch's creation breaks off after it was made.
        release: set to true, batches that are stuck come to their end.
    """

    mode: str = "ok"
    source: str = "seeded"
    seed: int = 0
    latency_s: float = 0.0
    first: int = 1
    share: float = 1.0
    seconds: float = 8.0
    retry_after: str = "seconds"
    retry_after_s: float = 1.0
    rate: float = 50.0
    burst: int = 50
    corruption: str = "mixed"
    rpm: int = 0
    tpm: int = 0
    input_usd: float = 1.0
    output_usd: float = 10.0
    strict: bool = True
    key: str = ""
    temperature: bool = True
    batch: str = "complete"
    batch_hidden_s: float = 0.0
    batch_lost: bool = False
    release: bool = False

    def update(self, changes: dict[str, Any]) -> None:
        """Change what is named; an unknown name is an error, so that a test cannot ask for nothing."""
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting '{name}' (known: {', '.join(sorted(known))})")
            setattr(self, name, value)
        if self.batch not in FATES:
            raise ValueError(f"unknown fate of batches '{self.batch}' (known: {', '.join(FATES)})")
        if self.mode not in MODES:
            raise ValueError(f"unknown mode '{self.mode}' (known: {', '.join(MODES)})")
        if self.corruption not in (*CORRUPTIONS, "mixed"):
            raise ValueError(
                f"unknown corruption '{self.corruption}' (known: mixed, {', '.join(CORRUPTIONS)})"
            )

"""What the server remembers: counters, rows and their tries, and the clock of its faults."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .asked import Asked
from .settings import Settings


@dataclass(slots=True)
class State:
    """Everything that changes while the server runs."""

    settings: Settings
    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    ok: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)  # answered and charged, by body
    rows: Counter[str] = field(default_factory=Counter)  # charged or damaged tries, by row
    tries: Counter[str] = field(default_factory=Counter)  # requests seen, by row
    files: int = 0  # uploaded
    batches: int = 0  # started
    batch_rows: int = 0  # sent in them
    batch_lists: int = 0  # looks at the list
    images: int = 0
    image_hashes: Counter[str] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    first_at: float | None = None
    last_at: float | None = None
    mode_since: float | None = None  # first request since the mode was set
    level: float = 0.0  # of the bucket
    level_at: float = 0.0

    def see(self) -> None:
        """Count a request that came in."""
        now = time.monotonic()
        self.requests += 1
        self.first_at = now if self.first_at is None else self.first_at
        self.mode_since = now if self.mode_since is None else self.mode_since

    def now_since_mode(self) -> float:
        """Return the seconds since the mode's first request."""
        return 0.0 if self.mode_since is None else time.monotonic() - self.mode_since

    def charge(self, asked: Asked, input_tokens: int, output_tokens: int, *, share: float = 1.0) -> None:
        """Count an answer that is paid for, damaged or not; `share` is the discount of batches."""
        self.bodies[asked.body] += 1
        self.rows[asked.row] += 1
        self.images += len(asked.pictures)
        self.image_hashes.update(picture.sha256 for picture in asked.pictures)
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        price = self.settings
        self.usd += share * (input_tokens * price.input_usd + output_tokens * price.output_usd) / 1e6

    def done(self, kind: str, status: int) -> None:
        """Count how a request ended."""
        self.kinds[kind] += 1
        self.statuses[str(status)] += 1
        self.ok += kind == "ok"
        self.last_at = time.monotonic()

    def take(self) -> float:
        """Take one request out of the bucket; return 0, or the seconds until one will be there."""
        now = time.monotonic()
        rate, burst = self.settings.rate, self.settings.burst
        self.level = burst if not self.level_at else min(burst, self.level + (now - self.level_at) * rate)
        self.level_at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / rate

    def counters(self) -> dict[str, Any]:
        """Return the counters.

        `repeated` counts answers that were paid for once more for the very same request; `first_at` and
        `last_at` are seconds since the server started, and `seconds` what lies between.
        """
        first, last = self.first_at, self.last_at
        return {
            "requests": self.requests,
            "ok": self.ok,
            "statuses": dict(self.statuses),
            "kinds": dict(self.kinds),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "rows": len(self.tries),
            "most_tries": max(self.tries.values(), default=0),
            "mean_tries": sum(self.tries.values()) / len(self.tries) if self.tries else 0.0,
            "paid": sum(self.bodies.values()),
            "repeated": sum(count - 1 for count in self.bodies.values()),
            "files": self.files,
            "batches": self.batches,
            "batch_rows": self.batch_rows,
            "batch_lists": self.batch_lists,
            "images": self.images,
            "image_hashes": dict(sorted(self.image_hashes.items())),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "usd": self.usd,
            "first_at": None if first is None else first - self.started,
            "last_at": None if last is None else last - self.started,
            "seconds": 0.0 if first is None or last is None else last - first,
        }

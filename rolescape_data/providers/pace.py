"""How fast calls may leave: so many units a second, with a burst, and a rate learnt from a server that only says no."""

from dataclasses import dataclass

# After a refusal the pace starts at this share of what the server was seen to take, is back at all of it after
# RECOVERY_S, and probes beyond with the third power of time (the shape of TCP CUBIC, RFC 9438).
_BACK_OFF = 0.95
RECOVERY_S = 5.0
# A rate is measured anew after so many seconds: limits change.
LONGEST_S = 10.0


@dataclass(slots=True)
class Pace:
    """A leaky bucket (GCRA, ITU-T I.371): `rate` units a second, `burst_s` seconds of them at once.

    An amount greater than the burst passes when nothing before it is outstanding.
    """

    rate: float
    burst_s: float
    due: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next amount may pass; 0 for now."""
        return max(0.0, self.due - self.burst_s - now)

    def take(self, now: float, amount: float) -> None:
        """Let an amount pass."""
        self.due = max(self.due, now) + amount / self.rate

    def correct(self, amount: float) -> None:
        """Add to (or give back of) what passed, once its true amount is known."""
        self.due += amount / self.rate


@dataclass(slots=True)
class LearntPace:
    """The rate of a server's own bucket, from the moments at which it was empty.

    A bucket that is empty at two moments took, in between, exactly what ran into it: the calls accepted between two
    refusals, divided by the time between them, are its rate, whatever its size. The first refusal alone tells
    nothing, because the bucket may have been full at the start.
    """

    rate: float = 0.0  # calls a second that the server was seen to take; 0 before anything is known
    burst_s: float = 0.0  # seconds' worth that may leave at once
    _credit: bool = True  # whether the bucket fills while we wait, so that we may catch up
    _resume: float = 0.0
    _span: float = 0.0
    _due: float = 0.0
    _empty_at: float | None = None
    _sent: int = 0
    _refused: int = 0

    def sent(self, now: float) -> None:
        """Count a call that leaves."""
        self._sent += 1
        if self.rate:
            self._due = max(self._due, now - self.burst_s) + 1.0 / self._allowed(now)

    def refused(self) -> None:
        """Count a call that came back refused, though it left after the last time the bucket was empty."""
        self._refused += 1

    def empty(self, now: float, resume: float) -> None:
        """Learn from a refusal that the bucket is empty now; sending goes on at `resume`."""
        if self._empty_at is None:
            self._start(now)
        else:
            span = now - self._empty_at
            accepted = self._sent - self._refused
            if accepted > 0 and span > 0:
                if self._resume <= now < self._resume + 0.2 and self.burst_s:
                    self._credit = False
                self.rate, self._span = accepted / span, span
            if span > LONGEST_S:
                self._start(now)
        # A server that asks for a second of rest takes, after it, what it would have taken during it.
        self.burst_s = 0.9 * min(resume - now, 1.0) if self.rate and self._credit else 0.0
        self._resume = resume
        self._due = resume - self.burst_s

    def wait(self, now: float) -> float:
        """Return the seconds until the next call may leave."""
        return max(0.0, self._due - now) if self.rate else 0.0

    def _start(self, now: float) -> None:
        self._empty_at, self._sent, self._refused = now, 0, 0

    def _allowed(self, now: float) -> float:
        # What was measured over a short time is less certain, and probed sooner.
        recovery = min(RECOVERY_S, max(0.5, 2 * self._span))
        away = max(0.0, now - self._resume) / recovery
        return max(0.1, self.rate * (_BACK_OFF + (1 - _BACK_OFF) * away**3))

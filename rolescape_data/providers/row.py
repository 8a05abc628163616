"""A request and what the ledger holds of it -> the next attempt, its worst cost, the ends of attempts, the outcome.

Calls that are sent one by one and calls in batches are the same calls: this is all that both know of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rolescape_data.providers.base import Outcome, Request
from rolescape_data.providers.ledger import Attempted, Ended, storable
from rolescape_data.providers.prices import Price, cost, worst_cost
from rolescape_data.providers.repair import Ask, Said, Settled
from rolescape_data.providers.schemas import answer_schema, schema_name
from rolescape_data.providers.wire import Attempt, Reply


@dataclass(slots=True)
class Row:
    """One request on its way: what was said so far, the last attempt's number, what all replies took."""

    key: str
    request: Request
    said: list[Said]
    number: int
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    @classmethod
    def taken_up(cls, key: str, request: Request, sent: Sequence[Attempted]) -> "Row":
        """Take up a request where an earlier run left it."""
        replies = [one for one in sent if one.state == "answered" and not one.retired]
        return cls(
            key,
            request,
            [Said(one.step, one.text, one.finish) for one in replies],
            max((one.number for one in sent), default=0),
            sum(one.input_tokens for one in replies),
            sum(one.output_tokens for one in replies),
            sum(one.cost_usd for one in replies),
        )

    @property
    def last_text(self) -> str:
        """What was said last; '' before anything was."""
        return self.said[-1].text if self.said else ""

    def attempt(self, step: Ask, timeout_s: float) -> Attempt:
        """Return what one step of the ladder sends."""
        request = self.request
        return Attempt(
            system=request.system,
            user=step.user,
            images=request.images,
            schema_name=schema_name(request.answer, request.keys),
            schema=answer_schema(request.answer, request.keys),
            temperature=step.temperature,
            max_tokens=step.max_tokens,
            timeout_s=timeout_s,
        )

    def worst_usd(self, step: Ask, price: Price | None, most_input: int, *, batch: bool = False) -> float:
        """Return the most that one step can cost; 0 without a price.

        Args:
            step: of the ladder.
            price: of the model.
            most_input: the bound of the request as it was first asked, in tokens.
            batch: whether it is sent in a batch.
        """
        if price is None:
            return 0.0
        longer = len(step.user.encode()) - len(self.request.user.encode())
        return worst_cost(price, most_input + longer, step.max_tokens, batch=batch)

    def bear(self, end: Ended) -> None:
        """Add what one reply took."""
        self.input_tokens += end.input_tokens
        self.output_tokens += end.output_tokens
        self.cost_usd += end.cost_usd

    def outcome(self, end: Settled) -> Outcome:
        """Return how the row ended, with the tokens and the money of all its replies."""
        return Outcome(
            self.key,
            end.reply,
            storable(end.raw),
            end.error,
            storable(end.detail),
            self.input_tokens,
            self.output_tokens,
            self.cost_usd,
        )


def answered(
    reply: Reply, price: Price | None, worst_usd: float, *, batch: bool = False, latency_s: float = 0.0
) -> Ended:
    """Return the end of an attempt that brought a reply, with what it cost."""
    paid = cost(price, reply.input_tokens, reply.output_tokens, batch=batch) if price else 0.0
    if not reply.counted:
        # What the server charged for is not known: the budget bears the most it can be.
        paid = max(paid, worst_usd)
    return Ended(
        state="answered",
        cost_usd=paid,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        latency_s=latency_s,
        finish=reply.finish,
        text=reply.text,
        model=reply.model,
        fingerprint=reply.fingerprint,
    )

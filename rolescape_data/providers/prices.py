"""A model's name and its tokens -> dollars, from qa/prices.yaml. A price that nobody wrote down is never guessed.

    prices:
      "openai:my-model": {input: 2.00, output: 10.00, read: 2026-11-20, source: my contract}

A set's own `qa:` folder may hold a prices.yaml too: its entries are added to the shipped ones and win over them.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import Field

from rolescape_data import assets
from rolescape_data.errors import WriterError
from rolescape_data.providers.keys import is_own_server
from rolescape_data.settings import Part
from rolescape_data.yamlfile import load_yaml

# Both providers sell answers within 24 hours at half price (OpenAI "Batch API", Gemini "Batch API").
BATCH_SHARE = 0.5
_FILE = "prices.yaml"
_DATED = re.compile(r"-(20\d\d-\d\d-\d\d|20\d{6}|\d{3})$")


class LongPrompt(Part):
    """What a request costs whose input exceeds so many tokens; all of it, not only what exceeds them."""

    tokens: int = Field(ge=1)
    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Price(Part):
    """USD for a million tokens. Output includes what a model thinks; cached input is counted at full price."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    over: LongPrompt | None = None
    up_to: int | None = Field(None, ge=1, description="the price of longer inputs is not known")
    until: date | None = Field(None, description="the last day on which it holds")
    read: date = Field(description="when somebody looked")
    source: str = Field(min_length=1, description="where")


class Prices(Part):
    """The file."""

    prices: dict[str, Price]


FREE = Price(input=0.0, output=0.0, read=date(2026, 11, 20), source="a server of one's own")


def load_prices(overlay: Path | None = None) -> dict[str, Price]:
    """Return every known price by writer name ('openai:MODEL').

    Raises:
        SettingsError: a file that says something else; file and line are named.
    """
    found = dict(load_yaml(assets.shipped("qa") / _FILE, Prices).prices)
    if overlay is not None and (overlay / _FILE).is_file():
        found |= load_yaml(overlay / _FILE, Prices).prices
    return found


def price_of(
    writer: str, *, base_url: str | None = None, overlay: Path | None = None, today: date | None = None
) -> Price:
    """Return what a writer charges.

    Args:
        writer: 'openai:MODEL' or 'gemini:MODEL'; a dated snapshot costs what its model costs.
        base_url: a server on this machine or in its network is free unless the file says otherwise.
        overlay: the set's own qa folder.
        today: for prices that end; the clock's by default.

    Raises:
        WriterError: no price is known; the message says where to write it.
    """
    known = load_prices(overlay)
    price = _entry(writer, known)
    if price is None and base_url is not None and is_own_server(base_url):
        return FREE
    day = today or date.today()
    how = (
        f'Write it into prices.yaml of the set\'s `qa:` folder: prices: {{"{writer}": '
        f"{{input: USD, output: USD, read: {day}, source: WHERE}}}} (USD for a million tokens)."
    )
    if price is None:
        raise WriterError(f"There is no price for '{writer}', so no budget could hold. {how}")
    if price.until is not None and day > price.until:
        raise WriterError(f"The price known for '{writer}' held until {price.until}. {how}")
    return price


def cost(price: Price, input_tokens: int, output_tokens: int, *, batch: bool = False) -> float:
    """Return the USD of one answer by the server's own count of tokens."""
    share = BATCH_SHARE if batch else 1.0
    tier = price.over if price.over is not None and input_tokens > price.over.tokens else price
    return share * (input_tokens * tier.input + output_tokens * tier.output) / 1_000_000


def worst_cost(price: Price, most_input: int, max_tokens: int, *, batch: bool = False) -> float:
    """Return the most USD that one call can cost.

    Args:
        price: of the model.
        most_input: `tokens.Estimate.most` of the request.
        max_tokens: the reply's limit, thoughts included.
        batch: whether it is sent in a batch.

    Raises:
        WriterError: the input may be longer than any price is known for.
    """
    if price.up_to is not None and most_input > price.up_to:
        raise WriterError(
            f"A request may have {most_input} tokens, and the price is known up to {price.up_to} only ({price.source}). "
            "Split the documents, or write `over:` into prices.yaml of the set's `qa:` folder."
        )
    dearest = cost(price, most_input, max_tokens, batch=batch)
    # A tier for long inputs may be the cheaper one for output; the dearer of both is the bound.
    if price.over is not None and most_input > price.over.tokens:
        flat = price.model_copy(update={"over": None})
        dearest = max(dearest, cost(flat, most_input, max_tokens, batch=batch))
    return dearest


def _entry(writer: str, known: Mapping[str, Price]) -> Price | None:
    if writer in known:
        return known[writer]
    return known.get(_DATED.sub("", writer))

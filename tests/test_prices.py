"""Prices, and the tokens they are multiplied with: nothing guessed, and the most a call can cost never exceeded."""

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from adapters import painted, stored
from hypothesis import example, given, settings
from hypothesis import strategies as st
from model_server import ModelServer
from model_server import tokens as counted_there
from model_server.asked import Picture
from PIL import Image

from rolescape_data.errors import InputError, SettingsError, WriterError
from rolescape_data.providers.base import Request
from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.openai import OpenAIClient
from rolescape_data.providers.pictures import LIMITS, Limit, fit, fitted, sent_size
from rolescape_data.providers.prices import LongPrompt, Price, cost, load_prices, price_of, worst_cost
from rolescape_data.providers.schemas import answer_schema, schema_name
from rolescape_data.providers.tokens import estimate, most_text_tokens, picture_tokens, text_tokens
from rolescape_data.providers.wire import Attempt, Client

TODAY = date(2026, 11, 20)
PLAIN = Price(input=2.0, output=10.0, read=TODAY, source="a test")
TIERED = Price(
    input=1.25,
    output=10.0,
    over=LongPrompt(tokens=200_000, input=2.5, output=15.0),
    read=TODAY,
    source="a test",
)


def test_every_shipped_price_says_where_it_was_read_and_when() -> None:
    prices = load_prices()

    assert {name.partition(":")[0] for name in prices} == {"openai", "gemini"}
    for name, price in prices.items():
        assert 0 < price.input < price.output, name
        assert price.source.strip(), name
        assert date(2026, 1, 1) <= price.read <= TODAY, name


def test_a_price_that_nobody_wrote_down_is_not_guessed_and_the_message_says_where_to_write_it() -> None:
    with pytest.raises(WriterError, match=r"no price for 'openai:my-model'.*prices\.yaml"):
        price_of("openai:my-model", today=TODAY)
    with pytest.raises(WriterError, match="no price"):
        price_of("openai:my-model", base_url="https://models.example.org/v1", today=TODAY)


def test_a_server_of_ones_own_is_free_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    here = "http://127.0.0.1:8000/v1"
    (tmp_path / "prices.yaml").write_text(
        'prices: {"openai:priced": {input: 1, output: 10, read: 2026-11-20, source: us}}\n'
    )

    assert cost(price_of("openai:my-model", base_url=here, today=TODAY), 1000, 1000) == 0.0
    assert price_of("openai:priced", base_url=here, overlay=tmp_path, today=TODAY).output == 10


def test_a_sets_own_prices_are_added_and_win(tmp_path: Path) -> None:
    shipped = load_prices()
    name = next(iter(shipped))
    (tmp_path / "prices.yaml").write_text(
        f'prices:\n  "{name}": {{input: 9.5, output: 99, read: 2026-11-20, source: our contract}}\n'
        '  "openai:mine": {input: 1, output: 2, read: 2026-11-20, source: our contract}\n'
    )

    found = load_prices(tmp_path)

    assert found[name].input == 9.5
    assert set(found) == {*shipped, "openai:mine"}


def test_a_price_without_a_source_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(
        'prices:\n  "openai:mine": {input: 1, output: 2, read: 2026-11-20}\n'
    )

    with pytest.raises(SettingsError, match=r"prices\.yaml, line 2.*source"):
        load_prices(tmp_path)


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    assert price_of("openai:gpt-6-sol-2026-09-22", today=TODAY) == price_of("openai:gpt-6-sol", today=TODAY)
    with pytest.raises(WriterError):
        price_of("openai:gpt-6-sol-mini", today=TODAY)


def test_a_price_that_ended_is_no_price() -> None:
    assert price_of("gemini:gemini-3.8-flash", today=date(2026, 12, 31)).input == 0.75
    with pytest.raises(WriterError, match="held until 2026-12-31"):
        price_of("gemini:gemini-3.8-flash", today=date(2027, 1, 1))


def test_costs_add_up() -> None:
    assert cost(PLAIN, 1_000_000, 0) == 2.0
    assert cost(PLAIN, 500_000, 100_000) == pytest.approx(2.0)
    assert cost(PLAIN, 500_000, 100_000, batch=True) == pytest.approx(1.0)
    assert cost(TIERED, 200_000, 1000) == pytest.approx(0.26)
    assert cost(TIERED, 200_001, 1000) == pytest.approx(0.5150025)


PRICES = st.builds(
    Price,
    input=st.floats(0, 50),
    output=st.floats(0, 200),
    over=st.none()
    | st.builds(LongPrompt, tokens=st.integers(1, 300_000), input=st.floats(0, 99), output=st.floats(0, 400)),
    read=st.just(TODAY),
    source=st.just("a test"),
)


@settings(deadline=None)
@given(PRICES, st.integers(0, 500_000), st.integers(0, 20_000), st.data())
def test_no_answer_costs_more_than_was_reserved_for_it(
    price: Price, most_input: int, max_tokens: int, data: st.DataObject
) -> None:
    used, made = data.draw(st.integers(0, most_input)), data.draw(st.integers(0, max_tokens))

    assert cost(price, used, made) <= worst_cost(price, most_input, max_tokens) + 1e-12


def test_a_request_longer_than_any_known_price_is_not_sent() -> None:
    known = PLAIN.model_copy(update={"up_to": 1000})

    assert worst_cost(known, 1000, 10) > 0
    with pytest.raises(WriterError, match="up to 1000"):
        worst_cost(known, 1001, 10)


@settings(deadline=None)
@given(st.text(max_size=400))
@example("Ⱦ")
def test_bytes_bound_what_a_byte_pair_vocabulary_makes_of_a_text(text: str) -> None:
    # This vocabulary folds case before it counts, and a folded letter can have more bytes; what is paid for does not.
    assert counted_there.text_tokens(text) <= most_text_tokens(text.lower())
    assert text_tokens(text) >= 0


def test_the_estimate_of_documents_is_within_a_tenth_of_a_real_vocabulary() -> None:
    for path in sorted(Path(__file__).parents[1].glob("examples/starter/documents/*/*.md")):
        text = path.read_text()
        assert text_tokens(text) == pytest.approx(counted_there.text_tokens(text), rel=0.1), path.name


@settings(deadline=None)
@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.sampled_from(["openai", "gemini", "compatible"]),
    st.sampled_from(
        [
            "gpt-4o",
            "gpt-4o-mini",
            "gpt-4.1-nano",
            "gpt-6-sol",
            "gemini-2.5-pro",
            "gemini-3.5-flash",
            "qwen3-vl",
        ]
    ),
)
def test_a_pictures_tokens_are_bounded_and_never_nothing(
    width: int, height: int, profile, model: str
) -> None:  # type: ignore[no-untyped-def]
    found = picture_tokens(width, height, profile, model)

    assert 0 < found.expected <= found.most


@pytest.mark.parametrize(
    ("size", "wanted"), [((1024, 1024), 765), ((2048, 4096), 1105), ((512, 512), 255), ((300, 200), 255)]
)
def test_the_documented_examples_of_openais_tiles_come_out(size: tuple[int, int], wanted: int) -> None:
    assert picture_tokens(*size, "openai", "gpt-4o").expected == wanted


@pytest.mark.parametrize(("size", "wanted"), [((384, 384), 258), ((960, 540), 1548), ((300, 200), 258)])
def test_the_documented_examples_of_geminis_tiles_come_out(size: tuple[int, int], wanted: int) -> None:
    assert picture_tokens(*size, "gemini", "gemini-2.5-flash").expected == wanted


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.mark.parametrize("model", ["openai:gpt-4o", "gemini:gemini-2.5-flash"])
def test_the_estimate_of_a_request_is_near_what_the_server_counts_and_its_bound_holds(
    server: ModelServer, model: str, tmp_path: Path
) -> None:
    provider, _, name = model.partition(":")
    client: Client = (
        OpenAIClient(name, base_url=server.openai_url, profile="openai")
        if provider == "openai"
        else GeminiClient(name, base_url=server.gemini_url)
    )
    text = (Path(__file__).parents[1] / "examples/starter/documents/quill/profile.md").read_text()
    block = json.dumps(
        {"character": {"name": "Quill"}, "documents": [{"name": "profile.md", "text": text}]}, indent=1
    )
    images = tuple(painted(tmp_path, *size).image for size in ((300, 200), (1500, 900)))
    request = Request(
        "profile",
        "0" * 64,
        "You are an archivist.",
        f"Read.\n\n```json\n{block}\n```\n",
        "ProfileAnswer",
        images=images,
    )
    from adapters import send

    reply = send(
        client,
        Attempt(
            request.system,
            request.user,
            images,
            schema_name("ProfileAnswer"),
            answer_schema("ProfileAnswer"),
            0.7,
            4096,
            20.0,
        ),
    )[0]

    found = estimate(request, "openai" if provider == "openai" else "gemini", name)
    assert found.expected == pytest.approx(reply.input_tokens, rel=0.05)
    assert reply.input_tokens <= found.most


@pytest.mark.parametrize("profile", LIMITS)
def test_a_picture_that_fits_is_sent_as_it_lies(profile, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for form in ("PNG", "JPEG", "WEBP"):
        picture = painted(tmp_path, 640, 480, form=form)
        assert fitted(picture.image, profile).data == picture.data


@settings(deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(16, 700))
def test_fitting_keeps_to_the_limit_and_to_the_shape(width: int, height: int, side: int) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "olive").save(buffer, "PNG")
    limit = Limit(max(side, 64), 2_000_000)

    found = fit(buffer.getvalue(), limit)

    assert max(found.width, found.height) <= limit.side
    with Image.open(io.BytesIO(found.data)) as sent:
        assert sent.size == (found.width, found.height)
    if max(width, height) > limit.side:
        assert abs(found.width * height - found.height * width) <= max(width, height)
    assert fit(buffer.getvalue(), limit) == found


def test_sizes_are_foretold_as_they_are_sent(tmp_path: Path) -> None:
    for profile in LIMITS:
        picture = painted(tmp_path, 3333, 1234)
        found = fitted(picture.image, profile)
        assert (found.width, found.height) == sent_size(3333, 1234, profile)


def test_a_heavy_picture_is_made_light_enough(tmp_path: Path) -> None:
    noise = Image.effect_noise((700, 700), 90).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")

    found = fit(buffer.getvalue(), Limit(2048, 60_000))

    assert len(found.data) <= 60_000
    assert found.mime == "image/jpeg"


def test_transparency_and_turned_cameras_are_settled_before_sending() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (900, 300), (255, 0, 0, 0)).save(clear, "PNG")
    with Image.open(io.BytesIO(fit(clear.getvalue(), Limit(300, 100_000)).data)) as sent:
        assert sent.convert("RGB").getpixel((10, 10)) == (255, 255, 255)

    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 30), "navy").save(turned, "JPEG", exif=exif)
    found = fit(turned.getvalue(), Limit(300, 100_000))
    assert (found.width, found.height) == (30, 90)


def test_a_file_that_is_no_picture_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        fitted(stored(tmp_path, b"no picture at all").image, "openai")


def test_the_server_counts_pictures_by_the_same_documents_but_its_own_code(tmp_path: Path) -> None:
    for size in ((300, 200), (1024, 1024), (1500, 900), (2000, 2000)):
        picture = painted(tmp_path, *size)
        there = Picture("image/png", picture.data, picture.image.sha256)
        assert counted_there.openai_picture(there) == picture_tokens(*size, "openai", "gpt-4o").expected
        assert (
            counted_there.gemini_picture(there)
            == picture_tokens(*size, "gemini", "gemini-2.5-flash").expected
        )

"""Writers by name. To add one: a file in this package, one line in WRITERS."""

from collections.abc import Callable

from rolescape_data.errors import WriterError
from rolescape_data.providers.base import Writer


def _offline(model: str, base_url: str | None) -> Writer:
    from rolescape_data.providers.offline import OfflineWriter

    return OfflineWriter()


def _openai(model: str, base_url: str | None) -> Writer:
    from rolescape_data.providers.openai import OpenAIWriter

    return OpenAIWriter(model, base_url=base_url)


def _gemini(model: str, base_url: str | None) -> Writer:
    from rolescape_data.providers.gemini import GeminiWriter

    return GeminiWriter(model, base_url=base_url)


WRITERS: dict[str, Callable[[str, str | None], Writer]] = {
    "offline": _offline,
    "openai": _openai,
    "gemini": _gemini,
}


def open_writer(name: str, *, base_url: str | None = None) -> Writer:
    """Return the writer called `offline`, `openai:MODEL` or `gemini:MODEL`. Nothing is sent yet.

    Raises:
        WriterError: an unknown name, a missing model or a missing key.
    """
    provider, _, model = name.partition(":")
    if provider not in WRITERS:
        raise WriterError(f"There is no writer '{name}'. Known: offline, openai:MODEL, gemini:MODEL.")
    if (provider == "offline") == bool(model):
        expected = "offline" if provider == "offline" else f"{provider}:MODEL, e.g. {provider}:my-model"
        raise WriterError(f"The writer '{name}' is not complete or says too much. Write {expected}.")
    return WRITERS[provider](model, base_url)

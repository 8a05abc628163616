"""Where keys come from: the environment or a file, never the set file; and how they stay out of what is said."""

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from rolescape_data.errors import WriterError

# What OpenAI and Google keys look like, whole or with stars in the middle as error messages show them.
_KEY = re.compile(r"\b(?:sk|rk|pk|sess)-[\w*.\-]{6,}|\bAIza[\w*\-]{6,}|\bAQ\.[\w*\-]{6,}|(?<=Bearer )\S+")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def find_key(names: tuple[str, ...], *, needed_for: str | None) -> SecretStr | None:
    """Return the first key found in the environment, or in the file that NAME_FILE names.

    Args:
        names: variables in order, e.g. ('GEMINI_API_KEY', 'GOOGLE_API_KEY').
        needed_for: the writer that cannot do without; None when a key is not needed.

    Raises:
        WriterError: none is there though one is needed, the named file cannot be used, or what is there is no key.
    """
    for name in names:
        if os.environ.get(name, "").strip():
            return SecretStr(_whole(os.environ[name].strip(), f"The environment variable {name}"))
        path = os.environ.get(f"{name}_FILE", "").strip()
        if path:
            return SecretStr(_from_file(name, Path(path)))
    if needed_for is None:
        return None
    raise WriterError(
        f"The writer '{needed_for}' needs a key: put it into the environment variable {names[0]}, "
        f"or into a file that {names[0]}_FILE names."
    )


def _from_file(name: str, path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not text"
        raise WriterError(
            f"The key file {path} that {name}_FILE names cannot be read ({why}). Correct the path, or set {name}."
        ) from None
    return _whole(key, f"The key file {path} that {name}_FILE names")


def _whole(key: str, place: str) -> str:
    """Return a key that can be sent: a line break or a quotation mark of a word processor fails inside the SDK, or later."""
    if not key or not all("!" <= letter <= "~" for letter in key):
        raise WriterError(
            f"{place} does not hold one key and nothing else (a key has plain letters, digits and signs, no blanks and no "
            "typographic quotation marks). Put the key alone into it."
        )
    return key


def without_keys(text: str, *keys: SecretStr | None) -> str:
    """Return a message with every key in it replaced, those of these writers and whatever looks like one."""
    for key in keys:
        if key is not None and key.get_secret_value():
            text = text.replace(key.get_secret_value(), "[key]")
    return _CREDENTIALS.sub("", _KEY.sub("[key]", text))


def shown_url(url: str) -> str:
    """Return a URL without the credentials that it may hold."""
    return _CREDENTIALS.sub("", url)


def is_own_server(base_url: str) -> bool:
    """Tell whether a URL leads to this machine or into its own network, by its name alone (nothing is looked up)."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        # A bare name such as 'gpu-box' is one of the local network or of a container.
        return bool(host) and "." not in host

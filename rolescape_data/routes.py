"""Who writes what: a set's `writer:` and `writers:`, or the flag `--writer` -> an ordered list of writers for each kind.

    writer: offline                                     # one name
    writer: "openai:big, gemini:flash"                  # the second takes over where the first cannot
    writers:
      captions: {name: "openai:my-model", base_url: "http://127.0.0.1:8000/v1"}
      qa: ["gemini:flash", {name: "openai:big", key_env: OTHER_API_KEY}]

No key ever stands here: `key_env` names an environment variable that holds one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rolescape_data.errors import SettingsError

# NAME@URL, as a flag says it; models may bear an @ of their own.
_AT = re.compile(r"^(?P<name>.+?)@(?P<url>https?://.+)$")


def _without_credentials(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        # Read here, since a port that is none is noticed only when it is asked for.
        found = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise ValueError("is no URL; write http://HOST:PORT/v1")
    if parts.username or parts.password:
        raise ValueError("holds a user name or password; keys belong into the environment (`key_env:`)")
    if parts.query or parts.fragment:
        # An SDK would append its path to it, and a key in it would be kept wherever the address is.
        raise ValueError(
            "holds more than an address behind '?' or '#'; keys belong into the environment (`key_env:`)"
        )
    return url


def _named(name: str) -> str:
    if not name.strip() or "," in name:
        raise ValueError("is not the name of one writer; write offline, openai:MODEL or gemini:MODEL")
    return name.strip()


class Leg(BaseModel):
    """One writer of a route, and where it is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, AfterValidator(_named)] = Field(description="offline, openai:MODEL or gemini:MODEL")
    base_url: Annotated[str, AfterValidator(_without_credentials)] | None = Field(
        None, description="another server of the same protocol"
    )
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = Field(
        None, description="environment variable that holds this server's key (or NAME_FILE, a file that does)"
    )


Route = tuple[Leg, ...]
Choice = str | Leg | list[str | Leg]


def parse(choice: Choice, base_url: str | None = None) -> Route:
    """Return the writers that a set file or a flag names, in order.

    Args:
        choice: 'NAME', 'NAME, NAME@URL', one writer or a list of them.
        base_url: of those writers that name none and have the first one's provider: a flag's `--base-url`.

    Raises:
        SettingsError: no writer, or one twice.
    """
    given: list[str | Leg] = []
    for part in choice if isinstance(choice, list) else [choice]:
        given += [one.strip() for one in part.split(",")] if isinstance(part, str) else [part]
    legs = [_leg(one) if isinstance(one, str) else one for one in given]
    if not legs:
        raise SettingsError("A list of writers is empty. Name one, e.g. offline.")
    if base_url is not None:
        base_url = _leg(legs[0].name, base_url).base_url
        provider = legs[0].name.partition(":")[0]
        legs = [
            leg.model_copy(update={"base_url": base_url})
            if leg.base_url is None and leg.name.partition(":")[0] == provider
            else leg
            for leg in legs
        ]
    for number, leg in enumerate(legs):
        if leg in legs[:number]:
            raise SettingsError(f"The writer '{leg.name}' stands twice in one list. Name it once.")
    return tuple(legs)


def named(route: Iterable[Leg]) -> str:
    """Return the names of a route in order, for people and fingerprints: 'openai:big, gemini:flash'."""
    return ", ".join(leg.name for leg in route)


class Casting(BaseModel):
    """Who writes which kind of record; plain data, so that it can travel to another machine and be remembered.

    Args:
        default: for every kind that has no route of its own.
        own: by kind.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Route
    own: dict[str, Route] = Field(default_factory=dict)

    def route(self, kind: str) -> Route:
        """Return the writers of a kind, in order."""
        return self.own.get(kind, self.default)

    def routes(self) -> list[Route]:
        """Return every route, each once."""
        return list(dict.fromkeys([self.default, *self.own.values()]))


def cast(
    writer: Choice,
    writers: Mapping[str, Choice],
    *,
    kinds: Mapping[str, str],
    flag: str | None = None,
    base_url: str | None = None,
) -> Casting:
    """Decide who writes what.

    A flag is stronger than all the set says, so that `--writer offline` costs nothing whatever the set names. In the set a
    kind's own entry is stronger than its stage's, and that than `writer:`. `base_url` alone moves the set's `writer:`.

    Args:
        writer: the set's own.
        writers: the set's, by stage or kind.
        kinds: every kind that is asked for, with its stage.
        flag: of the command line.
        base_url: of the command line.

    Raises:
        SettingsError: a name in `writers` that is neither; the known ones are listed.
    """
    if flag is not None:
        return Casting(default=parse(flag, base_url))
    stages = list(dict.fromkeys(kinds.values()))
    for name in writers:
        if name not in kinds and name not in stages:
            raise SettingsError(
                f"`writers:` names '{name}', which is neither a stage that asks a writer ({', '.join(stages)}) nor a kind of "
                f"record ({', '.join(kinds)})."
            )
    own = {
        kind: parse(writers[kind] if kind in writers else writers[stage])
        for kind, stage in kinds.items()
        if kind in writers or stage in writers
    }
    return Casting(default=parse(writer, base_url), own=own)


def _leg(text: str, base_url: str | None = None) -> Leg:
    found = _AT.match(text) if base_url is None else None
    name, url = (found["name"], found["url"]) if found else (text, base_url)
    if found is None and "@" in text and "://" in text:
        raise SettingsError(f"The address in '{text}' has to begin with http:// or https://.")
    try:
        return Leg(name=name, base_url=url)
    except ValueError as fault:
        reason = str(fault).split("Value error, ")[-1].split(" [type=")[0]
        raise SettingsError(f"The writer '{name}' cannot be used: it {reason}.") from None

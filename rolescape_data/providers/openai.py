"""One attempt -> OpenAI's chat completions and back, for OpenAI itself and every server that speaks its protocol."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from rolescape_data.providers.keys import find_key, is_own_server, shown_url, without_keys
from rolescape_data.providers.pictures import sendable
from rolescape_data.providers.schemas import Profile, sanitised_text
from rolescape_data.providers.session import Dress, Posted, Session
from rolescape_data.providers.waits import per_minute, retry_after_s
from rolescape_data.providers.wire import (
    Attempt,
    FaultKind,
    Reply,
    WireFault,
    counts_told,
    tokens_told,
    tokens_used,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"
KEY_NAMES = ("OPENAI_API_KEY",)

_ADJUSTMENTS = 3  # there are three things to learn
_TOO_LARGE = re.compile(
    r"maximum context length|context (?:window|length)|request too large|too many (?:input )?tokens|max_model_len",
    re.I,
)
_SCHEMA = re.compile(r"response_format|json_?schema|schema|grammar|guided|structured output", re.I)
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}
REFUSED_CODES = {"content_filter", "content_policy_violation"}
_FINISH: dict[str, Literal["stop", "length", "refusal"]] = {"length": "length", "content_filter": "refusal"}


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a model or server takes, as far as it is known: a limit's name, a temperature, a response schema."""

    limit: Literal["max_completion_tokens", "max_tokens"]
    temperature: bool = True
    schema: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status of 400 and above, and what the server says of it."""

    status: int
    message: str
    code: str = ""
    type: str = ""
    param: str = ""

    @classmethod
    def of(cls, status: int, body: Any) -> "Refusal":
        """Read the body of a refusal, as `{"error": {...}}` or bare; servers leave out what they like."""
        said = body.get("error", body) if isinstance(body, dict) else None
        found = said if isinstance(said, dict) else {}
        message = found.get("message") or (said if isinstance(said, str) else None)
        return cls(
            status,
            f"Error code: {status}" + (f" - {message}" if message else ""),
            *(str(found.get(name) or "") for name in ("code", "type", "param")),
        )


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal, headers: Mapping[str, str]) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.headers = headers


class OpenAIClient:
    """A model behind OpenAI's protocol. Construction opens no connection; the first attempt does.

    Args:
        model: as the server calls it.
        base_url: of another server; OPENAI_BASE_URL, then OpenAI itself, by default.
        key: else OPENAI_API_KEY, or the file that OPENAI_API_KEY_FILE names. A server on this machine or in
            its network needs none.
        profile: which schemas the server understands; by its address when None.

    Raises:
        WriterError: no key where one is needed.
    """

    provider = "openai"

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        key: str | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.model = model
        self.base_url = base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL
        self.profile: Profile = profile or _profile(self.base_url)
        own = is_own_server(self.base_url)
        needed_for = None if own else f"openai:{model}"
        self._key = SecretStr(key) if key else find_key(KEY_NAMES, needed_for=needed_for)
        self._session = Session(own=own)
        self._dress: Dress | None = None
        self._sdk: AsyncOpenAI | None = None
        self._taken = _Taken(limit="max_completion_tokens" if self.profile == "openai" else "max_tokens")

    def __repr__(self) -> str:
        return f"OpenAIClient({self.model!r}, base_url={shown_url(self.base_url)!r})"

    async def send(self, attempt: Attempt) -> Reply:
        """Make one attempt.

        Raises:
            WireFault: it failed.
            InputError: a picture to be sent is not there.
        """
        import aiohttp

        try:
            async with asyncio.timeout(attempt.timeout_s):
                content = await self._content(attempt)
                for _ in range(_ADJUSTMENTS):
                    taken = self._taken
                    try:
                        return await self._post(attempt, content, taken)
                    except _RefusedError as fault:
                        # What a model does not take is refused unread and unpaid, and learnt once for all.
                        learnt = self._learnt(fault.refusal, taken) if fault.refusal.status == 400 else None
                        if learnt is None:
                            raise
                        self._taken = learnt
                return await self._post(attempt, content, self._taken)
        except TimeoutError:
            raise self._fault("timeout", f"no answer within {attempt.timeout_s:.0f} s") from None
        except _RefusedError as fault:
            if fault.refusal.code in REFUSED_CODES:
                return Reply(fault.refusal.message, "refusal", 0, 0, self.model)
            raise self._status_fault(fault.refusal, fault.headers) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise self._fault("connection", str(fault) or type(fault).__name__) from None

    async def close(self) -> None:
        """Close connections; the next attempt would open new ones."""
        await self._session.close()
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None

    def _opened(self) -> "AsyncOpenAI":
        """Return the SDK itself, for everything but single calls (files, batches)."""
        if self._sdk is None:
            from openai import AsyncOpenAI, DefaultAioHttpClient

            key = self._key.get_secret_value() if self._key is not None else "none"
            # A proxy for the outside must not stand before a server of one's own.
            client = DefaultAioHttpClient(trust_env=not is_own_server(self.base_url))
            self._sdk = AsyncOpenAI(
                api_key=key, base_url=self.base_url, http_client=client, max_retries=0, timeout=None
            )
        return self._sdk

    def _dressed(self) -> Dress:
        """Let the SDK dress one call, which is sent nowhere: its address, key, organisation, project and own marks."""
        if self._dress is None:
            import httpx2
            from openai import OpenAI

            seen: list[httpx2.Request] = []

            def keep(request: httpx2.Request) -> httpx2.Response:
                seen.append(request)
                return httpx2.Response(200, json={})

            key = self._key.get_secret_value() if self._key is not None else "none"
            nowhere = httpx2.Client(transport=httpx2.MockTransport(keep))
            with OpenAI(
                api_key=key, base_url=self.base_url, http_client=nowhere, max_retries=0, timeout=None
            ) as sdk:
                sdk.chat.completions.create(model=self.model, messages=[])
            self._dress = Dress.of(str(seen[0].url), seen[0].headers)
        return self._dress

    async def _post(self, attempt: Attempt, content: str | list[dict[str, Any]], taken: "_Taken") -> Reply:
        body = self._body(attempt, content, taken)
        posted = await self._session.post(self._dress or self._dressed(), body)
        return self._reply(self._read(posted), posted.headers, attempt)

    def _body(self, attempt: Attempt, content: str | list[dict[str, Any]], taken: "_Taken") -> bytes:
        """Return what is sent, alone or in a batch."""
        schema = sanitised_text(attempt.schema, self.profile)
        name = json.dumps(attempt.schema_name[:64])
        form = f'{{"type": "json_schema", "json_schema": {{"name": {name}, "strict": true, "schema": {schema}}}}}'
        system = attempt.system
        if not taken.schema:
            form = '{"type": "json_object"}'
            system += f"\n\nAnswer with one JSON object that fits this JSON Schema:\n{schema}"
        messages = [{"role": "system", "content": system}, {"role": "user", "content": content}]
        sent: dict[str, Any] = {"model": self.model, "messages": messages, taken.limit: attempt.max_tokens}
        if taken.temperature:
            sent["temperature"] = attempt.temperature
        written = json.dumps(sent, ensure_ascii=False)
        return f'{written[:-1]}, "response_format": {form}}}'.encode("utf-8", "replace")

    def _read(self, posted: Posted) -> Any:
        try:
            body = json.loads(posted.text)
        except (ValueError, RecursionError):
            body = None
        if posted.elsewhere:
            raise self._fault("not_found", posted.elsewhere, status=posted.status)
        if posted.status >= 400:
            raise _RefusedError(Refusal.of(posted.status, body), posted.headers)
        if body is None:
            raise self._fault("overloaded", "the server answered with something other than JSON")
        if (status := _status_within(body)) is not None:
            raise _RefusedError(Refusal.of(status, body), posted.headers)
        return body

    async def _content(self, attempt: Attempt) -> str | list[dict[str, Any]]:
        if not attempt.images:
            return attempt.user
        parts: list[dict[str, Any]] = []
        for image in attempt.images:
            picture = await sendable(image, self.profile)
            url: dict[str, Any] = {"url": picture.data_url()}
            if self.profile == "openai":
                url["detail"] = "high"  # 'auto' lets the bill depend on the server's mood
            parts.append({"type": "image_url", "image_url": url})
        return [*parts, {"type": "text", "text": attempt.user}]

    def _reply(self, body: Any, headers: Mapping[str, str], attempt: Attempt) -> Reply:
        if not isinstance(body, dict) or not body.get("choices"):
            said = body.get("error") if isinstance(body, dict) else None
            raise self._fault(
                "overloaded", f"the server answered without a choice ({said or 'no reason given'})"
            )
        try:
            choice = body["choices"][0]
            message = choice.get("message") or {}
            text = _text(message.get("content"))
            finish = _FINISH.get(choice.get("finish_reason") or "stop", "stop")
            if message.get("refusal"):
                text, finish = _text(message["refusal"]), "refusal"
            usage = counts_told(body.get("usage"))
            given = tokens_told(usage.get("prompt_tokens"))
            made = tokens_told(usage.get("completion_tokens") or 0)
        except (LookupError, TypeError, AttributeError) as fault:
            raise self._fault("overloaded", f"the server's answer cannot be read ({fault})") from None
        taken_in, given_out, counted = tokens_used(given, made, attempt, text)
        return Reply(
            text=text,
            finish=finish,
            input_tokens=taken_in,
            output_tokens=given_out,
            counted=counted,
            model=str(body.get("model") or self.model),
            fingerprint=str(body.get("system_fingerprint") or ""),
            requests_per_minute=per_minute(headers, "requests"),
            tokens_per_minute=per_minute(headers, "tokens"),
        )

    def _learnt(self, fault: Refusal, taken: "_Taken") -> "_Taken | None":
        """Return what the server takes after all, by its refusal; None when that teaches nothing."""
        told = f"{fault.param} {fault.message}".lower()
        if fault.code in ("unsupported_value", "unsupported_parameter") or "unsupported" in told:
            if "temperature" in told and taken.temperature:
                return replace(self._taken, temperature=False)
            if taken.limit == "max_completion_tokens" and taken.limit in told:
                return replace(self._taken, limit="max_tokens")
            # Only a server that names the other one has it.
            if taken.limit == "max_tokens" and "max_completion_tokens" in told:
                return replace(self._taken, limit="max_completion_tokens")
        if self.profile == "compatible" and taken.schema and self._kind(fault) == "schema":
            return replace(self._taken, schema=False)
        return None

    def _status_fault(self, fault: Refusal, headers: Mapping[str, str]) -> WireFault:
        wait_s = retry_after_s(headers) if fault.status in (429, 503, 529) else None
        return self._fault(self._kind(fault), fault.message, wait_s, fault.status)

    @staticmethod
    def _kind(fault: Refusal) -> FaultKind:
        status, code, message = fault.status, fault.code, fault.message
        match status:
            case 401 | 403:
                return "auth"
            case 402:
                return "quota"
            case 404:
                return "not_found"
            case 408:
                return "timeout"
            case 413:
                return "too_large"
            case 429:
                if code in _QUOTA_CODES or fault.type in _QUOTA_CODES:
                    return "quota"
                # One request above the limit of a minute never gets through, however long it waits.
                return "too_large" if _TOO_LARGE.search(message) else "rate_limit"
        if status >= 500 or status == 409:
            return "overloaded"
        if code == "model_not_found":
            return "not_found"
        if code == "context_length_exceeded" or _TOO_LARGE.search(message):
            return "too_large"
        if fault.param.startswith("response_format") or _SCHEMA.search(message):
            return "schema"
        return "bad_request"

    def _fault(
        self, kind: FaultKind, message: str, wait_s: float | None = None, status: int = 0
    ) -> WireFault:
        return WireFault(kind, without_keys(message, self._key), retry_after_s=wait_s, status=status)


def _status_within(body: Any) -> int | None:
    """Return the status of a refusal that a gateway sends on as a success (OpenRouter does); None where it is none.

    A breakdown (500 and above) is none: it may have come in the middle of an answer that is charged for.
    """
    if not isinstance(body, dict) or body.get("choices") or not isinstance(body.get("error"), dict):
        return None
    code = str(body["error"].get("code"))
    return int(code) if re.fullmatch("4[0-9]{2}", code) else None


def _text(content: Any) -> str:
    """Return a message's text, which some servers send in parts; what a reasoning model thought is none of it."""
    if isinstance(content, list):
        return "".join(_text(part["text"]) for part in content if part.get("type", "text") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError(f"its text is {type(content).__name__}")
    return content or ""


def _profile(base_url: str) -> Profile:
    host = urlsplit(base_url).hostname or ""
    return "openai" if host.endswith((".openai.com", ".openai.azure.com")) else "compatible"

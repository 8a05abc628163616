"""One attempt -> Gemini's generateContent and back, as google-genai sends it."""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from rolescape_data.errors import WriterError
from rolescape_data.providers.keys import find_key, is_own_server, shown_url, without_keys
from rolescape_data.providers.pictures import sendable
from rolescape_data.providers.schemas import Profile, sanitised_text
from rolescape_data.providers.session import Dress, Posted, Session
from rolescape_data.providers.waits import retry_after_s, span_s
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
    import aiohttp
    from google.genai import Client as GenaiClient

KEY_NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

_REFUSED = {
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "MODEL_ARMOR",
    "ESCALATION",
    "PUP_LIMITED_DISABLED",
}
_CUT = {"MAX_TOKENS", "CONTINUATION"}
_TOO_LARGE = re.compile(
    r"token count.*exceeds|exceeds the maximum number of tokens|payload size exceeds|too large", re.I
)
_SCHEMA = re.compile(r"schema", re.I)
_SPENT = re.compile(
    r"prepa(?:y|id)|credits? (?:are|is) (?:depleted|exhausted)|billing (?:is )?(?:not|disabled)", re.I
)


class GeminiClient:
    """A Gemini model. Construction opens no connection; the first attempt does.

    Args:
        model: as the service calls it, e.g. 'gemini-3.5-flash'.
        base_url: of another server that speaks the protocol.
        key: else GEMINI_API_KEY, GOOGLE_API_KEY, or the file that one of these with _FILE behind it names.

    Raises:
        WriterError: no key where one is needed, or a name that is none.
    """

    provider = "gemini"
    profile: Profile = "gemini"

    def __init__(self, model: str, *, base_url: str | None = None, key: str | None = None) -> None:
        if any(mark in model for mark in ("..", "?", "&")):
            # It becomes part of the address, so the SDK takes no such name.
            raise WriterError(
                f"'{model}' is no name of a Gemini model. Write it as the service does, e.g. gemini-3.5-flash."
            )
        self.model = model
        self.base_url = base_url
        self._own = base_url is not None and is_own_server(base_url)
        needed_for = None if self._own else f"gemini:{model}"
        self._key = SecretStr(key) if key else find_key(KEY_NAMES, needed_for=needed_for)
        self._session = Session(own=self._own)
        self._dress: Dress | None = None
        self._sdk: GenaiClient | None = None
        self._http: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        where = f", base_url={shown_url(self.base_url)!r}" if self.base_url else ""
        return f"GeminiClient({self.model!r}{where})"

    async def send(self, attempt: Attempt) -> Reply:
        """Make one attempt.

        Raises:
            WireFault: it failed.
            InputError: a picture to be sent is not there.
        """
        import aiohttp

        try:
            async with asyncio.timeout(attempt.timeout_s):
                body = await self._body(attempt)
                posted = await self._session.post(self._dress or self._dressed(), body)
        except TimeoutError:
            raise self._fault("timeout", f"no answer within {attempt.timeout_s:.0f} s") from None
        except (aiohttp.ClientError, OSError) as fault:
            raise self._fault("connection", str(fault) or type(fault).__name__) from None
        if posted.elsewhere:
            raise self._fault("not_found", posted.elsewhere, status=posted.status)
        if posted.status >= 400:
            raise self._status_fault(posted)
        try:
            return self._reply(json.loads(posted.text), attempt)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as fault:
            # Text that calls itself JSON and is none, or JSON of another shape: a proxy's, or a cut-off answer.
            raise self._fault("overloaded", f"the server's answer cannot be read ({fault})") from None

    async def close(self) -> None:
        """Close connections; the next attempt would open new ones."""
        await self._session.close()
        if self._http is not None:
            await self._http.close()
        self._http = None
        self._sdk = None

    def _opened(self) -> "GenaiClient":
        """Return the SDK itself, for everything but single calls (files, batches)."""
        if self._sdk is None:
            import aiohttp
            from google.genai import Client, types

            # A session of our own: connections without a bound of the SDK's, and no proxy before one's own server.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), trust_env=not self._own, read_bufsize=1 << 20
            )
            self._sdk = Client(
                api_key=self._key.get_secret_value() if self._key is not None else "none",
                vertexai=False,
                http_options=types.HttpOptions(
                    base_url=self.base_url,
                    aiohttp_client=self._http,
                    # Without options of its own the SDK tries again by itself after a broken connection, up to
                    # ten seconds later and paid twice (google-genai 3.4.0, _async_request_once).
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        return self._sdk

    def _dressed(self) -> Dress:
        """Let the SDK dress one call, which is sent nowhere: its address, key and own marks."""
        if self._dress is None:
            import httpx
            from google.genai import Client, types

            seen: list[httpx.Request] = []

            def keep(request: httpx.Request) -> httpx.Response:
                seen.append(request)
                return httpx.Response(200, json={})

            with httpx.Client(transport=httpx.MockTransport(keep)) as nowhere:
                sdk = Client(
                    api_key=self._key.get_secret_value() if self._key is not None else "none",
                    vertexai=False,
                    http_options=types.HttpOptions(
                        base_url=self.base_url,
                        httpx_client=nowhere,
                        retry_options=types.HttpRetryOptions(attempts=1),
                    ),
                )
                alone = types.GenerateContentConfig(
                    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
                )
                sdk.models.generate_content(model=self.model, contents="-", config=alone)
            self._dress = Dress.of(str(seen[0].url), seen[0].headers)
        return self._dress

    async def _body(self, attempt: Attempt) -> bytes:
        parts: list[dict[str, Any]] = []
        for image in attempt.images:
            picture = await sendable(image, "gemini")
            data = base64.urlsafe_b64encode(picture.data).decode()
            parts.append({"inlineData": {"data": data, "mimeType": picture.mime}})
        parts.append({"text": attempt.user})
        sent = {
            "contents": [{"parts": parts, "role": "user"}],
            "systemInstruction": {"parts": [{"text": attempt.system}], "role": "user"},
        }
        config = {
            "temperature": attempt.temperature,
            "maxOutputTokens": attempt.max_tokens,
            "responseMimeType": "application/json",
        }
        asked, asked_for = json.dumps(sent, ensure_ascii=False), json.dumps(config)
        schema = sanitised_text(attempt.schema, "gemini")
        body = f'{asked[:-1]}, "generationConfig": {asked_for[:-1]}, "responseJsonSchema": {schema}}}}}'
        return body.encode("utf-8", "replace")

    def _reply(self, answer: Mapping[str, Any], attempt: Attempt) -> Reply:
        candidates = answer.get("candidates") or [{}]
        candidate = candidates[0]
        parts = (candidate.get("content") or {}).get("parts") or []
        text = "".join(part["text"] for part in parts if part.get("text") and not part.get("thought"))
        finish: Literal["stop", "length", "refusal"] = "stop"
        blocked = (answer.get("promptFeedback") or {}).get("blockReason")
        reason = candidate.get("finishReason") or "STOP"
        if blocked is not None or reason in _REFUSED:
            finish = "refusal"
            text = text or f"refused: {blocked or reason}"
        elif reason in _CUT:
            finish = "length"
        usage = counts_told(answer.get("usageMetadata"))
        given = tokens_told(usage.get("promptTokenCount"))
        # Thoughts are billed as output and counted apart from the answer.
        told = [tokens_told(usage.get(name) or 0) for name in ("candidatesTokenCount", "thoughtsTokenCount")]
        made = None if None in told else sum(count or 0 for count in told)
        taken_in, given_out, counted = tokens_used(given, made, attempt, text)
        return Reply(
            text=text,
            finish=finish,
            input_tokens=taken_in,
            output_tokens=given_out,
            counted=counted,
            model=str(answer.get("modelVersion") or self.model),
        )

    def _status_fault(self, posted: Posted) -> WireFault:
        error = _error(posted.text)
        found = error.get("details")
        details = [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []
        wait_s = next((span_s(str(part["retryDelay"])) for part in details if "retryDelay" in part), None)
        if wait_s is None:
            wait_s = retry_after_s(posted.headers)
        message = str(
            error.get("message") or error.get("status") or f"status {posted.status}, no reason given"
        )
        return self._fault(fault_kind(posted.status, message, details), message, wait_s, posted.status)

    def _fault(
        self, kind: FaultKind, message: str, wait_s: float | None = None, status: int = 0
    ) -> WireFault:
        return WireFault(kind, without_keys(message, self._key), retry_after_s=wait_s, status=status)


def _error(body: str) -> dict[str, Any]:
    """Return what a refusal says of itself, its typed details (RetryInfo, QuotaFailure, ErrorInfo) with it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(said, list) and said:
        said = said[0]
    error = said.get("error", said) if isinstance(said, dict) else {}
    return error if isinstance(error, dict) else {}


def fault_kind(status: int, message: str, details: list[dict[str, Any]]) -> FaultKind:
    """Return what kind of failure an error of Gemini's is; `details` are its typed ones."""
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
            # A limit of a minute and one of a day come with the same status and the same sentence.
            quotas = [str(item.get("quotaId", "")) for part in details for item in part.get("violations", [])]
            spent = any("PerDay" in quota for quota in quotas) or _SPENT.search(message)
            return "quota" if spent else "rate_limit"
    if status >= 500 or status == 409:
        return "overloaded"
    if any(part.get("reason") in ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED") for part in details):
        return "auth"
    if "api key" in message.lower():
        return "auth"
    if _TOO_LARGE.search(message):
        return "too_large"
    return "schema" if _SCHEMA.search(message) else "bad_request"

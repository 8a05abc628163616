"""One attempt -> Gemini's generateContent and back, through google-genai."""

import asyncio
import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from rolescape_data.providers.keys import find_key, is_own_server, shown_url, without_keys
from rolescape_data.providers.pictures import sendable
from rolescape_data.providers.schemas import Profile, Schema, sanitised
from rolescape_data.providers.tokens import text_tokens
from rolescape_data.providers.waits import retry_after_s, span_s
from rolescape_data.providers.wire import Attempt, FaultKind, Reply, WireFault

if TYPE_CHECKING:
    import aiohttp
    from google.genai import Client as GenaiClient
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

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
        WriterError: no key where one is needed.
    """

    provider = "gemini"
    profile: Profile = "gemini"

    def __init__(self, model: str, *, base_url: str | None = None, key: str | None = None) -> None:
        self.model = model
        self.base_url = base_url
        self._own = base_url is not None and is_own_server(base_url)
        needed_for = None if self._own else f"gemini:{model}"
        self._key = SecretStr(key) if key else find_key(KEY_NAMES, needed_for=needed_for)
        self._sdk: GenaiClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._schemas: dict[int, tuple[Schema, Schema]] = {}

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
        from google.genai import errors

        try:
            async with asyncio.timeout(attempt.timeout_s):
                contents = await self._contents(attempt)
                answer = await self._opened().aio.models.generate_content(
                    model=self.model, contents=contents, config=self._config(attempt)
                )
        except TimeoutError:
            raise self._fault("timeout", f"no answer within {attempt.timeout_s:.0f} s") from None
        except errors.APIError as fault:
            raise self._status_fault(fault) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise self._fault("connection", str(fault) or type(fault).__name__) from None
        except ValueError as fault:
            # Text that calls itself JSON and is none, or JSON of another shape: a proxy's, or a cut-off answer.
            raise self._fault("overloaded", f"the server's answer cannot be read ({fault})") from None
        return self._reply(answer, attempt)

    async def close(self) -> None:
        """Close connections; the next attempt would open new ones."""
        if self._session is not None:
            await self._session.close()
        self._session = None
        self._sdk = None

    def _opened(self) -> "GenaiClient":
        if self._sdk is None:
            import aiohttp
            from google.genai import Client, types

            # A session of our own: connections without a bound of the SDK's, and no proxy before one's own server.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), trust_env=not self._own, read_bufsize=1 << 20
            )
            self._sdk = Client(
                api_key=self._key.get_secret_value() if self._key is not None else "none",
                vertexai=False,
                http_options=types.HttpOptions(
                    base_url=self.base_url,
                    aiohttp_client=self._session,
                    # Without options of its own the SDK tries again by itself after a broken connection, up to
                    # ten seconds later and paid twice (google-genai 3.4.0, _async_request_once).
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        return self._sdk

    async def _contents(self, attempt: Attempt) -> list[Any]:
        from google.genai import types

        parts: list[types.Part] = []
        for image in attempt.images:
            picture = await sendable(image, "gemini")
            parts.append(types.Part.from_bytes(data=picture.data, mime_type=picture.mime))
        parts.append(types.Part.from_text(text=attempt.user))
        return [types.Content(role="user", parts=parts)]

    def _config(self, attempt: Attempt) -> "GenerateContentConfig":
        from google.genai import types

        held = self._schemas.get(id(attempt.schema))
        if held is None or held[0] is not attempt.schema:
            if len(self._schemas) >= 512:
                self._schemas.clear()
            held = self._schemas[id(attempt.schema)] = (attempt.schema, sanitised(attempt.schema, "gemini"))
        return types.GenerateContentConfig(
            system_instruction=attempt.system,
            temperature=attempt.temperature,
            max_output_tokens=attempt.max_tokens,
            response_mime_type="application/json",
            response_json_schema=held[1],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )

    def _reply(self, answer: "GenerateContentResponse", attempt: Attempt) -> Reply:
        # `answer.parsed` is None without a word when the text does not fit, so only the text counts.
        candidate = answer.candidates[0] if answer.candidates else None
        parts = (
            (candidate.content.parts or []) if candidate is not None and candidate.content is not None else []
        )
        text = "".join(part.text for part in parts if part.text and not part.thought)
        finish: Literal["stop", "length", "refusal"] = "stop"
        blocked = answer.prompt_feedback.block_reason if answer.prompt_feedback is not None else None
        reason = (
            candidate.finish_reason.value if candidate is not None and candidate.finish_reason else "STOP"
        )
        if blocked is not None or reason in _REFUSED:
            finish = "refusal"
            text = text or f"refused: {blocked.value if blocked is not None else reason}"
        elif reason in _CUT:
            finish = "length"
        usage = answer.usage_metadata
        given = usage.prompt_token_count if usage is not None else None
        made = 0
        if usage is not None:
            # Thoughts are billed as output and counted apart from the answer.
            made = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        return Reply(
            text=text,
            finish=finish,
            input_tokens=given if given is not None else text_tokens(attempt.system + attempt.user),
            output_tokens=made if usage is not None else text_tokens(text),
            model=answer.model_version or self.model,
        )

    def _status_fault(self, fault: "APIError") -> WireFault:
        details = _details(fault)
        wait_s = next((span_s(str(part["retryDelay"])) for part in details if "retryDelay" in part), None)
        headers = getattr(fault.response, "headers", None)
        if wait_s is None and headers is not None:
            wait_s = retry_after_s(headers)
        status = int(fault.code or 0)
        message = str(fault.message or fault.status or "no reason given")
        return self._fault(_kind(status, message, details), message, wait_s, status)

    def _fault(
        self, kind: FaultKind, message: str, wait_s: float | None = None, status: int = 0
    ) -> WireFault:
        return WireFault(kind, without_keys(message, self._key), retry_after_s=wait_s, status=status)


def _details(fault: "APIError") -> list[dict[str, Any]]:
    """Return the typed details of an error (RetryInfo, QuotaFailure, ErrorInfo)."""
    body: Any = fault.details
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error", body) if isinstance(body, dict) else {}
    found = error.get("details") if isinstance(error, dict) else None
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _kind(status: int, message: str, details: list[dict[str, Any]]) -> FaultKind:
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

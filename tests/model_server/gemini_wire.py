"""Gemini's generateContent: request bytes -> Asked, answers and refusals -> its JSON."""

import json
from typing import Any

from . import strict
from .asked import Asked, Picture, RefusalError, digest, picture, row_of
from .settings import Settings
from .state import State

_CONFIG = {
    "temperature", "maxOutputTokens", "responseMimeType", "responseJsonSchema", "seed", "topP", "candidateCount",
    "thinkingConfig", "mediaResolution",
}  # fmt: skip
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_checked: set[str] = set()


def asked(data: bytes, model: str, state: State, key: str) -> Asked:
    """Read a request; raise RefusalError for what Gemini would refuse."""
    settings = state.settings
    check_key(settings, key)
    try:
        body = json.loads(data)
    except ValueError:
        raise RefusalError("bad_request", 400, "Invalid JSON payload received.") from None
    return request(body, digest(data), model, settings)


def check_key(settings: Settings, key: str) -> None:
    """Raise RefusalError for a wrong key."""
    if settings.mode == "auth" or (settings.key and key != settings.key):
        raise RefusalError("auth", 400, "API key not valid. Please pass a valid API key.")


def request(body: dict[str, Any], mark: str, model: str, settings: Settings) -> Asked:
    """Read the body of a request, alone or one of a batch."""
    config = body.get("generationConfig", {})
    for name in config:
        if name not in _CONFIG:
            raise RefusalError("bad_request", 400, f'Invalid JSON payload received. Unknown name "{name}".')
    if config.get("responseMimeType") != "application/json" or "responseJsonSchema" not in config:
        raise RefusalError("bad_request", 400, "This server answers JSON requests with a schema only.")
    schema: dict[str, Any] = config["responseJsonSchema"]
    if settings.strict and (known := json.dumps(schema)) not in _checked:
        strict.refuse_gemini(schema)
        _checked.add(known)
    system = "\n".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    texts: list[str] = []
    pictures: list[Picture] = []
    for content in body["contents"]:
        for part in content["parts"]:
            if "text" in part:
                texts.append(part["text"])
            else:
                inline = part["inlineData"]
                # Protobuf's JSON takes a field under either name, and the SDK mixes them.
                mime = inline.get("mimeType") or inline["mime_type"]
                # The SDK sends URL-safe base64; the service reads both alphabets.
                pictures.append(picture(mime, inline["data"].replace("-", "+").replace("_", "/")))
    user = "\n".join(texts)
    return Asked(
        model=model,
        system=system,
        user=user,
        pictures=tuple(pictures),
        schema=schema,
        schema_name="",
        temperature=config.get("temperature", 1),
        max_tokens=int(config.get("maxOutputTokens") or 65536),
        body=mark,
        row=row_of(user, tuple(pictures), schema),
    )


def reply(asked: Asked, text: str, finish: str, tokens: tuple[int, int]) -> dict[str, Any]:
    """Return the body of an answer; finish is stop, length, refusal or content_filter."""
    usage = {
        "promptTokenCount": tokens[0],
        "candidatesTokenCount": tokens[1],
        "totalTokenCount": sum(tokens),
    }
    head: dict[str, Any] = {
        "usageMetadata": usage,
        "modelVersion": f"{asked.model}-001",
        "responseId": asked.body,
    }
    if finish == "content_filter":
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **head}
    reason = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[finish]
    candidate: dict[str, Any] = {"index": 0, "finishReason": reason}
    if finish != "refusal":
        candidate["content"] = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [candidate], **head}


def error(refusal: RefusalError, settings: Settings, wait_s: float | None) -> dict[str, Any]:
    """Return the body of an error, with RetryInfo and QuotaFailure as the service sends them."""
    details: list[dict[str, Any]] = []
    if refusal.kind == "auth" and refusal.status == 400:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        )
    if refusal.status == 429:
        span = "PerDay" if refusal.kind == "quota" else "PerMinute"
        quota = f"GenerateRequests{span}PerProjectPerModel"
        details.append(
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
        )
        if wait_s is not None and settings.retry_after != "none":
            details.append(
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait_s:.3f}s"}
            )
    return {
        "error": {
            "code": refusal.status,
            "message": refusal.message,
            "status": _STATUS.get(refusal.status, "UNKNOWN"),
            "details": details,
        }
    }

"""OpenAI's chat completions: request bytes -> Asked, answers and refusals -> its JSON and headers."""

import json
import time
from email.utils import formatdate
from typing import Any

from . import strict
from .asked import Asked, Picture, RefusalError, digest, picture, row_of
from .settings import Settings
from .state import State

_KNOWN = {
    "model", "messages", "response_format", "temperature", "max_tokens", "max_completion_tokens", "n", "seed", "stream",
    "top_p", "user", "store", "metadata", "service_tier",
}  # fmt: skip
_checked: set[str] = set()


def asked(data: bytes, state: State, authorization: str) -> Asked:
    """Read a request; raise RefusalError for what OpenAI would refuse."""
    settings = state.settings
    check_key(settings, authorization)
    try:
        body = json.loads(data)
    except ValueError:
        raise RefusalError("bad_request", 400, "We could not parse the JSON body of your request.") from None
    for name in body:
        if name not in _KNOWN:
            raise RefusalError("bad_request", 400, f"Unrecognized request argument supplied: {name}")
    for name in ("model", "messages"):
        if not body.get(name):
            raise RefusalError("bad_request", 400, f"Missing required parameter: '{name}'.", param=name)
    if body.get("stream"):
        raise RefusalError("bad_request", 400, "This server does not stream.", param="stream")
    temperature = body.get("temperature", 1)
    if not settings.temperature and temperature != 1:
        raise RefusalError(
            "unsupported",
            400,
            f"Unsupported value: 'temperature' does not support {temperature} with this model. "
            "Only the default (1) value is supported.",
            param="temperature",
        )
    system, user, pictures = _messages(body["messages"])
    form = body.get("response_format")
    name, schema = _in_words(system) if _wordy(form, settings) else _schema(form, settings)
    return Asked(
        model=body["model"],
        system=system,
        user=user,
        pictures=pictures,
        schema=schema,
        schema_name=name,
        temperature=temperature,
        max_tokens=int(body.get("max_completion_tokens") or body.get("max_tokens") or 16384),
        body=digest(data),
        row=row_of(user, pictures, schema),
    )


def check_key(settings: Settings, authorization: str) -> None:
    """Raise RefusalError for a wrong key."""
    if settings.mode == "auth" or (settings.key and authorization != f"Bearer {settings.key}"):
        given = authorization.removeprefix("Bearer ")
        # The real server repeats the ends of the key; an adapter must not pass that on.
        shown = f"{given[:8]}{'*' * 12}{given[-4:]}"
        raise RefusalError(
            "auth",
            401,
            f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/account/api-keys.",
        )


def _messages(messages: list[dict[str, Any]]) -> tuple[str, str, tuple[Picture, ...]]:
    texts: dict[str, list[str]] = {"system": [], "user": []}
    pictures: list[Picture] = []
    for message in messages:
        role = "system" if message["role"] in ("system", "developer") else "user"
        content = message["content"]
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "text":
                texts[role].append(part["text"])
            elif part["type"] == "image_url" and role == "user":
                url = part["image_url"]["url"]
                head, _, encoded = url.partition(";base64,")
                if not head.startswith("data:") or not encoded:
                    raise RefusalError("bad_request", 400, "Invalid image URL: expected a data URL.")
                pictures.append(picture(head.removeprefix("data:"), encoded))
            else:
                raise RefusalError(
                    "bad_request", 400, f"Invalid content part '{part['type']}'.", param="messages"
                )
    return "\n".join(texts["system"]), "\n".join(texts["user"]), tuple(pictures)


def _wordy(form: Any, settings: Settings) -> bool:
    """A server that takes no schema in its place still takes one in words, as small local ones do."""
    return (
        settings.mode == "schema_rejecting" and isinstance(form, dict) and form.get("type") == "json_object"
    )


def _in_words(system: str) -> tuple[str, dict[str, Any]]:
    found: dict[str, Any] = json.loads(system[system.rindex("JSON Schema:\n") + 13 :])
    return "in words", found


def _schema(form: Any, settings: Settings) -> tuple[str, dict[str, Any]]:
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        raise RefusalError(
            "bad_request", 400, "This server answers json_schema requests only.", param="response_format"
        )
    given = form["json_schema"]
    name = str(given.get("name", ""))
    if not name or len(name) > 64 or not name.replace("_", "").replace("-", "").isalnum():
        raise RefusalError(
            "bad_request",
            400,
            f"Invalid 'response_format.json_schema.name': {name!r} does not match '^[a-zA-Z0-9_-]{{1,64}}$'.",
            param="response_format.json_schema.name",
        )
    if settings.strict and given.get("strict") is not True:
        raise RefusalError("bad_request", 400, "This server wants strict: true.", param="response_format")
    schema: dict[str, Any] = given["schema"]
    if settings.strict and (mark := json.dumps(schema)) not in _checked:
        strict.refuse_openai(schema, name)
        _checked.add(mark)
    return name, schema


def reply(asked: Asked, text: str, finish: str, tokens: tuple[int, int]) -> dict[str, Any]:
    """Return the body of an answer; finish is stop, length, refusal or content_filter."""
    refused = finish == "refusal"
    return {
        "id": f"chatcmpl-{asked.body}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": f"{asked.model}-2026-01-01",
        "system_fingerprint": "fp_loopback",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if refused else text,
                    "refusal": "I'm sorry, I can't help with that." if refused else None,
                },
                "logprobs": None,
                "finish_reason": "stop" if refused else finish,
            }
        ],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def error(refusal: RefusalError) -> dict[str, Any]:
    """Return the body of an error."""
    kinds = {
        "rate_limit": "requests",
        "quota": "insufficient_quota",
        "overloaded": "server_error",
        "first_500": "server_error",
    }
    codes = {
        "rate_limit": "rate_limit_exceeded",
        "quota": "insufficient_quota",
        "auth": "invalid_api_key",
        "not_found": "model_not_found",
        "too_large": "context_length_exceeded",
        "unsupported": "unsupported_value",
    }
    return {
        "error": {
            "message": refusal.message,
            "type": kinds.get(refusal.kind, "invalid_request_error"),
            "param": refusal.param,
            "code": codes.get(refusal.kind),
        }
    }


def headers(settings: Settings, wait_s: float | None) -> dict[str, str]:
    """Return the headers that tell limits, and when to come back after `wait_s` seconds."""
    found = {"x-request-id": "req_loopback"}
    if settings.rpm:
        found |= {"x-ratelimit-limit-requests": str(settings.rpm), "x-ratelimit-remaining-requests": "1"}
    if settings.tpm:
        found |= {"x-ratelimit-limit-tokens": str(settings.tpm), "x-ratelimit-remaining-tokens": "1"}
    if wait_s is not None:
        match settings.retry_after:
            case "seconds":
                found["retry-after"] = str(max(1, round(wait_s + 0.499)))
            case "ms":
                found["retry-after-ms"] = str(round(wait_s * 1000))
            case "date":
                found["retry-after"] = formatdate(time.time() + wait_s + 0.999, usegmt=True)
    return found

"""What is peculiar to Gemini: its finish reasons, its typed error details, its SDK's own ways."""

import json
from typing import Any

import pytest
from adapters import KEY, attempt, send
from model_server import ModelServer

from rolescape_data.providers.gemini import GeminiClient
from rolescape_data.providers.session import Posted
from rolescape_data.providers.wire import Reply


def read(answer: dict[str, Any]) -> Reply:
    """Read an answer of the service."""
    return GeminiClient("flash", key=KEY)._reply(answer, attempt())


def candidate(reason: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "candidates": [{"finishReason": reason, "content": {"role": "model", "parts": list(parts)}}],
        "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 7, "thoughtsTokenCount": 100},
        "modelVersion": "flash-001",
    }


def test_thoughts_are_billed_as_output_and_are_no_part_of_the_text() -> None:
    reply = read(candidate("STOP", {"text": "hm", "thought": True}, {"text": '{"a"'}, {"text": ": 1}"}))

    assert reply == Reply('{"a": 1}', "stop", 40, 107, "flash-001")


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"])
def test_what_the_filters_stop_is_a_refusal_that_names_its_reason(reason: str) -> None:
    answer = candidate(reason)
    del answer["candidates"][0]["content"]

    assert read(answer).finish == "refusal"
    assert reason in read(answer).text


def test_a_blocked_prompt_is_a_refusal() -> None:
    reply = read(
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 40}}
    )

    assert (reply.finish, reply.input_tokens, reply.output_tokens) == ("refusal", 40, 0)


@pytest.mark.parametrize(
    ("reason", "finish"), [("MAX_TOKENS", "length"), ("STOP", "stop"), ("A_NEW_ONE", "stop")]
)
def test_finish_reasons_are_read_and_unknown_ones_leave_the_text_to_be_judged(
    reason: str, finish: str
) -> None:
    assert read(candidate(reason, {"text": "{}"})).finish == finish


def test_an_answer_without_candidates_is_an_empty_text() -> None:
    assert read({}).text == ""


def fault(status: int, message: str, *details: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    body = {"error": {"code": status, "message": message, "status": "X", "details": list(details)}}
    posted = Posted(status, headers or {}, json.dumps(body).encode())
    return GeminiClient("flash", key=KEY)._status_fault(posted)


QUOTA_TEXT = "You exceeded your current quota, please check your plan and billing details."


def test_a_limit_of_a_minute_and_one_of_a_day_are_told_apart_though_their_sentence_is_the_same() -> None:
    def violated(span: str) -> dict[str, Any]:
        return {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": f"GenerateRequests{span}PerProjectPerModel-FreeTier"}],
        }

    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38.5s"}
    minute = fault(429, QUOTA_TEXT, violated("PerMinute"), retry)

    assert (minute.kind, minute.retry_after_s) == ("rate_limit", 38.5)
    assert fault(429, QUOTA_TEXT, violated("PerDay"), retry).kind == "quota"
    assert fault(429, "Your prepayment credits are depleted.").kind == "quota"
    assert fault(429, "Resource has been exhausted.", headers={"retry-after": "4"}).retry_after_s == 4.0


def test_a_wrong_key_is_told_by_its_reason_because_its_status_is_400() -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}

    assert fault(400, "Please pass a valid one.", reason).kind == "auth"
    assert fault(400, "Request contains an invalid argument.").kind == "bad_request"


def test_variables_that_would_send_the_sdk_to_another_service_are_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "somebody-elses")
    with ModelServer(key=KEY) as server:
        reply = send(GeminiClient("flash", base_url=server.gemini_url, key=KEY), attempt())[0]
        assert reply.finish == "stop"
        assert server.counters()["ok"] == 1

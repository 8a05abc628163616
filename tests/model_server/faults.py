"""Which fault, if any, a request meets, and what comes of it."""

import hashlib

from .asked import Asked, RefusalError
from .state import State

_ALWAYS = {
    "overloaded": (503, "The model is overloaded. Please try again later."),
    "schema_rejecting": (400, "Invalid schema for response_format 'answer': schema is too complex."),
    "quota": (429, "You exceeded your current quota, please check your plan and billing details."),
    "forbidden": (403, "You are not allowed to use this model."),
    "not_found": (404, "The model `{model}` does not exist or you do not have access to it."),
    "too_large": (
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 190000 tokens; "
        "the input token count exceeds the maximum number of tokens allowed.",
    ),
    "bad_request": (400, "Invalid value for 'messages'."),
}
_DAMAGING = {"bad_json", "always_bad", "truncated", "refusal", "content_filter", "slow_drip", "dropped"}


def refuse_early(state: State) -> float:
    """Raise RefusalError for limits that hold whatever is asked; return seconds to wait in the refusal, else 0."""
    settings = state.settings
    if settings.mode == "all_429":
        assert state.mode_since is not None
        left = settings.seconds - state.now_since_mode()
        return max(left, 0.0)
    if settings.mode == "bucket":
        return state.take()
    return 0.0


def refuse(asked: Asked, state: State, tries: int) -> None:
    """Raise RefusalError for a request that the mode hits; `tries` is how often the row was seen before."""
    mode = state.settings.mode
    if mode == "first_500" and hit(asked, state, tries):
        raise RefusalError("first_500", 500, "The server had an error while processing your request.")
    if mode == "schema_rejecting" and asked.schema_name == "in words":
        return
    if mode in _ALWAYS and _chosen(asked, state):
        status, message = _ALWAYS[mode]
        kind = "schema" if mode == "schema_rejecting" else "auth" if mode == "forbidden" else mode
        param = "response_format" if mode == "schema_rejecting" else None
        raise RefusalError(kind, status, message.format(model=asked.model), param=param)


def damage(asked: Asked, state: State, tries: int) -> str:
    """Return the mode when it damages this answer, else 'ok'."""
    mode = state.settings.mode
    if mode not in _DAMAGING:
        return "ok"
    always = mode in ("always_bad", "refusal", "content_filter")
    return mode if (_chosen(asked, state) if always else hit(asked, state, tries)) else "ok"


def hit(asked: Asked, state: State, tries: int) -> bool:
    """Whether a row is chosen and still within its first tries."""
    first = state.settings.first
    return (first == 0 or tries < first) and _chosen(asked, state)


def _chosen(asked: Asked, state: State) -> bool:
    """Whether a row is among the share that faults hit: by its hash, so that runs agree."""
    mark = hashlib.sha256(f"{state.settings.seed}:{asked.row}".encode()).digest()
    return int.from_bytes(mark[:6], "big") / 2**48 < state.settings.share

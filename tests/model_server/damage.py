"""A good reply -> the same reply damaged, in ten ways seen of real models."""

import hashlib
import json
from typing import Any

from .settings import CORRUPTIONS


def damaged(reply: dict[str, Any], corruption: str, mark: str) -> str:
    """Return the text of a damaged reply; `mixed` picks one of the ten by the mark."""
    if corruption == "mixed":
        corruption = CORRUPTIONS[int(hashlib.sha256(mark.encode()).hexdigest(), 16) % len(CORRUPTIONS)]
    text = json.dumps(reply, ensure_ascii=False)
    reply = json.loads(text)
    item, key = _somewhere(reply)
    match corruption:
        case "fenced":
            return f"```json\n{text}\n```"
        case "leading_prose":
            return f"Here is the JSON you asked for:\n\n{text}"
        case "trailing_prose":
            return f"{text}\n\nLet me know if you would like any changes!"
        case "trailing_comma":
            return text[:-1] + ",}"
        case "single_quotes":
            return repr(reply)
        case "unclosed":
            return text[:-2]
        case "missing_key":
            del item[key]
        case "extra_key":
            item["comment"] = "added on my own account"
        case "wrong_type":
            item[key] = 17 if isinstance(item[key], str) else "seventeen"
        case "null_value":
            item[key] = None
    return json.dumps(reply, ensure_ascii=False)


def _somewhere(reply: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the object to damage and its last key: the last item of a set, else the reply itself."""
    last = list(reply)[-1]
    inside = reply[last]
    return (inside, list(inside)[-1]) if isinstance(inside, dict) and inside else (reply, last)

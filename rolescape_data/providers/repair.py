"""What a model said -> a reply that fits its contract, the next thing to ask, or the reason to give up.

The ladder: take off what stands around the JSON; ask again with the error; a fresh sample; its error; quarantine. At
most MOST_REPLIES paid replies a row. A reply that the model's limit cut off is never patched: it is asked for again
with more room. An answer whose every text is empty is no fault and not asked for again: a strict schema leaves a model
no other way to say that the material does not reach. Cells left open so are asked for again by their stage, in rounds;
a whole reply is kept as 'empty', which `rolescape build --retry empty` lifts. The ladder is a function of what was said so far, so a killed run goes on from where it stood.
"""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rolescape_data.providers.base import ErrorKind, Request
from rolescape_data.providers.ledger import Step, storable
from rolescape_data.providers.schemas import answer_schema
from rolescape_data.records.answers import ANSWERS, Answer

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_REPLIES = 4
# Room grows twofold each time; a model that fills four times what the prompt asks for is rambling.
MOST_WIDER = 2
_FENCE = re.compile(r"```(?:[A-Za-z]+)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
# Answers and options: what a model asked for a year writes without quotes. A whole reply that is a number is no reply.
_MAY_BE_A_NUMBER = {"answer", "A", "B", "C", "D"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """One paid reply: what was asked for, the text, and how it finished (stop, length or refusal)."""

    step: Step
    text: str
    finish: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What to send next."""

    step: Step
    user: str
    temperature: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a row. A set may hold its valid items although `error` says that others are missing."""

    reply: dict[str, Any] | None
    raw: str
    error: ErrorKind | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """One reply held against its contract: `reply` when all of it fits, `part` of a set that does in part."""

    reply: dict[str, Any] | None
    error: ErrorKind | None = None
    detail: str = ""
    part: dict[str, Any] | None = None


_LEFT_OPEN = Read(None, "empty", "the model left everything open: all texts of its reply are empty")


def next_step(request: Request, said: Sequence[Said]) -> Ask | Settled:
    """Return what to send next, or how the row ends."""
    if not said:
        return Ask("ask", request.user, request.temperature, request.max_tokens)
    reads = [read(request, one) for one in said]
    last = reads[-1]
    if last.reply is not None:
        return Settled(last.reply, said[-1].text)
    if last is _LEFT_OPEN:
        return Settled(None, said[-1].text, last.error, last.detail)
    errors = [one.error for one in reads]
    cut = errors.count("truncated")
    hopeless = cut > MOST_WIDER or errors.count("refused") > 1 or errors.count("empty") > 1
    if len(said) >= MOST_REPLIES or hopeless:
        best = max((one.part for one in reads if one.part), key=len, default=None)
        detail = f"{last.detail} (after {len(said)} replies)"
        return Settled(best, said[-1].text, last.error, detail)
    room = request.max_tokens * 2**cut
    if last.error == "truncated":
        return Ask("widen", request.user, request.temperature, room)
    if last.error == "invalid" and said[-1].step != "correct":
        return Ask("correct", _with_error(request.user, last.detail), request.temperature, room)
    return Ask("fresh", request.user, max(request.temperature, 0.5), room)


def read(request: Request, said: Said) -> Read:
    """Hold one reply against the request's contract."""
    if said.finish == "refusal":
        return Read(None, "refused", f"the model refused: {_shown(said.text) or 'it gave no reason'}")
    if not said.text.strip():
        if said.finish == "length":
            return Read(None, "truncated", "the reply was cut off by the token limit before it began")
        return Read(None, "empty", "the model returned no text")
    if said.finish == "length":
        # The limit may fall behind the last bracket; what is whole as it stands was not cut.
        whole = _plain(said.text)
        found = _checked(request, whole) if isinstance(whole, dict) else None
        if found is not None and found.reply is not None:
            return found
        return Read(None, "truncated", "the reply was cut off by the token limit")
    value = parse(said.text)
    if value is None:
        return Read(None, "invalid", f"the reply is no JSON object: {_why(said.text)}")
    return _checked(request, value)


def parse(text: str) -> dict[str, Any] | None:
    """Return the JSON object in a text, or None. Nothing that it says is changed or made up.

    Taken off are fences and prose around it, commas before a closing bracket, and Python's way of writing it
    (single quotes, None, True). Brackets missing at the very end are closed while only objects are open: an object
    whose every key is required cannot lack anything unseen, a list can.
    """
    text = text.strip().lstrip("\ufeff")
    value = _plain(text)
    if isinstance(value, dict):
        return value
    for candidate in [*(match.group(1) for match in _FENCE.finditer(text)), *_from_first_brace(text)]:
        value = _plain(candidate)
        if isinstance(value, dict):
            return value
    start = max(text.find("{"), 0)
    # What follows the last bracket is prose, unless that bracket closed only a part.
    inner, rest = text[start : text.rfind("}") + 1], text[start:]
    for value in (
        _without_commas_parsed(inner),
        _python(inner),
        _closed_parsed(rest),
        *(
            mend(match.group(1))
            for match in _FENCE.finditer(text)
            for mend in (_without_commas_parsed, _python)
        ),
    ):
        if isinstance(value, dict):
            return value
    return None


def _plain(text: str) -> Any:
    try:
        # strict=False takes line breaks inside strings, which small models write raw.
        value = json.loads(text, strict=False, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if _is_whole_text(text, value) else None


def _is_whole_text(text: str, value: Any) -> bool:
    """Tell whether a value holds no half character (lone surrogate), which cannot be stored: the model is asked again."""
    try:
        text.encode()
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _from_first_brace(text: str) -> list[str]:
    start = text.find("{")
    if start < 0:
        return []
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return []
    return [text[start:end]]


def _without_commas_parsed(text: str) -> Any:
    return _plain(_TRAILING_COMMA.sub(lambda match: match.group(1) or "", text))


def _closed_parsed(text: str) -> Any:
    """Close the objects that are open at the end of a text which stops behind a whole string, literal or object."""
    depth = 0
    inside = escaped = False
    for letter in text:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        elif letter == "[":
            depth += 1_000_000
        elif letter == "]":
            depth -= 1_000_000
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
    # A number at the end may lack digits; a quote closes a value and not a key, or the JSON would not parse.
    whole = text.rstrip().endswith(('"', "}", "]", "true", "false", "null"))
    return _plain(text + "}" * depth) if not inside and whole and 0 < depth < 64 else None


def _python(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
        # JSON holds less than Python: tuples, sets and bytes are not what was asked for.
        return value if json.loads(json.dumps(value)) == value and _is_whole_text(text, value) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _checked(request: Request, value: dict[str, Any]) -> Read:
    model = ANSWERS[request.answer]
    if not request.keys:
        found = _mended(model, value)
        if not isinstance(found, str):
            return Read(found)
        return _LEFT_OPEN if left_open(request.answer, value) else Read(None, "invalid", found)
    items: dict[str, Any] = {}
    faults: list[str] = []
    for key in request.keys:
        found = _mended(model, value[key]) if key in value else "Field required"
        if isinstance(found, str) and key in value and left_open(request.answer, value[key]):
            continue
        if isinstance(found, str):
            faults.append(f"{key}: {found}" if key in value else f"{key} is missing")
        else:
            items[key] = found
    if not faults:
        return Read(items) if items else _LEFT_OPEN
    shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
    return Read(None, "invalid", shown, items or None)


def left_open(answer: str, value: Any) -> bool:
    """Say whether an answer has every key of its schema and not one word: choices and numbers must say something, texts need not."""
    schema = answer_schema(answer)
    return _wordless(schema, schema, value)


def _wordless(part: dict[str, Any], root: dict[str, Any], value: Any) -> bool:
    if "$ref" in part:
        return _wordless(root["$defs"][part["$ref"].rsplit("/", 1)[-1]], root, value)
    if isinstance(value, dict):
        known = part.get("properties", {})
        return set(value) == set(known) and all(
            _wordless(inner, root, value[key]) for key, inner in known.items()
        )
    if isinstance(value, list):
        return not value
    return "enum" in part or not isinstance(value, str) or not value.strip()


def _mended(model: type[Answer], value: Any) -> dict[str, Any] | str:
    """Return a value that fits the model; or what is wrong with it and cannot be written another way.

    What is mended says the same as before: keys that nobody asked for are left out, an answer that is a number is taken
    for its digits, digits for their number where one was asked for, and null for an empty text where one may be empty.
    """
    for _ in range(8):
        try:
            return model.model_validate(value).model_dump()
        except ValidationError as fault:
            errors = fault.errors(include_url=False)
        value = json.loads(json.dumps(value))
        wrong = [error for error in errors if not _rewrite(value, error)]
        if wrong:
            # All of them: a model that is told of one fault at a time needs a call for each.
            return "; ".join(_named(error) for error in wrong[:3])
    return "it holds keys that were not asked for"


def _named(error: "ErrorDetails") -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])


def _rewrite(value: Any, error: "ErrorDetails") -> bool:
    """Write one thing in another way, in place; False where that would change what was said."""
    given = error["input"]
    if not error["loc"]:
        return False
    match error["type"]:
        case "extra_forbidden":
            found: Any = ...
        case "string_type" if given is None:
            found = ""
        case "string_type" if type(given) in (int, float) and error["loc"][-1] in _MAY_BE_A_NUMBER:
            found = str(given)
        case "float_type" | "int_type" if isinstance(given, str) and _NUMBER.fullmatch(given):
            found = float(given) if error["type"] == "float_type" or "." in given else int(given)
        case _:
            return False
    *above, last = error["loc"]
    try:
        for part in above:
            value = value[part]
        if found is ...:
            del value[last]
        else:
            value[last] = found
    except (KeyError, IndexError, TypeError):
        return False  # a place that only the validator knows, such as the arm of a union
    return True


def _with_error(user: str, detail: str) -> str:
    """Put what was wrong before the request, whose data block stays at its end."""
    said = storable(detail).replace("`", "'")[:600]
    return (
        f"Your last reply to the request below could not be used: {said}. "
        "Give the whole reply again as one JSON object that fits the schema, and nothing else.\n\n"
        f"{user}"
    )


def _why(text: str) -> str:
    start = max(text.find("{"), 0)
    try:
        json.loads(text[start:], strict=False)
    except (ValueError, RecursionError) as fault:
        return str(fault)
    return "it is another kind of value" if "{" not in text else "it holds text that cannot be stored"


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 200 else f"{flat[:200]}..."

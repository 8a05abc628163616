"""Requests -> what a writer that always answers would say, as long as such answers are: for estimates, never for records.

What the offline writer finds is taken; where it leaves something open, words fill the room that a model would fill, so that
everything that is made from the answer is asked for as well. Every request is passed to `seen`.
"""

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

from rolescape_data.prompts import data_block
from rolescape_data.providers.base import Outcome, Request, Writer
from rolescape_data.providers.ledger import Ledger, call_key
from rolescape_data.providers.offline import OfflineWriter
from rolescape_data.providers.routing import kept
from rolescape_data.providers.schemas import answer_schema

# Words of a field where they are not about twenty: the middle of what the shipped prompts ask for.
_WORDS = {
    "description": 55, "brief_introduction": 90, "personality": 110, "life_story": 130, "thinking_process": 110,
    "generation_instruction": 35, "t2i_caption": 27, "reply": 150, "response": 35, "user_text": 14, "question": 14,
    "rationale": 25, "scene_info": 35, "role_info": 18, "place_info": 9, "speaker": 1, "relation": 1, "name": 2,
    "document": 2, "A": 5, "B": 5, "C": 5, "D": 5, "element": 1,
}  # fmt: skip
# A judge's reasons, before the line that a rubric's grammar wants last.
_REVIEW = 70
_LENGTHS = {"messages": 8, "reasoning_steps": 2, "facts": 20, "relationships": 4}


class StandIn:
    """The writer of an estimate."""

    name = OfflineWriter.name
    # Solvers and judges are models: a rule would not be asked.
    kind: Literal["llm", "vlm", "rule"] = "llm"

    def __init__(
        self, seen: Callable[[Sequence[Request], Sequence[str]], None], *, silent: bool = False
    ) -> None:
        """Take who is told of each batch of requests and replies; `silent` answers nothing, as often as it is asked."""
        self._seen = seen
        self._silent = silent
        self._offline = OfflineWriter()
        self._number = itertools.count(1)

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request in full."""
        if self._silent:
            self._seen(requests, [""] * len(requests))
            return [Outcome(call_key(self.name, request), None) for request in requests]
        outcomes = [self._answer(request) for request in requests]
        self._seen(requests, [outcome.raw for outcome in outcomes])
        return outcomes

    def _answer(self, request: Request) -> Outcome:
        (found,) = self._offline.write([request])
        schema = answer_schema(request.answer, request.keys)
        given = data_block(request.user)
        whole = self._filled(schema, schema, "", given)
        reply = {key: (found.reply or {}).get(key, value) for key, value in whole.items()}
        return Outcome(found.call_key, reply, raw=json.dumps(reply, ensure_ascii=False))

    def _filled(self, part: dict[str, Any], root: dict[str, Any], name: str, given: dict[str, Any]) -> Any:
        if "$ref" in part:
            return self._filled(root["$defs"][part["$ref"].rsplit("/", 1)[-1]], root, name, given)
        if "anyOf" in part:
            return self._filled(part["anyOf"][0], root, name, given)
        if "enum" in part:
            return part["enum"][0]
        if "const" in part:
            return part["const"]
        match part.get("type"):
            case "object":
                return {
                    key: self._filled(inner, root, key, given) for key, inner in part["properties"].items()
                }
            case "array":
                return self._listed(part, root, name, given)
            case "integer" | "number":
                return part.get("minimum", 1)
            case "boolean":
                return False
        if name == "review":
            return f"{self._words(_REVIEW)}\n{_closing(given)}"
        return self._words(_WORDS.get(name, 20))

    def _listed(
        self, part: dict[str, Any], root: dict[str, Any], name: str, given: dict[str, Any]
    ) -> list[Any]:
        facts = given.get("facts") or []
        if name in ("fact_ids", "evidence") and facts and "fact_id" in facts[0]:
            fact = facts[next(self._number) % len(facts)]
            return [fact["fact_id" if name == "fact_ids" else "evidence"]]
        if name == "messages":
            count = max(int(given.get("min_messages", 6)), _LENGTHS[name])
            opens = "partner" if "partner" in given else "human"
            return [{"speaker": (opens, "character")[at % 2], "text": self._words(25)} for at in range(count)]
        return [self._filled(part["items"], root, name, given) for _ in range(_LENGTHS.get(name, 1))]

    def _words(self, count: int) -> str:
        return " ".join(f"word{next(self._number)}" if at == 0 else "and" for at in range(count))


class Recalling:
    """A writer that says what a ledger holds already, and leaves to another what a writer would have to be asked."""

    def __init__(self, ledger: Ledger, asked: Writer, other: Writer) -> None:
        """Take the ledger, the writer whose calls it holds, and who answers in its place."""
        self.name = other.name
        self.kind: Literal["llm", "vlm", "rule"] = other.kind
        self._ledger = ledger
        self._asked = asked
        self._other = other

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request; nothing is sent and nothing is kept."""
        held = kept(self._ledger, self._asked, requests)
        new = [request for request, outcome in zip(requests, held, strict=True) if outcome is None]
        made = iter(self._other.write(new) if new else [])
        return [next(made) if outcome is None else outcome for outcome in held]


def _closing(given: dict[str, Any]) -> str:
    """Return the last line of a review in the form that the request asks for: of a pair, a scale, or yes and no."""
    if "answers" in given:
        return f"[Scores]: ({given['highest']}, {given['lowest']})"
    return str(given["highest"]) if "highest" in given else "no"

"""A prompt file (YAML front matter + Jinja body) and its inputs -> the exact text a writer gets.

```
---
inputs: [character, documents]     # what the body may use and the data block holds
answer: ProfileAnswer              # a model of rolescape_data.records.answers
keys: false                        # true: one item per key of an exact mix
images: false                      # true: the picture is sent along
system: You arrange ...
---
Write the profile of {{ character.name }} ...
```

Data stays apart from instructions: the rendered text always ends in one fenced JSON block of the inputs,
so nothing that a document says is read as an instruction by accident, and a writer that calls no model
finds all it needs there.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import jinja2
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rolescape_data import assets
from rolescape_data.errors import PromptError
from rolescape_data.records.answers import ANSWERS

_FENCE = re.compile(r"```json\n(?P<block>.*)\n```\s*\Z", re.DOTALL)


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    inputs: list[str]
    answer: str
    keys: bool = False
    images: bool = False
    system: str
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    max_tokens: Annotated[int, Field(ge=64)] = 4096


@dataclass(frozen=True, slots=True)
class Prompt:
    """A loaded prompt. `sha256` is of the whole file: any edit makes its stages out of date."""

    id: str
    sha256: str
    inputs: tuple[str, ...]
    answer: str
    keys: bool
    images: bool
    system: str
    temperature: float
    max_tokens: int
    body: str

    def render(self, given: Mapping[str, Any]) -> str:
        """Return the user text: the filled body and the JSON block of `given`.

        Raises:
            PromptError: an input is missing or unknown, or the body names a variable it did not declare.
        """
        _check_inputs(self, given)
        try:
            text = _template(self.body).render(**given)
        except jinja2.TemplateError as fault:
            raise PromptError(
                f"Prompt '{self.id}' cannot be rendered: {fault}. Correct the file's body."
            ) from fault
        block = json.dumps(given, ensure_ascii=False, sort_keys=True, indent=1)
        # A document may hold a fence of its own; inside JSON strings it must not end the block.
        block = block.replace("```", "`\\u0060\\u0060")
        return f"{text.strip()}\n\n```json\n{block}\n```\n"


@lru_cache(maxsize=256)
def _template(body: str) -> jinja2.Template:
    """Compile a body; the same one is filled for every picture and every round."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    return environment.from_string(body)


def load_prompt(prompt_id: str, overlay: Path | None = None) -> Prompt:
    """Load `prompts/PROMPT_ID.md`, from `overlay` when it holds the file.

    Raises:
        PromptError: the front matter is missing or wrong; the message names file and key.
    """
    path = assets.find("prompts", f"{prompt_id}.md", overlay)
    data = path.read_bytes()
    parts = data.decode("utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PromptError(
            f"{path}: a prompt starts with '---', its front matter and '---'. Compare a shipped prompt."
        )
    try:
        front = _Front.model_validate(yaml.safe_load(parts[1]))
    except yaml.YAMLError as fault:
        raise PromptError(f"{path}: the front matter is not valid YAML ({fault}).") from fault
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PromptError(
            f"{path}: front matter '{place}': {first['msg']}. Known keys: {', '.join(_Front.model_fields)}."
        ) from None
    if front.answer not in ANSWERS:
        raise PromptError(f"{path}: unknown answer '{front.answer}'. Known: {', '.join(sorted(ANSWERS))}.")
    return Prompt(
        id=prompt_id,
        sha256=hashlib.sha256(data).hexdigest(),
        inputs=tuple(front.inputs),
        answer=front.answer,
        keys=front.keys,
        images=front.images,
        system=front.system.strip(),
        temperature=front.temperature,
        max_tokens=front.max_tokens,
        body=parts[2],
    )


def data_block(user: str) -> dict[str, Any]:
    """Return the inputs of a rendered prompt, read back from its last fenced JSON block.

    Raises:
        PromptError: the text does not end in such a block.
    """
    found = _FENCE.search(user[user.rfind("\n```json\n") + 1 :])
    if found is None:
        raise PromptError("The request does not end in a fenced JSON block, so its data cannot be read.")
    block: dict[str, Any] = json.loads(found["block"])
    return block


def _check_inputs(prompt: Prompt, given: Mapping[str, Any]) -> None:
    missing = [name for name in prompt.inputs if name not in given]
    unknown = sorted(set(given) - set(prompt.inputs))
    if missing:
        raise PromptError(
            f"Prompt '{prompt.id}' needs '{missing[0]}', which was not given (got: {', '.join(sorted(given))}). "
            "Pass it from the stage, or remove it from `inputs:` in the file's front matter."
        )
    if unknown:
        raise PromptError(
            f"Prompt '{prompt.id}' does not declare '{unknown[0]}'. Add it to `inputs:` in the file's front matter."
        )

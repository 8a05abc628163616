"""MMRole's sample files (tests, training, reviews) -> InstructionSample records, each rebuilt and compared before it counts.

A test sample; `answer` is there once a model has answered:

    {"id": "Ada_Fenn_comment_script_0_1", "system": "...", "image": "Town/ada.png", "role": "Ada Fenn", "script": "Town",
     "other_role": "a curious human",
     "conversations": [{"from": "user", "value": PROMPT}, {"from": "assistant", "value": REFERENCE, "answer": ANSWER}]}
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from rolescape_data.errors import InputError
from rolescape_data.mmrole.names import character_slug, dialogue_name
from rolescape_data.mmrole.prompt import A_HUMAN, SYSTEM, build, parse
from rolescape_data.records.base import Provenance
from rolescape_data.records.instruction import InstructionSample

_PICTURE = re.compile(r"Picture 1: <img>(?P<path>[^<\n]*)</img>\n")


def sample_of(
    entry: Mapping[str, Any], *, license_id: str = "LicenseRef-unknown", source: str = ""
) -> InstructionSample:
    """Read one sample.

    Args:
        entry: an entry of a test, training or review file.
        license_id: SPDX expression of the file.
        source: where the file comes from.

    Raises:
        InputError: a field that is missing or contradicts another; the sample and the field are named.
    """
    name = str(entry.get("id", "without id"))
    prompt, answer = _turns(entry, name)
    picture = _PICTURE.match(prompt)
    if picture:
        prompt = prompt[picture.end() :]
    try:
        parts = parse(prompt)
    except InputError as fault:
        raise InputError(f"Sample {name}: {fault}") from fault
    dialogue, _, turn = name.rpartition("_")
    if dialogue_name(dialogue) is None or not turn.isdecimal():
        raise InputError(f"Sample {name}: its id is not a dialogue's id and a turn (Name_comment_COCO_0_1).")
    says = {
        "role": parts.role,
        "script": parts.script,
        "other_role": parts.other_role or A_HUMAN,
        "system": SYSTEM,
    }
    for field, value in says.items():
        if entry.get(field, value) != value:
            raise InputError(
                f"Sample {name}: its {field} is '{entry[field]}', but its prompt says '{value}'."
            )
    spoken = len(parts.history) + (1 if parts.last_words else 0)
    if int(turn) != spoken:
        raise InputError(f"Sample {name}: its prompt holds {spoken} messages, but its id names turn {turn}.")
    owner = character_slug(parts.role)
    try:
        sample = InstructionSample(
            id=f"{owner}_{character_slug(name)}"[:80],
            character_id=owner,
            lang=parts.lang,
            license=license_id,
            source=source,
            provenance=Provenance(source_kind="seed", writer="mmrole"),
            sample_id=name,
            dialogue_id=dialogue,
            turn_index=int(turn),
            image=str(entry.get("image") or (picture["path"] if picture else "")),
            role=parts.role,
            script=parts.script,
            other_role=parts.other_role,
            other_script=parts.other_script,
            profile=parts.profile,
            other_profile=parts.other_profile,
            annotation=parts.annotation,
            history=list(parts.history),
            last_words=parts.last_words,
            answer=answer,
        )
    except ValidationError as fault:
        first = fault.errors()[0]
        raise InputError(f"Sample {name}: {'.'.join(map(str, first['loc']))} {first['msg']}.") from fault
    if build(sample) != prompt:
        raise InputError(
            f"Sample {name}: its prompt is not what its parts make; look for stray spaces or characters."
        )
    return sample


def _turns(entry: Mapping[str, Any], name: str) -> tuple[str, str]:
    turns = entry.get("conversations")
    if (
        not isinstance(turns, Sequence)
        or len(turns) != 2
        or not all(isinstance(turn, Mapping) for turn in turns)
    ):
        raise InputError(f"Sample {name}: `conversations` does not hold two messages.")
    if [turn.get("from") for turn in turns] != ["user", "assistant"]:
        raise InputError(f"Sample {name}: its messages are not from 'user' and 'assistant'.")
    values = [turn.get("value") for turn in turns]
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"Sample {name}: a message's `value` is no text.")
    return str(values[0]), str(values[1])

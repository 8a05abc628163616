"""Structure: turns, links, files and numbers that a schema alone cannot check."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from rolescape_data.gates.base import HUMAN, Context, measured
from rolescape_data.records import (
    Caption,
    HumanRoleDialogue,
    ImageRecord,
    InterRoleDialogue,
    Measurement,
    Question,
    Record,
    TextQA,
)

_SUFFIXES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_NUMBERED = re.compile(r"^(.*_)(\d{3,})$")


def turn_grammar(record: Record, context: Context) -> list[Measurement]:
    """Count breaches of the order: the human opens, turns alternate, none is empty, the character has the last word.

    Between two characters the partner opens, and either may end.
    """
    if isinstance(record, InterRoleDialogue):
        return [_between_characters(record)]
    if not isinstance(record, HumanRoleDialogue):
        return []
    faults: list[str] = []
    for number, turn in enumerate(record.messages, 1):
        due = HUMAN if number % 2 else record.character_id
        if turn.speaker != due:
            faults.append(f"message {number} is by '{turn.speaker}', due is '{due}'")
        if not turn.text.strip():
            faults.append(f"message {number} is empty")
    if len(record.messages) % 2:
        faults.append(f"{len(record.messages)} messages, an odd number")
    if not record.messages or record.messages[-1].speaker != record.character_id:
        faults.append("the last message is not the character's")
    return [measured(record, "turn_grammar", len(faults), "; ".join(faults))]


def _between_characters(record: InterRoleDialogue) -> Measurement:
    faults = ["the character talks with itself"] if record.partner_id == record.character_id else []
    for number, turn in enumerate(record.messages, 1):
        due = record.partner_id if number % 2 else record.character_id
        if turn.speaker != due:
            faults.append(f"message {number} is by '{turn.speaker}', due is '{due}'")
        if not turn.text.strip():
            faults.append(f"message {number} is empty")
    return measured(record, "turn_grammar", len(faults), "; ".join(faults))


def message_count(record: Record, context: Context) -> list[Measurement]:
    """Count the messages of a dialogue."""
    if not isinstance(record, HumanRoleDialogue | InterRoleDialogue):
        return []
    return [measured(record, "message_count", len(record.messages))]


def links(record: Record, context: Context) -> list[Measurement]:
    """Count links to records that are not there: image_id, dialogue_id, parents. Case counts."""
    linked: list[tuple[str, str]] = []
    image = getattr(record, "image_id", None)
    if image is not None:
        linked.append(("image_id", image))
    if isinstance(record, Caption):
        linked.append(("dialogue_id", record.dialogue_id))
    linked += [("parent", parent) for parent in record.provenance.parents]
    dangling = [(name, target) for name, target in linked if target not in context.record_ids]
    if not dangling:
        return [measured(record, "links", 0)]
    by_case = {known.casefold(): known for known in context.record_ids}
    told = [
        f"{name} '{target}' is nowhere"
        + (f" (only '{by_case[target.casefold()]}')" if target.casefold() in by_case else "")
        for name, target in dangling
    ]
    return [measured(record, "links", len(dangling), "; ".join(told))]


def image_file(record: Record, context: Context) -> list[Measurement]:
    """Count disagreements between a stored picture's suffix, its declared format and its real bytes.

    9 of RoleScape-20's 263 `.png` files are JPEG.
    """
    if not isinstance(record, ImageRecord):
        return []
    real = context.blob_formats.get(record.blob)
    if real is None:
        return [measured(record, "image_file", 1, f"there is no stored picture '{record.blob}'")]
    suffix = PurePosixPath(record.blob).suffix
    faults = []
    if _SUFFIXES.get(suffix) != real:
        faults.append(f"named {suffix or 'without suffix'}, is {real}")
    if record.format != real:
        faults.append(f"declared as {record.format}, is {real}")
    return [measured(record, "image_file", len(faults), "; ".join(faults))]


def types(record: Record, context: Context) -> list[Measurement]:
    """Count lists that the schema lets be empty and that should not be: fact_ids, reasoning_steps.

    Where no question of the set names a fact, none is at fault: its format has no place for them.
    """
    if not isinstance(record, Question):
        return []
    empty = ["fact_ids is empty"] if context.facts_named and not record.fact_ids else []
    if isinstance(record, TextQA) and not record.reasoning_steps:
        empty.append("reasoning_steps is empty")
    return [measured(record, "types", len(empty), "; ".join(empty))]


def numbering(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count, on each numbered record, the numbers missing just before its own; ids end in _001, _002 and so on.

    Ids without such a number are not measured.
    """
    runs: dict[str, dict[int, Record]] = defaultdict(dict)
    for record in records:
        if match := _NUMBERED.match(record.id):
            runs[match[1]].setdefault(int(match[2]), record)
    found: list[Measurement] = []
    for prefix in sorted(runs):
        last = 0
        for number in sorted(runs[prefix]):
            gap = number - last - 1
            detail = (
                f"after {prefix}{last:03d}" if gap > 0 and last else "does not start at 001" if gap else ""
            )
            found.append(measured(runs[prefix][number], "numbering", abs(gap), detail))
            last = number
    return found


def repeated_id(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count, on each record, the other records of the set that have its id."""
    times = Counter(record.id for record in records)
    return [measured(record, "repeated_id", times[record.id] - 1) for record in records]

"""Questions and user inputs that a set asks twice: the earlier one wins.

Of RoleScape-20's 2,000 questions 527 are near-duplicates at 0.8, and 529 of its 4,197 user inputs are exact repeats.
"""

from collections.abc import Sequence

from rolescape_data.gates.base import Context, input_text, measured
from rolescape_data.gates.jaccard import nearest_earlier, word_set
from rolescape_data.records import Measurement, Record
from rolescape_data.spans import folded


def duplicate_exact(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure 1 on a record whose words stand in an earlier one, case and punctuation folded; `detail` is its id."""
    first: dict[str, str] = {}
    found: list[Measurement] = []
    for record in records:
        text = folded(input_text(record))
        winner = first.get(text, "") if text else ""
        first.setdefault(text, record.id)
        found.append(measured(record, "duplicate_exact", bool(winner), winner))
    return found


def duplicate_near(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the likeness to the most alike earlier record, as Jaccard of the words; `detail` is its id."""
    found = nearest_earlier([word_set(input_text(record)) for record in records])
    return [
        measured(
            record,
            "duplicate_near",
            near.likeness,
            "" if near.position is None else records[near.position].id,
        )
        for record, near in zip(records, found, strict=True)
    ]

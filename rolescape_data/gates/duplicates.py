"""Questions and user inputs that a set asks twice: the earlier one wins.

Of RoleScape-20's 2,000 questions 527 are near-duplicates at 0.8, and 529 of its 4,197 user inputs are exact repeats.
"""

from collections.abc import Sequence

from rolescape_data.gates.base import Context, input_text, measured, scope_of
from rolescape_data.gates.jaccard import nearest_earlier, word_set
from rolescape_data.records import Measurement, Record
from rolescape_data.spans import folded


def duplicate_exact(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure 1 on a record whose words stand in an earlier one, case and punctuation folded; `detail` is its id."""
    first: dict[tuple[str, str], str] = {}
    found: list[Measurement] = []
    for record in records:
        text = folded(input_text(record))
        asked = (scope_of(record), text)
        winner = first.get(asked, "") if text else ""
        first.setdefault(asked, record.id)
        found.append(measured(record, "duplicate_exact", bool(winner), winner))
    return found


def duplicate_near(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the likeness to the most alike earlier record, as Jaccard of the words; `detail` is its id."""
    scopes: dict[str, list[int]] = {}
    for number, record in enumerate(records):
        scopes.setdefault(scope_of(record), []).append(number)
    found: dict[int, Measurement] = {}
    for members in scopes.values():
        nearest = nearest_earlier([word_set(input_text(records[number])) for number in members])
        for number, near in zip(members, nearest, strict=True):
            twin = "" if near.position is None else records[members[near.position]].id
            found[number] = measured(records[number], "duplicate_near", near.likeness, twin)
    return [found[number] for number in range(len(records))]

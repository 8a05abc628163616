"""Records that no part of the page is laid out for -> their texts, each under its name."""

from collections.abc import Mapping

from rolescape_data.records import NegativeItem, PreferencePair, Record, T2ICheck

# What stands above them, in the page's order.
FURTHER: Mapping[str, str] = {
    "meta_information": "Meta information",
    "detailed_profile": "Detailed profile",
    "profile_text": "Profiles as models read them",
    "t2i_check": "Drawing prompts with checks",
    "negative": "Questions that are declined",
    "preference": "Preference pairs",
}


def told(record: Record) -> list[tuple[str, str]]:
    """Return a record's own texts with their names, in the order of its fields."""
    if isinstance(record, T2ICheck):
        return [
            ("prompt", record.prompt),
            *((f"{one.category}, {one.type}: {one.answer}", one.question) for one in record.questions),
        ]
    if isinstance(record, PreferencePair):
        return [
            ("said", record.prompt),
            ("chosen", record.chosen),
            (f"rejected by {record.gate}", record.rejected),
        ]
    if isinstance(record, NegativeItem):
        return [(record.negative, record.question), (record.expected, record.answer)]
    own = [name for name in type(record).model_fields if name not in Record.model_fields]
    return [(name, value) for name in own if isinstance(value := getattr(record, name), str) and value]

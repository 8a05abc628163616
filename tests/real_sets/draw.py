"""Prints records of a workspace drawn by seed, as Markdown, to be read by a person.

python tests/real_sets/draw.py heir.workspace --seed 1 --count 10 > drawn.md
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.whole_set import accepted, open_set
from rolescape_data.records import (
    Caption,
    CharacterProfile,
    HumanRoleDialogue,
    ImageDialogue,
    ImageRecord,
    Record,
    TextDialogue,
    TextMCQ,
    TextQA,
)
from rolescape_data.store.workspace import Workspace


def profile(record: CharacterProfile) -> list[str]:
    texts = ("description", "brief_introduction", "personality", "life_story", "speech_style")
    more = ("background", "motivation", "appearance")
    told = [f"- {name}: {getattr(record, name) or '(nothing)'}" for name in (*texts, *more)]
    told += [
        f"- relationship: {other.name} ({other.relation or 'no word for it'}): {other.note}"
        for other in record.relationships
    ]
    told += [f"- catchphrase: {phrase}" for phrase in record.catchphrases]
    return [*told, *(f"- {fact.fact_id} [{fact.aspect}] {fact.text}" for fact in record.facts)]


def image(record: ImageRecord) -> list[str]:
    known = {name: value for name, value in record.attributes.model_dump().items() if value}
    told = [f"- {record.path}, {record.width} x {record.height}, group {record.group_id}"]
    told += [f"- decoding: {'; '.join(record.decoding)}"] if record.decoding else []
    told += [f"- note: {record.note}"] if record.note else []
    told += [f"- {name}: {value}" for name, value in record.annotation.model_dump().items() if value]
    return [*told, *(f"- {name}: {value}" for name, value in known.items())]


def exchange(record: ImageDialogue | TextDialogue) -> list[str]:
    beside = [f"- beside {record.image_id}"] if isinstance(record, ImageDialogue) else []
    sources = ", ".join(evidence.source for evidence in record.evidence)
    return [*beside, f"- user: {record.user_text}", f"- reply: {record.response}", f"- from: {sources}"]


def talk(record: HumanRoleDialogue) -> list[str]:
    return [
        f"- beside {record.image_id}",
        *(f"- {turn.speaker}: {turn.text}" for turn in record.messages),
    ]


def caption(record: Caption) -> list[str]:
    return [
        f"- beside {record.image_id}, for {record.dialogue_id}",
        f"- thinking: {record.thinking_process}",
        f"- instruction: {record.generation_instruction}",
        f"- caption: {record.t2i_caption}",
    ]


def question(record: TextQA) -> list[str]:
    return [
        f"- {record.difficulty}, {record.type}, {record.aspect}",
        f"- question: {record.question}",
        f"- answer: {record.answer}",
        *(f"- evidence: {evidence.text}" for evidence in record.evidence),
    ]


def choice(record: TextMCQ) -> list[str]:
    options = record.options.texts()
    return [
        f"- {record.difficulty}, {record.aspect}",
        f"- question: {record.question}",
        *(
            f"- {letter}{' (right)' if letter == record.answer_key else ''}: {options[letter]}"
            for letter in options
        ),
        f"- rationale: {record.rationale}",
        *(f"- evidence: {evidence.text}" for evidence in record.evidence),
    ]


SHOWN: dict[str, Callable[[Any], list[str]]] = {
    "profile": profile,
    "image": image,
    "image_dialogue": exchange,
    "caption": caption,
    "human_role_dialogue": talk,
    "text_dialogue": exchange,
    "text_qa": question,
    "text_mcq": choice,
}


def drawn(records: list[Record], *, seed: int, count: int) -> str:
    """Draw up to `count` accepted records of every kind; the same seed draws the same ones."""
    told: list[str] = []
    for kind, lines in SHOWN.items():
        own = sorted((record for record in records if record.kind == kind), key=lambda record: record.id)
        random.Random(f"{seed}/{kind}").shuffle(own)
        told.append(f"\n## {kind}: {min(count, len(own))} of {len(own)}")
        for record in own[:count]:
            told += [f"\n### {record.id}\n", *lines(record)]
    return "\n".join(told).strip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="records per kind")
    parser.add_argument("--kind", choices=sorted(SHOWN), help="only this kind")
    parser.add_argument("--character", help="only this character's records")
    arguments = parser.parse_args()
    records = [
        record
        for record in accepted(open_set(Workspace(arguments.workspace)))
        if arguments.kind in (None, record.kind) and arguments.character in (None, record.character_id)
    ]
    print(drawn(records, seed=arguments.seed, count=arguments.count))


if __name__ == "__main__":
    main()

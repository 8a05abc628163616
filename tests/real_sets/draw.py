"""Prints records of a workspace drawn by seed, as Markdown, to be read by a person.

python tests/real_sets/draw.py heir.workspace --seed 1 --count 10 > drawn.md
python tests/real_sets/draw.py starter.workspace --seed 7 --total 30 --blank > to_judge.md

`--total` deals the records over the kinds in turn, so that a small kind is read as well as a large one; `--blank` adds
the lines that a judge fills in: right, dull or wrong, and why.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flows.whole_set import accepted, open_set
from rolescape_data.records import (
    Caption,
    CharacterProfile,
    Commentary,
    HumanRoleDialogue,
    ImageAnnotation,
    ImageDialogue,
    ImageRecord,
    InterRoleDialogue,
    ProbeInput,
    Record,
    T2IForm,
    TextDialogue,
    TextMCQ,
    TextQA,
    VisualMCQ,
    VisualQA,
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


def annotation(record: ImageAnnotation) -> list[str]:
    told = [f"- beside {record.image_id}, {'supplied' if record.supplied else 'written'}"]
    fields = ("role_info", "place_info", "scene_info")
    return [*told, *(f"- {name}: {getattr(record, name) or '(nothing)'}" for name in fields)]


def exchange(record: ImageDialogue | TextDialogue) -> list[str]:
    beside = [f"- beside {record.image_id}"] if isinstance(record, ImageDialogue) else []
    sources = ", ".join(evidence.source for evidence in record.evidence)
    return [*beside, f"- user: {record.user_text}", f"- reply: {record.response}", f"- from: {sources}"]


def talk(record: HumanRoleDialogue | InterRoleDialogue) -> list[str]:
    return [
        f"- beside {record.image_id}",
        *(f"- {turn.speaker}: {turn.text}" for turn in record.messages),
    ]


def commentary(record: Commentary) -> list[str]:
    return [f"- beside {record.image_id}", f"- question: {record.question}", f"- reply: {record.reply}"]


def caption(record: Caption) -> list[str]:
    return [
        f"- beside {record.image_id}, for {record.dialogue_id}",
        f"- thinking: {record.thinking_process}",
        f"- instruction: {record.generation_instruction}",
        f"- caption: {record.t2i_caption}",
    ]


def form(record: T2IForm) -> list[str]:
    return [f"- beside {record.image_id}, {record.shape}", f"- prompt: {record.prompt}"]


def question(record: TextQA) -> list[str]:
    return [
        f"- {record.difficulty}, {record.type}, {record.aspect}",
        f"- question: {record.question}",
        f"- answer: {record.answer}",
        *(f"- evidence: {evidence.text}" for evidence in record.evidence),
    ]


def visual_question(record: VisualQA) -> list[str]:
    return [
        f"- beside {record.image_id}, {record.type}, {record.polarity}, rests on {', '.join(record.grounding)}",
        f"- question: {record.question}",
        f"- answer: {record.answer}",
    ]


def choice(record: TextMCQ | VisualMCQ) -> list[str]:
    options = record.options.texts()
    visual = isinstance(record, VisualMCQ)
    first = f"beside {record.image_id}, {record.category}" if visual else record.aspect
    return [
        f"- {first}, {record.difficulty}",
        f"- question: {record.question}",
        *(
            f"- {letter}{' (right)' if letter == record.answer_key else ''}: {options[letter]}"
            for letter in options
        ),
        f"- rationale: {record.rationale}",
        *(f"- evidence: {evidence.text}" for evidence in getattr(record, "evidence", [])),
    ]


def probe(record: ProbeInput) -> list[str]:
    return [f"- {record.probe}: {record.text}"]


SHOWN: dict[str, Callable[[Any], list[str]]] = {
    "profile": profile,
    "image": image,
    "annotation": annotation,
    "image_dialogue": exchange,
    "caption": caption,
    "t2i_form": form,
    "human_role_dialogue": talk,
    "commentary": commentary,
    "inter_role_dialogue": talk,
    "text_dialogue": exchange,
    "text_qa": question,
    "text_mcq": choice,
    "probe": probe,
    "visual_qa": visual_question,
    "visual_mcq": choice,
}
VERDICT = "\n**right / dull / wrong:**  \n**because:**"


def shuffled(records: Sequence[Record], kind: str, seed: int) -> list[Record]:
    """Return the records of a kind in the order that the seed draws them in."""
    own = sorted((record for record in records if record.kind == kind), key=lambda record: record.id)
    random.Random(f"{seed}/{kind}").shuffle(own)
    return own


def drawn(records: Sequence[Record], *, seed: int, count: int) -> str:
    """Draw up to `count` accepted records of every kind; the same seed draws the same ones."""
    told: list[str] = []
    for kind, lines in SHOWN.items():
        own = shuffled(records, kind, seed)
        told.append(f"\n## {kind}: {min(count, len(own))} of {len(own)}")
        for record in own[:count]:
            told += [f"\n### {record.id}\n", *lines(record)]
    return "\n".join(told).strip() + "\n"


def dealt(records: Sequence[Record], *, seed: int, total: int) -> list[Record]:
    """Draw `total` records, one of every kind in turn until they are drawn or none is left."""
    piles = [shuffled(records, kind, seed) for kind in SHOWN]
    turns = [pile[turn] for turn in range(total) for pile in piles if turn < len(pile)]
    order = list(SHOWN)
    return sorted(turns[:total], key=lambda record: order.index(record.kind))


def sheet(records: Sequence[Record], blobs: dict[str, Path], *, blank: bool) -> str:
    """Write the records to be judged, each with the file of its picture; `blank` adds what the judge fills in."""
    told: list[str] = []
    for number, record in enumerate(records, 1):
        told += [f"\n## {number}. {record.kind}: {record.id}\n", *SHOWN[record.kind](record)]
        shown = record.id if record.id in blobs else getattr(record, "image_id", "")
        told += [f"- picture file: {blobs[shown]}"] if shown in blobs else []
        told += [VERDICT] if blank else []
    return "\n".join(told).strip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="records per kind")
    parser.add_argument("--total", type=int, help="so many records in all, dealt over the kinds")
    parser.add_argument("--blank", action="store_true", help="with --total: leave room for a verdict")
    parser.add_argument("--kind", choices=sorted(SHOWN), help="only this kind")
    parser.add_argument("--character", help="only this character's records")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace)
    whole = accepted(open_set(workspace))
    records = [
        record
        for record in whole
        if arguments.kind in (None, record.kind) and arguments.character in (None, record.character_id)
    ]
    if arguments.total:
        blobs = {
            record.id: workspace.blobs.path(record.blob)
            for record in whole
            if isinstance(record, ImageRecord)
        }
        print(sheet(dealt(records, seed=arguments.seed, total=arguments.total), blobs, blank=arguments.blank))
    else:
        print(drawn(records, seed=arguments.seed, count=arguments.count))


if __name__ == "__main__":
    main()

"""Prints every reply of the published sets that a gate does not pass, to be judged right or wrong by a person.

python tests/real_sets/hits.py > hits.md            # the hard gates
python tests/real_sets/hits.py --soft > hits.md     # those that warn as well

Reference answers of MMRole's In-Test samples (English and Chinese), MMRole's dialogues of Greek philosophers and
RoleScape-20's of a dog; read where they lie, kept nowhere.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gates_samples import COMMON

from rolescape_data import assets
from rolescape_data.gates import Context, measure_records
from rolescape_data.gates.base import HUMAN
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.records import (
    Commentary,
    HumanRoleDialogue,
    InterRoleDialogue,
    Record,
    TextDialogue,
    Turn,
    Verdict,
)

CHECKOUT = Path(__file__).resolve().parent.parent.parent
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real"))
SETS = ("mmrole_greece", "mmrole_in_test", "rolescape20_bo")

HYGIENE = (
    "ai_tone",
    "explanatory_prefix",
    "residue",
    "meta_talk",
    "language",
    "minors_sexual",
    "pii",
    "street_address",
)
LENGTHS = ("response_words", "user_words", "message_words", "human_message_words", "comment_words")
SOFT = ("picture_talk", "stage_directions", "mixed_scripts", "flagged_words", "repetition")

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def clean(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text) or "?"


def lang(text: str) -> str:
    return "zh" if len(CHINESE.findall(text)) > len(text) / 3 else "en"


def fields(number: int, text: str) -> dict[str, Any]:
    return {**COMMON, "id": f"r{number:04d}", "character_id": "mira-h", "lang": lang(text)}


def talked(number: int, kind: str, before: str, reply: str) -> Record:
    """Return one reply as a record of its kind, with the words it answers."""
    image = {"image_id": "mira-h_image_001"}
    if kind == "comment":
        question = "看到这张图，你在想什么？" if lang(reply) == "zh" else "What goes through your mind?"
        return Commentary(**fields(number, reply), **image, question=question, reply=clean(reply))
    human = kind == "human-role"
    # Who opens is told to in English, whatever language the talk is in.
    turns = [] if before.startswith("Please initiate") else [(HUMAN if human else "jon-2", before)]
    messages = [Turn(speaker=who, text=clean(text)) for who, text in [*turns, ("mira-h", reply)]]
    if human:
        return HumanRoleDialogue(**fields(number, reply), **image, messages=messages)
    return InterRoleDialogue(**fields(number, reply), **image, partner_id="jon-2", messages=messages)


def replies(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, speaker, the words before, and the reply, of every character turn of a published set."""
    if name == "mmrole_in_test":
        for path in sorted((REAL / name / "reviews").glob("*.json")):
            for sample in json.loads(path.read_text(encoding="utf-8")):
                asked, answered = sample["conversations"][:2]
                # The prompt's last line holds the words that are answered.
                yield (
                    path.stem.split("_")[0],
                    sample["role"],
                    asked["value"].split("\n")[-1],
                    answered["value"],
                )
    elif name == "mmrole_greece":
        for path in sorted((REAL / name / "dialogues").glob("*.json")):
            for sample in json.loads(path.read_text(encoding="utf-8")):
                before = "Greetings."
                for turn in sample["conversations"]:
                    speaker = turn.get("role") or turn["from"]
                    if speaker != "human":
                        yield path.stem, speaker, before, turn["value"]
                    before = turn["value"]
    else:
        for path in sorted((REAL / name).rglob("Bo_dialogue_text_extension_*.json")):
            for asked, answered in json.loads(path.read_text(encoding="utf-8"))["scenes"]:
                yield "text", "Bo", asked["text"], answered["text"]


def judged(name: str, gates: tuple[str, ...]) -> tuple[int, list[tuple[str, str, Verdict]]]:
    """Return how many replies a set has, and every verdict that does not pass: speaker, reply, verdict."""
    found = list(replies(name))
    records: list[Record] = [
        TextDialogue(**fields(number, reply), user_text=clean(before), response=clean(reply))
        if kind == "text"
        else talked(number, kind, before, reply)
        for number, (kind, _, before, reply) in enumerate(found)
    ]
    context = Context(
        names={f"c{at}": (who,) for at, who in enumerate(sorted({who for _, who, _, _ in found}))},
        flagged_words=load_flagged_words(assets.find("qa", "flagged_words.txt")),
    )
    verdicts = decide(
        measure_records(records, context, gates), load_thresholds(assets.find("qa", "gates.yaml"))
    )
    by_id = {record.id: (who, reply) for record, (_, who, _, reply) in zip(records, found, strict=True)}
    return len(found), [
        (*by_id[verdict.record_id], verdict) for verdict in verdicts if verdict.status != "pass"
    ]


def rejected(hits: list[tuple[str, str, Verdict]]) -> set[str]:
    return {verdict.record_id for _, _, verdict in hits if verdict.status == "fail"}


def told(name: str, count: int, hits: list[tuple[str, str, Verdict]]) -> list[str]:
    """Return the hits of one set as Markdown: what gate, how far off, and the whole reply that it is about."""
    hard = len(rejected(hits))
    lines = [f"## {name}: {count} replies, {hard} rejected ({100 * hard / count:.1f} %)"]
    for who, reply, verdict in sorted(hits, key=lambda hit: (hit[2].status, hit[2].gate, hit[2].record_id)):
        lines += [
            f"\n### {name}/{verdict.record_id} {verdict.gate} ({verdict.status})\n",
            f"- {verdict.reason}",
            f"- {who}: {' '.join(reply.split()) or '(nothing)'}",
            "- right / wrong:",
        ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--soft", action="store_true", help="also the gates that only warn")
    arguments = parser.parse_args()
    for name in SETS:
        count, hits = judged(name, HYGIENE + LENGTHS + (SOFT if arguments.soft else ()))
        shown = hits if arguments.soft else [hit for hit in hits if hit[2].status == "fail"]
        print("\n".join(told(name, count, shown)), end="\n\n")


if __name__ == "__main__":
    main()

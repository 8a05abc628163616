"""Text gates over one language of a data set in MMRole's format: every hit, and how many records each gate looked at.

python benchmarks/language_gates.py ../shared/real/mmrole_in_test --lang zh
"""

import argparse
from collections import Counter
from pathlib import Path

from rolescape_data import assets
from rolescape_data.auditing.measure import context_of
from rolescape_data.gates import RECORD_GATES, measure_records
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.gates.safety import load_flagged_words
from rolescape_data.importers import IMPORTERS

# Gates of files and links say nothing of a language.
NOT_TEXT = ("links", "image_", "picture_", "clip_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--as", dest="form", default="mmrole", choices=sorted(IMPORTERS))
    parser.add_argument("--lang", default="zh")
    given = parser.parse_args()
    collection = IMPORTERS[given.form](given.folder).collection
    records = [record for record in collection.records() if record.lang == given.lang]
    gates = [name for name in RECORD_GATES if not name.startswith(NOT_TEXT)]
    thresholds = load_thresholds(assets.find("qa", "gates.yaml"))
    words = load_flagged_words(assets.find("qa", "flagged_words.txt"))
    flagged = frozenset({*thresholds.flagged_words, *words})
    measured = []
    for one in collection.characters:
        context = context_of(collection, one, None, flagged)
        own = [record for record in records if record.character_id == one]
        measured += measure_records(own, context, gates)
    verdicts = decide(measured, thresholds)
    print(f"{len(records)} records in {given.lang}: {dict(Counter(record.kind for record in records))}")
    looked = Counter(verdict.gate for verdict in verdicts)
    hits = [verdict for verdict in verdicts if verdict.status != "pass"]
    for gate, count in looked.items():
        there = [verdict for verdict in hits if verdict.gate == gate]
        told = Counter(verdict.status for verdict in there)
        print(f"  {gate:24} {len(there):>4} of {count:<5} {dict(told) or ''}")
    for verdict in hits:
        print(f"{verdict.status}  {verdict.gate}  {verdict.record_id}: {verdict.reason}")


if __name__ == "__main__":
    main()

"""Test records that training already shows, and groups that stand in two splits.

As published, 36 of RoleScape-20's 200 test questions are word for word training questions, and 58 of MMRole's 216
In-Test images are shared with training dialogues (counted).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

from rolescape_data.gates.base import Context, input_text, measured
from rolescape_data.gates.jaccard import Words, nearest_in, word_set
from rolescape_data.records import Measurement, MixtureRow, Question, Record, SplitRow
from rolescape_data.spans import folded


def train_test_exact(train: Sequence[Record], test: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure 1 on a test record whose words a training record of its character has, case and punctuation folded."""
    known: dict[tuple[str, str], str] = {}
    for record in train:
        known.setdefault((record.character_id, folded(input_text(record))), record.id)
    found: list[Measurement] = []
    for record in test:
        text = folded(input_text(record))
        twin = known.get((record.character_id, text), "") if text else ""
        found.append(measured(record, "train_test_exact", bool(twin), twin))
    return found


def train_test_near(train: Sequence[Record], test: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure each test record's likeness to the most alike training record of its character; `detail` is its id."""
    by_character: dict[str, tuple[list[Record], list[Words]]] = defaultdict(lambda: ([], []))
    for record in train:
        records, texts = by_character[record.character_id]
        records.append(record)
        texts.append(word_set(input_text(record)))
    found: dict[int, Measurement] = {}
    for character in sorted({record.character_id for record in test}):
        mine = [number for number, record in enumerate(test) if record.character_id == character]
        records, texts = by_character[character]
        nearest = nearest_in([word_set(input_text(test[number])) for number in mine], texts)
        for number, near in zip(mine, nearest, strict=True):
            twin = "" if near.position is None else records[near.position].id
            found[number] = measured(test[number], "train_test_near", near.likeness, twin)
    return [found[number] for number in range(len(test))]


def merged_leak(train: Sequence[Record], test: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure each row of a merged training file by its likeness to the most alike test record of its character.

    `detail` is that record's id. What is asked about a picture is left out: another picture has another answer.
    """
    rows = [one for one in train if isinstance(one, MixtureRow) and one.form != "visual_question"]
    found: dict[str, Measurement] = {}
    for character in dict.fromkeys(row.character_id for row in rows):
        mine = [row for row in rows if row.character_id == character]
        tested = [one for one in test if one.character_id == character]
        texts = [word_set(input_text(one)) for one in tested]
        for row, near in zip(mine, nearest_in([word_set(row.user_text) for row in mine], texts), strict=True):
            twin = "" if near.position is None else tested[near.position].id
            found[row.id] = measured(row, "merged_leak", near.likeness, twin)
    return [found[row.id] for row in rows]


def fact_overlap(train: Sequence[Record], test: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure 1 on a test question about a fact that a training question asks about too.

    Asking a trained fact again tests memory, which may be what is wanted: it is declared, not forbidden.
    """
    asked: dict[tuple[str, str], str] = {}
    for record in train:
        if isinstance(record, Question):
            for fact in record.fact_ids:
                asked.setdefault((record.character_id, fact), record.id)
    found: list[Measurement] = []
    for record in test:
        if isinstance(record, Question) and context.facts_named:
            shared = [fact for fact in record.fact_ids if (record.character_id, fact) in asked]
            detail = ", ".join(f"{fact} in {asked[record.character_id, fact]}" for fact in shared)
            found.append(measured(record, "fact_overlap", bool(shared), detail))
    return found


def group_split(rows: Sequence[SplitRow]) -> list[Measurement]:
    """Measure each group, and each held-out character, that crosses splits: the value is how many it stands in.

    A group that stays in one split is not listed. The measurement lies on the group's first record by id.
    """
    held_out = {row.character_id for row in rows if row.split == "test_ood"}
    ood_rows = [row for row in rows if row.character_id in held_out]
    return [
        *_crossing(rows, lambda row: row.group_id, "group"),
        *_crossing(ood_rows, lambda row: row.character_id, "held-out character"),
    ]


def _crossing(rows: Sequence[SplitRow], key: Callable[[SplitRow], str], what: str) -> list[Measurement]:
    groups: dict[str, list[SplitRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    found: list[Measurement] = []
    for name in sorted(groups):
        splits = sorted({row.split for row in groups[name]})
        first = min(groups[name], key=lambda row: row.record_id)
        if len(splits) > 1:
            found.append(
                Measurement(
                    record_id=first.record_id,
                    kind=first.kind,
                    character_id=first.character_id,
                    gate="group_split",
                    value=float(len(splits)),
                    detail=f"{what} '{name}' stands in {', '.join(splits)}",
                )
            )
    return found

"""A collection -> one measurement for everything that gates can say without asking a model.

The same gates as in a build, with three differences: pictures are read from their files (a released `.png` may be a
JPEG), groups of like pictures are held against the splits that the set came with, and repeats are counted inside each
split, because what stands in training and in test is a rule of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from rolescape_data.auditing.pictures import SUFFIXES, read_format
from rolescape_data.blueprints import Blueprint
from rolescape_data.collection import Collection
from rolescape_data.gates import (
    PAIR_GATES,
    RECORD_GATES,
    SET_GATES,
    Context,
    group_split,
    measure_pairs,
    measure_records,
    measure_set,
    unmeasured,
)
from rolescape_data.gates.base import Quota
from rolescape_data.gates.quota import quotas_of
from rolescape_data.mmrole.names import coco_path
from rolescape_data.records import (
    CharacterProfile,
    ImageAnnotation,
    ImageDialogue,
    ImageRecord,
    Measurement,
    MixtureRow,
    NegativeItem,
    Question,
    Record,
    SolverAnswer,
    SplitRow,
    TextMCQ,
    VisualMCQ,
)
from rolescape_data.records.visual import VISUAL_CATEGORIES
from rolescape_data.vision.likeness import hash_groups

ALL = "all/"
# Asked of files here, because a record of an imported picture says only what its importer made of it.
_OF_FILES = ("image_file",)
# A set that trains and tests with one kind repeats itself inside each of them, and leaks between them.
_REPEATS = ("duplicate_exact", "duplicate_near")
_NO_RECIPE = "no blueprint was named that says how many records there should be; `--recipe` names one"
_NO_FACTS = "no question names the facts that it rests on, which its format has no place for"
LETTERS_OF_ALL = ("mcq_key_balance", "mcq_key_balance_small", "mcq_letter_share", "mcq_longest_share")


def measure(
    collection: Collection,
    *,
    blueprint: Blueprint | None,
    flagged_words: Iterable[str] = (),
    allow: Mapping[str, frozenset[str]] | None = None,
    radius: int = 8,
    only: frozenset[str] | None = None,
) -> list[Measurement]:
    """Run every gate that needs no model over a whole set, or a few of them.

    Args:
        collection: the set; records without a split are compared with nothing.
        blueprint: the recipe whose counts it should meet; None where there is none.
        flagged_words: of qa/flagged_words.txt, folded.
        allow: phrases that are legal for a character, by its id ("AI assistant" for Iron Man).
        radius: bits by which the hashes of like pictures may differ.
        only: gates to run; the kinds that are missing and the gates that did not run are told with all of them alone.
    """

    def chosen(names: Iterable[str]) -> list[str]:
        return [name for name in names if only is None or name in only]

    found: list[Measurement] = []
    for character in collection.characters:
        context = context_of(collection, character, blueprint, frozenset(flagged_words))
        context = replace(context, allow=allow or {})
        records = [record for rows in collection.characters[character].values() for record in rows]
        own = measure_records(
            records, context, chosen(name for name in RECORD_GATES if name not in _OF_FILES)
        )
        own += measure_set(records, context, chosen(name for name in SET_GATES if name not in _REPEATS))
        for part in by_split(records, collection.splits).values():
            own += measure_set(part, context, chosen(_REPEATS))
        train, test = sides(records, collection.splits)
        # Merged rows are in no split, and every trainer is handed them.
        train += [one for one in records if isinstance(one, MixtureRow)]
        own += measure_pairs(train, test, context, chosen(PAIR_GATES))
        if only is None:
            own += (
                missing_kinds(collection, character, context)
                if blueprint
                else [_not_run(character, "quota", _NO_RECIPE)]
            )
            if not context.facts_named and any(isinstance(one, Question) for one in records):
                own.append(_not_run(character, "fact_overlap", _NO_FACTS))
            own += [row for one in records if (row := image_file(one, collection)) is not None]
            own += unmeasured(records, own)
        found += own
    if len(collection.characters) > 1:
        questions = [one for one in collection.records() if isinstance(one, TextMCQ | VisualMCQ)]
        batch = measure_set(questions, Context(), chosen(LETTERS_OF_ALL), per_character=False)
        found += [row for row in batch if row.record_id.startswith(ALL)]
        found += measure_set(collection.records(), Context(), chosen(["foreign_line"]), per_character=False)
    return found + (group_split(split_rows(collection, radius=radius)) if only is None else [])


def context_of(
    collection: Collection, character: str, blueprint: Blueprint | None, flagged_words: frozenset[str]
) -> Context:
    """Return what gates may look at for one character of the set."""
    profiles = {name: collection.profile(name) for name in collection.characters}
    known = {name: profile for name, profile in profiles.items() if profile is not None}
    records = [record for rows in collection.characters[character].values() for record in rows]
    answers: dict[str, list[SolverAnswer]] = defaultdict(list)
    for answer in collection.of(character, SolverAnswer):
        answers[answer.question_id].append(answer)
    names = {
        name: (known[name].name, *known[name].aliases) if name in known else (name,)
        for name in collection.characters
    }
    own = known.get(character)
    return Context(
        sources=collection.sources,
        record_ids=frozenset(
            [*(record.id for record in collection.records()), *_named(collection.records())]
        ),
        names=names,
        character_ids=frozenset(collection.characters),
        cast={character: _cast(own, known.values())},
        titles=tuple(sorted({profile.script for profile in known.values() if profile.script})),
        replies={one.id: one.response for one in records if isinstance(one, ImageDialogue)},
        quotas=_quotas(collection, character, blueprint) if blueprint else {},
        flagged_words=flagged_words,
        answers=answers,
        negatives=frozenset(one.id for one in records if isinstance(one, NegativeItem)),
        catchphrases={name: tuple(profile.catchphrases) for name, profile in known.items()},
        facts_named=any(one.fact_ids for one in collection.records() if isinstance(one, Question)),
    )


def by_split(records: Sequence[Record], splits: Mapping[str, str]) -> dict[str, list[Record]]:
    """Part records into those that train and those that test; val tests."""
    parts: dict[str, list[Record]] = {}
    for record in records:
        split = splits.get(record.id, "")
        parts.setdefault("test" if split not in ("", "train") else split, []).append(record)
    return parts


def sides(records: Sequence[Record], splits: Mapping[str, str]) -> tuple[list[Record], list[Record]]:
    """Return what trains and what tests; what is in no split is on neither side."""
    parts = by_split(records, splits)
    return parts.get("train", []), parts.get("test", [])


def split_rows(collection: Collection, *, radius: int) -> list[SplitRow]:
    """Return the split of every record, grouped by its picture: pictures within `radius` bits are one group."""
    images = [one for one in collection.records() if isinstance(one, ImageRecord)]
    group: dict[str, str] = {}
    for members in hash_groups([image.phash64 for image in images], radius=radius):
        # Pictures whose file is not there have no hash of their own: their name is all that is known of them.
        seen = [place for place in members if images[place].id in collection.pictures]
        for place in members:
            first = seen[0] if place in seen else place
            group[images[place].id] = images[first].id
    rows: list[SplitRow] = []
    for record in collection.records():
        split = collection.splits.get(record.id)
        # A question that only tests may be asked about a training picture: it measures what was seen, and says so.
        if split is None or isinstance(record, VisualMCQ):
            continue
        shown = getattr(record, "image_id", None) or record.id
        rows.append(
            SplitRow(
                record_id=record.id,
                kind=record.kind,
                character_id=record.character_id,
                group_id=group.get(shown, shown),
                split=split,
            )
        )
    return rows


def image_file(record: Record, collection: Collection) -> Measurement | None:
    """Count faults of a picture's file: not there, not readable, or named as something that its bytes are not."""
    if not isinstance(record, ImageRecord) or record.id not in collection.pictures:
        return None
    path: Path = collection.pictures[record.id]
    real = read_format(path)
    suffix = PurePosixPath(record.path).suffix.casefold()
    if not real:
        faults = [f"'{record.path}' is no picture that can be read"]
    elif SUFFIXES.get(suffix) != real:
        faults = [f"'{record.path}' is {real}"]
    else:
        faults = []
    return Measurement(
        record_id=record.id,
        kind=record.kind,
        character_id=record.character_id,
        gate="image_file",
        value=float(len(faults)),
        detail="; ".join(faults),
    )


# What this factory makes beside the published kinds, and what is put together from others.
_OURS_ALONE = frozenset({"negative", "preference", "t2i_form", "meta_information", "solver_answer", "review"})


def missing_kinds(collection: Collection, character: str, context: Context) -> list[Measurement]:
    """Measure what the recipe wants of kinds that the character has no record of at all."""
    there = {kind for kind, rows in collection.characters[character].items() if rows}
    return [
        Measurement(
            record_id=f"{character}/{kind}",
            kind=kind,
            character_id=character,
            gate="quota",
            value=float(sum(quota.cells.values()) * (len(quota.images) if quota.images else 1)),
            detail="no record of this kind",
        )
        for kind, quota in context.quotas.items()
        if kind not in there | _OURS_ALONE and sum(quota.cells.values()) > 0
    ]


def _named(records: Iterable[Record]) -> list[str]:
    """Return ids of pictures that are known and not there: MMRole's COCO pictures, and annotated ones.

    Whether a file is missing is said by whoever read the set; a link to such a picture leads somewhere all the same.
    """
    shown = [getattr(record, "image_id", None) or "" for record in records]
    annotated = [record.image_id for record in records if isinstance(record, ImageAnnotation)]
    return [*(image for image in shown if coco_path(image)), *annotated]


def _not_run(character: str, gate: str, why: str) -> Measurement:
    return Measurement(
        record_id=f"{character}/all", kind="all", character_id=character, gate=gate, value=0.0, not_run=why
    )


def _quotas(collection: Collection, character: str, blueprint: Blueprint) -> dict[str, Quota]:
    """Return what the recipe wants; of kinds counted by picture only training pictures owe, and those that have some."""
    images = [image.id for image in collection.of(character, ImageRecord)]
    quotas = quotas_of(blueprint, images)
    rows = collection.characters[character]
    found: dict[str, Quota] = {}
    for kind, quota in quotas.items():
        if not quota.images:
            found[kind] = quota
            continue
        had = {getattr(record, "image_id", "") for record in rows.get(kind, ())}
        owing = [one for one in images if one in had or collection.splits.get(one) in (None, "train")]
        cells = dict(quota.cells)
        if all(getattr(record, "category", "") is None for record in rows.get(kind, ())):
            # Where no question says what it asks about, only their difficulty can be counted.
            cells = {cell: count for cell, count in cells.items() if cell not in VISUAL_CATEGORIES}
        found[kind] = Quota(cells, tuple(sorted(owing)))
    return found


def _cast(own: CharacterProfile | None, profiles: Iterable[CharacterProfile]) -> tuple[str, ...]:
    """Name everybody of the character's script, and whom its profile knows."""
    if own is None:
        return ()
    mates = [one for one in profiles if one is own or (own.script and one.script == own.script)]
    named = [name for one in mates for name in (one.name, *one.aliases)]
    return tuple(sorted({*named, *(bond.name for one in mates for bond in one.relationships)}))

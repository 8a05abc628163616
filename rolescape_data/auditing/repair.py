"""A collection and what fails in it -> a copy with everything made right that needs no writer, and a list of the rest.

Mechanical are: letters dealt anew (references in rationales follow), evidence anchored to the exact span, types of questions
by their form, file names that agree with their bytes, empty talks and repeated or leaked records moved to the rejects, and with
them talks of the training about a picture that is tested on. A training record that gives a test away goes, not the test: tests are few. Nothing is written by anybody; what stays broken is named.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from rolescape_data.auditing.pictures import SUFFIXES, read_format
from rolescape_data.collection import Collection, Finding
from rolescape_data.gates import reletter
from rolescape_data.records import (
    Evidence,
    ImageRecord,
    Question,
    Record,
    Rejected,
    TextMCQ,
    TextQA,
    Verdict,
    VisualMCQ,
)
from rolescape_data.records.question import QuestionType
from rolescape_data.spans import find_span

M = TypeVar("M", TextMCQ, VisualMCQ)


class Judge(Protocol):
    """(collection, gates) -> their verdicts, passes included; of every gate where none are named."""

    def __call__(self, collection: Collection, only: frozenset[str] | None = None) -> list[Verdict]: ...


_LETTERS = ("mcq_key_balance", "mcq_letter_share")
_REPEATED = ("duplicate_exact", "duplicate_near")
_LEAKED = ("train_test_exact", "train_test_near")
# Rows of merged files, each by itself.
_MERGED = ("merged_leak",)
# Numbers that a copy counts for itself.
_DERIVED = ("num_used_data",)
# Nothing can be kept of these; other faults of a text are a writer's to mend.
_EMPTY = ("turn_grammar",)
# Talks that stand beside any picture: without one of them nothing else is lost.
_TALKS = frozenset({"commentary", "human_role_dialogue", "inter_role_dialogue"})
# What other records hang on is not taken away: a caption without its exchange is of no use.
_KEPT_KINDS = frozenset({"profile", "image", "image_dialogue", "caption"})
# A leak names one training record at a time, so rounds go on until none is left.
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did.

    Args:
        collection: the mended set.
        mended: what was made right, each with its rule, place and what was done.
        rejected: records that were taken out, whole, with their reasons.
        needs_writer: what stays broken.
        out: where the copy was written.
    """

    collection: Collection
    mended: Sequence[Finding]
    rejected: Sequence[Finding]
    needs_writer: Sequence[Finding]
    rejects: Sequence[Rejected] = field(default_factory=list)
    out: str = ""


def repair(collection: Collection, findings: Sequence[Finding], judge: Judge, *, seed: int) -> Repair:
    """Mend a set.

    Args:
        collection: as it was read.
        findings: what its importer said; what it made right by itself is told as mended.
        judge: holds a set against the gates.
        seed: decides the letters.
    """
    mended = [finding for finding in findings if finding.repaired or finding.rule in _DERIVED]
    current, rejects = collection, list[Rejected]()
    for step in (_evidence, _file_names, _types):
        current, done = step(current)
        mended += done
    for _ in range(_ROUNDS):
        # The whole of the gates would be run some ten times over for the few that take records out.
        told = judge(current, frozenset((*_EMPTY, *_REPEATED, *_MERGED, *_LEAKED)))
        gone = _to_reject(current, told) | _beside_tested(current)
        if not gone:
            break
        current, taken = _without(current, gone)
        rejects += taken
    current, done = _letters(current, judge(current, frozenset(_LETTERS)), seed)
    mended += done
    left = [
        *(one for one in findings if one.hard and not one.repaired and not _is_mended(one)),
        *(_told(verdict) for verdict in judge(current) if verdict.status == "fail"),
    ]
    gone_ids = {reject.record_id for reject in rejects}
    return Repair(
        collection=current,
        mended=mended,
        rejected=[
            Finding(
                rule=reject.reasons[0].split(" ", 1)[0],
                file="",
                place=reject.record_id,
                detail="; ".join(reject.reasons),
                repaired=True,
            )
            for reject in rejects
        ],
        needs_writer=[finding for finding in left if finding.place not in gone_ids],
        rejects=rejects,
    )


def replaced(collection: Collection, change: Callable[[Record], Record | None]) -> Collection:
    """Return the collection with every record put through `change`; None takes it out."""
    characters: dict[str, Mapping[str, Sequence[Record]]] = {
        character: {
            kind: [changed for record in rows if (changed := change(record)) is not None]
            for kind, rows in tables.items()
        }
        for character, tables in collection.characters.items()
    }
    return replace(collection, characters=characters)


def _evidence(collection: Collection) -> tuple[Collection, list[Finding]]:
    done: list[Finding] = []

    def anchored(record: Record) -> Record:
        if not isinstance(record, Question):
            return record
        pieces = [_anchored(piece, collection.sources) for piece in record.evidence]
        moved = [piece for piece, old in zip(pieces, record.evidence, strict=True) if piece != old]
        if not moved:
            return record
        done.extend(
            _did("evidence_exact", record, f"anchored to {piece.start}:{piece.end} of '{piece.source}'")
            for piece in moved
        )
        return record.model_copy(update={"evidence": pieces})

    return replaced(collection, anchored), done


def _anchored(piece: Evidence, sources: Mapping[str, str]) -> Evidence:
    """Return the exact span, in its own source or else in any other of its character's; itself where it is in none."""
    source = sources.get(piece.source, "")
    if source[piece.start : piece.end] == piece.text:
        return piece
    span = find_span(piece.text, source)
    if span is None:
        return piece
    return Evidence(source=piece.source, start=span.start, end=span.end, text=span.text)


def _file_names(collection: Collection) -> tuple[Collection, list[Finding]]:
    done: list[Finding] = []

    def named(record: Record) -> Record:
        if not isinstance(record, ImageRecord) or record.id not in collection.pictures:
            return record
        real = read_format(collection.pictures[record.id])
        path = PurePosixPath(record.path)
        if not real or SUFFIXES.get(path.suffix.casefold()) == real:
            return record
        right = str(path.with_suffix(next(suffix for suffix, name in SUFFIXES.items() if name == real)))
        done.append(_did("image_file", record, f"'{path}' is {real}: named '{right}'"))
        return record.model_copy(update={"path": right})

    return replaced(collection, named), done


# The form of a question says what it asks for; the first that fits, 'fact' where none does.
_FORMS: tuple[tuple[re.Pattern[str], QuestionType], ...] = (
    (re.compile(r"\bwhere\b|在哪|哪里", re.IGNORECASE), "location"),
    (re.compile(r"\bhow (?:many|much|old|long|tall|far)\b|多少|几", re.IGNORECASE), "numeric"),
    (re.compile(r"\bwhen\b|什么时候|何时", re.IGNORECASE), "timeline"),
    (re.compile(r"\bwhy\b|\bwhat (?:motivates|makes|causes)\b|为什么", re.IGNORECASE), "reasoning"),
    (re.compile(r"\bhow (?:does|do|did) .* differ\b|\bcompar|\bmore than\b", re.IGNORECASE), "comparison"),
    (re.compile(r"\bwhat (?:phrase|words?)\b|\bsays?\b|\bcatchphrase", re.IGNORECASE), "quote"),
    (re.compile(r"\b(?:like|likes|prefer|prefers|favou?rite|enjoys?)\b|喜欢", re.IGNORECASE), "preference"),
    (re.compile(r"\b(?:cannot|can't|unable|never)\b|不能|不会", re.IGNORECASE), "limitation"),
    (re.compile(r"\b(?:can|able|skill|skills|abilities)\b|会不会|能力", re.IGNORECASE), "capability"),
    (re.compile(r"\b(?:role|job|title|king|owner)\b|身份", re.IGNORECASE), "role"),
)


def _types(collection: Collection) -> tuple[Collection, list[Finding]]:
    done: list[Finding] = []

    def typed(record: Record) -> Record:
        if not isinstance(record, TextQA) or record.type is not None:
            return record
        kind: QuestionType = next((name for form, name in _FORMS if form.search(record.question)), "fact")
        done.append(_did("question_type", record, f"'{kind}', by the form of '{record.question[:60]}'"))
        return record.model_copy(update={"type": kind})

    return replaced(collection, typed), done


def _is_mended(finding: Finding) -> bool:
    """Say whether a reader's finding is made right here: a question's type, and what is written from the records anew."""
    typed = finding.rule == "question_type" and finding.place.startswith("qa_items[")
    return typed or finding.rule in _DERIVED


def _to_reject(collection: Collection, verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Return ids to take out, with the reason: empty talks, later ones of repeats, training records that leak."""
    known = {record.id: record for record in collection.records()}
    gone: dict[str, str] = {}
    for verdict in verdicts:
        if verdict.status != "fail" or verdict.record_id not in known:
            continue
        if verdict.gate in (*_EMPTY, *_REPEATED, *_MERGED):
            gone.setdefault(verdict.record_id, verdict.reason)
        elif verdict.gate in _LEAKED and (twin := _named(verdict)) in known:
            gone.setdefault(twin, f"{verdict.reason.split(' (')[0]} (it gives {verdict.record_id} away)")
    return {name: why for name, why in gone.items() if known[name].kind not in _KEPT_KINDS}


def _beside_tested(collection: Collection) -> dict[str, str]:
    """Return ids of training talks about a picture that is tested on, or about one like it."""
    tested = {
        collection.groups[name]: name
        for name, split in collection.splits.items()
        if split in ("test_id", "test_ood") and name in collection.groups
    }
    return {
        record.id: f"group_split (its picture is tested on in {tested[collection.groups[record.id]]})"
        for record in collection.records()
        if record.kind in _TALKS
        and collection.splits.get(record.id) in ("train", "val")
        and collection.groups.get(record.id) in tested
    }


def _named(verdict: Verdict) -> str:
    """Return the record that a leak names, the last words of its reason in brackets."""
    return verdict.reason.rpartition("(")[2].removesuffix(")")


def _without(collection: Collection, gone: Mapping[str, str]) -> tuple[Collection, list[Rejected]]:
    rejects = [
        Rejected(
            record_id=record.id,
            kind=record.kind,
            character_id=record.character_id,
            origin="verdicts",
            reasons=[gone[record.id]],
            record_json=record.model_dump_json(),
        )
        for record in collection.records()
        if record.id in gone
    ]
    return replaced(collection, lambda record: None if record.id in gone else record), rejects


def _letters(
    collection: Collection, verdicts: Sequence[Verdict], seed: int
) -> tuple[Collection, list[Finding]]:
    """Deal the letters of every kind anew whose letters fail, over all characters together."""
    uneven = {verdict.kind for verdict in verdicts if verdict.status == "fail" and verdict.gate in _LETTERS}
    by_kind: dict[str, list[Record]] = defaultdict(list)
    for record in collection.records():
        if record.kind in uneven:
            by_kind[record.kind].append(record)
    dealt: dict[str, Record] = {}
    done: list[Finding] = []
    for rows in by_kind.values():
        texts = reletter([row for row in rows if isinstance(row, TextMCQ)], seed)
        seen = reletter([row for row in rows if isinstance(row, VisualMCQ)], seed)
        for old, new in zip(rows, [*texts, *seen], strict=True):
            if old != new:
                dealt[new.id] = new
                done.append(_did("mcq_key_balance", new, f"{_letter(old)} became {_letter(new)}"))
    return replaced(collection, lambda record: dealt.get(record.id, record)), done


def _letter(record: Record) -> str:
    return record.answer_key if isinstance(record, TextMCQ | VisualMCQ) else ""


def _did(rule: str, record: Record, detail: str) -> Finding:
    return Finding(rule=rule, file="", place=record.id, detail=detail, repaired=True)


def _told(verdict: Verdict) -> Finding:
    return Finding(rule=verdict.gate, file="", place=verdict.record_id, detail=verdict.reason)

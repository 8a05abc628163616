"""Gates by name. To add one: a function here below `gates/`, one line in a table, one entry in qa/gates.yaml.

Gates measure; `rolescape_data.gates.decide` turns measurements into verdicts, so a threshold is tuned without a model
call. Each table says which record kinds a gate applies to.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from rolescape_data.errors import SettingsError
from rolescape_data.gates.agreement import (
    attribute_agreement,
    check_answers,
    check_balance,
    recognition_balance,
)
from rolescape_data.gates.base import Context, PairGate, RecordGate, SetGate
from rolescape_data.gates.caption import (
    instruction_items,
    instruction_lines,
    instruction_marks,
    instruction_tokens,
    visual_elements,
)
from rolescape_data.gates.checks import check_form, check_negatives, check_prompt_words, check_yes_share
from rolescape_data.gates.contamination import (
    fact_overlap,
    group_split,
    merged_leak,
    train_test_exact,
    train_test_near,
)
from rolescape_data.gates.duplicates import duplicate_exact, duplicate_near
from rolescape_data.gates.fit import (
    clip_coverage,
    clip_fit,
    clip_fit_pool,
    clip_fit_shuffled,
    image_identity,
    image_neighbour,
)
from rolescape_data.gates.language import language, mixed_scripts
from rolescape_data.gates.leakage import thinking_leaks_reply
from rolescape_data.gates.length import WORD_GATES, opening_share, repetition
from rolescape_data.gates.letters import reletter
from rolescape_data.gates.names import instruction_names, role_names
from rolescape_data.gates.overlap import thinking_copies_reply
from rolescape_data.gates.picture import picture_brightness, picture_ratio, picture_sharpness, picture_side
from rolescape_data.gates.privacy import pii, street_address
from rolescape_data.gates.questions import (
    evidence_exact,
    mcq_answer_in_other_stem,
    mcq_key_balance,
    mcq_key_balance_small,
    mcq_length_ratio,
    mcq_letter_share,
    mcq_longest_share,
    mcq_longest_share_small,
    mcq_options,
    question_names_text,
    question_self_contained,
)
from rolescape_data.gates.quota import aspect_coverage, aspect_share, quota
from rolescape_data.gates.reviewed import (
    false_refusals,
    judge_agreement,
    judge_attempts,
    judge_missing,
    judge_parse_rate,
    judged_diversity,
    judged_item,
    judged_mean,
    pair_order_gap,
    pair_ratio,
    pair_ties,
    refused_share,
    rejected_preferred,
)
from rolescape_data.gates.safety import flagged_words, minors_sexual
from rolescape_data.gates.solved import answerable, blind_item, blind_share, difficulty_order
from rolescape_data.gates.structure import (
    image_file,
    links,
    message_count,
    numbering,
    repeated_id,
    turn_grammar,
    types,
)
from rolescape_data.gates.tags import tag_grammar
from rolescape_data.gates.talk import meta_talk, picture_talk, stage_directions
from rolescape_data.gates.text import ai_tone, explanatory_prefix, residue
from rolescape_data.gates.variety import (
    catchphrase_all,
    catchphrase_each,
    distinct_2,
    foreign_line,
    self_bleu,
)
from rolescape_data.records import RECORDS, Measurement, Record

_ALL = frozenset(RECORDS)
_DIALOGUES = frozenset({"image_dialogue", "text_dialogue", "human_role_dialogue", "inter_role_dialogue"})
_COMMENTARY = frozenset({"commentary"})
_PROBE = frozenset({"probe"})
_CAPTION = frozenset({"caption"})
_TALK = frozenset({"human_role_dialogue", "inter_role_dialogue"})
_MCQ = frozenset({"text_mcq", "visual_mcq"})
_VISUAL = frozenset({"visual_qa", "visual_mcq"})
_QUESTIONS = frozenset({"text_qa", "text_mcq"})
_REVIEW = frozenset({"review"})
_NEGATIVE = frozenset({"negative"})
_CHECK = frozenset({"t2i_check"})
_ROOTS = frozenset({"profile", "meta_information", "detailed_profile"})
_WRITTEN = (
    _DIALOGUES
    | _COMMENTARY
    | _CAPTION
    | _QUESTIONS
    | _VISUAL
    | _PROBE
    | _NEGATIVE
    | _CHECK
    | _ROOTS
    | {"annotation"}
)
# What a model is asked with, so that the same thing twice is one too many.
_ASKED = _DIALOGUES | _COMMENTARY | _QUESTIONS | _VISUAL | _PROBE | _NEGATIVE | _CHECK

RECORD_GATES: dict[str, tuple[RecordGate, frozenset[str]]] = {
    "ai_tone": (ai_tone, _WRITTEN),
    "explanatory_prefix": (explanatory_prefix, _WRITTEN),
    "residue": (residue, _WRITTEN),
    # A commentary talks about the picture before it, as it should.
    "meta_talk": (meta_talk, _DIALOGUES),
    "picture_talk": (picture_talk, frozenset({"image_dialogue", "text_dialogue"})),
    "stage_directions": (stage_directions, _DIALOGUES | _COMMENTARY),
    "language": (language, _WRITTEN),
    "mixed_scripts": (mixed_scripts, _WRITTEN),
    "flagged_words": (flagged_words, _WRITTEN),
    "minors_sexual": (minors_sexual, _WRITTEN),
    "pii": (pii, _WRITTEN),
    "street_address": (street_address, _WRITTEN),
    **WORD_GATES,
    "repetition": (repetition, _DIALOGUES | _COMMENTARY | _CAPTION | {"profile"}),
    "instruction_items": (instruction_items, _CAPTION),
    "instruction_lines": (instruction_lines, _CAPTION),
    "instruction_marks": (instruction_marks, _CAPTION),
    "instruction_tokens": (instruction_tokens, _CAPTION),
    "visual_elements": (visual_elements, _CAPTION),
    "instruction_names": (instruction_names, _CAPTION),
    "thinking_copies_reply": (thinking_copies_reply, _CAPTION),
    "thinking_leaks_reply": (thinking_leaks_reply, _CAPTION),
    "tag_grammar": (tag_grammar, frozenset({"t2i_form"})),
    "check_answers": (check_answers, frozenset({"t2i_check"})),
    "turn_grammar": (turn_grammar, _TALK),
    "message_count": (message_count, _TALK),
    "check_prompt_words": (check_prompt_words, _CHECK),
    "check_yes_share": (check_yes_share, _CHECK),
    "check_form": (check_form, _CHECK),
    "check_negatives": (check_negatives, _CHECK),
    "links": (links, _ALL),
    "image_file": (image_file, frozenset({"image"})),
    "picture_side": (picture_side, frozenset({"image"})),
    "picture_ratio": (picture_ratio, frozenset({"image"})),
    "picture_brightness": (picture_brightness, frozenset({"image"})),
    "picture_sharpness": (picture_sharpness, frozenset({"image"})),
    "role_names": (role_names, frozenset({"image", "annotation"})),
    "clip_fit": (clip_fit, _CAPTION),
    "clip_fit_pool": (clip_fit_pool, _CAPTION),
    "clip_fit_shuffled": (clip_fit_shuffled, _CAPTION),
    "clip_coverage": (clip_coverage, _CAPTION),
    "image_identity": (image_identity, frozenset({"image"})),
    "image_neighbour": (image_neighbour, frozenset({"image"})),
    "types": (types, _QUESTIONS),
    "mcq_length_ratio": (mcq_length_ratio, _MCQ),
    "mcq_options": (mcq_options, _MCQ),
    "evidence_exact": (evidence_exact, _DIALOGUES | _COMMENTARY | _QUESTIONS | {"profile"}),
    "question_self_contained": (question_self_contained, _QUESTIONS | _VISUAL),
    "question_names_text": (question_names_text, _QUESTIONS | _VISUAL),
}

SET_GATES: dict[str, tuple[SetGate, frozenset[str]]] = {
    "opening_share": (opening_share, _DIALOGUES | _COMMENTARY | _CAPTION | _PROBE | _VISUAL),
    "numbering": (numbering, _ALL),
    "repeated_id": (repeated_id, _ALL),
    "quota": (quota, _ALL),
    "aspect_coverage": (aspect_coverage, _QUESTIONS),
    "aspect_share": (aspect_share, frozenset({"text_qa"})),
    "duplicate_exact": (duplicate_exact, _ASKED),
    "duplicate_near": (duplicate_near, _ASKED),
    "mcq_answer_in_other_stem": (mcq_answer_in_other_stem, _MCQ),
    "mcq_key_balance": (mcq_key_balance, _MCQ),
    "mcq_key_balance_small": (mcq_key_balance_small, _MCQ),
    "mcq_letter_share": (mcq_letter_share, _MCQ),
    "mcq_longest_share": (mcq_longest_share, _MCQ),
    "mcq_longest_share_small": (mcq_longest_share_small, _MCQ),
    "self_bleu": (self_bleu, _DIALOGUES | _COMMENTARY),
    "distinct_2": (distinct_2, _DIALOGUES | _COMMENTARY),
    "foreign_line": (foreign_line, _DIALOGUES | _COMMENTARY),
    "catchphrase_each": (catchphrase_each, _DIALOGUES),
    "catchphrase_all": (catchphrase_all, _DIALOGUES),
    "attribute_agreement": (attribute_agreement, _VISUAL),
    "check_balance": (check_balance, frozenset({"t2i_check"})),
    "recognition_balance": (recognition_balance, frozenset({"visual_qa", "negative"})),
    # What a solver answered comes with the context.
    "blind_share": (blind_share, _MCQ),
    "blind_item": (blind_item, _MCQ),
    "answerable": (answerable, _MCQ),
    "difficulty_order": (difficulty_order, _MCQ),
    "judged_mean": (judged_mean, _REVIEW),
    "judged_diversity": (judged_diversity, _REVIEW),
    "judged_item": (judged_item, _REVIEW),
    "pair_ratio": (pair_ratio, _REVIEW),
    "rejected_preferred": (rejected_preferred, _REVIEW),
    "pair_ties": (pair_ties, _REVIEW),
    "pair_order_gap": (pair_order_gap, _REVIEW),
    "refused_share": (refused_share, _REVIEW),
    "false_refusals": (false_refusals, _REVIEW),
    "judge_parse_rate": (judge_parse_rate, _REVIEW),
    "judge_attempts": (judge_attempts, _REVIEW),
    "judge_missing": (judge_missing, _REVIEW),
    "judge_agreement": (judge_agreement, _REVIEW),
}

PAIR_GATES: dict[str, tuple[PairGate, frozenset[str]]] = {
    "train_test_exact": (train_test_exact, _ASKED - _VISUAL - _CHECK),
    "train_test_near": (train_test_near, _ASKED - _VISUAL - _CHECK),
    "merged_leak": (merged_leak, (_ASKED - _VISUAL - _CHECK) | {"mixture_row"}),
    "fact_overlap": (fact_overlap, _QUESTIONS),
}

# `group_split` measures rows of the split table instead of records: call it directly.
KINDS: dict[str, frozenset[str]] = {
    **{name: kinds for table in (RECORD_GATES, SET_GATES, PAIR_GATES) for name, (_, kinds) in table.items()},
    "group_split": _ALL,
}

_NO_SOLVER = "no solver tried these questions; `solver_answer` in the blueprint asks a model to, the offline writer cannot"
_NO_JUDGE = "no model judged these replies; a section `reviews:` in the set file and a model as `writers: {reviews: ...}` have one do so"
_NOT_THIS = "no readable review tells of it; `rubrics:` and `metrics:` under `reviews:` in the set file say what is asked"
_NO_PEOPLE = "no person scored ten of the replies that the judge did"
_NO_MODEL = "no model looked at the pictures; `clip:` in the set file names one"

# What preference pairs reject and what another model answered are no replies of the character's own: a set without them
# lacks nothing.
_OF_OTHERS = ("rejected_preferred", "pair_ratio")

# Gates that read what a model said before: why they are silent, and which kinds would have been looked at.
READERS: dict[str, tuple[str, frozenset[str]]] = {
    **dict.fromkeys(("blind_share", "blind_item", "answerable", "difficulty_order"), (_NO_SOLVER, _MCQ)),
    **dict.fromkeys(
        (name for name, (_, kinds) in SET_GATES.items() if kinds == _REVIEW and name not in _OF_OTHERS),
        (_NO_JUDGE, _DIALOGUES | _COMMENTARY),
    ),
    **dict.fromkeys(("image_identity", "image_neighbour"), (_NO_MODEL, frozenset({"image"}))),
}

G = TypeVar("G")


def measure_records(
    records: Iterable[Record], context: Context, names: Iterable[str] | None = None
) -> list[Measurement]:
    """Measure every record by the gates of its kind, or by those of `names` alone; record by record.

    Raises:
        SettingsError: `names` holds one that is no record gate.
    """
    chosen = _chosen(RECORD_GATES, names)
    return [
        found
        for record in records
        for gate, kinds in chosen.values()
        if record.kind in kinds
        for found in gate(record, context)
    ]


def measure_set(
    records: Sequence[Record],
    context: Context,
    names: Iterable[str] | None = None,
    *,
    per_character: bool = True,
) -> list[Measurement]:
    """Measure sets of records: one set for each character and kind, in order of appearance.

    Args:
        records: any mix of characters and kinds; inside a set the order counts, the earlier of two duplicates wins.
        context: what gates may look at.
        names: gates to use, all by default.
        per_character: False makes one set of each kind, e.g. to judge the letters of a whole test set.

    Raises:
        SettingsError: `names` holds one that is no set gate.
    """
    chosen = _chosen(SET_GATES, names)
    sets: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        sets.setdefault((record.character_id if per_character else "", record.kind), []).append(record)
    return [
        found
        for (_, kind), members in sets.items()
        for gate, kinds in chosen.values()
        if kind in kinds
        for found in gate(members, context)
    ]


def measure_pairs(
    train: Sequence[Record], test: Sequence[Record], context: Context, names: Iterable[str] | None = None
) -> list[Measurement]:
    """Measure test records against training records; only records of the same character are compared.

    Raises:
        SettingsError: `names` holds one that is no pair gate.
    """
    return [
        found
        for gate, kinds in _chosen(PAIR_GATES, names).values()
        for found in gate(
            [record for record in train if record.kind in kinds],
            [record for record in test if record.kind in kinds],
            context,
        )
    ]


def unmeasured(records: Iterable[Record], found: Iterable[Measurement]) -> list[Measurement]:
    """Return a measurement that says "not run" for every gate that reads a model's words and was given none.

    One for each character, gate and kind that it would have looked at; a gate that measured anything of a character is
    not named for it. A judge looks at replies of several kinds at once, so its gates are named once, on the kind 'review'.
    """
    records = list(records)
    reviewed = {record.character_id for record in records if record.kind in _REVIEW}
    ran = {(row.character_id, row.gate) for row in found}
    # Of a character with few pictures a model says which are alike, and not how far off each one is.
    ran |= {(character, "image_identity") for character, gate in ran if gate == "image_neighbour"}
    silent: dict[tuple[str, str, str], Measurement] = {}
    for record in records:
        for gate, (why, kinds) in READERS.items():
            if record.kind not in kinds or (record.character_id, gate) in ran:
                continue
            kind = "review" if why == _NO_JUDGE else record.kind
            silent.setdefault(
                (record.character_id, kind, gate),
                Measurement(
                    record_id=f"{record.character_id}/{kind}",
                    kind=kind,
                    character_id=record.character_id,
                    gate=gate,
                    value=0.0,
                    not_run=_of_reviews(gate)
                    if kind == "review" and record.character_id in reviewed
                    else why,
                ),
            )
    return [silent[key] for key in sorted(silent)]


def _of_reviews(gate: str) -> str:
    """Return why a gate is silent although a judge was asked."""
    return _NO_PEOPLE if gate == "judge_agreement" else _NOT_THIS


def _chosen(table: Mapping[str, G], names: Iterable[str] | None) -> dict[str, G]:
    if names is None:
        return dict(table)
    wanted = list(names)
    unknown = [name for name in wanted if name not in table]
    if unknown:
        raise SettingsError(
            f"There is no gate '{unknown[0]}' of this sort. Known: {', '.join(sorted(table))}. Correct the name."
        )
    return {name: table[name] for name in wanted}


__all__ = [
    "KINDS",
    "PAIR_GATES",
    "READERS",
    "RECORD_GATES",
    "SET_GATES",
    "Context",
    "PairGate",
    "RecordGate",
    "SetGate",
    "group_split",
    "measure_pairs",
    "measure_records",
    "measure_set",
    "reletter",
    "unmeasured",
]

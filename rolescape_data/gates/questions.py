"""Questions: fair letters, fair lengths, options that exclude one another, evidence that is really there."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rolescape_data.gates.base import Context, evidence_of, measured, name_pattern, names_of, plain, scope_of
from rolescape_data.records import LETTERS, Measurement, Question, Record, TextMCQ, VisualMCQ, VisualQA
from rolescape_data.records.question import Letter
from rolescape_data.spans import folded

# Below 40 questions a letter is expected fewer than ten times, and chance alone breaks every bound.
SMALLEST_BATCH = 40

_OF_THE_ABOVE = re.compile(
    r"^\W*(?:all|none|both|neither|any|two|some)\s+(?:of\s+)?(?:the\s+)?(?:above|these|those|others?|options|answers)\W*$|"
    r"\b(?:all|none|both|neither|any)\s+of\s+the\s+(?:above|other options|options)\b|"
    r"^\W*both\s+[A-D]\s+and\s+[A-D]\W*$|以上(?:都|皆|全)|都(?:不是|是)$",
    re.IGNORECASE,
)
# Answers of these words alone stand in many stems and give nothing away.
_LIGHT = frozenset(
    [
        "a",
        "an",
        "the",
        "yes",
        "no",
        "not",
        "true",
        "false",
        "it",
        "he",
        "she",
        "they",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "never",
        "always",
        "of",
        "in",
        "on",
        "at",
        "to",
        "and",
        "or",
    ]
)

_AUXILIARY = (
    r"is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must|isn't|aren't|"
    r"wasn't|weren't|doesn't|didn't|don't|hasn't|hadn't|can't|couldn't|won't|wouldn't"
)
_PRONOUN = r"he|she|it|they|him|them|his|her|hers|its|their|theirs"
# "Why is it hard to ..." asks about nobody.
_IMPERSONAL = r"(?!it (?:\w+ )?\w+ (?:to|that|for)\b)"
_DANGLING = re.compile(
    rf"^\W*(?:{_PRONOUN})\b|"
    rf"^\W*(?:[\w'-]+ ){{0,4}}?(?:{_AUXILIARY}) {_IMPERSONAL}(?:{_PRONOUN}|this|that|these|those)\b|"
    r"^\W*(?:what|how|where|when|why)\b.*\b(?:him|her)\W*$|^\W*[他她它]",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"\baccording to (?:the|this) (?:given |provided )?(?:text|passage|profile|document|excerpt|facts?|above)\b|"
    r"\b(?:in|from) (?:the|this) (?:given|provided|above) (?:text|passage|profile|excerpt|document)\b|"
    r"\b(?:mentioned|described|stated|given) (?:above|below|in the (?:text|passage|profile|document))\b",
    re.IGNORECASE,
)


def mcq_key_balance(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure how likely letters as uneven as these are by chance: the p of a chi-square test, for 40 questions or more."""
    return _balance(records, "mcq_key_balance", small=False)


def mcq_key_balance_small(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the same p for fewer than 40 questions, where it says too little to decide by."""
    return _balance(records, "mcq_key_balance_small", small=True)


def mcq_letter_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the largest distance of a letter's share from a quarter, for 40 questions or more."""
    batch = _mcqs(records)
    if len(batch) < SMALLEST_BATCH:
        return []
    counts = Counter(question.answer_key for question in batch)
    farthest = max(abs(counts[letter] / len(batch) - 0.25) for letter in LETTERS)
    return [_on_batch(batch, "mcq_letter_share", farthest, _letters(counts))]


def mcq_longest_share(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure in what share of 40 questions or more the right option is longer than each of the others."""
    return _longest(records, "mcq_longest_share", small=False)


def mcq_longest_share_small(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure the same share for fewer than 40 questions."""
    return _longest(records, "mcq_longest_share_small", small=True)


def mcq_length_ratio(record: Record, context: Context) -> list[Measurement]:
    """Measure the characters of the right option over the mean of the other three."""
    if not isinstance(record, TextMCQ | VisualMCQ):
        return []
    right, others = _sides(record)
    return [
        measured(record, "mcq_length_ratio", len(right) * len(others) / sum(len(text) for text in others))
    ]


def mcq_options(record: Record, context: Context) -> list[Measurement]:
    """Count faults of the options: equal ones, one inside another, the answer in the stem, all or none of the above."""
    if not isinstance(record, TextMCQ | VisualMCQ):
        return []
    options = {letter: _fold(text) for letter, text in record.options.texts().items()}
    faults: list[str] = []
    for at, first in enumerate(LETTERS):
        for second in LETTERS[at + 1 :]:
            if options[first] == options[second]:
                faults.append(f"{first} and {second} are equal")
            elif _inside(options[first], options[second]) or _inside(options[second], options[first]):
                faults.append(f"{first} and {second} contain one another")
    if _inside(options[record.answer_key], _fold(record.question)) and _tells(options[record.answer_key]):
        faults.append("the question names its answer")
    faults += [
        f"{letter} is '{text}'"
        for letter, text in record.options.texts().items()
        if _OF_THE_ABOVE.search(plain(text))
    ]
    return [measured(record, "mcq_options", len(faults), "; ".join(faults))]


def mcq_answer_in_other_stem(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Count, for each question, the other questions of the set (of a picture: of the same one) whose stem holds its answer.

    The character's own name stands in every stem and is no hint; nor is a bare number word or a yes.
    """
    batch = _mcqs(records)
    stems = [_fold(question.question) for question in batch]
    found: list[Measurement] = []
    for number, question in enumerate(batch):
        answer = _fold(_sides(question)[0])
        names = {_fold(name) for name in names_of(question, context)}
        hinting = [
            batch[other].id
            for other, stem in enumerate(stems)
            if other != number
            and scope_of(batch[other]) == scope_of(question)
            and answer not in names
            and _tells(answer)
            and _inside(answer, stem)
        ]
        found.append(measured(question, "mcq_answer_in_other_stem", len(hinting), ", ".join(hinting)))
    return found


def evidence_exact(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of the evidence that stands in its source exactly at its place; silent without evidence."""
    claimed = evidence_of(record)
    loose = record.unanchored if isinstance(record, Question) else []
    number = len(claimed) + len(loose)
    if not number:
        return []
    faults = [f"stands in no source: '{passage[:60]}'" for passage in loose]
    for piece in claimed:
        source = context.sources.get(piece.source)
        if source is None:
            faults.append(f"there is no source '{piece.source}'")
        elif source[piece.start : piece.end] != piece.text:
            faults.append(f"not at {piece.start}:{piece.end} of '{piece.source}': '{piece.text[:60]}'")
    return [measured(record, "evidence_exact", 1 - len(faults) / number, "; ".join(faults))]


def question_self_contained(record: Record, context: Context) -> list[Measurement]:
    """Measure 1 when a pronoun leads the question and the character's name, or a part of it, stands nowhere in it."""
    if not isinstance(record, Question | VisualQA | VisualMCQ):
        return []
    text = plain(record.question)
    names = names_of(record, context)
    parts = {part for name in names for part in name.split() if part[:1].isupper() and len(part) > 2}
    pattern = name_pattern((*names, *sorted(parts)))
    named = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    dangling = None if named else _DANGLING.search(text)
    return [measured(record, "question_self_contained", bool(dangling), dangling.group() if dangling else "")]


def question_names_text(record: Record, context: Context) -> list[Measurement]:
    """Count mentions of a text that the reader does not see: "according to the profile", "mentioned above"."""
    if not isinstance(record, Question | VisualQA | VisualMCQ):
        return []
    hits = [match.group() for match in _OUTSIDE.finditer(plain(record.question))]
    return [measured(record, "question_names_text", len(hits), "; ".join(hits))]


def chi_square_p(counts: Iterable[int]) -> float:
    """Return the chance of counts at least as uneven as these four when all are equally likely.

    Pearson's chi-square test with three degrees of freedom, whose upper tail has a closed form.
    """
    observed = list(counts)
    if len(observed) != 4:
        raise ValueError(f"The closed form is for four counts, got {len(observed)}.")
    expected = sum(observed) / 4
    if not expected:
        return 1.0
    x = sum((count - expected) ** 2 for count in observed) / expected
    return min(1.0, math.erfc(math.sqrt(x / 2)) + math.sqrt(2 * x / math.pi) * math.exp(-x / 2))


def _mcqs(records: Sequence[Record]) -> list[TextMCQ | VisualMCQ]:
    return [record for record in records if isinstance(record, TextMCQ | VisualMCQ)]


def _sides(question: TextMCQ | VisualMCQ) -> tuple[str, list[str]]:
    """Return the right option and the other three."""
    options = question.options.texts()
    return options[question.answer_key], [
        text for letter, text in options.items() if letter != question.answer_key
    ]


def _on_batch(batch: Sequence[TextMCQ | VisualMCQ], gate: str, value: float, detail: str) -> Measurement:
    """Return a measurement of a whole batch. Its record id names the batch: no single question is at fault."""
    owners = {question.character_id for question in batch}
    owner = owners.pop() if len(owners) == 1 else "all"
    return Measurement(
        record_id=f"{owner}/{batch[0].kind}",
        kind=batch[0].kind,
        character_id=owner,
        gate=gate,
        value=value,
        detail=detail,
    )


def _letters(counts: Counter[Letter]) -> str:
    return ", ".join(f"{letter} {counts[letter]}" for letter in LETTERS)


def _balance(records: Sequence[Record], gate: str, *, small: bool) -> list[Measurement]:
    batch = _mcqs(records)
    if not batch or (len(batch) < SMALLEST_BATCH) != small:
        return []
    counts = Counter(question.answer_key for question in batch)
    p = chi_square_p(counts[letter] for letter in LETTERS)
    return [_on_batch(batch, gate, p, _letters(counts))]


def _longest(records: Sequence[Record], gate: str, *, small: bool) -> list[Measurement]:
    batch = _mcqs(records)
    if not batch or (len(batch) < SMALLEST_BATCH) != small:
        return []
    longest = [
        question.id
        for question in batch
        if len(_sides(question)[0]) > max(len(text) for text in _sides(question)[1])
    ]
    return [_on_batch(batch, gate, len(longest) / len(batch), f"{len(longest)} of {len(batch)}")]


def _fold(text: str) -> str:
    """Fold for comparison; a text of marks alone ("+", "-") stays what it is."""
    # "Oda's lamp" names Oda.
    return " ".join(word.removesuffix("'s") for word in folded(text).split()) or text.strip().casefold()


def _inside(part: str, whole: str) -> bool:
    """Say whether the words of `part` stand in `whole` one after another."""
    return f" {part} " in f" {whole} "


def _tells(answer: str) -> bool:
    return any(word not in _LIGHT and not (word.isdigit() and len(word) == 1) for word in answer.split())

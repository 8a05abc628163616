"""One character over many pictures: the same hair and eyes in every answer, and as many yes as no in what is checked.

RoleScape-20's Ichihime has brown, dark, purple and orange hair, depending on the picture asked about; its 15,812 check
questions of drawn pictures answer yes 6,207 times and no 6,141 times, and 101 times with "unknown" (counted).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from rolescape_data.gates.base import Context, measured, name_pattern, names_of, plain
from rolescape_data.records import Measurement, NegativeItem, Record, T2ICheck, VisualMCQ, VisualQA

# What stays the same from picture to picture; clothes do not.
STABLE = ("hair", "eyes", "fur", "feathers", "skin", "mane", "tail")
_PART = {part: re.compile(rf"\b{part.removesuffix('s')}s?\b", re.IGNORECASE) for part in STABLE}
_COLOUR = re.compile(
    r"\b(black|white|gr[ae]y|silver|brown|chestnut|tan|cream|beige|blond|blonde|golden|gold|yellow|orange|ginger|red|"
    r"auburn|pink|purple|violet|blue|teal|turquoise|green|hazel|amber)\b",
    re.IGNORECASE,
)
_SAME_COLOUR = {
    "gray": "grey",
    "blonde": "blond",
    "golden": "blond",
    "gold": "blond",
    "violet": "purple",
    "ginger": "orange",
    "chestnut": "brown",
    "beige": "cream",
}
_ASKS_COLOUR = re.compile(r"\bcolou?r", re.IGNORECASE)
# Fewer pictures cannot agree to four fifths.
SMALLEST_PICTURES = 3
SMALLEST_CHECKS = 20
SMALLEST_PROBES = 8
_YES_NO = re.compile(r"^\W*(yes|no)\b", re.IGNORECASE)
_RECOGNISED = r"^\W*(?:is|are|does|can)\b.*\b(?:this|it|that|here|seen|shown|visible|picture|image|photo)\b"
_NO_ANSWER = re.compile(
    r"^\W*(?:unknown|unclear|not (?:specified|mentioned|stated|given|known|applicable|sure)|n/?a|cannot (?:tell|say)|none given)"
    r"\W*$",
    re.IGNORECASE,
)


def attribute_agreement(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure, for hair, eyes, fur and the like, in what share of the pictures asked about the usual colour is named.

    Only questions that ask for the colour of such a part of one character count, by the colours in their answers.
    Silent where fewer than three pictures were asked about.
    """
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        if isinstance(record, VisualQA | VisualMCQ) and _ASKS_COLOUR.search(record.question):
            answer = record.answer if isinstance(record, VisualQA) else _right(record)
            for part, pattern in _PART.items():
                if pattern.search(record.question):
                    seen[part][record.image_id] |= _colours(answer)
    found: list[Measurement] = []
    for part in STABLE:
        pictures = {image: colours for image, colours in seen[part].items() if colours}
        if len(pictures) < SMALLEST_PICTURES:
            continue
        counts = Counter(colour for colours in pictures.values() for colour in colours)
        usual, most = max(counts.items(), key=lambda item: (item[1], item[0]))
        told = ", ".join(f"{colour} {count}" for colour, count in counts.most_common())
        share = most / len(pictures)
        found.append(
            _on_set(
                records[0],
                "attribute_agreement",
                share,
                f"{part}: {usual} in {most} of {len(pictures)} pictures ({told})",
            )
        )
    return found


def check_balance(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure how far the share of yes among the yes-no checks of drawn pictures is from a half; silent below 20."""
    answers = [
        question.answer.strip().casefold()
        for record in records
        if isinstance(record, T2ICheck)
        for question in record.questions
        if question.type == "yes_no"
    ]
    yes, no = answers.count("yes"), answers.count("no")
    if yes + no < SMALLEST_CHECKS:
        return []
    return [_on_set(records[0], "check_balance", abs(yes / (yes + no) - 0.5), f"yes {yes}, no {no}")]


def check_answers(record: Record, context: Context) -> list[Measurement]:
    """Count the checks of a drawing prompt whose answer says that there is none: "unknown", "not specified"."""
    if not isinstance(record, T2ICheck):
        return []
    hollow = [question.question for question in record.questions if _NO_ANSWER.match(plain(question.answer))]
    return [measured(record, "check_answers", len(hollow), "; ".join(hollow))]


def recognition_balance(records: Sequence[Record], context: Context) -> list[Measurement]:
    """Measure how far the share of yes is from a half where a picture is asked to be, or not to be, the character.

    Questions such as "Is this NAME?" with a yes or no for an answer; silent below eight of them.
    """
    answers: list[str] = []
    for record in records:
        if not isinstance(record, VisualQA | NegativeItem):
            continue
        named = rf"(?<!\w){name_pattern(names_of(record, context))}(?!\w)"
        question = plain(record.question)
        verdict = _YES_NO.match(plain(record.answer))
        if verdict and re.search(_RECOGNISED, question, re.IGNORECASE) and _is_asked(question, named):
            answers.append(verdict[1].casefold())
    if len(answers) < SMALLEST_PROBES:
        return []
    yes = answers.count("yes")
    return [
        _on_set(
            records[0],
            "recognition_balance",
            abs(yes / len(answers) - 0.5),
            f"yes {yes}, no {len(answers) - yes}",
        )
    ]


def _is_asked(question: str, named: str) -> bool:
    """Say whether a question asks who is shown: "Is this NAME?", not "Is NAME's tail visible?"."""
    return bool(
        re.search(rf"^\W*(?:is|are) (?:this|that|it)\b[^,?]*{named}\W*$", question, re.IGNORECASE)
        or re.search(
            rf"^\W*(?:is|can|does) (?:[^,?]* )?{named} (?:be seen |appear |shown |visible )?(?:in |here|on )[^?]*\W*$",
            question,
            re.IGNORECASE,
        )
    )


def _right(record: VisualMCQ) -> str:
    return record.options.texts()[record.answer_key]


def _colours(answer: str) -> set[str]:
    named = {colour.casefold() for colour in _COLOUR.findall(answer)}
    return {_SAME_COLOUR.get(colour, colour) for colour in named}


def _on_set(first: Record, gate: str, value: float, detail: str) -> Measurement:
    return Measurement(
        record_id=f"{first.character_id}/{first.kind}",
        kind=first.kind,
        character_id=first.character_id,
        gate=gate,
        value=value,
        detail=detail[:300],
    )

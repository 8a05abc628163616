"""Cases of the gates that read a solver's or a judge's words, or a set's replies as a whole: sound and faulty."""

from typing import Any

from gates_samples import COMMON, CONTEXT, caption, dialogue, mcq

from rolescape_data.gates import Context
from rolescape_data.records import (
    CheckQuestion,
    NegativeItem,
    Provenance,
    Record,
    Review,
    SolverAnswer,
    T2ICheck,
    T2IForm,
    VisualQA,
)

MODEL = Provenance(source_kind="llm", writer="openai:judge")
PERSON = Provenance(source_kind="human", writer="a reader")
ASKED = "mira-h_mcq_001"


def form(prompt: str) -> T2IForm:
    fields = {
        "id": "mira-h_t2i_001",
        "image_id": "mira-h_image_001",
        "shape": "t2i_with_thinking",
        "prompt": prompt,
    }
    return T2IForm(**{**COMMON, **fields})


def check(*answers: str, kind: str = "yes_no", number: int = 1) -> T2ICheck:
    questions = [
        CheckQuestion(
            question=f"Is thing {at} there?",
            type=kind,  # type: ignore[arg-type]
            category="object",
            answer=answer,
            weight=1.0,
            is_negative=answer == "no",
        )
        for at, answer in enumerate(answers)
    ]
    return T2ICheck(
        **COMMON, id=f"mira-h_check_{number:03d}", prompt="a lamp by the sea", questions=questions
    )


def looked(question: str, answer: str, number: int) -> VisualQA:
    return VisualQA(
        **COMMON,
        id=f"mira-h_vqa_{number:03d}",
        image_id=f"mira-h_image_{number:03d}",
        question=question,
        answer=answer,
        type="objective",
        grounding=["image"],
        polarity="positive",
    )


def tries(view: str, rights: str, *, question: str = ASKED, chosen: Any = "B") -> list[SolverAnswer]:
    """Return one try for each turn: '+' right, '-' wrong."""
    return [
        SolverAnswer(
            **{**COMMON, "provenance": MODEL},
            id=f"{question}_{view}_{turn}",
            question_id=question,
            view=view,  # type: ignore[arg-type]
            rotation=turn,
            answer="A" if right == "+" else chosen,
            correct=right == "+",
        )
        for turn, right in enumerate(rights)
    ]


def answered(*given: list[SolverAnswer]) -> Context:
    from dataclasses import replace

    found: dict[str, list[SolverAnswer]] = {}
    for one in (answer for group in given for answer in group):
        found.setdefault(one.question_id, []).append(one)
    return replace(CONTEXT, answers=found)


def review(target: str = "r1", *, number: int = 1, **changes: Any) -> Review:
    fields: dict[str, Any] = {
        "id": f"mira-h_review_{number:03d}",
        "judge_kind": "rolescape_1to7",
        "metric": "personality",
        "target_id": target,
        "evaluated": "a-model",
        "score": 6.0,
        "parse_ok": True,
        "attempts": 1,
        "provenance": MODEL,
    }
    return Review(**{**COMMON, **fields, **changes})


def pairs(
    *scores: tuple[float, float], order: str = "AB", metric: str = "IA", target: str = ""
) -> list[Review]:
    return [
        review(
            target or f"r{number}",
            number=number,
            judge_kind="mmrole_pair",
            metric=metric,
            order=order,
            score=mine,
            reference_score=theirs,
        )
        for number, (mine, theirs) in enumerate(scores, 1)
    ]


def rejected(*scores: tuple[float, float]) -> list[Review]:
    """Return reviews of one rejected reply, a metric each."""
    return [
        review(
            "mira-h_preference_001",
            number=number,
            judge_kind="mmrole_pair",
            metric=f"M{number}",
            evaluated="rejected",
            score=mine,
            reference_score=theirs,
        )
        for number, (mine, theirs) in enumerate(scores, 1)
    ]


def declined(target: str, *scores: float) -> list[Review]:
    return [
        review(target, number=number, judge_kind="yes_no", metric="refusal", score=score)
        for number, score in enumerate(scores, 1)
    ]


def both(people: list[float], judge: list[float]) -> list[Review]:
    mine = [review(f"r{at}", number=at, score=score) for at, score in enumerate(judge, 1)]
    theirs = [
        review(f"r{at}", number=100 + at, score=score, provenance=PERSON)
        for at, score in enumerate(people, 1)
    ]
    return [*mine, *theirs]


def negative(question: str, answer: str, number: int) -> NegativeItem:
    return NegativeItem(
        **COMMON,
        id=f"mira-h_negative_{number:03d}",
        negative="hard_negative_image",
        question=question,
        answer=answer,
        expected="no",
    )


PLAN = caption().thinking_process
GOOD_TAGS = "<think>She waits by the lamp.</think><gen>a keeper, warm lamplight</gen>"
SEEN_TAGS = "<vision>A keeper, brows drawn.</vision><think>Be calm.</think><answer>I wait.</answer>"

JUDGED_RECORD_CASES: list[tuple[str, Record, Record, str]] = [
    ("tag_grammar", form(GOOD_TAGS), form(GOOD_TAGS.replace("</think>", "")), "fail"),
    ("tag_grammar", form(GOOD_TAGS), form(f"Sure. {GOOD_TAGS}"), "fail"),
    ("tag_grammar", form(GOOD_TAGS), form("<think> </think><gen>a keeper</gen>"), "fail"),
    ("tag_grammar", form(SEEN_TAGS), form(SEEN_TAGS.replace("<think>", "and <think>")), "fail"),
    (
        "tag_grammar",
        form(SEEN_TAGS.replace("vision", "perception")),
        form("<think>Be calm.</think><perception>A keeper.</perception><answer>I wait.</answer>"),
        "fail",
    ),
    (
        "thinking_leaks_reply",
        caption(),
        caption(thinking_process=f"{PLAN}. The wick is trimmed, boats stay out, so wait here, I shall."),
        "warn",
    ),
    (
        "check_answers",
        check("yes", "no", "yes", "no", "yes"),
        check("yes", "no", "Not specified.", "no", "unknown"),
        "fail",
    ),
    (
        "check_prompt_words",
        check("yes", "no", "yes", "no", "yes").model_copy(
            update={"prompt": "Mira Holt lifts a lamp on the wet stone pier"}
        ),
        check("yes", "no", "yes", "no", "yes").model_copy(update={"prompt": "Mira with lamp"}),
        "fail",
    ),
    (
        "check_yes_share",
        check("yes", "no", "yes", "no", "yes"),
        check("yes", "yes", "yes", "yes", "no"),
        "fail",
    ),
    (
        "check_form",
        check("yes", "no", "yes", "no", "yes"),
        check("yes", "no", "perhaps", "no", "yes"),
        "fail",
    ),
    (
        "check_negatives",
        check("yes", "no", "yes", "no", "yes"),
        check("yes", "yes", "yes", "yes", "yes"),
        "warn",
    ),
]

SAME = ["I keep the lamp and I wait for the boats to come in."] * 20
VARIED = [
    f"The {noun} {verb} when {who} {did} at the {place}."
    for noun, verb, who, did, place in zip(
        ["lamp", "tide", "gull", "rope", "clock"] * 4,
        ["burns", "turns", "cries", "slips", "stops", "sings", "waits"] * 3,
        ["Jon", "nobody", "my aunt", "the pilot", "a child", "Dr. Pell", "the crew", "a seal", "our cook"]
        * 3,
        ["laughs", "leaves", "sleeps", "rows", "prays", "knocks", "sweeps", "eats", "hides", "calls", "weeps"]
        * 2,
        [
            "pier",
            "bay",
            "mill",
            "inn",
            "reef",
            "quay",
            "barn",
            "well",
            "ford",
            "gate",
            "pond",
            "tower",
            "cave",
        ]
        * 2,
        strict=False,
    )
][:20]


def replies(texts: list[str]) -> list[Record]:
    return [dialogue(id=f"mira-h_dialogue_{at:03d}", response=text) for at, text in enumerate(texts, 1)]


_HAIR = "What colour is Mira Holt's hair?"
_WHO = "Is this Mira Holt?"
_MANY = ["yes", "no"] * 5

JUDGED_SET_CASES: list[tuple[str, list[Record], list[Record], list[str]]] = [
    ("self_bleu", replies(VARIED), replies(SAME), ["warn"]),
    ("distinct_2", replies(VARIED), replies(SAME), ["warn"]),
    ("catchphrase_each", replies(VARIED), replies([*VARIED[:16], *["The lamp first!"] * 4]), ["warn"]),
    ("catchphrase_all", replies(VARIED), replies([*VARIED[:12], *["The lamp first!"] * 8]), ["warn"]),
    (
        "attribute_agreement",
        [
            looked(_HAIR, f"It is {colour}.", at)
            for at, colour in enumerate(["grey", "gray", "silver and grey"], 1)
        ],
        [looked(_HAIR, f"It is {colour}.", at) for at, colour in enumerate(["brown", "purple", "orange"], 1)],
        ["warn"],
    ),
    (
        "check_balance",
        [check(*_MANY, number=1), check(*_MANY, number=2)],
        [check(*_MANY, number=1), check(*["yes"] * 10, number=2)],
        ["fail"],
    ),
    (
        "recognition_balance",
        [looked(_WHO, answer, at) for at, answer in enumerate(["Yes.", "No, it is Jon."] * 4, 1)],
        [looked(_WHO, answer, at) for at, answer in enumerate(["Yes."] * 6 + ["No."] * 2, 1)],
        ["warn"],
    ),
    (
        "recognition_balance",
        [negative(_WHO, answer, at) for at, answer in enumerate(["Yes.", "No."] * 4, 1)],
        [negative(_WHO, "No, that is Jon Pike.", at) for at in range(1, 9)],
        ["warn"],
    ),
    ("judged_mean", [review(score=5.0)], [review(score=4.0)], ["warn"]),
    (
        "judged_diversity",
        [review(metric="diversity", score=4.0)],
        [review(metric="diversity", score=3.0)],
        ["warn"],
    ),
    ("judged_item", [review(score=3.0)], [review(score=2.0)], ["fail"]),
    ("pair_ratio", [*pairs((9, 9), (8, 9))], [*pairs((5, 9), (6, 9))], ["warn"]),
    (
        "rejected_preferred",
        rejected((4, 9), (9, 9), (5, 9)),
        rejected((9, 9), (9, 8)),
        ["warn"],
    ),
    (
        "pair_order_gap",
        [*pairs((9, 9)), *pairs((9, 9), order="BA")],
        [*pairs((9, 6)), *pairs((6, 9), order="BA")],
        ["warn"],
    ),
    ("refused_share", declined("n1", *[1.0] * 9, 0.0), declined("n1", 1.0, 0.0), ["warn"]),
    ("false_refusals", declined("r1", 0.0, 0.0), declined("r1", 1.0, 0.0), ["warn"]),
    ("judge_parse_rate", [review()], [review(), review(number=2, parse_ok=False, score=None)], ["warn"]),
    ("judge_attempts", [review(attempts=3)], [review(attempts=4)], ["warn"]),
    (
        "judge_missing",
        [review("r1"), review("r1", number=2, metric="values")],
        [review("r1"), review("r1", number=2, metric="values"), review("r2", number=3)],
        ["warn"],
    ),
    (
        "judge_agreement",
        both([1, 2, 3, 4, 5, 6, 7, 1, 2, 3], [1, 2, 3, 4, 5, 6, 6, 2, 2, 4]),
        both([1, 2, 3, 4, 5, 6, 7, 1, 2, 3], [7, 6, 5, 4, 3, 2, 1, 7, 6, 5]),
        ["warn"],
    ),
]

_EASY, _HARD = mcq(), mcq(id="mira-h_mcq_002", difficulty="hard")

# gate, questions, what the solver answered of sound and of faulty ones, what the faulty ones get
SOLVED_CASES: list[tuple[str, list[Record], Context, Context, list[str]]] = [
    ("blind_share", [_EASY], answered(tries("blind", "+---")), answered(tries("blind", "++--")), ["warn"]),
    (
        "blind_share",
        [_EASY],
        answered(tries("options_only", "----")),
        answered(tries("options_only", "++++")),
        ["warn"],
    ),
    ("blind_item", [_EASY], answered(tries("blind", "++--")), answered(tries("blind", "+++-")), ["warn"]),
    ("answerable", [_EASY], answered(tries("full", "++++")), answered(tries("full", "+++-")), ["fail"]),
    (
        "answerable",
        [_HARD],
        answered(tries("full", "-+++", question=_HARD.id)),
        answered(tries("full", "--++", question=_HARD.id)),
        ["fail"],
    ),
    ("answerable", [_EASY], answered(tries("full", "++++")), answered(tries("full", "+++")), ["fail"]),
    (
        "difficulty_order",
        [_EASY, _HARD],
        answered(tries("full", "++++"), tries("full", "+++-", question=_HARD.id)),
        answered(tries("full", "+++-"), tries("full", "++++", question=_HARD.id)),
        ["warn"],
    ),
]

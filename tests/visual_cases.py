"""Cases of the gates that look at annotations and at questions about pictures: gate, sound, faulty, what it gets."""

from typing import Any

from gates_samples import COMMON, words

from rolescape_data.records import LETTERS, ImageAnnotation, Options, Record, VisualMCQ, VisualQA


def annotated(**changes: Any) -> ImageAnnotation:
    fields = {
        "id": "mira-h_ann_one",
        "image_id": "mira-h_image_001",
        "role_info": "Mira Holt, in a grey coat.",
        "place_info": "The lamp room",
        "scene_info": "Mira Holt trims the wick while rain runs down the panes.",
        "supplied": False,
    }
    return ImageAnnotation(**{**COMMON, **fields, **changes})


def vqa(**changes: Any) -> VisualQA:
    fields = {
        "id": "mira-h_vqa_one_001",
        "image_id": "mira-h_image_001",
        "question": "What is Mira holding?",
        "answer": "She is holding a pair of brass scissors.",
        "type": "objective",
        "grounding": ["image"],
        "polarity": "positive",
        "element": "prop",
    }
    return VisualQA(**{**COMMON, **fields, **changes})


def vmcq(**changes: Any) -> VisualMCQ:
    fields = {
        "id": "mira-h_vmcq_one_001",
        "image_id": "mira-h_image_001",
        "category": "action_pose_gesture",
        "difficulty": "easy",
        "question": "How is Mira posed?",
        "options": Options(
            A="kneeling on the floor", B="sitting on a crate", C="reaching for a shelf", D="leaning on a rail"
        ),
        "answer_key": "A",
        "rationale": "Option A is right: both knees are on the floor.",
    }
    return VisualMCQ(**{**COMMON, **fields, **changes})


def _lettered(letters: str, right: str = "sitting upright") -> list[Record]:
    others = ("lying on a bench", "leaning on a rail", "kneeling low down")
    return [
        vmcq(
            id=f"mira-h_vmcq_one_{number:03d}",
            answer_key=key,
            options=Options(
                **{
                    letter: right
                    if letter == key
                    else others[(LETTERS.index(letter) - LETTERS.index(key)) % 4 - 1]
                    for letter in LETTERS
                }
            ),
        )
        for number, key in enumerate(letters, 1)
    ]


def _answers(*openings: str) -> list[Record]:
    return [
        vqa(
            id=f"mira-h_vqa_one_{number:03d}",
            question=f"What about thing {number}?",
            answer=f"{opening} {number}.",
        )
        for number, opening in enumerate(openings, 1)
    ]


VISUAL_RECORD_CASES: list[tuple[str, Record, Record, str]] = [
    ("role_words", annotated(role_info=words(40)), annotated(role_info=words(41)), "warn"),
    ("place_words", annotated(place_info=words(15)), annotated(place_info=words(16)), "warn"),
    ("scene_words", annotated(scene_info=words(60)), annotated(scene_info=words(61)), "warn"),
    ("question_words", vqa(), vqa(question="Holding what?"), "fail"),
    ("answer_words", vqa(answer=words(60)), vqa(answer=words(61)), "fail"),
    ("answer_words", vqa(answer="Brass scissors, mostly."), vqa(answer="Brass scissors."), "fail"),
    ("question_self_contained", vqa(), vqa(question="What is she holding?"), "fail"),
    ("question_self_contained", vmcq(), vmcq(question="How is she posed?"), "fail"),
    ("question_names_text", vqa(), vqa(question="What does Mira hold, according to the text?"), "warn"),
    ("links", vqa(), vqa(image_id="mira-h_image_009"), "fail"),
    ("links", annotated(), annotated(image_id="mira-h_image_009"), "fail"),
    ("mcq_options", vmcq(), vmcq(question="Is Mira kneeling on the floor?"), "fail"),
    (
        "mcq_options",
        vmcq(),
        vmcq(options=Options(A="kneeling on the floor", B="kneeling", C="sitting", D="leaning on a rail")),
        "fail",
    ),
    (
        "mcq_length_ratio",
        vmcq(),
        vmcq(options=Options(A="kneeling on the floor beside the lamp", B="sitting", C="reaching", D="leaning")),
        "warn",
    ),
    ("option_words", vmcq(), vmcq(options=Options(A=words(21), B="sitting", C="reaching", D="leaning")), "fail"),
    ("rationale_words", vmcq(), vmcq(rationale=words(61)), "warn"),
    ("residue", annotated(), annotated(scene_info="[Character Name] stands there."), "fail"),
]  # fmt: skip

VISUAL_SET_CASES: list[tuple[str, list[Record], list[Record], list[str]]] = [
    (
        "opening_share",
        _answers("She is kneeling", "There are two", "It is lit"),
        _answers("She is kneeling", "She is kneeling", "She is kneeling", "It is lit"),
        ["warn", "warn", "warn", "pass"],
    ),
    (
        "duplicate_exact",
        # The same words may ask about another picture.
        [vqa(), vqa(id="mira-h_vqa_two_001", image_id="mira-h_image_002")],
        [vqa(), vqa(id="mira-h_vqa_one_002", question="what is MIRA holding")],
        ["pass", "fail"],
    ),
    (
        "duplicate_near",
        [
            vqa(question="What is Mira Holt holding in the picture?"),
            vqa(id="mira-h_vqa_two_001", image_id="mira-h_image_002", question="What is Mira Holt holding in this picture?"),
        ],
        [
            vqa(question="What is Mira Holt holding in the picture?"),
            vqa(id="mira-h_vqa_one_002", question="What is Mira Holt holding in this picture?"),
        ],
        ["pass", "fail"],
    ),
    (
        "mcq_answer_in_other_stem",
        [
            vmcq(),
            vmcq(id="mira-h_vmcq_two_001", image_id="mira-h_image_002", question="Who is kneeling on the floor?"),
        ],
        [vmcq(), vmcq(id="mira-h_vmcq_one_002", question="Who is kneeling on the floor?", answer_key="B")],
        ["fail", "pass"],
    ),
    ("mcq_key_balance", _lettered("ABCD" * 10), _lettered("B" * 20 + "ACD" * 7), ["fail"]),
    ("mcq_letter_share", _lettered("ABCD" * 10), _lettered("B" * 13 + "ACD" * 9), ["fail"]),
    (
        "mcq_longest_share",
        _lettered("ABCD" * 10),
        _lettered("ABCD" * 10, "sitting upright on a barrel of oil"),
        ["fail"],
    ),
]  # fmt: skip

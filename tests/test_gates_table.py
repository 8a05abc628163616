"""Every gate has a record that it passes and one that it does not, judged by the shipped qa/gates.yaml."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from gates_cases import FURTHER_RECORD_CASES, FURTHER_SET_CASES
from gates_samples import (
    CONTEXT,
    caption,
    commentary,
    dialogue,
    image,
    image_dialogue,
    mcq,
    profile,
    qa,
    span,
    talk,
    words,
)
from judged_cases import JUDGED_RECORD_CASES, JUDGED_SET_CASES, SOLVED_CASES, pairs, review, tries
from visual_cases import VISUAL_RECORD_CASES, VISUAL_SET_CASES

from rolescape_data import assets
from rolescape_data.gates import (
    KINDS,
    PAIR_GATES,
    READERS,
    RECORD_GATES,
    SET_GATES,
    Context,
    group_split,
    measure_pairs,
    measure_records,
    measure_set,
    unmeasured,
)
from rolescape_data.gates.decide import decide, load_thresholds
from rolescape_data.records import LETTERS, RECORDS, Measurement, Options, Provenance, Record, SplitRow

SHIPPED = load_thresholds(assets.find("qa", "gates.yaml"))

# gate, a sound record, a faulty one, what the faulty one gets
RECORD_CASES: list[tuple[str, Record, Record, str]] = [
    ("ai_tone", dialogue(), dialogue(response="As an AI language model, I keep no lamp."), "fail"),
    (
        "ai_tone",
        dialogue(response="I can't help laughing at that."),
        dialogue(response="I can’t help with that."),
        "fail",
    ),
    (
        "ai_tone",
        dialogue(response="One day I shall build an AI assistant to trim the wick."),
        dialogue(response="I am only your AI assistant, friend."),
        "fail",
    ),
    (
        "explanatory_prefix",
        dialogue(response="Sure, friend."),
        dialogue(response="Sure! Here is my reply: ho."),
        "fail",
    ),
    ("explanatory_prefix", talk(), talk("Who?", "**Mira Holt:** I."), "fail"),
    ("residue", dialogue(), dialogue(response="{{ character }} keeps the lamp."), "fail"),
    ("residue", qa(), qa(answer="It stands on the anchor of jon-2."), "fail"),
    ("repetition", dialogue(), dialogue(response="the lamp burns and " * 12), "warn"),
    ("user_words", dialogue(user_text=words(40)), dialogue(user_text=words(41)), "fail"),
    ("user_words", dialogue(user_text=words(3)), dialogue(user_text=words(2)), "fail"),
    ("response_words", image_dialogue(response=words(75)), image_dialogue(response=words(81)), "fail"),
    ("response_words", dialogue(response=words(5)), dialogue(response=words(4)), "fail"),
    ("response_words", dialogue(response=words(75)), dialogue(response=words(76)), "warn"),
    ("message_words", talk(), talk("Who?", words(141)), "fail"),
    ("human_message_words", talk(), talk(words(61), "Aye."), "fail"),
    ("comment_words", commentary(), commentary(reply=words(59)), "fail"),
    ("comment_words", commentary(reply=words(325)), commentary(reply=words(401)), "fail"),
    ("comment_words", commentary(reply=words(325)), commentary(reply=words(326)), "warn"),
    ("thinking_words", caption(thinking_process=words(160)), caption(thinking_process=words(161)), "fail"),
    ("thinking_words", caption(thinking_process=words(60)), caption(thinking_process=words(59)), "fail"),
    ("instruction_words", caption(), caption(generation_instruction=words(51)), "warn"),
    ("caption_words", caption(t2i_caption=words(15)), caption(t2i_caption=words(14)), "fail"),
    ("caption_words", caption(t2i_caption=words(40)), caption(t2i_caption=words(41)), "fail"),
    ("question_words", qa(), qa(question="Born where?"), "fail"),
    ("answer_words", qa(answer=words(30)), qa(answer=words(31)), "warn"),
    ("option_words", mcq(), mcq(options=Options(A=words(21), B="b", C="c", D="d")), "fail"),
    ("rationale_words", mcq(), mcq(rationale=words(61)), "warn"),
    ("description_words", profile(), profile(description=words(9)), "fail"),
    ("description_words", profile(description=words(80)), profile(description=words(81)), "warn"),
    ("opening_words", profile(), profile(opening=words(61)), "warn"),
    ("brief_introduction_words", profile(), profile(brief_introduction=words(151)), "warn"),
    ("personality_words", profile(), profile(personality=words(39)), "warn"),
    ("life_story_words", profile(), profile(life_story=words(251)), "warn"),
    ("catchphrase_words", profile(), profile(catchphrases=["Aye.", words(31)]), "warn"),
    (
        "instruction_items",
        caption(),
        caption(generation_instruction="a keeper, a lamp, a room, night"),
        "fail",
    ),
    ("instruction_lines", caption(), caption(generation_instruction="a, b, c,\nd, e"), "fail"),
    ("instruction_marks", caption(), caption(generation_instruction='a, b, c, d, a "keeper".'), "warn"),
    ("instruction_tokens", caption(), caption(generation_instruction=", ".join(["a red coat"] * 20)), "fail"),
    ("visual_elements", caption(), caption(thinking_process="She smiles; the rest is left open."), "fail"),
    ("turn_grammar", talk(), talk("Who?", "I.", "Why?"), "fail"),
    ("message_count", talk(), talk("Who?", "I."), "fail"),
    ("message_count", talk(*["Aye."] * 22), talk(*["Aye."] * 24), "fail"),
    ("links", image_dialogue(), image_dialogue(image_id="Mira-h_image_001"), "fail"),
    ("links", caption(), caption(dialogue_id="gone"), "fail"),
    (
        "links",
        qa(),
        qa(provenance=Provenance(source_kind="rule", writer="offline", parents=["gone"])),
        "fail",
    ),
    ("image_file", image(), image(blob="ab/wrong.png"), "fail"),
    ("image_file", image(), image(format="jpeg"), "fail"),
    ("image_file", image(), image(blob="ab/gone.png"), "fail"),
    ("types", qa(), qa(reasoning_steps=[]), "warn"),
    ("types", mcq(), mcq(fact_ids=[]), "warn"),
    (
        "mcq_length_ratio",
        mcq(),
        mcq(options=Options(A="a very long town's name", B="b", C="c", D="d")),
        "warn",
    ),
    ("mcq_options", mcq(), mcq(options=Options(A="Saltby", B="saltby!", C="c", D="d")), "fail"),
    ("mcq_options", mcq(), mcq(options=Options(A="Saltby", B="Old Saltby", C="c", D="d")), "fail"),
    ("mcq_options", mcq(), mcq(options=Options(A="Saltby", B="b", C="c", D="None of the above.")), "fail"),
    ("mcq_options", mcq(), mcq(question="What does Saltby's Mira call Saltby?"), "fail"),
    ("evidence_exact", qa(), qa(evidence=[span(), span(shift=1)]), "fail"),
    ("evidence_exact", dialogue(evidence=[span()]), dialogue(evidence=[span(source="gone.md")]), "fail"),
    ("question_self_contained", qa(), qa(question="Where was she born?"), "fail"),
    (
        "question_self_contained",
        qa(question="Why does Mira say she waits?"),
        qa(question="What is it called?"),
        "fail",
    ),
    ("question_names_text", qa(), qa(question="Where was Mira Holt born, according to the text?"), "warn"),
    *FURTHER_RECORD_CASES,
    *VISUAL_RECORD_CASES,
    *JUDGED_RECORD_CASES,
]


@pytest.mark.parametrize(("gate", "sound", "faulty", "status"), RECORD_CASES)
def test_a_record_gate_passes_a_sound_record_and_not_a_faulty_one(
    gate: str, sound: Record, faulty: Record, status: str
) -> None:
    assert _statuses(measure_records([sound], CONTEXT, [gate])) == ["pass"]
    assert _statuses(measure_records([faulty], CONTEXT, [gate])) == [status]


def _lettered(letters: str, *, long: bool = False) -> list[Record]:
    right = "a town far longer than the rest" if long else "Saltby"
    others = iter(["Norrow", "Eastham", "Kelding"] * len(letters))
    return [
        mcq(
            id=f"mira-h_mcq_{number:03d}",
            answer_key=key,
            options=Options(**{letter: right if letter == key else next(others) for letter in LETTERS}),
        )
        for number, key in enumerate(letters, 1)
    ]


def _replies(*openings: str) -> list[Record]:
    return [
        dialogue(id=f"mira-h_dialogue_{number:03d}", response=f"{opening} tide number {number}.")
        for number, opening in enumerate(openings, 1)
    ]


def _numbered(*numbers: int) -> list[Record]:
    return [qa(id=f"mira-h_qa_{number:03d}") for number in numbers]


def _asked(*questions: str) -> list[Record]:
    return [
        qa(id=f"mira-h_qa_{number:03d}", question=question) for number, question in enumerate(questions, 1)
    ]


SET_CASES: list[tuple[str, list[Record], list[Record], list[str]]] = [
    (
        "opening_share",
        _replies("I watch the", "We row the"),
        _replies("I watch the", "I watch the", "I watch the", "We row the"),
        ["warn", "warn", "warn", "pass"],
    ),
    ("numbering", _numbered(1, 2, 3), _numbered(1, 3), ["pass", "warn"]),
    ("repeated_id", _numbered(1, 2), _numbered(1, 1), ["fail", "fail"]),
    (
        "duplicate_exact",
        _asked("Where was Mira born?", "Why does Mira wait?"),
        _asked("Where was Mira born?", "where was MIRA born"),
        ["pass", "fail"],
    ),
    (
        "duplicate_near",
        _asked("Where was Mira born?", "Why does Mira wait?"),
        _asked("a b c d e f g h i", "a b c d e f g j"),
        ["pass", "fail"],
    ),
    (
        "mcq_answer_in_other_stem",
        [mcq(), mcq(id="mira-h_mcq_002", question="Who lights the lamp of Norrow?", answer_key="C")],
        [mcq(), mcq(id="mira-h_mcq_002", question="Who lights the lamp of Saltby?", answer_key="C")],
        ["fail", "pass"],
    ),
    ("mcq_key_balance", _lettered("ABCD" * 10), _lettered("C" * 20 + "ABD" * 7), ["fail"]),
    ("mcq_letter_share", _lettered("ABCD" * 10), _lettered("C" * 13 + "ABD" * 9), ["fail"]),
    ("mcq_longest_share", _lettered("ABCD" * 10), _lettered("ABCD" * 10, long=True), ["fail"]),
    ("mcq_longest_share_small", _lettered("ABCD"), _lettered("ABCD", long=True), ["warn"]),
    *FURTHER_SET_CASES,
    *VISUAL_SET_CASES,
    *JUDGED_SET_CASES,
]


@pytest.mark.parametrize(("gate", "sound", "faulty", "statuses"), SET_CASES)
def test_a_set_gate_passes_a_sound_set_and_not_a_faulty_one(
    gate: str, sound: list[Record], faulty: list[Record], statuses: list[str]
) -> None:
    assert set(_statuses(measure_set(sound, CONTEXT, [gate]))) == {"pass"}
    assert _statuses(measure_set(faulty, CONTEXT, [gate])) == statuses


@pytest.mark.parametrize(("gate", "questions", "sound", "faulty", "statuses"), SOLVED_CASES)
def test_a_gate_of_solved_questions_passes_what_readers_solve_and_not_what_guessers_do(
    gate: str, questions: list[Record], sound: Context, faulty: Context, statuses: list[str]
) -> None:
    assert set(_statuses(measure_set(questions, sound, [gate]))) == {"pass"}
    assert _statuses(measure_set(questions, faulty, [gate])) == statuses
    assert measure_set(questions, CONTEXT, [gate]) == []


def test_gates_that_no_model_spoke_to_are_not_run_which_is_no_pass() -> None:
    records: list[Record] = [mcq(), dialogue(), image()]
    found = unmeasured(records, measure_set(records, CONTEXT))

    assert {row.gate for row in found} == set(READERS)
    assert {verdict.status for verdict in decide(found, SHIPPED)} == {"not_run"}
    assert all(verdict.reason for verdict in decide(found, SHIPPED))


def test_a_gate_that_measured_something_is_not_named_as_not_run() -> None:
    judged: list[Record] = [dialogue(), review()]
    named = {row.gate for row in unmeasured(judged, measure_set(judged, CONTEXT))}
    assert "judged_mean" not in named and "judge_parse_rate" not in named
    assert {"judge_agreement", "refused_share"} <= named
    # Nobody's answers but the character's own were to be judged.
    assert not {"pair_ratio", "rejected_preferred"} & named


def test_what_is_not_run_names_the_next_step() -> None:
    talk: list[Record] = [dialogue()]
    alone = {row.gate: row.not_run for row in unmeasured(talk, [])}
    assert "a section `reviews:` in the set file" in alone["refused_share"] == alone["judge_agreement"]
    judged: list[Record] = [*talk, review()]
    asked = {row.gate: row.not_run for row in unmeasured(judged, measure_set(judged, CONTEXT))}
    assert "`metrics:` under `reviews:`" in asked["refused_share"]
    assert "no person scored ten" in asked["judge_agreement"]


def test_a_wrong_option_that_every_miss_chose_is_named_as_a_second_answer() -> None:
    context = replace(CONTEXT, answers={"mira-h_mcq_001": tries("full", "+---", chosen="C")})
    (found,) = measure_set([mcq()], context, ["answerable"])
    assert "every miss chose C, which may be right as well" in found.detail


def test_a_score_of_the_sets_own_answer_lies_on_that_record_and_a_models_on_the_review() -> None:
    own, other = review("mira-h_dialogue_001", evaluated="reference"), review("mira-h_dialogue_001", number=2)
    found = measure_set([own, other], CONTEXT, ["judged_item"])
    assert [row.record_id for row in found] == ["mira-h_dialogue_001", "mira-h_review_002"]


def test_a_line_that_two_characters_say_is_the_first_ones() -> None:
    mine = [dialogue(), dialogue(id="mira-h_dialogue_002", response="Good morning to you.")]
    theirs = [one.model_copy(update={"character_id": "jon-2", "id": f"jon-2_{one.id}"}) for one in mine]
    assert measure_set(mine, CONTEXT, ["foreign_line"]) == []
    found = measure_set([*mine, *theirs], CONTEXT, ["foreign_line"], per_character=False)
    assert _statuses(found) == ["pass", "pass", "fail", "pass"]


def test_ties_are_told_and_a_reference_of_zero_is_no_denominator() -> None:
    (found,) = measure_set(pairs((9, 9), (8, 9), (3, 0)), CONTEXT, ["pair_ties"])
    assert (found.value, found.detail) == (0.5, "1 of 2")


PAIR_CASES: list[tuple[str, Record, Record, str]] = [
    (
        "train_test_exact",
        mcq(question="Which sea is calm?"),
        mcq(question="where was mira holt BORN"),
        "fail",
    ),
    (
        "train_test_near",
        mcq(question="Which sea is calm?"),
        mcq(question="Where was Mira Holt's father born?"),
        "pass",
    ),
    (
        "train_test_near",
        mcq(question="Which sea is calm?"),
        mcq(question="Where was the Mira Holt born?"),
        "fail",
    ),
    ("fact_overlap", mcq(fact_ids=["f9"]), mcq(fact_ids=["f9", "f1"]), "warn"),
]


@pytest.mark.parametrize(("gate", "sound", "faulty", "status"), PAIR_CASES)
def test_a_pair_gate_passes_a_clean_test_record_and_not_a_leaked_one(
    gate: str, sound: Record, faulty: Record, status: str
) -> None:
    assert _statuses(measure_pairs([qa()], [sound], CONTEXT, [gate])) == ["pass"]
    assert _statuses(measure_pairs([qa()], [faulty], CONTEXT, [gate])) == [status]


def test_test_records_are_compared_with_training_records_of_their_own_character_alone() -> None:
    stranger = qa(id="jon-2_qa_001", character_id="jon-2")
    assert _statuses(measure_pairs([stranger], [qa()], CONTEXT)) == ["pass", "pass", "pass"]


def test_groups_and_held_out_characters_may_not_cross_splits() -> None:
    def row(record: str, group: str, split: str, character: str = "mira-h") -> SplitRow:
        return SplitRow(record_id=record, kind="image", character_id=character, group_id=group, split=split)

    whole = [row("a", "g1", "train"), row("b", "g1", "train"), row("c", "g2", "test_id")]
    assert group_split(whole) == []
    crossing = group_split([*whole, row("d", "g2", "train")])
    assert [(found.record_id, found.value) for found in crossing] == [("c", 2)]
    assert _statuses(crossing) == ["fail"]
    held_out = group_split([row("x", "g3", "test_ood", "jon-2"), row("y", "g4", "train", "jon-2")])
    assert _statuses(held_out) == ["fail"]
    assert "held-out character 'jon-2'" in held_out[0].detail


def test_every_gate_stands_in_these_tables_and_in_the_shipped_thresholds() -> None:
    shown = {case[0] for table in (RECORD_CASES, SET_CASES, PAIR_CASES) for case in table}
    # A batch too small for the test of letters has no bound at all; groups and quotas have tests of their own.
    # What a CLIP model scored is judged in test_clip.py.
    scored = {
        "clip_fit",
        "clip_fit_pool",
        "clip_fit_shuffled",
        "clip_coverage",
        "image_identity",
        "image_neighbour",
    }
    shown |= {case[0] for case in SOLVED_CASES}
    # How many pairs tie is told, and bounded by nothing; rows of merged files have their case beside those of repeats.
    alone = {"mcq_key_balance_small", "group_split", "quota", "pair_ties", "foreign_line", "merged_leak"}
    assert shown | scored | alone == set(KINDS)
    assert set(SHIPPED.gates) == set(KINDS)


def test_a_batch_below_forty_is_measured_and_passes_however_its_letters_fall() -> None:
    found = measure_set(
        _lettered("C" * 39), CONTEXT, ["mcq_key_balance", "mcq_key_balance_small", "mcq_letter_share"]
    )
    assert [(one.gate, one.record_id, one.detail) for one in found] == [
        ("mcq_key_balance_small", "mira-h/text_mcq", "A 0, B 0, C 39, D 0")
    ]
    assert found[0].value < 0.01
    assert _statuses(found) == ["pass"]


def test_small_sets_of_several_characters_can_be_judged_as_one_batch() -> None:
    mine = _lettered("C" * 20)
    theirs = [record.model_copy(update={"character_id": "jon-2"}) for record in mine]
    found = measure_set([*mine, *theirs], CONTEXT, ["mcq_key_balance"], per_character=False)
    assert [one.record_id for one in found] == ["all/text_mcq"]
    assert _statuses(found) == ["fail"]


def test_sound_records_pass_every_gate() -> None:
    records = [dialogue(), image_dialogue(), talk(), caption(), qa(), mcq(), profile(), image()]
    found = measure_records(records, CONTEXT) + measure_set(records, CONTEXT)
    judged = [
        (verdict.gate, verdict.reason) for verdict in decide(found, SHIPPED) if verdict.status != "pass"
    ]
    assert judged == []
    assert {one.kind for one in found} == {record.kind for record in records}


def _statuses(found: list[Measurement]) -> list[str]:
    return [verdict.status for verdict in decide(found, SHIPPED)]


def test_measurements_never_depend_on_thresholds_and_repeat_exactly() -> None:
    everything: list[Callable[[], list[Measurement]]] = [
        lambda: measure_records([case[2] for case in RECORD_CASES], CONTEXT),
        lambda: measure_set([record for case in SET_CASES for record in case[2]], CONTEXT),
    ]
    for measure in everything:
        assert measure() == measure()


def test_the_tables_name_only_kinds_that_exist() -> None:
    kinds = {
        kind for table in (RECORD_GATES, SET_GATES, PAIR_GATES) for _, of in table.values() for kind in of
    }
    assert kinds == set(RECORDS)

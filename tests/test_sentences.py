"""Cutting documents into sentences: exact offsets, every mark that ends nothing, who speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data.spans import Sentence, find_span, sentences

PIECES = st.lists(
    st.sampled_from(
        [
            "Mara mends nets", " at dawn", ".", "!", "?", "...", "…", "。", "！", "\n", "\n\n", "- ", "* ", "1. ",
            "## Habits\n", "**", "*   **Trade:** sailmaker\n", "“", "”", '"', "(", ")", "[", "]", " ", "Mr. Lund",
            "c. 470–399 BC", "e.g.", "J. R. Moss", "她在港口修网", "Ana said of Mara: ", "I ", "we ", "\t", "\r\n", "```\n",
            "[12]", "/ˈmɑːrə/", "> ", "Note: ",
        ]
    ),
    max_size=40,
)  # fmt: skip


def texts(document: str) -> list[str]:
    return [sentence.text for sentence in sentences(document)]


def only(document: str) -> Sentence:
    (sentence,) = sentences(document)
    return sentence


@given(st.one_of(PIECES.map("".join), st.text()))
def test_every_sentence_is_the_exact_text_at_its_offsets_in_order(document: str) -> None:
    last = 0
    for sentence in sentences(document):
        assert document[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        assert sentence.start >= last
        last = sentence.end


@given(PIECES.map("".join))
def test_every_sentence_can_be_found_again(document: str) -> None:
    assert all(find_span(sentence.text, document) for sentence in sentences(document))


@pytest.mark.parametrize(
    "whole",
    [
        "Sten (c. 470–399 BC) kept bees on the north slope.",
        "Mr. Lund and Dr. Vey own St. Anne's mill.",
        "J. R. Moss wrote the harbour rules.",
        "She likes soft fruit, e.g. plums and figs, in autumn.",
        "The door had No. 7 painted on it.",
        "Mara paused... and then rowed on.",
        "Mara (/ˈmɑːrə/; Greek: Μάρα. Also Mara the Net) mends sails.",
        'The sign said "Keep out. Wet paint. No dogs." and nobody obeyed it.',
        "“Go home!” Mara shouted from the quay.",
        "The pump weighs 3.5 tonnes.",
        "Haral II was never king of the north coast.",
    ],
)
def test_a_mark_that_ends_nothing_does_not_cut(whole: str) -> None:
    assert texts(whole) == [whole]


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ("Mara mends nets. Ana sells them! Why not?", ["Mara mends nets.", "Ana sells them!", "Why not?"]),
        ("He met Moss Jr. The two quarrelled.", ["He met Moss Jr.", "The two quarrelled."]),
        ("She kept ropes, nets, etc. Nothing was lost.", ["She kept ropes, nets, etc.", "Nothing was lost."]),
        ("The harbour silted up.[3] Mara dug it out.[4][5]", ["The harbour silted up.", "Mara dug it out."]),
        ("The answer was no. Mara left.", ["The answer was no.", "Mara left."]),
        ("她在港口修网。她的父亲是船夫！谁知道？", ["她在港口修网。", "她的父亲是船夫！", "谁知道？"]),
        ("“Dry first.” She meant the boots.", ["“Dry first.”", "She meant the boots."]),
        ("Mara mends the\nnets of the whole quay. Ana sells.", ["Mara mends the\nnets of the whole quay.", "Ana sells."]),
        ("- Mara mends nets.\n* Ana sells them.\n1. Ole rows.", ["Mara mends nets.", "Ana sells them.", "Ole rows."]),
        ("**Mara is calm.** Ana is not.", ["**Mara is calm.**", "Ana is not."]),
    ],
)  # fmt: skip
def test_prose_lists_and_marks_are_cut_at_sentence_ends(document: str, parts: list[str]) -> None:
    assert texts(document) == parts


def test_a_heading_is_no_sentence_but_names_what_follows() -> None:
    found = sentences(
        "# Mara\n\nMara mends nets.\n\n## Habits\n\nMara hums.\n\n## Looks\n### Hair\nIt is grey now."
    )
    assert [(s.heading, s.text) for s in found] == [
        ("Mara", "Mara mends nets."),
        ("Habits", "Mara hums."),
        ("Hair", "It is grey now."),
    ]
    assert found[-1].headings == ("Mara", "Looks", "Hair")


def test_a_title_line_of_its_own_counts_as_a_heading() -> None:
    document = "### Work\n\nThe nets\nMara mends the nets of eleven boats every winter, and nobody else is allowed near them."
    assert only(document).heading == "The nets"
    assert only(document).headings == ("Work", "The nets")


def test_a_labelled_value_without_a_verb_is_one_statement_with_its_label() -> None:
    found = only("*   **Breed:** Shiba Inu")
    assert (found.text, found.heading, found.kind) == ("**Breed:** Shiba Inu", "Breed", "statement")


def test_labelled_sentences_lose_the_label_and_keep_it_as_heading() -> None:
    found = sentences("*   **Temper:** Mara is calm. She counts to nine.")
    assert [(s.text, s.heading) for s in found] == [
        ("Mara is calm.", "Temper"),
        ("She counts to nine.", "Temper"),
    ]


def test_what_somebody_says_of_another_is_hearsay_to_its_end() -> None:
    found = sentences("- Ana said of Mara: She is late. She is always late!\n- Mara mends nets.")
    assert [(s.kind, s.speaker) for s in found] == [("hearsay", "Ana"), ("hearsay", "Ana"), ("statement", "")]


def test_a_transcript_s_lines_are_hearsay_of_their_speakers() -> None:
    found = sentences("Ana: The tide is in.\nMara: It always is.\nAna: Not always.\nMara: Wait for it.")
    assert [s.speaker for s in found] == ["Ana", "Mara", "Ana", "Mara"]
    assert {s.kind for s in found} == {"hearsay"}


@pytest.mark.parametrize(
    ("document", "kind", "speaker"),
    [
        ("I entered the mill just as Mara fell.", "first_person", ""),
        ("Then I saw Mara on the roof.", "first_person", ""),
        ("Mara had told us the truth.", "first_person", ""),
        ("After the war, Haral I ruled the coast.", "statement", ""),
        ("Mara asked the US consul for help.", "statement", ""),
        ('- "The tide keeps its own appointments."', "quote", ""),
        ('Ana Lund wrote: "Mara was the finest net mender on the whole coast."', "quote", "Ana Lund"),
        ("Mara calls every visitor “my herring” at once.", "statement", ""),
        ("> Nobody mends like Mara mends.", "quote", ""),
        ("The rules are as follows:", "fragment", ""),
        ("nets and more nets;", "fragment", ""),
        ("- Nets", "fragment", ""),
        ("- Mara forgives mistakes quickly", "statement", ""),
        ("- A net of many colours", "fragment", ""),
        ("我在港口见过她。", "first_person", ""),
        ("她在港口修网。", "statement", ""),
    ],
)
def test_kinds_and_speakers_are_told_apart(document: str, kind: str, speaker: str) -> None:
    found = only(document)
    assert (found.kind, found.speaker) == (kind, speaker)


def test_fenced_text_and_rules_are_left_out() -> None:
    assert texts("Mara rows.\n\n---\n\n```\ncode = 1.\n```\nAna sells nets.") == [
        "Mara rows.",
        "Ana sells nets.",
    ]

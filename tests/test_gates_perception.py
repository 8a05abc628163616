"""Perceptions and plans: names, vague labels, bare emotions, copied words. Cases before their records come."""

import numpy as np
import pytest
from gates_samples import words
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from rolescape_data.gates.names import leaked_names, perception_names, unknown_names, vague_labels
from rolescape_data.gates.overlap import longest_shared, shared_runs, spoken_words, without_copies
from rolescape_data.gates.perception import bare_emotions, inferences
from rolescape_data.vision.quality import quality

NAMES = ("Mira Holt", "the Keeper", "Iron Man")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A woman in a red coat lifts a lamp.", []),
        ("the keeper of a lamp lifts it, a man of iron beside her", ["the keeper"]),
        ("Mira lifts a lamp.", ["Mira"]),
        ("MIRA HOLT lifts a lamp in The Long Light.", ["MIRA HOLT", "The Long Light"]),
        ("A man of Iron stands there.", []),
    ],
)
def test_a_perception_holds_no_name_and_no_title(text: str, found: list[str]) -> None:
    assert perception_names(text, NAMES, ("The Long Light",)) == found


def test_a_name_counts_as_it_is_written() -> None:
    assert leaked_names("a quill in the hand of Quill's master", ("Quill",)) == ["Quill"]


@pytest.mark.parametrize(
    "text",
    ["Character 1 lifts a lamp.", "the person on the left", "The middle figure bows.", "the third person", "Person B waits"],
)  # fmt: skip
def test_labels_that_point_at_nobody_are_found(text: str) -> None:
    assert len(vague_labels(text)) == 1


@pytest.mark.parametrize("text", ["the man", "a man wearing a gray jacket", "The woman on deck turns left."])
def test_identifiers_by_looks_are_no_vague_labels(text: str) -> None:
    assert vague_labels(text) == []


def test_an_emotion_needs_a_muscle_or_a_posture_in_its_sentence() -> None:
    seen = "His brows are drawn together in an angry line. Her shoulders slump, sad and slow."
    assert bare_emotions(seen) == []
    assert bare_emotions(f"{seen} He looks sad. The lamp is lit.") == ["He looks sad."]
    assert bare_emotions("他很悲伤。") == ["他很悲伤。"]


@pytest.mark.parametrize(
    "text", ["She plans to leave.", "He nods because she asked.", "She wants to go", "It must be late."]
)
def test_reasons_and_plans_are_inferences(text: str) -> None:
    assert len(inferences(text)) == 1


def test_what_is_seen_is_no_inference() -> None:
    assert inferences("Her hand wants nothing; she walks to the door and lifts the lamp to the window.") == []


def test_speech_in_a_perception_is_found_by_marks_and_by_words() -> None:
    said = ["I shall wait here until the boats are in."]
    assert spoken_words("A woman lifts a lamp; the woman's coat is red.", said) == []
    assert spoken_words("She waits here until the boats come.", said) == ["here until the boats"]
    assert spoken_words('A sign reads "Saltby".', said) == ['"', '"']


def test_thoughts_that_copy_the_answer_are_dropped_and_the_others_stay() -> None:
    thought = "She is tired. She will say that I shall wait here until dawn. The lamp is low!"
    assert (
        without_copies(thought, "I shall wait here until the boats are in.")
        == "She is tired. The lamp is low!"
    )


@given(st.lists(st.sampled_from("abcd"), max_size=14), st.lists(st.sampled_from("abcd"), max_size=14))
def test_the_longest_shared_run_is_the_longest_one(first: list[str], second: list[str]) -> None:
    one, two = " ".join(first), " ".join(second)
    length = len(longest_shared(one, two).split())
    assert longest_shared(one, two) in one
    assert not shared_runs(one, two, length + 1)
    assert length == 0 or shared_runs(one, two, length)


def test_a_longest_run_in_long_texts_is_found_among_many_words() -> None:
    assert longest_shared(f"{words(150)} the lamp", f"so {words(12)} so") == words(12)


@pytest.mark.parametrize(
    ("text", "strangers"),
    [
        ("From left to right are Mira Holt, the Keeper's dog and Asta Vee.", ["Asta Vee"]),
        ("Mira and Iron Man", []),
        ("Keepers stand in the room.", []),
        ("Captain Mira Holt at the helm", []),
        ("Next to Mira Holt stands Dr. Pell. She is old.", ["Dr. Pell"]),
        ("从左到右依次是孙悟空、唐僧。", []),
    ],
)
def test_names_that_nobody_of_the_cast_bears_are_listed(text: str, strangers: list[str]) -> None:
    assert unknown_names(text, NAMES) == strangers


def test_blur_lowers_sharpness_and_darkness_lowers_brightness() -> None:
    levels = np.random.default_rng(3).integers(0, 255, (90, 120), dtype=np.uint8)
    sharp = Image.fromarray(levels).resize((960, 720), Image.Resampling.NEAREST)
    seen, soft = quality(sharp), quality(sharp.filter(ImageFilter.GaussianBlur(12)))
    assert seen.sharpness > 200 and soft.sharpness < 40
    assert abs(seen.brightness - soft.brightness) < 3
    dark = quality(sharp.point(lambda level: level // 100))
    assert dark.brightness < 4 and quality(Image.new("RGB", (2, 900))).sharpness == 0


def test_sharpness_does_not_depend_on_how_large_the_same_picture_is_stored() -> None:
    rings = Image.radial_gradient("L").resize((2048, 2048)).point(lambda level: 255 * (level // 16 % 2))
    smaller = rings.resize((1024, 1024), Image.Resampling.LANCZOS)
    assert quality(smaller).sharpness == pytest.approx(quality(rings).sharpness, rel=0.15)

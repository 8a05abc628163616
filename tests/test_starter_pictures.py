"""The starter pictures: the plan is kept, drawing is repeatable, near-duplicates are near and the rest far apart."""

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagehash
import pytest
from PIL import Image

# The examples are not part of the installed package: they are imported from the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.drawing.picture import draw_picture
from examples.drawing.plan import PLAN, SHIPPED_SIZE
from examples.drawing.scenes import planned_scenes
from examples.drawing.shipping import BROKEN, COPIES, PICTURES, altered, quantised
from examples.drawing.vocabulary import (
    ACCENTS,
    CHARACTERS,
    EXPRESSIONS,
    FRAMINGS,
    LIGHTS,
    PLACES,
    POSES,
    PROPS,
    SIDES,
    WEATHERS,
    Character,
    PictureSpec,
    describe,
)

SLOTS = {"expression", "pose", "setting", "style", "lighting", "colour", "composition", "prop", "outfit"}


def shipped(character: Character, file: str) -> Path:
    return PICTURES / character / file


@pytest.mark.parametrize("character", CHARACTERS)
def test_each_character_has_eighteen_planned_pictures_on_disk(character: Character) -> None:
    planned = PLAN[character]
    assert len(planned) == 18
    assert len({picture.file for picture in planned}) == 18
    for picture in planned:
        assert picture.spec.character == character
        with Image.open(shipped(character, picture.file)) as image:
            assert image.size == (SHIPPED_SIZE, SHIPPED_SIZE)
    endings = sorted(picture.file.rsplit(".", 1)[1] for picture in planned)
    assert endings == ["jpg"] * 2 + ["png"] * 15 + ["webp"]


@pytest.mark.parametrize("character", CHARACTERS)
def test_file_names_say_place_and_light(character: Character) -> None:
    for picture in PLAN[character]:
        assert f"-{picture.spec.place.replace('_', '-')}-{picture.spec.light}." in picture.file


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_characters_pictures_use_every_expression_place_pose_light_and_prop(character: Character) -> None:
    specs = [picture.spec for picture in PLAN[character]]
    assert {spec.expression for spec in specs} == set(EXPRESSIONS)
    assert {spec.place for spec in specs} == set(PLACES)
    assert {spec.pose for spec in specs} == set(POSES)
    assert {spec.light for spec in specs} == set(LIGHTS)
    assert {spec.prop for spec in specs} == set(PROPS)


def test_the_folder_stays_small() -> None:
    # Only the pictures: notes and annotations of the same folder are somebody else's size.
    files = [file for file in PICTURES.rglob("*") if file.suffix in {".png", ".jpg", ".webp"}]
    scenes = [file for file in files if file.parent.name == "scenes"]
    assert {file.name for file in scenes} == {scene.file for scene in planned_scenes()}
    assert len(files) - len(scenes) == 18 * 3 + len(COPIES) + 1
    assert max(file.stat().st_size for file in files) < 200_000
    assert sum(file.stat().st_size for file in files) < 8_000_000


@pytest.mark.parametrize(("character", "number"), [("oda-wren", 10), ("tobin-ash", 3), ("quill", 15)])
def test_redrawing_a_picture_gives_the_shipped_pixels(character: Character, number: int) -> None:
    picture = PLAN[character][number - 1]
    again = quantised(draw_picture(picture.spec, size=SHIPPED_SIZE)).convert("RGB")
    with Image.open(shipped(character, picture.file)) as image:
        assert again.tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize("character", CHARACTERS)
def test_planned_pictures_of_a_character_are_far_apart(character: Character) -> None:
    prints = {
        picture.file: imagehash.phash(Image.open(shipped(character, picture.file)))
        for picture in PLAN[character]
    }
    close = [(a, b) for a, b in itertools.combinations(prints, 2) if prints[a] - prints[b] <= 10]
    assert close == []


@pytest.mark.parametrize("file", COPIES)
def test_near_duplicates_are_near_their_original_but_not_the_same_bytes(file: str) -> None:
    character, number, _ = COPIES[file]
    original = shipped(character, PLAN[character][number - 1].file)
    copy = shipped(character, file)
    assert imagehash.phash(Image.open(copy)) - imagehash.phash(Image.open(original)) <= 6
    assert copy.read_bytes() != original.read_bytes()


@pytest.mark.parametrize("character", CHARACTERS)
def test_each_character_has_two_near_duplicates(character: Character) -> None:
    assert sum(owner == character for owner, _, _ in COPIES.values()) == 2


def test_a_cropped_copy_loses_one_per_cent_at_each_edge() -> None:
    assert altered(Image.new("RGB", (200, 200)), "cropped").size == (196, 196)


def test_the_broken_picture_is_a_png_that_stops_early() -> None:
    name, character, _ = BROKEN
    path = shipped(character, name)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with pytest.raises((OSError, SyntaxError)), Image.open(path) as image:
        image.load()


BASE = PictureSpec("oda-wren", "standing", "smiling", "pier", "lantern", "noon", framing="full")


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("pose", POSES),
        ("expression", EXPRESSIONS),
        ("place", PLACES),
        ("prop", PROPS),
        ("light", LIGHTS),
        ("accent", ACCENTS),
        ("weather", WEATHERS),
        ("framing", FRAMINGS),
        ("side", SIDES),
    ],
)
def test_every_choice_changes_the_picture_and_its_description(
    character: Character, field: str, values: tuple[str, ...]
) -> None:
    changes: list[dict[str, Any]] = [{"character": character, field: value} for value in values]
    specs = [replace(BASE, **change) for change in changes]
    assert len({draw_picture(spec, size=48).tobytes() for spec in specs}) == len(values)
    assert len({tuple(describe(spec).values()) for spec in specs}) == len(values)


@pytest.mark.parametrize("character", CHARACTERS)
def test_descriptions_fill_every_slot_and_vary_with_the_seed(character: Character) -> None:
    said = [describe(replace(BASE, character=character, seed=seed)) for seed in range(12)]
    assert all(set(attributes) == SLOTS and all(attributes.values()) for attributes in said)
    for slot in SLOTS:
        assert len({attributes[slot] for attributes in said}) >= 2, slot


def test_the_same_spec_gives_the_same_pixels_and_another_seed_does_not() -> None:
    assert draw_picture(BASE, size=64).tobytes() == draw_picture(BASE, size=64).tobytes()
    assert draw_picture(BASE, size=64).tobytes() != draw_picture(replace(BASE, seed=1), size=64).tobytes()


def test_a_picture_too_small_to_draw_is_refused_with_the_least_size() -> None:
    with pytest.raises(ValueError, match="16 px or more"):
        draw_picture(BASE, size=8)

"""Blueprints: what they ask for, how they are scaled and put together, what a character of each sort owes."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data.blueprint_files import load_blueprint, scaled_mix, scaled_number
from rolescape_data.errors import SettingsError
from rolescape_data.pools import drawn

MIXES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 200), min_size=1)
FACTORS = st.decimals("0.01", "3", places=2)


def written(folder: Path, **files: str) -> Path:
    (folder / "blueprints").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "blueprints" / f"{name}.yaml").write_text(text)
    return folder


def test_rolescape20_asks_for_the_numbers_of_its_recipe() -> None:
    blueprint = load_blueprint("rolescape20")
    kinds = blueprint.kinds
    assert (kinds["text_dialogue"].count, kinds["text_dialogue"].split.test_id) == (200, 20)  # type: ignore[union-attr]
    assert kinds["text_qa"].count == 100
    assert kinds["text_mcq"].mix == {"easy": 4, "medium": 4, "hard": 2}
    assert kinds["visual_qa"].per_image_mix == {"objective": 15, "subjective": 5}
    assert kinds["visual_mcq"].per_image_mix == {"easy": 2, "medium": 2, "hard": 1}
    assert kinds["probe"].mix == {"memorization": 20, "personality": 20, "diversity": 20}
    assert (kinds["image"].count, blueprint.test_images) == (13, 3)
    assert 30 <= (kinds["t2i_check"].count or 0) <= 42
    pictures = kinds["image"].count or 0
    volume = (kinds["text_qa"].count or 0) + sum(kinds["visual_qa"].cells(pictures).values())
    assert 0.05 <= sum(kinds["negative"].cells().values()) / volume <= 0.15


def test_mmrole_asks_for_fifty_generic_talks_of_each_sort_and_one_beside_every_own_picture() -> None:
    kinds = load_blueprint("mmrole").owed_by("fictional", "id").kinds
    for kind in ("commentary", "human_role_dialogue", "inter_role_dialogue"):
        assert kinds[kind].cells(12) == {"count": 12, "generic": 50}
    assert "meta_information" not in kinds
    assert "meta_information" in load_blueprint("mmrole").owed_by("hypothetical", "id").kinds


def test_a_held_out_character_of_mmrole_owes_one_script_and_one_generic_picture_of_each_sort() -> None:
    held_out = load_blueprint("mmrole").owed_by("fictional", "ood")
    assert held_out.kinds["commentary"].cells(12) == {"count": 1, "generic": 1}
    assert held_out.generic() == {
        "commentary": 1,
        "human_role_dialogue": 1,
        "inter_role_dialogue": 1,
    }


@given(MIXES, FACTORS)
def test_a_scaled_mix_sums_to_the_scaled_total_and_keeps_its_proportions(
    mix: dict[str, int], factor: Decimal
) -> None:
    found = scaled_mix(mix, factor)
    total = sum(mix.values())
    assert sum(found.values()) == scaled_number(total, factor)
    assert list(found) == list(mix)
    for cell, number in mix.items():
        exact = Fraction(number * sum(found.values()), total or 1)
        assert abs(found[cell] - exact) < 1


@given(st.integers(0, 500), FACTORS)
def test_scaling_rounds_half_up_and_never_to_nothing(number: int, factor: Decimal) -> None:
    found = scaled_number(number, factor)
    assert (found == 0) == (number == 0)
    assert found == max(int(number * factor + Decimal("0.5")), 1 if number else 0)


def test_a_tenth_scales_what_is_written_and_leaves_pictures_alone(tmp_path: Path) -> None:
    qa = written(
        tmp_path,
        tenth="about: t\nextends: rolescape20\nscale: 0.1\n",
        talks="about: t\nextends: mmrole\nscale: 0.1\n",
    )
    kinds = load_blueprint("tenth", qa).kinds
    assert (kinds["text_dialogue"].count, kinds["text_dialogue"].split.test_id) == (20, 2)  # type: ignore[union-attr]
    assert kinds["text_mcq"].mix == {"easy": 1, "medium": 0, "hard": 0}
    assert kinds["probe"].mix == {"memorization": 2, "personality": 2, "diversity": 2}
    assert kinds["image"].count == 13
    assert kinds["visual_qa"].per_image_mix == {"objective": 15, "subjective": 5}
    assert load_blueprint("talks", qa).kinds["commentary"].cells(7) == {"count": 7, "generic": 5}


def test_what_a_scaled_file_writes_itself_is_meant_as_it_stands(tmp_path: Path) -> None:
    qa = written(tmp_path, own="about: t\nextends: rolescape20\nscale: 0.1\nkinds:\n  text_qa: {count: 7}\n")
    assert load_blueprint("own", qa).kinds["text_qa"].count == 7


def test_both_recipes_together_hold_the_kinds_of_each() -> None:
    both = set(load_blueprint("rolescape20_mmrole").kinds)
    assert both == set(load_blueprint("rolescape20").kinds) | set(load_blueprint("mmrole").kinds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("about: t\ninclude: [rolescape20, mmrole]\n", "differ about 'image'|differ about 'profile_text'"),
        ("about: t\nextends: nobody\n", "no blueprint 'nobody' \\(named by 'own'\\)"),
        ("about: t\nextends: own\n", "own -> own lead in a circle"),
        ("about: t\nscale: 0.5\nkinds:\n  text_qa: {count: 7}\n", "names no blueprint"),
        ("about: t\nkinds:\n  text_qa: {count: 7, generic: 3}\n", "pool pictures"),
        ("about: t\nkinds:\n  profile: {count: 1}\nood:\n  text_qa: {count: 7}\n", "under `ood`"),
        (
            "about: t\nkinds:\n  visual_qa: {per_image_mix: {objective: 15, subjective: 5}, vqa_mode: combined}\n",
            "has the cells objective, visual",
        ),
    ],
)
def test_a_blueprint_that_cannot_be_meant_is_refused_with_the_reason(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load_blueprint("own", written(tmp_path, own=text))


@given(
    st.integers(0, 60),
    st.dictionaries(
        st.sampled_from(["ann", "bob", "cy", "dee"]),
        st.dictionaries(st.sampled_from(["talk", "comment", "inter"]), st.integers(0, 12)),
    ),
    st.integers(0, 9),
)
def test_no_pool_picture_is_drawn_twice_and_none_is_kept_back(
    size: int, owed: dict[str, dict[str, int]], seed: int
) -> None:
    pool = {f"pool/{number:03d}.png": f"hash{number}" for number in range(size)}
    share = drawn(pool, owed, seed=seed)
    every = [path for kinds in share.values() for paths in kinds.values() for path in paths]
    assert len(every) == len(set(every)) == min(size, sum(sum(kinds.values()) for kinds in owed.values()))
    assert set(every) <= set(pool)


def test_files_of_the_same_bytes_are_one_picture_and_a_new_character_changes_nobodys_draw() -> None:
    pool = {f"{number}.png": f"hash{number // 2}" for number in range(20)}
    share = drawn(pool, {"ann": {"talk": 6}, "bob": {"talk": 9}}, seed=1)
    assert [len(share[name]["talk"]) for name in ("ann", "bob")] == [6, 4]
    assert drawn(pool, {"ann": {"talk": 6}}, seed=1)["ann"] == share["ann"]
    assert drawn(pool, {"ann": {"talk": 6}}, seed=2)["ann"] != share["ann"]

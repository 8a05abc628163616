"""Splits: what belongs together stays together, shares are exact where they can be, nothing leaks."""

import hashlib
from collections.abc import Sequence

from gates_samples import commentary, dialogue, image, image_dialogue, talk
from hypothesis import given
from hypothesis import strategies as st

from rolescape_data.blueprints import Blueprint, HeldBack, KindContract
from rolescape_data.records import Evidence, Record, SplitRow
from rolescape_data.stages.splits import splits


def blueprint(*, images: int = 2, dialogues: int = 3) -> Blueprint:
    by_image = {kind: KindContract(per_image=1, split="by_image") for kind in ("image_dialogue", "caption")}
    return Blueprint(
        about="for tests",
        test_images=images,
        kinds={
            **by_image,
            "image": KindContract(min=1, split="by_image"),
            "human_role_dialogue": KindContract(count=1, split="by_image"),
            "text_dialogue": KindContract(count=9, split=HeldBack(test_id=dialogues)),
            "text_mcq": KindContract(mix={"easy": 1}, split="test_id"),
        },
    )


def far(name: str) -> str:
    """Return a perceptual hash that no other name's lies near."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def line(number: int) -> Evidence:
    return Evidence(source=f"lines.jsonl#a/{number}", start=0, end=2, text="Hm")


def pictures(count: int, *, owner: str = "mira-h", shared: str = "") -> list[Record]:
    made: list[Record] = []
    for number in range(count):
        group = shared or f"grp_{owner}{number}"
        sha = f"{number:064x}" if shared else f"{number + 1000 * len(owner):064x}"
        made.append(
            image(
                id=f"{owner}_img_{number}",
                character_id=owner,
                group_id=group,
                blob_sha256=sha,
                phash64=far(shared or f"{owner}{number}"),
            )
        )
        made.append(
            image_dialogue(
                id=f"{owner}_imgdlg_{number}",
                character_id=owner,
                image_id=f"{owner}_img_{number}",
                evidence=[],
            )
        )
    return made


def dialogues(count: int) -> list[Record]:
    return [dialogue(id=f"mira-h_dlg_{number:03d}", evidence=[line(number)]) for number in range(count)]


def by_id(rows: Sequence[SplitRow]) -> dict[str, SplitRow]:
    return {row.record_id: row for row in rows}


def test_shares_are_exact_where_groups_are_single() -> None:
    rows, cells = splits([*pictures(6), *dialogues(9)], blueprint(), ood=frozenset(), seed=1)
    tested = [row for row in rows if row.split == "test_id"]
    assert sum(row.kind == "image" for row in tested) == 2
    assert sum(row.kind == "text_dialogue" for row in tested) == 3
    assert all(cell.found == cell.wanted for cell in cells)


def test_an_exchange_goes_where_its_picture_goes() -> None:
    rows = by_id(splits(pictures(6), blueprint(), ood=frozenset(), seed=1)[0])
    for number in range(6):
        assert rows[f"mira-h_img_{number}"].split == rows[f"mira-h_imgdlg_{number}"].split


def test_records_that_repeat_one_line_share_a_group() -> None:
    lone = dialogue(id="mira-h_dlg_900", evidence=[line(1)])
    long = talk(*["Hm"] * 6, id="mira-h_talk_001", image_id="mira-h_img_0")
    long = long.model_copy(
        update={"messages": [turn.model_copy(update={"evidence": line(1)}) for turn in long.messages]}
    )
    rows = by_id(splits([*pictures(3), lone, long], blueprint(), ood=frozenset(), seed=1)[0])
    assert (
        rows["mira-h_dlg_900"].group_id == rows["mira-h_talk_001"].group_id == rows["mira-h_img_0"].group_id
    )


def test_a_share_that_no_group_fits_is_a_named_shortfall() -> None:
    alike = pictures(5, shared="grp_same")
    rows, cells = splits(alike, blueprint(images=2), ood=frozenset(), seed=1)
    assert {row.split for row in rows} == {"train"}
    found = next(cell for cell in cells if cell.kind == "image")
    assert (found.wanted, found.found) == (2, 0)
    assert found.note


def test_an_out_of_distribution_character_never_trains_and_takes_shared_pictures_with_it() -> None:
    shared = [*pictures(1, owner="mira-h", shared="grp_s"), *pictures(1, owner="jon-2", shared="grp_s")]
    rows = by_id(splits([*shared, *dialogues(4)], blueprint(), ood=frozenset({"jon-2"}), seed=1)[0])
    assert rows["jon-2_img_0"].split == "test_ood"
    assert rows["mira-h_img_0"].split == "test_id"


@given(seed=st.integers(0, 1000), order=st.randoms())
def test_no_group_is_torn_and_order_does_not_matter(seed: int, order: object) -> None:
    records = [*pictures(5), *dialogues(6), dialogue(id="mira-h_dlg_800", evidence=[line(1), line(2)])]
    shuffled = list(records)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    rows, _ = splits(shuffled, blueprint(), ood=frozenset(), seed=seed)
    assert rows == splits(records, blueprint(), ood=frozenset(), seed=seed)[0]
    of_group: dict[str, set[str]] = {}
    for row in rows:
        of_group.setdefault(row.group_id, set()).add(row.split)
    assert all(len(found) == 1 for found in of_group.values())


def talks_beside(count: int, *, owner: str = "mira-h", each: int = 1) -> list[Record]:
    """Return pictures, one commentary beside each, and a talk beside every `each`th one."""
    made = [one for one in pictures(count, owner=owner) if one.kind == "image"]
    for number in range(count):
        beside = {"character_id": owner, "image_id": f"{owner}_img_{number}"}
        made.append(commentary(id=f"{owner}_comment_{number}", **beside))
        if number % each == 0:
            made.append(talk(id=f"{owner}_talk_{number}", **beside))
    return made


def held_out(*, images: int = 0, talks: int = 1) -> Blueprint:
    """Ask for pictures, and for at least so many talks of each sort, to be kept for testing."""
    share = KindContract(per_image=1, split=HeldBack(test_id=talks))
    return Blueprint(
        about="for tests",
        test_images=images,
        kinds={
            "image": KindContract(min=1, split="by_image"),
            "commentary": share,
            "human_role_dialogue": share,
        },
    )


def kept(rows: Sequence[SplitRow], kind: str, owner: str = "mira-h") -> int:
    return sum((row.split, row.kind, row.character_id) == ("test_id", kind, owner) for row in rows)


def test_a_talk_of_each_sort_is_kept_for_testing_before_other_pictures_use_up_their_number() -> None:
    for seed in range(20):
        rows, cells = splits(talks_beside(12, each=4), held_out(images=2), ood=frozenset(), seed=seed)
        assert (kept(rows, "image"), kept(rows, "human_role_dialogue")) == (2, 1)
        assert kept(rows, "commentary") == 2, "a picture takes its commentary along, asked for or not"
        assert all(cell.found >= cell.wanted for cell in cells)


def test_more_talks_than_asked_for_are_kept_where_like_pictures_leave_no_choice_and_some_still_train() -> (
    None
):
    couples = [
        one.model_copy(update={"group_id": f"grp_{place // 2}"}) if one.kind == "image" else one
        for place, one in enumerate(talks_beside(4))
    ]
    rows, cells = splits(couples, held_out(), ood=frozenset(), seed=1)
    assert kept(rows, "commentary") == kept(rows, "human_role_dialogue") == 2
    assert all(cell.found >= cell.wanted for cell in cells)


def test_a_character_with_one_talk_trains_on_it_and_is_a_named_shortfall() -> None:
    rows, cells = splits(talks_beside(1), held_out(), ood=frozenset(), seed=1)
    assert {row.split for row in rows} == {"train"}
    assert {(cell.kind, cell.found, cell.wanted, bool(cell.note)) for cell in cells} == {
        ("commentary", 0, 1, True),
        ("human_role_dialogue", 0, 1, True),
    }


def test_like_pictures_of_two_characters_are_one_group() -> None:
    mine, other = talks_beside(3), talks_beside(3, owner="jon-2")
    near = f"{int(far('mira-h0'), 16) ^ 0b111:016x}"
    other = [one.model_copy(update={"phash64": near}) if one.id == "jon-2_img_1" else one for one in other]
    rows = by_id(splits([*mine, *other], held_out(), ood=frozenset(), seed=1, radius=3)[0])
    assert rows["jon-2_comment_1"].group_id == rows["mira-h_comment_0"].group_id
    rows = by_id(splits([*mine, *other], held_out(), ood=frozenset(), seed=1, radius=2)[0])
    assert rows["jon-2_comment_1"].group_id != rows["mira-h_comment_0"].group_id

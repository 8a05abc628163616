"""Splits: what belongs together stays together, shares are exact where they can be, nothing leaks."""

from collections.abc import Sequence

from gates_samples import dialogue, image, image_dialogue, talk
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


def line(number: int) -> Evidence:
    return Evidence(source=f"lines.jsonl#a/{number}", start=0, end=2, text="Hm")


def pictures(count: int, *, owner: str = "mira-h", shared: str = "") -> list[Record]:
    made: list[Record] = []
    for number in range(count):
        group = shared or f"grp_{owner}{number}"
        sha = f"{number:064x}" if shared else f"{number + 1000 * len(owner):064x}"
        made.append(image(id=f"{owner}_img_{number}", character_id=owner, group_id=group, blob_sha256=sha))
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

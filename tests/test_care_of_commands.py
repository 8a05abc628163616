"""Small mistakes and half-done work: each is said, none leaves anything behind that somebody takes for the whole."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rolescape_data.stages.base import bare_name

Run = Callable[..., Any]


@pytest.mark.parametrize("option", [("--only", "nobody"), ("--until", "nowhere")])
def test_a_mistyped_name_leaves_no_half_made_folder(
    small: Path, build: Run, tmp_path: Path, option: tuple[str, str]
) -> None:
    told = build(small, *option)
    assert told.status == 2
    assert option[1] in told.err
    assert not (tmp_path / "built.workspace").exists()


def test_one_character_of_a_fresh_workspace_is_short_of_every_cell_that_the_others_owe(
    small: Path, built: Path, build: Run
) -> None:
    def owed(workspace: Path) -> Counter[tuple[str, ...]]:
        cells = json.loads((workspace / "set" / "contract.json").read_text())
        # How much goes to testing is known once the records are there.
        return Counter(
            {
                key: count
                for cell in cells
                if cell["cell"] not in ("test_id", "val")
                for key, count in [((cell["character_id"], cell["kind"], cell["cell"]), cell["wanted"])]
            }
        )

    def by_kind(cells: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        for key, count in cells.items():
            found[key[:2]] += count
        return found

    out = built.with_name("fresh.workspace")
    first = sorted(character for character, *_ in owed(built))[0]
    told = build(small, "--only", first, out=out)
    assert told.status == 1
    assert by_kind(owed(out)) == by_kind(owed(built))
    again = build(small, "--only", first, out=out)
    assert "Nothing to do" not in again.out
    assert "not built yet: " in again.out
    assert again.status == 1


def test_an_unfinished_workspace_is_not_reported_as_done(
    small: Path, build: Run, rolescape: Run, tmp_path: Path
) -> None:
    build(small, "--until", "images")
    assert rolescape("status", tmp_path / "built.workspace").status == 1


@pytest.mark.parametrize("name", ["Mara\u202e Quist", "Mara\u200bQuist", "\ufeffMara", "   "])
@pytest.mark.parametrize("where", ["name", "alias"])
def test_names_that_hold_what_nobody_sees_are_refused(
    small: Path, rolescape: Run, name: str, where: str
) -> None:
    text = small.read_text()
    told = json.dumps(name)
    line = next(row for row in text.splitlines() if row.lstrip().startswith("- name:"))
    indent = line[: line.index("-")]
    new = (
        f"{indent}- name: {told}\n{indent}  id: somebody"
        if where == "name"
        else f"{line}\n{indent}  aliases: [{told}]"
    )
    body = [row for row in text.split("\n") if not row.lstrip().startswith("aliases:")]
    small.write_text("\n".join(body).replace(line, new, 1))
    told_by = rolescape("check", small)
    assert told_by.status == 2
    assert "nobody sees" in told_by.err or "is empty" in told_by.err


@pytest.mark.parametrize("path", ["../secret.md", "/etc/hostname", "~/notes.md", "a/../../b.md"])
def test_a_document_outside_the_set_s_folder_is_refused(small: Path, rolescape: Run, path: str) -> None:
    (small.parent.parent / "secret.md").write_text("Not part of this set.")
    text = small.read_text()
    line = next(row for row in text.splitlines() if "documents:" in row)
    small.write_text(
        text.replace(line, f"{line[: line.index('documents:')]}documents: [{json.dumps(path)}]", 1)
    )
    told = rolescape("check", small)
    assert told.status == 2
    assert "outside the set's folder" in told.err


def test_too_few_samples_for_a_multiple_of_shards_is_told(
    built: Path, rolescape: Run, tmp_path: Path
) -> None:
    told = rolescape("export", built, "--out", tmp_path / "out", "--world-multiple", "64", "--engine", "none")
    assert told.status == 0
    assert "Not a multiple of 64: profile/train has " in told.out
    even = rolescape("export", built, "--out", tmp_path / "even", "--engine", "none")
    assert "Not a multiple" not in even.out


def test_an_export_does_not_mix_with_what_somebody_keeps_in_a_folder(
    built: Path, rolescape: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"\xff\xd8")
    told = rolescape("export", built, "--out", folder, "--engine", "none")
    assert told.status == 2
    assert "holiday.jpg" in told.err
    assert [path.name for path in folder.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize(
    ("record_id", "kind"),
    [
        ("mira-h_text_qa_r1_3", "text_qa"),
        ("mira-h_human_role_r1_3", "human_role_dialogue"),
        ("mira-h_human_role_dialogue_r1_3", "human_role_dialogue"),
        ("mira-h_r1_3", "commentary"),
    ],
)
def test_the_id_of_a_reject_names_its_kind_once(record_id: str, kind: str) -> None:
    assert bare_name(record_id, "mira-h", kind) == "r1_3"

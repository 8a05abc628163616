"""What leaves the workspace: whole, readable by trainers, the same every time."""

import json
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import webdataset
from conftest import Told
from small_set import IDS, changed, contents

from rolescape_data.export.webdataset import verify_manifest
from rolescape_data.records import SplitRow
from rolescape_data.store.tables import read_table
from rolescape_data.store.workspace import Workspace

Run = Callable[..., Told]


@pytest.fixture
def export(rolescape: Run) -> Run:
    """Export without Prefect."""

    def run(workspace: Path, out: Path, *options: str) -> Told:
        return rolescape("export", workspace, "--out", out, "--engine", "none", "--quiet", *options)

    return run


def samples(out: Path) -> dict[str, dict[str, Any]]:
    """Read every shard the way a trainer does."""
    urls = [str(path) for path in sorted(out.rglob("*.tar"))]
    data = webdataset.WebDataset(urls, shardshuffle=False, empty_check=False).decode("pil")
    return {sample["__key__"]: dict(sample) for sample in data}


def test_webdataset_reads_every_accepted_record_with_its_picture(
    small_made: Path, export: Run, tmp_path: Path
) -> None:
    workspace = small_made / "built.workspace"
    assert export(workspace, tmp_path / "out").status == 0
    found = samples(tmp_path / "out")
    rows = {row.record_id: row for row in read_table(workspace / "set/splits.parquet", SplitRow)}
    assert found.keys() == rows.keys()
    pictures = {
        row["id"]: row
        for name in IDS
        for row in (
            record.model_dump() for record in Workspace(workspace).character(name).read_all()["image"]
        )
    }
    shown = Counter[str]()
    for key, sample in found.items():
        told = sample["json"]
        assert told["id"] == key
        assert (told["split"], told["group_id"]) == (rows[key].split, rows[key].group_id)
        assert told["gates"] or told["kind"] == "image"
        assert {"provenance", "license", "source"} <= told.keys()
        if (image := pictures.get(told.get("image_id", key))) is not None:
            shown[told["kind"]] += 1
            assert sample["png"].size == (image["width"], image["height"])
    assert shown.keys() == {"image", "image_dialogue", "caption", "human_role_dialogue"}


def test_shards_hold_one_kind_and_one_split_each(small_made: Path) -> None:
    shards = small_made / "built.workspace/shards"
    tars = sorted(shards.rglob("*.tar"))
    assert len(tars) > 8
    for path in tars:
        split = path.name.rsplit("-", 1)[0]
        with tarfile.open(path) as tar:
            for member in tar.getmembers():
                if member.name.endswith(".json"):
                    file = tar.extractfile(member)
                    assert file is not None
                    told = json.load(file)
                    assert (told["kind"], told["split"]) == (path.parent.name, split)


def test_the_manifest_of_an_export_is_true(small_made: Path, export: Run, tmp_path: Path) -> None:
    told = export(small_made / "built.workspace", tmp_path / "out", "--json")
    assert told.status == 0
    assert verify_manifest(tmp_path / "out") == []
    assert json.loads(told.out) == json.loads((tmp_path / "out/manifest.json").read_text())
    assert verify_manifest(small_made / "built.workspace/shards") == []


def test_two_exports_give_the_same_bytes(small_made: Path, export: Run, tmp_path: Path) -> None:
    workspace = small_made / "built.workspace"
    export(workspace, tmp_path / "one")
    export(workspace, tmp_path / "two")
    assert contents(tmp_path / "one")
    assert changed(contents(tmp_path / "one"), contents(tmp_path / "two")) == set()
    assert changed(contents(tmp_path / "one"), contents(workspace / "shards")) == set()


def test_an_export_into_its_own_folder_again_changes_nothing(
    small_made: Path, export: Run, tmp_path: Path
) -> None:
    workspace = small_made / "built.workspace"
    export(workspace, tmp_path / "one")
    before = contents(tmp_path / "one")
    assert export(workspace, tmp_path / "one").status == 0
    assert changed(before, contents(tmp_path / "one")) == set()


def test_an_export_leaves_the_workspace_as_it_was(built: Path, export: Run, tmp_path: Path) -> None:
    before = contents(built)
    export(built, tmp_path / "out")
    assert changed(before, contents(built)) == set()


def test_a_world_multiple_makes_shards_for_every_process(
    small_made: Path, export: Run, tmp_path: Path
) -> None:
    assert export(small_made / "built.workspace", tmp_path / "out", "--world-multiple", "2").status == 0
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    shards = Counter(name.rsplit("-", 1)[0] for name in manifest["files"] if name.endswith(".tar"))
    held = Counter[str]()
    for name, entry in manifest["files"].items():
        held[name.rsplit("-", 1)[0]] += entry["samples"]
    assert shards["text_qa/train"] == 2
    assert [name for name, count in shards.items() if count % 2 and held[name] > 1] == []
    assert len(samples(tmp_path / "out")) == len(samples(small_made / "built.workspace/shards"))


@pytest.mark.parametrize(
    "place", ["", "characters", "set", "blobs", "inputs", "report", "shards", "shards/deep"]
)
def test_an_export_into_the_workspaces_own_folders_is_refused(built: Path, export: Run, place: str) -> None:
    before = contents(built)
    told = export(built, built / place, "--world-multiple", "2")
    assert told.status == 2
    assert told.err.count("\n") == 1 and "workspace" in told.err
    assert changed(before, contents(built)) == set()


def test_an_export_never_overwrites_shards_of_somebody_else(
    small_made: Path, export: Run, tmp_path: Path
) -> None:
    (tmp_path / "out/caption").mkdir(parents=True)
    (tmp_path / "out/caption/train-000000.tar").write_bytes(b"precious")
    told = export(small_made / "built.workspace", tmp_path / "out")
    assert told.status == 2
    assert (tmp_path / "out/caption/train-000000.tar").read_bytes() == b"precious"


def test_a_workspace_without_finished_records_cannot_be_exported(
    small: Path, build: Run, export: Run, tmp_path: Path
) -> None:
    build(small, "--until", "profile")
    told = export(tmp_path / "built.workspace", tmp_path / "out")
    assert told.status == 2
    assert "no finished records" in told.err and "rolescape build" in told.err
    assert not (tmp_path / "out").exists()


def test_a_lost_blob_is_one_sentence_and_nothing_half_is_left(
    built: Path, export: Run, tmp_path: Path
) -> None:
    lost = next(path for path in sorted((built / "blobs").rglob("*.png")))
    lost.unlink()
    told = export(built, tmp_path / "out")
    assert told.status == 2
    assert lost.name in told.err and told.err.count("\n") == 1
    assert not (tmp_path / "out/manifest.json").exists()


def test_an_export_over_a_link_to_the_workspace_is_refused_too(
    built: Path, export: Run, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(built, target_is_directory=True)
    assert export(built, tmp_path / "link" / "shards").status == 2
    assert verify_manifest(built / "shards") == []

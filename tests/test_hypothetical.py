"""One line about somebody invented -> three profiles in a chain; and questions of both sorts beside a picture asked in one prompt.

Both through a model server that fills every contract, over real sockets.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters import KEY
from conftest import ROOT, run_rolescape
from model_server import ModelServer

from rolescape_data.providers.background import background
from rolescape_data.records import (
    CharacterProfile,
    DetailedProfile,
    ImageRecord,
    MetaInformation,
    ProfileText,
    VisualQA,
)
from rolescape_data.store.workspace import Workspace

PICTURES = ROOT / "examples" / "starter" / "pictures" / "quill"
SEED = "A ferry mechanic of thirty-four who keeps bees on the upper deck and distrusts every clock in town."
SET = """\
name: invented
blueprint: chain
seed: 3
license: CC0-1.0
source: written for this test
qa: qa
characters:
"""
CHAIN = """\
about: The chain of an invented person.
kinds:
  meta_information: {count: 1, only: [hypothetical]}
  detailed_profile: {count: 1}
  profile: {count: 1}
  profile_text: {mix: {short: 1}}
"""
COMBINED = """\
about: Both sorts in one prompt.
kinds:
  profile: {count: 1}
  image: {min: 1, split: by_image}
  image_dialogue: {per_image: 1, split: by_image}
  caption: {per_image: 1, split: by_image}
  visual_qa: {per_image_mix: {objective: 15, visual: 5}, vqa_mode: combined, split: by_image}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(source="seeded") as running:
        background()._admissions.clear()
        yield running


def built(folder: Path, blueprint: str, characters: str, server: ModelServer) -> Workspace:
    (folder / "qa" / "blueprints").mkdir(parents=True)
    (folder / "qa" / "blueprints" / "chain.yaml").write_text(blueprint)
    (folder / "set.yaml").write_text(SET + characters)
    where = ("--writer", "openai:test-model", "--base-url", server.openai_url, "--engine", "none")
    told = run_rolescape("build", folder / "set.yaml", "--out", folder / "out", *where)
    assert told.status == 0, told.out + told.err
    asked = server.counters()["requests"]
    again = run_rolescape("build", folder / "set.yaml", "--out", folder / "out", *where)
    assert (again.status, server.counters()["requests"]) == (0, asked), again.out + again.err
    return Workspace(folder / "out")


def test_one_line_about_somebody_invented_becomes_three_profiles_each_made_from_the_one_before(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    person = f"  - {{name: Nell Farrow, category: hypothetical, seed: '{SEED}'}}\n"
    folder = built(tmp_path, CHAIN, person, server).character("nell-farrow")

    (meta,), (detailed,) = folder.read(MetaInformation), folder.read(DetailedProfile)
    (profile,), (short,) = folder.read(CharacterProfile), folder.read(ProfileText)
    assert all((meta.gender, meta.age, meta.origin, meta.personality, meta.experience))
    assert meta.provenance.parents == []
    assert len({row.provenance.call_key for row in (meta, detailed, profile)}) == 3
    assert detailed.provenance.parents == [meta.id]
    assert profile.provenance.parents == [detailed.id]
    assert (short.form, short.provenance.parents) == ("short", [profile.id])
    # An invented person has no document: what the profile states is anchored in the detailed profile's parts.
    parts = detailed.model_dump()
    assert profile.facts
    for fact in profile.facts:
        record, _, part = fact.evidence.source.partition("/")
        assert record == detailed.id
        assert parts[part][fact.evidence.start : fact.evidence.end] == fact.evidence.text


def test_the_combined_mode_asks_for_both_sorts_beside_a_picture_in_one_prompt(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "pictures").mkdir()
    for path in sorted(PICTURES.glob("*.png"))[:3]:
        (tmp_path / "pictures" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "about.md").write_text((PICTURES.parents[1] / "documents/quill/profile.md").read_text())
    heron = (
        "  - name: Quill\n    category: animal\n    documents: [about.md]\n    images: [{folder: pictures}]\n"
    )
    folder = built(tmp_path, COMBINED, heron, server).character("quill")

    pictures, rows = folder.read(ImageRecord), folder.read(VisualQA)
    assert len(pictures) == 3
    beside = {picture.id: [row for row in rows if row.image_id == picture.id] for picture in pictures}
    for found in beside.values():
        assert len(found) == 20
        assert len({row.question for row in found}) == 20
        keys = {row.provenance.call_key for row in found}
        assert len(keys) == 1 and keys != {None}
        visual = Counter(row.category for row in found if row.type == "visual")
        assert sorted(visual.values()) == [1, 1, 1, 1, 1]

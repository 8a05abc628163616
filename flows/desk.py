"""One character's collaborators: what it owes, its material, its share of the pools, who writes for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.blueprints import Blueprint, KindContract
from rolescape_data.gates.decide import Thresholds
from rolescape_data.materials import Document, Material, pool_pictures
from rolescape_data.pools import commentary_questions, drawn
from rolescape_data.prompts import Prompt, load_prompt
from rolescape_data.providers.base import Writer
from rolescape_data.records import DetailedProfile, Review
from rolescape_data.stages.base import Setting
from rolescape_data.stages.detailed_profile import PARTS
from rolescape_data.stages.inter_role_dialogues import partners_of
from rolescape_data.store.inputs import Inputs
from rolescape_data.store.workspace import Workspace

# What comes before there is a text about a character that a set describes in one line.
FROM_SEED = ("meta_information", "detailed_profile")


@dataclass(frozen=True, slots=True)
class Desk:
    """One character's collaborators, opened once per task.

    `blueprint` is what this character owes; `generic` names the pictures of the set's pools that were drawn for it, by the
    kind of talk that stands beside them. `compression` is of stored pictures: only what is thrown away may be stored in haste.
    """

    workspace: Workspace
    inputs: Inputs
    material: Material
    blueprint: Blueprint
    thresholds: Thresholds
    writers: Mapping[str, Writer]
    seed: int
    generic: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compression: int = 6

    def prompt(self, kind: str) -> Prompt:
        return load_prompt(kind, self.inputs.prompts)

    def setting(self, kind: str, take: int) -> Setting:
        return Setting(
            kind=kind,
            material=self.material,
            contract=self.blueprint.kinds[kind],
            rounds=self.blueprint.rounds,
            thresholds=self.thresholds,
            writer=self.writers[kind],
            prompt=self.prompt(kind),
            take=take,
            blob_path=self.workspace.blobs.path,
        )

    def cast(self) -> dict[str, tuple[str, ...]]:
        """Return name and aliases of the other characters of this one's script, by id."""
        mine = self.material.entry.script
        return {
            entry.resolved_id(): (entry.name, *entry.aliases)
            for entry in self.inputs.found.characters
            if mine and entry.script == mine and entry.resolved_id() != self.material.id
        }

    def rival(self) -> str | None:
        """Return the id of the character whose knowledge this one has not: the next of its language, in a ring.

        One neighbour and not everybody, so that editing one character leaves all but one of the others as they are.
        """
        lang = self.material.entry.lang
        ring = sorted(entry.resolved_id() for entry in self.inputs.found.characters if entry.lang == lang)
        after = ring[(ring.index(self.material.id) + 1) % len(ring)]
        return after if after != self.material.id else None

    def others(self) -> dict[str, tuple[str, ...]]:
        """Return name and aliases of every other character of the set, by id."""
        return {
            entry.resolved_id(): (entry.name, *entry.aliases)
            for entry in self.inputs.found.characters
            if entry.resolved_id() != self.material.id
        }

    def partners(self) -> list[str]:
        """Return the ids of those whom the character may talk with."""
        return partners_of(self.material, self.cast())

    def pool(self) -> list[str]:
        """Return the questions that commentaries answer, in the character's language."""
        return commentary_questions(self.material.entry.lang, self.inputs.qa)


def blueprint_of(inputs: Inputs) -> Blueprint:
    """Return what a set owes: its blueprint, and the reviews that its file asks for."""
    found = load_blueprint(inputs.found.blueprint, inputs.qa)
    if inputs.found.reviews is None:
        return found
    reviews = KindContract(count=inputs.found.reviews.sample)
    return found.model_copy(update={"kinds": {**found.kinds, Review.kind: reviews}})


def share_of_pools(
    inputs: Inputs, blueprint: Blueprint, character: str
) -> tuple[Material, dict[str, tuple[str, ...]]]:
    """Return a character's material with the generic pictures drawn for it, and their paths by kind.

    Args:
        inputs: the set's.
        blueprint: the whole one; every character draws what it owes, in the set's order.
        character: id.
    """
    material = inputs.material(character)
    owed = {
        entry.resolved_id(): blueprint.owed_by(entry.category, entry.role).generic()
        for entry in inputs.found.characters
    }
    if not owed[character] or not inputs.found.pools:
        return material, dict.fromkeys(owed[character], ())
    pictures = pool_pictures(inputs.found, inputs.read, inputs.files)
    share = drawn({path: inputs.files[path] for path in pictures}, owed, seed=inputs.found.seed)[character]
    more = [pictures[path] for paths in share.values() for path in paths]
    return replace(material, pictures=(*material.pictures, *more)), {
        kind: tuple(paths) for kind, paths in share.items()
    }


def told_material(workspace: Workspace, material: Material) -> Material:
    """Return the material with the texts written about an invented character, which has no documents of its own."""
    if not material.entry.seed or material.documents:
        return material
    written = workspace.character(material.id).read(DetailedProfile)
    documents = [
        Document(f"{record.id}/{part}", getattr(record, part)) for record in written for part in PARTS
    ]
    return replace(material, documents=tuple(documents))


def told(desk: Desk) -> Desk:
    """Return the desk with the texts written about an invented character among its documents."""
    return replace(desk, material=told_material(desk.workspace, desk.material))

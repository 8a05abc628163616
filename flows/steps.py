"""The steps of a character's build: what each makes, what it needs, and what makes it out of date.

To add a record kind: its stage in rolescape_data/stages, a prompt, a blueprint entry, and one line in STEPS.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from rolescape_data.blueprints import Blueprint
from rolescape_data.gates.decide import Thresholds
from rolescape_data.materials import Material
from rolescape_data.pools import commentary_questions, dealt
from rolescape_data.prompts import Prompt, load_prompt
from rolescape_data.providers.base import Writer
from rolescape_data.records import CharacterProfile, Record
from rolescape_data.stages.annotations import annotations
from rolescape_data.stages.base import Result, Setting
from rolescape_data.stages.captions import captions
from rolescape_data.stages.commentaries import commentaries
from rolescape_data.stages.human_role_dialogues import human_role_dialogues
from rolescape_data.stages.image_dialogues import image_dialogues
from rolescape_data.stages.images import images
from rolescape_data.stages.inter_role_dialogues import inter_role_dialogues, partners_of
from rolescape_data.stages.probes import probes
from rolescape_data.stages.profile import profile
from rolescape_data.stages.questions import text_mcq, text_qa
from rolescape_data.stages.solver_answers import solver_answers
from rolescape_data.stages.t2i_forms import t2i_forms
from rolescape_data.stages.text_dialogues import text_dialogues
from rolescape_data.stages.visual_questions import visual_mcq, visual_qa
from rolescape_data.store.inputs import Inputs
from rolescape_data.store.workspace import Workspace, fingerprint

# Raise a kind's number when its code changes what it makes from the same inputs.
VERSIONS: dict[str, int] = {"image": 2, "t2i_form": 2, "human_role_dialogue": 2}

Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Desk:
    """One character's collaborators, opened once per task."""

    workspace: Workspace
    inputs: Inputs
    material: Material
    blueprint: Blueprint
    thresholds: Thresholds
    writers: Mapping[str, Writer]
    seed: int

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

    def partners(self) -> list[str]:
        """Return the ids of those whom the character may talk with."""
        return partners_of(self.material, self.cast())

    def pool(self) -> list[str]:
        """Return the questions that commentaries answer, in the character's language."""
        return commentary_questions(self.material.entry.lang, self.inputs.qa)


@dataclass(frozen=True, slots=True)
class Step:
    """How one table comes about.

    Args:
        kind: the record kind, and the table's name.
        stage: the name for --until and logs; a stage may write several tables.
        needs: tables it reads.
        reads: which parts of the material it looks at: documents, lines, pictures.
        make: (desk, tables, take) -> its result.
        prompt: whether a writer is asked, through the prompt of the same name.
        others: what it looks at of the other characters of the script: their names, or the profiles of those whom this
            character may talk with. These are made in the wave before, so they are there whoever is built first.
    """

    kind: str
    stage: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    make: Callable[[Desk, Tables, int], Result]
    prompt: bool = True
    others: Literal["", "names", "profiles"] = ""

    def fingerprint(self, desk: Desk, contents: Mapping[str, str], take: int) -> str:
        """Return the hash of everything that this table is built from."""
        entry = desk.material.entry
        contract = desk.blueprint.kinds[self.kind].model_dump(exclude={"split"})
        parts: dict[str, Any] = {
            "kind": self.kind,
            "version": VERSIONS.get(self.kind, 1),
            "take": take,
            "contract": contract,
            "rounds": desk.blueprint.rounds,
            "thresholds": desk.thresholds.model_dump(),
            "entry": entry.model_dump(exclude={"documents", "lines", "images"}),
            # Where the character names none of its own, these are the set's.
            "licence": [desk.material.license, desk.material.source],
            "material": {part: _material(desk, part) for part in self.reads},
            "tables": {kind: contents.get(kind, "") for kind in self.needs},
        }
        if self.prompt:
            parts |= {"prompt": desk.prompt(self.kind).sha256, "writer": desk.writers[self.kind].name}
        if self.kind in ("text_mcq", "visual_mcq", "solver_answer"):
            parts["seed"] = desk.seed
        if self.kind == "commentary":
            parts |= {"seed": desk.seed, "pool": desk.pool()}
        if self.others:
            parts["cast"] = desk.cast()
        if self.others == "profiles":
            parts["partners"] = {partner: _profile_stamp(desk, partner) for partner in desk.partners()}
        if self.kind == "image":
            parts["matte"] = desk.inputs.found.matte
        return fingerprint(parts)


def _profile_stamp(desk: Desk, character: str) -> str:
    """Return what a character's profile says, as a hash; '' when it was not built."""
    stamp = desk.workspace.character(character).stamps().get("profile")
    return stamp.content if stamp else ""


def _material(desk: Desk, part: str) -> list[Any]:
    material = desk.material
    if part == "documents":
        return [[document.name, _sha(document.text)] for document in material.documents]
    if part == "lines":
        return [
            _sha(
                "\n".join(
                    f"{line.source}\t{line.speaker}\t{line.text}\t{line.image}" for line in material.lines
                )
            )
        ]
    if part == "own_lines":
        return [_sha("\n".join(f"{line.source}\t{line.text}\t{line.image}" for line in material.own_lines()))]
    return [
        [
            picture.path,
            desk.inputs.files[picture.path],
            picture.owner,
            picture.license,
            picture.source,
            picture.note,
            picture.annotation.model_dump(),
            picture.attributes.model_dump(),
        ]
        for picture in material.pictures
    ]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _the_profile(tables: Tables) -> CharacterProfile:
    return cast(CharacterProfile, tables["profile"][0])


def _images(desk: Desk, tables: Tables, take: int) -> Result:
    matte = desk.inputs.found.matte
    return images(
        desk.material,
        contract=desk.blueprint.kinds["image"],
        thresholds=desk.thresholds,
        matte=(int(matte[1:3], 16), int(matte[3:5], 16), int(matte[5:7], 16)),
        read=desk.inputs.read,
        put=desk.workspace.blobs.put,
    )


def _records(kind: str, tables: Tables) -> Any:
    return tables.get(kind, [])


def _commentaries(desk: Desk, tables: Tables, take: int) -> Result:
    pictures = _records("image", tables)
    wanted = desk.blueprint.kinds["commentary"].cells(len(pictures))["count"]
    questions = dealt(desk.pool(), wanted, seed=desk.seed, character=desk.material.id)
    return commentaries(desk.setting("commentary", take), _the_profile(tables), pictures, questions)


def _inter_role(desk: Desk, tables: Tables, take: int) -> Result:
    profiles = [desk.workspace.character(partner).read(CharacterProfile) for partner in desk.partners()]
    return inter_role_dialogues(
        desk.setting("inter_role_dialogue", take),
        _the_profile(tables),
        _records("image", tables),
        [found[0] for found in profiles if found],
    )


def _probes(desk: Desk, tables: Tables, take: int) -> Result:
    asked = [record for kind in _ASKED for record in _records(kind, tables)]
    return probes(desk.setting("probe", take), _the_profile(tables), asked)


# What a probe must not repeat.
_ASKED = ("text_qa", "text_mcq", "text_dialogue", "image_dialogue")


STEPS: tuple[Step, ...] = (
    Step(
        "profile",
        "profile",
        (),
        ("documents", "own_lines"),
        lambda desk, tables, take: profile(desk.setting("profile", take)),
    ),
    Step("image", "images", (), ("pictures",), _images, prompt=False),
    Step(
        "annotation",
        "images",
        ("image",),
        ("lines",),
        lambda desk, tables, take: annotations(desk.setting("annotation", take), _records("image", tables)),
    ),
    Step(
        "image_dialogue",
        "image_dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        lambda desk, tables, take: image_dialogues(
            desk.setting("image_dialogue", take), _the_profile(tables), _records("image", tables)
        ),
    ),
    Step(
        "caption",
        "captions",
        ("profile", "image", "image_dialogue"),
        (),
        lambda desk, tables, take: captions(
            desk.setting("caption", take),
            _the_profile(tables),
            _records("image", tables),
            _records("image_dialogue", tables),
        ),
    ),
    Step(
        "t2i_form",
        "captions",
        ("profile", "image", "image_dialogue", "caption"),
        (),
        lambda desk, tables, take: t2i_forms(
            desk.material,
            desk.blueprint.kinds["t2i_form"],
            _the_profile(tables),
            _records("image", tables),
            _records("image_dialogue", tables),
            _records("caption", tables),
        ),
        prompt=False,
    ),
    Step(
        "human_role_dialogue",
        "dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        lambda desk, tables, take: human_role_dialogues(
            desk.setting("human_role_dialogue", take),
            _the_profile(tables),
            _records("image", tables),
            cast=[name for names in desk.cast().values() for name in names],
        ),
        others="names",
    ),
    Step("commentary", "dialogues", ("profile", "image"), ("documents", "lines"), _commentaries),
    Step(
        "inter_role_dialogue",
        "dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        _inter_role,
        others="profiles",
    ),
    Step(
        "text_dialogue",
        "dialogues",
        ("profile", "image_dialogue", "human_role_dialogue", "inter_role_dialogue"),
        ("documents", "lines"),
        lambda desk, tables, take: text_dialogues(
            desk.setting("text_dialogue", take),
            _the_profile(tables),
            _records("image_dialogue", tables),
            [*_records("human_role_dialogue", tables), *_records("inter_role_dialogue", tables)],
        ),
    ),
    Step(
        "text_qa",
        "qa",
        ("profile",),
        ("documents",),
        lambda desk, tables, take: text_qa(desk.setting("text_qa", take), _the_profile(tables)),
    ),
    Step(
        "text_mcq",
        "qa",
        ("profile", "text_qa"),
        ("documents",),
        lambda desk, tables, take: text_mcq(
            desk.setting("text_mcq", take), _the_profile(tables), _records("text_qa", tables), seed=desk.seed
        ),
    ),
    Step("probe", "qa", ("profile", *_ASKED), ("documents",), _probes),
    Step(
        "visual_qa",
        "qa",
        ("profile", "image", "annotation", "image_dialogue"),
        (),
        lambda desk, tables, take: visual_qa(
            desk.setting("visual_qa", take),
            _the_profile(tables),
            _records("image", tables),
            _records("image_dialogue", tables),
            _records("annotation", tables),
        ),
    ),
    Step(
        "visual_mcq",
        "qa",
        ("image",),
        (),
        lambda desk, tables, take: visual_mcq(
            desk.setting("visual_mcq", take), _records("image", tables), seed=desk.seed
        ),
    ),
    Step(
        "solver_answer",
        "solver",
        ("profile", "image", "text_mcq", "visual_mcq"),
        (),
        lambda desk, tables, take: solver_answers(
            desk.setting("solver_answer", take),
            _the_profile(tables),
            _records("image", tables),
            [*_records("text_mcq", tables), *_records("visual_mcq", tables)],
            seed=desk.seed,
        ),
    ),
)

# Every kind that a writer is asked for, with its stage: what `writers:` of a set may name.
WRITTEN = {step.kind: step.stage for step in STEPS if step.prompt}

FIRST_WAVE = ("profile", "images")
SECOND_WAVE = ("image_dialogues", "captions", "dialogues", "qa", "solver")
SET_STAGES = ("scores", "verdicts", "splits", "shards", "report")
STAGES = (*FIRST_WAVE, *SECOND_WAVE, *SET_STAGES)
# Questions, and what a solver made of them: it is asked again about new ones.
QA_STAGES = ("qa", "solver")
QA_KINDS = tuple(step.kind for step in STEPS if step.stage in QA_STAGES)

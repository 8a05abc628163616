"""How one table of a character comes about, and what makes it out of date."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from flows.desk import Desk
from flows.reviewing import rubrics_of
from rolescape_data.blueprints import GENERIC_KINDS
from rolescape_data.providers.base import Request
from rolescape_data.records import CharacterProfile, ImageRecord, Record, Review
from rolescape_data.stages.base import Result
from rolescape_data.store.workspace import fingerprint

# Raise a kind's number when its code changes what it makes from the same inputs.
VERSIONS: dict[str, int] = {
    "image": 2,
    "t2i_form": 2,
    "human_role_dialogue": 2,
    "t2i_check": 2,
    "negative": 2,
}

Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Told:
    """How many answers of some tables a request of a step holds; of every other table it may hold all.

    Args:
        of: the tables that it takes them from.
        count: (request) -> so many answers stand in it.
    """

    of: frozenset[str]
    count: Callable[[Request], int]


@dataclass(frozen=True, slots=True)
class Step:
    """How one table comes about.

    Args:
        kind: the record kind, and the table's name.
        stage: the name for --until and logs; a stage may write several tables.
        needs: tables it reads.
        reads: which parts of the material it looks at: documents, lines, pictures.
        make: (desk, tables, take) -> its result.
        decides: of the tables that it reads, those whose words go into none of its requests: they decide which lines or
            facts do.
        tells: which of the tables that it reads go into its requests answer by answer; such a step asks in no rounds.
        prompt: whether a writer is asked, through the prompt of the same name (reviews: those of their rubrics).
        others: what it looks at of other characters: the names of its script, the profiles of those whom it may talk with,
            or the profile of the one whose knowledge it has not. These are made in the wave before, so they are there
            whoever is built first.
    """

    kind: str
    stage: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    make: Callable[[Desk, Tables, int], Result]
    prompt: bool = True
    others: Literal["", "names", "profiles", "rival"] = ""
    decides: tuple[str, ...] = ()
    tells: Told | None = None

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
            parts |= {"prompt": _prompt_mark(desk, self.kind), "writer": desk.writers[self.kind].name}
        if self.kind in ("text_mcq", "visual_mcq", "solver_answer", Review.kind):
            parts["seed"] = desk.seed
        if self.kind == "commentary":
            parts |= {"seed": desk.seed, "pool": desk.pool()}
        if self.others in ("names", "profiles"):
            parts["cast"] = desk.cast()
        if read := others_read(desk, self):
            parts["partners"] = {other: _profile_stamp(desk, other) for other in read}
        if self.kind == "image":
            parts |= {"matte": desk.inputs.found.matte, "generic": desk.blueprint.generic()}
        if self.kind == "preference":
            parts["names"] = desk.others()
        if self.kind in GENERIC_KINDS:
            parts["generic"] = list(desk.generic.get(self.kind, ()))
        return fingerprint(parts)


def _prompt_mark(desk: Desk, kind: str) -> Any:
    """Return what stands for the words that a kind is asked for with: its prompt, or the rubrics of reviews and theirs."""
    if kind == Review.kind:
        return [[asked.rubric.model_dump(), asked.prompt.sha256] for asked in rubrics_of(desk.inputs)]
    return desk.prompt(kind).sha256


def others_read(desk: Desk, step: Step) -> list[str]:
    """Return the ids of the characters whose profiles a step reads."""
    if step.others == "profiles":
        return desk.partners()
    rival = desk.rival() if step.others == "rival" else None
    return [rival] if rival else []


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


def the_profile(tables: Tables) -> CharacterProfile:
    """Return the one profile; steps that need it are not run without."""
    return cast(CharacterProfile, tables["profile"][0])


def records_of(kind: str, tables: Tables) -> Any:
    """Return the rows of one table."""
    return tables.get(kind, [])


def own_pictures(tables: Tables) -> list[ImageRecord]:
    """Return the character's own pictures and those of its script."""
    return [image for image in records_of("image", tables) if image.owner != "pool"]


def generic_pictures(desk: Desk, kind: str, tables: Tables) -> list[ImageRecord]:
    """Return the pool pictures that were drawn for this kind, and could be used."""
    paths = set(desk.generic.get(kind, ()))
    return [image for image in records_of("image", tables) if image.owner == "pool" and image.path in paths]

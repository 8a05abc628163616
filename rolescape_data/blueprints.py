"""A blueprint: which records a set must hold, how many of each, in which mix, and how they are split.

It is a contract. Stages ask until it is met or the material ends; what stays open is named, never filled.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rolescape_data import assets
from rolescape_data.errors import SettingsError
from rolescape_data.records import RECORDS
from rolescape_data.settings import Part
from rolescape_data.yamlfile import load_yaml


class HeldBack(Part):
    """So many records of the kind, per character, go to the test split; the rest train."""

    test_id: int = Field(ge=0)


# How each kind can be counted. A kind that is not named here may be counted in any way.
_FORMS: dict[str, tuple[str, ...]] = {
    "profile": ("count",),
    "image": ("min", "count"),
    "annotation": ("per_image",),
    "image_dialogue": ("per_image",),
    "caption": ("per_image",),
    "t2i_form": ("per_image",),
    "human_role_dialogue": ("count",),
    "inter_role_dialogue": ("count",),
    "commentary": ("count",),
    "text_dialogue": ("count",),
    "text_qa": ("count",),
    "text_mcq": ("mix",),
    "probe": ("mix",),
    "visual_qa": ("per_image_mix",),
    "visual_mcq": ("per_image_mix",),
    # So many questions of each kind that has four options, drawn by seed, are put to a solver.
    "solver_answer": ("count",),
}
Amount = Annotated[int, Field(ge=0, le=100_000)]
_AMOUNTS = ("count", "per_image", "per_image_mix", "mix", "min")


class KindContract(Part):
    """What one record kind owes per character. Exactly one of count, per_image, per_image_mix, mix and min is given."""

    count: Amount | None = Field(None, description="exact number per character")
    per_image: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None, description="exact number per kept picture"
    )
    per_image_mix: dict[str, Amount] | None = Field(
        None, description="exact number per cell and kept picture, e.g. {objective: 15, subjective: 5}"
    )
    mix: dict[str, Amount] | None = Field(
        None, description="exact number per cell, e.g. {easy: 4, medium: 4, hard: 2}"
    )
    min: Amount | None = Field(None, description="at least so many per character")
    per_call: int = Field(20, ge=1, le=100, description="records asked for in one model call")
    facts: Literal["shared", "unseen"] = Field(
        "shared", description="whether test questions may rest on facts that training questions ask about"
    )
    views: list[Literal["full", "blind", "options_only"]] = Field(
        ["full", "blind"],
        min_length=1,
        description="solver_answer: what a solver is given; profile or picture, the question alone, or its options alone",
    )
    split: Literal["train", "test_id", "by_image"] | HeldBack = "train"

    @model_validator(mode="after")
    def _one_amount(self) -> "KindContract":
        given = [name for name in _AMOUNTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"needs exactly one of {', '.join(_AMOUNTS[:-1])} and {_AMOUNTS[-1]} (has: {', '.join(given) or 'none'})"
            )
        return self

    def per_picture(self) -> dict[str, int]:
        """Return the number that each kept picture owes, by cell; {} for kinds that are not counted by picture."""
        if self.per_image_mix is not None:
            return dict(self.per_image_mix)
        return {"count": self.per_image} if self.per_image is not None else {}

    def cells(self, images: int = 0) -> dict[str, int]:
        """Return the wanted number by cell, for a character with `images` kept pictures."""
        if self.mix is not None:
            return dict(self.mix)
        if self.per_picture():
            return {cell: number * images for cell, number in self.per_picture().items()}
        return {"count": self.count if self.count is not None else self.min or 0}


class Blueprint(Part):
    """A whole contract."""

    about: str
    rounds: int = Field(2, ge=1, le=5, description="how often a stage asks for cells still open")
    test_images: int = Field(0, ge=0, description="groups of like pictures, per character, kept for testing")
    kinds: dict[str, KindContract]

    @model_validator(mode="after")
    def _known_kinds(self) -> "Blueprint":
        for kind, contract in self.kinds.items():
            if kind not in RECORDS:
                raise ValueError(f"names the unknown record kind '{kind}' (known: {', '.join(RECORDS)})")
            forms = _FORMS.get(kind, _AMOUNTS)
            if all(getattr(contract, form) is None for form in forms):
                raise ValueError(f"counts '{kind}' in a way that it has not; it takes {' or '.join(forms)}")
        return self


def load_blueprint(name: str, overlay: Path | None = None) -> Blueprint:
    """Load `qa/blueprints/NAME.yaml`, from `overlay` when it holds the file.

    Raises:
        SettingsError: no such blueprint (the known ones are listed), or one that contradicts itself.
    """
    known = [
        Path(file).stem for file in assets.names("qa", ".yaml", overlay) if file.startswith("blueprints/")
    ]
    if name not in known:
        raise SettingsError(f"There is no blueprint '{name}'. Known: {', '.join(known)}.")
    return load_yaml(assets.find("qa", f"blueprints/{name}.yaml", overlay), Blueprint)

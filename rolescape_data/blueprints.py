"""A blueprint: which records a set must hold, how many of each, in which mix, and how they are split.

It is a contract. Stages ask until it is met or the material ends; what stays open is named, never filled.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rolescape_data.records import RECORDS, Review
from rolescape_data.records.character import Category
from rolescape_data.settings import Part


class HeldBack(Part):
    """So many records of the kind, per character, go to the test split and to the validation split; the rest train.

    Of a kind that stands beside pictures it is at least so many: a picture that is kept for testing takes along all that is beside it.
    """

    test_id: int = Field(0, ge=0)
    val: int = Field(0, ge=0)


# How each kind can be counted. A kind that is not named here may be counted in any way.
_FORMS: dict[str, tuple[str, ...]] = {
    "profile": ("count",),
    "image": ("min", "count"),
    "annotation": ("per_image",),
    "image_dialogue": ("per_image",),
    "caption": ("per_image",),
    "t2i_form": ("per_image",),
    "human_role_dialogue": ("count", "per_image"),
    "inter_role_dialogue": ("count", "per_image"),
    "commentary": ("count", "per_image"),
    "text_dialogue": ("count",),
    "text_qa": ("count",),
    "text_mcq": ("mix",),
    "probe": ("mix",),
    "visual_qa": ("per_image_mix",),
    "visual_mcq": ("per_image_mix",),
    # So many questions of each kind that has four options, drawn by seed, are put to a solver.
    "solver_answer": ("count",),
    "meta_information": ("count",),
    "detailed_profile": ("count",),
    "profile_text": ("mix",),
    "t2i_check": ("count",),
    "negative": ("mix",),
    "preference": ("mix",),
}
# Talks that MMRole holds beside generic pictures as well as beside the character's own ones.
GENERIC_KINDS = ("commentary", "human_role_dialogue", "inter_role_dialogue")
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
    generic: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0,
        description="talks, one each, beside so many further pictures of the set's pools; no picture is used twice",
    )
    only: list[Category] = Field(
        default_factory=list,
        description="categories of characters that owe this kind; all of them when empty",
    )
    vqa_mode: Literal["separate", "combined"] = Field(
        "separate",
        description="combined: `objective` questions join profile, picture and exchange, and `visual` ones ask for "
        "the five visual categories in turn",
    )
    split: Literal["train", "val", "test_id", "by_image"] | HeldBack = "train"

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
        """Return the wanted number by cell, for a character with `images` kept pictures of its own."""
        if self.mix is not None:
            return dict(self.mix)
        more = {"generic": self.generic} if self.generic else {}
        if self.per_picture():
            return {cell: number * images for cell, number in self.per_picture().items()} | more
        return {"count": self.count if self.count is not None else self.min or 0} | more


class Blueprint(Part):
    """A whole contract."""

    about: str
    rounds: int = Field(2, ge=1, le=5, description="how often a stage asks for cells still open")
    test_images: int = Field(
        0, ge=0, description="pictures, per character, kept for testing; like ones together"
    )
    val_images: int = Field(0, ge=0, description="pictures, per character, kept for validation")
    kinds: dict[str, KindContract]
    ood: dict[str, KindContract] = Field(
        default_factory=dict, description="what an out-of-distribution character owes of a kind instead"
    )

    @model_validator(mode="after")
    def _known_kinds(self) -> "Blueprint":
        check_kinds(self.kinds)
        check_kinds(self.ood)
        for kind in self.ood:
            if kind not in self.kinds:
                raise ValueError(f"names '{kind}' under `ood`, which `kinds` does not hold")
        return self

    def owed_by(self, category: str, role: str) -> "Blueprint":
        """Return what one character owes: kinds of its category alone, an out-of-distribution one in its own numbers."""
        kinds = self.kinds | (self.ood if role == "ood" else {})
        mine = {
            kind: contract
            for kind, contract in kinds.items()
            if not contract.only or category in contract.only
        }
        return self.model_copy(update={"kinds": mine, "ood": {}})

    def generic(self) -> dict[str, int]:
        """Return how many pictures of the pools each kind owes, by kind; kinds without any are left out."""
        return {kind: contract.generic for kind, contract in self.kinds.items() if contract.generic}


def check_kinds(kinds: Mapping[str, KindContract]) -> None:
    """Raise ValueError for a kind that does not exist, or that is counted in a way it has not."""
    for kind, contract in kinds.items():
        if kind == Review.kind:
            raise ValueError(
                f"names '{kind}', which is no part of a contract; `reviews:` in the set file asks for it"
            )
        if kind not in RECORDS:
            raise ValueError(f"names the unknown record kind '{kind}' (known: {', '.join(RECORDS)})")
        forms = _FORMS.get(kind, _AMOUNTS)
        if all(getattr(contract, form) is None for form in forms):
            raise ValueError(f"counts '{kind}' in a way that it has not; it takes {' or '.join(forms)}")
        if contract.generic and kind not in GENERIC_KINDS:
            raise ValueError(
                f"asks for generic '{kind}'; only {', '.join(GENERIC_KINDS)} stand beside pool pictures"
            )
        cells = set(contract.per_image_mix or {})
        known = {"objective", "visual"} if contract.vqa_mode == "combined" else {"objective", "subjective"}
        if kind == "visual_qa" and cells - known:
            raise ValueError(
                f"'{kind}' in vqa_mode '{contract.vqa_mode}' has the cells {', '.join(sorted(known))}"
            )
        if kind != "visual_qa" and contract.vqa_mode != "separate":
            raise ValueError(f"'{kind}' has no vqa_mode; only visual_qa has")

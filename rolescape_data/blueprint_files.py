"""qa/blueprints/*.yaml -> one blueprint: files may extend or include others, and be scaled.

    extends: mmrole        # all of it; what this file writes replaces it, kind by kind
    include: [rolescape20, mmrole]   # the kinds of both; where they differ about a kind, this file decides
    scale: 0.1             # a tenth of every number that is counted by character

Scaling is exact. A number n becomes n * scale, rounded half up, and stays at least 1 where it was one at all. Of a mix
the total is scaled so, and its cells take their shares of it, the largest remainders first and the earlier cell at a
tie, so that the cells sum to the total. Numbers for each picture and the numbers of pictures stay: pictures are brought,
not written. So do numbers that this very file writes beside `scale` under `kinds`: they are meant as they stand.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from rolescape_data import assets
from rolescape_data.blueprints import Blueprint, HeldBack, KindContract, check_kinds
from rolescape_data.errors import SettingsError
from rolescape_data.settings import Part
from rolescape_data.yamlfile import load_yaml

_NUMBERS = ("rounds", "test_images", "val_images")
# Pictures are brought by the set; a tenth of a picture's questions would be a picture half asked about.
_UNSCALED_KINDS = frozenset({"image", "profile", "meta_information", "detailed_profile", "profile_text"})


class BlueprintFile(Part):
    """A blueprint as it is written: whole, or by what it changes of others."""

    about: str
    extends: str | None = Field(None, description="a blueprint that this one changes")
    include: list[str] = Field(default_factory=list, description="blueprints that this one puts together")
    scale: float | None = Field(
        None, gt=0, le=10, allow_inf_nan=False, description="factor on what `extends` and `include` bring"
    )
    rounds: int | None = Field(None, ge=1, le=5, description="how often a stage asks for cells still open")
    test_images: int | None = Field(
        None, ge=0, description="pictures, per character, kept for testing; like ones together"
    )
    val_images: int | None = Field(None, ge=0, description="pictures, per character, kept for validation")
    kinds: dict[str, KindContract] = Field(default_factory=dict)
    ood: dict[str, KindContract] = Field(
        default_factory=dict, description="what an out-of-distribution character owes of a kind instead"
    )

    @model_validator(mode="before")
    @classmethod
    def _whole_scale(cls, data: object) -> object:
        # `scale: 1` is an integer in YAML; strict mode would ask the curator for 1.0.
        if isinstance(data, dict) and type(data.get("scale")) is int:
            return data | {"scale": float(data["scale"])}
        return data

    @model_validator(mode="after")
    def _sound(self) -> "BlueprintFile":
        check_kinds(self.kinds)
        check_kinds(self.ood)
        if self.extends and self.include:
            raise ValueError("has both `extends` and `include`; write one list under `include`")
        if not self.extends and not self.include:
            if self.scale is not None:
                raise ValueError("has `scale`, but names no blueprint under `extends` or `include` to scale")
            if not self.kinds:
                raise ValueError("names no record kind under `kinds`")
        return self


def load_blueprint(name: str, overlay: Path | None = None) -> Blueprint:
    """Load `qa/blueprints/NAME.yaml` and what it extends or includes, from `overlay` where it holds the file.

    Raises:
        SettingsError: no such blueprint (the known ones are listed), or one that contradicts itself.
    """
    return _load(name, overlay, ())


def _load(name: str, overlay: Path | None, inside: tuple[str, ...]) -> Blueprint:
    known = [
        Path(file).stem for file in assets.names("qa", ".yaml", overlay) if file.startswith("blueprints/")
    ]
    if name not in known:
        place = f" (named by '{inside[-1]}')" if inside else ""
        raise SettingsError(f"There is no blueprint '{name}'{place}. Known: {', '.join(known)}.")
    if name in inside:
        raise SettingsError(
            f"The blueprints {' -> '.join((*inside, name))} lead in a circle. Take one `extends` away."
        )
    path = assets.find("qa", f"blueprints/{name}.yaml", overlay)
    file = load_yaml(path, BlueprintFile)
    parents = [file.extends] if file.extends else file.include
    merged = _merged(path, file, [_load(parent, overlay, (*inside, name)) for parent in parents])
    try:
        return Blueprint.model_validate(merged)
    except ValidationError as fault:
        raise SettingsError(
            f"{path}: {fault.errors(include_url=False)[0]['msg']}. Correct the file."
        ) from None


def _merged(path: Path, file: BlueprintFile, parents: list[Blueprint]) -> dict[str, Any]:
    """Return the fields of the blueprint that a file makes of its parents."""
    kinds = _together(path, [parent.kinds for parent in parents], file.kinds, "kinds")
    ood = _together(path, [parent.ood for parent in parents], file.ood, "ood")
    factor = Decimal(str(file.scale)) if file.scale is not None else None
    if factor is not None:
        kinds = {
            kind: rule if kind in file.kinds else _scaled(kind, rule, factor) for kind, rule in kinds.items()
        }
    made: dict[str, Any] = {"about": file.about, "kinds": kinds, "ood": ood}
    for number in _NUMBERS:
        own = getattr(file, number)
        inherited = [getattr(parent, number) for parent in parents]
        if own is not None or inherited:
            made[number] = own if own is not None else max(inherited)
    return made


def _together(
    path: Path, parents: list[Mapping[str, KindContract]], own: Mapping[str, KindContract], part: str
) -> dict[str, KindContract]:
    found: dict[str, KindContract] = {}
    for contracts in parents:
        for kind, contract in contracts.items():
            if kind not in own and found.get(kind, contract) != contract:
                raise SettingsError(
                    f"{path}: the blueprints that it includes differ about '{kind}'. Write '{kind}' under `{part}:` here."
                )
            found[kind] = contract
    return found | dict(own)


def scaled_number(number: int, factor: Decimal) -> int:
    """Return number * factor, rounded half up; at least 1 where `number` is."""
    return max(1, int((number * factor).to_integral_value(ROUND_HALF_UP))) if number else 0


def scaled_mix(mix: Mapping[str, int], factor: Decimal) -> dict[str, int]:
    """Return a mix whose total is the scaled total and whose cells are in proportion, largest remainders first."""
    total = scaled_number(sum(mix.values()), factor)
    if not total:
        return dict(mix)
    shares = {cell: Decimal(number) * total / sum(mix.values()) for cell, number in mix.items()}
    found = {cell: int(share) for cell, share in shares.items()}
    order = sorted(mix, key=lambda cell: found[cell] - shares[cell])
    for cell in order[: total - sum(found.values())]:
        found[cell] += 1
    return found


def _scaled(kind: str, rule: KindContract, factor: Decimal) -> KindContract:
    if kind in _UNSCALED_KINDS:
        return rule
    new: dict[str, Any] = {"generic": scaled_number(rule.generic, factor)}
    if rule.count is not None:
        new["count"] = scaled_number(rule.count, factor)
    if rule.min is not None:
        new["min"] = scaled_number(rule.min, factor)
    if rule.mix is not None:
        new["mix"] = scaled_mix(rule.mix, factor)
    if isinstance(rule.split, HeldBack):
        held = rule.split
        new["split"] = HeldBack(
            test_id=scaled_number(held.test_id, factor), val=scaled_number(held.val, factor)
        )
    return rule.model_copy(update=new)

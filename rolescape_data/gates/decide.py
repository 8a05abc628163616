"""Measurements and thresholds (qa/gates.yaml) -> verdicts.

```yaml
gates:
  response_words:
    source: RoleScape-20, counted
    fail_below: 5
    fail_above: 80
    kinds:
      image_dialogue: {warn_above: 75}
```
A limit is crossed by a value strictly beyond it. A gate without limits passes everything: it only reports.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rolescape_data.errors import SettingsError
from rolescape_data.gates import KINDS
from rolescape_data.records import RECORDS, Measurement, Verdict
from rolescape_data.records.verdict import Status
from rolescape_data.yamlfile import line_of, load_yaml, read_nodes

LIMITS = ("fail_below", "warn_below", "warn_above", "fail_above")

Limit = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """A part of qa/gates.yaml: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(Part):
    """Where a value stops being fine; an absent limit is never crossed."""

    fail_below: Limit | None = None
    warn_below: Limit | None = None
    warn_above: Limit | None = None
    fail_above: Limit | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Limits":
        _check_order(self)
        return self


class GateThresholds(Limits):
    """The limits of one gate, and what differs for single record kinds."""

    source: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    kinds: dict[str, Limits] = Field(
        default_factory=dict, description="replaces single limits; null takes one away"
    )

    @model_validator(mode="after")
    def _overrides_in_order(self) -> "GateThresholds":
        for kind in self.kinds:
            _check_order(self.for_kind(kind), f"for '{kind}' ")
        return self

    def for_kind(self, kind: str) -> Limits:
        """Return the limits that hold for records of `kind`."""
        own = self.kinds.get(kind)
        given = own.model_fields_set if own else frozenset()
        return Limits.model_construct(
            **{name: getattr(own if name in given else self, name) for name in LIMITS}
        )


class ImageDuplicates(Part):
    """How alike two pictures are before only one is kept."""

    radius: int = Field(ge=0, le=32, description="bits of the 64 that two perceptual hashes may differ by")
    min_contrast: Annotated[float, Field(ge=0, le=128)] = Field(
        description="standard deviation of brightness (0-255) below which a picture's hash says nothing"
    )


class Thresholds(Part):
    """The whole file."""

    max_reject_share: Annotated[float, Field(ge=0, le=1)]
    image_duplicates: ImageDuplicates
    gates: dict[str, GateThresholds]
    # From qa/flagged_words.txt: kept here so that whatever is made anew for a threshold is made anew for a word.
    flagged_words: tuple[str, ...] = ()


def _check_order(limits: Limits, whose: str = "") -> None:
    given = [(name, value) for name in LIMITS if (value := getattr(limits, name)) is not None]
    for (lower, low), (upper, high) in pairwise(given):
        if low > high:
            raise ValueError(f"{whose}has {lower} {low:g} above {upper} {high:g}; exchange or correct them")


def load_thresholds(path: Path, *, also_known: Iterable[str] = ()) -> Thresholds:
    """Read qa/gates.yaml.

    Args:
        path: the file.
        also_known: names of gates that are measured outside this package, such as picture scores.

    Raises:
        SettingsError: one sentence with file, line and next step; an unknown gate or kind lists the known ones.
    """
    found = load_yaml(path, Thresholds)
    _, lines = read_nodes(path)
    others = set(also_known)
    for gate, thresholds in found.gates.items():
        where = f"{path}, line {line_of(lines, ('gates', gate))}"
        if gate not in KINDS and gate not in others:
            known = ", ".join(sorted({*KINDS, *others}))
            raise SettingsError(
                f"{where}: there is no gate '{gate}'. Correct its name or remove it. Known: {known}."
            )
        fitting = KINDS.get(gate, frozenset(RECORDS))
        for kind in thresholds.kinds:
            if kind not in fitting:
                raise SettingsError(
                    f"{path}, line {line_of(lines, ('gates', gate, 'kinds', kind))}: '{gate}' does not measure '{kind}'. "
                    f"Correct the name or remove it. Known here: {', '.join(sorted(fitting))}."
                )
    return found


def can_fail(thresholds: Thresholds) -> bool:
    """Say whether any gate has a limit beyond which a record fails; without one nothing needs to be measured."""
    return any(
        limits.fail_below is not None or limits.fail_above is not None
        for gate in thresholds.gates.values()
        for limits in (gate, *gate.kinds.values())
    )


def decide(measurements: Sequence[Measurement], thresholds: Thresholds) -> list[Verdict]:
    """Hold every measurement against its limits; one verdict each, in the same order."""
    limits: dict[tuple[str, str], Limits] = {}
    for found in measurements:
        key = (found.gate, found.kind)
        if key not in limits:
            limits[key] = _limits(found, thresholds.gates)
    return [_verdict(found, limits[found.gate, found.kind]) for found in measurements]


def _limits(found: Measurement, gates: Mapping[str, GateThresholds]) -> Limits:
    gate = gates.get(found.gate)
    return gate.for_kind(found.kind) if gate else Limits()


def _verdict(found: Measurement, limits: Limits) -> Verdict:
    status, reason = _judged(found, limits)
    return Verdict(
        record_id=found.record_id,
        kind=found.kind,
        character_id=found.character_id,
        gate=found.gate,
        status=status,
        value=found.value,
        threshold=_told(limits),
        reason=reason,
    )


def _judged(found: Measurement, limits: Limits) -> tuple[Status, str]:
    if found.not_run:
        return "not_run", found.not_run
    bounded = any(getattr(limits, name) is not None for name in LIMITS)
    if bounded and math.isnan(found.value):
        # NaN is neither above nor below anything, and would pass every limit.
        return "fail", f"{found.gate} could not be measured"
    checks: tuple[tuple[Status, float | None, float | None], ...] = (
        ("fail", limits.fail_below, limits.fail_above),
        ("warn", limits.warn_below, limits.warn_above),
    )
    for status, low, high in checks:
        if low is not None and found.value < low:
            return status, _sentence(found, "below", low)
        if high is not None and found.value > high:
            return status, _sentence(found, "above", high)
    return "pass", ""


def _sentence(found: Measurement, side: str, limit: float) -> str:
    value, shown = _number(found.value), _number(limit)
    if value == shown:
        value, shown = repr(found.value), repr(limit)
    return f"{found.gate} is {value}, {side} {shown}" + (f" ({found.detail})" if found.detail else "")


def _told(limits: Limits) -> str:
    """Return the limits in words: 'fail below 5, fail above 80'; '' without any."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_number(value)}"
        for name in LIMITS
        if (value := getattr(limits, name)) is not None
    )


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"

"""A set file and who writes it -> calls, tokens and money of a build: as expected, and at the most.

The build is rehearsed in a folder that is thrown away, with answers of the offline writer, filled up where it has none, and
with every gate open. So the requests that are counted are the real ones, pictures included; only what a model will say is
guessed, and a build corrects that guess by its first replies (flows/expecting.py).

What is stated as the most is a bound: every request by its bytes, every round that a contract of cells may need, every
request's repairs by the ladder of four replies with a limit that grows twice, and what is made from a model's answers by the
longest that these can be. Replies that are lost on their way and charged all the same come on top; the budget counts them.
"""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flows.desk import FROM_SEED, Desk
from flows.rehearsing import offline_desk, rehearsal, rehearsal_of_questions, with_writer
from flows.step import Step
from flows.steps import FIRST_WAVE, QA_STAGES, STEPS, WRITTEN
from flows.tasks import build_table, out_of_date, planned, thresholds_of
from flows.whole_set import ABOUT
from rolescape_data.errors import WriterError
from rolescape_data.gates.decide import GateThresholds
from rolescape_data.providers import client_of
from rolescape_data.providers.base import Request, Writer
from rolescape_data.providers.ledger import Ledger
from rolescape_data.providers.prices import BATCH_SHARE, Price, cost, price_of
from rolescape_data.providers.repair import MOST_REPLIES, MOST_WIDER
from rolescape_data.providers.stand_in import Recalling, StandIn
from rolescape_data.providers.tokens import Estimate, estimate, most_text_tokens, text_tokens
from rolescape_data.records import RECORDS, PreferencePair
from rolescape_data.routes import Casting, Leg

# A set of more characters is estimated by so many of them.
SAMPLE = 20
_LONGEST = 1 << MOST_WIDER
# Limits of the dearest ladder: asked, twice with twice the room, and once more: 1 + 2 + 4 + 4.
_ROOM = sum(1 << min(turn, MOST_WIDER) for turn in range(MOST_REPLIES))
# What a correction puts before a request, and what JSON puts around a text that is handed on.
_CORRECTION = 3_000
_AROUND = 1.5
# What stands around one spoken line in a request, in bytes.
_LINE = 200


@dataclass(slots=True)
class Seen:
    """What a rehearsal saw of one kind of one character."""

    requests: list[Request] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    first: int = 0
    unanswered: int = 0
    lines: int = 0  # bytes of the lines that other answers may bring into its requests
    invented: bool = False  # nobody wrote of the character but a model

    def note(self, requests: Sequence[Request], replies: Sequence[str]) -> None:
        """Take down one batch."""
        self.first = self.first or len(requests)
        self.requests += requests
        self.replies += replies


@dataclass(frozen=True, slots=True)
class Forecast:
    """One kind of a set. Tokens; USD, at the price of batches where it is asked in them, or None where none is known."""

    kind: str
    stage: str
    writer: str
    calls: int
    calls_most: int
    input_tokens: int
    input_most: int
    output_tokens: int
    output_most: int
    usd: float | None
    usd_most: float | None


def forecast(
    set_file: Path,
    casting: Casting,
    *,
    sample: int = SAMPLE,
    only: str | None = None,
    until: Sequence[str] = (),
    batch: bool = False,
) -> list[Forecast]:
    """Rehearse a build and count.

    Args:
        set_file: the set.
        casting: who will write.
        sample: of more characters than this, so many are rehearsed and the rest counted like them.
        only: one character.
        until: the stages that are built; all by default.
        batch: whether it is asked in batches, at half the price.
    """
    with tempfile.TemporaryDirectory(prefix="rolescape-check-") as folder:
        workspace = rehearsal(set_file, Path(folder))
        desk = offline_desk(workspace, _first(workspace))
        desks = {desk.material.id: _open_gates(desk)}
        everybody = sorted(entry.resolved_id() for entry in desk.inputs.found.characters)
        chosen = [only] if only is not None else everybody[:sample]
        stages = tuple(until) or tuple(step.stage for step in STEPS)
        seen: dict[str, list[Seen]] = {}
        # Partners' profiles are read: whoever is not counted needs one all the same.
        for character in everybody if only is not None else chosen:
            if character not in desks:
                desks[character] = _open_gates(offline_desk(workspace, character))
            first = planned(desks[character], tuple(stage for stage in stages if stage in FIRST_WAVE))
            for kind, found in _rehearse(desks[character], first).items():
                if character in chosen:
                    seen.setdefault(kind, []).append(found)
        for character in chosen:
            then = planned(desks[character], tuple(stage for stage in stages if stage not in FIRST_WAVE))
            for kind, found in _rehearse(desks[character], then).items():
                seen.setdefault(kind, []).append(found)
        share = 1.0 if only is not None else len(everybody) / max(1, len(chosen))
        tariff = _Tariff(desk.inputs.qa, desk.blueprint.rounds, batch, _ruled(casting))
        return [_forecast(step, seen, casting, tariff, share) for step in STEPS if step.kind in seen]


def forecast_questions(desk: Desk, casting: Casting, *, batch: bool = False) -> list[Forecast]:
    """Rehearse one character's questions in a copy of the workspace and count what is left to be asked.

    Tables that are up to date are left out, and so is what the ledger holds: of questions that an earlier run began to ask,
    and of a retry, only the rest is counted.

    Args:
        desk: of the character, with those who will write, where the questions will be made.
        casting: who they are.
        batch: whether they are asked in batches.
    """
    kinds = out_of_date(desk, QA_STAGES)
    ledger = Ledger(desk.workspace.character(desk.material.id).ledger)
    with tempfile.TemporaryDirectory(prefix="rolescape-qa-") as folder:
        copy = rehearsal_of_questions(desk, Path(folder))
        here = _open_gates(offline_desk(copy, desk.material.id))
        steps = [step for step in planned(here, QA_STAGES) if step.kind in kinds]
        found = _rehearse(here, steps, lambda kind, other: Recalling(ledger, desk.writers[kind], other))
    seen = {kind: [one] for kind, one in found.items()}
    tariff = _Tariff(desk.inputs.qa, desk.blueprint.rounds, batch, _ruled(casting))
    return [_forecast(step, seen, casting, tariff, 1.0) for step in STEPS if step.kind in seen]


def totals(found: Sequence[Forecast]) -> dict[str, Any]:
    """Add forecasts up; money is None where one has no price."""
    sums: dict[str, Any] = {
        name: sum(getattr(one, name) for one in found)
        for name in ("calls", "calls_most", "input_tokens", "input_most", "output_tokens", "output_most")
    }
    for name in ("usd", "usd_most"):
        values = [getattr(one, name) for one in found]
        sums[name] = None if None in values else sum(values)
    return sums


def _ruled(casting: Casting) -> frozenset[str]:
    """Return the kinds that are written by rule from what rules wrote: a rehearsal has seen what their answers are like."""
    found: set[str] = set()
    for step in STEPS:
        asked = casting.route(step.kind) if step.prompt else ()
        others = {"profile"} if step.others in ("profiles", "rival") else set()
        if all(client_of(leg) is None for leg in asked) and {*step.needs, *others} <= found | {step.kind}:
            found.add(step.kind)
    return frozenset(found)


def _first(workspace: Any) -> str:
    from rolescape_data.store.inputs import from_workspace

    return from_workspace(workspace).found.characters[0].resolved_id()


def _rehearse(
    desk: Desk, steps: Sequence[Step], answering: Callable[[str, Writer], Writer] = lambda kind, other: other
) -> dict[str, Seen]:
    """Make tables, and take down what a model would be asked for them; `answering` may put another before the stand-in."""
    found: dict[str, Seen] = {}
    asked = [step for step in STEPS if step.prompt and step.kind in desk.blueprint.kinds]
    asked_from = {kind for step in asked for kind in step.needs}
    material = desk.material
    for step in steps:
        if not step.prompt:
            if step.kind in asked_from:
                # A rejected reply is one that fails its gate: with every gate open there is none.
                shut = replace(desk, thresholds=thresholds_of(desk.inputs))
                build_table(shut if step.kind == PreferencePair.kind else desk, step)
            continue
        seen = found[step.kind] = Seen(
            lines=sum(_LINE + 2 * len(line.text.encode()) for line in material.lines) if step.decides else 0,
            invented=bool(material.entry.seed) and not material.documents,
        )
        build_table(with_writer(desk, step.kind, answering(step.kind, StandIn(seen.note))), step)
        unanswered: list[Request] = []
        silent = StandIn(lambda requests, replies, own=unanswered: own.extend(requests), silent=True)  # type: ignore[misc]
        folder = desk.workspace.character(desk.material.id)
        tables = {kind: folder.read(RECORDS[kind]) for kind in step.needs if kind in desk.blueprint.kinds}
        if "profile" not in step.needs or tables.get("profile"):
            step.make(with_writer(desk, step.kind, silent), tables, 0)
        seen.unanswered = len(unanswered)
    return found


def _open_gates(desk: Desk) -> Desk:
    gates = {name: GateThresholds(source=gate.source) for name, gate in desk.thresholds.gates.items()}
    opened = desk.thresholds.model_copy(update={"gates": gates})
    return replace(desk, thresholds=opened, compression=1)


class _Tariff:
    """What the writers of a set charge, in how many rounds a contract of cells is asked for, and which kinds no model has a part in."""

    def __init__(self, qa: Path | None, rounds: int, batch: bool, ruled: frozenset[str]) -> None:
        self.rounds = rounds
        self.batch = batch
        self.ruled = ruled
        self._qa = qa
        self._known: dict[tuple[str, str | None], Price | None] = {}

    def price(self, leg: Leg) -> Price | None:
        """Return a writer's price; None where nobody wrote it down."""
        if (leg.name, leg.base_url) not in self._known:
            found: Price | None = None
            with suppress(WriterError):
                found = price_of(leg.name, base_url=leg.base_url, overlay=self._qa)
            self._known[leg.name, leg.base_url] = found
        return self._known[leg.name, leg.base_url]


def _forecast(
    step: Step, seen: dict[str, list[Seen]], casting: Casting, tariff: _Tariff, share: float
) -> Forecast:
    route = casting.route(step.kind)
    per_leg = len(seen[step.kind])
    most = [_counted(step, number, seen, leg, tariff) for leg in route for number in range(per_leg)]
    expected = most[:per_leg]
    usd = _sum([row["usd"] for row in expected])
    usd_most = _sum([row["usd_most"] for row in most])
    return Forecast(
        step.kind,
        step.stage,
        ", ".join(leg.name for leg in route),
        round(share * sum(row["calls"] for row in expected)),
        round(share * sum(row["calls_most"] for row in most)),
        round(share * sum(row["input"] for row in expected)),
        round(share * sum(row["input_most"] for row in most)),
        round(share * sum(row["output"] for row in expected)),
        round(share * sum(row["output_most"] for row in most)),
        None if usd is None else share * usd,
        None if usd_most is None else share * usd_most,
    )


def _counted(
    step: Step, number: int, seen: dict[str, list[Seen]], leg: Leg, tariff: _Tariff
) -> dict[str, Any]:
    """Count one kind of one character with one writer."""
    here = seen[step.kind][number]
    client = client_of(leg)
    outputs = [text_tokens(reply) for reply in here.replies]
    rows = _rows(here, tariff.rounds)
    if client is None:
        # Who neither solves nor judges is not asked to.
        asked, rows = (0, 0) if step.kind in ABOUT else (len(here.requests), rows)
        free = {"input": 0, "input_most": 0, "output": 0, "output_most": 0, "usd": 0.0, "usd_most": 0.0}
        return {"calls": asked, "calls_most": rows, **free}
    inputs = [estimate(request, client.profile, client.model) for request in here.requests]
    limit = max((request.max_tokens for request in here.requests), default=0)
    longest = _longest_rows(step, number, seen, tariff.ruled, inputs, rows)
    price = tariff.price(leg)
    return {
        "calls": len(here.requests),
        "calls_most": rows * MOST_REPLIES,
        "input": sum(one.expected for one in inputs),
        "input_most": MOST_REPLIES * sum(longest),
        "output": sum(outputs),
        "output_most": rows * _ROOM * limit,
        "usd": _expected_usd(price, inputs, outputs, batch=tariff.batch),
        "usd_most": None if price is None else _most_usd(price, longest, limit, batch=tariff.batch),
    }


def _rows(here: Seen, rounds: int) -> int:
    """Return how many requests there can be. Only cells are asked for again in rounds, when some of them came."""
    in_cells = any(request.keys for request in here.requests)
    return max(len(here.requests), here.unanswered, rounds * here.first if in_cells else 0)


def _longest_rows(
    step: Step,
    number: int,
    seen: dict[str, list[Seen]],
    ruled: frozenset[str],
    inputs: Sequence[Estimate],
    rows: int,
) -> list[int]:
    """Return the most tokens of each request that there can be, a correction before it included."""
    here = seen[step.kind][number]
    handed = [
        most.most + _CORRECTION + here.lines + round(_AROUND * _handed_on(step, number, seen, ruled, request))
        for most, request in zip(inputs, here.requests, strict=True)
    ]
    handed.sort(reverse=True)
    if step.tells:
        # Asked in no rounds: what is asked again is asked as often of every request.
        return (handed * math.ceil(rows / max(1, len(handed))))[:rows]
    # A later round is told what was kept so far.
    beside = bool(here.requests and here.requests[0].images)
    later = round(_AROUND * _longest_answers(here, step.kind in ruled, beside))
    first = handed[: here.first or None]
    return [*first, *[max(handed, default=0) + later] * (rows - len(first))][:rows]


def _handed_on(
    step: Step, number: int, seen: dict[str, list[Seen]], ruled: frozenset[str], request: Request
) -> int:
    """Return the most tokens that earlier answers can put into one request of a step, beyond what was rehearsed."""
    told = {*step.needs, *(("profile",) if step.others == "profiles" else ())} - set(step.decides)
    if seen[step.kind][number].invented and step.kind not in FROM_SEED:
        told |= set(FROM_SEED)
    whole, each = 0, [0]
    for kind in sorted(told & set(WRITTEN) & set(seen)):
        if number >= len(seen[kind]):
            continue
        found, rule = seen[kind][number], kind in ruled
        if step.tells and kind in step.tells.of:
            each.append(_longest_answer(found, rule))
            continue
        twice = 2 if kind == "profile" and step.others else 1
        whole += twice * _longest_answers(found, rule, bool(request.images))
    return whole + (step.tells.count(request) * max(each) if step.tells else 0)


def _longest_answer(found: Seen, rule: bool) -> int:
    """Return the most tokens of one answer, or one cell of it: what its limit grows to, and by rule the longest rehearsed."""
    if not rule:
        return _LONGEST * max((request.max_tokens for request in found.requests), default=0)
    in_cells = any(request.keys for request in found.requests)
    said = [
        json.dumps(cell, ensure_ascii=False)
        for reply in found.replies
        for cell in (json.loads(reply).values() if in_cells else [json.loads(reply)])
    ]
    return max(map(most_text_tokens, said), default=0)


def _longest_answers(found: Seen, rule: bool, beside: bool) -> int:
    if not found.requests:
        return 0
    limit = _LONGEST * max(request.max_tokens for request in found.requests)
    if rule:
        if not any(request.keys for request in found.requests) and found.unanswered <= len(found.requests):
            # Asked once and answered by rule: what it says stands in the rehearsed request.
            return 0
        limit = max(map(most_text_tokens, found.replies), default=0)
    by_picture = Counter(request.images for request in found.requests)
    alone = beside and () not in by_picture
    return limit * (max(by_picture.values()) if alone else max(len(found.requests), found.unanswered))


def _expected_usd(
    price: Price | None, inputs: Sequence[Estimate], outputs: Sequence[int], *, batch: bool
) -> float | None:
    if price is None:
        return None
    pairs = zip(inputs, outputs, strict=True)
    return sum(cost(price, one.expected, output, batch=batch) for one, output in pairs)


def _most_usd(price: Price, longest: Sequence[int], limit: int, *, batch: bool) -> float:
    """Return what ladders of requests so long cost at the dearest of the model's tiers."""
    over = price.over
    dear_in = max(price.input, over.input if over else 0.0)
    dear_out = max(price.output, over.output if over else 0.0)
    # Longer requests than a price is known for are not sent.
    given = sum(one if price.up_to is None else min(one, price.up_to) for one in longest)
    share = BATCH_SHARE if batch else 1.0
    return share * (MOST_REPLIES * given * dear_in + len(longest) * _ROOM * limit * dear_out) / 1_000_000


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None

"""One model call of one stage, within a cap: what is sent, what comes back, what the gates say, and what it costs.

How a prompt is tuned, and how the first paid call is no surprise. Where a workspace is, its ledger holds the answer, so
that a build which asks the same need not pay for it again.
"""

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from flows.build_character_set import remembered_budget, remembered_casting
from flows.desk import Desk
from flows.rehearsing import make_upstream, offline_desk, rehearsal, with_writer
from flows.step import Step
from flows.steps import STEPS, WRITTEN
from rolescape_data.errors import InputError, StoppedError, WriterError
from rolescape_data.gates import measure_records
from rolescape_data.gates.decide import decide
from rolescape_data.providers import Purse, client_of, open_route
from rolescape_data.providers.background import background
from rolescape_data.providers.base import Outcome, Request, Writer
from rolescape_data.providers.batch import BatchWriter
from rolescape_data.providers.budget import booked, ledgers_under
from rolescape_data.providers.ledger import Ledger
from rolescape_data.providers.pictures import fitted, pixels
from rolescape_data.providers.prices import price_of, worst_cost
from rolescape_data.providers.tokens import estimate
from rolescape_data.records import RECORDS, ImageRecord
from rolescape_data.routes import Leg, cast
from rolescape_data.settings import load_set
from rolescape_data.stages.base import Result, context_for
from rolescape_data.store.workspace import Workspace, append_log

CAP_USD = 0.5


def try_once(
    set_file: Path,
    character: str,
    kind: str,
    *,
    writer: str | None = None,
    base_url: str | None = None,
    cap_usd: float = CAP_USD,
    number: int = 1,
    workspace: Path | None = None,
) -> dict[str, Any]:
    """Make one call.

    Args:
        set_file: the set.
        character: an id.
        kind: a record kind that a writer is asked for.
        writer: the set's own by default; of several, the first.
        base_url: another server of the same protocol.
        cap_usd: most that the call may cost.
        number: which of the calls that the stage would make first, from 1.
        workspace: default ./NAME.workspace; one that is not there is not made.

    Raises:
        InputError: no such character, kind or call.
        WriterError, StoppedError: the call may cost more than the cap, or cannot be made.
    """
    place = workspace or Path(f"{load_set(set_file).name}.workspace")
    real = Workspace(place) if (place / "set.yaml").is_file() else None
    if real is not None:
        real.claim(load_set(set_file).name, set_file)
    with (
        tempfile.TemporaryDirectory(prefix="rolescape-try-") as folder,
        real.locked() if real else nullcontext(),
    ):
        here = rehearsal(set_file, Path(folder))
        desk = offline_desk(here, character)
        step = _step(kind, desk)
        found = desk.inputs.found
        casting = (
            remembered_casting(real, writer, base_url, found)
            if real is not None
            else cast(found.writer, found.writers, kinds=WRITTEN, flag=writer, base_url=base_url)
        )
        leg = casting.route(kind)[0]
        came_from = make_upstream(desk, step, real)
        root = real if real is not None else here
        ledger = root.character(character).ledger
        ledger.parent.mkdir(parents=True, exist_ok=True)
        spent = sum(booked(path) for path in ledgers_under(root.root))
        lifetime = remembered_budget(real, None, found.budget_usd) if real is not None else found.budget_usd
        left = cap_usd if lifetime is None else min(cap_usd, lifetime - spent)
        purse = Purse(root.root, spent + left if leg.name != "offline" else None, desk.inputs.qa)
        asked = _OneCall(
            open_route((leg,), ledger=ledger, purse=purse), leg, Ledger(ledger), left, desk.inputs.qa, number
        )
        result, tables = _made(with_writer(desk, kind, asked), step, real)
        if asked.request is None or asked.outcome is None:
            raise InputError(
                f"'{kind}' of '{character}' makes {asked.offered or 'no'} call(s) at first, so there is no call {number}. "
                "Choose a smaller `--nth`, or look at what the kind is made from with `rolescape check`."
            )
        if real is not None:
            append_log(real, f"try {character} {kind} {leg.name} {asked.outcome.cost_usd:.6f} USD")
        return {
            "character": character,
            "kind": kind,
            "writer": leg.name,
            "call": f"{number} of {asked.offered}",
            "call_key": asked.outcome.call_key,
            "upstream": came_from,
            "ledger": str(ledger) if real is not None else None,
            "system": asked.request.system,
            "user": asked.request.user,
            "images": _images(asked.request, leg, desk, here, character),
            "raw": asked.outcome.raw,
            "error": asked.outcome.error,
            "detail": asked.outcome.detail,
            "cached": asked.outcome.cached,
            "estimated_input_tokens": asked.expected,
            "input_tokens": asked.outcome.input_tokens,
            "output_tokens": asked.outcome.output_tokens,
            "worst_usd": asked.worst_usd,
            "cost_usd": 0.0 if asked.outcome.cached else asked.outcome.cost_usd,
            **_verdicts(desk, step, result, tables),
        }


class _OneCall:
    """A writer that sends the chosen one of the first requests, and nothing after it."""

    def __init__(
        self, writer: Writer, leg: Leg, ledger: Ledger, left_usd: float, qa: Path | None, number: int
    ) -> None:
        self.name = writer.name
        self.kind: Literal["llm", "vlm", "rule"] = writer.kind
        self.request: Request | None = None
        self.outcome: Outcome | None = None
        self.offered = 0
        self.expected = 0
        self.worst_usd = 0.0
        self._writer = writer
        self._leg = leg
        self._ledger = ledger
        self._left = left_usd
        self._qa = qa
        self._number = number
        if isinstance(writer, BatchWriter):
            # Every paid writer may answer by batches; a try never does.
            writer.online.once = True

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer one request; the others are left open."""
        answers = [Outcome("", None) for _ in requests]
        if self.offered:
            return answers
        self.offered = len(requests)
        if self._number <= len(requests):
            self.request = requests[self._number - 1]
            self._weigh(self.request)
            try:
                (self.outcome,) = self._writer.write([self.request])
            except StoppedError as error:
                if "budget" not in str(error):
                    raise
                raise WriterError(
                    f"The call may cost more than is left of the cap ({self._left:.4f} USD): {self._worst()}"
                ) from error
            finally:
                if isinstance(self._writer, BatchWriter):
                    # The ledger's thread is done with the folder before it is taken away.
                    background().journal.settle()
            answers[self._number - 1] = self.outcome
        return answers

    def _weigh(self, request: Request) -> None:
        client = client_of(self._leg)
        if client is None:
            return
        tokens = estimate(request, client.profile, client.model)
        price = price_of(self._leg.name, base_url=self._leg.base_url, overlay=self._qa)
        self.expected = tokens.expected
        self.worst_usd = worst_cost(price, tokens.most, request.max_tokens)
        paid = isinstance(self._writer, BatchWriter) and self._ledger.find([self._writer.key(request)])
        if self.worst_usd > self._left and not paid:
            raise WriterError(f"Nothing was sent. {self._worst()}")

    def _worst(self) -> str:
        return (
            f"This call may cost up to {self.worst_usd:.4f} USD, and at most {max(0.0, self._left):.4f} may be spent on it. "
            f"Raise `--cap {self.worst_usd * 1.01 + 0.0001:.4f}` (and the workspace's budget, where that is nearer), or choose "
            "a cheaper writer."
        )


def _step(kind: str, desk: Desk) -> Step:
    for step in STEPS:
        if step.kind == kind and step.prompt and kind in desk.blueprint.kinds:
            return step
    known = ", ".join(step.kind for step in STEPS if step.prompt and step.kind in desk.blueprint.kinds)
    raise InputError(f"No writer is asked for '{kind}' in this set. Kinds that can be tried: {known}.")


def _made(desk: Desk, step: Step, real: Workspace | None) -> tuple[Result, dict[str, list[Any]]]:
    folder = desk.workspace.character(desk.material.id)
    tables = {kind: folder.read(RECORDS[kind]) for kind in step.needs if kind in desk.blueprint.kinds}
    if "profile" in step.needs and not tables.get("profile"):
        raise InputError(
            f"'{step.kind}' is made from a profile, and '{desk.material.id}' has none. Try the kind 'profile' first."
        )
    stamp = real.character(desk.material.id).stamps().get(step.kind) if real is not None else None
    return step.make(desk, tables, stamp.take if stamp is not None else 0), tables


def _images(request: Request, leg: Leg, desk: Desk, here: Workspace, character: str) -> list[dict[str, Any]]:
    """Return the pictures as they are sent: name, size in pixels, bytes."""
    stored = here.character(character).read(ImageRecord)
    names = {record.blob_sha256: record.path for record in stored}
    client = client_of(leg)
    shown = []
    for image in request.images:
        width, height = pixels(image.path, image.sha256)
        entry: dict[str, Any] = {
            "file": names.get(image.sha256, image.path.name),
            "sha256": image.sha256,
            "stored": [width, height],
        }
        if client is not None:
            sent = fitted(image, client.profile)
            entry |= {"mime": sent.mime, "sent": [sent.width, sent.height], "bytes": len(sent.data)}
        shown.append(entry)
    return shown


def _verdicts(desk: Desk, step: Step, result: Result, tables: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the records that the answer makes with the gates' verdicts, and those that are dropped with the reasons."""
    ids = [record.id for rows in tables.values() for record in rows] + [
        record.id for record in result.records
    ]
    context = context_for(desk.material, desk.thresholds, ids)
    verdicts = decide(measure_records(result.records, context), desk.thresholds)
    return {
        "records": [record.model_dump(mode="json") for record in result.records],
        "verdicts": [
            {"record": one.record_id, "gate": one.gate, "status": one.status, "reason": one.reason}
            for one in verdicts
            if one.status != "pass"
        ],
        "passed": sum(one.status == "pass" for one in verdicts),
        "rejected": [{"record": row.record_id, "reasons": row.reasons} for row in result.rejects],
    }


def tell_try(found: dict[str, Any]) -> str:
    """Return a try as text, in the order in which it happened."""
    lines = [
        f"{found['kind']} of {found['character']}, call {found['call']} of the first round, by {found['writer']}"
    ]
    if found["upstream"]:
        made = ", ".join(f"{kind} ({where})" for kind, where in found["upstream"].items())
        lines.append(f"Made from: {made}")
    lines += ["", "--- system", found["system"], "", "--- user", found["user"].rstrip(), "", "--- images"]
    for image in found["images"]:
        stored = "x".join(map(str, image["stored"]))
        sent = (
            f"sent as {image['mime']}, {'x'.join(map(str, image['sent']))}, {image['bytes']:,} bytes"
            if "sent" in image
            else "not sent: this writer sees no pictures"
        )
        lines.append(f"{image['file']}: stored {stored}, {sent}")
    if not found["images"]:
        lines.append("none")
    lines += ["", "--- answer", found["raw"] or "(nothing)"]
    if found["error"]:
        lines += ["", f"It cannot be used as it is ({found['error']}): {found['detail']}"]
    lines += [
        "",
        "--- verdicts",
        f"{len(found['records'])} record(s) kept, {found['passed']} measurements pass",
    ]
    lines += [f"{one['status']} {one['record']}: {one['reason']}" for one in found["verdicts"]]
    lines += [f"dropped {one['record']}: {'; '.join(one['reasons'])}" for one in found["rejected"]]
    paid = "from the ledger, nothing paid now" if found["cached"] else f"{found['cost_usd']:.6f} USD"
    lines += [
        "",
        "--- cost",
        f"{found['input_tokens']:,} + {found['output_tokens']:,} tokens (input estimated {found['estimated_input_tokens']:,}), "
        f"{paid}; at most {found['worst_usd']:.6f} was set aside",
    ]
    if found["ledger"]:
        lines.append(f"Kept in {found['ledger']}: a build that asks the same does not pay again.")
    return "\n".join(lines)

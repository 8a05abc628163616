"""A forecast and the ledgers -> what a running build is expected to cost in all, corrected by the replies so far.

The forecast of `rolescape check` knows every request and guesses every reply. After the first 20 replies the guess gives
way to what the model really writes and is really charged for.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows import progress
from flows.desk import Desk
from flows.estimating import Forecast, forecast, forecast_questions, totals
from rolescape_data.errors import RolescapeError
from rolescape_data.providers.budget import ledgers_under
from rolescape_data.providers.ledger import connected
from rolescape_data.routes import Casting
from rolescape_data.store.atomic import write_json
from rolescape_data.store.workspace import Workspace, fingerprint

# Replies after which they are believed more than the guess.
FIRST = 20
# Characters that a build rehearses; `rolescape check` takes more.
SAMPLE = 3
_SECONDS = 2.0
# Calls and what they cost in USD, by kind.
Answered = dict[str, tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Expected:
    """USD of a whole build: as forecast, and as corrected by so many replies (None before the first 20)."""

    forecast_usd: float
    corrected_usd: float | None
    replies: int


@contextmanager
def expecting(workspace: Workspace, set_file: Path, casting: Casting, **chosen: Any) -> Iterator[None]:
    """Tell the display, while the block runs, what the build is expected to cost. Free builds are not forecast."""
    if _free(casting):
        yield
        return
    with _watched(_forecast(workspace, set_file, casting, **chosen), lambda: ledgers_under(workspace.root)):
        yield


@contextmanager
def expecting_questions(desk: Desk, casting: Casting, *, batch: bool) -> Iterator[None]:
    """Tell the display, while the block runs, what one character's questions are expected to take.

    What the ledger held before belongs to other runs, and the build's own forecast stays as it is.
    """
    found = [] if _free(casting) else forecast_questions(desk, casting, batch=batch)
    asked = [one for one in found if one.writer != "offline" and one.calls]
    if not asked:
        yield
        return
    ledger = desk.workspace.character(desk.material.id).ledger
    progress.note(_tell_questions(desk.material.id, asked, batch=batch))
    with _watched(asked, lambda: [ledger], before=_answered([ledger])):
        yield


def _free(casting: Casting) -> bool:
    return {leg.name for route in casting.routes() for leg in route} == {"offline"}


@contextmanager
def _watched(
    found: Sequence[Forecast],
    ledgers: Callable[[], Sequence[Path]],
    *,
    before: Answered | None = None,
) -> Iterator[None]:
    stop = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(found, ledgers, before or {}, stop), name="expecting", daemon=True
    )
    watch.start()
    try:
        yield
    finally:
        stop.set()
        watch.join(5.0)


def expected(workspace: Workspace) -> Expected | None:
    """Return what the workspace's build is expected to cost; None when none was forecast, or no price is known."""
    try:
        said = read_forecast(workspace)
    except (OSError, ValueError, TypeError):
        return None
    return None if said is None else corrected(said, ledgers_under(workspace.root))


def corrected(
    found: Sequence[Forecast], ledgers: Sequence[Path], before: Answered | None = None
) -> Expected | None:
    """Correct a forecast by what ledgers hold, beyond what they held `before` the run that was forecast.

    Tokens of kinds that were asked already are taken as they came; what lies ahead is scaled by how far replies (and
    repairs with them) exceeded the forecast so far.
    """
    whole = totals(found)["usd"]
    if whole is None:
        return None
    answered = _since(before or {}, _answered(ledgers))
    replies = sum(count for count, _ in answered.values())
    by_kind = {one.kind: one for one in found}
    spent = sum(usd for _, usd in answered.values())
    guessed = sum(
        count * (by_kind[kind].usd or 0.0) / by_kind[kind].calls
        for kind, (count, _) in answered.items()
        if kind in by_kind and by_kind[kind].calls
    )
    if replies < FIRST or guessed <= 0:
        return Expected(whole, None, replies)
    known = sum(usd for kind, (_, usd) in answered.items() if kind in by_kind)
    ahead = sum(
        max(0, one.calls - answered.get(one.kind, (0, 0.0))[0]) * (one.usd or 0.0) / one.calls
        for one in found
        if one.calls
    )
    return Expected(whole, spent + ahead * known / guessed, replies)


def tell_expected(found: Expected) -> str:
    """Return it as a line."""
    if found.corrected_usd is None:
        return f"expected cost {found.forecast_usd:.2f} USD (a guess until {FIRST} replies are there)"
    return (
        f"expected cost {found.corrected_usd:.2f} USD by the first {found.replies} replies "
        f"(forecast {found.forecast_usd:.2f})"
    )


def _tell_questions(character: str, found: Sequence[Forecast], *, batch: bool) -> str:
    sums = totals(found)
    price = "for which no price is known" if sums["usd"] is None else f"{sums['usd']:.2f} USD"
    share = " at the half price of batches" if batch and sums["usd"] is not None else ""
    return (
        f"The questions of {character} take about {sums['calls']:,} calls, {sums['input_tokens']:,} + "
        f"{sums['output_tokens']:,} tokens, {price}{share}."
    )


def read_forecast(workspace: Workspace) -> list[Forecast] | None:
    """Return the forecast that a workspace's last paid build began with; None without."""
    path = workspace.root / "forecast.json"
    if not path.is_file():
        return None
    return [Forecast(**row) for row in json.loads(path.read_text(encoding="utf-8"))["kinds"]]


def _forecast(workspace: Workspace, set_file: Path, casting: Casting, **chosen: Any) -> list[Forecast]:
    path = workspace.root / "forecast.json"
    mark = fingerprint(
        {
            "set": workspace.set_file.read_text(encoding="utf-8"),
            "inputs": (workspace.root / "inputs.json").read_text(encoding="utf-8"),
            "casting": casting.model_dump(mode="json"),
            "chosen": repr(sorted(chosen.items())),
        }
    )
    with suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads(path.read_text(encoding="utf-8"))["mark"] == mark:
            return read_forecast(workspace) or []
    found = forecast(set_file, casting, sample=SAMPLE, **chosen)
    write_json(path, {"mark": mark, "kinds": [asdict(one) for one in found]})
    return found


def _watch(
    found: Sequence[Forecast], ledgers: Callable[[], Sequence[Path]], before: Answered, stop: threading.Event
) -> None:
    said = False
    while not stop.wait(_SECONDS):
        with suppress(RolescapeError, sqlite3.Error, OSError):
            now = corrected(found, ledgers(), before)
            if now is None:
                return
            progress.money(tell_expected(now))
            if now.corrected_usd is not None and not said:
                said = True
                progress.note(tell_expected(now).capitalize())


def _since(before: Answered, now: Answered) -> Answered:
    """Return what came in between, and only kinds of which something came."""
    between = {
        kind: (count - before.get(kind, (0, 0.0))[0], usd - before.get(kind, (0, 0.0))[1])
        for kind, (count, usd) in now.items()
    }
    return {kind: found for kind, found in between.items() if found[0] > 0}


def _answered(ledgers: Sequence[Path]) -> Answered:
    """Return calls that are settled and what they cost, by kind; calls that cost nothing belong to other writers."""
    found: Answered = {}
    for path in ledgers:
        if not path.exists():
            continue
        with closing(connected(path)) as database:
            rows = database.execute(
                "SELECT prompt_id, count(*), total(cost_usd) FROM calls "
                "WHERE EXISTS (SELECT 1 FROM attempts WHERE attempts.key = calls.key) GROUP BY prompt_id"
            ).fetchall()
        for kind, count, usd in rows:
            before = found.get(kind, (0, 0.0))
            found[kind] = (before[0] + count, before[1] + usd)
    return found

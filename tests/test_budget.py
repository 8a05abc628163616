"""The cap holds whatever happens: many calls at once, failures, restarts."""

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run

from rolescape_data.errors import StoppedError
from rolescape_data.providers.budget import Budget, budget_of
from rolescape_data.providers.journal import Journal
from rolescape_data.providers.ledger import Ended, Ledger, beginning, ending


def empty(cap: float) -> Budget:
    return Budget(cap, lambda: [])


@settings(max_examples=60, deadline=None)
@given(
    cap=st.floats(0.05, 2.0),
    worst=st.floats(0.001, 0.2),
    seed=st.integers(0, 1000),
    at_once=st.integers(1, 64),
)
def test_what_is_spent_never_exceeds_the_cap_at_any_concurrency(
    cap: float, worst: float, seed: int, at_once: int
) -> None:
    chance = random.Random(seed)
    paid: list[float] = []

    async def main() -> None:
        budget = empty(cap)
        gate = asyncio.Semaphore(at_once)

        async def call() -> None:
            async with gate:
                held = await budget.reserve(worst)
                await asyncio.sleep(chance.random())
                actual = held * chance.choice([0.0, 0.1, 0.5, 1.0])
                paid.append(actual)
                budget.settle(held, actual)

        await asyncio.gather(*(call() for _ in range(100)), return_exceptions=True)

    run(main())

    assert sum(paid) <= cap + 1e-9


def test_a_call_waits_for_what_others_may_give_back_and_does_not_stop_too_early() -> None:
    async def main() -> float:
        budget = empty(1.0)

        async def call() -> None:
            held = await budget.reserve(0.4)
            await asyncio.sleep(1)
            budget.settle(held, 0.1)

        await asyncio.gather(*(call() for _ in range(7)))
        return budget.spent_usd

    # Three at once would reserve 1.20; seven calls of 0.10 fit all the same.
    assert run(main()) == pytest.approx(0.7)


def test_the_stop_names_what_was_spent_and_how_to_go_on() -> None:
    async def main() -> None:
        budget = empty(1.0)
        budget.settle(0.0, 0.95)
        await budget.reserve(0.1)

    with pytest.raises(StoppedError) as stopped:
        run(main())

    said = str(stopped.value)
    assert "0.9500 of 1.0000 USD" in said
    assert "--budget" in said and "budget_usd" in said
    assert stopped.value.exit_status == 3


def test_a_cap_of_zero_sends_nothing_that_costs_and_everything_that_does_not() -> None:
    async def main() -> None:
        budget = empty(0.0)
        assert await budget.reserve(0.0) == 0.0
        with pytest.raises(StoppedError):
            await budget.reserve(0.001)
        budget.settle(0.0, 1.0)
        assert await budget.reserve(0.0) == 0.0, "a model of one's own goes on when the money is spent"

    run(main())


def test_a_bill_above_the_worst_case_makes_the_next_reservation_dearer() -> None:
    async def main() -> float:
        budget = empty(10.0)
        held = await budget.reserve(0.1)
        budget.settle(held, 0.2)
        return await budget.reserve(0.1)

    assert run(main()) == pytest.approx(0.2)


def _fill(root: Path, character: str, *, paid: float, open_usd: float = 0.0) -> Path:
    path = root / "characters" / character / "ledger.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    number = Ledger(path).spent().calls

    async def main() -> None:
        journal = Journal()
        statements = [
            beginning(f"p{number}", 1, "ask", 9.0),
            ending(f"p{number}", 1, Ended("answered", paid)),
        ]
        if open_usd:
            statements.append(beginning(f"o{number}", 1, "ask", open_usd))
        await journal.put(path, *statements)
        journal.settle()

    asyncio.run(main())
    return path


def test_a_restart_counts_every_ledger_of_the_workspace_and_what_was_left_open(tmp_path: Path) -> None:
    _fill(tmp_path, "one", paid=0.30, open_usd=0.20)
    _fill(tmp_path, "two", paid=0.25)

    budget = budget_of(tmp_path, 1.0)
    with budget.opened(lambda: None):
        assert budget.spent_usd == pytest.approx(0.75)


def test_one_budget_is_shared_by_all_who_work_on_a_workspace(tmp_path: Path) -> None:
    first = budget_of(tmp_path, 1.0)

    assert budget_of(tmp_path / "." / "x" / "..", 2.0) is first
    assert first.cap_usd == 2.0
    assert budget_of(tmp_path / "elsewhere", 2.0) is not first


def test_what_another_process_spent_since_is_seen_when_work_begins_again(tmp_path: Path) -> None:
    _fill(tmp_path, "one", paid=0.30)
    budget = budget_of(tmp_path, 1.0)
    with budget.opened(lambda: None):
        pass

    _fill(tmp_path, "one", paid=0.40)

    with budget.opened(lambda: None):
        assert budget.spent_usd == pytest.approx(0.70)
        _fill(tmp_path, "one", paid=0.10)
        with budget.opened(lambda: None):
            assert budget.spent_usd == pytest.approx(0.70), "work in progress is counted as it goes"

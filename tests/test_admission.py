"""How calls are let out, held back and tried again. All of it in virtual time: the clock jumps, nobody waits."""

import asyncio
import math

import pytest
from virtual_time import OK, SimulatedServer, all_429, bucket, every, run

from rolescape_data.errors import StoppedError, WriterError
from rolescape_data.providers.admission import Admission, Ticket
from rolescape_data.providers.pace import Pace
from rolescape_data.providers.wire import Reply, WireFault


def calls(server: SimulatedServer, count: int, *, most: int = 64) -> float:
    """Make so many calls to a simulated server; return the seconds they took."""

    async def main() -> float:
        return await every(Admission("openai:sim", most=most), server.send, count)

    return run(main())


@pytest.mark.parametrize(("most", "share"), [(64, 0.93), (256, 0.80)])
def test_concurrency_grows_to_its_limit_within_a_few_round_trips(most: int, share: float) -> None:
    server = SimulatedServer(latency_s=0.2)

    seconds = calls(server, 2000, most=most)

    assert server.most_in_flight == most
    assert 2000 / most * 0.2 / seconds >= share


@pytest.mark.parametrize("said", [lambda left: left, math.ceil, lambda left: 1.0])
def test_eight_seconds_of_refusals_cost_few_calls_and_no_time_after_them(said: object) -> None:
    server = SimulatedServer(refuse=all_429(8.0, retry_after=said))  # type: ignore[arg-type]

    seconds = calls(server, 300)

    assert server.answered == 300
    assert seconds <= 10.5
    assert server.refused <= 64


@pytest.mark.parametrize("retry_after_s", [None, 0.02, 1.0])
def test_the_rate_of_a_bucket_is_learnt_from_its_refusals(retry_after_s: float | None) -> None:
    server = SimulatedServer(refuse=bucket(50.0, 50.0, retry_after_s=retry_after_s))

    seconds = calls(server, 500)

    assert server.answered == 500
    assert seconds <= 11.5
    assert server.refused <= 40


@pytest.mark.parametrize("burst", [1.0, 10.0])
def test_a_small_bucket_wastes_few_calls_and_loses_none(burst: float) -> None:
    server = SimulatedServer(refuse=bucket(50.0, burst, retry_after_s=None))

    calls(server, 500)

    assert server.answered == 500
    assert server.refused <= 40


def test_retry_after_holds_back_every_waiting_call() -> None:
    sent: list[float] = []

    async def once(ticket: Ticket) -> Reply:
        ticket.sent()
        sent.append(ticket.began)
        if len(sent) == 1:
            raise WireFault("rate_limit", "wait", retry_after_s=7.0, status=429)
        await asyncio.sleep(0.1)
        return OK

    async def main() -> None:
        admission = Admission("openai:sim", most=1)
        await every(admission, once, 5)

    run(main())

    assert sent[1] >= 7.0
    assert len(sent) == 6


def test_a_permanent_429_ends_in_a_resumable_stop_within_a_minute() -> None:
    server = SimulatedServer(refuse=all_429(1e9, retry_after=lambda left: None))

    async def main() -> float:
        with pytest.raises(StoppedError, match=r"openai:sim.*taken no call.*run the same command again"):
            await every(Admission("openai:sim"), server.send, 100)
        return asyncio.get_running_loop().time()

    assert run(main()) <= 60.0
    assert server.seen <= 64


def test_a_wait_of_an_hour_stops_at_once_and_says_how_long() -> None:
    server = SimulatedServer(refuse=all_429(1e9, retry_after=lambda left: 3600.0))

    async def main() -> float:
        with pytest.raises(StoppedError, match="come back in 3600 s"):
            await every(Admission("openai:sim"), server.send, 100)
        return asyncio.get_running_loop().time()

    assert run(main()) < 1.0


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("quota", "Add credit"), ("auth", "Check the key"), ("not_found", "Check the model's name")],
)
def test_what_no_try_can_mend_stops_everything_at_once_with_what_to_do(kind: str, advice: str) -> None:
    server = SimulatedServer(refuse=lambda server, now: WireFault(kind, "no", status=400))  # type: ignore[arg-type]

    async def main() -> float:
        with pytest.raises(WriterError, match=advice):
            await every(Admission("openai:sim"), server.send, 500)
        return asyncio.get_running_loop().time()

    assert run(main()) < 1.0
    assert server.seen <= 16


def test_first_tries_that_end_in_500_are_made_again_beside_the_others() -> None:
    tries: dict[int, int] = {}
    order: list[tuple[int, int]] = []

    def call(number: int):  # type: ignore[no-untyped-def]
        async def once(ticket: Ticket) -> Reply:
            ticket.sent()
            tries[number] = tries.get(number, 0) + 1
            order.append((number, tries[number]))
            await asyncio.sleep(0.1)
            if tries[number] == 1:
                raise WireFault("overloaded", "500", status=500)
            return OK

        return once

    async def main() -> None:
        admission = Admission("openai:sim", most=16)
        await asyncio.gather(*(admission.run(call(number), kind="k", tokens=1) for number in range(200)))

    run(main())

    assert all(count == 2 for count in tries.values())
    second_tries = [place for place, (_, attempt) in enumerate(order) if attempt == 2]
    assert second_tries[0] < 100, "the first second try waited for the first tries of everybody"


def test_a_call_that_alone_fails_does_not_stop_the_others() -> None:
    async def poison(ticket: Ticket) -> Reply:
        raise WireFault("overloaded", "this one kills the server", status=500)

    async def fine(ticket: Ticket) -> Reply:
        await asyncio.sleep(0.2)
        return OK

    async def main() -> list[object]:
        admission = Admission("openai:sim", most=8)
        work = [admission.run(poison, kind="k", tokens=1)]
        work += [admission.run(fine, kind="k", tokens=1) for _ in range(8000)]
        return list(await asyncio.gather(*work, return_exceptions=True))

    first, *others = run(main())

    assert isinstance(first, WireFault)
    assert others == [OK] * 8000


def test_an_outage_in_the_middle_of_a_run_fails_no_call_on_its_own_account() -> None:
    def down(server: SimulatedServer, now: float) -> WireFault | None:
        return WireFault("overloaded", "out of order", status=503) if 2 < now < 42 else None

    server = SimulatedServer(latency_s=0.5, refuse=down)

    seconds = calls(server, 500)

    assert server.answered == 500
    assert 42 <= seconds <= 60


def test_refusals_before_do_not_use_up_the_tries_of_another_failure() -> None:
    faults = [WireFault("rate_limit", "wait", retry_after_s=0.5, status=429)] * 30
    faults += [WireFault("connection", "reset")]

    async def once(ticket: Ticket) -> Reply:
        ticket.sent()
        if faults:
            raise faults.pop(0)
        return OK

    assert run(Admission("openai:sim").run(once, kind="k", tokens=1)) == OK


def test_a_server_that_answers_nobody_is_given_up() -> None:
    async def refused(ticket: Ticket) -> Reply:
        raise WireFault("connection", "connection refused")

    async def main() -> float:
        with pytest.raises(StoppedError, match="connection refused"):
            await every(Admission("openai:sim"), refused, 20)
        return asyncio.get_running_loop().time()

    assert run(main()) <= 60.0


def test_what_answers_but_cannot_be_read_may_be_charged_for_and_is_asked_few_times() -> None:
    sent: list[float] = []

    async def unreadable(ticket: Ticket) -> Reply:
        sent.append(asyncio.get_running_loop().time())
        raise WireFault("overloaded", "the server answered with something other than JSON")

    async def main() -> None:
        with pytest.raises(StoppedError, match="other than JSON"):
            await Admission("openai:sim").run(unreadable, kind="k", tokens=1)

    run(main())

    assert len(sent) == 6


def test_a_server_that_is_started_anew_in_the_middle_of_a_run_is_waited_for() -> None:
    def gone(server: SimulatedServer, now: float) -> WireFault | None:
        fault = WireFault("connection", "connection refused")
        fault.__context__ = ConnectionRefusedError()
        return fault if 2 < now < 42 else None

    server = SimulatedServer(latency_s=0.5, refuse=gone)

    seconds = calls(server, 500)

    assert server.answered == 500
    assert 42 <= seconds <= 60


def test_an_address_where_nobody_ever_answered_is_given_up_within_seconds() -> None:
    async def nobody(ticket: Ticket) -> Reply:
        raise WireFault("connection", "connection refused") from ConnectionRefusedError()

    async def main() -> float:
        with pytest.raises(StoppedError, match="connection refused"):
            await every(Admission("openai:sim"), nobody, 20)
        return asyncio.get_running_loop().time()

    assert run(main()) <= 15.0


def test_latency_is_the_signal_of_a_server_that_never_refuses() -> None:
    server = SimulatedServer(latency_s=0.5, slots=4)
    admission = Admission("openai:own", most=64)

    async def main() -> float:
        return await every(admission, server.send, 400)

    seconds = run(main())

    assert admission.limit <= 24, "calls pile up in front of a server that takes four"
    assert seconds <= 1.05 * 400 / 4 * 0.5, "the server was kept busy all the same"


def test_a_first_call_that_waits_for_a_connection_or_a_model_to_load_keeps_nobody_back() -> None:
    server = SimulatedServer(latency_s=0.2)

    async def cold(ticket: Ticket) -> Reply:
        first = admission.successes == 0
        reply = await server.send(ticket)
        await asyncio.sleep(5.0 if first else 0.0)
        return reply

    async def main() -> float:
        await admission.run(cold, kind="test", tokens=1)
        began = asyncio.get_running_loop().time()
        await every(admission, cold, 256)
        return asyncio.get_running_loop().time() - began

    admission = Admission("openai:sim", most=64)

    assert run(main()) <= 1.4 * 256 / 64 * 0.2


def test_waiting_in_the_queue_is_not_latency() -> None:
    server = SimulatedServer(latency_s=0.2)
    admission = Admission("openai:sim", most=2)

    async def main() -> float:
        return await every(admission, server.send, 400)

    run(main())

    assert admission.limit == 2


def test_limits_told_in_headers_are_paced_by_the_second() -> None:
    sent: list[float] = []
    told = Reply("{}", "stop", 100, 50, "simulated", requests_per_minute=600)

    async def once(ticket: Ticket) -> Reply:
        ticket.sent()
        sent.append(ticket.began)
        await asyncio.sleep(0.1)
        return told

    async def main() -> float:
        return await every(Admission("openai:sim"), once, 200)

    seconds = run(main())

    per_second = [sum(start <= at < start + 1 for at in sent) for start in range(5, int(seconds))]
    assert max(per_second) <= 12, "ten a second, and not sixty at the start of a minute"
    assert 200 / 10 * 0.8 <= seconds <= 200 / 10 * 1.1


def test_tokens_a_minute_are_paced_by_what_calls_really_use() -> None:
    told = Reply("{}", "stop", 900, 100, "simulated", tokens_per_minute=600_000)
    server = SimulatedServer(latency_s=0.1, reply=told)

    async def main() -> float:
        admission = Admission("openai:sim")
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(admission.run(server.send, kind="k", tokens=5000) for _ in range(200)))
        return loop.time()

    # 200 calls of 1,000 tokens at 10,000 a second, although each was announced as 5,000.
    assert 18.0 <= run(main()) <= 24.0


def test_what_waits_when_the_writer_stops_is_told_so_too_and_new_calls_for_a_while() -> None:
    server = SimulatedServer(refuse=lambda server, now: WireFault("auth", "wrong key", status=401))

    async def main() -> tuple[int, int]:
        admission = Admission("openai:sim")
        for _ in range(3):
            with pytest.raises(WriterError):
                await admission.run(server.send, kind="k", tokens=1)
        while_stopped = server.seen
        await asyncio.sleep(60)
        with pytest.raises(WriterError):
            await admission.run(server.send, kind="k", tokens=1)
        return while_stopped, server.seen

    assert run(main()) == (1, 2)


def test_a_call_that_is_cancelled_leaves_its_place_to_others() -> None:
    server = SimulatedServer(latency_s=10.0)

    async def main() -> Reply:
        admission = Admission("openai:sim", most=1)
        first = asyncio.create_task(admission.run(server.send, kind="k", tokens=1))
        await asyncio.sleep(1)
        second = asyncio.create_task(admission.run(server.send, kind="k", tokens=1))
        third = asyncio.create_task(admission.run(server.send, kind="k", tokens=1))
        await asyncio.sleep(1)
        second.cancel()
        first.cancel()
        reply = await third
        assert admission.in_flight == 0
        return reply

    assert run(main()) == server.reply


def test_calls_that_fail_for_good_leave_their_places_to_those_that_wait() -> None:
    async def too_large(ticket: Ticket) -> Reply:
        raise WireFault("too_large", "too many tokens", status=400)

    async def main() -> list[object]:
        admission = Admission("openai:sim", most=2)
        work = [admission.run(too_large, kind="k", tokens=1) for _ in range(50)]
        return list(await asyncio.gather(*work, return_exceptions=True))

    assert [type(end) for end in run(main())] == [WireFault] * 50


def test_a_pace_lets_no_more_pass_than_its_rate_and_its_burst() -> None:
    pace = Pace(rate=10.0, burst_s=1.0)
    now, passed = 0.0, 0

    while now < 10.0:
        wait = pace.wait(now)
        if wait <= 1e-9:
            pace.take(now, 1)
            passed += 1
        else:
            now += wait

    assert 100 <= passed <= 112


def test_one_slow_second_does_not_keep_a_run_slow() -> None:
    async def once(ticket: Ticket) -> Reply:
        ticket.sent()
        slow = 0.1 < asyncio.get_running_loop().time() < 1.0
        await asyncio.sleep(0.9 if slow else 0.2)
        return OK

    async def main() -> float:
        return await every(Admission("openai:sim", most=256), once, 8000)

    # 6.4 s are the least that 256 at once could take.
    assert run(main()) <= 13.0

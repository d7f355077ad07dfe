"""How many requests are under way finds its own level."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from muniment.engines.openai.limiter import START, Limiter, Slot
from tests.engines.openai.scripted import Clock


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def answer(limiter: Limiter, clock: Clock, rate: float) -> None:
    """As many answers as the limit, at so many a second for each request under way, and no more than 100 in all."""
    count = limiter.limit
    clock.now += count / min(rate * count, 100)
    for _ in range(count):
        limiter.answered()


def test_no_more_than_the_limit_are_under_way() -> None:
    async def work() -> None:
        limiter, most = Limiter(most=3), 0

        async def one() -> None:
            nonlocal most
            async with limiter.slot():
                most = max(most, limiter.held)
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(20)))
        assert most == 3
        assert (limiter.held, limiter.waiting) == (0, 0)

    run(work)


def test_it_rises_while_that_brings_more_answers_and_goes_back_when_it_does_not() -> None:
    async def work() -> None:
        clock = Clock()
        limiter = Limiter(most=1000, clock=clock)
        for _ in range(40):
            answer(limiter, clock, rate=1.0)
        assert 80 <= limiter.limit <= 160  # the server answers 100 a second, whatever it is sent beyond that

    run(work)


def test_where_it_may_not_go_so_high_any_more_it_comes_down_and_stays_there() -> None:
    async def work() -> None:
        clock = Clock()
        limiter = Limiter(most=1000, clock=clock)
        answer(limiter, clock, rate=0.1)  # which makes it rise, to see whether that is better
        assert limiter.limit > START
        limiter.lower(10)
        assert limiter.limit == 10
        for _ in range(20):
            answer(limiter, clock, rate=0.1)
        assert limiter.limit == 10

    run(work)


def turn_away(limiter: Limiter, level: int, count: int) -> None:
    for _ in range(count):
        limiter.overloaded(Slot(level))


def test_it_falls_once_for_a_crowd_that_was_turned_away_together() -> None:
    async def work() -> None:
        limiter = Limiter()
        turn_away(limiter, 0, 50)
        assert limiter.limit == int(START * 0.7)
        turn_away(limiter, 1, 44)
        assert limiter.limit == int(int(START * 0.7) * 0.7)

    run(work)


def test_it_stays_where_it_is_for_what_happens_now_and_then() -> None:
    async def work() -> None:
        limiter = Limiter(most=START)
        for _ in range(100):
            for _ in range(19):
                limiter.answered()
            limiter.overloaded(Slot(0))
        assert limiter.limit == START

    run(work)


def test_it_never_falls_below_one() -> None:
    async def work() -> None:
        limiter = Limiter()
        for level in range(50):
            turn_away(limiter, level, START)
        assert limiter.limit == 1

    run(work)


def test_of_those_who_wait_the_lowest_turn_goes_first() -> None:
    order: list[int] = []

    async def one(limiter: Limiter, turn: int) -> None:
        async with limiter.slot(turn):
            order.append(turn)
            await asyncio.sleep(0)

    async def work() -> None:
        limiter = Limiter(most=1)
        async with limiter.slot():
            waiting = [asyncio.create_task(one(limiter, turn)) for turn in (3, 1, 2, 1)]
            await asyncio.sleep(0)
            assert limiter.waiting == 4
        await asyncio.gather(*waiting)

    run(work)
    assert order == [1, 1, 2, 3]


def test_nothing_is_sent_before_the_server_wants_it() -> None:
    async def work() -> None:
        limiter = Limiter(most=2)
        limiter.overloaded(Slot(0), retry_after=0.05)
        before = asyncio.get_running_loop().time()
        async with limiter.slot():
            assert asyncio.get_running_loop().time() - before >= 0.04

    run(work)


def test_a_wait_that_is_cancelled_gives_its_place_back() -> None:
    async def work() -> None:
        limiter = Limiter(most=1)
        async with limiter.slot():
            waiting = asyncio.create_task(limiter.slot().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with limiter.slot():
            assert limiter.held == 1

    run(work)

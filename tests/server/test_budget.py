"""Memory for bodies is lent in order, never beyond what there is, and always comes back."""

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from muniment.server.budget import ByteBudget
from muniment.server.errors import ApiError
from tests.server import virtual_time

TOTAL = 10
PATIENCE = 30.0


@dataclass
class Borrower:
    """Takes ``wanted`` after some turns of the loop, holds it for some, and is cancelled in the middle if told so."""

    owner: str
    wanted: int
    comes: int
    holds: int
    cancelled_after: int | None


BORROWERS = st.builds(
    Borrower,
    st.sampled_from(["", "a", "b"]),
    st.integers(0, 14),
    st.integers(0, 6),
    st.integers(0, 6),
    st.one_of(st.none(), st.integers(0, 12)),
)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@given(st.lists(BORROWERS, max_size=8))
def test_it_never_lends_more_than_there_is_and_all_comes_back(borrowers: list[Borrower]) -> None:
    budget = ByteBudget(TOTAL, PATIENCE)
    lent: list[tuple[str, int]] = []

    async def borrow(borrower: Borrower) -> None:
        await turns(borrower.comes)
        async with budget.take(borrower.wanted, borrower.owner):
            one = (borrower.owner, min(borrower.wanted, TOTAL))
            lent.append(one)
            assert 0 <= budget.free <= TOTAL - sum(count for _, count in lent)
            try:
                await turns(borrower.holds)
            finally:
                lent.remove(one)

    async def cancel(task: "asyncio.Task[None]", after: int) -> None:
        await turns(after)
        task.cancel()

    async def work() -> None:
        tasks = [asyncio.create_task(borrow(borrower)) for borrower in borrowers]
        cancelling = [
            cancel(task, borrower.cancelled_after)
            for task, borrower in zip(tasks, borrowers, strict=True)
            if borrower.cancelled_after is not None
        ]
        ends = await asyncio.gather(*tasks, *cancelling, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)

    asyncio.run(asyncio.wait_for(work(), 10))
    assert budget.free == TOTAL


def order_of(*wanted: int, leaves: int | None = None) -> list[int]:
    """Who gets their bytes, in order, while half are lent; ``leaves`` does not wait any more."""
    served: list[int] = []

    async def borrow(budget: ByteBudget, number: int) -> None:
        async with budget.take(wanted[number], ""):
            served.append(number)
            await turns(2)

    async def work() -> None:
        budget = ByteBudget(TOTAL, PATIENCE)
        async with budget.take(TOTAL // 2, ""):
            tasks = [asyncio.create_task(borrow(budget, number)) for number in range(len(wanted))]
            await turns(2)
            if leaves is not None:
                tasks[leaves].cancel()
                await turns(2)
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(work(), 10))
    return served


def test_who_asks_for_little_does_not_overtake_who_asks_for_much() -> None:
    assert order_of(9, 2, 1) == [0, 1, 2]


def test_who_leaves_does_not_hold_up_those_behind() -> None:
    assert order_of(10, 2, 1, leaves=0) == [1, 2]


def test_who_asks_for_more_than_there_is_gets_all_of_it() -> None:
    assert order_of(1_000, 1) == [0, 1]


def held_by(*asked: tuple[str, int]) -> list[tuple[str, int]]:
    """Who has their bytes once all have asked in this order and nobody gives any back."""
    holding: list[tuple[str, int]] = []

    async def hold(budget: ByteBudget, owner: str, wanted: int) -> None:
        async with budget.take(wanted, owner):
            holding.append((owner, wanted))
            await asyncio.sleep(3600)

    async def work() -> None:
        budget = ByteBudget(TOTAL, PATIENCE)
        tasks = [asyncio.create_task(hold(budget, *one)) for one in asked]
        await turns(3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert budget.free == TOTAL

    asyncio.run(asyncio.wait_for(work(), 10))
    return holding


def test_who_holds_some_leaves_as_much_to_others() -> None:
    a, b, c = ("a", 2), ("b", 2), ("c", 2)
    assert held_by(*[a] * 9) == [a] * 2, "half of ten, in twos"
    assert held_by(*[a] * 9, *[b] * 9) == [a, a, b], "half of what a leaves"
    assert held_by(*[a] * 9, *[b] * 9, c) == [a, a, b, c]


def test_who_holds_none_may_have_more_than_half() -> None:
    assert held_by(("a", 8), ("a", 1), ("b", 2)) == [("a", 8), ("b", 2)]


def test_while_there_are_no_keys_everything_is_used() -> None:
    assert held_by(*[("", 5)] * 3) == [("", 5)] * 2


def test_who_waits_for_their_own_gets_it_when_they_give_back() -> None:
    async def work() -> list[str]:
        budget, served = ByteBudget(TOTAL, PATIENCE), []

        async def borrow(name: str, wanted: int) -> None:
            async with budget.take(wanted, "a"):
                served.append(name)

        async with budget.take(6, "a"):
            waiting = asyncio.create_task(borrow("second", 4))
            await turns(3)
            assert served == []
        await waiting
        return served

    assert asyncio.run(asyncio.wait_for(work(), 10)) == ["second"]


@given(st.lists(st.integers(1, TOTAL), max_size=12), st.integers(1, TOTAL))
def test_nobody_alone_shuts_another_out_of_a_small_share(first: list[int], wanted: int) -> None:
    """Whatever one asks for, another gets what is left of it: all bytes but one body's, or half."""
    held = held_by(*[("a", each) for each in first], ("b", wanted))
    left = TOTAL - max(first[0] if first else 0, TOTAL // 2)
    assert (("b", wanted) in held) or wanted > left


# how many wait, and how long


def turned_away(*asked: tuple[str, int]) -> list[int]:
    """Which of them are not let wait, while all is lent to somebody else."""

    async def work() -> list[int]:
        budget = ByteBudget(TOTAL, PATIENCE)
        async with budget.take(TOTAL, "somebody"):
            tasks = [asyncio.create_task(_take(budget, owner, wanted)) for owner, wanted in asked]
            await turns(3)
            away = [number for number, task in enumerate(tasks) if task.done() and is_full(task.exception())]
        await asyncio.gather(*tasks, return_exceptions=True)
        assert budget.free == TOTAL
        return away

    return virtual_time.run(work())


async def _take(budget: ByteBudget, owner: str, wanted: int, seconds: float = 0.0) -> float:
    """When it came to its bytes, which it then held for some seconds."""
    async with budget.take(wanted, owner):
        came = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
    return came


def is_full(error: BaseException | None) -> bool:
    return isinstance(error, ApiError) and (error.status, error.code, error.retry_after) == (503, "queue_full", 30)


def test_so_many_wait_and_no_more() -> None:
    assert turned_away(*[("", 1)] * 514) == [512, 513]


def test_half_of_the_places_are_for_those_who_have_none() -> None:
    assert turned_away(*[("a", 1)] * 257, ("b", 1), ("b", 1), ("c", 1)) == [256, 258]
    assert turned_away(*[("a", 1)] * 256, *[(f"key-{number}", 1) for number in range(257)]) == [512]


def ends(*asked: tuple[str, int, float]) -> list[float | None]:
    """When each came to its bytes, all having asked at 0 and holding them for some seconds; None if it did not."""

    async def work() -> list[float | None]:
        budget = ByteBudget(TOTAL, PATIENCE)
        tasks = [asyncio.create_task(_take(budget, *one)) for one in asked]
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(is_full(each) for each in found if isinstance(each, BaseException))
        assert budget.free == TOTAL
        return [None if isinstance(each, BaseException) else round(each) for each in found]

    return virtual_time.run(work())


def test_it_is_waited_for_as_long_as_memory_comes_back() -> None:
    """However long in all: 256 who each take a while are all served."""
    assert ends(*[("", TOTAL, 29.0)] * 256) == [29 * number for number in range(256)]


def test_when_none_comes_back_for_so_long_those_who_wait_are_turned_away() -> None:
    assert ends(("", TOTAL, 31.0), ("", 1, 0.0)) == [0, None]
    assert ends(("", 6, 20.0), ("", 4, 60.0), ("", TOTAL, 0.0)) == [0, 0, None]


def test_what_others_give_back_is_no_hope_for_who_has_had_their_share() -> None:
    others = [("b", 2, 20.0), ("b", 2, 20.0), ("b", 2, 20.0)]
    assert ends(("a", 4, 100.0), ("a", 4, 0.0), *others) == [0, None, 0, 20, 40]
    assert ends(("a", 4, 29.0), ("a", 4, 0.0)) == [0, 29]

"""Memory for bodies is lent in order, never beyond what there is, and always comes back."""

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from muniment.server.budget import ByteBudget

TOTAL = 10


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
    budget = ByteBudget(TOTAL)
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
        budget = ByteBudget(TOTAL)
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
        budget = ByteBudget(TOTAL)
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
        budget, served = ByteBudget(TOTAL), []

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

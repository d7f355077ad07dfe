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

    wanted: int
    comes: int
    holds: int
    cancelled_after: int | None


BORROWERS = st.builds(
    Borrower, st.integers(0, 14), st.integers(0, 6), st.integers(0, 6), st.one_of(st.none(), st.integers(0, 12))
)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@given(st.lists(BORROWERS, max_size=8))
def test_it_never_lends_more_than_there_is_and_all_comes_back(borrowers: list[Borrower]) -> None:
    budget = ByteBudget(TOTAL)
    lent: list[int] = []

    async def borrow(borrower: Borrower) -> None:
        await turns(borrower.comes)
        async with budget.take(borrower.wanted):
            lent.append(min(borrower.wanted, TOTAL))
            assert 0 <= budget.free <= TOTAL - sum(lent)
            try:
                await turns(borrower.holds)
            finally:
                lent.remove(min(borrower.wanted, TOTAL))

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
        async with budget.take(wanted[number]):
            served.append(number)
            await turns(2)

    async def work() -> None:
        budget = ByteBudget(TOTAL)
        async with budget.take(TOTAL // 2):
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

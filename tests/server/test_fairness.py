"""Never more leaves than there are, everybody in turn, and none lost, whatever is cancelled and when."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from muniment.server.errors import ApiError
from muniment.server.fairness import FairSlots
from tests.server.conftest import Clock


class Work:
    """Tasks that take a leave, note it, and hold it until they are let go."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.order: list[str] = []
        self.working: list[tuple[str, asyncio.Event]] = []

    def start(self, owner: str, patience: float | None = None, *, is_job: bool = False) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self._work(owner, patience, is_job=is_job))

    async def _work(self, owner: str, patience: float | None, *, is_job: bool) -> None:
        async with self.slots.take(owner, patience, is_job=is_job):
            place = owner, asyncio.Event()
            self.order.append(f"{owner}'s job" if is_job else owner)
            self.working.append(place)
            try:
                await place[1].wait()
            finally:
                self.working.remove(place)

    async def end_one(self) -> None:
        self.working[0][1].set()
        await settle()

    async def end_all(self) -> None:
        while self.working:
            await self.end_one()


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def in_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    async def work() -> None:
        await asyncio.wait_for(test(), 20)

    def run() -> None:
        asyncio.run(work())

    run.__name__ = getattr(test, "__name__", "run")
    return run


@in_loop
async def test_no_more_leaves_are_out_than_there_are() -> None:
    work = Work(FairSlots(3, 100))
    for _ in range(10):
        work.start("one")
    await settle()
    assert (len(work.working), work.slots.held, work.slots.waiting) == (3, 3, 7)
    await work.end_all()
    assert (len(work.order), work.slots.held, work.slots.waiting) == (10, 0, 0)


@in_loop
async def test_one_who_has_a_thousand_waiting_delays_another_by_one() -> None:
    work = Work(FairSlots(1, 2000))
    for _ in range(1000):
        work.start("crowd")
    await settle()
    await work.end_one()
    work.start("other")
    await settle()
    await work.end_one()
    assert work.order == ["crowd", "crowd", "other"]
    await work.end_all()


@in_loop
async def test_owners_take_turns_and_each_is_served_first_come_first_served() -> None:
    slots, order = FairSlots(1, 100), []

    async def take(owner: str, number: int) -> None:
        async with slots.take(owner):
            order.append((owner, number))
            await settle()

    tasks = [asyncio.create_task(take(owner, number)) for owner in ("a", "b", "c") for number in range(3)]
    await asyncio.gather(*tasks)
    assert order == [(owner, number) for number in range(3) for owner in ("a", "b", "c")]


@in_loop
async def test_one_who_comes_back_again_and_again_does_not_keep_another_waiting() -> None:
    work = Work(FairSlots(1, 100))
    work.start("eager")
    await settle()
    for _ in range(3):
        work.start("patient")
    for _ in range(6):
        work.start("eager")
        await work.end_one()
    assert work.order == ["eager", "patient", "eager", "patient", "eager", "patient", "eager"]
    await work.end_all()


@in_loop
async def test_of_an_owners_turns_every_second_goes_to_its_jobs() -> None:
    work = Work(FairSlots(1, 100))
    for _ in range(4):
        work.start("one", is_job=True)
    await settle()
    for _ in range(5):
        work.start("one")
    await settle()
    await work.end_all()
    assert work.order == ["one's job", *["one", "one's job"] * 3, "one", "one"]


@in_loop
async def test_an_owner_with_jobs_has_no_more_turns_than_one_without() -> None:
    work = Work(FairSlots(1, 100))
    for _ in range(3):
        work.start("both", is_job=True)
        work.start("both")
        work.start("other")
    await settle()
    await work.end_all()
    assert work.order == ["both's job", "other", "both", "other", "both's job", "other", "both", "both's job", "both"]


@in_loop
async def test_a_full_queue_answers_at_once() -> None:
    work = Work(FairSlots(1, 2))
    for _ in range(3):
        work.start("one")
    await settle()
    late = work.start("one")
    await settle()
    with pytest.raises(ApiError) as told:
        await late
    assert (told.value.status, told.value.type, told.value.code) == (503, "overloaded_error", "queue_full")
    await work.end_all()
    assert work.order == ["one"] * 3


@in_loop
async def test_one_who_fills_the_queue_does_not_shut_it_for_others_until_they_are_as_many() -> None:
    work = Work(FairSlots(1, 2))
    for _ in range(3):
        work.start("crowd")
    await settle()
    for owner in ("a", "b"):
        work.start(owner)
    await settle()
    for owner in ("a", "c"):
        refused = work.start(owner)
        await settle()
        assert isinstance(refused.exception(), ApiError)
    assert work.slots.waiting == 4
    await work.end_all()
    assert work.order == ["crowd", "a", "b", "crowd", "crowd"]


@in_loop
async def test_without_a_queue_a_free_leave_is_given_and_no_other() -> None:
    work = Work(FairSlots(1, 0))
    work.start("one")
    refused = work.start("other")
    await settle()
    assert isinstance(refused.exception(), ApiError)
    await work.end_all()
    assert work.order == ["one"]


@in_loop
async def test_when_to_retry_is_half_the_queue_as_fast_as_leaves_came_free_lately() -> None:
    clock = Clock()
    slots = FairSlots(2, 8, clock)
    for _ in range(50):
        async with slots.take("one"):
            clock.seconds += 10
    work = Work(slots)
    for _ in range(10):
        work.start("one")
    await settle()
    late = work.start("one")
    await settle()
    with pytest.raises(ApiError) as told:
        await late
    assert told.value.retry_after == 20  # four of eight, two at once, ten seconds each
    await work.end_all()


@in_loop
async def test_a_queue_is_not_full_if_those_who_wait_can_go_on() -> None:
    number = 1
    work = Work(FairSlots(lambda: number, 2))
    for _ in range(3):
        work.start("one")
    await settle()
    number = 2
    late = work.start("one")
    await settle()
    assert not late.done()
    assert (work.slots.held, work.slots.waiting) == (2, 2)
    await work.end_all()


@in_loop
async def test_patience_ends_and_leaves_nothing_behind() -> None:
    work = Work(FairSlots(1, 10))
    work.start("one")
    await settle()
    with pytest.raises(ApiError) as told:
        await work.start("other", patience=0.01)
    assert (told.value.status, work.slots.waiting, work.slots.held) == (503, 0, 1)
    await work.end_all()
    assert work.slots.held == 0


@in_loop
async def test_patience_is_for_waiting_and_not_for_work() -> None:
    work = Work(FairSlots(1, 10))
    task = work.start("one", patience=0.01)
    await asyncio.sleep(0.03)
    assert (task.done(), work.slots.held) == (False, 1)
    await work.end_all()
    assert (task.done(), task.exception(), work.slots.held) == (True, None, 0)


@in_loop
async def test_a_time_that_is_over_in_the_work_itself_is_not_taken_for_impatience() -> None:
    slots = FairSlots(1, 10)
    with pytest.raises(TimeoutError):
        async with slots.take("one", patience=60):
            raise TimeoutError
    assert slots.held == 0


@in_loop
async def test_more_slots_are_noticed_when_a_leave_is_asked_for_or_given_back() -> None:
    number = 1
    work = Work(FairSlots(lambda: number, 100))
    for _ in range(8):
        work.start("one")
    await settle()
    number = 3
    work.start("one")
    await settle()
    assert work.slots.held == 3
    number = 5
    await work.end_one()
    assert work.slots.held == 5
    number = 0  # one is given anyway, so that there is somebody to notice when there are more
    for _ in range(4):
        await work.end_one()
    assert (work.slots.held, work.slots.waiting) == (1, 3)
    await work.end_all()
    assert len(work.order) == 9


@settings(deadline=None)
@given(slots=st.integers(1, 3), steps=st.lists(st.sampled_from([*"abcdCD", "end", "end"]), max_size=60))
def test_while_one_waits_no_other_has_two_turns(slots: int, steps: list[str]) -> None:
    """Capitals stand for an owner's jobs."""

    async def work() -> None:
        work = Work(FairSlots(slots, 100))
        waiting: Counter[str] = Counter()
        passed: Counter[tuple[str, str]] = Counter()  # (who waits, who had a turn meanwhile)
        for step in [*steps, *["end"] * len(steps)]:
            if step == "end":
                if not work.working:
                    continue
                await work.end_one()
            else:
                waiting[step.lower()] += 1
                work.start(step.lower(), is_job=step.isupper())
                await settle()
            for owner in (turn[0] for turn in work.order):
                waiting[owner] -= 1
                passed = Counter({pair: turns for pair, turns in passed.items() if pair[0] != owner})
                passed.update((other, owner) for other in waiting if other != owner and waiting[other])
            work.order.clear()
            assert max(passed.values(), default=0) <= 1
        assert not any(waiting.values())

    asyncio.run(work())


class Turns(RuleBasedStateMachine):
    """Asking, giving back, cancelling and another number of slots in any order, with the loop run in between or not."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.number = 1
        self.tasks: list[tuple[str, asyncio.Task[None]]] = []
        self.work = Work(FairSlots(lambda: self.number, 6))

    @initialize(number=st.integers(1, 3))
    def begin(self, number: int) -> None:
        self.number = number

    @rule(owner=st.sampled_from("abcd"), patience=st.sampled_from([None, None, 0.0]), is_job=st.booleans())
    def ask(self, owner: str, patience: float | None, *, is_job: bool) -> None:
        async def start() -> "asyncio.Task[None]":
            return self.work.start(owner, patience, is_job=is_job)

        self.tasks.append((owner, self.loop.run_until_complete(start())))

    @precondition(lambda self: self.work.working)
    @rule(which=st.integers(0, 100))
    def end(self, which: int) -> None:
        self.work.working[which % len(self.work.working)][1].set()

    @precondition(lambda self: self.tasks)
    @rule(which=st.integers(0, 100))
    def cancel(self, which: int) -> None:
        self.tasks[which % len(self.tasks)][1].cancel()

    @rule(number=st.integers(1, 4))
    def change(self, number: int) -> None:
        self.number = number

    @rule()
    def let_go_on(self) -> None:
        self.loop.run_until_complete(settle())
        self.collect()
        slots = self.work.slots
        assert slots.held == len(self.work.working)
        assert slots.held + slots.waiting == len(self.tasks)

    def collect(self) -> None:
        """Forget tasks that have ended, as they may."""
        for _, task in self.tasks:
            if task.done():
                with suppress(ApiError, asyncio.CancelledError):
                    task.result()
        self.tasks = [(owner, task) for owner, task in self.tasks if not task.done()]

    @invariant()
    def no_more_are_out_than_ever_were_allowed(self) -> None:
        assert len(self.work.working) <= self.work.slots.held <= 4
        assert 0 <= self.work.slots.waiting <= 12

    def teardown(self) -> None:
        self.number = 2
        self.loop.run_until_complete(settle())
        while self.work.working:
            self.loop.run_until_complete(self.work.end_one())
            self.let_go_on()
            # Nobody waits while a leave is free: no waking was lost.
            assert not self.work.slots.waiting or self.work.slots.held >= 2
        self.let_go_on()
        assert (self.work.slots.held, self.work.slots.waiting, self.tasks) == (0, 0, [])
        self.loop.close()


TestTurns = Turns.TestCase
TestTurns.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

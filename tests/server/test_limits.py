"""A key gets what it may have and no more, is told truly when to come again, and a restart forgets no page."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.server.errors import ApiError
from muniment.server.keys import Key, KeyLimits, KeyStore
from muniment.server.limits import Charge, Gate
from muniment.server.store import Database
from tests.server.conftest import Clock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
HALF_A_DAY = 12 * 3600


class Service:
    """A gate and clocks to turn."""

    def __init__(self, database: Database) -> None:
        self.clock, self.now = Clock(1000.0), Clock(NOON)
        self.database = database
        self.gate = Gate(database, self.clock, self.now)

    def key(self, limits: KeyLimits, name: str = "key") -> Key:
        return KeyStore(self.database).add(name, limits, None)[0]


@pytest.fixture
def service(database: Database) -> Service:
    return Service(database)


def refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str, str | None, float | None]:
    return error.value.status, error.value.type, error.value.code, error.value.retry_after


def request(gate: Gate, key: Key | None) -> None:
    with gate.request(key):
        pass


def test_requests_beyond_the_rate_are_refused_until_the_first_is_a_minute_old(service: Service) -> None:
    key = service.key(KeyLimits(rate=2))
    request(service.gate, key)
    service.clock.seconds += 20.5
    request(service.gate, key)
    with pytest.raises(ApiError) as told:
        request(service.gate, key)
    assert refused(told) == (429, "rate_limit_error", "rate_limit_exceeded", 40)
    service.clock.seconds += 39
    with pytest.raises(ApiError):
        request(service.gate, key)
    service.clock.seconds += 1
    request(service.gate, key)


def test_no_minute_has_more_than_the_rate_and_a_retry_after_what_was_told_gets_in(database: Database) -> None:
    keys = {rate: Service(database).key(KeyLimits(rate=rate), str(rate)) for rate in range(1, 6)}

    @settings(deadline=None)
    @given(rate=st.integers(1, 5), waits=st.lists(st.floats(0, 45), max_size=40))
    def whatever_the_waits(rate: int, waits: list[float]) -> None:
        service = Service(database)
        times = []
        for wait in waits:
            service.clock.seconds += wait
            try:
                request(service.gate, keys[rate])
            except ApiError as error:
                service.clock.seconds += error.retry_after or 0
                request(service.gate, keys[rate])
            times.append(service.clock.seconds)
        assert all(later - earlier >= 60 - 1e-9 for earlier, later in zip(times, times[rate:], strict=False))

    whatever_the_waits()


def test_requests_at_once_are_counted_and_uncounted_however_they_end(service: Service) -> None:
    key = service.key(KeyLimits(concurrent=2))
    with ExitStack() as stack:
        stack.enter_context(service.gate.request(key))
        with pytest.raises(ZeroDivisionError), service.gate.request(key):
            raise ZeroDivisionError
        stack.enter_context(service.gate.request(key))
        with pytest.raises(ApiError) as told:
            request(service.gate, key)
        assert refused(told) == (429, "rate_limit_error", "concurrency_limit_exceeded", 1)
    request(service.gate, key)


def test_how_long_to_wait_for_a_request_to_end_is_learned_from_those_that_did(service: Service) -> None:
    key = service.key(KeyLimits(concurrent=1))
    for _ in range(50):
        with service.gate.request(key):
            service.clock.seconds += 30
    with service.gate.request(key):
        service.clock.seconds += 10
        with pytest.raises(ApiError) as told:
            request(service.gate, key)
    assert refused(told)[3] == 20


def test_a_request_that_is_refused_counts_for_nothing(service: Service) -> None:
    key = service.key(KeyLimits(rate=2, concurrent=1))
    with service.gate.request(key):
        for _ in range(3):
            with pytest.raises(ApiError, match="at once"):
                request(service.gate, key)
    request(service.gate, key)


def test_keys_do_not_count_for_each_other(service: Service) -> None:
    limits = KeyLimits(rate=1, concurrent=1, pages_a_day=1)
    one, other = service.key(limits, "one"), service.key(limits, "other")
    with service.gate.request(one), service.gate.request(other):
        charges = [service.gate.charge(key, 1) for key in (one, other)]
    assert charges == [Charge(one.id, "2026-06-01", 1), Charge(other.id, "2026-06-01", 1)]
    for key in (one, other):
        with pytest.raises(ApiError, match="a minute"):
            request(service.gate, key)
        with pytest.raises(ApiError, match="0 are left today"):
            service.gate.charge(key, 1)


@pytest.mark.parametrize("limits", [None, KeyLimits()])
def test_no_key_and_a_key_without_limits_may_have_anything(service: Service, limits: KeyLimits | None) -> None:
    key = None if limits is None else service.key(limits)
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(service.gate.request(key))
        charge = service.gate.charge(key, 10**9)
        service.gate.give_back(charge, 10**9)
    assert charge == Charge(None, "2026-06-01", 10**9)
    with service.database.transaction() as connection:
        assert connection.execute("SELECT * FROM pages_charged").fetchall() == []


def test_pages_beyond_the_day_are_refused_until_midnight_utc(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    service.gate.charge(key, 7)
    service.now.seconds += 0.25
    with pytest.raises(ApiError, match="3 are left today, and this request has 4") as told:
        service.gate.charge(key, 4)
    assert refused(told) == (429, "rate_limit_error", "page_quota_exceeded", HALF_A_DAY)
    service.gate.charge(key, 3)
    service.now.seconds = NOON + HALF_A_DAY - 0.001
    with pytest.raises(ApiError):
        service.gate.charge(key, 1)
    service.now.seconds = NOON + HALF_A_DAY
    service.gate.charge(key, 10)


def test_more_pages_than_any_day_has_are_refused_without_a_time_to_retry(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    with pytest.raises(ApiError, match="Send fewer pages") as told:
        service.gate.charge(key, 11)
    assert refused(told) == (429, "rate_limit_error", "page_quota_exceeded", None)


def test_pages_that_failed_are_given_back(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    charge = service.gate.charge(key, 10)
    service.gate.give_back(charge, 4)
    service.gate.charge(key, 4)
    with pytest.raises(ApiError):
        service.gate.charge(key, 1)


@pytest.mark.parametrize("pages", [-1, 6])
def test_no_more_is_given_back_than_was_charged(service: Service, pages: int) -> None:
    charge = service.gate.charge(service.key(KeyLimits(pages_a_day=10)), 5)
    with pytest.raises(ValueError, match="cannot be given back"):
        service.gate.give_back(charge, pages)


def test_pages_are_given_back_to_the_day_they_were_charged_to(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    charge = service.gate.charge(key, 10)
    service.now.seconds += HALF_A_DAY
    service.gate.charge(key, 10)
    service.gate.give_back(charge, 10)
    with pytest.raises(ApiError):
        service.gate.charge(key, 1)


def test_a_clock_that_is_set_back_over_midnight_gives_no_second_day(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    service.gate.charge(key, 10)
    service.now.seconds += HALF_A_DAY
    service.gate.charge(key, 10)
    service.now.seconds -= 1
    with pytest.raises(ApiError):
        service.gate.charge(key, 1)


def test_a_restart_forgets_no_page_and_a_charge_can_be_given_back_after_it(tmp_path: Path) -> None:
    before = Database(tmp_path)
    service = Service(before)
    key = service.key(KeyLimits(pages_a_day=10))
    charge = service.gate.charge(key, 10)
    before.close()

    after = Database(tmp_path)
    gate = Service(after).gate
    with pytest.raises(ApiError):
        gate.charge(key, 1)
    gate.give_back(Charge(charge.key_id, charge.day, charge.pages), 1)
    gate.charge(key, 1)
    after.close()


def test_days_that_are_over_are_not_kept(service: Service) -> None:
    key = service.key(KeyLimits(pages_a_day=10))
    for _ in range(5):
        service.gate.charge(key, 1)
        service.now.seconds += 2 * HALF_A_DAY
    assert len(service.database.query("SELECT * FROM pages_charged")) == 2

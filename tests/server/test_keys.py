"""Keys are shown once, kept as hashes, and count in every process from when they are made until they end."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import UsageError
from muniment.server.keys import KeyLimits, KeyStore
from muniment.server.store import Database
from tests.server.conftest import Clock

FREE = KeyLimits()
NOW = 1_800_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def keys(database: Database, clock: Clock) -> KeyStore:
    return KeyStore(database, clock)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_key_is_found_by_its_secret(keys: KeyStore) -> None:
    limits = KeyLimits(rate=60, concurrent=4, pages_a_day=10_000)
    made, secret = keys.add("reports", limits, moment(NOW + 10))
    assert (made.name, made.limits, made.created, made.expires, made.revoked) == (
        "reports",
        limits,
        moment(NOW),
        moment(NOW + 10),
        None,
    )
    assert keys.find(secret) == made
    assert keys.all() == [made]


def test_secrets_have_their_form_and_never_recur(keys: KeyStore) -> None:
    secrets = [keys.add(f"key {number}", FREE, None)[1] for number in range(20)]
    assert all(re.fullmatch(r"mun_[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    assert len(set(secrets)) == 20


def test_neither_the_data_folder_nor_what_is_known_of_a_key_holds_its_secret(keys: KeyStore, tmp_path: Path) -> None:
    made, secret = keys.add("reports", FREE, None)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"reports" in kept
    assert secret.encode() not in kept
    assert secret.removeprefix("mun_").encode() not in kept
    assert secret not in repr((made, keys.all(), keys.find(secret)))


def test_nothing_else_is_found(keys: KeyStore) -> None:
    _, secret = keys.add("reports", FREE, None)

    @settings(deadline=None)
    @given(st.text(alphabet=st.characters(exclude_categories=())))
    def anything(shown: str) -> None:
        assert keys.find(shown) is None
        assert keys.find(secret + shown) is None or not shown

    anything()
    assert keys.find(secret[:-1]) is None


def test_a_key_counts_until_it_expires(keys: KeyStore, clock: Clock) -> None:
    _, secret = keys.add("reports", FREE, moment(NOW + 10))
    clock.seconds = NOW + 9.9
    assert keys.find(secret)
    clock.seconds = NOW + 10
    assert keys.find(secret) is None


def test_a_key_that_would_have_expired_is_not_made(keys: KeyStore) -> None:
    with pytest.raises(UsageError, match="expired already"):
        keys.add("reports", FREE, moment(NOW))
    assert not keys.any_made()


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_revoked_key_counts_no_more_and_is_still_listed(keys: KeyStore, clock: Clock, by: str) -> None:
    made, secret = keys.add("reports", FREE, None)
    _, other = keys.add("others", FREE, None)
    clock.seconds = NOW + 5
    revoked = keys.revoke(getattr(made, by))
    assert (revoked.id, revoked.revoked) == (made.id, moment(NOW + 5))
    assert keys.find(secret) is None
    assert keys.find(other)
    assert revoked in keys.all()


def test_what_cannot_be_revoked_is_told_without_repeating_it(keys: KeyStore) -> None:
    made, secret = keys.add("reports", FREE, None)
    keys.revoke("reports")
    for wrong in ("reports", made.id, secret):
        with pytest.raises(UsageError, match="No key that counts") as told:
            keys.revoke(wrong)
        assert wrong not in str(told.value)


def test_keys_are_wanted_from_the_first_on_even_if_none_counts_any_more(keys: KeyStore, clock: Clock) -> None:
    assert not keys.any_made()
    keys.add("short", FREE, moment(NOW + 1))
    clock.seconds = NOW + 2
    assert keys.any_made()
    keys.revoke("short")
    assert keys.any_made()


def test_a_name_is_free_again_when_its_key_is_revoked(keys: KeyStore) -> None:
    first, _ = keys.add("reports", FREE, None)
    with pytest.raises(UsageError, match='There is a key named "reports"'):
        keys.add("reports", FREE, None)
    keys.revoke("reports")
    second, secret = keys.add("reports", FREE, None)
    assert keys.revoke("reports").id == second.id != first.id
    assert keys.find(secret) is None


@pytest.mark.parametrize("name", ["a", "é 漢", "x" * 100, "with space"])
def test_names_are_kept_as_they_are(keys: KeyStore, name: str) -> None:
    keys.add(name, FREE, None)
    assert [key.name for key in keys.all()] == [name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " a",
        "a ",
        "a\n",
        "a\x1b[31m",
        "a\u202eb",
        "a\x00b",
        "\ud800",
        "x" * 101,
        "mun_mine",
        "key_0123456789ab",
    ],
)
def test_names_that_would_not_do_are_refused(keys: KeyStore, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        keys.add(name, FREE, None)
    assert keys.all() == []


@pytest.mark.parametrize("limits", [{"rate": 0}, {"concurrent": 0}, {"pages_a_day": -1}])
def test_limits_that_would_let_nothing_through_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="revoke it"):
        KeyLimits(**limits)


def test_what_another_process_changes_counts_at_once(keys: KeyStore, tmp_path: Path) -> None:
    def command(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "muniment", "key", *arguments, "--data", tmp_path],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert not keys.any_made()
    secret = command("add", "reports")
    assert keys.any_made()
    found = keys.find(secret)
    assert found is not None
    assert found.name == "reports"
    command("revoke", "reports")
    assert keys.find(secret) is None


def test_days_far_away_are_kept(keys: KeyStore) -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert keys.add("long", FREE, end)[0].expires == end
    assert keys.all()[0].expires == end
    assert keys.all()[0].created + timedelta(days=1) < end

"""Who may ask, and how much."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from muniment.server.keys import KeyLimits, KeyStore
from muniment.server.store import Database
from tests.builders import text_pdf
from tests.server.serving import Served, make_key, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

DOCUMENT = text_pdf("A letter.", "Its second page.")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def locked(data: Path) -> Iterator[Served]:
    make_key(data, "first")
    with served(data) as service:
        yield service


def test_without_a_key_made_all_is_open_and_with_the_first_it_is_not(data: Path) -> None:
    with served(data) as service:
        assert service.client.get("/v1/models").status_code == 200
        key_id, key = make_key(data, "first")
        refused = service.client.get("/v1/models")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        let_in = service.client.get("/v1/models", headers=key)
        assert let_in.status_code == 200
        assert service.line_of(let_in)["key_id"] == key_id
        assert service.line_of(refused)["key_id"] is None
        assert service.line_of(refused)["outcome"] == "refused"


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_whether_it_lives_is_told_to_everybody(locked: Served, path: str) -> None:
    assert locked.client.get(path).status_code in (200, 503)


@pytest.mark.parametrize("path", ["/metrics", "/v1/models", "/v1/documents", "/v1/files", "/v1/documents/x/events"])
@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer mun_wrong", "Basic bXVuOg==", "mun_wrong"])
def test_everything_else_wants_one_that_counts(locked: Served, path: str, shown: str) -> None:
    answer = locked.client.get(path, headers={"authorization": shown} if shown else {})
    assert answer.status_code == 401
    assert "wrong" not in answer.text
    scheme, _, challenge = answer.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    # RFC 6750: what is wrong with a key is said only to who showed one.
    assert challenge.startswith('realm="muniment"')
    assert ('error="invalid_token"' in challenge) == (shown == "Bearer mun_wrong")
    assert "wrong" not in challenge


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_methods_that_tell_little_want_one_too(locked: Served, data: Path, method: str) -> None:
    answers = [locked.client.request(method, "/v1/models", headers=shown) for shown in ({}, make_key(data, "b")[1])]
    assert answers[0].status_code == 401
    assert answers[0].headers["www-authenticate"] == 'Bearer realm="muniment"'
    assert answers[1].is_success


def test_one_that_is_revoked_or_expired_does_not_count(locked: Served, data: Path) -> None:
    _, key = make_key(data, "second")
    assert locked.client.get("/v1/models", headers=key).status_code == 200
    database = Database(data)
    past = KeyStore(database, clock=lambda: 1_000.0)
    _, old = past.add("old", KeyLimits(), datetime.fromtimestamp(2_000, UTC))
    KeyStore(database).revoke("second")
    database.close()
    for shown in (key, {"authorization": f"Bearer {old}"}):
        assert locked.client.get("/v1/models", headers=shown).status_code == 401


def test_requests_a_minute_are_limited_and_the_wait_is_told(locked: Served, data: Path) -> None:
    _, key = make_key(data, "slow", rate=2)
    answers = [locked.client.get("/v1/models", headers=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert locked.client.get("/v1/models", headers=make_key(data, "other")[1]).status_code == 200


def test_requests_at_once_are_limited_until_one_ends(locked: Served, data: Path) -> None:
    _, key = make_key(data, "one", concurrent=1)
    with locked.connected() as busy:
        head = f"PUT /process HTTP/1.1\r\nHost: m\r\nAuthorization: {key['authorization']}\r\nContent-Length: 9\r\n"
        busy.sendall(f"{head}\r\nhalf".encode())
        refused = until(
            lambda: answer if (answer := locked.client.get("/v1/models", headers=key)).status_code == 429 else None
        )
        assert refused.json()["error"]["code"] == "concurrency_limit_exceeded"
        assert int(refused.headers["retry-after"]) >= 1
    until(lambda: locked.client.get("/v1/models", headers=key).status_code == 200 or None)


def test_pages_a_day_are_limited_before_any_is_read(locked: Served, data: Path) -> None:
    _, key = make_key(data, "few", pages_a_day=3)
    answers = [locked.client.put("/process", content=DOCUMENT, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["code"] == "page_quota_exceeded"
    assert int(answers[1].headers["retry-after"]) >= 1
    assert locked.client.post("/v1/documents", content=DOCUMENT, headers=key).status_code == 429
    assert locked.client.get("/v1/documents", headers=key).json()["data"] == []
    assert list((data / "jobs").iterdir()) == []

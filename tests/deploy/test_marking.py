"""A page with a marker is read, and then looked for where it must not be."""

import base64
import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from muniment.deploy.marking import Marked, _page, log_checks, read_marked
from muniment.seal.claims import Check, Verdict
from muniment.seal.docker import find_engine
from muniment.seal.inspected import Inspected, inspected_from
from tests.deploy.fake_docker import FakeDocker, inspected
from tests.deploy.front import front
from tests.deploy.plans import PLAN

MARKED = Marked(("KRTVW", "RTVWX", "A line of it"), ("0123abcd",), ("deeds",))
CONTAINERS: list[Inspected] = [inspected_from(inspected(service)) for service in ("gateway", "server", "engine-1")]
ACCESS = '{"request_id": "0123abcd", "status": 200}\n'


@pytest.fixture
def logs(fake: FakeDocker) -> FakeDocker:
    """Logs as they should be."""
    fake.says("logs*id-of-gateway", ACCESS)
    fake.says("logs*id-of-server", "")
    fake.says("logs*id-of-engine-1", "", err="INFO: started\n")
    fake.says("exec id-of-server tail*", ACCESS)
    return fake


def checks(marked: Marked = MARKED) -> dict[str, Check]:
    return {f"{check.subject}, {check.what}": check for check in log_checks(find_engine(), CONTAINERS, marked, 10.9)}


def verdicts(marked: Marked = MARKED) -> set[Verdict]:
    return {check.verdict for check in checks(marked).values()}


def test_logs_that_know_of_the_request_and_nothing_of_the_page_hold(logs: FakeDocker) -> None:
    found = checks()
    assert verdicts() == {Verdict.HOLDS}
    assert set(found) == {"gateway, its log", "server, its log", "engine-1, its log", "server, the audit"}
    assert any(call.startswith("logs --since 9 ") for call in logs.calls)


@pytest.mark.parametrize("text", ["prompt: KRTVWX", "prompt: xxkrtvwxx", "INFO a line of it, and more"])
@pytest.mark.parametrize("stream", ["out", "err"])
def test_a_log_that_knows_a_piece_of_the_page_is_broken(logs: FakeDocker, text: str, stream: str) -> None:
    logs.says("logs*id-of-engine-1", **{stream: text})  # type: ignore[arg-type]
    found = checks()
    assert [name for name, check in found.items() if check.verdict is Verdict.BROKEN] == ["engine-1, its log"]
    assert "KRTVW" not in found["engine-1, its log"].seen


def test_an_audit_that_knows_a_piece_of_the_page_is_broken(logs: FakeDocker) -> None:
    logs.says("exec id-of-server tail*", ACCESS + "RTVWX")
    assert checks()["server, the audit"].verdict is Verdict.BROKEN


def test_a_search_that_does_not_find_the_request_proves_nothing(
    logs: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.marking._PAUSE", 0.0)
    logs.says("logs*id-of-gateway", "another line")
    logs.says("exec id-of-server tail*", "another line")
    assert verdicts() == {Verdict.UNPROVEN}


def test_logs_that_cannot_be_read_prove_nothing(logs: FakeDocker) -> None:
    logs.says("logs*id-of-engine-1", err="configured logging driver does not support reading", code=1)
    logs.says("exec id-of-server tail*", err="No such container", code=1)
    found = checks()
    assert [name for name, check in found.items() if check.verdict is Verdict.UNPROVEN] == [
        *("engine-1, its log", "server, the audit")
    ]


def test_a_page_that_was_not_read_proves_nothing(logs: FakeDocker) -> None:
    found = checks(Marked((), problem="the service wants a key"))
    assert {check.verdict for check in found.values()} == {Verdict.UNPROVEN}
    assert all(check.seen == "the service wants a key" for check in found.values())
    assert not [call for call in logs.calls if call.startswith("logs")]


def test_every_model_is_asked_and_its_answer_looked_for() -> None:
    told = {"data": [{"id": "deeds"}], "choices": [{"message": {"content": "short\n A longer line \n"}}]}
    with front(json.dumps(told)) as server:
        found = read_marked(replace(PLAN, port=server.port), 10)
    assert found.problem == ""
    assert found.models == ("deeds",)
    assert "A longer line" in found.signs
    assert "short" not in found.signs


@pytest.mark.parametrize(
    ("status", "told", "problem"),
    [
        (401, {}, "MUNIMENT_API_KEY"),
        (200, {"data": []}, "no model"),
        (200, {"data": [{"id": "deeds"}]}, "deeds read nothing"),
        (503, {"data": [{"id": "deeds"}]}, "deeds read nothing (status 503)"),
    ],
)
def test_what_keeps_it_from_being_read_is_told(status: int, told: object, problem: str) -> None:
    with front(json.dumps(told), status) as server:
        assert problem in read_marked(replace(PLAN, port=server.port), 10).problem


@pytest.mark.parametrize(("status", "code", "is_refused"), [(503, "seal_unproven", True), (503, "engine_busy", False)])
def test_documents_refused_over_the_seal_are_told_from_other_trouble(status: int, code: str, is_refused: bool) -> None:
    """That content is in no log cannot be shown before documents are taken, nor must they wait for that."""
    told = {"data": [{"id": "deeds"}], "error": {"code": code}}
    with front(json.dumps(told), status) as server:
        found = read_marked(replace(PLAN, port=server.port), 10)
    assert (found.is_refused, bool(found.problem)) == (is_refused, True)


def test_one_that_is_not_there_is_told() -> None:
    with front("{}") as server:
        port = server.port
    assert "does not answer" in read_marked(replace(PLAN, port=port), 10).problem


def test_no_two_pages_are_alike_and_each_is_a_picture() -> None:
    one, other = _page("HKLMN"), _page("HKLMP")
    assert one != other
    with Image.open(io.BytesIO(one)) as page:
        assert page.size == (640, 240)
    assert base64.b64encode(one).decode()[200:260] != ""

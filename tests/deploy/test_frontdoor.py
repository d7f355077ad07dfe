"""What the gateway turns away, asked as any client asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from muniment.deploy.frontdoor import KEY_VARIABLE, ask, routes_checks
from muniment.deploy.settings import Plan
from muniment.seal.claims import Verdict, worst
from tests.deploy.front import front
from tests.deploy.making_certificates import signed
from tests.deploy.plans import PLAN

ROUTES = {("GET", "/health"): 200, ("GET", "/v1/models"): 200}


@contextmanager
def service(answers: dict[tuple[str, str], int], otherwise: int = 404) -> Iterator[Plan]:
    """What answers each request with a status."""

    class Handler(BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> object:
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.answer

        def answer(self) -> None:
            _, path, _ = self.requestline.split()  # as it came: the library spells it anew
            self.send_response(answers.get((self.command, path), otherwise))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield replace(PLAN, port=server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_one_that_turns_away_all_but_its_own_holds() -> None:
    with service(ROUTES) as plan:
        checks = routes_checks(plan)
    assert {check.verdict for check in checks} == {Verdict.HOLDS}
    assert checks[0].control == "GET /health: 200, GET /v1/models: 200"


def test_one_that_wants_a_key_holds_too() -> None:
    with service({**ROUTES, ("GET", "/v1/models"): 401}) as plan:
        assert worst(check.verdict for check in routes_checks(plan)) is Verdict.HOLDS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/load_lora_adapter", 200),
        ("GET", "/version", 200),
        ("POST", "/tokenize", 401),  # it was passed on, to something that wants a key
        ("GET", "//health", 200),
        ("DELETE", "/health", 200),
        ("GET", "http://example.com/health", 200),
        ("CONNECT", "example.com:443", 502),
    ],
)
def test_whatever_is_let_through_is_named(method: str, path: str, status: int) -> None:
    with service({**ROUTES, (method, path): status}) as plan:
        (found,) = [check for check in routes_checks(plan) if check.verdict is not Verdict.HOLDS]
    assert found.verdict is Verdict.BROKEN
    assert found.seen == f"{method} {path}: {status}"


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_that_was_one_too_many_says_nothing_of_what_is_let_through(status: int) -> None:
    with service({**ROUTES, ("GET", "/version"): status}) as plan:
        (found,) = [check for check in routes_checks(plan) if check.verdict is not Verdict.HOLDS]
    assert found.verdict is Verdict.UNPROVEN


@pytest.mark.parametrize("answers", [{}, {("GET", "/health"): 200}, {("GET", "/v1/models"): 200}])
def test_one_that_turns_away_its_own_routes_proves_nothing(answers: dict[tuple[str, str], int]) -> None:
    with service(answers) as plan:
        assert {check.verdict for check in routes_checks(plan)} == {Verdict.UNPROVEN}


def test_one_that_is_not_there_proves_nothing() -> None:
    with service({}) as plan:
        pass
    assert [check.verdict for check in routes_checks(plan)] == [Verdict.UNPROVEN]


def test_the_key_of_the_environment_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    with front("{}") as server:
        plan = replace(PLAN, port=server.port)
        ask(plan, "GET", "/ready")
        monkeypatch.setenv(KEY_VARIABLE, "word")
        ask(plan, "GET", "/ready")
        monkeypatch.setenv(KEY_VARIABLE, "a\nbroken: one")
        ask(plan, "GET", "/ready")
    assert [key for _, key in server.asked] == [None, "Bearer word", None]


def test_tls_is_spoken_where_the_gateway_speaks_it_and_nobody_else_is_believed(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        made = signed("gateway")
        (tmp_path / name / "certificate.pem").write_text(made.pem)
        (tmp_path / name / "key.pem").write_text(made.secret())
    with front("{}", tls=tmp_path / "ours") as server:
        plan = replace(PLAN, port=server.port, tls=str(tmp_path / "ours"))
        assert ask(plan, "GET", "/ready").status == 200
        with pytest.raises(OSError, match="certificate verify failed"):
            ask(replace(plan, tls=str(tmp_path / "theirs")), "GET", "/ready")

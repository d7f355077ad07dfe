"""The gateway passes on what the service has, as it is written plainly, and nothing else."""

import json
import re
import socket
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.routing import Match, Route

from muniment.server.app import _routes
from muniment.server.openapi.document import openapi
from muniment.server.paths import normalised
from muniment.server.service import Service
from tests.deploy.gateway.running import FOLDER, Gateway
from tests.server.serving import Served, received

CONFIGURATION = (FOLDER / "routes.conf").read_text()
ID = "0f" * 16
WHOLE = {"{id}": f"doc_{ID}", "{number}": "1"}
ROUTES = _routes(cast(Service, None))  # they are matched here, and none is called


def table(variable: str) -> dict[str, str]:
    """What a map of the configuration says."""
    found = re.search(rf"^map \S+ \${variable} {{$(.*?)^}}$", CONFIGURATION, re.MULTILINE | re.DOTALL)
    assert found is not None
    return dict(re.findall(r'^    "(.*)" "?([^"]*?)"?;$', found[1], re.MULTILINE))


PATTERNS = {re.compile(key.removeprefix("~"), re.ASCII): name for key, name in table("route").items()}


def let_through(raw: str) -> str | None:
    """The route that the configuration's patterns find for a path."""
    return next((name for pattern, name in PATTERNS.items() if pattern.search(raw)), None)


def served(raw: str) -> str | None:
    """The route that the service finds for a path."""
    path = normalised(raw.encode())
    scope = {"type": "http", "method": "GET", "path": path or "/-", "headers": []}
    found = (route for route in ROUTES if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE)
    return next((re.sub(":[a-z]+}", "}", route.path) for route in found), None)


def paths() -> dict[str, set[str]]:
    """The service's routes and their methods, as it tells them itself."""
    return {
        path: {method.upper() for method in operations if method != "parameters"}
        for path, operations in openapi()["paths"].items()
    }


def test_the_routes_are_those_that_the_service_tells_of(service: Served) -> None:
    told = set(service.client.get("/openapi.json").json()["paths"])
    assert set(table("route").values()) == told | {"/openapi.json", "/docs"}


def test_the_patterns_match_what_nginx_makes_of_them() -> None:
    assert len(PATTERNS) == len(ROUTES)
    assert '\\"' not in "".join(table("route")), "or else Python and nginx read them differently"


@pytest.mark.parametrize("template", sorted({*paths(), "/docs", "/openapi.json"}))
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PURGE"])
def test_methods_are_the_services(gateway: Gateway, service: Served, method: str, template: str) -> None:
    path = template
    for name, value in WHOLE.items():
        path = path.replace(name, value)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    through = gateway.raw(head.encode())
    direct = service.raw(f"{method} {path} HTTP/1.1\nContent-Length: 0")
    assert through.status == direct.status
    if through.status == 405 and method != "TRACE":  # which nginx itself refuses
        assert through.headers["allow"] == direct.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1", "/v1/", "/admin", "/HEALTH", "/Health", "/health/", "/v1/models/", "/docs/index.html"),
        *("//health", "/v1//models", "/./health", "/v1/../health", "/v1/models/../../metrics"),
        *("/v1/files/..%2f..%2fhealth", "/v1/files/..%2F..%2Fhealth"),
        *("/%68ealth", "/v1/%61dmin", "/v1%2Fmodels", "/v1%2fmodels", "/v1/%2e%2e/metrics", "/v1/%2E%2E/metrics"),
        *("/v1/models/a/../b", "/v1/models/..%2Fhealth", "/v1/models/%2e%2e%2Fhealth", "/v1/models/a//b"),
        *("/v1/models/a%2Fb%2F", "/v1/models/a%2fb"),
        *("/health;x=1", "/health#x", "/health\\x", "/v1/models\\..\\health", "/health%3Fx"),
        *("/health%20", "/health%0A"),
        *("/v1/load_lora_adapter", "/v1/embeddings", "/server_info", "/-/404", "/-/502"),
        *("/v1/documents/a.b", "/v1/files/%2A"),
    ],
)
def test_anything_else_is_nowhere(gateway: Gateway, path: str) -> None:
    before = len(gateway.logged(0))
    answer = gateway.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.status in (400, 404)
    assert json.loads(answer.body)["error"]["type"] == "invalid_request_error"
    assert answer.headers["content-type"] == "application/json"
    assert gateway.logged(before + 1)[-1]["upstream_status"] == "", "it reached the service"


@pytest.mark.parametrize(
    "line",
    [
        *("GET http://localhost/health HTTP/1.1", "GET HTTP://localhost/health HTTP/1.1", "GET * HTTP/1.1"),
        *("CONNECT localhost:80 HTTP/1.1", "GET health HTTP/1.1", "GET /health\0 HTTP/1.1", "GET /health%00 HTTP/1.1"),
        *("GET /health x HTTP/1.1", "GET  /health", "GET /health", "PRI * HTTP/2.0", "GET /health HTTP/2.0"),
        "\x16\x03\x01",
        *("GET /hea\tlth HTTP/1.1", "get /health HTTP/1.1", "GET /health?\xff HTTP/1.1", "GET /health?a#b HTTP/1.1"),
    ],
)
def test_no_other_request_line_reaches_the_service(gateway: Gateway, line: str) -> None:
    before = len(gateway.logged(0))
    with gateway.connected() as connection:
        connection.sendall(f"{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        data = received(connection)
    # One without a version is of a time before answers had heads.
    assert re.match(rb'(HTTP/1\.1 (400|404) .*\r\n\r\n)?\{"error": ', data, re.DOTALL), data
    assert gateway.logged(before + 1)[-1]["upstream_status"] == "", "it reached the service"


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "%2Fweights%2Fb", "a%3Ab", "a%20b"])
def test_a_models_name_goes_on_as_it_came(gateway: Gateway, service: Served, name: str) -> None:
    before = service.audited()
    answer = gateway.raw(f"GET /v1/models/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert (answer.status, answer.code) == (404, "model_not_found")
    (line,) = service.audit(1, since=before)
    assert line["route"] == "/v1/models/{id}"


SEGMENTS = ["v1", "models", "files", "documents", "health", "pages", "1", "result", "x", "..", ".", "", "%2F", "%41"]


@given(
    st.lists(st.sampled_from(SEGMENTS), max_size=6).map(lambda parts: "/" + "/".join(parts))
    | st.text("/.%25\\aF2fe0~", max_size=20).map(lambda tail: "/v1/models/" + tail)
    | st.text(st.characters(max_codepoint=126, min_codepoint=33), max_size=20).map(lambda tail: "/v1/models/" + tail)
)
@example("/v1/models/a%C3%A9")
@example("/v1/models/%2F..")
def test_what_is_let_through_is_the_same_route_to_the_service(raw: str) -> None:
    raw = raw.partition("?")[0]
    found = let_through(raw)
    if found is not None:
        assert served(raw) == found or normalised(raw.encode()) is None
        assert not re.search(r"(^|/|%2F)\.\.?(/|%2F|$)|//|%2e|%00|\\", raw)


@given(st.lists(st.sampled_from(SEGMENTS), max_size=6).map(lambda parts: "/" + "/".join(parts)))
@example("/v1/models/%2Fweights/b")
def test_what_the_service_has_is_let_through(raw: str) -> None:
    assert let_through(raw) == served(raw)

"""The OpenAPI document says what the service does: its routes, and the requests that it takes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from muniment.reading import ReadOptions
from muniment.server.app import _routes
from muniment.server.caps import Caps
from muniment.server.chat import check_chat, check_completion
from muniment.server.errors import ApiError
from muniment.server.fields import CHAT, COMPLETION
from muniment.server.guard import Guarded
from muniment.server.openapi.document import openapi
from muniment.server.service import Service
from muniment.server.settings import ServeSettings
from tests.server.strategies import IMAGE

DOCUMENT = openapi()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
BASES: dict[str, dict[str, Any]] = {
    "ChatRequest": {"model": "m", "messages": [{"role": "user", "content": "Read"}]},
    "CompletionRequest": {"model": "m", "prompt": "Once"},
}
CHECKS = {"ChatRequest": check_chat, "CompletionRequest": check_completion}


@pytest.fixture
def routes(tmp_path: Path) -> Iterator[list[Guarded]]:
    service = Service(ServeSettings(options=ReadOptions(), data=tmp_path))
    found = [route.endpoint for route in _routes(service) if isinstance(route, Route)]
    yield [endpoint for endpoint in found if isinstance(endpoint, Guarded)]
    service.audit.close()
    service.database.close()


def told() -> dict[tuple[str, str], Any]:
    return {
        (path, method.upper()): operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_service_is_in_it_and_nothing_else(routes: list[Guarded]) -> None:
    assert set(told()) == {(route.template, method) for route in routes for method in route.handlers}


def test_it_says_which_routes_need_no_key(routes: list[Guarded]) -> None:
    is_open = {(route.template, method): route.is_open for route in routes for method in route.handlers}
    assert {at: operation.get("security") == [] for at, operation in told().items()} == is_open
    assert DOCUMENT["security"] == [{"key": []}]


def test_it_says_which_routes_every_page_may_ask(routes: list[Guarded]) -> None:
    is_probe = {(route.template, method): route.is_probe for route in routes for method in route.handlers}
    assert {at: "403" not in operation["responses"] for at, operation in told().items()} == is_probe


def test_every_path_parameter_is_told() -> None:
    for (path, _), operation in told().items():
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert named == set(re.findall(r"{([a-z]+)}", path)), path


def test_everything_that_it_refers_to_is_there() -> None:
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT))):
        found: Any = DOCUMENT
        for name in reference.split("/"):
            assert name in found, reference
            found = found[name]


def test_names_of_operations_are_given_once() -> None:
    names = [operation["operationId"] for operation in told().values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "fields"), [("ChatRequest", CHAT), ("CompletionRequest", COMPLETION)])
def test_requests_to_openais_routes_have_the_fields_that_are_taken(name: str, fields: frozenset[str]) -> None:
    assert set(SCHEMAS[name]["properties"]) == fields
    assert SCHEMAS[name]["additionalProperties"] is False


def bounds(name: str) -> Iterator[tuple[str, str, float]]:
    """Field, which bound, and its value."""
    for field, schema in SCHEMAS[name]["properties"].items():
        for choice in schema.get("anyOf", [schema]):
            for bound in ("minimum", "maximum", "exclusiveMinimum"):
                if bound in choice:
                    yield field, bound, choice[bound]


@pytest.mark.parametrize(("name", "field", "bound", "value"), [(name, *one) for name in BASES for one in bounds(name)])
def test_numbers_are_taken_up_to_the_bounds_that_are_told_and_not_beyond(
    name: str, field: str, bound: str, value: float
) -> None:
    base = BASES[name] | ({"logprobs": True} if field == "top_logprobs" else {})
    beyond = value + 1 if bound == "maximum" else value - 1 if bound == "minimum" else value
    if bound != "exclusiveMinimum":
        CHECKS[name](base | {field: value}, Caps())
    with pytest.raises(ApiError, match=field):
        CHECKS[name](base | {field: beyond}, Caps())


@pytest.mark.parametrize("name", BASES)
def test_what_is_required_is_refused_without(name: str) -> None:
    for field in SCHEMAS[name]["required"]:
        with pytest.raises(ApiError) as caught:
            CHECKS[name]({key: value for key, value in BASES[name].items() if key != field}, Caps())
        assert caught.value.param == field


def test_the_kinds_of_images_that_are_told_are_those_that_are_taken() -> None:
    url = SCHEMAS["ImageUrl"]["properties"]["url"]
    kinds = re.search(r"\(([a-z|]+)\)", url["pattern"])
    assert re.match(url["pattern"], IMAGE)
    assert kinds is not None
    for kind in kinds[1].split("|"):
        part = {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,AAAA"}}
        assert check_chat({"model": "m", "messages": [{"role": "user", "content": [part]}]}, Caps()).images

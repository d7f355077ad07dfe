"""The OpenAPI document, made from the operations and the models that describe their bodies."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from muniment import __version__
from muniment.outputs import json_schema
from muniment.server.openapi.operation import Content, Operation, Parameter, Reply
from muniment.server.openapi.operations import GROUPS, OPERATIONS
from muniment.server.openapi.service_schemas import Refusal

ADDRESS = "http://localhost:8001"
"""Where the service is unless it is told otherwise; for examples."""
CURL = "x-curl"
"""The field of an operation that holds its example."""

_SCHEMAS = "#/components/schemas/"
_PROBLEMS = {
    400: "The request is malformed, or a field is not taken.",
    401: "A key is needed, and none that counts was shown.",
    403: "A page of another origin asks, or, while no key was made, by a name that is not this machine's.",
    404: "There is no such thing, or it is another key's.",
    408: "The body stopped coming.",
    409: "That does not fit the document's state, or what was handed in before.",
    413: "It is too large, or has too many pages.",
    422: "The document or the page cannot be read.",
    429: "The key's limits are reached; Retry-After says for how long, where that is known.",
    500: "A mistake in the service.",
    502: "The engine failed.",
    503: "Too much waits already, the engine is not there, documents are refused as the audit cannot be written or the "
    "seal does not hold (`seal_broken`, `seal_unproven`), or what is kept cannot be opened or erased now; Retry-After "
    "says for how long.",
    504: "It took too long.",
    507: "The service has no room left.",
}
_EVERYWHERE, _WITH_KEY = (500,), (401, 429)
_BUT_FOR_PROBES = (403,)
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "As in RFC 6750.", "required": True, "schema": {"type": "string"}}}
_HEADERS: Mapping[int, dict[str, Any]] = {
    401: _CHALLENGE,
    429: _RETRY_AFTER,
    502: _RETRY_AFTER,
    503: _RETRY_AFTER,
}


@cache
def openapi() -> Mapping[str, Any]:
    """The document, in OpenAPI 3.1; not to be changed."""
    result = _moved(json_schema())
    schemas: dict[str, Any] = {**result.pop("$defs"), "Result": result}
    del result["$schema"]
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    responses = {_problem_name(status): _problem(status, text, schemas) for status, text in _PROBLEMS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Muniment",
            "version": __version__,
            "summary": "Scans and PDFs to Markdown and data, on this machine.",
            "description": "Send documents as uploads or as data URLs in base64; nothing is ever fetched. "
            "Once a key was made, every route but the open ones wants one: `Authorization: Bearer mun_…`. "
            "HEAD is answered wherever GET is, and OPTIONS everywhere with what Allow tells.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": text} for name, text in GROUPS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": responses,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `muniment key add NAME`. While none was made, none is needed.",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    replies = {str(status): _reply(reply, schemas) for status, reply in operation.replies.items()}
    with_key = () if operation.is_open else _WITH_KEY
    of_pages = () if operation.is_probe else _BUT_FOR_PROBES
    for status in sorted({*operation.problems, *_EVERYWHERE, *with_key, *of_pages}):
        replies.setdefault(str(status), {"$ref": f"#/components/responses/{_problem_name(status)}"})
    told: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": operation.summary,
        "responses": replies,
        CURL: _curl(operation),
    }
    if operation.text:
        told["description"] = operation.text
    if operation.parameters:
        told["parameters"] = [_parameter(parameter, schemas) for parameter in operation.parameters]
    if operation.body:
        told["requestBody"] = {"required": True, "content": _contents(operation.body, schemas)}
    if operation.is_open:
        told["security"] = []
    return told


def _curl(operation: Operation) -> str:
    key = "" if operation.is_open else ' -H "Authorization: Bearer $MUNIMENT_KEY"'
    path = re.sub(r"\{([a-z]+)\}", lambda name: "1" if name[1] == "number" else "$" + name[1].upper(), operation.path)
    line = f"curl -s {ADDRESS}{path}{key} {operation.curl}".rstrip()
    return f"{operation.piped} |\n  {line}" if operation.piped else line


def _parameter(parameter: Parameter, schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.text,
        "schema": _schema(parameter.kind, schemas),
    }


def _reply(reply: Reply, schemas: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": reply.text}
    if reply.contents:
        told["content"] = _contents(reply.contents, schemas)
    if reply.headers:
        told["headers"] = {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in reply.headers.items()
        }
    return told


def _contents(contents: tuple[Content, ...], schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        content.media: {} if content.kind is None else {"schema": _schema(content.kind, schemas)}
        for content in contents
    }


def _schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type, or a reference to the one of that name; what it refers to goes into ``schemas``."""
    if isinstance(kind, str):
        return {"$ref": _SCHEMAS + kind}
    schema = TypeAdapter(kind).json_schema(ref_template=_SCHEMAS + "{model}")
    name = schema.get("title")
    told: dict[str, Any] = _untitled(schema)
    schemas.update(told.pop("$defs", {}))
    if name is None:
        return told
    schemas[name] = told
    return {"$ref": _SCHEMAS + name}


def _problem_name(status: int) -> str:
    return f"Problem{status}"


def _problem(status: int, text: str, schemas: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": text,
        "content": {"application/json": {"schema": _schema(Refusal, schemas)}},
    }
    if status in _HEADERS:
        told["headers"] = _HEADERS[status]
    return told


def _moved(value: Any) -> Any:
    """A schema whose references lead to where the document keeps schemas."""
    if isinstance(value, dict):
        return {name: _moved(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_moved(part) for part in value]
    return value.replace("#/$defs/", _SCHEMAS) if isinstance(value, str) else value


def _untitled(value: Any) -> Any:
    """A schema without the titles that Pydantic makes of names, which say nothing new."""
    if isinstance(value, dict):
        return {name: _untitled(part) for name, part in value.items() if name != "title" or not isinstance(part, str)}
    return [_untitled(part) for part in value] if isinstance(value, list) else value

"""The page that shows the OpenAPI document: whole in itself, so that a browser needs no other address for it."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from muniment.server.openapi.document import ADDRESS, CURL, openapi

_FILES = files("muniment.server.openapi")
_REFERENCE = "$ref"
_BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}


@cache
def page() -> bytes:
    """The page, as UTF-8."""
    document = openapi()
    info = document["info"]
    groups = [(tag, _of_group(document, tag["name"])) for tag in document["tags"]]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(info["title"])}: routes</title>
<style>{_asset("page.css")}</style>
</head>
<body>
<nav aria-label="Routes">
<p class="name"><a href="#top">{escape(info["title"])}</a> <small>{escape(info["version"])}</small></p>
{"".join(_menu(tag["name"], operations) for tag, operations in groups)}
<h2><a href="#schemas">Schemas</a></h2>
</nav>
<main id="top">
<header>
<h1>{escape(info["title"])}</h1>
<p class="lead">{escape(info["summary"])}</p>
<p>{_text(info["description"])}</p>
<p>The lines below run in a shell; <code>MUNIMENT_KEY</code> holds the key, if one is needed, and <code>ID</code> what
an answer calls <code>id</code>. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<pre class="curl"><code>curl -s {ADDRESS}/ready</code></pre>
</header>
{"".join(_group(tag, operations, document) for tag, operations in groups)}
<section id="schemas"><h2>Schemas</h2>
{"".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())}
</section>
</main>
<script>{_asset("page.js")}</script>
</body>
</html>
""".encode()


@cache
def policy() -> str:
    """The Content-Security-Policy under which the page works: its own style and script, and nothing else."""
    style, script = (_source(_asset(name)) for name in ("page.css", "page.js"))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _asset(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_Operations = list[tuple[str, str, Mapping[str, Any]]]


def _of_group(document: Mapping[str, Any], group: str) -> _Operations:
    """Method, path and description."""
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if group in operation["tags"]
    ]


def _menu(group: str, operations: _Operations) -> str:
    rows = "".join(
        f'<li><a href="#{operation["operationId"]}"><b class="{method}">{method.upper()}</b> {_path(path)}</a></li>'
        for method, path, operation in operations
    )
    return f'<h2><a href="#{_anchor(group)}">{escape(group)}</a></h2><ul>{rows}</ul>'


def _group(tag: Mapping[str, str], operations: _Operations, document: Mapping[str, Any]) -> str:
    told = "".join(_operation(method, path, operation, document) for method, path, operation in operations)
    name = tag["name"]
    return f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2><p>{_text(tag["description"])}</p>{told}</section>'


def _operation(method: str, path: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    is_open = operation.get("security") == []
    parts = [
        f'<article id="{operation["operationId"]}">',
        f'<h3><b class="{method}">{method.upper()}</b> <code>{_path(path)}</code>'
        f"{'<small>open</small>' if is_open else ''}</h3>",
        f'<p class="summary">{escape(operation["summary"])}</p>',
        f"<p>{_text(operation['description'])}</p>" if "description" in operation else "",
        f'<pre class="curl"><code>{escape(operation[CURL])}</code></pre>',
        _parameters(operation.get("parameters", [])),
        _body(operation.get("requestBody")),
        _replies(operation["responses"], document),
        "</article>",
    ]
    return "".join(parts)


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (f"<code>{escape(one['name'])}</code>", f"{one['in']}, {_kind(one['schema'])}", _text(one["description"]))
        for one in parameters
    ]
    return _table("Parameters", rows)


def _body(body: Mapping[str, Any] | None) -> str:
    if body is None:
        return ""
    return _table("Body", [(f"<code>{escape(media)}</code>", _content(of)) for media, of in body["content"].items()])


def _replies(replies: Mapping[str, Mapping[str, Any]], document: Mapping[str, Any]) -> str:
    rows = []
    for status, reply in replies.items():
        told = (
            document["components"]["responses"][reply[_REFERENCE].rsplit("/", 1)[-1]] if _REFERENCE in reply else reply
        )
        contents = ", ".join(
            f"<code>{escape(media)}</code> {_content(of)}" for media, of in told.get("content", {}).items()
        )
        rows.append((f'<b class="s{status[0]}">{status}</b>', _text(told["description"]), contents))
    return f"<details><summary>Answers</summary>{_table('', rows)}</details>"


def _content(content: Mapping[str, Any]) -> str:
    return _kind(content["schema"]) if "schema" in content else ""


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(field)}</code>{'' if field in required else ' <small>optional</small>'}",
            _kind(of),
            _text(of.get("description", "")),
        )
        for field, of in schema.get("properties", {}).items()
    ]
    kind = "" if rows else f"<p>{_kind(schema)}</p>"
    text = f"<p>{_text(schema['description'])}</p>" if "description" in schema else ""
    return f'<article class="schema" id="schema-{name}"><h3>{escape(name)}</h3>{text}{kind}{_table("", rows)}</article>'


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, with links to those that it names."""
    if _REFERENCE in schema:
        name = schema[_REFERENCE].rsplit("/", 1)[-1]
        return f'<a href="#schema-{name}">{escape(name)}</a>'
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(_kind(one) for one in schema[choice])
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return " or ".join(f"<code>{escape(_json_word(value))}</code>" for value in values)
    bounds = ", ".join(text.format(f"{schema[name]:,}") for name, text in _BOUNDS.items() if name in schema)
    kind = str(schema.get("format", schema.get("type", "anything")))
    kind = f"array of {_kind(schema.get('items', {}))}" if kind == "array" else escape(kind)
    return f"{kind}, {bounds}" if bounds else kind


def _json_word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    told = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not told:
        return ""
    return f"{f'<h4>{head}</h4>' if head else ''}<table>{told}</table>"


def _text(text: str) -> str:
    """A description, with what stands between backquotes as code, and empty lines kept."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\n\s*\n|\n(?=\s*[a-z_, ]+: )", "<br>", marked)


def _path(path: str) -> str:
    """A path that may be broken before its slashes."""
    return escape(path).replace("/", "<wbr>/")


def _anchor(name: str) -> str:
    return "group-" + name.lower().replace(" ", "-")

"""The page that shows the routes needs nothing but itself."""

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from muniment.server.openapi.document import CURL, openapi
from muniment.server.openapi.page import page, policy

PAGE = page().decode()


class Elements(HTMLParser):
    """What stands in a page: attributes by their names, and the texts of its style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, str] = {}
        self.feed(PAGE)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] in ("style", "script"):
            self.texts.setdefault(self.tags[-1], data)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


ELEMENTS = Elements()


def test_it_names_no_address_but_localhosts() -> None:
    addresses = re.findall(r"https?:/?/?[^\s\"'<]*", PAGE)
    assert addresses
    assert all(address.startswith("http://localhost:8001") for address in addresses)


def test_it_loads_nothing() -> None:
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(ELEMENTS.tags)
    assert not {name for name, _ in ELEMENTS.attributes} & {"src", "srcset", "style", "action"}
    assert not any(name.startswith("on") for name, _ in ELEMENTS.attributes)
    assert not re.search(r"@import|url\(|fetch\(|import\(|XMLHttpRequest", PAGE)


@pytest.mark.parametrize("tag", ["style", "script"])
def test_its_policy_lets_its_own_style_and_script_run_and_no_other(tag: str) -> None:
    digest = base64.b64encode(hashlib.sha256(ELEMENTS.texts[tag].encode()).digest()).decode()
    directives = dict(directive.split(" ", 1) for directive in policy().split("; "))
    assert directives[f"{tag}-src"] == f"'sha256-{digest}'"
    assert directives["default-src"] == directives["base-uri"] == directives["form-action"] == "'none'"


def test_every_link_inside_it_leads_somewhere() -> None:
    places = {value.removeprefix("#") for value in ELEMENTS.values("href") if value.startswith("#")}
    ids = ELEMENTS.values("id")
    assert len(ids) == len(set(ids))
    assert places <= set(ids)
    assert {value for value in ELEMENTS.values("href") if not value.startswith("#")} == {"/openapi.json"}


def test_every_operation_stands_on_it_with_a_line_to_copy() -> None:
    lines = [unescape(line) for line in re.findall(r'<pre class="curl"><code>(.*?)</code>', PAGE, re.DOTALL)]
    operations = [operation for methods in openapi()["paths"].values() for operation in methods.values()]
    assert {operation["operationId"] for operation in operations} <= set(ELEMENTS.values("id"))
    assert {operation[CURL] for operation in operations} <= set(lines)


def test_every_schema_stands_on_it() -> None:
    assert {f"schema-{name}" for name in openapi()["components"]["schemas"]} <= set(ELEMENTS.values("id"))

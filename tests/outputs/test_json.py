"""JSON that says everything, stays the same, and can be read back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from muniment.errors import NotADocument
from muniment.outputs import Format, json_schema, read_json, render
from muniment.reading import Attempt, DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.reading.data import Tokens
from muniment.text import Box, Line, Paragraph
from tests.outputs.strategies import documents

SCHEMA = json_schema()
INFO = DocumentInfo("scan.pdf", "pdf", 2, "ab" * 32)
LINE = Line("née <b>", Box(0.123456, 0.2, 0.3, 0.4), 0.98765)
PAGE = PageReading(number=2, status=PageStatus.READ, width=595.276, blocks=(Paragraph(text="née <b>", lines=(LINE,)),))


@settings(deadline=None, max_examples=100)
@given(documents)
def test_what_is_written_is_read_back(document: DocumentReading) -> None:
    assert read_json(render(document, Format.JSON)) == document


def test_one_line_a_page_and_short_numbers() -> None:
    written = render(DocumentReading(INFO, (PAGE, replace(PAGE, number=3, blocks=()))), Format.JSON)
    assert len(written.splitlines()) == 6
    page = json.loads(written)["pages"][0]
    assert page["width"] == 595.28
    assert page["blocks"][0]["lines"][0] == {
        "text": "née <b>",
        "box": {"x0": 0.1235, "y0": 0.2, "x1": 0.3, "y1": 0.4},
        "score": 0.988,
    }
    assert next(iter(page["blocks"][0])) == "kind"


def test_what_a_run_took_is_left_out() -> None:
    attempt = Attempt("model", "temperature 0", tokens=Tokens(900, 100))
    little = replace(PAGE, seconds=0.1, attempts=(replace(attempt, tokens=Tokens()),))
    much = replace(PAGE, seconds=9.0, attempts=(attempt,))
    first, second = (render(DocumentReading(INFO, (page,)), Format.JSON) for page in (little, much))
    assert first == second
    assert "seconds" not in first
    assert "tokens" not in first


def test_no_character_can_drive_a_terminal_or_fail_to_be_encoded() -> None:
    page = replace(PAGE, blocks=(Paragraph(text="\x1b[31m\x9b\ud800"),))
    written = render(DocumentReading(INFO, (page,)), Format.JSON)
    assert "\\u001b[31m\\u009b\ufffd" in written
    written.encode()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}', '{"format": "muniment", "version": 1}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotADocument, match="not a JSON result"):
        read_json(text)


def test_a_later_version_is_named() -> None:
    with pytest.raises(NotADocument, match="version"):
        read_json('{"format": "muniment", "version": 2}')


def test_the_schema_in_the_documentation_is_this_one() -> None:
    committed = Path(__file__).parents[2] / "docs" / "output.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == SCHEMA, "run `python tools/make_docs.py`"


def fields_by_kind(schema: dict[str, Any]) -> dict[str, list[str]]:
    """The required fields of each kind of block."""
    parts = [part for part in schema["$defs"].values() if "const" in part.get("properties", {}).get("kind", {})]
    return {part["properties"]["kind"]["const"]: sorted(part["required"]) for part in parts}


@settings(deadline=None, max_examples=30)
@given(documents)
def test_real_output_has_exactly_the_fields_of_the_schema(document: DocumentReading) -> None:
    written = json.loads(render(document, Format.JSON))
    assert sorted(written) == sorted(SCHEMA["required"])
    for page in written["pages"]:
        assert sorted(page) == sorted(SCHEMA["$defs"]["PageReading"]["required"])
        for block in page["blocks"]:
            assert sorted(block) == fields_by_kind(SCHEMA)[block["kind"]]

"""Everything that is known of a document, as JSON: one line a page, and back again."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from muniment.errors import NotADocument
from muniment.outputs.characters import without_surrogates
from muniment.reading import DocumentInfo, DocumentReading, PageReading
from muniment.text import Box, Line

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT_NAME = "muniment"
FORMAT_VERSION = 1

_DECIMALS = 2
_BOX_DECIMALS = 4
_SCORE_DECIMALS = 3
_LEFT_OUT = {"seconds", "tokens"}  # what a run took may differ from run to run; results must not
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A Muniment result. Pages are in order; those that were not asked for are absent."""

    format: Literal["muniment"]
    version: Literal[1]
    document: DocumentInfo
    pages: tuple[PageReading, ...]


class JsonWriter:
    """One object; ``docs/output.schema.json`` describes it."""

    def __init__(self) -> None:
        self._separator = "\n"

    def begin(self, info: DocumentInfo) -> str:
        head = f'"format":{as_json(FORMAT_NAME)},"version":{FORMAT_VERSION}'
        return f'{{{head},\n"document":{as_json(_plain(info))},\n"pages":['

    def page(self, page: PageReading) -> str:
        separator, self._separator = self._separator, ",\n"
        return separator + as_json(_plain(page))

    def end(self) -> str:
        return "\n]}\n"


def read_json(text: str) -> DocumentReading:
    """The reading a JSON result was written from; boxes and scores as rounded there.

    Raises:
        NotADocument: ``text`` is not such a result, or one of a version this release does not know.
    """
    try:
        found = json.loads(text)
        if isinstance(found, dict) and found.get("version", FORMAT_VERSION) != FORMAT_VERSION:
            raise NotADocument(
                "This result is of a version that this release of Muniment does not know",
                "Read it with the release that wrote it, or a newer one.",
            )
        result = _adapter().validate_python(found)
    except ValueError as error:
        raise NotADocument("This is not a JSON result of Muniment", "Write one with --format json.") from error
    return DocumentReading(result.document, result.pages)


def json_schema() -> dict[str, Any]:
    """The JSON schema of what ``JsonWriter`` writes: every field is always there."""
    schema = _adapter().json_schema(mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        if "properties" in part:
            part["properties"] = {
                name: _always_there(of) for name, of in part["properties"].items() if name not in _LEFT_OUT
            }
            part["required"] = list(part["properties"])
    whole = json.dumps(schema)  # what only the fields left out were described by goes with them
    schema["$defs"] = {name: part for name, part in schema["$defs"].items() if f'"#/$defs/{name}"' in whole}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _always_there(of: Mapping[str, Any]) -> dict[str, Any]:
    return {keyword: value for keyword, value in of.items() if keyword not in ("default", "title")}


@cache
def _adapter() -> "TypeAdapter[ResultFile]":
    from pydantic import TypeAdapter

    return TypeAdapter(ResultFile)


def _plain(value: object, decimals: int = _DECIMALS) -> object:
    """``value`` as what JSON knows, floats rounded."""
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(item, decimals) for item in value]
    return round(value, decimals) if isinstance(value, float) else value


def _fields(value: Any) -> Mapping[str, object]:
    decimals = _BOX_DECIMALS if isinstance(value, Box) else _SCORE_DECIMALS if isinstance(value, Line) else _DECIMALS
    names = [field.name for field in fields(value) if field.name not in _LEFT_OUT]
    names.sort(key=lambda name: (name != "kind", name == "lines"))
    return {name: _plain(getattr(value, name), decimals) for name in names}


def as_json(value: object, indent: int | None = None) -> str:
    """``value`` as JSON that can be encoded, and drives no terminal that it is shown on."""
    separators = (",", ":" if indent is None else ": ")
    text = without_surrogates(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

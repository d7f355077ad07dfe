"""What is wanted from a document: a JSON Schema, from a file or a Pydantic model."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jsonschema import SchemaError
from jsonschema.protocols import Validator
from pydantic import BaseModel

from muniment.errors import UsageError
from muniment.text.extraction.page_schema import page_schema
from muniment.text.extraction.references import References
from muniment.text.extraction.shapes import Shape
from muniment.text.extraction.validators import counts_beside_references, draft_of, of_pages, of_wholes

_NOT_IN_TITLES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Schema:
    """What is wanted from a document.

    Attributes:
        title: a name for it, of at most 64 letters, digits, "_" and "-".
        document: the schema as given, of draft 4 or newer; its root is an object.
        page: what a single page is asked with, of draft 2020-12.
        shape: what ``document`` says about a value.
        model: the Pydantic model that it comes from, whose validators have the last word.
    """

    title: str
    document: Mapping[str, Any]
    page: Mapping[str, Any]
    shape: Shape = field(repr=False)
    model: type[BaseModel] | None = None

    @cached_property
    def validator(self) -> Validator:
        """Judges a whole document's data."""
        return of_wholes(self.document)

    @cached_property
    def page_validator(self) -> Validator:
        """Judges a page's answer."""
        return of_pages(self.document)


def make_schema(document: Any, name: str, model: type[BaseModel] | None = None) -> Schema:
    """A schema from a JSON Schema document; ``name`` serves where it has no title.

    Raises:
        UsageError: it is not a JSON Schema, not of an object, or refers to something outside itself.
    """
    if not isinstance(document, Mapping):
        raise UsageError(f"The schema {name} is not an object", "Give a JSON Schema.")
    try:
        document = _as_json(document, name)
        draft = draft_of(document)
        draft.check_schema(document, format_checker=draft.FORMAT_CHECKER)
        references = References(document, draft)
        page = page_schema(document, references, siblings=counts_beside_references(draft))
    except RecursionError:
        raise UsageError(f"The schema {name} is nested too deeply", "Make it simpler.") from None
    except SchemaError as error:
        raise UsageError(
            f"The schema {name} is not a valid JSON Schema: at {error.json_path}, {error.message}", "Mend it."
        ) from None
    title = _NOT_IN_TITLES.sub("_", str(document.get("title", name))).strip("_")[:64] or "document"
    return Schema(title, document, _of_an_object(page, name), Shape.of(references, [document]), model)


def _as_json(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy of ``document`` that can be sent to anybody."""
    try:
        text = json.dumps(dict(document), ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The schema {name} holds half of a character, such as \\ud83d", "Write the whole character."
        ) from None
    except (TypeError, ValueError) as error:
        raise UsageError(f"The schema {name} is not JSON: {error}", "Give a JSON Schema.") from None
    found: dict[str, Any] = json.loads(text)
    return found


def _of_an_object(page: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``page``, whose root may be nothing but an object."""
    if any("properties" in option or "$ref" in option for option in page.get("anyOf", ())):
        raise UsageError(
            f"The schema {name} is a choice between objects, which pages of one document might make differently",
            'Name one of them, or put the choice under a property: {"type": "object", "properties": {"it": …}}.',
        )
    is_object = "object" in page.get("type", ())  # a name, or a list of names
    if not is_object or not ("properties" in page or page.get("additionalProperties")):
        raise UsageError(
            f"The schema {name} does not describe an object with properties",
            'Its root must have "type": "object" and name the fields under "properties".',
        )
    return {**page, "type": "object"}

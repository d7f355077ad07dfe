"""What is wanted from a document: a JSON Schema, from a file or a Pydantic model."""

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
    draft = draft_of(document)
    try:
        draft.check_schema(document, format_checker=draft.FORMAT_CHECKER)
        references = References(document, draft)
        page = page_schema(document, references, siblings=counts_beside_references(draft))
    except RecursionError:
        raise UsageError(f"The schema {name} is nested too deeply", "Make it simpler.") from None
    except SchemaError as error:
        raise UsageError(
            f"The schema {name} is not a valid JSON Schema: at {error.json_path}, {error.message}", "Mend it."
        ) from None
    if page.get("type") != "object" or not ("properties" in page or page.get("additionalProperties")):
        raise UsageError(
            f"The schema {name} does not describe an object with properties",
            'Its root must have "type": "object" and name the fields under "properties".',
        )
    title = _NOT_IN_TITLES.sub("_", str(document.get("title", name))).strip("_")[:64] or "document"
    return Schema(title, document, page, Shape.of(references, [document]), model)

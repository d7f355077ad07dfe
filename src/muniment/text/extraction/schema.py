"""What is wanted from a document: a JSON Schema, from a file or a Pydantic model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    SchemaError,
)
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from pydantic import BaseModel
from referencing import Registry

from muniment.errors import UsageError
from muniment.text.extraction.page_schema import page_schema
from muniment.text.extraction.references import References

_NOT_IN_TITLES = re.compile(r"[^A-Za-z0-9_-]+")
_DRAFTS: dict[str, Any] = {
    "http://json-schema.org/draft-04/schema": Draft4Validator,
    "http://json-schema.org/draft-06/schema": Draft6Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
}
_NOTHING_BESIDE_REFERENCES = (Draft4Validator, Draft6Validator, Draft7Validator)

# A page's answer without a property says nothing about it, as one with null does.
_PageValidator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"required": lambda *_: None}
)


@dataclass(frozen=True)
class Schema:
    """What is wanted from a document.

    Attributes:
        title: a name for it, of at most 64 letters, digits, "_" and "-".
        document: the schema as given, of draft 4 or newer; its root is an object.
        page: what a single page is asked with, of draft 2020-12.
        model: the Pydantic model that it comes from, whose validators have the last word.
    """

    title: str
    document: Mapping[str, Any]
    page: Mapping[str, Any]
    model: type[BaseModel] | None = None

    @cached_property
    def validator(self) -> Validator:
        """Judges a whole document's data."""
        return _validator(_draft(self.document), self.document)

    @cached_property
    def page_validator(self) -> Validator:
        """Judges a page's answer."""
        return _validator(_PageValidator, self.page)


def make_schema(document: Any, name: str, model: type[BaseModel] | None = None) -> Schema:
    """A schema from a JSON Schema document; ``name`` serves where it has no title.

    Raises:
        UsageError: it is not a JSON Schema, not of an object, or refers to something outside itself.
    """
    if not isinstance(document, Mapping):
        raise UsageError(f"The schema {name} is not an object", "Give a JSON Schema.")
    draft = _draft(document)
    try:
        draft.check_schema(document, format_checker=draft.FORMAT_CHECKER)
        page = page_schema(document, References(document), siblings=not issubclass(draft, _NOTHING_BESIDE_REFERENCES))
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
    title = document.get("title", name)
    return Schema(_NOT_IN_TITLES.sub("_", str(title)).strip("_")[:64] or "document", document, page, model)


def _draft(document: Mapping[str, Any]) -> Any:
    named = document.get("$schema")
    if named is None:
        return Draft202012Validator
    draft = _DRAFTS.get(str(named).removesuffix("#"))
    if draft is None:
        raise UsageError(f"The schema is of an unknown draft, {named}", f"These are known: {', '.join(_DRAFTS)}.")
    return draft


def _validator(draft: Any, document: Mapping[str, Any]) -> Validator:
    # An empty registry has nothing outside the document, and fetches nothing.
    validator: Validator = draft(document, registry=Registry(), format_checker=draft.FORMAT_CHECKER)
    return validator

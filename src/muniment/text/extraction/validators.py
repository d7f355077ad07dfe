"""What judges data by a schema: a whole document's by all of it, one page's by what can hold for a page."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    ValidationError,
)
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from muniment.errors import UsageError
from muniment.text.extraction.formats import FORMATS

_DRAFTS: dict[str, Any] = {
    "json-schema.org/draft-04/schema": Draft4Validator,
    "json-schema.org/draft-06/schema": Draft6Validator,
    "json-schema.org/draft-07/schema": Draft7Validator,
    "json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "json-schema.org/schema": Draft202012Validator,
}
"""By their addresses, which people write with http and https alike."""
_FOR_THE_WHOLE = ("required", "minProperties", "maxProperties", "uniqueItems", "contains", "not", "if",
                  "dependentRequired", "dependentSchemas", "dependencies", "propertyNames", "unevaluatedProperties",
                  "unevaluatedItems")  # fmt: skip
"""Keywords that one page may break though the whole keeps them; and those that ask what others say."""
_OF_PROPERTIES = ("properties", "patternProperties", "additionalProperties")

Rule = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""Judges a value by a keyword: validator, what the keyword says, value, the keyword's schema."""


def draft_of(document: Mapping[str, Any]) -> Any:
    """The validator class of a schema's draft.

    Raises:
        UsageError: it is unknown.
    """
    named = document.get("$schema")
    if named is None:
        return Draft202012Validator
    draft = _DRAFTS.get(re.sub("^https?://", "", str(named).removesuffix("#")))
    if draft is None:
        known = ", ".join(validator.META_SCHEMA.get("$schema") for validator in dict.fromkeys(_DRAFTS.values()))
        raise UsageError(f"The schema is of an unknown draft, {named}", f"These are known: {known}.")
    return draft


def counts_beside_references(draft: Any) -> bool:
    """Whether what stands beside a ``$ref`` counts; not so before draft 2019-09."""
    return draft in (Draft201909Validator, Draft202012Validator)


def of_wholes(document: Mapping[str, Any]) -> Validator:
    """Judges a whole document's data."""
    return _validator(draft_of(document), document)


def of_pages(document: Mapping[str, Any]) -> Validator:
    """Judges what one page says. A property that is null, or not there, is one that it does not tell of."""
    return _validator(_for_pages(draft_of(document)), document)


def _validator(draft: Any, document: Mapping[str, Any]) -> Validator:
    own = {key: value for key, value in document.items() if key != "$schema"}  # or it would choose a class of its own
    # An empty registry has nothing outside the document, and fetches nothing.
    validator: Validator = draft(own, registry=Registry(), format_checker=FORMATS)
    return validator


@cache
def _for_pages(draft: Any) -> Any:
    rules: dict[str, Rule] = dict.fromkeys(_FOR_THE_WHOLE, _says_nothing)
    rules |= {keyword: _of_what_is_told(draft.VALIDATORS[keyword]) for keyword in _OF_PROPERTIES}
    rules["minItems"] = _of_tuples(draft.VALIDATORS["minItems"])
    rules["oneOf"] = draft.VALIDATORS["anyOf"]  # several may fit as long as fields are not there
    return extend(draft, rules)  # type: ignore[no-untyped-call]


def _says_nothing(*_: Any) -> Iterator[ValidationError]:
    return iter(())


def _of_what_is_told(rule: Rule) -> Rule:
    def judge(validator: Any, said: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            value = {name: inner for name, inner in value.items() if inner is not None}
        yield from rule(validator, said, value, schema) or ()

    return judge


def _of_tuples(rule: Rule) -> Rule:
    """A tuple is whole on a page or not there."""

    def judge(validator: Any, said: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if "prefixItems" in schema or isinstance(schema.get("items"), list):
            yield from rule(validator, said, value, schema) or ()

    return judge

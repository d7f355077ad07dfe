"""References within a JSON Schema. Nothing is ever fetched: one that leads out of the document is refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from muniment.errors import UsageError

_UNFOLLOWED = ("$dynamicRef", "$recursiveRef")
_OF_ITS_OWN = ("$id", "id", "$schema")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("then", "else")
_DEPENDENT = ("dependentSchemas", "dependencies")


class References:
    """What the references of one JSON Schema document stand for.

    Args:
        document: the schema, valid in its draft.
        draft: the draft's validator.

    Raises:
        UsageError: a reference leads out of the document, to nothing, or in a circle.
    """

    def __init__(self, document: Mapping[str, Any], draft: Any) -> None:
        self._draft = draft
        self._specification: Any = specification_with(draft.ID_OF(draft.META_SCHEMA))
        self._root: Resource[Any] = self._specification.create_resource(document)
        self._resolver = Registry[Any]().resolver_with_root(self._root)
        self._check()

    def target(self, reference: str) -> Any:
        """The schema that is referred to: a mapping, or true or false."""
        try:
            found = self._resolver.lookup(reference).contents
        except (Unresolvable, ValueError, TypeError):  # the last two where a pointer goes through what is no schema
            found = None
        if isinstance(found, Mapping | bool):
            return found
        if reference.startswith("#"):
            raise UsageError(f"The schema refers to {reference}, and there is no such schema in it", "Mend it.")
        raise UsageError(
            f"The schema refers to {reference}, which is not inside it",
            'Put what is meant under "$defs" and refer to it as "#/$defs/NAME"; nothing is fetched.',
        )

    def beside(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        """The schemas that say something about the same value: what is referred to, alternatives, and conditions."""
        if "$ref" in schema:
            yield self.target(schema["$ref"])
        for keyword in _ALTERNATIVES:
            yield from schema.get(keyword, ())
        yield from (schema[keyword] for keyword in _CONDITIONAL if keyword in schema)
        for keyword in _DEPENDENT:
            yield from schema.get(keyword, {}).values()

    def _check(self) -> None:
        schemas: dict[int, Mapping[str, Any]] = {}
        waiting, referred = [self._root.contents], list[Any]()
        while waiting or referred:
            if not waiting:
                waiting.append(target := referred.pop())
                if id(target) not in schemas:  # where no schemas are looked for, such as under "components"
                    self._draft.check_schema(target)
            schema = waiting.pop()
            if isinstance(schema, Mapping) and id(schema) not in schemas:
                schemas[id(schema)] = schema
                self._refuse_unfollowed(schema)
                waiting += self._specification.subresources_of(schema)
                referred += [self.target(schema["$ref"])] if "$ref" in schema else []
        for schema in schemas.values():
            if "$ref" in schema and self._returns(schema):
                raise UsageError(f"The schema's {schema['$ref']} refers to itself without an end", "Mend it.")

    def _refuse_unfollowed(self, schema: Mapping[str, Any]) -> None:
        for keyword in _UNFOLLOWED:
            if keyword in schema:
                raise UsageError(f"The schema uses {keyword}, which is not followed", "Use $ref instead.")
        for keyword in _OF_ITS_OWN if schema is not self._root.contents else ():
            if isinstance(schema.get(keyword), str) and not schema[keyword].startswith("#"):
                raise UsageError(f"The schema holds another one with a {keyword} of its own", "Take that out.")

    def _returns(self, schema: Mapping[str, Any]) -> bool:
        """Whether what holds beside ``schema`` is, in the same place, ``schema`` again."""
        waiting, seen = [schema], set[int]()
        while waiting:
            found = waiting.pop()
            for beside in (*self.beside(found), *(found[keyword] for keyword in ("not", "if") if keyword in found)):
                if beside is schema:
                    return True
                if isinstance(beside, Mapping) and id(beside) not in seen:
                    seen.add(id(beside))
                    waiting.append(beside)
        return False

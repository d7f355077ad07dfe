"""A model's answer about one page: what of it can be used, and what cannot."""

import re
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError

from muniment.text.extraction.found_json import NoObject, Unusable, clean, find_objects
from muniment.text.extraction.models import refused_by_model
from muniment.text.extraction.problems import UNNAMED, FieldProblem, innermost, wording
from muniment.text.extraction.schema import Schema
from muniment.text.extraction.shapes import Path, Shape, is_named, told

_SAYS_NOTHING = re.compile(
    r"[(\[]?(?:n/?a|n\. ?a\.|null|not (?:mentioned|specified|stated|provided|available|applicable|listed))\.?[)\]]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageFields:
    """What one page says.

    Attributes:
        values: what fits the page schema; null, or not there, is what the page does not say.
        problems: what was left out, and why. None means that the answer was valid.
    """

    values: dict[str, Any]
    problems: tuple[FieldProblem, ...] = ()

    @property
    def said(self) -> int:
        """How many values there are that are not null."""
        return _counted(self.values)


def _counted(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_counted, value.values() if isinstance(value, dict) else value))
    return value is not None


def read_answer(schema: Schema, text: str) -> PageFields:
    """The fields in ``text``: JSON bare, in a fence or among words.

    Texts are stripped; an empty one, or one such as "Not mentioned.", is null unless the schema has it as a value. A
    field that is not there is null. What does not fit is left out and told; nothing is guessed.
    """
    try:
        *others, found = find_objects(text)
    except NoObject as error:
        return PageFields({}, (FieldProblem("", str(error)),))
    return _Reader(schema).read(found, alone=not others)


class _Reader:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._shape = schema.shape
        self._problems: list[FieldProblem] = []
        self._left_out: set[Path] = set()

    def read(self, found: dict[str, Any], *, alone: bool) -> PageFields:
        if not alone:
            self._tell((), "is given in several objects, of which the last was taken")
        root = {"": self._tidied(found, self._shape, ())}
        while errors := self._errors(root[""]):
            for path, error in errors:
                self._leave_out(root, path, error)
        for path, what in refused_by_model(self._schema, root[""]):
            if (place := self._place(path)) not in self._left_out:
                self._tell(place, what)
                self._take_out(root, place)
        return PageFields(_without(root[""], self._left_out, ()) or {}, tuple(self._problems))

    def _tidied(self, value: Any, shape: Shape, path: Path) -> Any:
        match value:
            case Unusable():
                self._tell(path, value.value)
                return None
            case str():
                text = clean(value)
                if shape.spells(text):
                    return text
                text = text.strip()
                says_nothing = not text or _SAYS_NOTHING.fullmatch(text)
                return None if says_nothing and not shape.spells(text) else text
            case dict():
                if not all(map(shape.knows, value)):
                    self._tell(path, UNNAMED)
                known = {name: inner for name, inner in value.items() if shape.knows(name)}
                return {name: self._tidied(inner, shape.at(name), (*path, name)) for name, inner in known.items()}
            case list():
                return [self._tidied(inner, shape.at(index), (*path, index)) for index, inner in enumerate(value)]
        return value

    def _errors(self, values: Any) -> list[tuple[Path, ValidationError]]:
        """Errors at places that nothing was left out at yet."""
        errors = {
            self._place(tuple(inner.absolute_path)): inner
            for error in self._schema.page_validator.iter_errors(values)
            for inner in innermost(error)
        }
        left = [(path, error) for path, error in errors.items() if path not in self._left_out]
        return sorted(left, key=lambda item: -len(item[0]))

    def _place(self, path: Path) -> Path:
        """``path``, or that of the tuple it leads into, which is whole or not there."""
        shape = self._shape
        for depth, step in enumerate(path):
            if isinstance(step, int) and shape.is_tuple:
                return path[:depth]
            shape = shape.at(step)
        return path

    def _leave_out(self, root: dict[str, Any], path: Path, error: ValidationError) -> None:
        is_here = path == tuple(error.absolute_path)
        if error.instance is not None or not is_here:  # an item that is null is one that says nothing
            self._tell(path, wording(error))
        if error.validator == "additionalProperties" and is_here:
            holder, last = self._holder(root, path)
            schema: Any = error.schema
            holder[last] = {name: value for name, value in holder[last].items() if is_named(schema, name)}
        else:
            self._take_out(root, path)

    def _take_out(self, root: dict[str, Any], path: Path) -> None:
        holder, last = self._holder(root, path)
        holder[last] = None
        self._left_out.add(path)

    @staticmethod
    def _holder(root: dict[str, Any], path: Path) -> tuple[Any, str | int]:
        """What holds the value at ``path``, and where in it that stands."""
        *way, last = ("", *path)
        place: Any = root
        for step in way:
            place = place[step]
        return place, last

    def _tell(self, path: Path, what: str) -> None:
        problem = FieldProblem(told(self._shape, path), what)
        if problem not in self._problems:
            self._problems.append(problem)


def _without(value: Any, left_out: set[Path], path: Path) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, left_out, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [
            _without(inner, left_out, (*path, index))
            for index, inner in enumerate(value)
            if (*path, index) not in left_out
        ]
    return value

"""Whether data is what a schema asks for, and what becomes of null where it is not allowed."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError

from muniment.text.extraction.models import told_by_model
from muniment.text.extraction.problems import MISSING, FieldProblem, innermost, listed, wording
from muniment.text.extraction.schema import Schema
from muniment.text.extraction.shapes import Path, told


@dataclass(frozen=True, slots=True)
class Verdict:
    """Data without null where it may not be, and what is wrong with it."""

    data: dict[str, Any]
    problems: tuple[FieldProblem, ...]


def judge(schema: Schema, data: dict[str, Any], sources: Mapping[str, Any], unanswered: Sequence[int]) -> Verdict:
    """Judge merged data by the schema as it was given, and by its model.

    Args:
        schema: what is wanted.
        data: what was found; null is what was not.
        sources: where it was found, as in ``Extraction``.
        unanswered: the pages that were asked in vain.
    """
    data = deepcopy(data)
    nulls = _Nulls(data)
    errors = _errors(schema, data)
    while [error for error in errors if nulls.settle(error)]:
        errors = _errors(schema, data)
    shape = schema.shape
    problems: dict[str, FieldProblem] = {}
    for path, what in [*_told_by_schema(errors), *told_by_model(schema, data)]:
        page = _page(sources, path)
        field = told(shape, path)
        nowhere = what == MISSING and page is None
        problems.setdefault(field, FieldProblem(field, _nowhere(unanswered) if nowhere else what, page))
    return Verdict(data, tuple(problems.values()))


def _nowhere(unanswered: Sequence[int]) -> str:
    if not unanswered:
        return f"{MISSING}: no page mentions it"
    pages = f"page{'s' * (len(unanswered) > 1)} {' and '.join(map(str, unanswered))}"
    return f"{MISSING}; {pages} got no answer"


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: null, or a list or an object of nothing else."""
    if isinstance(value, dict):
        return all(map(is_empty, value.values()))
    return value is None or (isinstance(value, list) and all(map(is_empty, value)))


class _Nulls:
    """Takes null out where it is not allowed, and puts it in where it is asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._refused: set[Path] = set()
        self._given: set[Path] = set()

    def settle(self, error: ValidationError) -> bool:
        """Whether ``error`` was about null, and something was changed for it."""
        path: Path = tuple(error.absolute_path)
        holder, value = self._holder(path), self._at(path)
        if holder is not None and value is None and error.instance is None and path not in self._refused:
            del holder[path[-1]]
            self._refused.add(path)
            if not holder:
                self._empty(path[:-1])
            return True
        if error.validator != "required" or not isinstance(value, dict):
            return False
        settled = self._refused | self._given
        wanted = [name for name in listed(error) if name not in value and (*path, name) not in settled]
        value.update(dict.fromkeys(wanted))
        self._given.update((*path, name) for name in wanted)
        return bool(wanted) or (is_empty(value) and self._empty(path))

    def _empty(self, path: Path) -> bool:
        """Make null of an object that says nothing."""
        holder = self._holder(path)
        if holder is None or path in self._given | self._refused:
            return False
        holder[path[-1]] = None
        self._given.add(path)
        return True

    def _holder(self, path: Path) -> dict[Any, Any] | None:
        """The object with the property at ``path``; None if it is gone by now, or what is there is no property."""
        place = self._at(path[:-1]) if path else None
        return place if isinstance(place, dict) and path[-1] in place else None

    def _at(self, path: Path) -> Any:
        """The value at ``path``; None if there is none by now."""
        place: Any = self._data
        for step in path:
            if isinstance(place, dict):
                place = place.get(step)
            elif isinstance(place, list) and isinstance(step, int):
                place = place[step]
            else:
                return None
        return place


def _errors(schema: Schema, data: dict[str, Any]) -> list[ValidationError]:
    return [inner for error in schema.validator.iter_errors(data) for inner in innermost(error)]


def _told_by_schema(errors: list[ValidationError]) -> Iterator[tuple[Path, str]]:
    for error in errors:
        path: Path = tuple(error.absolute_path)
        if error.validator == "required":
            holder: Any = error.instance
            missing = [name for name in listed(error) if name not in holder]
            yield from (((*path, name), MISSING) for name in missing)
        else:
            yield path, wording(error)


def _page(sources: Any, path: Path) -> int | None:
    """The page that a value, or what it is in, comes from."""
    for step in path:
        if isinstance(sources, dict) and isinstance(step, str):
            sources = sources.get(step)
        elif isinstance(sources, list) and isinstance(step, int) and step < len(sources):
            sources = sources[step]
    return sources if isinstance(sources, int) else None

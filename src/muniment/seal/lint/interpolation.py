"""Variables in a compose file, as Compose puts them in.

The environment of whoever runs this is not asked, unlike Compose does: the same file gives the same findings on every
machine. What the ``.env`` beside the file says counts, and so do defaults in the file itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from muniment.seal.lint.tree import Entry, Fault, Items, Node, Place, Scalar, Table

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_BRACED = re.compile(rf"({_NAME.pattern})(?:(:?[-?+])(.*))?", re.DOTALL)
_BRACE = re.compile("[{}]")
_DEEPEST = 20
"""Variables within the defaults of others."""


def interpolated(node: Node, variables: Mapping[str, str]) -> tuple[Node, tuple[Fault, ...]]:
    """``node`` with variables put in, and what Compose could not make sense of."""
    faults: list[Fault] = []
    return _node(node, variables, faults), tuple(faults)


def _node(node: Node, variables: Mapping[str, str], faults: list[Fault]) -> Node:
    match node:
        case Scalar():
            return _scalar(node, variables, faults)
        case Items():
            return replace(node, items=tuple(_node(item, variables, faults) for item in node.items))
        case Table():
            entries = {
                key: Entry(entry.place, _node(entry.value, variables, faults)) for key, entry in node.entries.items()
            }
            return replace(node, entries=entries)


def _scalar(scalar: Scalar, variables: Mapping[str, str], faults: list[Fault]) -> Scalar:
    if "$" not in scalar.text:
        return scalar
    text = _Text(variables)
    made = text.put_in(scalar.text)
    if text.broken:
        faults.append(_broken(scalar.place))
    return replace(scalar, text=made, unknown=frozenset(text.unknown))


def _broken(place: Place) -> Fault:
    return Fault("malformed", place, '"${" begins no variable here; Compose wants "$${" where none is meant')


@dataclass(slots=True)
class _Text:
    """One text while variables are put in. Compose refuses a file with a broken one, so that the rest may stay."""

    variables: Mapping[str, str]
    unknown: set[str] = field(default_factory=set)
    broken: bool = False

    def put_in(self, text: str, depth: int = 0) -> str:
        made = []
        at = 0
        while not self.broken and (dollar := text.find("$", at)) >= 0:
            made.append(text[at:dollar])
            value, at = self._variable(text, dollar + 1, depth)
            made.append(value)
        return "".join((*made, text[at:]))

    def _variable(self, text: str, at: int, depth: int) -> tuple[str, int]:
        """What stands for the variable whose dollar ends at ``at``, and where it ends."""
        if text.startswith("$", at):
            return "$", at + 1
        if name := _NAME.match(text, at):
            return self._value(name[0], "", "", depth), name.end()
        if not text.startswith("{", at):
            return "$", at
        end = _closing(text, at) if depth < _DEEPEST else 0
        found = _BRACED.fullmatch(text, at + 1, end) if end else None
        if found is None:
            self.broken = True
            return "$", at
        return self._value(found[1], found[2] or "", found[3] or "", depth), end + 1

    def _value(self, name: str, operator: str, other: str, depth: int) -> str:
        value = self.variables.get(name)
        given = value is not None and not (operator.startswith(":") and value == "")
        match operator[-1:]:
            case "-" if not given:
                return self.put_in(other, depth + 1)
            case "+":
                return self.put_in(other, depth + 1) if given else ""
        if not given:
            self.unknown.add(name)
        return value or ""


def _closing(text: str, at: int) -> int:
    """Where the brace at ``at`` is closed; 0 if nowhere."""
    depth = 0
    for brace in _BRACE.finditer(text, at):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return 0

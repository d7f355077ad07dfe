"""Variables in a compose file, as Compose puts them in.

The environment of whoever runs this is not asked, unlike Compose does: the same file gives the same findings on every
machine. What the ``.env`` beside the file says counts, and so do defaults in the file itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from muniment.seal.lint.tree import Entry, Fault, Items, Node, Place, Scalar, Table, weight

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_BRACED = re.compile(rf"({_NAME.pattern})(?:(:?[-?+])(.*))?", re.DOTALL)
_BRACE = re.compile("[{}]")
_DEEPEST = 20
"""Variables within the defaults of others."""
_MOST_PUT_IN = 50_000
"""Variables of a document when every alias is written out; those with long values count for several."""


def interpolated(node: Node, variables: Mapping[str, str]) -> tuple[Node, tuple[Fault, ...]]:
    """``node`` with variables put in, and what Compose could not make sense of.

    Raises:
        OverflowError: what is put in is more than anybody writes.
    """
    document = _Document(variables)
    return document.node(node), tuple(document.faults)


class _Document:
    """Nodes with variables put in. What aliases show again is made once, and counted each time."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._made: dict[int, tuple[Node, int]] = {}
        self._left = _MOST_PUT_IN
        self.faults: list[Fault] = []

    def node(self, node: Node) -> Node:
        if id(node) in self._made:
            made, size = self._made[id(node)]
            self._left -= size
            if self._left < 0:
                raise OverflowError
            return made
        before = self._left
        made = self._with_variables(node)
        self._made[id(node)] = made, before - self._left
        return made

    def _with_variables(self, node: Node) -> Node:
        match node:
            case Scalar():
                return self._scalar(node)
            case Items():
                return replace(node, items=tuple(map(self.node, node.items)))
            case Table():
                entries = {key: Entry(entry.place, self.node(entry.value)) for key, entry in node.entries.items()}
                return replace(node, entries=entries)

    def _scalar(self, scalar: Scalar) -> Scalar:
        if "$" not in scalar.text:
            return scalar
        text = _Text(self._variables, self._left)
        made = text.put_in(scalar.text)
        self._left = text.left
        if text.broken:
            self.faults.append(_broken(scalar.place))
        return replace(scalar, text=made, unknown=frozenset(text.unknown))


def _broken(place: Place) -> Fault:
    return Fault("malformed", place, '"${" begins no variable here; Compose wants "$${" where none is meant')


@dataclass(slots=True)
class _Text:
    """One text while variables are put in. Compose refuses a file with a broken one, so that the rest may stay.

    Attributes:
        left: what may still be put in.
    """

    variables: Mapping[str, str]
    left: int
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
        self.left -= weight(value or "")
        if self.left < 0:
            raise OverflowError
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

"""What a report is made of, whichever way it is written: texts, lists, facts, tables.

A plain ``str`` is a sentence, a :class:`Exact` what a machine calls something. Either may come from anywhere, and is
only ever shown as text.
"""

from dataclasses import dataclass

from muniment.seal.claims import Verdict

MARKS = {Verdict.HOLDS: "✓", Verdict.UNPROVEN: "?", Verdict.BROKEN: "✗"}


class Exact(str):
    """A name, an address, a hash: shown exactly, in letters of one width."""

    __slots__ = ()


Cell = str | Verdict


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What something is, by name."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Fold:
    """What may be folded away on a screen; on paper it is open."""

    verdict: Verdict
    title: str
    blocks: tuple["Block", ...]


Block = Text | Items | Facts | Table | Verbatim | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part."""

    title: str
    blocks: tuple[Block, ...]


def shown(text: str) -> str:
    """``text`` on one line, with what cannot be seen, or would turn what follows around, written as an escape."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)

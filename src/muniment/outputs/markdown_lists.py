"""Lists as Markdown that numbers them as the page does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from muniment.outputs.characters import flat
from muniment.outputs.markdown_text import comment, paragraph
from muniment.text import ListItem

_NOTHING = comment("")
_NUMBER = re.compile(r"(\d{1,9})([.)])")


@dataclass(slots=True)
class _Level:
    """An open list: where its items' markers stand, where their text stands, and the number the next one gets."""

    indent: int
    text_indent: int = 0
    next_number: int | None = None
    started: bool = False


def list_markdown(items: Sequence[ListItem]) -> str:
    """A tight list, nested by depth.

    A printed number stays a number where Markdown would count the same; where it would not (1., 3., 7.), and for
    letters and the like, the item gets a bullet and keeps its printed marker as text.
    """
    levels: list[_Level] = []
    lines: list[str] = []
    for item in items:
        level = _enter(levels, item.depth)
        marker, text = _marker_and_text(level, item)
        level.text_indent = level.indent + len(marker) + 1
        first, *rest = text.split("\n")
        # An empty nested bullet would underline the item it stands in.
        lines.append(f"{' ' * level.indent}{marker} {first or (_NOTHING if level.indent else '')}".rstrip())
        lines += [f"{' ' * level.text_indent}{line}" for line in rest]
    return "\n".join(lines)


def _enter(levels: list[_Level], depth: int) -> _Level:
    """The level for an item at ``depth``; an item cannot be more than one level below the one before it."""
    del levels[max(depth, 0) + 1 :]
    if len(levels) <= depth:
        levels.append(_Level(levels[-1].text_indent if levels else 0))
    return levels[-1]


def _may_begin(level: _Level, number: int) -> bool:
    """Whether a list may begin with ``number`` there: within an item's text only a list that begins with 1 is one."""
    return number == 1 or level.indent == 0


def _marker_and_text(level: _Level, item: ListItem) -> tuple[str, str]:
    printed = flat(item.marker)
    number = _NUMBER.fullmatch(printed)
    first, level.started = not level.started, True
    if number is not None and (_may_begin(level, int(number[1])) if first else level.next_number == int(number[1])):
        level.next_number = int(number[1]) + 1
        return f"{int(number[1])}{number[2]}", paragraph(item.text)
    level.next_number = None
    says_something = any(character.isalnum() for character in printed)
    return "-", paragraph(f"{printed} {item.text}" if says_something else item.text)

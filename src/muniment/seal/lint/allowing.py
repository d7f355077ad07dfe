"""Comments in a compose file that allow a finding, with the reason that somebody had."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from muniment.seal.lint.tree import Place, Source

_COMMENT = re.compile(r"#\s*muniment:\s*allow\b[ \t]*(?P<rule>\S*)[ \t]*(?P<reason>.*)")
_ALONE = re.compile(r"\s*#")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a comment allows.

    Attributes:
        line: the line whose findings it allows.
    """

    place: Place
    rule: str
    reason: str
    line: int


def allowances(sources: Mapping[str, Source]) -> Iterator[Allowance]:
    """All such comments. One that stands alone on its line is about the next line that is no comment."""
    for file, source in sources.items():
        waiting: list[Allowance] = []
        for number, line in enumerate(source.lines, 1):
            found = _COMMENT.search(line) if "muniment:" in line else None
            if found and (found.start() == 0 or line[found.start() - 1].isspace()):
                place = Place(file, number, found.start() + 1)
                waiting.append(Allowance(place, found["rule"], found["reason"].strip(), number))
            if not _ALONE.match(line):
                yield from (replace(one, line=number) for one in waiting)
                waiting.clear()
        yield from waiting

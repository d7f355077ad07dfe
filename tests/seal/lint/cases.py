"""The compose files in ``files``, and what each says in its own comments that is found in it.

::

    # only: RULE …          look at these rules alone; without it, at all
    # expect: RULE@LINE …   or RULE@FILE:LINE, or RULE@LINE:SEVERITY
    # allowed: RULE@LINE …  found, and allowed by a comment
    # reach: SERVICE OUT    yes, unknown, indirect or no
"""

import re
from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).with_name("files")
_TOLD = re.compile(r"^# (only|expect|allowed|reach): (.*)$", re.MULTILINE)
_FINDING = re.compile(r"(?P<rule>[a-z-]+)@(?:(?P<file>[^:\s]*[a-z]):)?(?P<line>\d+)(?::(?P<severity>[a-z]+))?")

Expected = tuple[str, str, int]
"""A rule, a file's name and a line."""


@dataclass(frozen=True)
class Case:
    """One file, and what is to be found in it.

    Attributes:
        only: the rules that are looked at; empty for all.
        severities: of those findings of which it says one.
    """

    path: Path
    only: frozenset[str]
    found: frozenset[Expected]
    allowed: frozenset[Expected]
    severities: dict[Expected, str]
    reach: dict[str, str]

    def looks_at(self, rule: str) -> bool:
        return not self.only or rule in self.only


def cases() -> list[Case]:
    paths = sorted(FILES.glob("*.yaml"))
    return [_case(path) for path in paths if not path.read_text(encoding="utf-8").startswith("# part of")]


def _case(path: Path) -> Case:
    told: dict[str, list[str]] = {"only": [], "expect": [], "allowed": [], "reach": []}
    for kind, text in _TOLD.findall(path.read_text(encoding="utf-8")):
        told[kind].append(text)
    expected = [match for text in told["expect"] for match in map(_FINDING.fullmatch, text.split())]
    allowed = [match for text in told["allowed"] for match in map(_FINDING.fullmatch, text.split())]
    assert all(expected), path
    assert all(allowed), path
    return Case(
        path=path,
        only=frozenset(word for text in told["only"] for word in text.split()),
        found=frozenset(_expected(match, path) for match in expected if match),
        allowed=frozenset(_expected(match, path) for match in allowed if match),
        severities={_expected(match, path): match["severity"] for match in expected if match and match["severity"]},
        reach=dict(text.split(" ", 1) for text in told["reach"]),
    )


def _expected(match: "re.Match[str]", path: Path) -> Expected:
    return match["rule"], match["file"] or path.name, int(match["line"])

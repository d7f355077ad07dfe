"""What was found in compose files, as data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muniment.seal.lint.reach import Path
from muniment.seal.lint.rule import Rule, Severity
from muniment.seal.lint.tree import Place

VERSION = 1
"""Of the JSON's form: raised when a name in it changes or goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        service: "" where it is about none.
        allowed: the reason somebody gave for allowing it; "" where nobody did.
    """

    rule: Rule
    severity: Severity
    place: Place
    service: str
    what: str
    allowed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one service is and reaches.

    Attributes:
        engine: the kind of engine that it is; "" if it is none.
        published: its ports that Docker publishes, as the file has them.
        out: "yes", "unknown", "indirect" or "no".
    """

    service: str
    place: Place
    engine: str
    profiles: tuple[str, ...]
    networks: tuple[str, ...]
    published: tuple[str, ...]
    out: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found, in the files' order."""

    files: tuple[str, ...]
    services: tuple[Standing, ...]
    findings: tuple[Finding, ...]

    def open(self, severity: Severity | None = None) -> tuple[Finding, ...]:
        """The findings that nobody allowed; of one severity, or of all."""
        return tuple(one for one in self.findings if not one.allowed and severity in {None, one.severity})

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings of each severity, and how many are allowed."""
        counted = Counter("allowed" if one.allowed else one.severity.value for one in self.findings)
        return {name: counted[name] for name in (*Severity, "allowed")}

    def as_json(self) -> dict[str, Any]:
        """For programs; docs/lint.md describes it."""
        return {
            "version": VERSION,
            "files": list(self.files),
            "counts": dict(self.counts),
            "services": [_standing(one) for one in self.services],
            "findings": [_finding(one) for one in self.findings],
        }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "service": one.service,
        **_place(one.place),
        "engine": one.engine or None,
        "profiles": list(one.profiles),
        "networks": list(one.networks),
        "published": list(one.published),
        "reaches_out": one.out,
        "paths": [{"way": path.way.value, "what": path.what, **_place(path.place)} for path in one.paths],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "severity": one.severity.value,
        **_place(one.place),
        "service": one.service or None,
        "what": one.what,
        "why": one.rule.why,
        "fix": one.rule.fix,
        "allowed": one.allowed or None,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}

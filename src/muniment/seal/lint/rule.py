"""What a rule is, and what it found."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from muniment.seal.lint.engines import EngineKind
from muniment.seal.lint.project import Project
from muniment.seal.lint.reach import Reach
from muniment.seal.lint.services import Service, Word
from muniment.seal.lint.tree import Place


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """It breaks the seal, or what the file plainly means to do."""
    WARNING = "warning"
    """It helps whoever got in, or is one mistake away from an error."""
    NOTE = "note"
    """It could be better, or could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that rules look at."""

    project: Project
    reaches: Mapping[str, Reach]
    engines: Mapping[str, EngineKind]

    def engine_services(self) -> Iterator[tuple[Service, EngineKind]]:
        """The engines among the services."""
        for name, kind in self.engines.items():
            yield self.project.services[name], kind

    def place_of(self, word: Word) -> Place:
        """Where a word of a command stands."""
        source = self.project.sources.get(word.whole.place.file)
        return word.place(source.lines if source else ())


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a rule found; ``service`` is "" where it is about none."""

    place: Place
    service: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is looked for.

    Attributes:
        id: its name for programs and in comments that allow it; never changes.
        on_engines: its severity where the service is an engine, if that is another.
        title: what is wrong, in a sentence.
        why: what an attacker or an accident gets from it.
        fix: what to do.
    """

    id: str
    severity: Severity
    on_engines: Severity | None = None
    title: str
    why: str
    fix: str
    check: Callable[[Subject], Iterator[Hit]]


def faults(rule: str) -> Callable[[Subject], Iterator[Hit]]:
    """The check of a rule about files as such, which finds what was told while they were read."""

    def check(subject: Subject) -> Iterator[Hit]:
        return (Hit(fault.place, "", fault.what) for fault in subject.project.faults if fault.rule == rule)

    return check

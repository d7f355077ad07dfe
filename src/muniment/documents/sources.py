"""Finding what to read: files, folders, patterns and standard input. Looks at names only, never into files."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from muniment.documents.kinds import EXTENSIONS, SUPPORTED
from muniment.errors import DocumentError, MunimentError, UsageError

STDIN = "-"
"""The argument that stands for standard input."""

_CHECK_PATH = "Check the path."


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read.

    Attributes:
        path: where it is; None for standard input.
        name: its path relative to the folder it was found in, with forward slashes, or its file name if it was named
            itself; "stdin" for standard input. Bytes that are no UTF-8 are replaced. Two sources may share a name.
    """

    path: Path | None
    name: str

    def __post_init__(self) -> None:
        legible = self.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        object.__setattr__(self, "name", legible)


@dataclass(frozen=True, slots=True)
class Problem:
    """An argument, or a part of one, that gives nothing to read: its name, and why."""

    name: str
    error: MunimentError


@dataclass(frozen=True, slots=True)
class SourceSearch:
    """What was found, in the order of the arguments and sorted within each, and what was not."""

    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]


def find_sources(arguments: Sequence[str]) -> SourceSearch:
    """What ``arguments`` mean: files, folders (searched for documents), patterns with ``*``, ``?`` or ``**``, or "-".

    Files named outright are kept whatever their extension; folders give what has a known one. No file comes twice.
    Nothing is raised: what cannot be read is among the problems, so that the rest is read.
    """
    search = _Search()
    for argument in arguments:
        search.add(argument)
    return SourceSearch(tuple(search.sources), tuple(search.problems))


class _Search:
    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.problems: list[Problem] = []
        self._seen: set[Path] = set()
        self._stdin_seen = False

    def add(self, argument: str) -> None:
        if argument == STDIN:
            self._add_stdin()
        elif not argument:
            self._problem('""', UsageError("An empty path was given", _CHECK_PATH))
        elif os.path.lexists(argument):
            self._add_path(Path(argument))
        elif glob.has_magic(argument):
            self._add_pattern(argument)
        else:
            self._problem(argument, DocumentError(f"{argument} does not exist", _CHECK_PATH))

    def _add_stdin(self) -> None:
        if not self._stdin_seen:
            self._stdin_seen = True
            self.sources.append(Source(None, "stdin"))

    def _add_path(self, path: Path) -> None:
        if path.is_dir():
            self._add_folder(path)
        else:
            self._add_file(path, path.name)

    def _add_pattern(self, pattern: str) -> None:
        # Path.glob would need the pattern split from its fixed part, and differs in what ** means.
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        base = _fixed_folder(pattern)
        files = [Path(match) for match in matches if not Path(match).is_dir()]
        if not files:
            what = f"Nothing matches {pattern}"
            self._problem(pattern, DocumentError(what, "Check the pattern; quote it if the shell should not touch it."))
        for match in files:
            self._add_file(match, Path(os.path.relpath(match, base)).as_posix())

    def _add_folder(self, folder: Path) -> None:
        found = False
        for path in self._documents_in(folder):
            found = True
            self._add_file(path, path.relative_to(folder).as_posix())
        if not found and not any(problem.name == str(folder) for problem in self.problems):
            what = f"{folder} holds no documents"
            self._problem(str(folder), DocumentError(what, f"Looked for {SUPPORTED} by their extensions."))

    def _documents_in(self, folder: Path) -> Iterator[Path]:
        """Files with a known extension, sorted; every folder is entered once, however links lead to it."""
        entered: set[tuple[int, int]] = set()
        _enter(folder, entered)
        for parent, folders, files in os.walk(folder, followlinks=True, onerror=self._unreadable_folder):
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and _enter(Path(parent, name), entered)
            )
            for name in sorted(files):
                if not name.startswith(".") and Path(name).suffix.lower() in EXTENSIONS:
                    yield Path(parent, name)

    def _unreadable_folder(self, error: OSError) -> None:
        folder = str(error.filename)
        self._problem(folder, DocumentError(f"{folder} cannot be searched: {error.strerror}", "Check its permissions."))

    def _add_file(self, path: Path, name: str) -> None:
        try:
            status = path.stat()
        except OSError as error:
            self._problem(str(path), DocumentError(f"{path} cannot be read: {error.strerror}", _CHECK_PATH))
            return
        place = path.resolve()
        if place in self._seen:
            return
        self._seen.add(place)
        if not stat.S_ISREG(status.st_mode):
            hint = 'Give a file, or send it to standard input and give "-".'
            self._problem(str(path), DocumentError(f"{path} is no ordinary file", hint))
        elif not os.access(path, os.R_OK):
            self._problem(
                str(path), DocumentError(f"{path} cannot be read: permission denied", "Check its permissions.")
            )
        else:
            self.sources.append(Source(path, name))

    def _problem(self, name: str, error: MunimentError) -> None:
        self.problems.append(Problem(name, error))


def _enter(folder: Path, entered: set[tuple[int, int]]) -> bool:
    """Whether ``folder`` can be entered and has not been before."""
    try:
        status = folder.stat()
    except OSError:
        return False
    identity = (status.st_dev, status.st_ino)
    if identity in entered:
        return False
    entered.add(identity)
    return True


def _fixed_folder(pattern: str) -> Path:
    """The folders of ``pattern`` before the first wildcard, which names are relative to."""
    return Path(*takewhile(lambda part: not glob.has_magic(part), Path(pattern).parent.parts))

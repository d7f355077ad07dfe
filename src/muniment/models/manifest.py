"""What a model's folder must hold: every file's size and SHA-256, written when the model came.

The manifest is the file ``muniment-manifest.json`` in the model's folder, which has no folders of its own::

    {
      "format": 1,
      "name": "nanonets/Nanonets-OCR2-3B",
      "source": {"repo": "nanonets/Nanonets-OCR2-3B", "revision": "<40 hexadecimal digits>"},
      "files": [{"name": "config.json", "size": 1234, "sha256": "<64 hexadecimal digits>"}]
    }

``source`` is null for a model that was taken in without a manifest of its own. This module needs the standard library
only, as it is also copied into containers that hold nothing else of Muniment.
"""

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from muniment.errors import ModelChanged

_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""How a file is opened that may be anything: without following links or waiting. Windows lacks some of that."""

MANIFEST_NAME = "muniment-manifest.json"
FORMAT = 1
MOST_BYTES = 1 << 20
"""Of a manifest: ten thousand files take no more."""

CHUNK = 1 << 20
"""Bytes that are read at a time."""

_NAME = re.compile(r"(?=.{1,96}\Z)[A-Za-z0-9]([\w.-]*\w)?/[A-Za-z0-9]([\w.-]*\w)?", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}")
_REVISION = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_TAKE_IN_AGAIN = "Pull or import the model again."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull, an import, an export or a verification is: ``done`` of ``total`` bytes, now at ``file``."""

    file: str
    done: int
    total: int


Tell = Callable[[Progress], None]
"""Given the progress, after every piece."""

TellRead = Callable[[str, str], None]
"""Given the name of a file that was read to its end, and the SHA-256 of what lies there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model came from: a hub's repository, and the full commit."""

    repo: str
    revision: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file: its name in the model's folder, its bytes, and their SHA-256 in hexadecimal digits."""

    name: str
    size: int
    sha256: str


class FaultKind(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"
    SIZE = "size"
    CHANGED = "changed"
    EXTRA = "extra"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One file that is not what the manifest says; as text, a line for the user."""

    file: str
    kind: FaultKind
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model consists of; ``files`` are in the order of their names."""

    name: str
    source: Source | None
    files: tuple[FileEntry, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(entry.size for entry in self.files)

    def to_bytes(self) -> bytes:
        """The manifest as it is written; the same model gives the same bytes."""
        source = self.source and {"repo": self.source.repo, "revision": self.source.revision}
        files = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in self.files]
        content = {"format": FORMAT, "name": self.name, "source": source, "files": files}
        return (json.dumps(content, indent=2) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> "Manifest":
        """Parse a manifest; ``where`` names it in errors.

        Raises:
            ModelChanged: it is none, or one of a newer Muniment.
        """
        try:
            return _manifest(_parsed(content))
        except _NewerFormat as error:
            what = f"{where} has the format {error}, which this Muniment does not know"
            raise ModelChanged(what, "Use a newer one.") from None
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else _reason(error)
            raise ModelChanged(f"{where} is not a manifest of Muniment: {reason}", _TAKE_IN_AGAIN) from None

    @classmethod
    def of_folder(cls, folder: Path) -> "Manifest":
        """The manifest in a model's folder.

        Raises:
            ModelChanged: there is none that can be used.
        """
        path = folder / MANIFEST_NAME
        try:
            with open_regular(path) as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            what = f"{folder} has no manifest that would say what should be in it"
            raise ModelChanged(what if folder.is_dir() else f"{folder} is not there", _TAKE_IN_AGAIN) from None
        except OSError as error:
            raise ModelChanged(f"{path} cannot be read: {error.strerror}", "Make it readable.") from None
        return cls.from_bytes(content, str(path))

    def verify(self, folder: Path, tell: Tell | None = None, tell_read: TellRead | None = None) -> tuple[Fault, ...]:
        """Read every file of ``folder`` and say what is not as the manifest has it.

        Args:
            folder: the model's folder.
            tell: given the progress.
            tell_read: given what each file was found to be, but for those that are missing or of another size, which
                are not read.

        Returns:
            The faults, in the order of the files' names; none if the folder holds the model and nothing else.
        """
        try:
            present = {entry.name for entry in os.scandir(folder)}
        except OSError as error:
            return (Fault(str(folder), FaultKind.UNREADABLE, f"cannot be listed: {error.strerror}"),)
        known = {entry.name for entry in self.files}
        faults = [Fault(name, FaultKind.EXTRA, "is not in the manifest") for name in present - known - {MANIFEST_NAME}]
        before = 0
        for entry in self.files:
            if fault := _fault(folder, entry, _offset(tell, entry.name, before, self.size), tell_read):
                faults.append(fault)
            before += entry.size
        return tuple(sorted(faults, key=lambda fault: fault.file))


def model_name(name: str) -> str:
    """``name`` itself, if it is one that a model can have: OWNER/NAME.

    Raises:
        ValueError: it is not.
    """
    if not _NAME.fullmatch(name) or ".." in name or "--" in name:
        raise ValueError(f'"{name}" is not a model\'s name like nanonets/Nanonets-OCR2-3B')
    return name


def file_name(name: str) -> str:
    """``name`` itself, if a file of a model can have it: no folders, nothing hidden, no odd characters.

    Raises:
        ValueError: it is not.
    """
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"{name[:80]!r} is not a file's name that a model can have")
    return name


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading that is no link, and neither a device nor a pipe, which might never end.

    Raises:
        OSError: it is one of these, or cannot be opened.
    """
    number = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return os.fdopen(number, "rb", buffering=0)


def _offset(tell: Tell | None, name: str, before: int, total: int) -> Callable[[int], None]:
    if tell is None:
        return lambda _done: None
    return lambda done: tell(Progress(name, before + done, total))


def _fault(folder: Path, entry: FileEntry, done: Callable[[int], None], tell_read: TellRead | None) -> Fault | None:
    try:
        status = (folder / entry.name).lstat()
        if not stat.S_ISREG(status.st_mode):
            return Fault(entry.name, FaultKind.CHANGED, "is not a regular file")
        if status.st_size != entry.size:
            return Fault(entry.name, FaultKind.SIZE, f"has {status.st_size:,} bytes instead of {entry.size:,}")
        found = _sha256(folder / entry.name, done)
        if tell_read is not None:
            tell_read(entry.name, found)
        if found != entry.sha256:
            return Fault(entry.name, FaultKind.CHANGED, "has another SHA-256 than when it came")
    except FileNotFoundError:
        return Fault(entry.name, FaultKind.MISSING, "is missing")
    except OSError as error:
        return Fault(entry.name, FaultKind.UNREADABLE, f"cannot be read: {error.strerror}")
    return None


def _sha256(path: Path, done: Callable[[int], None]) -> str:
    digest, count = hashlib.sha256(), 0
    with open_regular(path) as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            count += len(piece)
            done(count)
    return digest.hexdigest()


class _NewerFormat(Exception):
    """The manifest's format is none that is known here."""


def _parsed(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise ValueError("it is longer than manifests are")
    return json.loads(content, object_pairs_hook=_once)


def _manifest(content: Any) -> Manifest:
    if isinstance(content, dict) and type(number := content.get("format")) is int and number > FORMAT:
        raise _NewerFormat(number)
    fields = _fields(content, "the manifest", {"format": int, "name": str, "source": dict | None, "files": list})
    if fields["format"] != FORMAT:
        raise ValueError(f"the format is {fields['format']!r}")
    files = tuple(_entry(one) for one in fields["files"])
    names = [entry.name for entry in files]
    if not names or names != sorted(set(names)) or MANIFEST_NAME in names:
        raise ValueError("its files are not in the order of their names, each once")
    return Manifest(model_name(fields["name"]), fields["source"] and _source(fields["source"]), files)


def _source(content: Any) -> Source:
    fields = _fields(content, "the source", {"repo": str, "revision": str})
    if not _REVISION.fullmatch(fields["revision"]):
        raise ValueError("the revision is no full commit")
    return Source(model_name(fields["repo"]), fields["revision"])


def _entry(content: Any) -> FileEntry:
    fields = _fields(content, "a file", {"name": str, "size": int, "sha256": str})
    if fields["size"] < 0 or not _SHA256.fullmatch(fields["sha256"]):
        raise ValueError(f"the size or SHA-256 of {fields['name'][:80]!r} is none")
    return FileEntry(file_name(fields["name"]), fields["size"], fields["sha256"])


def _fields(content: Any, what: str, kinds: dict[str, Any]) -> dict[str, Any]:
    """``content``, if it has these fields, no others, and of these types; a truth value is no number."""
    if not isinstance(content, dict) or content.keys() != kinds.keys():
        raise ValueError(f"{what} does not have the fields {', '.join(kinds)}")
    for name, kind in kinds.items():
        if not isinstance(content[name], kind) or isinstance(content[name], bool):
            raise ValueError(f"{what} has something else as {name}")  # noqa: TRY004  # of the content, not of a call
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _reason(error: ValueError) -> str:
    return "it is not JSON in UTF-8" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)

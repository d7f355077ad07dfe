"""Files that are read: those that are named, and those beside them that Compose would read too."""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from muniment.errors import UsageError
from muniment.seal.lint.tree import MOST_BYTES, Place

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([^\s=:#]+)(?:\s*[=:]\s?(.*))?")
_COMMENT = re.compile(r"\s#.*")


@dataclass(frozen=True, slots=True)
class Assigned:
    """A variable in a file of variables; ``text`` is None where it has no value, and comes from whoever runs it."""

    place: Place
    text: str | None


def content_of(path: Path) -> bytes:
    """What a file holds, as far as :data:`MOST_BYTES` and one more. Raises UsageError."""
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UsageError(f"{path} cannot be read: {reason}", "Name a compose file that you may read.") from None
    except ValueError:
        raise UsageError("A name of a file holds a null character", "Name a compose file.") from None


def beside(folder: Path, name: str) -> Path | None:
    """The file that a compose file in ``folder`` names; None unless it is one that lies there or below.

    What a stranger's file names elsewhere is not opened.
    """
    try:
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve())
        return path if inside and stat.S_ISREG(path.stat().st_mode) else None
    except (OSError, ValueError, RuntimeError):
        return None


def variables_in(path: Path) -> Mapping[str, Assigned] | None:
    """What a file of variables assigns, the last for each name; None if it cannot be read."""
    try:
        content = content_of(path)
    except UsageError:
        return None
    assigned = {}
    for number, line in enumerate(content[:MOST_BYTES].decode("utf-8-sig", "replace").splitlines(), 1):
        found = _ASSIGNMENT.fullmatch(line)
        if found and not found[1].startswith("#"):
            column = found.start(1) + 1
            assigned[found[1]] = Assigned(Place(str(path), number, column), _unquoted(found[2]))
    return assigned


def _unquoted(value: str | None) -> str | None:
    if value is None:
        return None
    value = value.strip()
    quote = value[:1]
    if quote in {"'", '"'} and (end := value.find(quote, 1)) > 0:
        return value[1:end]
    return _COMMENT.sub("", value).strip()

"""What results are called: the input tree mirrored, one name a document, and never outside the folder."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from muniment.outputs.writer import Format

_LONGEST = 180
"""Bytes of one part of a name: leaves room for suffixes where file systems allow 255."""

_EXTENSION = re.compile(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{1,4}$")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd<>:"|?*\\]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LEVELS = 3


def plan_names(documents: Mapping[str, str]) -> dict[str, PurePosixPath]:
    """A name without suffix for each document's results, relative to the output folder.

    ``sub/a.pdf`` becomes ``sub/a``. Where that would fall together with another document's name, letter case and
    Unicode form aside, all of those keep their extension (``sub/a.pdf``, ``sub/a.png``); where that is not enough they
    also get a digest of their identity. The order of ``documents`` does not matter.

    Args:
        documents: identity (unlike any other's, the same in every run) to name (with forward slashes).
    """
    levels = dict.fromkeys(documents, 0)
    while True:
        names = {identity: _name(name, identity, levels[identity]) for identity, name in documents.items()}
        moving = [identity for identity in _clashing(names) if levels[identity] < _LEVELS - 1]
        if not moving:
            return names
        for identity in moving:
            levels[identity] += 1


def _name(name: str, identity: str, level: int) -> PurePosixPath:
    *folders, file = [part for part in name.split("/") if part] or [""]
    if level == 0:
        file = _EXTENSION.sub("", file)
    safe = _safe(file)
    if level == _LEVELS - 1:
        safe = f"{safe}~{_digest(identity)}"
    return PurePosixPath(*map(_safe, folders), safe)


def _clashing(names: Mapping[str, PurePosixPath]) -> list[str]:
    """Identities whose results would be the same file as another's, or a folder that another's are in."""
    folded = {identity: _folded(name) for identity, name in names.items()}
    count = Counter(folded.values())
    folders = {_folded(parent) for name in names.values() for parent in name.parents}
    return [
        identity
        for identity, name in folded.items()
        if count[name] > 1 or any(f"{name}{kind.suffix}" in folders for kind in Format)
    ]


def _safe(part: str) -> str:
    """``part`` as a file name that every common file system takes, is not hidden, and leads nowhere else."""
    part = _UNSAFE.sub("_", unicodedata.normalize("NFC", part))
    part = re.sub(r"^\.", "_", part.strip(" ")).rstrip(". ") or "_"
    if _RESERVED.fullmatch(part):
        part = f"_{part}"
    encoded = part.encode()
    if len(encoded) > _LONGEST:
        part = f"{encoded[:_LONGEST].decode(errors='ignore')}~{_digest(part)}"
    return part


def _folded(name: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(name).casefold())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]

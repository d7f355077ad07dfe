"""Writing a model to an archive, for a stick: the same model gives the same bytes, and only a sound one is written."""

import errno
import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from muniment.errors import ModelChanged, OutputError, unwritable
from muniment.models.assembly import finish
from muniment.models.manifest import CHUNK, MANIFEST_NAME, FileEntry, Manifest, Progress, Tell, open_regular

_AROUND_FILES, _AROUND_FILE = 64 << 10, 4 << 10
"""Bytes that an archive takes at most beside those of its files: in all, and for each."""

_ELSEWHERE = "Choose another place for the archive."


def export(folder: Path, manifest: Manifest, path: Path, tell: Tell | None) -> None:
    """Write the model in ``folder`` to ``path``; see :meth:`muniment.models.Store.export`."""
    content = manifest.to_bytes()
    top = manifest.name.partition("/")[2]
    with (
        _appearing(path, manifest.size + _AROUND_FILES + _AROUND_FILE * len(manifest.files)) as target,
        tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        archive.addfile(_member(f"{top}/{MANIFEST_NAME}", len(content)), io.BytesIO(content))
        before = 0
        for entry in manifest.files:
            with _checked(folder, entry, before, manifest.size, tell) as file:
                archive.addfile(_member(f"{top}/{entry.name}", entry.size), cast("BinaryIO", file))
            before += entry.size


def _member(name: str, size: int) -> tarfile.TarInfo:
    """Without a time or an owner, so that only the model makes a difference."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member


@contextmanager
def _appearing(path: Path, size: int) -> Iterator[BinaryIO]:
    """A file that has its name only when it is whole; nothing is written over."""
    hidden = path.with_name(f".{path.name}.part")
    try:
        if os.path.lexists(path):
            raise OutputError(f"{path} is there already", "Move it away, or choose another name.")
        if size > (free := shutil.disk_usage(path.parent).free):
            what = f"{path} cannot be written: it takes up to {size:,} bytes, and {free:,} are left"
            raise OutputError(what, _ELSEWHERE)
        try:
            with hidden.open("wb") as target:
                yield target
                target.flush()
                finish(target.fileno())
            hidden.rename(path)
        except BaseException:
            hidden.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OutputError:
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{path} cannot be written: its file system takes no file that large (FAT takes 4 GiB)",
            "Use another file system, or copy the model's folder and import that.",
        )
    return OutputError(unwritable(path, error).what, _ELSEWHERE)


class _Hashed:
    """A file of the model that is read once, from its beginning to its end."""

    def __init__(self, file: BinaryIO, entry: FileEntry, before: int, total: int, tell: Tell | None) -> None:
        self._file, self._entry, self._before, self._total, self._tell = file, entry, before, total, tell
        self.digest = hashlib.sha256()
        self._count = 0

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        if len(piece) < size:
            raise _changed(self._entry)
        self.digest.update(piece)
        self._count += len(piece)
        if self._tell is not None and (self._count % CHUNK < size or self._count == self._entry.size):
            self._tell(Progress(self._entry.name, self._before + self._count, self._total))
        return piece


@contextmanager
def _checked(folder: Path, entry: FileEntry, before: int, total: int, tell: Tell | None) -> Iterator[_Hashed]:
    """A file of the model; when it was read, it must have been what the manifest says."""
    try:
        file = io.BufferedReader(cast("io.FileIO", open_regular(folder / entry.name)))
    except OSError as error:
        raise ModelChanged(
            f"{folder / entry.name} cannot be read: {error.strerror}", "See muniment model verify."
        ) from None
    with file:
        hashed = _Hashed(file, entry, before, total, tell)
        yield hashed
        if file.read(1) or hashed.digest.hexdigest() != entry.sha256:
            raise _changed(entry)


def _changed(entry: FileEntry) -> ModelChanged:
    return ModelChanged(f"{entry.name} is not what the manifest says, so nothing is exported", "Pull the model again.")

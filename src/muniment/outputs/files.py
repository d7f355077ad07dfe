"""Files that are whole or not there."""

import contextlib
import os
from pathlib import Path, PurePosixPath
from types import TracebackType

from muniment.errors import unwritable
from muniment.outputs.characters import without_surrogates


class AtomicFile:
    """A text file written bit by bit that appears under its name only when it is finished.

    Until then it is ``.<name>.part`` beside it, readable by its owner only. What an earlier, killed run left there is
    replaced; one run at a time may write to a folder. Links below ``root`` are never followed.

    Args:
        root: the output folder; it must exist.
        name: the file, relative to ``root``; folders are made.

    Raises:
        OutputError: it cannot be written. The same goes for all methods.
    """

    def __init__(self, root: Path, name: PurePosixPath) -> None:
        self.path = root / name
        self._name = name.name
        self._part = f".{name.name}.part"
        self._folder = self._file = -1
        try:
            self._folder = _open_folder(root, name.parent)
            self._file = _create(self._part, self._folder)
        except OSError as error:
            self.discard()
            raise unwritable(self.path, error) from None

    def __enter__(self) -> "AtomicFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, text: str) -> None:
        """Add ``text``, as UTF-8."""
        try:
            left = memoryview(encoded(text))
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self.discard()
            raise unwritable(self.path, error) from None

    def commit(self) -> None:
        """Put the file under its name, replacing an older one."""
        try:
            os.fchmod(self._file, 0o666 & ~_umask())
            os.fsync(self._file)
            os.replace(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)
        except OSError as error:
            raise unwritable(self.path, error) from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Forget what was written since the file was begun. Does nothing after ``commit``."""
        if self._file >= 0:
            os.close(self._file)
            with contextlib.suppress(OSError):  # renamed already
                os.unlink(self._part, dir_fd=self._folder)
        if self._folder >= 0:
            os.close(self._folder)
        self._folder = self._file = -1


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it, unless they are there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None


def encoded(text: str) -> bytes:
    """``text`` as UTF-8, whatever is in it."""
    return without_surrogates(text).encode()


def _open_folder(root: Path, below: PurePosixPath) -> int:
    """A descriptor of the folder ``below`` in ``root``, made if need be, reached without following a link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in below.parts:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _create(name: str, folder: int) -> int:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

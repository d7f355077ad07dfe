"""A model's folder is put together out of sight, beside its place, and appears whole or not at all."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muniment.errors import ModelError, OutputError, unwritable
from muniment.models.manifest import MANIFEST_NAME, FileEntry, Manifest, Source

OPTION = "--store"
_SUFFIX = ".part"
_OLDER = "older"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_CANNOT_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}


class Assembly:
    """The hidden folder in which a model's files come together.

    Args:
        place: the folder that the model will be.
        folder: the hidden one beside it.
    """

    def __init__(self, place: Path, folder: Path) -> None:
        self._place = place
        self.folder = folder

    def need_room(self, size: int) -> None:
        """Refuse what the disk has no room for.

        Args:
            size: the bytes that are still to be written.

        Raises:
            OutputError: there are fewer left.
        """
        with writing(self._place):
            free = shutil.disk_usage(self.folder).free
        if size > free:
            raise OutputError(
                f"{self._place} cannot be written: it takes {size:,} bytes more, and {free:,} are left",
                f"Make room or choose another folder with {OPTION}.",
            )

    def publish(self, name: str, source: Source | None, files: tuple[FileEntry, ...]) -> Manifest:
        """Write the manifest and let the model appear, in the place of an older one.

        What else lies in the hidden folder is removed first.

        Raises:
            OutputError: it cannot be written.
        """
        manifest = Manifest(name, source, files)
        with writing(self._place):
            for path in self.folder.iterdir():
                if path.name not in {entry.name for entry in files}:
                    path.unlink()
            with (self.folder / MANIFEST_NAME).open("wb") as file:
                file.write(manifest.to_bytes())
                finish(file.fileno())
            self.folder.chmod(0o755)
            _sync(self.folder)
            _put(self.folder, self._place)
            _sync(self._place.parent)
        return manifest


@contextmanager
def assembly(root: Path, name: str, tag: str, *, keep: bool) -> Iterator[Assembly]:
    """The hidden folder for the model ``name``; made, or found as an interrupted run left it.

    Args:
        root: the store's folder; made if it is missing.
        name: the model's name, OWNER/NAME.
        tag: what is assembled there, like a revision; hidden folders of the same model with other tags are removed.
        keep: leave it for the next run if this one does not come to its end.

    Raises:
        OutputError: it cannot be made.
        ModelError: another process is assembling the same model.
    """
    place = root / name
    folder = _hidden(place, tag)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        if (older := _hidden(place, _OLDER)).exists() and not os.path.lexists(place):
            older.rename(place)  # a run ended at the very moment without the model
        for other in leftovers(place):
            if other != folder:
                _remove_unused(other)
    lock = _locked(folder)
    try:
        yield Assembly(place, folder)
    except BaseException:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def leftovers(place: Path) -> tuple[Path, ...]:
    """The hidden folders of the model at ``place`` that runs left which did not come to their end."""
    start = _hidden(place, "").name.removesuffix(_SUFFIX)
    try:
        return tuple(sorted(one for one in place.parent.iterdir() if _is_hidden(one, start)))
    except FileNotFoundError:
        return ()


def discard(place: Path) -> None:
    """Remove the model at ``place``, its hidden folders, and its owner's folder if nothing else is in there.

    Raises:
        ModelError: a process is assembling the same model.
        OutputError: it cannot be removed.
    """
    with writing(place):
        for folder in leftovers(place):
            _remove_unused(folder)
        if place.is_dir():
            removed = place.rename(_hidden(place, "removed"))  # half a model never stands in a model's place
            shutil.rmtree(removed)
        if not any(place.parent.iterdir()):
            place.parent.rmdir()


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turns what the system says into an OutputError about ``place``."""
    try:
        yield
    except OSError as error:
        raise unwritable(place, error, OPTION) from None


def finish(number: int) -> None:
    """See that the open file ``number`` is on the disk, and that an engine of another user can read it."""
    os.fchmod(number, 0o644)
    os.fsync(number)


def _remove_unused(folder: Path) -> None:
    os.close(_locked(folder))
    shutil.rmtree(folder)


def _hidden(place: Path, tag: str) -> Path:
    # No name of a model holds two hyphens, so that none is the beginning of another's.
    return place.with_name(f".{place.name}--{tag}{_SUFFIX}")


def _is_hidden(path: Path, start: str) -> bool:
    return path.name.startswith(start) and path.name.endswith(_SUFFIX)


def _locked(folder: Path) -> int:
    """The open folder, made if it is missing, which no other process has locked."""
    try:
        import fcntl
    except ModuleNotFoundError:
        raise ModelError(
            "Windows by itself has no such locks as taking in a model needs",
            "Use muniment model pull, which fetches in a container, or WSL.",
        ) from None
    while True:
        with writing(folder):
            folder.mkdir(mode=0o755, exist_ok=True)
            number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(number)
            raise ModelError(
                f"{folder} is in use: another process is fetching or taking in this model", "Wait until it has ended."
            ) from None
        if _is_at(number, folder):
            return number
        os.close(number)  # the other process was just done with it


def _is_at(number: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), folder.lstat())
    except FileNotFoundError:
        return False


def _put(folder: Path, place: Path) -> None:
    if not os.path.lexists(place):
        folder.rename(place)
        return
    if place.is_symlink() or not place.is_dir():
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not _exchange(folder, place):
        # This file system cannot do it at once, so there is a moment without the model.
        older = place.rename(_hidden(place, _OLDER))
        folder.rename(place)
        folder = older
    shutil.rmtree(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places at once; Python has no function for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    if (number := ctypes.get_errno()) in _CANNOT_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number))


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)

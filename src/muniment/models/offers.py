"""What a model is taken in from: a folder, or a tar archive; both may come from a stick that anybody wrote."""

import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from muniment.errors import ModelError
from muniment.models.choice import CONFIG
from muniment.models.manifest import CHUNK, open_regular

MOST_MEMBERS = 10_000
"""In an archive."""

_GET_AGAIN = "Make it with muniment model export, or hand over an unpacked folder."


class _Refused(Exception):
    """The archive holds what no model's archive does; says what, as a clause."""


class Offer(Protocol):
    """The files of one model, flat."""

    @property
    def what(self) -> str:
        """Names it in errors."""
        ...

    @property
    def sizes(self) -> Mapping[str, int]:
        """Each file's name and bytes."""
        ...

    def open(self, name: str) -> BinaryIO:
        """One of the files; raises ModelError if it cannot be read."""
        ...


@contextmanager
def offered(path: Path) -> Iterator[Offer]:
    """What lies at ``path``, a folder or a tar archive.

    Raises:
        ModelError: it is neither, cannot be read, or holds what no model's archive should.
    """
    if os.path.isdir(path):  # noqa: PTH112  # Path's raises where nothing may be read
        yield _Folder(path)
        return
    try:
        file = open_regular(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", "Name a folder or a tar archive.") from None
    with file:
        yield _Archive(path, file)


class _Folder:
    """Files that lie in a folder; what lies in folders below it is not part of a model."""

    def __init__(self, folder: Path) -> None:
        self.what = str(folder)
        self._folder = folder
        try:
            files = [path for path in folder.iterdir() if not path.is_dir()]
            self.sizes = {path.name: path.lstat().st_size for path in files}
        except OSError as error:
            raise ModelError(f"{folder} cannot be read: {error.strerror}", "Make it readable.") from None

    def open(self, name: str) -> BinaryIO:
        path = self._folder / name
        if path.is_symlink():
            raise ModelError(
                f"{path} is a link, which might lead to anything", "Make a copy without links, with cp -rL."
            )
        try:
            return open_regular(path)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}", "Make it readable.") from None


class _Archive:
    """Files of an archive that is not compressed.

    Nothing is ever unpacked by a name that the archive gives: names choose what is copied, and to where is known here.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.what = str(path)
        try:
            bounded = cast("BinaryIO", _BoundedReads(file))
            self._tar = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115  # it owns no file
            self._members = _of_one_folder(dict(self._listed()))
        except _Refused as error:
            raise ModelError(f"{path} cannot be taken in: {error}", _GET_AGAIN) from None
        except (tarfile.TarError, ValueError, EOFError, RecursionError, OverflowError):
            raise ModelError(f"{path} is no tar archive, or a damaged or compressed one", _GET_AGAIN) from None
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}", _GET_AGAIN) from None
        self.sizes = {name: member.size for name, member in self._members.items()}

    def open(self, name: str) -> BinaryIO:
        file = self._tar.extractfile(self._members[name])
        assert file is not None  # noqa: S101  # only regular files are listed
        return cast("BinaryIO", file)

    def _listed(self) -> Iterator[tuple[PurePosixPath, tarfile.TarInfo]]:
        """Every file, wherever it lies; one odd member spoils the whole archive."""
        seen = set[PurePosixPath]()
        for count, member in enumerate(self._tar):
            if count == MOST_MEMBERS:
                raise _Refused(f"it holds more than {MOST_MEMBERS:,} files")
            path = _safe(member)
            if member.isdir():
                continue
            if not member.isreg() or member.issparse() or member.size < 0:
                raise _Refused(f"{member.name[:80]!r} in it is no regular file but a link, a device or the like")
            if path in seen:
                raise _Refused(f"{member.name[:80]!r} stands in it twice")
            seen.add(path)
            yield path, member


class _BoundedReads:
    """A file of which little is read at once: an archive's own headers could ask for all the memory there is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= CHUNK:
            raise _Refused("a header in it is longer than headers are")
        return self._file.read(size)


def _of_one_folder(members: dict[PurePosixPath, tarfile.TarInfo]) -> dict[str, tarfile.TarInfo]:
    """The files beside the highest configuration, by their names; those elsewhere are not part of the model."""
    configs = sorted((len(path.parts), path.parent) for path in members if path.name == CONFIG)
    if len(configs) > 1 and configs[0][0] == configs[1][0]:
        raise _Refused("it holds several models")
    tops = configs or sorted((len(path.parts), path.parent) for path in members)
    return {path.name: member for path, member in members.items() if path.parent == tops[0][1]}


def _safe(member: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or not member.name.isprintable():
        raise _Refused(f"{member.name[:80]!r} in it leads out of its folder or is no name")
    return path

"""Taking a model in from a folder or an archive, for machines that never see the Internet."""

import hashlib
import tarfile
from pathlib import Path
from typing import BinaryIO

from muniment.errors import ModelChanged, ModelError, UsageError
from muniment.models.assembly import Assembly, assembly, finish, writing
from muniment.models.choice import MOST_TEXT_BYTES, chosen, is_weights
from muniment.models.index import check_index
from muniment.models.manifest import (
    CHUNK,
    MANIFEST_NAME,
    MOST_BYTES,
    FileEntry,
    Manifest,
    Progress,
    Tell,
)
from muniment.models.offers import Offer, offered
from muniment.models.tensors import check_weights


def take_in(root: Path, path: Path, name: str | None, tell: Tell | None) -> Manifest:
    """Copy the model at ``path`` into the store at ``root``; see :meth:`muniment.models.Store.import_`."""
    with offered(path) as offer:
        brought = _brought(offer)
        called = _name(offer, brought, name)
        files = chosen([one for one in offer.sizes if one != MANIFEST_NAME], offer.what)
        if brought is not None:
            _check_files(offer, brought, files)
        with assembly(root, called, "import", keep=False) as made:
            entries = _copied(offer, files, made, tell)
            if brought is not None:
                _check_digests(offer, brought, entries)
            check_folder(made.folder, files)
            return made.publish(called, None if brought is None else brought.source, entries)


def check_folder(folder: Path, files: tuple[str, ...]) -> None:
    """Hold what can be judged of a model's files without an engine against the files.

    Raises:
        ModelError: weights are damaged, or the index names weights that are not there.
    """
    for name in files:
        if is_weights(name):
            check_weights(folder / name)
    check_index(folder, files)


def _brought(offer: Offer) -> Manifest | None:
    if MANIFEST_NAME not in offer.sizes:
        return None
    where = f"{offer.what}: {MANIFEST_NAME}"
    with offer.open(MANIFEST_NAME) as file:
        return Manifest.from_bytes(file.read(min(offer.sizes[MANIFEST_NAME], MOST_BYTES + 1)), where)


def _name(offer: Offer, brought: Manifest | None, name: str | None) -> str:
    if brought is None and name is None:
        raise UsageError(f"{offer.what} does not say which model it is", "Add --name OWNER/NAME.")
    if brought is not None and name not in (None, brought.name):
        raise UsageError(f"{offer.what} is {brought.name} and not {name}", "Leave --name out.")
    return brought.name if brought is not None else str(name)


def _check_files(offer: Offer, brought: Manifest, files: tuple[str, ...]) -> None:
    """The same files, of the same sizes, before anything is copied."""
    listed = {entry.name: entry.size for entry in brought.files}
    found = {name: offer.sizes[name] for name in files}
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise ModelChanged(
                f"{offer.what} is not what its manifest says: {name} is missing, of another size, or not in it",
                "Get it again from where it came.",
            )


def _check_digests(offer: Offer, brought: Manifest, entries: tuple[FileEntry, ...]) -> None:
    for listed, found in zip(brought.files, entries, strict=True):
        if listed != found:
            raise ModelChanged(
                f"{offer.what} is not what its manifest says: {found.name} has another SHA-256",
                "Get it again from where it came.",
            )


def _copied(offer: Offer, files: tuple[str, ...], made: Assembly, tell: Tell | None) -> tuple[FileEntry, ...]:
    for name in files:
        if not is_weights(name) and offer.sizes[name] > MOST_TEXT_BYTES:
            raise ModelError(f"{offer.what}: {name} is larger than such files are", "Look at what it holds.")
    total = sum(offer.sizes[name] for name in files)
    made.need_room(total)
    entries: list[FileEntry] = []
    for name in files:
        before = sum(entry.size for entry in entries)
        with offer.open(name) as source:
            entries.append(_copy(source, made.folder / name, offer, before, total, tell))
    return tuple(entries)


def _copy(source: BinaryIO, target: Path, offer: Offer, before: int, total: int, tell: Tell | None) -> FileEntry:
    digest, size, expected = hashlib.sha256(), 0, offer.sizes[target.name]
    with writing(target), target.open("wb") as file:
        while piece := _read(source, min(CHUNK, expected - size), offer):
            digest.update(piece)
            file.write(piece)
            size += len(piece)
            if tell is not None:
                tell(Progress(target.name, before + size, total))
        file.flush()
        finish(file.fileno())
    if size != expected:
        raise ModelError(f"{offer.what} ends in the middle of {target.name}", "Get it again from where it came.")
    return FileEntry(target.name, size, digest.hexdigest())


def _read(source: BinaryIO, size: int, offer: Offer) -> bytes:
    """A broken stick is no fault of the place that is written to."""
    try:
        return source.read(size)
    except (OSError, tarfile.TarError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it ends too early"
        raise ModelError(f"{offer.what} cannot be read: {reason}", "Try another copy.") from None

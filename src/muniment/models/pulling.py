"""Fetching a model from a hub: what came stays if it is interrupted, and nothing appears before all of it is right."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from muniment.errors import ModelChanged, ModelError
from muniment.models.assembly import Assembly, assembly, finish, writing
from muniment.models.choice import MOST_TEXT_BYTES, chosen, is_weights
from muniment.models.hub import Hub, HubFile, Listing
from muniment.models.manifest import CHUNK, FileEntry, Manifest, Progress, Source, Tell
from muniment.models.taking import check_folder


def pull(root: Path, name: str, revision: str | None, tell: Tell | None) -> Manifest:
    """Fetch the model ``name`` into the store at ``root``; see :meth:`muniment.models.Store.pull`."""
    hub = Hub()
    listing = hub.listing(name, revision)
    files = [listing.files[one] for one in chosen(listing.files, f"{name} on {hub.address}")]
    for file in files:
        if not is_weights(file.name) and file.size > MOST_TEXT_BYTES:
            raise ModelError(f"{name} has a {file.name} that is larger than such files are", "Look at what it holds.")
    source = Source(name, listing.revision)
    if (kept := _kept(root / name, source, tell)) is not None:
        return kept
    with assembly(root, name, listing.revision, keep=True) as made:
        made.need_room(sum(file.size - _size(made.folder / file.name) for file in files))
        entries = tuple(_fetch(hub, listing, file, made, files, tell) for file in files)
        check_folder(made.folder, tuple(file.name for file in files))
        return made.publish(name, source, entries)


def _kept(place: Path, source: Source, tell: Tell | None) -> Manifest | None:
    """The manifest of the model at ``place``, if it is the very one and sound."""
    try:
        manifest = Manifest.of_folder(place)
    except ModelChanged:
        return None
    return manifest if manifest.source == source and not manifest.verify(place, tell) else None


def _fetch(
    hub: Hub, listing: Listing, file: HubFile, made: Assembly, files: list[HubFile], tell: Tell | None
) -> FileEntry:
    """One file, as far as it is not there yet."""
    path = made.folder / file.name
    before = sum(one.size for one in files if one.name < file.name)
    total = sum(one.size for one in files)

    def done(count: int) -> None:
        if tell is not None:
            tell(Progress(file.name, before + count, total))

    with writing(path):
        if _size(path) > file.size:
            path.unlink()
        try:
            hub.fetch(listing, file, path, done)
            digest = _digest(path, file, done)
        except ModelChanged:
            path.unlink()  # there is nothing in it to go on from
            raise
        with path.open("rb") as written:
            finish(written.fileno())
    return FileEntry(file.name, file.size, digest)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _digest(path: Path, file: HubFile, done: Callable[[int], None]) -> str:
    """The SHA-256 of what came.

    Raises:
        ModelChanged: it is not what the hub said it would be.
    """
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    with path.open("rb") as written:
        while piece := written.read(CHUNK):
            sha256.update(piece)
            if file.blob is not None:
                blob.update(piece)
            done(file.size)  # nothing more has come, but it is still at work
    if (file.sha256 or sha256.hexdigest()) != sha256.hexdigest() or (file.blob or blob.hexdigest()) != blob.hexdigest():
        raise ModelChanged(
            f"{file.name} came with another hash than the hub said it has",
            "Run the same command again to fetch it anew.",
        )
    return sha256.hexdigest()

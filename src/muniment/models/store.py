"""The store: a folder with a folder for each owner and, in it, one for each model."""

import os
from dataclasses import dataclass
from pathlib import Path

from muniment.errors import ModelChanged, ModelError, OutputError, UsageError
from muniment.models.assembly import discard, leftovers
from muniment.models.manifest import Fault, Manifest, Tell, model_name
from muniment.models.taking import take_in

VARIABLE = "MUNIMENT_MODELS"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is in a store: its name, its folder, and what must be in there."""

    name: str
    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Store:
    """Where models are kept, one revision of each.

    Every method that takes a name raises UsageError if no model can have it.

    Args:
        root: the store's folder; made when the first model comes.
    """

    root: Path

    def names(self) -> tuple[str, ...]:
        """Everything that stands where a model does, in order; some of it may be none.

        Raises:
            ModelError: the store cannot be read.
        """
        try:
            owners = [owner for owner in self.root.iterdir() if _is_seen(owner)]
            models = [model for owner in owners for model in owner.iterdir() if _is_seen(model)]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ModelError(f"{self.root} cannot be read: {error.strerror}", "Make it readable.") from None
        return tuple(sorted(f"{model.parent.name}/{model.name}" for model in models))

    def find(self, name: str) -> Model:
        """The model ``name``; its files are not looked at.

        Raises:
            ModelError: it is not there.
            ModelChanged: it has no manifest that can be used, or that of another model.
        """
        place = self._place(name)
        if not _is_folder(place):
            others = ", ".join(self.names())
            hint = "Pull or import it first" + (f", or take one that is there: {others}." if others else ".")
            raise ModelError(f"There is no model {name} in {self.root}", hint)
        manifest = Manifest.of_folder(place)
        if manifest.name != name:
            raise ModelChanged(f"{place} is {manifest.name} by its manifest", "Pull or import the model again.")
        return Model(name, place, manifest)

    def verify(self, name: str, tell: Tell | None = None) -> tuple[Fault, ...]:
        """Read every file of the model ``name`` and say what is not as when it came; nothing if all is.

        Raises:
            ModelError, ModelChanged: as :meth:`find`.
        """
        model = self.find(name)
        return model.manifest.verify(model.path, tell)

    def pull(self, name: str, revision: str | None = None, tell: Tell | None = None) -> Model:
        """Fetch the model ``name`` from the hub, in the place of an older revision.

        What an interrupted pull of the same revision has left is gone on with. If that revision is there and sound,
        nothing is fetched.

        Args:
            name: the model's name, which is also that of the hub's repository.
            revision: a branch, tag or commit; None is the hub's usual one.
            tell: given the progress.

        Raises:
            UsageError: the extra "models" is not installed, or the library is told to stay offline.
            ModelError: it cannot be fetched, or is no model that can be loaded without running anything.
            ModelChanged: what came is not what the hub said.
            OutputError: it cannot be written.
        """
        from muniment.models.pulling import pull

        self._place(name)
        return self.find(pull(self.root, name, revision, tell).name)

    def import_(self, path: Path, name: str | None = None, tell: Tell | None = None) -> Model:
        """Take in the model at ``path``, in the place of an older one.

        Args:
            path: a folder, or a tar archive; what is not part of a model is left out.
            name: which model it is; needed unless it brings a manifest.
            tell: given the progress.

        Raises:
            UsageError: there is no name, or another one than in the manifest.
            ModelError: it cannot be read, is no model that can be loaded without running anything, or is damaged.
            ModelChanged: it is not what its manifest says.
            OutputError: it cannot be written.
        """
        if name is not None:
            self._place(name)
        return self.find(take_in(self.root, path, name, tell).name)

    def export(self, name: str, path: Path, tell: Tell | None = None) -> None:
        """Write the model ``name`` to the tar archive ``path``, which :meth:`import_` takes in.

        The same model gives the same bytes. Every file is verified as it is read.

        Raises:
            ModelError: the model is not there.
            ModelChanged: it is not what its manifest says; nothing is left at ``path``.
            OutputError: ``path`` is there already, or cannot be written.
        """
        from muniment.models.exporting import export

        model = self.find(name)
        export(model.path, model.manifest, path, tell)

    def remove(self, name: str) -> None:
        """Remove the model ``name``, and what interrupted pulls of it have left.

        Raises:
            ModelError: neither is there, or a process is fetching it.
            OutputError: it cannot be removed.
        """
        place = self._place(name)
        if not _is_folder(place) and not leftovers(place):
            raise ModelError(f"There is no model {name} in {self.root}", "See muniment model list.")
        discard(place)

    def _place(self, name: str) -> Path:
        try:
            return self.root / model_name(name)
        except ValueError as error:
            raise UsageError(str(error)) from None


def store_folder(given: Path | None) -> Path:
    """The store's folder: ``given``, or $MUNIMENT_MODELS, or one in the user's data folder.

    Raises:
        OutputError: nothing says where it is.
    """
    if given is not None:
        return given
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if data.is_absolute():  # the XDG specification has relative ones ignored
        return data / "muniment" / "models"
    try:
        return Path.home() / ".local" / "share" / "muniment" / "models"
    except RuntimeError:
        raise OutputError(
            "There is no folder for models: this user has no home", f"Choose one with --store or {VARIABLE}."
        ) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", "Make it readable.") from None


def _is_seen(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")

"""Models on disk: fetched or taken in, each with a manifest, and verified by it.

::

    from pathlib import Path
    from muniment.models import Store

    store = Store(Path("/srv/models"))
    model = store.pull("nanonets/Nanonets-OCR2-3B")    # a Model with name, path and manifest
    faults = store.verify(model.name)                  # none, or what is wrong with which file

Everything here is imported when first used: the gate runs where there is nothing but Python.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muniment.models.manifest import Fault, FaultKind, FileEntry, Manifest, Progress, Source, Tell
    from muniment.models.store import Model, Store, store_folder

_HOMES = {
    "Fault": "manifest",
    "FaultKind": "manifest",
    "FileEntry": "manifest",
    "Manifest": "manifest",
    "Model": "store",
    "Progress": "manifest",
    "Source": "manifest",
    "Store": "store",
    "Tell": "manifest",
    "store_folder": "store",
}

__all__ = [
    "Fault",
    "FaultKind",
    "FileEntry",
    "Manifest",
    "Model",
    "Progress",
    "Source",
    "Store",
    "Tell",
    "store_folder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

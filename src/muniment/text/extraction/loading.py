"""Schemas by name: a JSON file, or a Pydantic model in a module or a Python file."""

import importlib
import json
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from muniment.errors import UsageError
from muniment.text.extraction.schema import Schema, make_schema

_HOW = 'Give a JSON Schema file, or a Pydantic model as "package.module:Model" or "models.py:Model".'


def load_schema(name: str) -> Schema:
    """The schema in a file, "invoice.schema.json", or of a model: "package.module:Model" or "path/models.py:Model".

    Naming a model runs the module that it is in.

    Raises:
        UsageError: there is no such thing, or it is no schema of an object.
    """
    if name.lstrip().startswith("{"):
        raise UsageError("The schema was given itself where its name is wanted", "Write it to a file and name that.")
    path = Path(name)
    module, colon, attribute = name.rpartition(":")
    if colon and not _exists(path):
        return _from_model(name, module, attribute)
    return make_schema(_read(path), path.name.partition(".")[0])


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name longer than any file's
        return False


def _read(path: Path) -> Any:
    if path.suffix == ".py":
        raise UsageError(f"{path} has models and is no schema itself", f'Name one of them, as in "{path}:Model".')
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"There is no schema {path}", _HOW) from None
    except OSError as error:
        raise UsageError(f"The schema {path} cannot be read: {error.strerror}", "Check its path.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The schema {path} is not JSON: {error}", _HOW) from None


def _from_model(name: str, module: str, attribute: str) -> Schema:
    found: Any = _imported(name, module)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        what = "has no" if found is None else "has no Pydantic model"
        raise UsageError(f"{module} {what} {attribute}", _HOW)
    return _of_model(found)


def schema_of(wanted: Mapping[str, Any] | type) -> Schema:
    """The schema that a JSON Schema document is, or that a Pydantic model has, whose validators have the last word.

    Raises:
        UsageError: it is none, or none of an object.
    """
    if isinstance(wanted, Mapping):
        return make_schema(wanted, "document")
    if not issubclass(wanted, BaseModel):
        raise UsageError(f"{wanted.__name__} is no Pydantic model", "Derive it from pydantic.BaseModel.")
    return _of_model(wanted)


def _of_model(model: type[BaseModel]) -> Schema:
    try:
        document = model.model_json_schema(mode="validation")
    except PydanticUserError as error:
        raise UsageError(
            f"The model {model.__name__} has no JSON Schema: {error.message}", "Change its fields."
        ) from None
    return make_schema(document, model.__name__, model)


def _imported(name: str, module: str) -> ModuleType:
    path = Path(module)
    if path.suffix == ".py" and not _exists(path):
        raise UsageError(f"There is no file {path}", _HOW)
    try:
        return _run_file(path) if path.suffix == ".py" else _import_module(module)
    except (Exception, SystemExit) as error:  # whatever a user's module may raise
        raise UsageError(
            f"The schema {name} cannot be imported: {_told(error)}", "Mend the module or its name."
        ) from None


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _import_module(module: str) -> ModuleType:
    """A module from where Python looks for them, and after that from the current folder."""
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(here)


def _run_file(path: Path) -> ModuleType:
    """The module in a file, which may import those beside it."""
    spec = spec_from_file_location(f"muniment_schema_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # models look up their annotations there
    beside = str(path.resolve().parent)
    sys.path.append(beside)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(beside)
    return module

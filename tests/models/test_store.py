"""A store holds one revision of each model, and knows what is in it."""

import fcntl
import os
from pathlib import Path

import pytest

from muniment.errors import ModelChanged, ModelError, OutputError, UsageError
from muniment.models import Model, Store, assembly, store_folder
from muniment.models.manifest import MANIFEST_NAME
from tests.models.making import NAME, files_in, model_files, write
from tests.processes import AS_ANY_USER, python


def test_models_are_listed_by_name(store: Store, model: Model, tmp_path: Path) -> None:
    given = write(tmp_path / "other", model_files(1))
    others = [store.import_(given, name) for name in ("zoo/a", "acme/b")]
    assert store.names() == (NAME, "acme/b", "zoo/a")
    assert [store.find(name) for name in store.names()] == [model, others[1], others[0]]
    assert store.find(NAME) == model


def test_a_store_that_is_not_there_is_empty(store: Store) -> None:
    assert store.names() == ()


def test_what_is_hidden_or_no_folder_is_no_model(store: Store, model: Model) -> None:
    write(store.root, {"readme": b"", ".cache/x/y": b"", "acme/.part/y": b"", "acme/notes": b""})
    assert store.names() == (model.name,)


@pytest.mark.usefixtures("model")
def test_a_model_that_is_not_there_is_told(store: Store) -> None:
    for call in (store.find, store.verify, store.remove):
        with pytest.raises(ModelError, match="There is no model acme/Other in"):
            call("acme/Other")


@pytest.mark.parametrize("name", ["Reader", "acme/", "/acme", "acme/../x", "a/b/c", "acme/.x", "acme/a--b", "acme/a\n"])
def test_a_name_that_no_model_can_have_is_wrong_usage(store: Store, name: str) -> None:
    for call in (store.find, store.verify, store.remove):
        with pytest.raises(UsageError, match="not a model's name"):
            call(name)


def test_a_folder_without_a_manifest_is_named_but_no_model(store: Store, model: Model) -> None:
    (model.path / MANIFEST_NAME).unlink()
    assert store.names() == (NAME,)
    for call in (store.find, store.verify):
        with pytest.raises(ModelChanged, match="has no manifest"):
            call(NAME)


def test_a_folder_that_was_renamed_is_not_taken_for_another_model(store: Store, model: Model) -> None:
    model.path.rename(model.path.with_name("Other"))
    with pytest.raises(ModelChanged, match=f"is {NAME} by its manifest"):
        store.find("acme/Other")


@pytest.mark.usefixtures("model")
def test_removing_takes_the_model_and_what_interrupted_runs_left(store: Store, tmp_path: Path) -> None:
    other = store.import_(write(tmp_path / "other", model_files(1)), "acme/Reader-1B-2")
    write(store.root, {"acme/.Reader-1B--abc.part/config.json": b"", "acme/.Reader-1B-2--abc.part/x": b""})
    store.remove(NAME)
    assert store.names() == (other.name,)
    assert [name for name in files_in(store.root) if "/." in name] == ["acme/.Reader-1B-2--abc.part/x"]
    store.remove("acme/Reader-1B-2")
    assert list(store.root.iterdir()) == []


def test_what_another_process_assembles_is_left_alone(store: Store, model: Model) -> None:
    busy = write(store.root / "acme" / ".Reader-1B--abc.part", {"config.json": b""})
    number = os.open(busy, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="is in use"):
            store.remove(NAME)
        with pytest.raises(ModelError, match="is in use"):
            store.import_(model.path)
    finally:
        os.close(number)
    assert files_in(busy) == ["config.json"]
    store.import_(model.path)
    assert not busy.exists()


def test_a_newer_model_appears_where_folders_cannot_be_exchanged(
    store: Store, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "_exchange", lambda _one, _other: False)
    newer = store.import_(write(tmp_path / "newer", model_files(5)), NAME)
    assert newer.manifest != model.manifest
    assert files_in(store.root) == sorted(f"{NAME}/{name}" for name in (*model_files(5), MANIFEST_NAME))


DYING_BETWEEN_TWO_RENAMES = """
import os, pathlib, sys
from muniment.models import Store, assembly

root, given, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
rename = pathlib.Path.rename
assembly._exchange = lambda _one, _other: False
pathlib.Path.rename = lambda self, target: os._exit(0) if target == root / name else rename(self, target)
Store(root).import_(given, name)
raise AssertionError("it lived")
"""


def test_a_model_that_was_being_replaced_when_a_run_was_killed_is_not_lost(
    store: Store, model: Model, tmp_path: Path
) -> None:
    """On a file system that cannot exchange two folders, at the moment when neither is in its place."""
    python(DYING_BETWEEN_TWO_RENAMES, store.root, write(tmp_path / "newer", model_files(5)), NAME)
    assert store.names() == ()
    with pytest.raises(ModelError):
        store.import_(write(tmp_path / "none", {"config.json": b"{}", "model.safetensors": b"?"}), NAME)
    assert store.names() == (model.name,)
    assert store.verify(NAME) == ()


def test_there_is_no_moment_without_the_model_while_it_is_replaced(
    store: Store, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, _target: Path) -> Path:
        pytest.fail(f"{self} was moved away")

    monkeypatch.setattr(Path, "rename", refuse)
    assert store.import_(write(tmp_path / "newer", model_files(5)), NAME).manifest != model.manifest


@pytest.mark.parametrize("kind", ["file", "link"])
def test_something_else_in_a_models_place_is_not_touched(store: Store, tmp_path: Path, kind: str) -> None:
    place = write(store.root / "acme", {"elsewhere/x": b"kept"}) / "Reader-1B"
    if kind == "file":
        place.write_bytes(b"kept")
    else:
        place.symlink_to("elsewhere")
    with pytest.raises(OutputError, match="something of another kind, or a link"):
        store.import_(write(tmp_path / "given", model_files(1)), NAME)
    assert place.is_symlink() == (kind == "link")
    assert files_in(store.root) == (["acme/Reader-1B"] if kind == "file" else []) + ["acme/elsewhere/x"]


def test_a_store_that_cannot_be_read_or_written_is_told(store: Store, model: Model) -> None:
    code = (
        AS_ANY_USER
        + "import pathlib, sys; from muniment.models import Store; from muniment.errors import MunimentError\n"
        "store = Store(pathlib.Path(sys.argv[1]))\n"
        "for call in (lambda: store.remove('acme/Reader-1B'), lambda: store.import_(pathlib.Path(sys.argv[2])),"
        " store.names):\n"
        "    try: call()\n"
        "    except MunimentError as error: print(int(error.exit_code), error)\n"
        "    store.root.chmod(0)\n"
    )
    (store.root / "acme").chmod(0o555)
    try:
        told = python(code, store.root, model.path).splitlines()
    finally:
        store.root.chmod(0o755)
        (store.root / "acme").chmod(0o755)
    assert [line.partition(" ")[0] for line in told] == ["4", "3", "3"]
    assert "permission denied" in told[0]
    assert store.verify(NAME) == ()


def test_the_folder_is_the_one_given_or_in_the_environment_or_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("MUNIMENT_MODELS", raising=False)
    assert store_folder(None) == tmp_path / ".local" / "share" / "muniment" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert store_folder(None) == tmp_path / ".local" / "share" / "muniment" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert store_folder(None) == Path("/data/muniment/models")
    monkeypatch.setenv("MUNIMENT_MODELS", "/models")
    assert store_folder(None) == Path("/models")
    assert store_folder(Path("given")) == Path("given")

"""What is exported is the model, to the byte, and comes in again as it was."""

import os
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from muniment.errors import ExitCode, ModelChanged, OutputError
from muniment.models import Model, Progress, Store
from muniment.models.manifest import MANIFEST_NAME
from tests.models.making import NAME, files_in, model_files, write
from tests.processes import WITHOUT_SPACE, python


def test_an_exported_model_comes_in_as_it_was(store: Store, model: Model, tmp_path: Path) -> None:
    told: list[Progress] = []
    store.export(NAME, tmp_path / "model.tar", told.append)
    other = Store(tmp_path / "other")
    taken = other.import_(tmp_path / "model.tar")
    assert taken.manifest == model.manifest
    assert other.verify(NAME) == ()
    assert files_in(other.root) == files_in(store.root)
    assert (told[-1].done, told[-1].total) == (model.manifest.size,) * 2


def test_the_same_model_gives_the_same_bytes(store: Store, model: Model, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    other.import_(write(tmp_path / "again", dict(reversed(model_files(3000, 10).items()))), NAME)
    for path in other.find(NAME).path.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    store.export(NAME, tmp_path / "one.tar")
    other.export(NAME, tmp_path / "two.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        members = archive.getmembers()
    names = [MANIFEST_NAME, *(entry.name for entry in model.manifest.files)]
    assert [member.name for member in members] == [f"Reader-1B/{name}" for name in names]
    assert {(one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) for one in members} == {
        (0, 0, 0, "", "", 0o644)
    }


@pytest.mark.parametrize("change", ["changed", "longer", "shorter", "missing", "link"])
def test_a_changed_model_is_not_exported(store: Store, model: Model, tmp_path: Path, change: str) -> None:
    path = model.path / "model-00001-of-00002.safetensors"
    content = path.read_bytes()
    path.unlink()
    if change == "link":
        path.symlink_to(write(tmp_path / "elsewhere", {"x": content}) / "x")
    elif change != "missing":
        other = {"changed": content[:-1] + b"?", "longer": content + b"?", "shorter": content[:-1]}[change]
        path.write_bytes(other)
    before = files_in(tmp_path)
    with pytest.raises(ModelChanged, match=path.name):
        store.export(NAME, tmp_path / "model.tar")
    assert files_in(tmp_path) == before


@pytest.mark.usefixtures("model")
def test_nothing_is_written_over(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.tar").write_bytes(b"kept")
    with pytest.raises(OutputError, match="is there already"):
        store.export(NAME, tmp_path / "model.tar")
    assert (tmp_path / "model.tar").read_bytes() == b"kept"


@pytest.mark.usefixtures("model")
def test_stopping_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    def stop(_progress: Progress) -> None:
        raise KeyboardInterrupt

    before = files_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.export(NAME, tmp_path / "model.tar", stop)
    assert files_in(tmp_path) == before


@pytest.mark.usefixtures("model")
def test_what_cannot_be_written_is_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match=r"model\.tar cannot be written"):
        store.export(NAME, tmp_path / "none" / "model.tar")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=3000))
    with pytest.raises(OutputError, match="and 3,000 are left"):
        store.export(NAME, tmp_path / "model.tar")
    assert not (tmp_path / "model.tar").exists()


@pytest.mark.usefixtures("model")
def test_a_file_system_of_small_files_is_told_from_a_full_one(store: Store, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from muniment.models import Store; from muniment.errors import OutputError\n"
        + WITHOUT_SPACE
        + "try: Store(pathlib.Path(sys.argv[1])).export(sys.argv[2], pathlib.Path(sys.argv[3]))\n"
        "except OutputError as error: print(int(error.exit_code), error)"
    )
    told = python(code, store.root, NAME, tmp_path / "model.tar")
    assert told.startswith(f"{int(ExitCode.OUTPUT)} {tmp_path / 'model.tar'} cannot be written: its file system")
    assert not [name for name in files_in(tmp_path) if name.endswith((".tar", ".part"))]

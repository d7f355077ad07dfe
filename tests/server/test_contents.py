"""What is kept belongs to a row: nothing is left without one, and a row stays until what it holds is gone."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from muniment.errors import OutputError
from muniment.server.contents import NotErased
from muniment.server.errors import ApiError
from muniment.server.files import FileStore, StoredFile
from muniment.server.store import Database
from tests.server.erasing import cannot_be_erased


@pytest.fixture
def store(database: Database, tmp_path: Path) -> FileStore:
    return FileStore(database, tmp_path / "files")


def make(store: FileStore, created: float = 1.0) -> StoredFile:
    with store.coming() as file_id:
        store.path_of(file_id).write_bytes(b"letter")
        file = StoredFile(file_id, "key_a", "a.pdf", 6, created)
        store.add(file)
    return file


def test_what_has_come_stays_and_what_has_not_is_erased(store: FileStore) -> None:
    file = make(store)
    with suppress(ZeroDivisionError), store.coming() as half:
        store.path_of(half).write_bytes(b"half a letter")
        raise ZeroDivisionError
    assert store.path_of(file.id).exists()
    assert not store.folder_of(half).exists()


def test_a_folder_that_cannot_be_made_is_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OutputError, match="no space is left"), store.coming():
        pytest.fail("there is no folder")


def test_strays_are_erased_and_not_what_is_coming(store: FileStore, database: Database, tmp_path: Path) -> None:
    """Strays are what was coming when the service was killed, and what could not be erased then."""
    file = make(store)
    with store.coming() as coming:
        killed = FileStore(database, tmp_path / "files").coming()
        half = killed.__enter__()  # and never comes to its end
        store.path_of(half).write_bytes(b"half a letter")
        store.remove_strays()
        assert not store.folder_of(half).exists()
        assert store.folder_of(coming).exists()
        assert store.path_of(file.id).exists()


def test_strays_have_names_of_ours(store: FileStore, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = [tmp_path / "files" / name for name in ("lost+found", "file_1", f"doc_{'0' * 32}", f"file_{'0' * 32}.bak")]
    for other in others:
        other.mkdir()
    store.remove_strays()
    assert all(other.exists() for other in others)
    assert caplog.messages == []


def test_a_link_is_not_followed_and_its_reason_is_told(
    store: FileStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "files" / f"file_{'0' * 32}"
    link.symlink_to(tmp_path / "elsewhere")
    store.remove_strays()
    assert (tmp_path / "elsewhere").exists()
    assert f"{link} cannot be erased: Cannot call rmtree on a symbolic link" in caplog.text


def test_strays_that_nobody_can_see_are_told(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "files").rename(tmp_path / "away")
    with pytest.raises(NotErased, match=f"{tmp_path}/files cannot be seen: No such file"):
        store.remove_strays()


def test_what_cannot_be_erased_when_it_did_not_come_is_a_stray(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as stuck:
        cannot_be_erased(stuck, "content")
        with store.coming() as half:
            store.path_of(half).write_bytes(b"half a letter")
    assert store.path_of(half).exists()
    assert f"{half} cannot be erased: {os.strerror(errno.EBUSY)}" in caplog.text
    store.remove_strays()
    assert not store.folder_of(half).exists()


def test_a_row_stays_until_all_that_it_holds_is_gone(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = make(store)
    (store.folder_of(file.id) / "more").touch()
    with monkeypatch.context() as stuck:
        cannot_be_erased(stuck, "content")
        with pytest.raises(NotErased):
            store.remove(file.id)
        store.remove_old(1e12)  # nothing is as old; it is tried again, and told again
    assert [path.name for path in store.folder_of(file.id).iterdir()] == ["content"], "as much as can be is erased"
    assert caplog.text.count(f"{file.id} cannot be erased") == 2
    with pytest.raises(ApiError):
        store.find(file.id, "key_a")
    assert (store.of_owner("key_a", 9), store.count("key_a")) == ([], 0)
    assert store.find(file.id, "key_a", removed=True).name == ""
    store.remove_old(1e12)
    with pytest.raises(ApiError):
        store.find(file.id, "key_a", removed=True)
    assert not store.folder_of(file.id).exists()


def test_what_cannot_be_erased_keeps_nothing_else(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, others = make(store), [make(store) for _ in range(2)]
    store.path_of(stuck.id).rename(store.folder_of(stuck.id) / "stuck")
    cannot_be_erased(monkeypatch, "stuck")
    store.remove_old(0.0)
    assert store.folder_of(stuck.id).exists()
    assert not any(store.folder_of(other.id).exists() for other in others)

"""The data folder is its owner's alone, and the database in it is shared by threads and processes."""

import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from muniment.errors import OutputError
from muniment.reading import ReadOptions
from muniment.server.service import Service
from muniment.server.settings import ServeSettings
from muniment.server.store import MIGRATIONS, Database, DatabaseBusy, data_folder
from tests.processes import AS_ANY_USER, WITHOUT_SPACE, python
from tests.server.busy import Writer

OPEN = """
import sys
from pathlib import Path
from muniment.errors import OutputError
from muniment.server.store import Database, data_folder
try:
    Database(data_folder(Path(sys.argv[1])))
    print("opened")
except OutputError as error:
    print(error)
"""


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MUNIMENT_DATA_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_given_comes_before_the_environment_and_that_before_the_usual_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_folder(None) == tmp_path / "home" / ".local" / "state" / "muniment"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert data_folder(None) == tmp_path / "home" / ".local" / "state" / "muniment"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert data_folder(None) == tmp_path / "state" / "muniment"
    monkeypatch.setenv("MUNIMENT_DATA_DIR", str(tmp_path / "data"))
    assert data_folder(None) == tmp_path / "data"
    assert data_folder(tmp_path / "given") == tmp_path / "given"


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    assert mode(data_folder(tmp_path / "a" / "b")) == 0o700


@pytest.mark.parametrize("permissions", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(permissions: int, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(permissions)
    with pytest.raises(OutputError, match=r"others can write to it. .*chmod 700"):
        data_folder(folder)


def test_a_folder_that_others_can_read_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    assert data_folder(folder) == folder


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(OutputError, match=r"stands in its place.*--data"):
        data_folder(tmp_path / "data")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "permission denied" in python(AS_ANY_USER + OPEN, tmp_path / "data")


def test_the_database_can_be_read_by_its_owner_only_and_so_can_its_journal(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.transaction() as connection:
        connection.execute("CREATE TABLE things (thing)")
    modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    database.close()
    assert modes == {"service.db": 0o600, "service.db-wal": 0o600, "service.db-shm": 0o600}


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    Database(tmp_path).close()
    (tmp_path / "service.db").chmod(0o644)
    Database(tmp_path).close()
    assert mode(tmp_path / "service.db") == 0o600


def test_a_transaction_that_fails_changes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE TABLE things (thing)")

    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO things VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.query("SELECT * FROM things") == []


def test_a_transaction_within_another_is_a_part_of_it(database: Database) -> None:
    def add(thing: int) -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO things VALUES (?)", (thing,))

    def fail() -> None:
        with database.transaction():
            add(2)
            raise ZeroDivisionError

    with database.transaction() as connection:
        connection.execute("CREATE TABLE things (thing)")
        add(1)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert [row["thing"] for row in database.query("SELECT * FROM things")] == [1]


def test_threads_and_processes_take_turns_to_write(database: Database, tmp_path: Path) -> None:
    other = Database(tmp_path)  # knows as little of the first as if it were another process's
    with database.transaction() as connection:
        connection.execute("CREATE TABLE counts (number)")
        connection.execute("INSERT INTO counts VALUES (0)")

    def count(opened: Database) -> None:
        for _ in range(50):
            with opened.transaction() as connection:
                (number,) = connection.execute("SELECT number FROM counts").fetchone()
                connection.execute("UPDATE counts SET number = ?", (number + 1,))

    threads = [threading.Thread(target=count, args=(opened,)) for opened in (database, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert database.query("SELECT number FROM counts")[0][0] == 200


def test_another_process_is_waited_for_while_all_is_set_up_and_then_as_long_as_there_is_patience(
    tmp_path: Path,
) -> None:
    Database(tmp_path).close()
    with closing(Writer(tmp_path)) as other:
        other.hold()
        threading.Timer(0.3, other.close).start()
        database = Database(tmp_path, patience=0.01)
    with closing(Writer(tmp_path)) as other:
        other.hold()
        with pytest.raises(DatabaseBusy, match=r"service\.db cannot be used: SQLite says BUSY"), database.transaction():
            pytest.fail("the other writes")
        assert database.query("SELECT * FROM keys") == [], "what only reads waits for nobody"
        other.let_go()
        with database.transaction():
            pass
    database.close()


def test_the_service_holds_its_requests_up_for_no_longer_than_a_quarter_of_a_second(tmp_path: Path) -> None:
    service = Service(ServeSettings(options=ReadOptions(), data=tmp_path))
    ((milliseconds,),) = service.database.query("PRAGMA busy_timeout")
    service.audit.close()
    service.database.close()
    assert 100 <= milliseconds <= 250


def test_several_processes_can_make_the_database_at_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert [process.communicate()[0] for process in processes] == ["opened\n"] * 6


def test_an_older_database_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(tmp_path).close()
    step = ("CREATE TABLE things (thing)", "INSERT INTO things VALUES ('kept')")
    monkeypatch.setattr("muniment.server.store.MIGRATIONS", (*MIGRATIONS, step))
    for _ in range(2):
        database = Database(tmp_path)
        assert [row["thing"] for row in database.query("SELECT * FROM things")] == ["kept"]
        database.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("muniment.server.store.MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE things (thing)", "nonsense")))
        with pytest.raises(OutputError):
            Database(tmp_path)
    database = Database(tmp_path)
    assert not database.query("SELECT 1 FROM sqlite_master WHERE name = 'things'")
    database.close()


def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.transaction() as connection:
        connection.execute("PRAGMA user_version = 1000")
    database.close()
    with pytest.raises(OutputError, match="written by a newer Muniment"):
        Database(tmp_path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "service.db").write_bytes(b"not a database, surely. " * 100)
    with pytest.raises(OutputError, match=r"service\.db cannot be used: SQLite says NOTADB\. It is damaged"):
        Database(tmp_path)


def test_a_folder_in_the_databases_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "service.db").mkdir()
    with pytest.raises(OutputError, match=r"service\.db cannot be used"):
        Database(tmp_path)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    assert "service.db cannot be used" in python(WITHOUT_SPACE + OPEN, tmp_path)


def test_what_is_deleted_to_be_erased_is_in_none_of_its_files(tmp_path: Path) -> None:
    database = Database(tmp_path)
    name = b"Anna Muster, referral"
    with database.transaction() as connection:
        connection.execute("INSERT INTO files VALUES ('file_1', '', ?, 1, 1, 0)", (name.decode(),))
    assert any(name in path.read_bytes() for path in tmp_path.iterdir())
    with database.transaction(erases=True) as connection:
        connection.execute("DELETE FROM files")
    assert not any(name in path.read_bytes() for path in tmp_path.iterdir())
    database.close()

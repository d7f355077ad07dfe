"""Where the service listens, and where it will not."""

import json
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from muniment.errors import MunimentError, UsageError
from muniment.reading import ReadOptions
from muniment.server.running import _listener, is_loopback, serve
from muniment.server.settings import ServeSettings
from tests.processes import hear_signals
from tests.reading.engine_server import engine_server
from tests.server.asking import question
from tests.server.serving import make_key, until


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a name so short that a socket's path fits."""
    with tempfile.TemporaryDirectory(prefix="mun") as folder:
        yield Path(folder)


def settings(data: Path, **more: object) -> ServeSettings:
    data.mkdir(mode=0o700, exist_ok=True)
    return ServeSettings(options=ReadOptions(jobs=1), data=data, **more)  # type: ignore[arg-type]


@contextmanager
def command(data: Path, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """``muniment serve`` in a process of its own, which is gone when the block ends."""
    line = [sys.executable, "-m", "muniment", "serve", "--data", str(data), *map(str, arguments)]
    with subprocess.Popen(
        line,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def at(path: Path) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost", timeout=60)


def run(settings: ServeSettings) -> None:
    serve(settings, pytest.fail)  # it does not get so far


def answers(path: Path) -> bool | None:
    """True if somebody listens there."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return None
    return True


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_reach_is_refused_without_a_key(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="muniment key add"):
        run(settings(tmp_path / "data", host=host, port=0))


def test_with_a_key_another_address_is_tried(tmp_path: Path) -> None:
    make_key(tmp_path / "data", "first")
    with pytest.raises(MunimentError, match="cannot be listened on"):  # it is nobody's
        run(settings(tmp_path / "data", host="192.0.2.1", port=0))


@pytest.mark.parametrize("keys", [0, 1])
def test_a_socket_without_a_key_is_served_with_a_warning(
    tmp_path: Path, short: Path, keys: int, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(keys):
        make_key(tmp_path / "data", "first")
    with pytest.raises(MunimentError, match="cannot be listened on"):  # so that it does not go on
        run(settings(tmp_path / "data", socket=short / "nowhere" / "s"))
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [str(short / "nowhere" / "s") in told and "muniment key add" in told for told in warnings] == [True] * (
        1 - keys
    )


def test_without_a_key_this_machine_alone_is_nothing_to_warn_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(MunimentError, match="cannot be listened on"):
        run(settings(tmp_path / "data", port=taken.getsockname()[1]))
    assert not caplog.records


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
)
def test_what_only_this_machine_reaches_is_told(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "no.such.host.invalid", "", "10.0.0.1"])
def test_what_others_may_reach_is_told(host: str) -> None:
    assert not is_loopback(host)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MunimentError, match=f"127.0.0.1:{port} cannot be listened on.*--port"):
            run(settings(tmp_path / "data", port=port))


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, short: Path, what: str) -> None:
    path, other = short / "s", short / "other"
    other.write_text("something of somebody's")
    if what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to(other)
    else:
        path.write_text("something of somebody's")
    before = path.lstat()
    with pytest.raises(MunimentError, match="cannot be listened on"):
        run(settings(tmp_path / "data", socket=path))
    assert path.lstat().st_ino == before.st_ino
    assert other.read_text() == "something of somebody's"


def test_a_socket_that_somebody_listens_on_is_left_alone(tmp_path: Path, short: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(short / "s"))
        other.listen()
        with pytest.raises(MunimentError, match="cannot be listened on"):
            run(settings(tmp_path / "data", socket=short / "s"))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(short / "s"))


def test_a_socket_in_no_folder_is_told(tmp_path: Path, short: Path) -> None:
    with pytest.raises(MunimentError, match="cannot be listened on"):
        run(settings(tmp_path / "data", socket=short / "nowhere" / "s"))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stale_socket_is_replaced_and_a_signal_ends_it_in_good_order(
    tmp_path: Path, short: Path, ending: signal.Signals
) -> None:
    path = short / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with engine_server() as engine, command(tmp_path / "data", "--socket", path, "--engine", engine.address) as process:
        until(lambda: answers(path) or (process.poll() is not None or None))
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with at(path) as client:
            assert client.get("/v1/models").status_code == 200
        process.send_signal(ending)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert not path.exists()
    assert str(path) in told
    assert "Traceback" not in told


def test_what_is_under_way_is_finished_before_it_ends(tmp_path: Path, short: Path) -> None:
    path = short / "s"
    with engine_server() as engine, command(tmp_path / "data", "--socket", path, "--engine", engine.address) as process:

        def say(_: int) -> str:
            process.send_signal(signal.SIGTERM)
            until(lambda: None if answers(path) else True)  # it takes nothing new
            return "to the end"

        engine.say = say
        until(lambda: answers(path))
        with at(path) as client:
            until(lambda: client.get("/v1/models").json()["data"] or None)
            answer = client.post("/v1/chat/completions", json=question(engine.model, "Hello"))
            assert answer.json()["choices"][0]["message"]["content"] == "to the end"
        process.communicate(timeout=60)
    assert process.returncode == 0
    last = json.loads((tmp_path / "data" / "audit.jsonl").read_text().splitlines()[-1])
    assert (last["route"], last["outcome"]) == ("/v1/chat/completions", "ok")


def test_any_free_port_may_be_asked_for_and_is_told(tmp_path: Path) -> None:
    with engine_server() as engine, command(tmp_path / "data", "--port", "0", "--engine", engine.address) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        address = first.split()[2].rstrip(";")
        assert first == f"Serving at {address}; Ctrl-C stops it.\n"
        until(lambda: httpx.get(f"{address}/health", trust_env=False).status_code == 200 or None)


def test_the_command_tells_what_is_wrong_and_not_that_it_serves(tmp_path: Path) -> None:
    with command(tmp_path / "data", "--host", "0.0.0.0", "--port", "0") as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "muniment key add" in told
    assert "Traceback" not in told
    assert "Serving at" not in told


def test_pieces_of_an_answer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with _listener(settings(tmp_path / "data", port=0)) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""A sealed server's life, with a stand-in for vLLM that misbehaves in every way a start and a run can go wrong."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import httpx
import pytest

from muniment.engines.local import Progress, SealedServer, ServerSettings, Stage, keeper, server
from muniment.engines.openai import Endpoint
from muniment.errors import EngineError, SandboxRefused
from tests.documents.test_sandbox import is_alive, namespaces_allowed

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces"),
]

Make = Callable[..., SealedServer]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where servers make their folders. pytest's own temporary folders have paths too long for sockets."""
    with TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.fixture
def make(tmp_path: Path, temporary: Path, model: Path, standin: str, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes servers that behave as told."""
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(server, "GRACE", 0.3)

    def make(behave: str = "", *, heard: list[Progress] | None = None, **settings: object) -> SealedServer:
        told = [] if heard is None else heard
        chosen = {"model": model, "python": standin, "cache": tmp_path / "cache", "arguments": ("--behave", behave)}
        return SealedServer(ServerSettings(**{**chosen, **settings}), told.append)  # type: ignore[arg-type]

    return make


def ask(running: SealedServer, path: str) -> httpx.Response:
    socket = Endpoint.parse(running.address).socket
    with httpx.Client(transport=httpx.HTTPTransport(uds=socket), trust_env=False) as http:
        return http.get(f"http://vllm{path}", timeout=10)


def child_of_standin(model: Path) -> int:
    return int((model / "child").read_text())


def test_it_answers_on_its_socket_and_leaves_nothing(make: Make, temporary: Path) -> None:
    heard: list[Progress] = []
    with make("slow", heard=heard) as running:
        assert running.sandbox.network
        assert (running.model, running.context, running.vllm) == ("small-model", 4096, "unknown")
        assert ask(running, "/health").status_code == 200
        (folder,) = list(temporary.iterdir())
        assert folder.stat().st_mode & 0o777 == 0o700
        main = running._group
    assert not is_alive(main)
    assert not list(temporary.iterdir())
    assert heard[0].stage is Stage.STARTING
    assert heard[-1].stage is Stage.READY


def test_it_has_no_network_seen_from_outside(make: Make) -> None:
    with make() as running:
        theirs = Path(f"/proc/{running._group}/ns/net").readlink()
        interfaces = Path(f"/proc/{running._group}/net/dev").read_text().splitlines()[2:]
        routes = Path(f"/proc/{running._group}/net/route").read_text().splitlines()[1:]
        status = Path(f"/proc/{running._group}/status").read_text()
    assert theirs != Path("/proc/self/ns/net").readlink()
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert routes == []
    assert "CapEff:\t0000000000000000" in status
    # The control: what is not sealed is where this test is.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as control:
        assert Path(f"/proc/{control.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        control.kill()


def test_it_sees_none_of_our_secrets_and_none_of_our_files(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("VLLM_SERVER_DEV_MODE", "1")
    with make() as running:
        found = ask(running, "/told").json()
    assert not {"HF_TOKEN", "HTTPS_PROXY", "VLLM_SERVER_DEV_MODE"} & set(found["environment"])
    assert found["environment"]["HF_HUB_OFFLINE"] == "1"
    assert found["environment"]["HOME"] == str(Path(Endpoint.parse(running.address).socket).parent)
    kinds = {descriptor.split(":")[0] for descriptor in found["descriptors"]}
    assert kinds <= {"/dev/null", "pipe", "socket", f"/proc/{running._group}/fd", "/dev/urandom"}


def test_an_early_death_is_told_with_its_cause_and_what_to_do(make: Make, temporary: Path) -> None:
    with pytest.raises(EngineError) as caught:
        make("die").start()
    assert caught.value.what == ("vLLM ended with code 1 while starting: torch.OutOfMemoryError: CUDA out of memory")
    assert "shorter context" in caught.value.hint
    assert not list(temporary.iterdir())


def test_a_death_without_a_word_is_told(make: Make) -> None:
    with pytest.raises(EngineError, match=r"was ended by signal 9 \(SIGKILL\)") as caught:
        make("die-silently").start()
    assert "memory" in caught.value.hint


def test_one_that_never_gets_ready_is_given_up(make: Make, temporary: Path) -> None:
    never = make("never", start_within=2.0)
    with pytest.raises(EngineError, match="not ready after 2 s; it was loading the model's weights"):
        never.start()
    assert not never.alive
    assert not list(temporary.iterdir())


def test_a_start_can_be_broken_off_from_another_thread(make: Make, temporary: Path) -> None:
    heard: list[Progress] = []
    starting = make("never", heard=heard)
    failures: list[EngineError] = []

    def start() -> None:
        try:
            starting.start()
        except EngineError as error:
            failures.append(error)

    thread = Thread(target=start)
    thread.start()
    while not heard:
        time.sleep(0.01)
    starting.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert "broken off" in str(failures[0])
    assert not list(temporary.iterdir())


def test_output_of_any_kind_does_not_stop_it(make: Make) -> None:
    with make("junk") as running:
        assert ask(running, "/health").status_code == 200


@pytest.mark.parametrize("behave", ["deaf", "parent of the deaf"])
def test_whoever_ignores_the_request_to_end_is_killed(make: Make, model: Path, temporary: Path, behave: str) -> None:
    with make(behave) as running:
        main, child = running._group, child_of_standin(model)
    assert not is_alive(main)
    assert not is_alive(child)
    assert not list(temporary.iterdir())


def test_a_death_in_mid_run_is_noticed_and_cleaned_up(make: Make, model: Path, temporary: Path) -> None:
    with make("parent") as running:
        child = child_of_standin(model)
        assert running.ending == ""
        os.kill(running._group, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while running.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert running.ending == "was ended by signal 9 (SIGKILL)"
        assert not is_alive(child)
        assert not list(temporary.iterdir())


def test_nothing_outlives_a_killed_keeper(make: Make, model: Path, temporary: Path) -> None:
    with make("parent") as running:
        main, child = running._group, child_of_standin(model)
        assert running._keeper is not None
        running._keeper.kill()
        assert not is_alive(main), "without anybody's doing"
    assert not is_alive(child)
    assert not list(temporary.iterdir())


def test_nothing_outlives_a_killed_muniment(model: Path, standin: str, tmp_path: Path, temporary: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from muniment.engines.local import SealedServer, ServerSettings\n"
        "settings = ServerSettings(model=Path(sys.argv[1]), python=sys.argv[2], cache=Path(sys.argv[3]),"
        " arguments=('--behave', 'parent'))\n"
        "with SealedServer(settings) as running: print(running._group, flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(model), standin, str(tmp_path / "cache")]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as muniment:
        assert muniment.stdout is not None
        main, child = int(muniment.stdout.readline()), child_of_standin(model)
        assert list(temporary.iterdir())
        muniment.kill()
    assert not is_alive(main)
    assert not is_alive(child)
    deadline = time.monotonic() + 10
    while list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not list(temporary.iterdir())


@pytest.fixture
def refusing_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has keepers say that the system refused them the namespaces."""
    source = Path(keeper.__file__).read_text()
    entering = "sandbox.enter(None, together=True)"
    assert entering in source
    refused = tmp_path / "keeper.py"
    refused.write_text(source.replace(entering, "sandbox.SandboxReport(False, 'refused')"))
    monkeypatch.setattr(server, "KEEPER", str(refused))


@pytest.mark.usefixtures("refusing_system")
def test_one_that_cannot_be_sealed_is_not_started(make: Make, temporary: Path) -> None:
    refused = make()
    with pytest.raises(SandboxRefused, match="cannot be shut off from the network: refused"):
        refused.start()
    assert refused._group == 0
    assert not refused.sandbox.network
    assert not list(temporary.iterdir())


@pytest.mark.usefixtures("refusing_system")
def test_one_that_need_not_be_sealed_is_started_and_makes_no_claim(make: Make) -> None:
    with make(unsealed=True) as running:
        assert ask(running, "/health").status_code == 200
        assert not running.sandbox.network


def test_another_system_is_told(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(EngineError, match="on darwin"):
        make().start()


def test_stopping_what_was_never_started_does_nothing(make: Make, temporary: Path) -> None:
    never = make()
    never.stop()
    never.stop()
    assert not never.alive
    assert not list(temporary.iterdir())

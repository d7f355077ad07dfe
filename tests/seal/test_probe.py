"""The probe and the listener as real processes: what arrives is counted, and errors are told apart."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import DeployError
from muniment.seal import probing
from muniment.seal.listener import Arrivals, _labels
from muniment.seal.listening import Listener, listener, local_command
from muniment.seal.probing import InProcess, Order, Probe, ProbeFailed, Seen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

TOKEN = "0123abcd"


@pytest.fixture
def heard() -> Iterator[Listener]:
    with listener(local_command(), TOKEN) as found:
        yield found


def send(*probes: Probe, **other: object) -> Seen:
    order = Order(token=TOKEN, probes=probes, within=0.6).model_copy(update=other)
    return InProcess().send(order)


def to_listener(heard: Listener, address: str = "127.0.0.1") -> list[Probe]:
    where = heard.listening
    return [
        Probe("p-0", "tcp", address, where.port),
        Probe("p-1", "udp", address, where.port),
        Probe("p-2", "dns", address, where.names_port, f"p-2.{TOKEN}.test"),
    ]


def test_all_that_is_sent_arrives_and_is_answered(heard: Listener) -> None:
    assert send(*to_listener(heard)).outcomes == {"p-0": "answered", "p-1": "answered", "p-2": "NOERROR"}
    assert heard.arrived() == {("tcp", "p-0"), ("udp", "p-1"), ("dns", "p-2")}


def test_what_has_another_token_did_not_arrive(heard: Listener) -> None:
    outcomes = send(*to_listener(heard)[:2], token="another").outcomes
    assert outcomes == {"p-0": "connected", "p-1": "silence"}
    assert heard.arrived() == frozenset()


def test_refusals_and_silence_are_told_apart() -> None:
    with closing(socket.socket()) as free, socket.socket(type=socket.SOCK_DGRAM) as deaf:
        free.bind(("127.0.0.1", 0))
        deaf.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        outcomes = send(
            Probe("closed", "tcp", "127.0.0.1", port),
            Probe("deaf", "udp", "127.0.0.1", deaf.getsockname()[1]),
            Probe("deaf-name", "dns", "127.0.0.1", deaf.getsockname()[1], "example.com"),
        ).outcomes
    assert outcomes == {"closed": "ECONNREFUSED", "deaf": "silence", "deaf-name": "silence"}


def test_a_queue_that_is_full_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        outcome = send(Probe("late", "tcp", "127.0.0.1", port)).outcomes["late"]
        for one in waiting:
            one.close()
    assert outcome == "ETIMEDOUT"


def test_an_environment_is_told_by_the_names_asked_for() -> None:
    environment = {**os.environ, "TOLD": "yes", "SECRET_PROXY": "http://user:word@proxy", "OTHER": "kept"}
    with subprocess.Popen(["sleep", "30"], env=environment) as process:
        seen = send(processes=(process.pid,), values=("TOLD", "UNSET"), presence=("SECRET_PROXY",))
        process.terminate()
    (told,) = seen.processes
    assert told.environment == {"TOLD": "yes", "SECRET_PROXY": "set"}
    assert told.command == ("sleep", "30")
    assert "NoNewPrivs" in told.status
    assert told.namespaces["net"] == str(Path("/proc/self/ns/net").readlink())


def test_a_process_that_is_gone_is_left_out() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert send(processes=(process.pid,)).processes == ()


def test_a_process_that_ends_meanwhile_is_left_out() -> None:
    """As what Docker starts for a health check, which has more rights for a moment than it keeps."""
    with socket.create_server(("127.0.0.1", 0)) as listener, subprocess.Popen(["sleep", "30"]) as process:

        def end() -> None:
            line, _ = listener.accept()  # the processes were looked at before anything is tried
            with line:
                process.terminate()
                process.wait()

        ending = threading.Thread(target=end)
        ending.start()
        probe = Probe("a-1", "tcp", "127.0.0.1", listener.getsockname()[1])
        seen = send(processes=(process.pid, os.getpid()), probes=(probe,))
        ending.join()
    assert [one.pid for one in seen.processes] == [os.getpid()]


def test_it_needs_nothing_but_python() -> None:
    text = Path(probing.__file__).with_name("probe.py").read_text()
    order = Order(token=TOKEN).model_dump_json()
    done = subprocess.run([sys.executable, "-I", "-S", "-c", text, order], capture_output=True, check=True, env={})
    assert json.loads(done.stdout)["outcomes"] == {}


@pytest.mark.parametrize("answer", ["", "{}", "no JSON", '{"outcomes": 1}', "[]"])
def test_an_answer_that_cannot_be_understood_is_no_answer(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "run", lambda *_, **__: answer)
    with pytest.raises(ProbeFailed):
        InProcess().send(Order(token=TOKEN))


def test_a_program_that_fails_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise DeployError("docker run failed: no such container")

    monkeypatch.setattr(probing, "run", fail)
    with pytest.raises(ProbeFailed, match="no such container"):
        InProcess().send(Order(token=TOKEN))


def test_the_listener_ends_with_whoever_started_it(heard: Listener) -> None:
    heard._process.stdin.close()  # type: ignore[union-attr]
    assert heard._process.wait(10) == 0


def test_a_listener_that_is_killed_is_told(heard: Listener) -> None:
    heard._process.send_signal(signal.SIGKILL)
    with pytest.raises(ProbeFailed, match="ended"):
        heard.arrived()


def test_a_listener_that_cannot_be_run_is_told() -> None:
    with pytest.raises(ProbeFailed, match="cannot be run"), listener(("/nowhere/python",), TOKEN):
        pytest.fail("it runs")


@given(st.binary(max_size=600))
def test_no_query_is_an_error(query: bytes) -> None:
    labels = _labels(query)
    assert not labels or 12 + len(labels) + 5 <= len(query), "no more labels than there is room for"


@given(st.binary(max_size=200))
def test_only_what_bears_the_token_counts(text: bytes) -> None:
    arrivals = Arrivals(TOKEN)
    assert not arrivals.take("tcp", text)
    assert arrivals.take("tcp", f"{TOKEN} p-1\n".encode())
    assert arrivals.seen == {("tcp", "p-1")}

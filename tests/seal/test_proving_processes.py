"""Processes of our own: a sealed one holds, one that is not is broken, and without a control nothing is proven."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muniment.engines.local.server import KEEPER
from muniment.reading.worker_process import WORKER_MODULE
from muniment.seal import proving_processes
from muniment.seal.claims import Verdict
from muniment.seal.probing import Order, ProbeFailed, Seen
from muniment.seal.processes import Running, running
from muniment.seal.proving_processes import prove
from tests.processes import python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

SEALED = "from muniment.documents.sandbox import enter; assert enter(None, together={together}).network"
OPEN = "pass"


@contextmanager
def worker(prelude: str, mark: str = WORKER_MODULE) -> Iterator[Running]:
    """A process that says that it is a worker, once it has done what ``prelude`` says."""
    code = f"{prelude}\nprint(flush=True)\nimport time\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, mark], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"\n"
            (found,) = [one for one in running() if one.pid == process.pid]
            yield found
        finally:
            process.kill()


class Nowhere:
    """A place from which nothing can be sent."""

    def send(self, order: Order) -> Seen:  # noqa: ARG002 - a place's signature
        raise ProbeFailed("sabotaged")


def verdicts(process: Running, control: Nowhere | None = None) -> dict[str, Verdict]:
    return {finding.claim.id: finding.verdict for finding in prove((process,), control)}


@pytest.mark.parametrize("together", [False, True])
def test_one_that_has_shut_itself_off_reaches_nothing(together: bool) -> None:
    with worker(SEALED.format(together=together)) as process:
        assert process.is_shut_off
        assert verdicts(process) == dict.fromkeys(("no-internet", "no-host", "no-names", "no-privilege"), Verdict.HOLDS)


OFFLINE = """
import json, sys
from muniment.documents import sandbox
assert not sandbox._leave_network()
sandbox._raise_loopback()
from tests.seal.test_proving_processes import SEALED, verdicts, worker
with worker(SEALED.format(together=False)) as process:
    print(json.dumps(verdicts(process)))
"""


def test_a_machine_that_is_itself_offline_is_no_excuse() -> None:
    """It has nothing but its loopback interface, which the control reaches and the sealed one does not."""
    found = json.loads(python(OFFLINE))
    assert found == dict.fromkeys(("no-internet", "no-host", "no-names", "no-privilege"), "holds")


def test_one_that_has_not_is_broken_where_it_reaches_something() -> None:
    with worker(OPEN) as process:
        assert not process.is_shut_off
        found = verdicts(process)
    assert found["no-host"] is Verdict.BROKEN
    assert found["no-names"] is Verdict.BROKEN
    assert found["no-privilege"] is Verdict.BROKEN


def test_without_a_control_nothing_holds_that_a_control_is_for() -> None:
    with worker(SEALED.format(together=False)) as process:
        found = verdicts(process, Nowhere())
    assert found["no-host"] is Verdict.UNPROVEN
    assert found["no-internet"] is Verdict.UNPROVEN


def test_one_whose_listener_does_not_run_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving_processes, "local_command", lambda: ("/nowhere/python",))
    with worker(SEALED.format(together=False)) as process:
        assert set(verdicts(process).values()) == {Verdict.UNPROVEN}


def test_one_that_ended_is_left_out() -> None:
    with worker(SEALED.format(together=False)) as process:
        pass
    assert prove((process,)) == ()


def test_those_that_are_too_many_to_be_looked_at_leave_everything_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving_processes, "_MOST", 1)
    with worker(SEALED.format(together=False)) as process:
        found = prove((process, Running(-1, "worker", "net:[1]"), Running(-2, "worker", "net:[2]")))
    assert {finding.verdict for finding in found} == {Verdict.UNPROVEN}
    for finding in found:
        (left_out,) = [check for check in finding.checks if check.verdict is not Verdict.HOLDS]
        assert left_out.seen == "2 more processes were not looked at"


@pytest.mark.parametrize(("mark", "what"), [(WORKER_MODULE, "worker"), (KEEPER, "vLLM")])
def test_they_are_known_by_what_they_are_started_with(mark: str, what: str) -> None:
    with worker(OPEN, mark) as process:
        assert process.what == what
        assert process.name == f"{what} {process.pid}"


def test_what_a_keeper_starts_is_looked_at_too() -> None:
    starts = "import subprocess; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True)"
    starts += "; input(); child.kill()"
    command = [sys.executable, "-c", starts, KEEPER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        child = int(keeper.stdout.readline())
        found = {one.pid: one.what for one in running()}
        keeper.communicate(b"\n")
    assert found[keeper.pid] == found[child] == "vLLM"


def test_one_that_has_just_started_gets_time_to_shut_itself_off(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    late = Running(1, "worker", "net:[0]")

    def seen() -> tuple[Running, ...]:
        looks.append(time.monotonic())
        return (late,) if len(looks) > 2 else (Running(1, "worker", running_here()),)

    monkeypatch.setattr(proving_processes, "running", seen)
    assert proving_processes.find() == (late,)
    assert len(looks) == 3


def test_all_are_found_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Running(pid, "worker", "net:[0]") for pid in range(1, 100))
    monkeypatch.setattr(proving_processes, "running", lambda: many)
    assert proving_processes.find() == many


def running_here() -> str:
    """This process's own network."""
    return str(Path("/proc/self/ns/net").readlink())

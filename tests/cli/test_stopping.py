"""Interrupting is safe: stop it anywhere and run it again."""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from muniment.errors import ExitCode
from tests.cli.conftest import files_in, started, tiff


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, number: signal.Signals) -> None:
    document, out = tiff(tmp_path / "a.tiff", 3), tmp_path / "out"
    arguments = ("ocr", document, "-o", out, "--jobs", 1, "--format", "txt")
    process = started(*arguments, faults="3:hang")
    wait_until(lambda: pages_kept(out) == 2)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == ExitCode.INTERRUPTED
    assert told.splitlines()[-1] == "muniment: stopped. Run the same command again to go on."
    assert files_in(out) == []

    again = started(*arguments, faults="1:error,2:error")
    told = again.communicate(timeout=60)[1].decode()
    assert again.returncode == ExitCode.OK
    assert "Read 1 page of 1 document" in told
    assert (out / "a.txt").read_text() == "page 1\n\fpage 2\n\fpage 3\n"


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started("ocr", tiff(tmp_path / "a.tiff", 2), "-o", out, "--jobs", 1, faults="2:hang")
    wait_until(lambda: pages_kept(out) == 1)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode in (ExitCode.INTERRUPTED, -signal.SIGINT)
    assert "Traceback" not in told


def test_a_background_job_does_not_take_the_signal_of_the_foreground(tmp_path: Path) -> None:
    out = tmp_path / "out"
    within = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    process = started("ocr", tiff(tmp_path / "a.tiff", 3), "-o", out, "--jobs", 1, faults="2:slow", within=within)
    wait_until(lambda: pages_kept(out) == 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == ExitCode.OK


def test_waiting_for_standard_input_can_be_stopped() -> None:
    process = started("ocr", "-", stdin=subprocess.PIPE)
    wait_until(lambda: has_open(process, "memfd:document"))
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == ExitCode.INTERRUPTED
    process.communicate()


def has_open(process: "subprocess.Popen[bytes]", name: str) -> bool:
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            if name in str(link.readlink()):
                return True
    return False


def pages_kept(out: Path) -> int:
    """Pages in the ledger of unfinished documents."""
    return sum(file.read_bytes().count(b"\n") for file in out.glob(".muniment/*.pages.jsonl"))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)

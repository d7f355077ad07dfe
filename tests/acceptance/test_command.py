"""The command as users run it: real processes, the real engine, killed at bad moments."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests import builders
from tests.processes import hear_signals

pytestmark = pytest.mark.acceptance

EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
INTERRUPTED = 130


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command, which is gone when the block ends."""
    command = [sys.executable, "-m", "muniment", "ocr", *map(str, arguments)]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str | Path) -> tuple[int, str]:
    """How the command ended, and what it told."""
    command = [sys.executable, "-m", "muniment", "ocr", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600)
    return done.returncode, done.stderr.decode()


def workers_of(pid: int) -> list[int]:
    """Process ids of a process's children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            found += map(int, task.read_text().split())
    return found


def wait_for_pages(folder: Path, count: int, process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Until the ledger in ``folder`` holds so many pages."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if sum(path.read_bytes().count(b"\n") for path in folder.glob(".muniment/*.pages.jsonl")) >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"the ledger never held {count} pages")


@pytest.fixture(scope="module")
def long_document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.pdf"
    path.write_bytes(builders.scanned_pdf(*map(scan, range(24))))
    return path


def scan(number: int) -> Image.Image:
    """A page as a scanner gives it, at 100 dots an inch: it takes a while to read."""
    page = Image.new("L", (827, 1169), 255)
    font = ImageFont.load_default(20)
    for line in range(20):
        ImageDraw.Draw(page).text((80, 80 + 45 * line), f"Line {line} of page {number}, scanned", 0, font)
    return page


FORMATS = ("--format", "md,json")


@pytest.fixture(scope="module")
def whole(long_document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that nothing ended."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(long_document, "-o", folder, *FORMATS)[0] == 0
    return folder


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_ended_anywhere_goes_on_and_gives_the_same_bytes(
    tmp_path: Path, long_document: Path, whole: Path, ending: signal.Signals
) -> None:
    broken = tmp_path / "broken"
    with started(long_document, "-o", broken, *FORMATS) as process:
        wait_for_pages(broken, 3, process)
        process.send_signal(ending)
        assert process.wait(60) == (-signal.SIGKILL if ending is signal.SIGKILL else INTERRUPTED)
    assert not list(broken.glob("*.md"))
    assert run(long_document, "-o", broken, *FORMATS)[0] == 0
    for name in ("long.md", "long.json"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_workers_do_not_outlive_a_killed_command(tmp_path: Path, long_document: Path) -> None:
    with started(long_document, "-o", tmp_path) as process:
        wait_for_pages(tmp_path, 1, process)
        workers = workers_of(process.pid)
    assert workers
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_worker_has_no_network_seen_from_outside(tmp_path: Path, long_document: Path) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    with started(long_document, "-o", tmp_path, "--jobs", "1") as process:
        wait_for_pages(tmp_path, 1, process)
        (worker,) = workers_of(process.pid)
        theirs = Path(f"/proc/{worker}/ns/net").readlink()
        interfaces = Path(f"/proc/{worker}/net/dev").read_text().splitlines()[2:]
        assert Path(f"/proc/{process.pid}/ns/net").readlink() == ours  # the control: the command is where it was
    assert theirs != ours
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


def test_every_example_is_read_and_reading_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        code, error = run(EXAMPLES, "-o", tmp_path / name, "--format", "md,json,html,txt,csv")
        assert code == 0, error
    first = sorted(path for path in (tmp_path / "first").iterdir() if path.is_file())
    assert len(first) == 5 * len([path for path in EXAMPLES.iterdir() if path.is_file()])
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        if path.suffix == ".json":
            assert all(page["status"] == "read" for page in json.loads(path.read_text())["pages"])


def peak_memory(pages: int, folder: Path) -> int:
    """Most memory in bytes that the command and its workers held together while reading a scanned PDF."""
    document = folder / f"{pages}.pdf"
    document.write_bytes(builders.scanned_pdf(*(scan(number) for number in range(pages))))
    peak = 0
    with started(document, "-o", folder / str(pages), "--jobs", "1") as process:
        while process.poll() is None:
            peak = max(peak, sum(map(proportional_size, [process.pid, *workers_of(process.pid)])))
            time.sleep(0.2)
    assert process.returncode == 0
    return peak


def proportional_size(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def test_memory_does_not_grow_with_the_page_count(tmp_path: Path) -> None:
    few, many = peak_memory(6, tmp_path), peak_memory(60, tmp_path)
    assert many < few * 1.25

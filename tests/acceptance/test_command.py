"""The command as users run it: real processes, the real engine, killed at bad moments."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests import builders

pytestmark = pytest.mark.acceptance

EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
INTERRUPTED = 130


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "muniment", "ocr", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(*arguments: str | Path) -> tuple[int, str, str]:
    process = start(*arguments)
    out, error = process.communicate(timeout=600)
    return process.returncode, out.decode(), error.decode()


def workers_of(pid: int) -> list[int]:
    """Process ids of a process's children."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def wait_for_pages(folder: Path, count: int, process: subprocess.Popen[bytes]) -> None:
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
    path.write_bytes(builders.text_pdf(*(f"This is page number {number} of many." for number in range(1, 25))))
    return path


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_ended_anywhere_goes_on_and_gives_the_same_bytes(
    tmp_path: Path, long_document: Path, ending: signal.Signals
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    formats = ("--format", "md,json")
    assert run(long_document, "-o", whole, *formats)[0] == 0
    process = start(long_document, "-o", broken, *formats)
    wait_for_pages(broken, 3, process)
    process.send_signal(ending)
    process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if ending is signal.SIGKILL else INTERRUPTED)
    assert not list(broken.glob("*.md"))
    assert run(long_document, "-o", broken, *formats)[0] == 0
    for name in ("long.md", "long.json"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_workers_do_not_outlive_a_killed_command(tmp_path: Path, long_document: Path) -> None:
    process = start(long_document, "-o", tmp_path)
    wait_for_pages(tmp_path, 1, process)
    workers = workers_of(process.pid)
    assert workers
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_workers_have_no_network_seen_from_outside(tmp_path: Path, long_document: Path) -> None:
    process = start(long_document, "-o", tmp_path)
    wait_for_pages(tmp_path, 1, process)
    ours = Path("/proc/self/ns/net").readlink()
    seen = []
    for pid in workers_of(process.pid):
        interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        seen.append((Path(f"/proc/{pid}/ns/net").readlink(), [line.split(":")[0].strip() for line in interfaces]))
    process.kill()
    process.communicate(timeout=60)
    assert Path(f"/proc/{os.getpid()}/ns/net").readlink() == ours  # the control: this process is where it was
    assert seen
    assert all(namespace != ours and interfaces == ["lo"] for namespace, interfaces in seen)


def test_every_example_is_read_and_reading_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        code, _, error = run(EXAMPLES, "-o", tmp_path / name, "--format", "md,json,html,txt,csv")
        assert code == 0, error
    first = sorted(path for path in (tmp_path / "first").iterdir() if path.is_file())
    assert len(first) == 5 * len([path for path in EXAMPLES.iterdir() if path.is_file()])
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        if path.suffix == ".json":
            assert all(page["status"] == "read" for page in json.loads(path.read_text())["pages"])


def scan(number: int) -> Image.Image:
    """A page as a scanner gives it, at 100 dots an inch."""
    page = Image.new("L", (827, 1169), 255)
    font = ImageFont.load_default(20)
    for line in range(20):
        ImageDraw.Draw(page).text((80, 80 + 45 * line), f"Line {line} of page {number}, scanned", 0, font)
    return page


def peak_memory(pages: int, folder: Path) -> int:
    """Most memory in bytes that the command and its workers held together while reading a scanned PDF."""
    document = folder / f"{pages}.pdf"
    document.write_bytes(builders.scanned_pdf(*(scan(number) for number in range(pages))))
    process = start(document, "-o", folder / str(pages), "--jobs", "1")
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(proportional_size, [process.pid, *workers_of(process.pid)])))
        time.sleep(0.2)
    assert process.returncode == 0
    process.communicate()
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

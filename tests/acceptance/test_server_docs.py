"""The lines of docs/server.md run as they stand."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.serving import EXAMPLES, PATIENCE, Serving
from tests.required import program

pytestmark = pytest.mark.acceptance

DOCS = Path(__file__).parents[2] / "docs" / "server.md"
LINES = re.findall(r"^```bash\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(lines: str, service: Serving, folder: Path) -> str:
    """What they print, with the service's address in the place of the usual one."""
    program("curl")
    script = lines.replace("http://localhost:8001", service.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "MUNIMENT_KEY": "none"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(EXAMPLES / "report-scanned.pdf", tmp_path / "scan.pdf")
    shutil.copy(EXAMPLES / "invoice.png", tmp_path / "page.png")
    return tmp_path


def test_there_are_lines_for_every_way_to_read() -> None:
    assert len(LINES) == 4


def test_a_short_document(service: Serving, folder: Path) -> None:
    pages = json.loads(run(LINES[0], service, folder))["pages"]
    assert len(pages) > 1
    assert all(page["markdown"] for page in pages)


def test_a_long_document(service: Serving, folder: Path) -> None:
    told = run(LINES[1], service, folder)
    assert "event: finished" in told
    assert "\n# " in told
    assert (folder / "page.jpg").read_bytes().startswith(b"\xff\xd8")


def test_an_image(service: Serving, folder: Path) -> None:
    assert "Invoice" in json.loads(run(LINES[2], service, folder))["choices"][0]["message"]["content"]


def test_how_it_is(service: Serving, folder: Path) -> None:
    assert '"ready"' in run(LINES[3], service, folder)

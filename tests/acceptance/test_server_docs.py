"""The lines of docs/server.md run as they stand."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.serving import PATIENCE, Serving
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.required import program

pytestmark = pytest.mark.acceptance

DOCS = Path(__file__).parents[2] / "docs" / "server.md"
LINES = re.findall(r"^```bash\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(lines: str, service: Serving, folder: Path) -> str:
    """What they print, with the service's address and model in the place of the usual ones."""
    program("curl")
    script = lines.replace("http://localhost:8001", service.url).replace('"embedded"', f'"{service.model}"')
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
def folder(tmp_path: Path, slips: Slips) -> Path:
    (tmp_path / "scan.pdf").write_bytes(scan(slips.note, slips.boxes))
    (tmp_path / "page.png").write_bytes(halved(slips.table))
    return tmp_path


def test_there_are_lines_for_every_way_to_read() -> None:
    assert len(LINES) == 4


def test_a_short_document(either: Serving, folder: Path, slips: Slips) -> None:
    pages = json.loads(run(LINES[0], either, folder))["pages"]
    for page, slip in zip(pages, (slips.note, slips.boxes), strict=True):
        assert misread(slip, page["markdown"]) <= MISREAD


def test_a_long_document(either: Serving, folder: Path, slips: Slips) -> None:
    told = run(LINES[1], either, folder)
    assert "event: finished" in told
    result = told[told.rindex("\n\n## ") :]
    assert misread(slips.note, result[: result.index("- [")]) <= MISREAD
    assert (folder / "page.jpg").read_bytes().startswith(b"\xff\xd8")


def test_an_image(either: Serving, folder: Path, slips: Slips) -> None:
    text = json.loads(run(LINES[2], either, folder))["choices"][0]["message"]["content"]
    assert misread(slips.table, text) <= MISREAD


def test_how_it_is(either: Serving, folder: Path) -> None:
    assert '"ready"' in run(LINES[3], either, folder)

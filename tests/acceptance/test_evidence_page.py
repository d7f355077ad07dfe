"""A report's page is printed by a browser: all of it, whatever was folded away on the screen."""

import subprocess
from pathlib import Path

import pypdfium2
import pytest

from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.layout import shown
from tests.acceptance.serving import PATIENCE
from tests.required import program
from tests.seal.evidence.making import KEY, full_evidence
from tests.seal.evidence.strings import renamed

pytestmark = pytest.mark.acceptance


def printed(page: Path, folder: Path) -> str:
    """The text of the page on paper."""
    command = [
        program("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--no-pdf-header-footer",
        f"--user-data-dir={folder / 'browser'}",
        f"--print-to-pdf={folder / 'page.pdf'}",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert "Content Security Policy" not in done.stderr
    with pypdfium2.PdfDocument(folder / "page.pdf") as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_what_was_folded_away_is_printed(tmp_path: Path) -> None:
    publish(full_evidence(), tmp_path, KEY)
    page = tmp_path / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("<details open>", "<details>"), encoding="utf-8")
    assert printed(page, tmp_path).count("ENETUNREACH") == 1 + len(
        [check for finding in full_evidence().findings for check in finding.checks]
    )


def test_a_hostile_name_breaks_no_policy_and_is_printed(tmp_path: Path) -> None:
    name = "<script>document.title='x'</script>\u202e<img src=x>"
    publish(renamed(full_evidence(), name), tmp_path, KEY)
    text = printed(tmp_path / "report.html", tmp_path)
    assert shown(name) in text.replace("\r\n", "")

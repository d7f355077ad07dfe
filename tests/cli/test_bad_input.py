"""Documents that cannot be opened, as the command's users meet them: one line says which file, why, and what to do."""

from pathlib import Path

import pytest

from muniment.errors import ExitCode
from tests import builders
from tests.cli.conftest import Muniment, files_in, tiff
from tests.processes import AS_ANY_USER, python

PDF = builders.text_pdf("A page of words", "Another page of words")
SECRET = builders.text_pdf("Between us", password="hunter2")
NO_PAGES = builders.assemble_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])
KINDS = "PDF, PNG, JPEG, TIFF, WebP, BMP, GIF and HEIC can be read; print or export it as PDF."

BAD = {
    "empty.pdf": (b"", "is empty. Copy or scan it again."),
    "text.pdf": (b"words", f"seems to be a text file. {KINDS}"),
    "letter.docx": (b"PK\x03\x04 word/document.xml", f"seems to be a Word document. {KINDS}"),
    "noise.png": (bytes(range(256)), f"is no kind of document known here. {KINDS}"),
    "cut.pdf": (
        PDF[: len(PDF) // 2],
        "is a PDF, but damaged or cut off. Copy or download it again, or print it to a new PDF.",
    ),
    "cut.png": (builders.png_claiming(40, 40)[:20], "is a PNG image, but damaged. Copy, convert or scan it again."),
    "secret.pdf": (SECRET, "is encrypted. Give its password with --password."),
    "nothing.pdf": (NO_PAGES, "has no pages. Export or scan it again."),
    "0x0.png": (builders.png_claiming(0, 0), "is a PNG image, but damaged. Copy, convert or scan it again."),
    "bomb.png": (
        builders.png_claiming(60_000, 60_000),
        "has 60,000 × 60,000 = 3,600,000,000 pixels; at most 200,000,000 are allowed. "
        "Scale it down or cut it into parts.",
    ),
}

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", BAD)
def test_the_only_document_cannot_be_opened(name: str, tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    content, told = BAD[name]
    (tmp_path / name).write_bytes(content)
    assert muniment("ocr", tmp_path / name) is ExitCode.NOTHING_READ
    assert capsys.readouterr() == ("", f"muniment: {name} {told}\n")


def test_the_good_are_read_whatever_is_among_them(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    good = [tiff(tmp_path / "a.tiff"), tiff(tmp_path / "z.tiff")]
    paths = [good[0], *(tmp_path / name for name in BAD), good[1]]
    assert muniment("ocr", *paths, "-o", tmp_path / "out") is ExitCode.INCOMPLETE
    assert files_in(tmp_path / "out") == ["a.md", "z.md"]
    summary = capsys.readouterr().err.split("Read 2 pages of 2 documents", 1)[1].splitlines()
    assert summary[1:] == [f"  {name} {told}" for name, (_, told) in BAD.items()]


@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_password_opens_an_encrypted_pdf(
    given: str, tmp_path: Path, muniment: Muniment, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.pdf").write_bytes(SECRET)
    option = ["--password", "hunter2"] if given == "option" else []
    if given == "environment":
        monkeypatch.setenv("MUNIMENT_PASSWORD", "hunter2")
    assert muniment("ocr", tmp_path / "secret.pdf", "--quiet", *option) is ExitCode.OK
    assert capsys.readouterr() == ("page 1\n", "")


def test_a_wrong_password_is_told_and_not_repeated(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    (tmp_path / "secret.pdf").write_bytes(SECRET)
    assert muniment("ocr", tmp_path / "secret.pdf", "--password", "swordfish") is ExitCode.NOTHING_READ
    told = capsys.readouterr().err
    assert told == "muniment: secret.pdf is encrypted, and the password given is wrong. Check the password.\n"


RUN = """
import sys
from muniment.cli.ending import run

print(int(run(["ocr", sys.argv[1], "-o", sys.argv[2]])))
"""


def test_an_output_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    document, out = tiff(tmp_path / "a.tiff"), tmp_path / "out"
    out.mkdir(mode=0o500)
    told = python(AS_ANY_USER + "import sys; sys.stderr = sys.stdout\n" + RUN, document, out)
    assert told.splitlines() == [
        f"muniment: {out}/.muniment cannot be written: permission denied. "
        "Change the folder's permissions or choose another folder with -o.",
        str(int(ExitCode.OUTPUT)),
    ]


def test_a_folder_that_may_only_be_read_is_left_as_it_is(tmp_path: Path, muniment: Muniment) -> None:
    document = tiff(tmp_path / "in" / "a.tiff")
    document.parent.chmod(0o500)
    assert muniment("ocr", document.parent, "-o", tmp_path / "out") is ExitCode.OK
    assert [path.name for path in document.parent.iterdir()] == ["a.tiff"]


def test_a_document_that_changed_between_runs_is_read_again(
    tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    arguments = ("ocr", tmp_path / "a.tiff", "-o", tmp_path / "out", "--format", "txt", "--quiet")
    for pages in (1, 2, 1):
        tiff(tmp_path / "a.tiff", pages)
        assert muniment(*arguments) is ExitCode.OK
        assert (tmp_path / "out" / "a.txt").read_text().count("page") == pages
    assert capsys.readouterr() == ("", "")

"""``muniment ocr``: what goes where, and how it ends."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from muniment.errors import ExitCode
from tests.cli.conftest import Muniment, files_in, started, tiff
from tests.reading.conftest import Faults

Captured = pytest.CaptureFixture[str]


def test_one_document_goes_to_standard_output_and_nothing_else_does(
    tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    assert muniment("ocr", tiff(tmp_path / "a.tiff", 2)) is ExitCode.OK
    told = capsys.readouterr()
    assert told.out == "<!-- page 1 -->\n\npage 1\n\n<!-- page 2 -->\n\npage 2\n"
    assert "[1/1] a.tiff: 2 pages\n" in told.err
    assert "Read 2 pages of 1 document in" in told.err


def test_quiet_says_nothing(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    assert muniment("ocr", tiff(tmp_path / "a.tiff"), "--quiet", "--format", "txt") is ExitCode.OK
    assert capsys.readouterr() == ("page 1\n", "")


def test_chosen_pages_only(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    assert muniment("ocr", tiff(tmp_path / "a.tiff", 5), "--pages", "2,4-", "--format", "txt") is ExitCode.OK
    assert capsys.readouterr().out == "page 2\n\fpage 4\n\fpage 5\n"


def test_several_documents_need_a_folder(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    tiff(tmp_path / "a.tiff")
    tiff(tmp_path / "b.tiff")
    assert muniment("ocr", tmp_path) is ExitCode.USAGE
    told = capsys.readouterr()
    assert told.err == "muniment: Standard output takes one document, and 2 were found. Add -o FOLDER.\n"
    assert told.out == ""


def test_the_tree_is_mirrored_a_file_a_format(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    for name in ("in/a.tiff", "in/sub/a.tiff", "in/sub/a.tif"):
        tiff(tmp_path / name)
    out = tmp_path / "out"
    assert muniment("ocr", tmp_path / "in", "-o", out, "--format", "md,txt") is ExitCode.OK
    assert files_in(out) == [
        *("a.md", "a.txt"),
        *("sub/a.tif.md", "sub/a.tif.txt", "sub/a.tiff.md", "sub/a.tiff.txt"),
    ]
    told = capsys.readouterr()
    assert told.out == ""
    assert f"results are in {out}." in told.err


def test_documents_of_one_name_and_one_content_get_a_result_each(tmp_path: Path, muniment: Muniment) -> None:
    one, other = tiff(tmp_path / "1" / "a.tiff", 4), tiff(tmp_path / "2" / "a.tiff", 4)
    out = tmp_path / "out"
    assert muniment("ocr", one, other, "-o", out, "--format", "txt", "--quiet") is ExitCode.OK
    first, second = files_in(out)
    assert (out / first).read_text() == (out / second).read_text() == "page 1\n\fpage 2\n\fpage 3\n\fpage 4\n"


def test_what_was_read_is_not_read_again_unless_forced(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    arguments = ("ocr", tiff(tmp_path / "a.tiff"), "-o", tmp_path / "out")
    muniment(*arguments)
    capsys.readouterr()
    assert muniment(*arguments) is ExitCode.OK
    assert "1 document had been read before; --force reads again" in capsys.readouterr().err
    assert muniment(*arguments, "--force") is ExitCode.OK
    assert "Read 1 page of 1 document" in capsys.readouterr().err


def test_pages_that_fail_keep_their_places_and_are_told(
    tmp_path: Path, muniment: Muniment, faults: Faults, capsys: Captured
) -> None:
    faults("1:error:best,2:error")
    assert muniment("ocr", tiff(tmp_path / "a.tiff", 3)) is ExitCode.INCOMPLETE
    told = capsys.readouterr()
    assert "<!-- page 2 -->\n\n> [Page 2 could not be read: " in told.out
    assert "page 3" in told.out
    assert "a.tiff: read by a fallback: page 1" in told.err
    assert "Read 2 of 3 pages of 1 document in" in told.err
    assert "  a.tiff: page 2 is damaged. Scan it again.\n" in told.err


def test_when_every_page_fails_nothing_was_read(tmp_path: Path, muniment: Muniment, faults: Faults) -> None:
    faults("1:error")
    assert muniment("ocr", tiff(tmp_path / "a.tiff")) is ExitCode.NOTHING_READ


def test_a_document_that_cannot_be_opened_does_not_stop_the_others(
    tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    tiff(tmp_path / "b.tiff")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 truncated")
    assert muniment("ocr", tmp_path, "missing.pdf", "-o", tmp_path / "out") is ExitCode.INCOMPLETE
    assert files_in(tmp_path / "out") == ["b.md"]
    told = capsys.readouterr().err
    assert "muniment: missing.pdf does not exist. Check the path.\n" in told
    assert "muniment: a.pdf" in told


@pytest.mark.parametrize("name", ["missing.pdf", "empty.pdf", "text.pdf", "folder"])
def test_where_there_is_nothing_to_read_it_says_why(
    name: str, tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "text.pdf").write_text("words")
    (tmp_path / "folder").mkdir()
    assert muniment("ocr", tmp_path / name) is ExitCode.NOTHING_READ
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("muniment: ")
    assert name in line
    assert told.out == ""


def test_pages_outside_the_document_are_wrong_usage(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    assert muniment("ocr", tiff(tmp_path / "a.tiff", 2), "--pages", "7") is ExitCode.USAGE
    assert "a.tiff has 2 pages; there is no page 7" in capsys.readouterr().err


def test_names_cannot_drive_the_terminal(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    muniment("ocr", tiff(tmp_path / "a\x1b[31m[bold].tiff"))
    muniment("ocr", tmp_path / "b\x1b[2J.tiff")
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.tiff", b"a\nb.tiff", b"\xe2\x80\xae.tiff", b"-.tiff", b"e\xcc\x81" * 80 + b".tiff"]
)
def test_any_name_that_a_file_can_have_is_read(
    name: bytes, tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    document = tmp_path / os.fsdecode(name)
    tiff(tmp_path / "a.tiff").rename(document)
    assert muniment("ocr", document, "-o", tmp_path / "out", "--json", "--format", "json,md") is ExitCode.OK
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 2
    (record,) = json.loads(told.out)["documents"]
    assert [Path(file).parent for file in record["files"]] == [tmp_path / "out"] * 2
    assert json.loads(Path(record["files"][0]).read_text())["document"]["name"] == name.decode(errors="replace")


def test_a_document_of_an_odd_name_that_cannot_be_opened_is_told(
    tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    document = tmp_path / os.fsdecode(b"\x1b[31m\xff.pdf")
    document.write_bytes(b"words")
    assert muniment("ocr", document) is ExitCode.NOTHING_READ
    assert capsys.readouterr().err.startswith("muniment: \ufffd[31m\ufffd.pdf seems to be a text file.")


def test_the_summary_as_json(tmp_path: Path, muniment: Muniment, faults: Faults, capsys: Captured) -> None:
    faults("1:error:best,2:error")
    out = tmp_path / "out"
    code = muniment("ocr", tiff(tmp_path / "a.tiff", 3), tmp_path / "none.pdf", "-o", out, "--json", "--quiet")
    told = capsys.readouterr()
    summary = json.loads(told.out)
    missing, document = summary["documents"]
    assert (summary["exit_code"], summary["pages"]) == (code, 3) == (1, 3)
    assert "does not exist" in missing["problem"]
    assert document["files"] == [str(out / "a.md")]
    assert document["fallback"] == [1]
    assert document["flags"] == {"fallback": [1], "failed": [2]}
    assert [page["page"] for page in document["failed"]] == [2]


def test_an_output_folder_that_is_a_file(tmp_path: Path, muniment: Muniment, capsys: Captured) -> None:
    (tmp_path / "out").touch()
    assert muniment("ocr", tiff(tmp_path / "a.tiff"), "-o", tmp_path / "out") is ExitCode.OUTPUT
    assert "out cannot be written" in capsys.readouterr().err


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=64k tmpfs "$0" && head -c 40000 /dev/zero > "$0/filler" || exit
"$@"
code=$?
find "$0" -type f -not -path '*/.muniment/*' -printf '%P\n'
exit $code
"""


def mounting() -> list[str]:
    """A command that runs another where it may mount what it likes and nobody else sees it."""
    for flags in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        command = ["unshare", *flags]
        if subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0:
            return command
    pytest.skip("this system lets nobody mount a disk of their own")


def test_a_full_disk_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    document, disk = tiff(tmp_path / "a.tiff", 200), tmp_path / "disk"
    disk.mkdir()
    within = [*mounting(), "sh", "-c", ON_A_SMALL_DISK, disk]
    process = started("ocr", document, "-o", disk, "--format", "json,html", "--quiet", within=within)
    out, told = process.communicate(timeout=60)
    assert process.returncode == ExitCode.OUTPUT, told
    assert b"cannot be written: no space is left. Make room and run the same command again." in told
    assert out == b"filler\n"


def test_a_file_that_may_not_grow_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    document, out = tiff(tmp_path / "a.tiff", 200), tmp_path / "out"
    process = started("ocr", document, "-o", out, "--quiet", within=["sh", "-c", 'ulimit -f 4; exec "$@"', "sh"])
    told = process.communicate(timeout=60)[1]
    assert process.returncode == ExitCode.OUTPUT, told
    assert b"cannot be written: no space is left. Make room and run the same command again." in told
    assert files_in(out) == []


def test_a_full_standard_output_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = started("ocr", tiff(tmp_path / "a.tiff"), "--quiet", stdout=full)
        told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == ExitCode.OUTPUT
    assert told.startswith("muniment: standard output cannot be written: no space is left")


def test_a_reader_that_goes_away_is_no_drama(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = started("ocr", tiff(tmp_path / "a.tiff", 3), "--quiet", stdout=writing)
    os.close(writing)
    told = process.communicate(timeout=60)[1].decode()
    assert (process.returncode, told) == (1, "")


def test_standard_input(tmp_path: Path) -> None:
    with tiff(tmp_path / "a.tiff", 2).open("rb") as document:
        command = started("ocr", "-", "--format", "txt", stdin=document)
        told = command.communicate(timeout=60)
    assert told[0] == b"page 1\n\fpage 2\n"
    assert b"[1/1] stdin: 2 pages" in told[1]


@pytest.mark.parametrize(
    ("redirection", "told"),
    [
        ("< /dev/null", "Nothing came from standard input. Check the command that should send the document."),
        ("<&-", "Standard input is closed. Send a document to it, or name a file."),
    ],
)
def test_standard_input_that_gives_nothing_is_told(redirection: str, told: str) -> None:
    command = started("ocr", "-", within=["sh", "-c", f'exec "$@" {redirection}', "sh"])
    assert command.communicate(timeout=60) == (b"", f"muniment: {told}\n".encode())
    assert command.returncode == ExitCode.NOTHING_READ


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_where_nobody_can_be_told_it_is_read_all_the_same(redirection: str, tmp_path: Path) -> None:
    within = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    document, out = tiff(tmp_path / "a.tiff", 2), tmp_path / "out"
    command = started("ocr", document, "missing.pdf", "-o", out, within=within)
    command.communicate(timeout=60)
    assert command.returncode == ExitCode.INCOMPLETE
    assert files_in(out) == ["a.md"]


def test_a_closed_standard_output_is_told(tmp_path: Path) -> None:
    command = started("ocr", tiff(tmp_path / "a.tiff"), "--quiet", within=["sh", "-c", 'exec "$@" >&-', "sh"])
    told = command.communicate(timeout=60)[1]
    assert (command.returncode, told) == (
        ExitCode.OUTPUT,
        b"muniment: Standard output is closed. Leave it open, or write to a folder with -o.\n",
    )


def test_files_that_muniment_did_not_write_are_spared_unless_forced(
    tmp_path: Path, muniment: Muniment, capsys: Captured
) -> None:
    arguments = ("ocr", tiff(tmp_path / "notes.tiff"), "-o", tmp_path)
    (tmp_path / "notes.md").write_text("mine")
    assert muniment(*arguments) is ExitCode.OUTPUT
    assert "notes.md would be overwritten" in capsys.readouterr().err
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert muniment(*arguments, "--force") is ExitCode.OK
    assert (tmp_path / "notes.md").read_text() == "page 1\n"
    assert muniment(*arguments) is ExitCode.OK

"""Files that are whole or not there."""

import contextlib
import os
from pathlib import Path, PurePosixPath

import pytest

from muniment.errors import OutputError, unwritable
from muniment.outputs import Format, ResultFiles, make_folder
from muniment.outputs.files import AtomicFile
from muniment.reading import DocumentInfo, PageReading, PageStatus
from muniment.text import Paragraph
from tests.processes import AS_ANY_USER, WITHOUT_SPACE, python

INFO = DocumentInfo("a.pdf", "pdf", 1, "0" * 64)
PAGE = PageReading(number=1, status=PageStatus.READ, blocks=(Paragraph(text="one"),))


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_appears_when_it_is_finished(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "a.md"
    with AtomicFile(tmp_path, PurePosixPath("sub/a.md")) as file:
        file.write("first ")
        file.write("second \ud800")
        assert not target.exists()
        file.commit()
    assert target.read_text() == "first second \ufffd"
    assert everything_in(tmp_path) == ["sub", "sub/a.md"]


def test_others_may_read_it_only_when_it_is_finished(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with AtomicFile(tmp_path, PurePosixPath("a.md")) as file:
            assert (tmp_path / ".a.md.part").stat().st_mode & 0o777 == 0o600
            file.commit()
    finally:
        os.umask(before)
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o644


def test_an_interrupted_file_leaves_the_older_one(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    with contextlib.suppress(KeyboardInterrupt), AtomicFile(tmp_path, PurePosixPath("a.md")) as file:
        file.write("new")
        raise KeyboardInterrupt
    assert everything_in(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "old"


def test_what_a_killed_run_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".a.md.part").write_text("half")
    with AtomicFile(tmp_path, PurePosixPath("a.md")) as file:
        file.write("new")
        file.commit()
    assert everything_in(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "new"


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / "sub").symlink_to(outside)
    with pytest.raises(OutputError, match="a link"):
        AtomicFile(out, PurePosixPath("sub/a.md"))
    assert everything_in(outside) == []


def test_a_linked_file_is_replaced_and_what_it_led_to_is_left_alone(tmp_path: Path) -> None:
    outside, out = tmp_path / "outside.md", tmp_path / "out"
    outside.write_text("precious")
    out.mkdir()
    for name in ("a.md", ".a.md.part"):
        (out / name).symlink_to(outside)
    with AtomicFile(out, PurePosixPath("a.md")) as file:
        file.write("new")
        file.commit()
    assert outside.read_text() == "precious"
    assert not (out / "a.md").is_symlink()


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with (
        AtomicFile(tmp_path, PurePosixPath("a.md")) as file,
        pytest.raises(OutputError, match=r"a\.md cannot be written"),
    ):
        file.commit()
    assert everything_in(tmp_path) == ["a.md"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out cannot be written: something of another kind"):
        make_folder(tmp_path / "out")


WRITE = """
import sys
from pathlib import Path, PurePosixPath
from muniment.errors import OutputError
from muniment.outputs.files import AtomicFile

try:
    with AtomicFile(Path(sys.argv[1]), PurePosixPath("a.md")) as file:
        file.write("x" * 2000)
        file.commit()
    print("written")
except OutputError as error:
    print(error)
"""


def test_without_space_nothing_is_left_behind(tmp_path: Path) -> None:
    assert "a.md cannot be written: no space is left" in python(WITHOUT_SPACE + WRITE, tmp_path)
    assert everything_in(tmp_path) == []


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    assert python(AS_ANY_USER + WRITE, tmp_path) == "written"
    tmp_path.chmod(0o500)
    assert "a.md cannot be written: permission denied" in python(AS_ANY_USER + WRITE, tmp_path)


@pytest.mark.parametrize(
    ("number", "words"), [(13, "permission denied"), (28, "no space"), (20, "a link"), (5, "Input/output")]
)
def test_errors_say_why_and_what_to_do(number: int, words: str) -> None:
    error = unwritable("out/a.md", OSError(number, os.strerror(number)))
    assert words in error.what
    assert "out/a.md" in error.what
    assert error.hint


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = list(Path("/proc/self/fd").iterdir())
    with ResultFiles(tmp_path, PurePosixPath("x/a"), list(Format), INFO) as files:
        files.page(PAGE)
        files.commit()
    (tmp_path / "y").write_text("")
    with pytest.raises(OutputError):
        ResultFiles(tmp_path, PurePosixPath("y/a"), list(Format), INFO)
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_a_document_gets_a_file_a_format(tmp_path: Path) -> None:
    with ResultFiles(tmp_path, PurePosixPath("sub/a"), [Format.MD, Format.TXT], INFO) as files:
        files.page(PAGE)
        files.commit()
    assert everything_in(tmp_path) == ["sub", "sub/a.md", "sub/a.txt"]
    assert (tmp_path / "sub" / "a.md").read_text() == "one\n"


def test_a_document_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with ResultFiles(tmp_path, PurePosixPath("a"), [Format.MD, Format.TXT], INFO) as files:
        files.page(PAGE)
    assert everything_in(tmp_path) == []

"""A job's pages on disk: every whole line is a page, in whatever order they came, and a torn one never was."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import OutputError
from muniment.reading import PageReading, PageStatus
from muniment.server.contents import NotOpened
from muniment.server.jobs.pagefile import PageFile
from tests.outputs.strategies import pages as any_pages


def page(number: int, problem: str = "") -> PageReading:
    return PageReading(number=number, status=PageStatus.READ, problem=problem)


@given(st.lists(any_pages, unique_by=lambda page: page.number, max_size=5))
def test_pages_come_back_as_they_were_and_in_order(pages: list[PageReading]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = PageFile(Path(folder) / "pages")
        for each in pages:
            file.add(each)
        assert list(file.in_order()) == sorted(pages, key=lambda page: page.number)
        assert file.numbers() == {page.number for page in pages}
        assert all(file.find(page.number) == page for page in pages)


@given(st.integers(0, 200), st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=4))
def test_what_was_torn_off_is_read_again_and_nothing_else(cut: int, numbers: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pages"
        for number in numbers:
            PageFile(path).add(page(number))
        whole = path.read_bytes()
        path.write_bytes(whole[: max(0, len(whole) - cut)])
        left = PageFile(path).numbers()
        assert left == set(numbers[: len(left)])
        for number in numbers:
            if number not in left:
                PageFile(path).add(page(number))
        assert [found.number for found in PageFile(path).in_order()] == sorted(numbers)
        assert path.read_bytes() == whole


@given(st.lists(st.binary(max_size=30) | st.from_regex(rb'\{"number":[0-9]+,.*', fullmatch=True), max_size=4))
def test_what_is_damaged_is_no_page_and_keeps_no_other(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pages"
        path.write_bytes(b"".join(line.replace(b"\n", b"") + b"\n" for line in lines))
        file = PageFile(path)
        damaged = file.numbers()
        whole = next(number for number in range(1, 9) if number not in damaged)
        file.add(page(whole))
        assert list(file.in_order()) == [page(whole)]
        assert file.numbers() == damaged | {whole}
        assert all(file.find(number) is None for number in damaged)


def test_what_cannot_be_read_now_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "failing").symlink_to("/proc/self/mem")
    for name in ("folder", "failing"):
        with pytest.raises(NotOpened, match=name):
            PageFile(tmp_path / name).numbers()


def test_of_a_page_that_came_twice_the_first_counts(tmp_path: Path) -> None:
    file = PageFile(tmp_path / "pages")
    file.add(page(1, "first"))
    file.add(page(1, "second"))
    assert [found.problem for found in file.in_order()] == ["first"]


def test_without_a_file_there_are_no_pages(tmp_path: Path) -> None:
    file = PageFile(tmp_path / "pages")
    assert (list(file.in_order()), file.find(1), file.numbers()) == ([], None, set())


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    PageFile(tmp_path / "pages").add(page(1))
    assert (tmp_path / "pages").stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        PageFile(tmp_path / "nowhere" / "pages").add(page(1))

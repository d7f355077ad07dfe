import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from muniment.documents.sources import SourceSearch, find_sources
from tests.processes import AS_ANY_USER, python


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("in/b.pdf", "in/a.PNG", "in/deep/er/c.tiff", "in/notes.txt", "in/.hidden.pdf", "in/.git/d.pdf"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(search: SourceSearch) -> Sequence[str]:
    return [source.name for source in search.sources]


def problems(search: SourceSearch) -> Sequence[str]:
    return [str(problem.error) for problem in search.problems]


@pytest.mark.usefixtures("folder")
def test_a_folder_is_searched_for_known_extensions_sorted_and_named_from_itself() -> None:
    search = find_sources(["in"])
    assert names(search) == ["a.PNG", "b.pdf", "deep/er/c.tiff"]
    assert search.sources[2].path == Path("in/deep/er/c.tiff")
    assert not search.problems


@pytest.mark.usefixtures("folder")
def test_a_file_named_outright_is_kept_whatever_its_extension() -> None:
    assert names(find_sources(["in/notes.txt", "in/.hidden.pdf"])) == ["notes.txt", ".hidden.pdf"]


def test_no_file_comes_twice(folder: Path) -> None:
    (folder / "link.pdf").symlink_to(folder / "in" / "b.pdf")
    assert names(find_sources(["in/b.pdf", "in", "link.pdf", "in/*.pdf"])) == ["b.pdf", "a.PNG", "deep/er/c.tiff"]


@pytest.mark.usefixtures("folder")
def test_standard_input_comes_once_and_has_no_path() -> None:
    search = find_sources(["-", "in/b.pdf", "-"])
    assert [(source.path, source.name) for source in search.sources] == [(None, "stdin"), (Path("in/b.pdf"), "b.pdf")]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("pattern", "found"),
    [("in/*.pdf", ["b.pdf"]), ("in/**/*.tiff", ["deep/er/c.tiff"]), ("*/deep/*/c.*", ["in/deep/er/c.tiff"])],
)
def test_patterns_are_expanded_and_named_from_their_fixed_part(pattern: str, found: list[str]) -> None:
    assert names(find_sources([pattern])) == found


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder: Path) -> None:
    (folder / "scan[1].pdf").write_bytes(b"bytes")
    assert names(find_sources(["scan[1].pdf"])) == ["scan[1].pdf"]


def test_loops_of_links_end(folder: Path) -> None:
    (folder / "in" / "deep" / "up").symlink_to(folder / "in")
    (folder / "in" / "self").symlink_to("self")
    assert names(find_sources(["in"])) == ["a.PNG", "b.pdf", "deep/er/c.tiff"]


def test_what_cannot_be_read_is_told_and_the_rest_is_found(folder: Path) -> None:
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe.pdf")
    (folder / "dangling.pdf").symlink_to("gone.pdf")
    search = find_sources(["missing.pdf", "empty", "x*.pdf", "pipe.pdf", "dangling.pdf", "", "in/b.pdf"])
    assert names(search) == ["b.pdf"]
    told = problems(search)
    assert told[0] == "missing.pdf does not exist. Check the path."
    assert told[1].startswith("empty holds no documents. Looked for PDF, PNG")
    assert told[2].startswith("Nothing matches x*.pdf")
    assert told[3].startswith("pipe.pdf is no ordinary file")
    assert told[4].startswith("dangling.pdf cannot be read: No such file")
    assert told[5].startswith("An empty path was given")


FIND = """
from muniment.documents import find_sources
search = find_sources(["in"])
print(*(source.name for source in search.sources))
print(*(problem.error for problem in search.problems), sep="\\n")
"""


def test_files_and_folders_without_permission_are_told(folder: Path) -> None:
    (folder / "in" / "b.pdf").chmod(0)
    (folder / "in" / "deep").chmod(0)
    found, *told = python(AS_ANY_USER + FIND).splitlines()
    (folder / "in" / "deep").chmod(0o700)
    assert found == "a.PNG"
    assert any("b.pdf cannot be read: permission denied" in line for line in told)
    assert any("deep cannot be searched" in line for line in told)


def test_two_names_of_one_file_are_two_documents(tmp_path: Path) -> None:
    one, other = tmp_path / "a.png", tmp_path / "b.png"
    one.write_bytes(b"x")
    other.hardlink_to(one)
    assert [source.name for source in find_sources([str(tmp_path)]).sources] == ["a.png", "b.png"]

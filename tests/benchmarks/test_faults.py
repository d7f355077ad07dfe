"""The documents of the fault benchmark are what it takes them for."""

import io
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="psutil is installed by `make bench`")

from benchmarks.fault_script import FaultScript
from benchmarks.faults import damaged_page, fate_of, make_documents
from benchmarks.marks import Mark
from muniment.documents import open_document
from muniment.errors import PageError


def test_the_damaged_page_is_damaged_and_its_neighbours_are_not(tmp_path: Path) -> None:
    first, second = make_documents(tmp_path, 2, 5)
    fate = fate_of(2, 5, FaultScript(1))
    assert fate.damaged == {Mark(0, damaged_page(5))}
    for number, path in enumerate((first, second)):
        document = open_document(io.BytesIO(path.read_bytes()), path.name)
        assert document.page_count == 5
        for page in range(1, 6):
            if Mark(number, page) in fate.damaged:
                with pytest.raises(PageError):
                    document.page(page).render(100)
            else:
                document.page(page).render(100)

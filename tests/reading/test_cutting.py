"""Pieces are cut out of pages by workers, which may be lost over it."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from muniment.engines.image import EncodedImage
from muniment.errors import PageError
from muniment.reading import PageReading, PageStatus
from muniment.reading.attempts import CropTask, OpenTask
from muniment.reading.pool import WorkerPool
from muniment.reading.source import OpenDocument, in_memory
from muniment.reading.worker_process import WorkerSettings
from muniment.text import Box
from tests.builders import page_picture, tiff_bytes
from tests.reading.conftest import Faults

BOXES = (Box(0, 0, 0.5, 0.5), Box(0.5, 0.5, 1, 1))
PATIENCE = 60.0


Cut = Callable[..., tuple[EncodedImage, ...]]


@contextmanager
def cutting() -> Iterator[Cut]:
    """A worker with a document of two pages; gives what cuts them up."""
    file = in_memory(io.BytesIO(tiff_bytes([page_picture(), page_picture()])))
    with ExitStack() as closing:
        pool = WorkerPool(1, WorkerSettings(2 << 30), require_sandbox=False)
        closing.callback(pool.close)
        document = pool.submit(OpenTask(OpenDocument("a.tiff", file, None), PATIENCE, is_hashed=False)).result(PATIENCE)
        closing.callback(document.close)

        def cut(number: int, timeout: float = PATIENCE) -> tuple[EncodedImage, ...]:
            page = PageReading(number=number, status=PageStatus.READ)
            return pool.submit(CropTask(document, page, BOXES, 1_000, timeout)).result(PATIENCE)

        yield cut


def test_pieces_come_back_from_a_worker() -> None:
    with cutting() as cut:
        assert [(piece.width, piece.height) for piece in cut(1)] == [(200, 150)] * 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("crash", "could not be cut up: the worker was ended by signal 11"),
        ("exit", "could not be cut up: the worker ended with code 3"),
        ("lie", "could not be cut up: the worker gave an answer that was not asked for"),
        ("error", "is damaged"),
        ("memory", "needs more memory than a worker may use"),
        ("bug", "stopped the reader with an unexpected ZeroDivisionError"),
    ],
)
def test_a_page_that_cannot_be_cut_up_is_told_and_the_next_one_is(faults: Faults, fault: str, told: str) -> None:
    faults(f"1:{fault}:crop")
    with cutting() as cut:
        with pytest.raises(PageError, match=f"a.tiff: page 1 {told}") as caught:
            cut(1)
        assert "a quote from the document" not in str(caught.value)
        assert len(cut(2)) == 2


def test_one_that_takes_too_long_is_given_up(faults: Faults) -> None:
    faults("1:hang:crop")
    with cutting() as cut:
        with pytest.raises(PageError, match=re.escape("the worker took longer than 0.2 s")):
            cut(1, timeout=0.2)
        assert len(cut(2)) == 2

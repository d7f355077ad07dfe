"""What examples/make_documents.py makes is what the repository holds.

Compared are pictures and text, not bytes: those depend on the versions of Pillow's FreeType, zlib and fontTools.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from examples.example import Example
from examples.make_documents import CONTENT, FOLDER, save

DOCUMENTS, TRUTH = FOLDER / "documents", FOLDER / "truth"
LIMIT = 1_500_000
TOLERANCE = 2.0
"""Mean difference of grey levels (of 255) between pictures that count as the same."""


def pictures(data: bytes) -> list[NDArray[np.float64]]:
    """The pages of a document in grey, PDFs at 72 dpi."""
    if not data.startswith(b"%PDF"):
        return [np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=np.float64)]
    with pypdfium2.PdfDocument(data) as pdf:
        return [np.asarray(page.render(grayscale=True).to_pil(), dtype=np.float64) for page in pdf]


def written(data: bytes) -> list[str]:
    """The text layer of a PDF, page by page; nothing for pictures."""
    if not data.startswith(b"%PDF"):
        return []
    with pypdfium2.PdfDocument(data) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]


def test_every_document_has_its_truth_and_the_other_way_round(remade: Sequence[Example]) -> None:
    names = [example.name for example in remade]
    assert sorted(path.name for path in DOCUMENTS.iterdir()) == names
    assert sorted(path.name for path in TRUTH.iterdir()) == [f"{name}.json" for name in names]


@pytest.mark.parametrize("number", range(len(CONTENT)), ids=[content.__name__.split(".")[-1] for content in CONTENT])
def test_made_again_a_document_looks_and_reads_the_same(remade: Sequence[Example], number: int) -> None:
    example = remade[number]
    committed = (DOCUMENTS / example.name).read_bytes()
    for was, now in zip(pictures(committed), pictures(example.data), strict=True):
        assert was.shape == now.shape
        assert np.abs(was - now).mean() < TOLERANCE
    assert written(committed) == written(example.data)


def test_the_committed_truth_is_what_was_drawn(remade: Sequence[Example]) -> None:
    for example in remade:
        committed = json.loads((TRUTH / f"{example.name}.json").read_text(encoding="utf-8"))
        assert committed == json.loads(json.dumps(example.truth))


def test_saving_twice_gives_the_same_bytes(remade: Sequence[Example], tmp_path: Path) -> None:
    for folder in (tmp_path / "once", tmp_path / "again"):
        save(remade[0], folder)
    for part in (f"documents/{remade[0].name}", f"truth/{remade[0].name}.json"):
        assert (tmp_path / "once" / part).read_bytes() == (tmp_path / "again" / part).read_bytes()


def test_the_repository_stays_small() -> None:
    assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) < LIMIT

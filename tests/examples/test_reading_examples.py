"""Every example is read as it was written, within the tolerances stated here."""

import itertools
from collections.abc import Mapping
from functools import cache

import pytest

import muniment
from examples.make_documents import FOLDER
from muniment.documents.sources import Source
from muniment.reading import DocumentInfo, DocumentOpened, PageDone, ReadOptions, Run
from tests.examples.comparing import (
    alike,
    begins,
    cell_accuracy,
    read_text,
    squeezed,
    true_blocks,
    truth_of,
    word_recall,
)

NAMES = sorted(path.name for path in (FOLDER / "documents").iterdir())
RECALL = 0.97
"""Share of words that must be read exactly; one letter wrong is a word lost."""
CELLS = 0.95
"""Share of table cells that must be in place with the right text, where letters have to be looked at."""
FOUND = 0.9
"""Share of blocks whose first words must be found as they are, so that their order can be told."""
ORDERED = (
    "article.png",
    "form.png",
    "handbook.pdf",
    "letter.jpg",
    "minutes-turned.tif",
    "receipt.jpg",
    "report-scanned.pdf",
)


@cache
def readings() -> Mapping[str, muniment.DocumentReading]:
    """All examples by their names, read once for all tests, and in one run, whose workers load the models once."""
    infos: dict[str, DocumentInfo] = {}
    pages: dict[str, list[muniment.PageReading]] = {name: [] for name in NAMES}
    for event in Run([Source(FOLDER / "documents" / name, name) for name in NAMES], ReadOptions()):
        if isinstance(event, DocumentOpened):
            infos[event.source.name] = event.info
        elif isinstance(event, PageDone):
            pages[event.source.name].append(event.page)
    return {name: muniment.DocumentReading(info, tuple(pages[name])) for name, info in infos.items()}


def read(name: str) -> muniment.DocumentReading:
    return readings()[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_read(name: str) -> None:
    assert [page.status for page in read(name).pages] == [muniment.PageStatus.READ] * len(truth_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_words_are_read(name: str) -> None:
    assert word_recall(truth_of(name), read(name).blocks) >= RECALL


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_headings(name: str) -> None:
    wanted = [block["text"] for block in true_blocks(name, "heading")]
    found = {squeezed(block.text) for block in read(name).blocks if isinstance(block, muniment.Heading)}
    assert [text for text in wanted if text not in found] == []


@pytest.mark.parametrize("name", ORDERED)
def test_text_comes_in_reading_order(name: str) -> None:
    for truth, page in zip(truth_of(name), read(name).pages, strict=True):
        places = list(begins(truth, page.blocks))
        found = [place for place in places if place >= 0]
        assert found == sorted(found)
        assert len(found) >= FOUND * len(places)


def tables(name: str) -> list[muniment.Table]:
    return [block for block in read(name).blocks if isinstance(block, muniment.Table)]


@pytest.mark.parametrize(
    ("name", "needed"), [("invoice.png", CELLS), ("report-scanned.pdf", CELLS), ("handbook.pdf", 1.0)]
)
def test_table_cells_are_in_their_places(name: str, needed: float) -> None:
    wanted = true_blocks(name, "table")
    found = [table for table in tables(name) if table.rows > 3]
    assert [(table.rows, table.columns) for table in found] == [(table["rows"], table["columns"]) for table in wanted]
    for truth, table in zip(wanted, found, strict=True):
        assert cell_accuracy(truth, table) >= needed


def test_boxes_are_ticked_exactly_where_somebody_ticked_them() -> None:
    wanted = [(block["text"], block["checked"]) for block in true_blocks("form.png", "checkbox")]
    found = [(squeezed(b.text), b.checked) for b in read("form.png").blocks if isinstance(b, muniment.Checkbox)]
    assert found == wanted


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_turned_upright(name: str) -> None:
    assert [page.rotation for page in read(name).pages] == [page["rotation"] for page in truth_of(name)]


@pytest.mark.parametrize("name", ["letter.jpg", "report-scanned.pdf"])
def test_slant_is_taken_out(name: str) -> None:
    for truth, page in zip(truth_of(name), read(name).pages, strict=True):
        assert page.skew == pytest.approx(truth["skew"], abs=0.35)


def test_running_heads_and_page_numbers_are_furniture() -> None:
    for name in ("article.png", "equations.png", "handbook.pdf", "report-scanned.pdf"):
        for truth, page in zip(truth_of(name), read(name).pages, strict=True):
            wanted = sorted(block["text"] for block in truth["blocks"] if block.get("furniture"))
            found = sorted(squeezed(read_text(block)) for block in page.blocks if block.furniture)
            assert len(found) == len(wanted), name
            assert all(map(alike, found, wanted)), name


def test_a_figure_is_found_with_its_caption() -> None:
    [wanted] = true_blocks("article.png", "figure")
    assert [squeezed(b.caption) for b in read("article.png").blocks if isinstance(b, muniment.Figure)] == [
        wanted["caption"]
    ]


def test_displayed_formulas_are_equations() -> None:
    found = [block for block in read("equations.png").blocks if isinstance(block, muniment.Equation)]
    assert len(found) == len(true_blocks("equations.png", "equation"))


@pytest.mark.parametrize("name", ["handbook.pdf", "minutes-turned.tif"])
def test_list_items_keep_their_markers(name: str) -> None:
    wanted = [(item["marker"], item["text"]) for block in true_blocks(name, "list") for item in block["items"]]
    lists = (block.items for block in read(name).blocks if isinstance(block, muniment.ListBlock))
    assert [(item.marker, squeezed(item.text)) for item in itertools.chain(*lists)] == wanted


def test_words_split_at_line_ends_are_put_together() -> None:
    paragraphs = [block for block in read("article.png").blocks if isinstance(block, muniment.Paragraph)]
    text = " ".join(block.text for block in paragraphs)
    assert {"distance", "centimetres,", "humidity."} <= set(text.split())


def test_the_text_layer_is_used_where_there_is_one() -> None:
    for name in ("handbook.pdf", "report-scanned.pdf"):
        for truth, page in zip(truth_of(name), read(name).pages, strict=True):
            assert (page.attempts[-1].method == "text layer") is truth["text_layer"]
            assert all(line.score == 1.0 for line in page.lines) is truth["text_layer"]

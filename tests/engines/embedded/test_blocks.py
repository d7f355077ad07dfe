"""Passages, tables, drawings and furniture as blocks."""

import pytest

from muniment.engines.embedded.blocks import BlockMaker
from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.furniture import Furniture
from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.parts import Drawing
from muniment.engines.embedded.passages import Passage, PassageKind
from muniment.engines.embedded.rows import rows_of
from muniment.engines.embedded.sheet import Sheet
from muniment.text import Box, Cell, Checkbox, Equation, Figure, Heading, ListItem, PageNumber, Paragraph
from tests.engines.embedded.laying import SIZE, line, texts, typed

SHEET = Sheet(1000, 1000)


def maker(words: frozenset[str] = frozenset(), headings: tuple[float, ...] = ()) -> BlockMaker:
    return BlockMaker(SHEET, words, SIZE, headings)


def passage(kind: PassageKind, *lines: SeenLine) -> Passage:
    return Passage(kind, rows_of(lines))


def items(*rows: str) -> tuple[ListItem, ...]:
    return maker().of_items([passage(PassageKind.ITEM, item) for item in typed(*rows)]).items


def test_text_is_a_paragraph_with_its_lines_joined_and_their_place() -> None:
    lines = typed("The agree-", "ment ends.")
    block = maker().of_passage(passage(PassageKind.TEXT, *lines))
    assert isinstance(block, Paragraph)
    assert block.text == "The agreement ends."
    assert block.box == Box(0.1, 0.1, 0.2, 0.154)
    assert [told.text for told in block.lines] == texts(lines)


def test_hyphens_go_by_the_words_of_the_page() -> None:
    lines = typed("the agree-", "ment")
    block = maker(frozenset({"agree-ment"})).of_passage(passage(PassageKind.TEXT, *lines))
    assert isinstance(block, Paragraph)
    assert block.text == "the agree-ment"


def test_verse_keeps_its_line_breaks() -> None:
    block = maker().of_passage(passage(PassageKind.VERSE, *typed("Ada Smith", "York")))
    assert isinstance(block, Paragraph)
    assert block.text == "Ada Smith\nYork"


@pytest.mark.parametrize(("size", "level"), [(40.0, 1), (30.0, 2)])
def test_a_heading_has_its_level_among_the_pages_headings(size: float, level: int) -> None:
    block = maker(headings=(40, 30)).of_passage(passage(PassageKind.HEADING, line("The House", 0, 0, size=size)))
    assert isinstance(block, Heading)
    assert (block.text, block.level) == ("The House", level)


@pytest.mark.parametrize(("sign", "checked"), [("☐", False), ("☑", True), ("☒", True)])
def test_a_box_is_ticked_or_not_and_its_sign_is_no_text(sign: str, checked: bool) -> None:
    block = maker().of_passage(passage(PassageKind.TICK, *typed(f"{sign} I agree", "  to all")))
    assert isinstance(block, Checkbox)
    assert (block.text, block.checked) == ("I agree to all", checked)


def test_items_have_their_markers_apart() -> None:
    assert items("• keys", "2. doors") == (ListItem("keys", "•"), ListItem("doors", "2."))


def test_items_further_in_are_deeper() -> None:
    rows = ("• house", "    – keys", "        ◦ iron", "    – doors", "• garden")
    assert [item.depth for item in items(*rows)] == [0, 1, 2, 1, 0]


def test_items_that_are_a_little_askew_are_of_one_depth() -> None:
    assert [item.depth for item in items("• house", " • garden", "• cellar")] == [0, 0, 0]


def test_an_items_lines_are_joined() -> None:
    block = maker().of_items([passage(PassageKind.ITEM, *typed("• the keys of", "  the house"))])
    assert block.items == (ListItem("the keys of the house", "•"),)
    assert len(block.lines) == 2


def test_an_item_without_a_marker_keeps_its_text() -> None:
    assert items("keys") == (ListItem("keys", ""),)


def test_a_table_has_its_cells_lines_and_place() -> None:
    lines = tuple(typed("Tea    2.40"))
    cells = tuple(FilledCell(0, column, 1, 1, (piece,)) for column, piece in enumerate(lines))
    block = maker().of_table(FoundTable(1, 2, cells, lines, Rect(100, 100, 300, 200)))
    assert (block.rows, block.columns, block.box) == (1, 2, Box(0.1, 0.1, 0.3, 0.2))
    assert block.cells == (Cell(0, 0, "Tea"), Cell(0, 1, "2.40"))
    assert [told.text for told in block.lines] == ["Tea", "2.40"]


def test_a_figure_has_its_words_row_by_row() -> None:
    block = maker().of_drawing(Drawing(Rect(0, 0, 500, 500), tuple(typed("north      south", "east")[::-1])))
    assert isinstance(block, Figure)
    assert (block.text, block.box) == ("north south\neast", Box(0.0, 0.0, 0.5, 0.5))


def test_an_equation_is_told_as_one_line_of_characters() -> None:
    block = maker().of_drawing(Drawing(Rect(0, 0, 500, 500), tuple(typed("r = a      (1)", "  + b")), is_equation=True))
    assert isinstance(block, Equation)
    assert (block.text, block.notation) == ("r = a (1) + b", "text")


def test_a_drawing_without_words_is_a_block_too() -> None:
    block = maker().of_drawing(Drawing(Rect(0, 0, 500, 500), ()))
    assert (block.box, block.lines) == (Box(0.0, 0.0, 0.5, 0.5), ())


def test_furniture_is_marked_and_a_page_number_is_one() -> None:
    (number,), head = typed("- 3 -"), tuple(typed("The Lease", y=0))
    assert maker().of_furniture(Furniture((number,), is_number=True, on_top=False)) == PageNumber(
        text="- 3 -", box=SHEET.box(number), lines=SHEET.lines([number])
    )
    block = maker().of_furniture(Furniture(head, is_number=False, on_top=True))
    assert isinstance(block, Paragraph)
    assert (block.text, block.furniture) == ("The Lease", True)

"""The parts of a page put in reading order and made into blocks."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings

from muniment.engines.embedded.assembly import blocks_of
from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.furniture import Furniture
from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.parts import Drawing, PageParts, PageSorter
from muniment.engines.embedded.sheet import Sheet
from muniment.text import Block, Heading, ListBlock, Paragraph
from tests.engines.embedded.laying import PITCH, any_lines, any_regions, line, lines_of, region, typed

SHEET = Sheet(1000, 1400)
PROSE = (
    "The lease of the house and of the garden",
    "that is behind it ends in May or at last",
    "on the first of June whatever else there",
)
SECOND = (
    "may be in writing between the two sides,",
    "and whether or not it has been put into",
    "a deed that both of them have signed.",
)
NOTHING = PageParts((), (), (), (), ())


def blocks(
    lines: Sequence[SeenLine] = (),
    regions: Sequence[Region] = (),
    *,
    furniture: tuple[Furniture, ...] = (),
    tables: tuple[FoundTable, ...] = (),
    drawings: tuple[Drawing, ...] = (),
) -> tuple[Block, ...]:
    figures = tuple(item for item in drawings if not item.is_equation)
    equations = tuple(item for item in drawings if item.is_equation)
    return blocks_of(PageParts(furniture, tables, figures, equations, tuple(lines)), regions, SHEET)


def told(found: Sequence[Block]) -> list[str]:
    return [f"{block.kind}: {getattr(block, 'text', '')}" for block in found]


def lists(found: Sequence[Block]) -> list[list[str]]:
    return [[f"{item.depth}{item.marker}" for item in block.items] for block in found if isinstance(block, ListBlock)]


def test_a_page_of_nothing_has_no_blocks() -> None:
    assert blocks() == ()


def test_running_heads_come_first_and_feet_last() -> None:
    head, foot = line("The Lease", 100, 20), line("3", 100, 1360)
    pieces = (Furniture((foot,), is_number=True, on_top=False), Furniture((head,), is_number=False, on_top=True))
    found = blocks(typed(*PROSE), furniture=pieces)
    assert told(found) == ["paragraph: The Lease", f"paragraph: {' '.join(PROSE)}", "page_number: 3"]
    assert [block.furniture for block in found] == [True, False, True]


def test_tables_and_drawings_stand_where_they_are_in_the_text() -> None:
    cell = line("Tea", 110, 310)
    table = FoundTable(1, 1, (FilledCell(0, 0, 1, 1, (cell,)),), (cell,), Rect(100, 300, 500, 400))
    equation = Drawing(Rect(200, 620, 400, 650), (line("r = a", 200, 620),), is_equation=True)
    picture = Drawing(Rect(100, 900, 500, 1000), ())
    lines = [line(text, 100, y) for text, y in (("one", 200), ("two", 500), ("three", 800), ("four", 1200))]
    found = blocks(lines, tables=(table,), drawings=(picture, equation))
    assert [block.kind for block in found] == [
        *("paragraph", "table", "paragraph", "equation", "paragraph", "figure", "paragraph"),
    ]


def test_a_line_above_and_one_below_a_figure_are_two_paragraphs() -> None:
    lines = [line("Ada Smith", 100, 100), line("12 Long Lane", 100, 400)]
    assert len(blocks(lines, drawings=(Drawing(Rect(100, 150, 500, 380), ()),))) == 3


def test_a_slightly_larger_row_is_a_heading_where_the_model_surely_sees_a_title() -> None:
    lines = [line("The Term", 100, 100, size=22), *typed("The Term.", *PROSE, y=100 + PITCH)]
    place, beside = (90.0, 95.0, 300.0, 130.0), (90.0, 120.0, 300.0, 150.0)
    for title, is_heading in (
        (region(RegionKind.TITLE, place), True),
        (region(RegionKind.TITLE, place, score=0.45), False),
        (region(RegionKind.TITLE, beside), False),
        (region(RegionKind.TEXT, place), False),
    ):
        assert isinstance(blocks(lines, [title])[0], Heading) == is_heading


def test_headings_have_levels_by_the_sizes_of_all_columns() -> None:
    lines = [line("The House", 100, 100, size=44), line("The Rooms", 100, 200, size=30), *typed(*PROSE, y=260)]
    found = blocks(lines)
    assert [(block.text, block.level) for block in found if isinstance(block, Heading)] == [
        ("The House", 1),
        ("The Rooms", 2),
    ]


def test_items_below_each_other_are_one_list() -> None:
    assert lists(blocks(typed("• house", "    – keys", "• garden", "• cellar"))) == [["0•", "1–", "0•", "0•"]]
    assert lists(blocks(typed("1. house", "2. garden", "(a) cellar"))) == [["01.", "02.", "0(a)"]]


def test_bullets_and_numbers_at_one_indent_are_two_lists() -> None:
    assert lists(blocks(typed("• house", "• garden", "1. keys", "2. doors"))) == [["0•", "0•"], ["01.", "02."]]


def test_bullets_further_in_belong_to_the_list_of_numbers() -> None:
    assert lists(blocks(typed("1. house", "    • keys", "    • doors", "2. garden"))) == [["01.", "1•", "1•", "02."]]


def test_text_between_items_ends_a_list() -> None:
    rows = ("• house", 1, "The following are to be left as they are.", 1, "• garden")
    assert lists(blocks(typed(*rows))) == [["0•"], ["0•"]]


def test_the_last_list_of_a_column_is_not_forgotten() -> None:
    assert told(blocks(typed(*PROSE, 0.5, "• house")))[-1].startswith("list")


def in_columns(left: Sequence[str], right: Sequence[str]) -> list[SeenLine]:
    return [*typed(*left, x=50), *typed(*right, x=530)]


def test_a_sentence_that_goes_on_in_the_next_column_is_one_paragraph() -> None:
    (block,) = blocks(in_columns(PROSE, SECOND))
    assert isinstance(block, Paragraph)
    assert block.text == " ".join((*PROSE, *SECOND))
    assert [item.text for item in block.lines] == [*PROSE, *SECOND]
    assert block.box is not None
    assert (block.box.x0, block.box.x1) == (0.05, 0.93)


def test_a_word_split_between_columns_is_put_together() -> None:
    (block,) = blocks(
        in_columns([*PROSE[:2], "on the first of June whatever agree-"], ["ment " + SECOND[0], *SECOND[1:]])
    )
    assert isinstance(block, Paragraph)
    assert "whatever agreement may be" in block.text


def test_columns_that_end_or_begin_a_sentence_are_not_joined() -> None:
    ended = [*PROSE[:2], "on the first of June whatever else is."]
    assert len(blocks(in_columns(ended, SECOND))) == 2
    begun = ["May be in writing between the two sides,", *SECOND[1:]]
    assert len(blocks(in_columns(PROSE, begun))) == 2


def test_verses_are_not_joined_over_columns() -> None:
    address = ["Ada Smith, the landlord", "12 Long Lane", "York and elsewhere in the North"]
    found = blocks([*typed(*address, x=50), *typed(*SECOND, x=530, y=112)])
    assert len(found) > 1


def test_a_line_without_text_is_no_drawing_that_makes_columns() -> None:
    rows = [item for y in (100.0, 130.0) for item in (line(f"Tea {y:.0f}", 100, y), line("", 600, y, width=40))]
    told_lines = [item.text for block in blocks(rows) for item in block.lines]
    assert told_lines == ["Tea 100", "", "Tea 130", ""]


def test_captions_are_made_part_of_their_figures() -> None:
    picture = Drawing(Rect(100, 100, 500, 300), ())
    found = blocks([line("Figure 1", 100, 310), *typed(*PROSE, y=400)], drawings=(picture,))
    assert [getattr(block, "caption", None) for block in found] == ["Figure 1", None]


def test_a_caption_that_the_model_marks_is_one_too() -> None:
    picture = Drawing(Rect(100, 100, 500, 300), ())
    caption = region(RegionKind.FIGURE_CAPTION, (90, 305, 520, 340))
    found = blocks([line("The house", 100, 310), *typed(*PROSE, y=400)], [caption], drawings=(picture,))
    assert [getattr(block, "caption", None) for block in found] == ["The house", None]


@settings(deadline=None, max_examples=80)
@given(lines=any_lines(), regions=any_regions())
def test_every_line_of_every_part_is_in_exactly_one_block(
    sorter: PageSorter, lines: list[SeenLine], regions: list[Region]
) -> None:
    parts = sorter.sort(np.full((400, 400, 3), 255, np.uint8), lines, regions)
    sheet = Sheet(400, 400)
    found = blocks_of(parts, regions, sheet)
    assert Counter(item for block in found for item in block.lines) == Counter(sheet.lines(lines_of(parts)))


@settings(deadline=None)
@given(lines=any_lines())
def test_lines_that_are_all_text_are_kept(lines: list[SeenLine]) -> None:
    found = blocks(lines)
    assert Counter(item for block in found for item in block.lines) == Counter(SHEET.lines(lines))

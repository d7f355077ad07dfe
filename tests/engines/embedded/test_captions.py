"""Captions put to their figures and tables."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.captions import kind_of_caption, with_captions
from muniment.text import Block, Box, Figure, Heading, Line, Paragraph, Table
from tests.outputs.strategies import blocks as any_blocks
from tests.outputs.strategies import boxes as any_boxes


def box(y: float, height: float = 0.02, x: float = 0.1, width: float = 0.8) -> Box:
    return Box(x, y, x + width, y + height)


def text(words: str, y: float, x: float = 0.1, width: float = 0.8) -> Paragraph:
    place = box(y, x=x, width=width)
    return Paragraph(text=words, box=place, lines=(Line(words, place, 0.9),))


def figure(y: float, height: float = 0.2, x: float = 0.1, width: float = 0.8) -> Figure:
    return Figure(box=box(y, height, x, width), lines=(Line("axis", box(y), 0.9),))


def table(y: float, height: float = 0.2) -> Table:
    return Table(rows=1, columns=1, cells=(), box=box(y, height))


def told(*blocks: Block, marked: tuple[Box, ...] = ()) -> list[str]:
    """What each block is, a figure or table with its caption."""
    return [
        f"{block.kind}: {block.caption if isinstance(block, Figure | Table) else getattr(block, 'text', '')}"
        for block in with_captions(blocks, marked)
    ]


@pytest.mark.parametrize(
    "words",
    ["Figure 3", "Fig. 3: A house", "FIG 2", "Figures 2 and 3", "Abb. 4", "Chart A", "Plate IV", "Scheme 1", "图 1"],
)
def test_what_begins_like_a_figures_caption(words: str) -> None:
    assert kind_of_caption(words) == "figure"


@pytest.mark.parametrize("words", ["Table 3", "TABLE II", "Tab. 3", "Tabelle 4: Häuser", "Tableau 2", "表 1"])
def test_what_begins_like_a_tables_caption(words: str) -> None:
    assert kind_of_caption(words) == "table"


@pytest.mark.parametrize("words", ["", "The figure 3", "Figure", "Table of contents", "Tables are here"])
def test_what_begins_like_no_caption(words: str) -> None:
    assert kind_of_caption(words) == ""


def test_a_figures_caption_stands_below_it() -> None:
    assert told(figure(0.1), text("Figure 1: A house", 0.31), text("The house", 0.35)) == [
        "figure: Figure 1: A house",
        "paragraph: The house",
    ]


def test_a_tables_caption_stands_above_it() -> None:
    assert told(text("Rents", 0.05), text("Table 1: Rents", 0.08), table(0.11)) == [
        "paragraph: Rents",
        "table: Table 1: Rents",
    ]


def test_between_two_figures_the_caption_belongs_to_the_upper_one() -> None:
    assert told(figure(0.1), text("Figure 1", 0.31), figure(0.34)) == ["figure: Figure 1", "figure: "]


def test_between_two_tables_the_caption_belongs_to_the_lower_one() -> None:
    assert told(text("Table 1", 0.08), table(0.11), text("Table 2", 0.32), table(0.35)) == [
        "table: Table 1",
        "table: Table 2",
    ]


def test_a_caption_on_the_unusual_side_is_found_too() -> None:
    assert told(text("Figure 1", 0.08), figure(0.11)) == ["figure: Figure 1"]
    assert told(table(0.11), text("Table 1", 0.32)) == ["table: Table 1"]


def test_with_captions_on_both_sides_the_usual_side_counts() -> None:
    assert told(text("Figure 1", 0.08), figure(0.11), text("Figure 2", 0.32))[1] == "figure: Figure 2"
    assert told(text("Table 1", 0.08), table(0.11), text("Table 2", 0.32))[0] == "table: Table 1"


def test_a_figure_right_after_a_table_has_its_caption_too() -> None:
    assert told(text("Table 1", 0.08), table(0.11), figure(0.32), text("Figure 1", 0.53)) == [
        "table: Table 1",
        "figure: Figure 1",
    ]


def test_a_caption_that_is_known_stays() -> None:
    assert told(replace(figure(0.1), caption="A house"), text("Figure 1", 0.31))[0] == "figure: A house"


def test_a_label_and_the_text_after_it_are_one_caption() -> None:
    assert told(text("TABLE II", 0.05), text("Rents by year", 0.08), table(0.11)) == ["table: TABLE II Rents by year"]
    assert told(figure(0.1), text("Figure 1", 0.31), text("A house", 0.34)) == ["figure: Figure 1 A house"]


def test_a_long_label_has_its_text_in_itself() -> None:
    assert told(figure(0.1), text("Figure 1: A house", 0.31), text("The house is", 0.34)) == [
        "figure: Figure 1: A house",
        "paragraph: The house is",
    ]


def test_a_heading_can_be_a_caption() -> None:
    heading = Heading(text="Table 1", level=3, box=box(0.08))
    assert told(heading, table(0.11)) == ["table: Table 1"]


def test_a_figures_caption_is_none_of_a_table() -> None:
    assert told(text("Figure 1", 0.08), table(0.11)) == ["paragraph: Figure 1", "table: "]


def test_a_text_that_the_layout_model_marks_is_a_caption_whatever_it_says() -> None:
    words = text("A house in York", 0.31)
    assert told(figure(0.1), words, marked=(box(0.3, 0.04),)) == ["figure: A house in York"]
    assert told(figure(0.1), words, marked=(box(0.6, 0.04),)) == ["figure: ", "paragraph: A house in York"]


def test_a_text_that_is_far_away_or_beside_is_no_caption() -> None:
    assert told(figure(0.1), text("Figure 1", 0.36)) == ["figure: ", "paragraph: Figure 1"]
    beside = text("Figure 1", 0.1, x=0.6, width=0.3)
    assert told(figure(0.1, width=0.4), beside) == ["figure: ", "paragraph: Figure 1"]


def test_a_block_without_a_place_is_near_nothing() -> None:
    assert told(figure(0.1), replace(text("Figure 1", 0.31), box=None)) == ["figure: ", "paragraph: Figure 1"]


def test_the_captions_lines_come_before_the_figures_own() -> None:
    (found,) = with_captions([figure(0.1), text("Figure 1", 0.31)], ())
    assert [line.text for line in found.lines] == ["Figure 1", "axis"]


def test_many_figures_and_captions_come_to_an_end() -> None:
    blocks = [item for y in range(30) for item in (figure(0.03 * y, 0.02), text("Figure 1", 0.03 * y + 0.02))]
    assert told(*blocks) == ["figure: Figure 1"] * 30


_blocks = st.lists(
    any_blocks
    | st.builds(text, st.sampled_from(["Figure 1", "Table II", "text"]), st.integers(0, 30).map(lambda y: y / 30))
    | st.builds(figure, st.integers(0, 30).map(lambda y: y / 30), st.just(0.03))
    | st.builds(table, st.integers(0, 30).map(lambda y: y / 30), st.just(0.03)),
    max_size=8,
)


@settings(deadline=None)
@given(_blocks, st.lists(any_boxes, max_size=2))
def test_captions_lose_no_line_and_no_other_block(blocks: list[Block], marked: list[Box]) -> None:
    found = with_captions(blocks, marked)
    assert Counter(line for block in found for line in block.lines) == Counter(
        line for block in blocks for line in block.lines
    )
    others = (Heading, Paragraph, Figure, Table)
    assert [block for block in found if not isinstance(block, others)] == [
        block for block in blocks if not isinstance(block, others)
    ]


def test_where_every_caption_stands_above_each_figure_has_its_own() -> None:
    quay, mole = text("Figure 1. A quay", 0.1), text("Figure 2. A mole", 0.34)
    assert told(quay, figure(0.13), mole, figure(0.37)) == ["figure: Figure 1. A quay", "figure: Figure 2. A mole"]


@pytest.mark.parametrize("words", ["Tablet 3x a day", "Charter 5", "Table manners", "Figures rose"])
def test_words_that_only_begin_alike_are_no_captions(words: str) -> None:
    assert kind_of_caption(words) == ""


def test_a_paragraph_about_a_table_is_not_its_caption() -> None:
    about = text("Table 3 shows that the dues have risen since the harbour was dredged.", 0.1)
    assert told(about, table(0.13))[0].startswith("paragraph: Table 3 shows")

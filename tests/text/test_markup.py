"""What a model writes comes out as blocks, and nothing of it is lost."""

import html
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text import (
    Block,
    Cell,
    Checkbox,
    Code,
    Equation,
    Figure,
    Heading,
    ListBlock,
    ListItem,
    PageNumber,
    Paragraph,
    Signature,
    Table,
    Watermark,
)
from muniment.text.markup import parse_markup


def said(blocks: tuple[Block, ...]) -> str:
    """Letters and digits of all blocks in order."""
    parts: list[str] = []
    for block in blocks:
        match block:
            case ListBlock():
                parts += [f"{item.marker}{item.text}" for item in block.items]
            case Table():
                parts += [block.caption, *(cell.text for cell in block.cells)]
            case Code():
                parts += [block.language, block.text]
            case _:
                parts.append(block.text)
    return "".join(re.findall(r"[^\W_]", " ".join(parts)))


def table_of(text: str) -> Table:
    [table] = parse_markup(text)
    assert isinstance(table, Table)
    return table


def test_headings_paragraphs_and_emphasis_become_plain_text() -> None:
    assert parse_markup("## The *old* quay\n\nA **bold** word,\nfile_name_x and 2*3.") == (
        Heading(text="The old quay", level=2),
        Paragraph(text="A bold word, file_name_x and 2*3."),
    )


def test_lists_keep_their_markers_and_depths() -> None:
    assert parse_markup("3. three\n4. four\n   - deep") == (
        ListBlock(items=(ListItem("three", "3."), ListItem("four", "4."), ListItem("deep", "•", 1))),
    )


@pytest.mark.parametrize(
    ("written", "checked"),
    [("☐ Tea", False), ("☑ Tea", True), ("☒ Tea", True), ("- [ ] Tea", False), ("- [x] Tea", True)],
)
def test_boxes_to_tick(written: str, checked: bool) -> None:
    assert parse_markup(written) == (Checkbox(text="Tea", checked=checked),)


def test_formulas_are_equations_and_stay_whole_within_text() -> None:
    assert parse_markup("With $a_1 * b_1$ and $c * d$:\n\n$$ x = \\frac{1}{2} $$\n\n\\[ y \\]") == (
        Paragraph(text="With $a_1 * b_1$ and $c * d$:"),
        Equation(text="x = \\frac{1}{2}"),
        Equation(text="y"),
    )


def test_tags_become_what_they_mean() -> None:
    written = (
        "<img>A quay</img>\n<signature>M. Oddfield</signature>\n<watermark>COPY</watermark>\n"
        "<page_number>9/22</page_number>"
    )
    assert parse_markup(written) == (
        Figure(text="A quay"),
        Signature(text="M. Oddfield"),
        Watermark(text="COPY"),
        PageNumber(text="9/22"),
    )


def test_a_page_number_within_a_line_leaves_the_line_whole() -> None:
    assert parse_markup("The quay <page_number>3</page_number> was closed.") == (
        Paragraph(text="The quay was closed."),
        PageNumber(text="3"),
    )


def test_fences_are_code_and_formulas_are_none() -> None:
    assert parse_markup("```mermaid\ngraph TD\n```\n\n```math\nx\n```") == (
        Code(text="graph TD", language="mermaid"),
        Equation(text="x"),
    )


def test_html_tables_keep_spans_heads_breaks_and_captions() -> None:
    table = table_of(
        "<table><caption>Dues</caption><thead><tr><th rowspan=2>Year</th><th colspan='2'>Pounds</th></tr>"
        "<tr><td>in</td><td>out</td></tr></thead>"
        "<tbody><tr><td>1871</td><td>3 &amp; 4<br>or 5</td><td><b>9</b></td></tr></table>"
    )
    assert (table.rows, table.columns, table.caption) == (3, 3, "Dues")
    assert table.cells == (
        Cell(0, 0, "Year", 2, 1, True),
        Cell(0, 1, "Pounds", 1, 2, True),
        Cell(1, 1, "in", header=True),
        Cell(1, 2, "out", header=True),
        Cell(2, 0, "1871"),
        Cell(2, 1, "3 & 4\nor 5"),
        Cell(2, 2, "9"),
    )


def test_pipe_tables_are_tables() -> None:
    table = table_of("| a | b |\n|---|---|\n| 1 | |")
    assert [cell.text for cell in table.cells] == ["a", "b", "1", ""]
    assert [cell.header for cell in table.cells] == [True, True, False, False]


def test_a_table_that_was_cut_off_ends_before_what_follows() -> None:
    table, after = parse_markup("<table><tr><td>1</td><td>2\n\nThe text goes on.")
    assert isinstance(table, Table)
    assert [cell.text for cell in table.cells] == ["1", "2"]
    assert after == Paragraph(text="The text goes on.")


def test_comments_are_left_out_and_entities_decoded() -> None:
    assert parse_markup("<!-- page 3 -->\n\nA &lt; B &amp; C") == (Paragraph(text="A < B & C"),)


@pytest.mark.parametrize(
    "written",
    [
        "<page_number>3",
        "stray </td> and </img> tags",
        "$$ never closed",
        "```python\nnever closed",
        "| a | b\n|---\n| 1",
        "<table><table><tr><td>x",
        "text in <table>no cell</table>",
        "[link](http://example.org/a_b) and ![picture](b.png)",
        "[1]: http://example.org",
        "    indented four",
        "Title\n=====",
        "> quoted\n> twice",
    ],
)
def test_malformed_markup_loses_no_letter(written: str) -> None:
    wanted = re.sub(r"</?(?:page_number|td|tr|table|img)>", " ", written)
    assert said(parse_markup(written)) == "".join(re.findall(r"[^\W_]", wanted))


WORDS = ["word ", "[x] ", "A1 ", "é", "\n", "\n\n", "    ", "\0", "&amp;", "\\", "<"]
MARKDOWN = [
    "# ",
    "- ",
    "3. ",
    "| ",
    "|---|---|\n",
    "*",
    "_",
    "`",
    "```\n",
    "~~~\n",
    "> ",
    "===\n",
    "[a]: b\n",
    "☐ ",
    "[x] ",
]
TAGS = ["$", "$$", "<table>", "<tr>", "<td>", "</td>", "</table>", "<img>", "</img>", "<page_number>", "</page_number>"]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(WORDS + MARKDOWN + TAGS), max_size=40).map("".join))
def test_whatever_is_written_every_letter_is_in_some_block(written: str) -> None:
    tags = re.sub(r"</?(?:page_number|td|tr|table|img)>", " ", written.replace("\0", ""))
    wanted = Counter(re.findall(r"[^\W_]", html.unescape(tags).replace("[x]", "")))
    assert not wanted - Counter(said(parse_markup(written)))


@pytest.mark.parametrize("piece", ["<", "|", "$", "*", ">", "- ", "<table>", "`", "[", "<td>", "_", "\n> "])
def test_a_megabyte_of_one_sign_is_parsed(piece: str) -> None:
    assert isinstance(parse_markup(piece * (300_000 // len(piece))), tuple)

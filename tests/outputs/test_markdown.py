"""Markdown that shows what is printed, and nothing the page did not say."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from muniment.outputs import Format, blocks_to_markdown, render
from muniment.outputs.markdown_lists import list_markdown
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import (
    Block,
    Box,
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

MARKUP = st.text(alphabet="ab1 *_~`[]()<>!#+-=|\\&;:.$x/\n\té字", max_size=30)
GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shown(markdown: str) -> str:
    """The words a reader sees, on one line."""
    return visible(GFM.render(markdown))


def visible(page: str) -> str:
    without_comments = re.sub("<!--.*?-->", "", page)
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", without_comments)).split())


def squeezed(text: str) -> str:
    return "".join(text.split())


def document(*pages: PageReading, page_count: int | None = None) -> DocumentReading:
    return DocumentReading(DocumentInfo("scan.pdf", "pdf", page_count or len(pages), "0" * 64), pages)


def read_page(*blocks: Block, number: int = 1) -> PageReading:
    return PageReading(number=number, status=PageStatus.READ, blocks=blocks)


@pytest.mark.parametrize(
    "text",
    [
        "3.50",
        "e-mail",
        "snake_case_word",
        "a < b > c",
        "AT&T",
        "5 * 3 = 15",
        "$5 and $6",
        "Total* (net)",
        "see [1]",
        "~5 kg",
        "Name: ________",
        "C:\\dir",
        "#42",
        "-12.50",
        "1.5 m",
        "50 % | 60 %",
        "x_1",
    ],
)
def test_harmless_characters_stay_as_they_are(text: str) -> None:
    assert blocks_to_markdown([Paragraph(text=text)]) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# 1", "\\# 1"),
        ("- no list", "\\- no list"),
        ("+ no list", "\\+ no list"),
        ("* no list", "\\* no list"),
        ("1. no list", "1\\. no list"),
        ("> no quote", "\\> no quote"),
        ("---", "\\---"),
        ("a *b* c", "a \\*b* c"),
        ("**b**", "\\*\\*b**"),
        ("_b_", "\\_b_"),
        ("<b>", "\\<b>"),
        ("&amp;", "\\&amp;"),
        ("`x`", "\\`x\\`"),
        ("[a](b)", "[a]\\(b)"),
        ("[a]: b", "\\[a]: b"),
        ("$x$", "\\$x\\$"),
        ("\\*", "\\\\*"),
    ],
)
def test_what_would_turn_into_markup_is_escaped(text: str, written: str) -> None:
    assert blocks_to_markdown([Paragraph(text=text)]) == written


@settings(deadline=None, max_examples=100)
@given(MARKUP)
def test_a_paragraph_shows_its_text_and_stays_a_paragraph(text: str) -> None:
    rendered = GFM.render(blocks_to_markdown([Paragraph(text=text)]))
    assert squeezed(visible(rendered)) == squeezed(text)
    assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "br"}


@settings(deadline=None, max_examples=100)
@given(MARKUP, st.integers(1, 6))
def test_a_heading_shows_its_text_and_stays_a_heading(text: str, level: int) -> None:
    rendered = GFM.render(blocks_to_markdown([Heading(text=text, level=level)]))
    assert squeezed(visible(rendered)) == squeezed(text)
    assert set(re.findall(r"<(\w+)", rendered)) <= {f"h{level}"}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.builds(ListItem, MARKUP.filter(str.strip), st.just("•"), st.integers(0, 3)), min_size=1, max_size=5))
def test_list_items_show_their_text_and_nothing_else(items: list[ListItem]) -> None:
    rendered = GFM.render(blocks_to_markdown([ListBlock(items=tuple(items))]))
    assert squeezed(visible(rendered)) == squeezed("".join(item.text for item in items))
    assert rendered.count("<li>") == len(items)
    assert set(re.findall(r"<(\w+)", rendered)) <= {"ul", "li", "p", "br"}


@settings(deadline=None, max_examples=100)
@given(st.lists(MARKUP, min_size=6, max_size=6), st.booleans())
def test_table_cells_show_their_text_in_their_places(texts: list[str], spanning: bool) -> None:
    cells = tuple(Cell(place // 2, place % 2, text) for place, text in enumerate(texts))
    if spanning:
        cells = (*cells[:4], Cell(2, 0, texts[4], column_span=2))
        texts = texts[:5]
    rendered = GFM.render(blocks_to_markdown([Table(rows=3, columns=2, cells=cells)]))
    found = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", rendered)
    assert [squeezed(visible(cell)) for cell in found] == [squeezed(text) for text in texts]


def test_a_plain_table_is_a_pipe_table() -> None:
    cells = (Cell(0, 0, "Item", header=True), Cell(0, 1, "Price", header=True), Cell(1, 0, "Tea | Milk"))
    assert blocks_to_markdown([Table(rows=2, columns=2, cells=cells, caption="Table 1")]) == (
        "Table 1\n\n| Item | Price |\n| --- | --- |\n| Tea \\| Milk |  |"
    )


def test_a_table_with_spans_is_html_with_every_place_filled() -> None:
    cells = (Cell(0, 0, "A & B", column_span=2, header=True), Cell(1, 1, "line\nbreak"))
    assert blocks_to_markdown([Table(rows=2, columns=2, cells=cells)]) == (
        '<table>\n<tr><th colspan="2">A &amp; B</th></tr>\n<tr><td></td><td>line<br>break</td></tr>\n</table>'
    )


def test_lists_nest_and_keep_their_numbers() -> None:
    items = (ListItem("one", "1."), ListItem("inner", "•", 1), ListItem("deep", "-", 2), ListItem("two", "2."))
    assert blocks_to_markdown([ListBlock(items=items)]) == "1. one\n   - inner\n     - deep\n2. two"


def test_numbers_markdown_would_change_are_kept_as_text() -> None:
    items = (ListItem("a", "1."), ListItem("b", "3."), ListItem("c", "(iv)"))
    assert blocks_to_markdown([ListBlock(items=items)]) == "1. a\n- 3\\. b\n- (iv) c"


def test_two_lists_in_a_row_stay_two() -> None:
    first, second = (ListBlock(items=(ListItem(text, "1."),)) for text in ("a", "b"))
    rendered = GFM.render(blocks_to_markdown([first, second]))
    assert rendered.count("<ol>") == 2


def test_checkboxes_are_a_task_list() -> None:
    blocks = [Checkbox(text="yes", checked=True), Checkbox(text="no", checked=False)]
    assert blocks_to_markdown(blocks) == "- [x] yes\n- [ ] no"


def test_equations_code_figures_and_signatures() -> None:
    blocks: list[Block] = [
        Equation(text="a_1 + b"),
        Equation(text="a * b", notation="text"),
        Code(text="if x:\n    ```", language="python"),
        Figure(text="axis", caption="Figure 1. Growth"),
        Figure(),
        Signature(text="J. Doe"),
    ]
    assert blocks_to_markdown(blocks) == (
        "$$\na_1 + b\n$$\n\n"
        "a * b\n\n"
        "````python\nif x:\n    ```\n````\n\n"
        "> [Figure] Figure 1. Growth\n>\n> axis\n\n"
        "> [Figure]\n\n"
        "> [Signature] J. Doe"
    )


def test_furniture_is_kept_in_comments() -> None:
    top, bottom = Box(0, 0, 1, 0.05), Box(0, 0.95, 1, 1)
    blocks: list[Block] = [
        Paragraph(text="ACME --> Ltd", furniture=True, box=top),
        Watermark(text="DRAFT"),
        PageNumber(text="- 3 -"),
        Paragraph(text="imprint", furniture=True, box=bottom),
    ]
    assert blocks_to_markdown(blocks) == (
        "<!-- page header: ACME - -> Ltd -->\n\n"
        "<!-- watermark: DRAFT -->\n\n"
        "<!-- page number: - 3 - -->\n\n"
        "<!-- page footer: imprint -->"
    )


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="->! \na", max_size=12))
def test_no_furniture_gets_out_of_its_comment(text: str) -> None:
    assert shown(blocks_to_markdown([Paragraph(text=text, furniture=True)])) == ""


def test_every_page_keeps_its_place() -> None:
    pages = (
        read_page(Paragraph(text="one"), number=1),
        read_page(number=2),
        PageReading(number=3, status=PageStatus.FAILED, problem="It is damaged. Scan it again."),
        read_page(Paragraph(text="four"), number=4),
    )
    assert render(document(*pages), Format.MD) == (
        "<!-- page 1 -->\n\none\n\n"
        "<!-- page 2 -->\n\n"
        "<!-- page 3 -->\n\n> [Page 3 could not be read: It is damaged. Scan it again.]\n\n"
        "<!-- page 4 -->\n\nfour\n"
    )


def test_a_single_page_needs_no_separator() -> None:
    assert render(document(read_page(Paragraph(text="one"))), Format.MD) == "one\n"


def test_one_page_of_many_says_which() -> None:
    page = read_page(Paragraph(text="seven"), number=7)
    assert render(document(page, page_count=9), Format.MD) == "<!-- page 7 -->\n\nseven\n"


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert blocks_to_markdown([Paragraph(text="\x1b[31mred\x9b2J \ud800")]) == "\\[31mred2J �"


def test_a_nested_list_that_begins_in_the_middle_stays_a_list() -> None:
    assert list_markdown([ListItem("parent"), ListItem("child", "3.", 1)]) == "- parent\n  - 3\\. child"


def test_an_empty_nested_item_does_not_underline_its_parent() -> None:
    assert list_markdown([ListItem("parent"), ListItem("", "•", 1)]) == "- parent\n  - <!--  -->"


def test_a_figure_in_a_file_of_its_own_is_shown_from_there() -> None:
    blocks: list[Block] = [Figure(), Figure(text="axis", caption="Figure 2. Fall"), Paragraph(text="[Figure]")]
    assert blocks_to_markdown(blocks, {1: "img-0.jpeg"}) == (
        "> [Figure]\n\n> ![img-0.jpeg](img-0.jpeg) Figure 2. Fall\n>\n> axis\n\n[Figure]"
    )
    assert '<img src="img-0.jpeg" alt="img-0.jpeg"' in GFM.render(blocks_to_markdown(blocks, {1: "img-0.jpeg"}))


def test_a_figure_that_belongs_to_the_pages_furniture_is_shown_from_nowhere() -> None:
    blocks: list[Block] = [Figure(text="a crest", furniture=True)]
    assert "img" not in blocks_to_markdown(blocks, {0: "img-0.jpeg"})

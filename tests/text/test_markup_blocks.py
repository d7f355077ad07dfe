"""What models write besides plain Markdown is told for what it is, and what we wrote is read again as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.outputs.markdown_blocks import blocks_to_markdown
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


def table(rows: list[list[str]], *, head: bool = False) -> Table:
    cells = [
        Cell(row, column, text, header=head and not row)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    return Table(rows=len(rows), columns=max(map(len, rows)), cells=tuple(cells))


def items(*pairs: tuple[str, str]) -> ListBlock:
    return ListBlock(items=tuple(ListItem(text, marker) for marker, text in pairs))


@pytest.mark.parametrize(
    ("written", "block"),
    [
        ("2*3*4, file_name_x, _so_ **bold**ly", Paragraph(text="2*3*4, file_name_x, so boldly")),
        ("\\(a_1 * b_1 * c\\) here", Paragraph(text="$a_1 * b_1 * c$ here")),
        ("From $5 to $6 or *more*", Paragraph(text="From $5 to $6 or more")),
        ("one<br>two", Paragraph(text="one\ntwo")),
        ("<h2>The <i>quay</i></h2>", Heading(text="The quay", level=2)),
        ("• one\n• two\n  more", items(("•", "one"), ("•", "two more"))),
        ("(a) one\n(b) two", items(("(a)", "one"), ("(b)", "two"))),
        ("- (a) one\n- (b) two", items(("(a)", "one"), ("(b)", "two"))),
        ("- 3. three\n- 7. seven", items(("3.", "three"), ("7.", "seven"))),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", table([["a", "b"], ["1", "2", "3"]], head=True)),
        ("| a | b |\n| 1 | 2 |", table([["a", "b"], ["1", "2"]])),
        ("a | b\n--|--\n*1*<br>2 | $|x|$", table([["a", "b"], ["1\n2", "$|x|$"]], head=True)),
        ("| a |\n|---|\n| x \\| y |", table([["a"], ["x | y"]], head=True)),
        ("<table><tr><td>C:\\</td><td>D</td></tr></table>", table([["C:\\", "D"]])),
        ("\\<b>x\\</b>", Paragraph(text="<b>x</b>")),
        ("<table><tr>12</td><td>13</td></tr></table>", table([["12", "13"]])),
        ("<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td></tr></table>", table([["a\nb c"]])),
        ("<img src='q.png' alt='A quay'/>", Figure(text="A quay")),
        ("<IMG>A <b>quay</b>,\n\nby night</IMG>", Figure(text="A quay, by night")),
        ("```latex\nx\n```", Equation(text="x")),
        ("```\na  b\n```", Code(text="a  b")),
        ("```markdown\n# Dues\n```", Heading(text="Dues", level=1)),
        ("```\n<page_number>3</page_number>\n```", PageNumber(text="3")),
        ("- a\n\n***", items(("•", "a"))),
    ],
)
def test_one_block(written: str, block: Block) -> None:
    assert parse_markup(written) == (block,)


def test_a_line_of_boxes_is_one_each() -> None:
    assert parse_markup("☐ Yes ☑ No\n☒ Both") == (
        Checkbox(text="Yes", checked=False),
        Checkbox(text="No", checked=True),
        Checkbox(text="Both", checked=True),
    )
    assert parse_markup("Tea: ☐ yes ☑ no") == (Paragraph(text="Tea: ☐ yes ☑ no"),)


def test_a_tag_at_a_lines_end_leaves_the_paragraph_whole_and_follows_it() -> None:
    assert parse_markup("One <page_number>3</page_number>\ngoes on.\n\nTwo.") == (
        Paragraph(text="One goes on."),
        PageNumber(text="3"),
        Paragraph(text="Two."),
    )
    assert parse_markup("- <signature>M.</signature>\n- x") == (items(("•", "x")), Signature(text="M."))


def test_a_tags_end_is_found_however_much_stands_before_it_and_after() -> None:
    assert parse_markup("One <page_number>Page 3 of 9</page_number> goes on.") == (
        Paragraph(text="One goes on."),
        PageNumber(text="Page 3 of 9"),
    )


def test_a_fence_without_a_language_is_markup_only_if_it_wraps_the_page() -> None:
    listing = "# a comment\n<table>"
    assert parse_markup(f"{'The listing. ' * 9}\n\n```\n{listing}\n```") == (
        Paragraph(text=" ".join(["The listing."] * 9)),
        Code(text=listing),
    )


def test_rows_that_a_span_fills_are_kept() -> None:
    [found] = parse_markup("<table><tr><td rowspan=2>a</td></tr><tr></tr></table>")
    assert found == Table(rows=2, columns=1, cells=(Cell(0, 0, "a", 2),))


WORD = st.from_regex(r"[A-Za-z0-9é$*_.,()<&|#`\\\[\]☐+-]{1,6}", fullmatch=True)
TEXT = st.lists(WORD, min_size=1, max_size=4).map(" ".join).map(lambda text: f"Xx{text}y")
BLOCKS = st.one_of(
    st.builds(Paragraph, text=TEXT),
    st.builds(Heading, text=TEXT, level=st.integers(1, 6)),
    st.builds(Checkbox, text=TEXT, checked=st.booleans()),
    st.builds(Figure, caption=TEXT, text=TEXT),
    st.builds(Signature, text=TEXT),
    st.builds(Code, text=TEXT, language=st.sampled_from(["mermaid", "python"])),
    st.lists(TEXT, min_size=1, max_size=3).map(lambda texts: items(*(("•", text) for text in texts))),
    st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=3).map(
        lambda rows: table([list(row) for row in rows], head=True)
    ),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(BLOCKS, max_size=5))
def test_what_our_own_writer_wrote_is_read_as_it_was(blocks: list[Block]) -> None:
    assert parse_markup(blocks_to_markdown(blocks)) == tuple(blocks)


def test_spans_breaks_nested_lists_formulas_and_hard_breaks_survive_writing() -> None:
    blocks: tuple[Block, ...] = (
        Table(rows=2, columns=2, cells=(Cell(0, 0, "a & <b>", 1, 2, True), Cell(1, 0, "1\n2"), Cell(1, 1, "$x$ | y"))),
        ListBlock(
            items=(ListItem("one", "1."), ListItem("deep", "•", 1), ListItem("seven", "7."), ListItem("x", "(a)"))
        ),
        Equation(text="x = 1"),
        Paragraph(text="verse\nby verse"),
    )
    assert parse_markup(blocks_to_markdown(blocks)) == blocks


def test_furniture_is_marked() -> None:
    assert parse_markup("<Watermark>COPY</WATERMARK>\n<page_number>9/22</page_number>") == (
        Watermark(text="COPY", furniture=True),
        PageNumber(text="9/22", furniture=True),
    )

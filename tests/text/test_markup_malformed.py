"""Whatever a model breaks, every letter and digit comes out, in order, and soon."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text import Block, Code, Equation, ListBlock, PageNumber, Paragraph, Table
from muniment.text.markup import parse_markup
from muniment.text.markup_tags import TAG


def spoken(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case ListBlock():
                yield from (f"{item.marker}{item.text}" for item in block.items)
            case Table():
                yield from (block.caption, *(cell.text for cell in block.cells))
            case Code():
                yield from (block.language, block.text)
            case _:
                yield block.text


def letters(text: str) -> str:
    return "".join(re.findall(r"[^\W_]", text))


def said(written: str) -> str:
    return letters("".join(spoken(parse_markup(written))))


PARTS = [
    "word ",
    "Zwei ",
    "7 ",
    "é",
    "\n",
    "\n\n",
    "    ",
    "  ",
    "# ",
    "- ",
    "3. ",
    "(a) ",
    "| ",
    "|",
    "a|b\n",
    "* ",
    "\r",
]
MARKS = [
    "|---|---|\n",
    "*",
    "**",
    "_",
    "`",
    "```",
    "```\n",
    "~~~\n",
    "> ",
    "===\n",
    "[a]: b\n",
    "☐ ",
    "\\",
    "<",
    ">",
    "&",
]
TAGS = [
    "<table>",
    "<tr>",
    "<td rowspan=3>",
    "</td>",
    "</tr>",
    "</table>",
    "<b>",
    "</p>",
    "<h2>",
    "<li>",
    "<br/>",
    "<x@y>",
]
SPECIAL = [
    "\n<img>",
    "</img>\n",
    "\n<page_number>",
    "</page_number>\n",
    "\n<WATERMARK>",
    "</watermark>\n",
    "$",
    "$$",
    "\\[",
    "\\]",
]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(PARTS + MARKS + TAGS), max_size=40).map("".join))
def test_every_letter_comes_out_in_order(written: str) -> None:
    rest = iter(said(written))  # more may come out: in code, tags are text
    assert all(letter in rest for letter in letters(TAG.sub("", written)))


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(PARTS + MARKS + TAGS + SPECIAL), max_size=40).map("".join))
def test_tags_with_a_meaning_lose_no_letter_either(written: str) -> None:
    assert not Counter(letters(TAG.sub("", written))) - Counter(said(written))


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(codec=None), max_size=80))
def test_nothing_raises_and_no_half_character_comes_out(written: str) -> None:
    "".join(spoken(parse_markup(written))).encode()


@given(st.integers(0, 200))
def test_a_table_may_be_cut_off_anywhere(cut: int) -> None:
    whole = "Before.\n\n<table><thead><tr><th>Year</th></tr></thead>" + "<tr><td>1871</td><td>x &amp; y</td></tr>" * 4
    kept = whole[:cut]
    half_tag = re.sub(r"<[^<>]*$", "", kept)  # half a tag is no text, but may be taken for it
    assert said(kept).startswith(letters(re.sub(r"&\w*$", "", TAG.sub("", half_tag).replace("&amp;", "&"))))


@pytest.mark.parametrize(
    ("written", "blocks"),
    [
        ("a <!-- never closed\n\nb", (Paragraph(text="a <!-- never closed"), Paragraph(text="b"))),
        ("$$ x\n\nThe price is $$ y $$", (Paragraph(text="$$ x"), Paragraph(text="The price is"), Equation(text="y"))),
        ("<page_number>3\nThe text.", (PageNumber(text="3"), Paragraph(text="The text."))),
        ("```\n\nThe end of no fence.", (Paragraph(text="The end of no fence."),)),
        ("```python\nx = 1\n", (Code(text="x = 1", language="python"),)),
        ("stray </td> and </watermark>", (Paragraph(text="stray and"),)),
        ("\ud800\0x", (Paragraph(text="\ufffdx"),)),
        ("?a=1&copy=2 &copy; &nosuch;", (Paragraph(text="?a=1&copy=2 © &nosuch;"),)),
    ],
)
def test_what_is_broken_stands_as_text(written: str, blocks: tuple[Block, ...]) -> None:
    assert parse_markup(written) == blocks


def test_text_that_looks_like_a_tag_is_kept() -> None:
    assert said("<m@oddfield.example> <name> 3 <4") == "moddfieldexamplename34"
    assert said("<table><tr><td><m@oddfield.example></td></tr></table>") == "moddfieldexample"


def test_text_without_a_cell_stays_where_it_was_written() -> None:
    assert said("<table>one<tr><td>two</td>three<td>four</td></tr>five<tr><td>six</td></tr>seven") == (
        "onetwothreefourfivesixseven"
    )


HOSTILE = ["<", "|", "$", "*", ">", "- ", "`", "[", "_", "\\", "&", "~", "#", " ", "\n", "\v", "\0", "\ud800", "☐ "]
HOSTILE += [
    "a*",
    "*_",
    "> - ",
    "\\[",
    "\\(",
    "$$",
    "$a ",
    "$$\n\n",
    "|\n",
    "| |\n",
    "a|b\n-|-\n",
    "```\n",
    "```a\n",
    "````\n",
]
HOSTILE += [
    "<td>",
    "<tr>",
    "<table>",
    "<table><tr><td>",
    "<table></table>",
    "</table>",
    "<b>",
    "<b",
    "</",
    "<!--",
    "<!---->",
]
HOSTILE += [
    "<img>",
    "<img ",
    "<page_number>",
    "x<page_number>1</page_number>",
    "<li>",
    "<p>",
    "[a]: b\n",
    "(a) x\n",
    "&#0;",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_half_a_megabyte_of_one_piece_is_parsed(piece: str) -> None:
    """Anything quadratic would take minutes. Below 200,000 characters, Markdown itself is at work as well."""
    for size in (500_000, 60_000):
        assert isinstance(parse_markup(piece * (size // len(piece))), tuple)


def test_tags_that_ask_for_billions_of_places_get_a_few() -> None:
    [table] = parse_markup("<table>" + "<tr>" + "<td colspan=1000 rowspan=1000>x" * 2_000)
    assert isinstance(table, Table)
    places = sum(cell.row_span * cell.column_span for cell in table.cells)
    assert len(table.cells) == 2_000
    assert places < 250_000


def test_a_hundred_thousand_nested_tags_lose_nothing() -> None:
    assert said("<table><tr><td>" * 100_000 + "deep") == "deep"


def test_fences_within_fences_end_somewhere() -> None:
    nested = "\n".join("`" * count + "markdown" for count in range(900, 2, -1)) + "\nx"
    assert said(nested).endswith("x")

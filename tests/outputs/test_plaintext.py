"""Plain text, everything printed and nothing else."""

from muniment.outputs import Format, render
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import Block, Cell, Checkbox, Heading, ListBlock, ListItem, PageNumber, Paragraph, Table


def written(*pages: PageReading) -> str:
    return render(DocumentReading(DocumentInfo("a.pdf", "pdf", len(pages), "0" * 64), pages), Format.TXT)


def page(*blocks: Block) -> PageReading:
    return PageReading(number=1, status=PageStatus.READ, blocks=blocks)


def test_blocks_are_set_apart_and_furniture_is_kept() -> None:
    blocks = (
        Heading(text="A title", level=1),
        Paragraph(text="First *line*\nsecond"),
        ListBlock(items=(ListItem("x", "1."), ListItem("y", "•", 1))),
        Checkbox(text="yes", checked=True),
        Checkbox(text="no", checked=False),
        PageNumber(text="7"),
    )
    assert written(page(*blocks)) == "A title\n\nFirst *line*\nsecond\n\n1. x\n  • y\n\n☑ yes\n\n☐ no\n\n7\n"


def test_tables_are_aligned_as_seen() -> None:
    cells = (Cell(0, 0, "数量"), Cell(0, 1, "b"), Cell(1, 0, "x"), Cell(1, 1, "two\nlines"))
    assert written(page(Table(rows=2, columns=2, cells=cells, caption="T"))) == "T\n数量  b\nx     two lines\n"


def test_every_page_keeps_its_place_between_form_feeds() -> None:
    failed = PageReading(number=2, status=PageStatus.FAILED, problem="Damaged.")
    assert written(page(Paragraph(text="a\fb")), failed, page(), page(Paragraph(text="d"))).split("\f") == [
        "a\nb\n",
        "[Page 2 could not be read: Damaged.]\n",
        "",
        "d\n",
    ]

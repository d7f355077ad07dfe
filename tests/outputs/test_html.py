"""HTML that shows text as text."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.outputs import Format, render
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import Block, Cell, Checkbox, Heading, ListBlock, ListItem, PageNumber, Paragraph, Table
from tests.outputs.strategies import documents

INFO = DocumentInfo("scan.pdf", "pdf", 2, "0" * 64)
VOID = {"meta", "br", "input"}
EXPECTED_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "p", "label", "input", "br"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "li", "table", "caption", "tr", "td", "th", "pre", "code"),
    *("figure", "figcaption"),
}


class Outline(HTMLParser):
    """The tags of a page, checked to be balanced, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def rendered(*blocks: Block) -> str:
    page = PageReading(number=1, status=PageStatus.READ, blocks=blocks)
    return render(DocumentReading(INFO, (page,)), Format.HTML)


@settings(deadline=None, max_examples=100)
@given(documents)
def test_pages_are_balanced_and_made_of_known_tags(document: DocumentReading) -> None:
    outline = Outline(render(document, Format.HTML))
    assert set(outline.tags) <= EXPECTED_TAGS
    assert outline.tags.count("section") == len(document.pages)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="<>&\"'/= ascript", max_size=30))
def test_no_text_becomes_a_tag_or_an_attribute(text: str) -> None:
    blocks = (
        Paragraph(text=text),
        Table(rows=1, columns=1, cells=(Cell(0, 0, text),)),
        Checkbox(text=text, checked=True),
    )
    plain = Outline(rendered(Paragraph(text="a"), Table(rows=1, columns=1, cells=()), Checkbox(text="a", checked=True)))
    outline = Outline(rendered(*blocks, Paragraph(text="end")))
    added = [] if not text.strip() else ["p"]
    assert sorted([*plain.tags, *added]) == sorted(outline.tags)
    assert plain.attributes == outline.attributes
    assert " ".join(text.split()) in " ".join(outline.text.split())


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = rendered(Paragraph(text="x"))
    assert "default-src 'none'" in page
    assert not any(word in page for word in ("http://", "https://", "<script", "<link", "@import", "url("))


def test_pages_can_be_linked_to_and_failures_are_seen() -> None:
    failed = PageReading(number=2, status=PageStatus.FAILED, problem="It is <damaged>.")
    page = render(DocumentReading(INFO, (failed,)), Format.HTML)
    assert '<section id="page-2" data-status="failed">' in page
    assert "Page 2 could not be read: It is &lt;damaged&gt;." in page


def test_lists_keep_their_markers_and_nest() -> None:
    page = rendered(ListBlock(items=(ListItem("a", "1."), ListItem("b", "(i)", 3), ListItem("c", "7."))))
    assert '<ul class="printed">\n<li>1. a<ul class="printed">\n<li>(i) b</li></ul></li>\n<li>7. c</li></ul>' in page


def test_headings_spans_and_furniture() -> None:
    table = Table(rows=2, columns=1, cells=(Cell(0, 0, "a", row_span=2, header=True),), caption="T")
    page = rendered(Heading(text="Title", level=2), table, PageNumber(text="7"))
    assert "<h2>Title</h2>" in page
    assert '<caption>T</caption>\n<tr><th rowspan="2">a</th></tr>\n<tr></tr>' in page
    assert '<p class="furniture" title="page number">7</p>' in page

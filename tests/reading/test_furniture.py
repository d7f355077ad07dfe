"""What recurs at page edges is furniture, whoever read the pages."""

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from muniment.documents.sources import Source
from muniment.reading import DocumentDone, DocumentInfo, DocumentOpened, Event, PageDone, PageReading, PageStatus
from muniment.reading.furniture import Furniture, furnished
from muniment.text import Block, PageNumber, Paragraph
from tests.outputs.strategies import blocks as any_blocks

SOURCE = Source(None, "a.pdf")
INFO = DocumentInfo("a.pdf", "pdf", 9, "0" * 64)


def document(*pages: Sequence[Block]) -> Iterator[Event]:
    yield DocumentOpened(SOURCE, INFO, tuple(range(1, len(pages) + 1)))
    for number, blocks in enumerate(pages, 1):
        yield PageDone(SOURCE, PageReading(number=number, status=PageStatus.READ, blocks=tuple(blocks)))
    yield DocumentDone(SOURCE)


def paragraphs(*texts: str) -> list[Block]:
    return [Paragraph(text=text) for text in texts]


def told(events: Iterator[Event], wish: Furniture = Furniture.MARK) -> list[list[tuple[str, bool]]]:
    """Of each page: its texts, and which of them are furniture."""
    pages = [event.page for event in furnished(events, wish, recurring=True) if isinstance(event, PageDone)]
    return [[(getattr(block, "text", ""), block.furniture) for block in page.blocks] for page in pages]


def headed(number: int) -> list[Block]:
    own = "w" * number
    return paragraphs(
        f"Report of the Harbour Trust, {number}", f"Text {own} of its own.", f"More {own}.", "Clerk's copy"
    )


def test_lines_that_recur_at_the_same_edge_are_marked_on_every_page_numbers_aside() -> None:
    for page in told(document(*(headed(number) for number in range(1, 6)))):
        assert [furniture for _, furniture in page] == [True, False, False, True]


def test_two_pages_are_not_enough() -> None:
    assert not any(furniture for page in told(document(headed(1), headed(2))) for _, furniture in page)


def test_what_recurs_in_the_middle_of_pages_is_text() -> None:
    pages = [paragraphs("a" * n, "b" * n, "Item", "e" * n, "f" * n) for n in range(1, 6)]
    assert not any(furniture for page in told(document(*pages)) for _, furniture in page)


def test_long_text_is_never_furniture() -> None:
    assert not any(furniture for page in told(document(*[paragraphs("word " * 40)] * 5)) for _, furniture in page)


def test_one_documents_heads_are_not_the_next_ones() -> None:
    first, second = document(headed(1), headed(2)), document(headed(3))
    assert not any(furniture for page in told(iter([*first, *second])) for _, furniture in page)


def test_furniture_is_kept_as_text_or_dropped_when_wished() -> None:
    pages = [[*headed(number), PageNumber(text=str(number))] for number in range(1, 5)]
    kept = told(document(*pages), Furniture.KEEP)
    assert [len(page) for page in kept] == [5] * 4
    assert not any(furniture for page in kept for _, furniture in page)
    dropped = told(document(*pages), Furniture.DROP)
    assert [text for text, _ in dropped[0]] == ["Text w of its own.", "More w."]


@given(st.lists(st.lists(any_blocks, max_size=4), max_size=6), st.sampled_from(Furniture))
def test_every_event_comes_in_its_order_and_nothing_but_furniture_goes(
    pages: list[list[Block]], wish: Furniture
) -> None:
    before, after = list(document(*pages)), list(furnished(document(*pages), wish, recurring=True))
    assert [type(event) for event in before] == [type(event) for event in after]
    if wish is not Furniture.DROP:
        counts = [[len(e.page.blocks) for e in events if isinstance(e, PageDone)] for events in (before, after)]
        assert counts[0] == counts[1]

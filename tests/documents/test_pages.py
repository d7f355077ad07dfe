import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.documents.pages import parse_pages, select_pages
from muniment.errors import UsageError


@pytest.mark.parametrize(
    ("spec", "pages"),
    [
        (None, (1, 2, 3, 4, 5, 6, 7, 8)),
        ("3", (3,)),
        ("1-3,7", (1, 2, 3, 7)),
        ("5-", (5, 6, 7, 8)),
        ("-3", (1, 2, 3)),
        (" 2 - 3 , 5 ", (2, 3, 5)),
        ("7,1-2,2-3,1", (1, 2, 3, 7)),
        ("8-", (8,)),
        ("8-8", (8,)),
    ],
)
def test_pages_come_in_the_order_of_the_document_and_once(spec: str | None, pages: tuple[int, ...]) -> None:
    assert select_pages(spec, 8, "report.pdf") == pages


@pytest.mark.parametrize("spec", ["", "-", ",", "1,", "a", "1-2-3", "1.5", "1 2", "٣", "1–3", "9999999999999"])
def test_nonsense_is_refused_before_any_document_is_open(spec: str) -> None:
    with pytest.raises(UsageError, match="is not a page range") as caught:
        parse_pages(spec)
    assert '"1-3,7"' in caught.value.hint


def test_page_0_and_backward_ranges_are_explained() -> None:
    with pytest.raises(UsageError, match='"0-2" asks for page 0'):
        parse_pages("0-2")
    with pytest.raises(UsageError, match=r'"7-3" runs backwards.*"3-7"'):
        parse_pages("7-3")


@pytest.mark.parametrize(("spec", "beyond"), [("9", 9), ("6-10", 10), ("9-", 9), ("1,2,99999", 99999), ("-12", 12)])
def test_a_range_outside_the_document_names_it_and_its_pages(spec: str, beyond: int) -> None:
    with pytest.raises(UsageError, match=rf"report\.pdf has 8 pages; there is no page {beyond}"):
        select_pages(spec, 8, "report.pdf")


def test_one_page_is_not_called_pages() -> None:
    with pytest.raises(UsageError, match=r"scan\.png has 1 page; there is no page 2"):
        select_pages("2", 1, "scan.png")


@given(st.text(alphabet="0123456789-, x", max_size=12), st.integers(1, 50))
def test_whatever_is_written_gives_pages_of_the_document_or_a_usage_error(spec: str, page_count: int) -> None:
    try:
        pages = select_pages(spec, page_count, "report.pdf")
    except UsageError:
        return
    assert pages == tuple(sorted(set(pages)))
    assert pages
    assert pages[0] >= 1
    assert pages[-1] <= page_count

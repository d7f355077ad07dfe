"""Which pages a request of /v1/ocr means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.errors import ApiError
from muniment.server.routes.ocr import _numbers


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [(None, [1, 2, 3]), ([2, 0, 2], [3, 1]), ("0", [1]), ("2,0-1,1", [3, 1, 2]), ([], [])],
)
def test_pages_count_from_zero_and_are_told_once(wanted: Any, numbers: list[int]) -> None:
    assert list(_numbers(wanted, 3, 10)) == numbers


@pytest.mark.parametrize("wanted", ["3", "0-3", "7-9", "0-999999999", [3], [-1]])
def test_pages_that_the_document_does_not_have_are_refused(wanted: Any) -> None:
    with pytest.raises(ApiError, match="pages 0 to 2"):
        _numbers(wanted, 3, 10)


@pytest.mark.parametrize("wanted", ["", "2-1", "-1", "1-", "1,,2", " 1", "1\n", "١", "a", 1, True, [True], ["1"], {}])
def test_what_is_no_list_of_pages_is_refused(wanted: Any) -> None:
    with pytest.raises(ApiError, match="numbers from 0"):
        _numbers(wanted, 3, 10)


def test_more_pages_than_a_request_may_wait_for_are_refused() -> None:
    with pytest.raises(ApiError, match="/v1/documents"):
        _numbers("0-2", 3, 2)


def test_no_more_numbers_are_held_than_may_be_read_however_often_they_are_asked_for() -> None:
    with pytest.raises(ApiError, match="/v1/documents"):
        _numbers(",".join(["0-999999998"] * 100), 1_000_000_000, 1_000)
    assert _numbers(",".join(["0-9"] * 1_000), 10, 10) == list(range(1, 11))


@given(st.text("0123456789,- ", max_size=20))
def test_a_text_gives_pages_of_the_document_or_a_refusal(wanted: str) -> None:
    try:
        numbers = _numbers(wanted, 3, 10)
    except ApiError:
        return
    assert numbers
    assert set(numbers) <= {1, 2, 3}

"""What workers say is checked before it is believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment import errors
from muniment.reading import wire
from muniment.reading.data import Attempt, PageReading, PageStatus, Tokens


@settings(deadline=None, max_examples=50)
@given(page=st.builds(PageReading, width=st.floats(0, 1e6), height=st.floats(0, 1e6), skew=st.floats(-15, 15)))
def test_a_page_arrives_as_it_was_sent(page: PageReading) -> None:
    reply = wire.decode_reply(wire.encode_reply(wire.PageRead(page)))
    assert isinstance(reply, wire.PageRead)
    assert reply.page == page


@settings(deadline=None, max_examples=100)
@given(data=st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
def test_anything_else_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        wire.decode_reply(data)


def test_a_page_with_a_made_up_status_is_refused() -> None:
    good = wire.encode_reply(wire.PageRead(PageReading(number=1, status=PageStatus.READ)))
    with pytest.raises(ValueError, match="status"):
        wire.decode_reply(good.replace(b'"status":"read"', b'"status":"perfect"'))


@pytest.mark.parametrize("count", ["-1", "2147483648", "1.5", '"many"'])
def test_a_worker_is_not_believed_to_have_taken_any_number_of_tokens(count: str) -> None:
    attempt = Attempt("embedded", "ocr", tokens=Tokens(17, 4))
    good = wire.encode_reply(wire.PageRead(PageReading(number=1, status=PageStatus.READ, attempts=(attempt,))))
    assert wire.decode_reply(good).kind == "read"
    with pytest.raises(ValueError, match="tokens"):
        wire.decode_reply(good.replace(b":17,", f":{count},".encode()))


def test_an_error_arrives_as_the_same_kind_with_the_same_words() -> None:
    error = errors.PasswordNeeded("a.pdf is encrypted", "Give its password.")
    back = wire.Problem.of(error).as_error()
    assert type(back) is errors.PasswordNeeded
    assert str(back) == str(error)


@pytest.mark.parametrize("name", ["SystemExit", "ExitCode", "IntEnum", "__builtins__", ""])
def test_a_worker_cannot_have_us_raise_what_is_not_ours(name: str) -> None:
    assert type(wire.Problem(name, "what", "hint").as_error()) is errors.MunimentError


@pytest.mark.parametrize("pages", [0, -1, 10**12])
def test_a_worker_is_not_believed_to_have_any_number_of_pages(pages: int) -> None:
    with pytest.raises(ValueError, match="page_count"):
        wire.decode_reply(f'{{"kind": "opened", "document_kind": "pdf", "page_count": {pages}}}'.encode())

"""Base64 out of requests is taken if it is whole, padded and in one line, and not otherwise."""

import base64
import re

from hypothesis import example, given
from hypothesis import strategies as st

from muniment.server.errors import ApiError
from muniment.server.images import read_base64

WHOLE = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)")


@given(st.text("AB/+=-_ \n\0é", max_size=12))
@example("AB==")
@example("AAA=AAAA")
@example("AAAA=")
@example("====")
def test_base64_is_taken_if_it_is_whole(text: str) -> None:
    try:
        found = read_base64(text, "url")
    except ApiError:
        found = None
    assert found == (base64.b64decode(text) if WHOLE.fullmatch(text) else None)

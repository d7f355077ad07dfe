"""A path has one spelling; any other is no path."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.paths import normalised


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/", "/"),
        (b"/v1/chat/completions", "/v1/chat/completions"),
        (b"/v1/documents/0f3a/pages/2", "/v1/documents/0f3a/pages/2"),
        (b"/v1/models/a:b@c", "/v1/models/a:b@c"),
        (b"/a%20b", "/a b"),
        (b"/%C3%A9", "/é"),
        (b"/...", "/..."),
        (b"/.a/b..", "/.a/b.."),
    ],
)
def test_a_path_in_normal_form_is_decoded(raw: bytes, path: str) -> None:
    assert normalised(raw) == path


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/v1/models/a/b", "/v1/models/a/b"),
        (b"/v1/models/a%2Fb", "/v1/models/a/b"),
        (b"/v1/models/%2Fweights%2Fb", "/v1/models//weights/b"),
        *((b"/v1/models/" + raw, None) for raw in (b"", b"/a", b"a//b", b"a%2F", b"a%2F%2Fb", b"a%2fb", b"%2F%2Fa")),
        *((b"/v1/models/" + raw, None) for raw in (b"..%2Fhealth", b"a%2F..%2Fb", b"a/../b", b"%2F..", b"a%252Fb")),
        (b"/v1/models%2Fa", None),
        (b"/v1/files/a%2Fb", None),
    ],
)
def test_a_models_name_may_hold_slashes_and_no_other(raw: bytes, path: str | None) -> None:
    assert normalised(raw) == path


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"*", b"v1/models", b"http://host/v1/models", b"//v1/models", b"/v1//models", b"/v1/models/"),
        *(b"/v1/./models", b"/v1/../metrics", b"/..", b"/.", b"/v1/models/.."),
        *(b"/v1/%2e%2e/metrics", b"/v1/%2E%2E/metrics", b"/v1%2Fmodels", b"/v1%2fmodels", b"/v1/..%2Fmetrics"),
        *(b"/v1/%252e%252e/metrics", b"/v1%252Fmodels", b"/%25", b"/%2541"),
        *(b"/v1\\models", b"/v1%5Cmodels", b"/v1/..%5c..", b"/v1/models%00", b"/v1/mod\x00els", b"/v1/a%0D%0Ab"),
        *(b"/v1/models%7F", b"/v1/models\n", b"/v1/ models", b"/v1/models?x", b"/v1/models#x", b"/v1/%C2%85"),
        *(b"/v1/%C0%AE%C0%AE/metrics", b"/v1%C0%AFmodels", b"/%ED%A0%80", b"/%FF", b"/\xc3\xa9", b"/%E2%80%AE"),
        *(b"/%76%31/models", b"/v1/model%73", b"/%c3%a9", b"/%", b"/%2", b"/%zz", b"/%u0041"),
    ],
)
def test_any_other_spelling_is_no_path(raw: bytes) -> None:
    assert normalised(raw) is None


@given(st.binary(max_size=30).map(lambda tail: b"/" + tail) | st.text("/.%25\\aF2fe0", max_size=20).map(str.encode))
def test_what_comes_out_is_safe_whatever_came_in(raw: bytes) -> None:
    path = normalised(raw)
    if path is None:
        return
    assert path.startswith("/")
    assert path == "/" or not {"", ".", ".."} & set(path[1:].split("/"))
    assert path.isprintable()
    assert not {"%", "\\"} & set(path)
    assert path == unquote(path) == unquote(raw.decode("ascii"))


@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/\\%"), min_size=1), min_size=1)
)
def test_every_printable_path_has_a_normal_form(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    expected = None if {".", ".."} & set(segments) else path
    assert normalised(quote(path).encode()) == expected

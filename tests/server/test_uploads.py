"""Documents that come raw or in a form, cut anywhere, are written as they are; whatever else comes is refused."""

import asyncio
import errno
import logging
import os
import stat
import tempfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from muniment.errors import OutputError
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.storage import Storage
from muniment.server.uploads import Upload, plain_name, receive

BOUNDARY = "edge"


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def taken(
    *pieces: bytes,
    kind: str = f"multipart/form-data; boundary={BOUNDARY}",
    query: str = "",
    path: Path | None = None,
    **headers: str,
) -> tuple[Upload, bytes]:
    """What came of a body in ``pieces``, and the document as it was written."""
    told = {"content-type": kind, **headers}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in told.items()],
    }
    left = [*pieces] or [b""]

    async def receiving() -> Message:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def work(path: Path) -> tuple[Upload, bytes]:
        with Storage(Path("/"), 0, 1 << 30, lambda _: 0).room("") as room:
            upload = await receive(Call(scope, receiving, "id", None, 1 << 20), path, room)
        assert room.taken == upload.size
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        return upload, path.read_bytes()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(work(path or Path(folder) / "document"))


def refusal(*pieces: bytes, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        taken(*pieces, **more)
    return caught.value


@given(st.data(), st.binary(min_size=1, max_size=300), st.binary(max_size=50).filter(lambda value: b"\r" not in value))
def test_any_cutting_of_a_form_gives_the_same_document(data: st.DataObject, document: bytes, value: bytes) -> None:
    if f"\r\n--{BOUNDARY}".encode() in document:
        return
    body = form(part("model", value), part("file", document, "a.pdf"), part("pages", b"1-2"))
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    edges = [0, *places, len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    upload, written = taken(*pieces)
    assert written == document
    assert (upload.name, upload.size) == ("a.pdf", len(document))
    assert upload.fields == {"model": value.decode(errors="replace"), "pages": "1-2"}


@given(st.data())
def test_a_form_that_breaks_off_anywhere_is_refused(data: st.DataObject) -> None:
    body = form(part("file", b"document", "a.pdf"))
    end = data.draw(st.integers(0, len(body) - len("--\r\n")))
    assert refusal(body[:end]).status == 400


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_bytes_under_any_type_are_taken_or_refused(body: bytes, kind: str) -> None:
    for tried in (kind.encode("ascii", "ignore").decode(), f"multipart/form-data; boundary={BOUNDARY}"):
        status = 200
        try:
            upload, written = taken(body, kind=tried)
        except ApiError as refused:
            status = refused.status
        else:
            assert 0 < upload.size == len(written)
            assert written in body
        assert status in (200, 400)


def test_a_body_that_is_no_form_is_the_document_and_a_header_names_it() -> None:
    upload, written = taken(b"%PDF", b"-1.7", kind="application/pdf", x_filename="Caf%C3%A9%20letter.pdf")
    assert (upload.name, upload.size, written) == ("Café letter.pdf", 8, b"%PDF-1.7")
    assert taken(b"x", kind="")[0].name == "document"


def test_parameters_of_the_address_go_before_fields_and_name_the_document() -> None:
    body = form(part("pages", b"1"), part("file", b"x", "a.pdf"))
    upload, _ = taken(body, query="pages=2&name=b.pdf&model=m")
    assert upload.fields == {"pages": "2", "name": "b.pdf", "model": "m"}
    assert upload.name == "b.pdf"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (form(part("model", b"m")), "no document"),
        (form(part("file", b"", "a.pdf")), "no document in the request, or it has no bytes"),
        (form(), "no document"),
        (b"", "breaks off"),
        (form(part("file", b"x", "a.pdf"), part("file", b"y", "b.pdf")), "more than one document"),
        (form(part("note", b"n" * 5_000), part("file", b"x", "a.pdf")), "longer than 4096"),
        (form(*[part(f"f{number}", b"") for number in range(40)]), "more than 32 fields"),
        (form(part("n" * 10_000, b"")), "malformed"),
    ],
)
def test_what_a_form_may_not_hold_is_told(body: bytes, said: str) -> None:
    refused = refusal(body)
    assert refused.status == 400
    assert said in refused.message


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 300}"]
)
def test_a_form_without_a_proper_boundary_is_refused(kind: str) -> None:
    assert refusal(form(part("file", b"x", "a.pdf")), kind=kind).status == 400


def test_an_empty_body_is_no_document() -> None:
    assert refusal(b"", kind="application/pdf").param == "file"


@pytest.mark.parametrize(
    ("given_name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\letters\\a.pdf", "a.pdf"),
        ("a\x00b\r\n\x1b[31m.pdf", "ab[31m.pdf"),
        ("folder/", "document"),
        ("", "document"),
        ("\u202egpj.exe", "gpj.exe"),
        ("n" * 500, "n" * 200),
    ],
)
def test_a_name_has_no_folders_and_nothing_that_cannot_be_shown(given_name: str, plain: str) -> None:
    assert plain_name(given_name) == plain


@given(st.text())
def test_any_name_becomes_one_that_can_be_shown(name: str) -> None:
    plain = plain_name(name)
    assert plain.isprintable()
    assert 1 <= len(plain) <= 200
    assert "/" not in plain


def test_a_field_that_nobody_knows_is_refused_by_a_name_that_looks_like_one() -> None:
    upload, _ = taken(form(part("colour", b"red"), part("file", b"x", "a.pdf")))
    with pytest.raises(ApiError) as caught:
        upload.check_fields({"model"})
    assert caught.value.param == "colour"
    upload, _ = taken(form(part("a sentence of a letter", b""), part("file", b"x", "a.pdf")))
    with pytest.raises(ApiError) as caught:
        upload.check_fields({"model"})
    assert caught.value.param is None


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        taken(b"x", kind="", path=tmp_path / "nowhere" / "document")


@pytest.mark.parametrize("headers", [{"content_length": "1"}, {}])
def test_a_disk_that_does_not_tell_its_room_is_told(headers: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "statvfs", failing)
    with pytest.raises(OutputError, match="document cannot be written: Input/output error"):
        taken(b"x", kind="", **headers)


MALFORMED = [
    *(b"Z", f"--{BOUNDARY}Z".encode(), f"--{BOUNDARY}\r\nZ Z: z\r\n\r\n".encode(), f"--{BOUNDARY}\rZ".encode()),
    part("file", b"Z", "z.pdf")[:-2] + f"\r\n--{BOUNDARY}Z".encode(),
]


@pytest.mark.parametrize("body", MALFORMED)
def test_what_is_malformed_is_in_no_log(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "python_multipart")
    with suppress(ApiError):
        taken(body)
    assert caplog.records == []


def test_the_parser_would_log_it(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: it is its logger that is silent, and not the parser that has nothing to say."""
    monkeypatch.setattr(logging.getLogger("python_multipart.multipart"), "disabled", False)
    with suppress(ApiError):
        taken(b"Z")
    assert str(ord("Z")) in caplog.text

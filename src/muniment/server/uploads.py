"""Documents that come with a request: raw or in a form, written straight to where they stay."""

import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from muniment.errors import unwritable
from muniment.server.call import Call
from muniment.server.checks import unknown_field
from muniment.server.errors import ApiError
from muniment.server.storage import Room
from muniment.server.store import OPTION

logging.getLogger(MultipartParser.__module__).disabled = True  # it quotes bytes of what it cannot parse

_MOST_FIELD = 4096
_MOST_PARTS = 32
_LONGEST_NAME = 200

Write = Callable[[bytes], None]


@dataclass(eq=False)
class Upload:
    """A document that came.

    Attributes:
        name: the client's for it, without folders; "document" if it gave none.
        fields: the form's other fields, and the query's parameters, which go before them.
        size: bytes.
    """

    name: str = "document"
    fields: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def check_fields(self, known: Set[str]) -> None:
        """Raises ApiError if there is a field that is not ``known``."""
        unknown = self.fields.keys() - known
        if unknown:
            raise unknown_field(unknown, "", known)


async def receive(call: Call, path: Path, room: Room) -> Upload:
    """Write the document in a request's body to ``path``, readable by its owner only.

    A form has it in its file field; any other body is it.

    Raises:
        ApiError: there is none, the form is malformed, or what :meth:`Call.body` and :meth:`Room.take` raise.
        OutputError: it cannot be written.
    """
    try:
        if "content-length" in call.headers:
            room.check(call.longest_body)  # so that no more comes of what has no place
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:

            def write(data: bytes) -> None:
                room.take(len(data))
                file.write(data)

            return await _taken(call, write)
    except OSError as error:
        raise unwritable(path, error, OPTION) from None


async def hashed(call: Call) -> tuple[Upload, str]:
    """The document in a request's body, which is kept nowhere, and its SHA-256 in hexadecimal.

    Raises:
        ApiError: there is none, the form is malformed, or what :meth:`Call.body` raises.
    """
    digest = hashlib.sha256()
    upload = await _taken(call, digest.update)
    return upload, digest.hexdigest()


async def _taken(call: Call, write: Write) -> Upload:
    kind, options = parse_options_header(call.headers.get("content-type", ""))
    if kind == b"multipart/form-data":
        upload = await _from_form(call.chunks(), options.get(b"boundary", b""), write)
    else:
        upload = await _raw(call, write)
    upload.fields |= dict(call.query)
    if "name" in upload.fields:
        upload.name = plain_name(upload.fields["name"])
    if not upload.size:
        told = "There is no document in the request, or it has no bytes"
        raise ApiError(400, "invalid_request_error", told, param="file")
    return upload


async def _raw(call: Call, write: Write) -> Upload:
    upload = Upload(plain_name(unquote(call.headers.get("x-filename", ""))))
    async for chunk in call.chunks():
        write(chunk)
        upload.size += len(chunk)
    return upload


async def _from_form(chunks: AsyncIterator[bytes], boundary: bytes, write: Write) -> Upload:
    form = _Form(write)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin,
                "on_header_field": form.header_name,
                "on_header_value": form.header_value,
                "on_header_end": form.header_end,
                "on_headers_finished": form.headers_finished,
                "on_part_data": form.data,
                "on_part_end": form.end,
                "on_end": form.all_came,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError:
        raise ApiError(400, "invalid_request_error", "The form is malformed") from None
    if not form.is_whole:
        raise ApiError(400, "invalid_request_error", "The form breaks off before its end")
    return form.upload


class _Form:
    """Takes a form's parts as they come; only the document's bytes may be long."""

    def __init__(self, write: Write) -> None:
        self.upload = Upload()
        self._write = write
        self.is_whole = False
        self._parts = 0
        self._has_file = False

    def begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise ApiError(400, "invalid_request_error", f"The form has more than {_MOST_PARTS} fields")
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._field = ""
        self._is_file = False
        self._text = bytearray()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            return
        if self._has_file:
            raise ApiError(400, "invalid_request_error", "The form has more than one document", param="file")
        self._is_file = self._has_file = True
        self.upload.name = plain_name(options[b"filename"].decode(errors="replace"))

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._write(data[start:end])
            self.upload.size += end - start
            return
        self._text += data[start:end]
        if len(self._text) > _MOST_FIELD:
            raise ApiError(400, "invalid_request_error", f"A field is longer than {_MOST_FIELD} bytes", param="form")

    def end(self) -> None:
        if not self._is_file:
            self.upload.fields[self._field] = self._text.decode(errors="replace")

    def all_came(self) -> None:
        self.is_whole = True


def plain_name(name: str) -> str:
    """A file's name without folders and without what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if character.isprintable())
    return shown[:_LONGEST_NAME] or "document"

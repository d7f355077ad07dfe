"""Mistral's OCR call: a document in, its pages as Markdown out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, BinaryIO

from muniment.reading.source import bytes_in_memory
from muniment.server.allowance import charge
from muniment.server.answer import Answer, json_answer
from muniment.server.budget import MEMORY_A_BYTE
from muniment.server.call import Call
from muniment.server.checks import unknown_field
from muniment.server.errors import ApiError
from muniment.server.images import read_base64
from muniment.server.ocr_pages import OcrPages, PictureWishes
from muniment.server.reading_now import pages_of
from muniment.server.routes.files import FILE_SCHEME
from muniment.server.service import Service
from muniment.server.uploads import plain_name

_RANGES = re.compile(r"[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?){0,999}", re.ASCII)

_IGNORED = {
    "confidence_scores_granularity",
    "extract_footer",
    "extract_header",
    "id",
    "include_blocks",
    "table_format",
}
"""Without a use here. Mistral's client sends some of them unasked, so they are named in the answer and not refused."""
_KNOWN = _IGNORED | {"model", "document", "pages", "include_image_base64", "image_limit", "image_min_size"}
_UNSUPPORTED = {
    "bbox_annotation_format": "Pictures are not annotated here",
    "document_annotation_format": "Data is not extracted here yet: use `muniment extract`",
    "document_annotation_prompt": "Data is not extracted here yet: use `muniment extract`",
}


async def ocr(call: Call, service: Service) -> Answer:
    """POST /v1/ocr."""
    body = await call.json()
    _check(body)
    wishes = PictureWishes.of(body)
    if wishes.with_data:
        memory = service.picture_budget.take(MEMORY_A_BYTE * service.caps.ocr_image_bytes, call.owner)
        await call.held.enter_async_context(memory)
    model = service.models.find(_model_name(body))
    file, name, size = _document(call, service, body.get("document"))
    document = await service.models.open(file, name, is_hashed=True)
    try:
        numbers = _numbers(body.get("pages"), document.page_count, service.caps.ocr_pages)
        call.account.document = service.audit.document_hash(bytes.fromhex(document.sha256))
        told = OcrPages(wishes, partial(service.models.cut, document), service.caps.ocr_image_bytes)
        charge(call, service, len(numbers))
        async with aclosing(pages_of(call, service, model, document, numbers)) as read:
            pages = [await told.told(page) async for page in read]
    finally:
        document.close()
    return json_answer(
        {
            "pages": pages,
            "model": model.name,
            "document_annotation": None,
            "usage_info": {"pages_processed": len(pages), "doc_size_bytes": size},
            "muniment": {
                "ignored": sorted(name for name in _IGNORED if body.get(name) is not None),
                "images_without_data": told.without_data,
            },
        }
    )


def _check(body: Mapping[str, Any]) -> None:
    for field, why in _UNSUPPORTED.items():
        if body.get(field) is not None:
            raise ApiError(400, "invalid_request_error", why, param=field)
    unknown = body.keys() - _KNOWN - _UNSUPPORTED.keys()
    if unknown:
        raise unknown_field(unknown, "", _KNOWN)


def _model_name(body: Mapping[str, Any]) -> str | None:
    """The model; names of Mistral's own stand for the default one, as its clients insist on sending one."""
    name = body.get("model")
    if name is None or (isinstance(name, str) and name.startswith("mistral-ocr")):
        return None
    if not isinstance(name, str):
        raise ApiError(400, "invalid_request_error", "The model's name is no text", param="model")
    return name


def _document(call: Call, service: Service, told: Any) -> tuple[BinaryIO, str, int]:
    """The document as a file, its name, and its size."""
    if not isinstance(told, Mapping):
        raise ApiError(400, "invalid_request_error", "There is no document", param="document")
    match told.get("type"):
        case "file":
            return service.files.open(str(told.get("file_id")), call.owner)
        case "document_url":
            url = told.get("document_url")
        case "image_url":
            url = told.get("image_url")
            url = url.get("url") if isinstance(url, Mapping) else url
        case _:
            raise ApiError(
                400, "invalid_request_error", "Its type is document_url, image_url or file", param="document.type"
            )
    if isinstance(url, str) and url.startswith(FILE_SCHEME):
        return service.files.open(url.removeprefix(FILE_SCHEME), call.owner)
    data = _decoded(url)
    name = told.get("document_name")
    return bytes_in_memory(data), plain_name(name if isinstance(name, str) else ""), len(data)


def _decoded(url: Any) -> bytes:
    head, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise ApiError(
            400,
            "invalid_request_error",
            "Muniment fetches nothing: send the document as a data URL in base64, or upload it to /v1/files",
            param="document",
        )
    return read_base64(data, "document")


def _numbers(wanted: Any, count: int, most: int) -> Sequence[int]:
    """Page numbers from 1; Mistral counts from 0."""
    asked = range(count) if wanted is None else _listed(wanted, count)
    numbers: dict[int, None] = {}
    for page in asked:
        if not 0 <= page < count:
            raise ApiError(400, "invalid_request_error", f"The document has pages 0 to {count - 1}", param="pages")
        numbers[page + 1] = None
        if len(numbers) > most:
            raise ApiError(
                413,
                "invalid_request_error",
                f"More than {most:,} pages: hand the document in at /v1/documents",
                param="pages",
            )
    return list(numbers)


def _listed(wanted: Any, count: int) -> Iterable[int]:
    """Page numbers from 0, as they were asked for: a list of them, or a string like "0,2-4"."""
    if isinstance(wanted, list) and all(isinstance(page, int) and not isinstance(page, bool) for page in wanted):
        return wanted
    if isinstance(wanted, str) and _RANGES.fullmatch(wanted):
        parts = [[int(end) for end in part.split("-")] for part in wanted.split(",")]
        if all(part[0] <= part[-1] for part in parts):
            # A range may name any number of pages; one beyond the last is enough to see that it does.
            return (page for part in parts for page in range(part[0], min(part[-1], max(part[0], count)) + 1))
    message = 'Pages are a list of numbers from 0, or a string like "0,2-4"'
    raise ApiError(400, "invalid_request_error", message, param="pages")

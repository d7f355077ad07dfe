"""Mistral's OCR call: a document in, its pages as Markdown out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from muniment.outputs import Format, writer_for
from muniment.reading import PageReading, PageStatus
from muniment.reading.source import bytes_in_memory
from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.checks import unknown_field
from muniment.server.errors import ApiError
from muniment.server.images import read_base64
from muniment.server.reading_now import pages_of
from muniment.server.routes.files import FILE_SCHEME
from muniment.server.service import Service
from muniment.server.uploads import plain_name
from muniment.text import Figure

DPI = 200
"""That a PDF's page is told to have been looked at with; boxes count in its pixels."""
_POINTS = 72
_RANGES = re.compile(r"[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?){0,999}", re.ASCII)

_IGNORED = {
    "confidence_scores_granularity",
    "extract_footer",
    "extract_header",
    "id",
    "image_limit",
    "image_min_size",
    "include_blocks",
    "table_format",
}
"""Without a use here. Mistral's client sends some of them unasked, so they are named in the answer and not refused."""
_KNOWN = _IGNORED | {"model", "document", "pages", "include_image_base64"}
_UNSUPPORTED = {
    "bbox_annotation_format": "Pictures are not annotated here",
    "document_annotation_format": "Data is not extracted here yet: use `muniment extract`",
    "document_annotation_prompt": "Data is not extracted here yet: use `muniment extract`",
}


async def ocr(call: Call, service: Service) -> Answer:
    """POST /v1/ocr."""
    body = await call.json()
    _check(body)
    model = service.models.find(_model_name(body))
    file, name, size = _document(call, service, body.get("document"))
    document = await service.models.open(file, name, is_hashed=True)
    try:
        numbers = _numbers(body.get("pages"), document.page_count, service.caps.ocr_pages)
        call.account.pages = len(numbers)
        call.account.document = service.audit.document_hash(bytes.fromhex(document.sha256))
        service.gate.charge(call.key, len(numbers))
        pages = [_page(page) async for page in pages_of(call, service, model, document, numbers)]
    finally:
        document.close()
    return json_answer(
        {
            "pages": pages,
            "model": model.name,
            "document_annotation": None,
            "usage_info": {"pages_processed": len(pages), "doc_size_bytes": size},
            "muniment": {"ignored": sorted(name for name in _IGNORED if body.get(name) is not None)},
        }
    )


def _check(body: Mapping[str, Any]) -> None:
    for field, why in _UNSUPPORTED.items():
        if body.get(field) is not None:
            raise ApiError(400, "invalid_request_error", why, param=field)
    unknown = body.keys() - _KNOWN - _UNSUPPORTED.keys()
    if unknown:
        raise unknown_field(unknown, "", _KNOWN)
    if body.get("include_image_base64"):
        raise ApiError(
            400, "invalid_request_error", "Pictures are told by their places, not cut out", param="include_image_base64"
        )


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
    if wanted is None:
        numbers: Sequence[int] = range(1, count + 1)
    else:
        numbers = [page + 1 for page in dict.fromkeys(_listed(wanted, count))]
    if any(not 1 <= number <= count for number in numbers):
        raise ApiError(400, "invalid_request_error", f"The document has pages 0 to {count - 1}", param="pages")
    if len(numbers) > most:
        raise ApiError(
            413,
            "invalid_request_error",
            f"More than {most:,} pages: hand the document in at /v1/documents",
            param="pages",
        )
    return numbers


def _listed(wanted: Any, count: int) -> Iterable[int]:
    """Page numbers from 0, as they were asked for: a list of them, or a string like "0,2-4"."""
    if isinstance(wanted, list) and all(isinstance(page, int) and not isinstance(page, bool) for page in wanted):
        return wanted
    if isinstance(wanted, str) and _RANGES.fullmatch(wanted):
        parts = [[int(end) for end in part.split("-")] for part in wanted.split(",")]
        if all(part[0] <= part[-1] for part in parts):
            # A range may name any number of pages; one beyond the last is enough to see that it does.
            return [page for part in parts for page in range(part[0], min(part[-1], max(part[0], count)) + 1)]
    message = 'Pages are a list of numbers from 0, or a string like "0,2-4"'
    raise ApiError(400, "invalid_request_error", message, param="pages")


def _page(page: PageReading) -> dict[str, Any]:
    """A page as Mistral tells it, and what Muniment has to say beside."""
    scale = DPI / _POINTS if page.unit == "pt" else 1.0
    width, height = round(page.width * scale), round(page.height * scale)
    figures = [block for block in page.blocks if isinstance(block, Figure) and block.box is not None]
    return {
        "index": page.number - 1,
        "markdown": writer_for(Format.MD).page(page).strip(),
        "images": [
            {
                "id": f"img-{number}",
                "top_left_x": round(figure.box.x0 * width),
                "top_left_y": round(figure.box.y0 * height),
                "bottom_right_x": round(figure.box.x1 * width),
                "bottom_right_y": round(figure.box.y1 * height),
                "image_base64": None,
                "image_annotation": None,
            }
            for number, figure in enumerate(figures)
            if figure.box is not None
        ],
        "dimensions": {"dpi": DPI, "width": width, "height": height} if width and height else None,
        "muniment": {
            "status": page.status.value,
            "flags": list(page.flags),
            "problem": page.problem if page.status is PageStatus.FAILED else "",
        },
    }

"""Mistral's files: uploaded once, read by /v1/ocr."""

import time
from typing import Any

from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.files import StoredFile
from muniment.server.listing import whole_number
from muniment.server.service import Service
from muniment.server.uploads import receive

_FIELDS = frozenset({"purpose", "name", "visibility", "expiry"})
_MOST_LISTED = 1_000
_LAST_PAGE = 10**9
FILE_SCHEME = "muniment-file:"
"""What an uploaded file's own "URL" begins with: a name for it in /v1/ocr, and no address."""


async def upload(call: Call, service: Service) -> Answer:
    """POST /v1/files."""
    with service.files.coming() as file_id, service.storage.room(call.owner) as room:
        came = await receive(call, service.files.path_of(file_id), room)
        came.check_fields(_FIELDS)
        file = StoredFile(file_id, call.owner, came.name, came.size, time.time())
        service.files.add(file)
    return json_answer(_told(file))


async def listed(call: Call, service: Service) -> Answer:
    """GET /v1/files: the newest first; page by page as OpenAI's clients ask for them, or as Mistral's do."""
    call.check_query(("limit", "after", "order", "page", "page_size", "include_total", "purpose"))
    if not set(call.query.getlist("include_total")) <= {"true", "false"}:
        raise ApiError(400, "invalid_request_error", "That is neither true nor false", param="include_total")
    order = call.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(400, "invalid_request_error", "'order' has to be asc or desc", param="order")
    if call.query.get("purpose", "ocr") != "ocr":
        raise ApiError(400, "invalid_request_error", "Every file here is for 'ocr'", param="purpose")
    most = whole_number(call, "limit" if "limit" in call.query else "page_size", 100, 1, _MOST_LISTED)
    skipped = most * whole_number(call, "page", 0, 0, _LAST_PAGE)
    after = service.files.find(call.query["after"], call.owner) if "after" in call.query else None
    # One more tells whether there are more.
    files = service.files.of_owner(call.owner, most + 1, after, skipped, oldest_first=order == "asc")
    told = [_told(file) for file in files[:most]]
    total = service.files.count(call.owner)
    return json_answer({"object": "list", "data": told, "total": total, "has_more": len(files) > most})


async def shown(call: Call, service: Service) -> Answer:
    """GET /v1/files/{id}."""
    return json_answer(_told(service.files.find(call.path["id"], call.owner)))


async def url(call: Call, service: Service) -> Answer:
    """GET /v1/files/{id}/url: what stands for the file in /v1/ocr."""
    return json_answer({"url": FILE_SCHEME + service.files.find(call.path["id"], call.owner).id})


async def removed(call: Call, service: Service) -> Answer:
    """DELETE /v1/files/{id}: erased."""
    file = service.files.find(call.path["id"], call.owner, removed=True)
    service.files.remove(file.id)
    return json_answer({"id": file.id, "object": "file", "deleted": True})


def _told(file: StoredFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": int(file.created),
        "filename": file.name,
        "purpose": "ocr",
        "sample_type": "ocr_input",
        "source": "upload",
        "deleted": False,
    }

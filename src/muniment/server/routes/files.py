"""Mistral's files: uploaded once, read by /v1/ocr."""

import time
from typing import Any

from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.files import StoredFile
from muniment.server.service import Service
from muniment.server.uploads import receive

_FIELDS = frozenset({"purpose", "name", "visibility", "expiry"})
FILE_SCHEME = "muniment-file:"
"""What an uploaded file's own "URL" begins with: a name for it in /v1/ocr, and no address."""


async def upload(call: Call, service: Service) -> Answer:
    """POST /v1/files."""
    file_id = service.files.new_id()
    try:
        came = await receive(call, service.files.path_of(file_id))
        came.check_fields(_FIELDS)
        file = StoredFile(file_id, call.owner, came.name, came.size, time.time())
        service.files.add(file)
    except BaseException:
        service.files.remove(file_id)
        raise
    return json_answer(_told(file))


async def listed(call: Call, service: Service) -> Answer:
    """GET /v1/files."""
    files = [_told(file) for file in service.files.of_owner(call.owner)]
    return json_answer({"object": "list", "data": files, "total": len(files), "has_more": False})


async def shown(call: Call, service: Service) -> Answer:
    """GET /v1/files/{id}."""
    return json_answer(_told(service.files.find(call.path["id"], call.owner)))


async def url(call: Call, service: Service) -> Answer:
    """GET /v1/files/{id}/url: what stands for the file in /v1/ocr."""
    return json_answer({"url": FILE_SCHEME + service.files.find(call.path["id"], call.owner).id})


async def removed(call: Call, service: Service) -> Answer:
    """DELETE /v1/files/{id}."""
    file = service.files.find(call.path["id"], call.owner)
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

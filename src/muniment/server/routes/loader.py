"""Open WebUI's external document loader: a file in, its text out."""

from typing import Any
from urllib.parse import unquote

from muniment.outputs import Format, writer_for
from muniment.reading import DocumentInfo, PageReading
from muniment.reading.source import bytes_in_memory
from muniment.server.allowance import charge
from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.reading_now import pages_of
from muniment.server.service import Service
from muniment.server.uploads import plain_name


async def process(call: Call, service: Service) -> Answer:
    """PUT /process: the body is the document, X-Filename its name; the answer is an object a page."""
    call.check_query(("model",))
    name = plain_name(unquote(call.headers.get("x-filename", "")))
    model = service.models.find(call.query.get("model"))
    document = await service.models.open(bytes_in_memory(await call.body()), name, is_hashed=True)
    try:
        count = document.page_count
        if count > service.caps.document_pages:
            raise ApiError(413, "invalid_request_error", f"That is more than {service.caps.document_pages:,} pages")
        call.account.document = service.audit.document_hash(bytes.fromhex(document.sha256))
        charge(call, service, count)
        numbers = range(1, count + 1)
        pages = [_told(document.info, page) async for page in pages_of(call, service, model, document, numbers)]
    finally:
        document.close()
    return json_answer(pages)


def _told(info: DocumentInfo, page: PageReading) -> dict[str, Any]:
    return {
        "page_content": writer_for(Format.MD).page(page).strip(),
        "metadata": {
            "source": info.name,
            "page": page.number,
            "pages": info.page_count,
            "status": page.status.value,
            "flags": list(page.flags),
        },
    }

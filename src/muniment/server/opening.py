"""Images out of requests, opened where they can do no harm."""

from muniment.reading.source import OpenDocument, bytes_in_memory
from muniment.server.errors import ApiError
from muniment.server.images import SentImage
from muniment.server.service import Service


async def opened(service: Service, image: SentImage) -> OpenDocument:
    """An image, opened in a worker, which also sees that it is one and not too large.

    Raises:
        DocumentError: it is none, or too large.
        ApiError: it is a PDF, or has several pages, of which an engine would see the first.
    """
    document = await service.models.open(bytes_in_memory(image.data), "the image")
    if document.kind == "pdf" or document.page_count > 1:
        document.close()
        raise ApiError(
            422,
            "invalid_request_error",
            "An image is one page: hand documents in at /v1/documents or /v1/ocr",
            param="messages",
            code="not_an_image",
        )
    return document

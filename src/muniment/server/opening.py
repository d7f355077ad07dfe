"""Images out of requests, opened where they can do no harm."""

import io

from muniment.reading.source import OpenDocument, in_memory
from muniment.server.images import SentImage
from muniment.server.service import Service


async def opened(service: Service, image: SentImage) -> OpenDocument:
    """An image, opened in a worker, which also sees that it is one and not too large.

    Raises:
        DocumentError: it is none, or too large.
    """
    return await service.models.open(in_memory(io.BytesIO(image.data)), "the image")

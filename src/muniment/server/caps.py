"""How much one request may ask for."""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most of everything that a request may hold or ask for; beyond it, it is refused with the reason.

    Attributes:
        body_bytes: bytes of a JSON body, as it comes.
        document_bytes: bytes of the documents that are uploaded with one request.
        images: page images a request.
        document_pages: pages a document has.
        ocr_pages: pages a request of /v1/ocr, which waits for all of them.
        ocr_image_bytes: characters of base64 of pictures that a request of /v1/ocr is answered with.
        messages: messages a chat request.
        text_characters: characters of all texts of a request together.
        n: answers to one request.
        max_tokens: tokens of an answer. More may be asked for; generation ends here all the same.
        request_seconds: seconds from a request's beginning to the end of its answer.
    """

    body_bytes: int = 64 * _MIB
    document_bytes: int = 512 * _MIB
    images: int = 8
    document_pages: int = 2_000
    ocr_pages: int = 1_000
    ocr_image_bytes: int = 64 * _MIB
    messages: int = 64
    text_characters: int = 400_000
    n: int = 1
    max_tokens: int = 32_768
    request_seconds: float = 3_600.0

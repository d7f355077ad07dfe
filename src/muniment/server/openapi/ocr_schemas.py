"""Mistral's routes: OCR and files."""

from typing import Annotated, Any, Literal

from pydantic import Field

from muniment.server.openapi.schema_bases import Asked, Count, FileId, Told

_KINDS = "PDF, PNG, JPEG, TIFF, WebP, BMP, GIF or HEIC"

Url = Annotated[
    str,
    Field(
        pattern="^(data:[^,]*;base64,[A-Za-z0-9+/]+={0,2}|muniment-file:file_[0-9a-f]{32})$",
        description=f"{_KINDS} as a data URL in base64, or what GET /v1/files/{{id}}/url gave. Nothing is fetched.",
        examples=["data:application/pdf;base64,JVBERi0="],
    ),
]


PageRanges = Annotated[str, Field(pattern="^[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?){0,999}$")]


class DocumentUrl(Asked):
    """A document inside the request, or an uploaded one by its URL."""

    type: Literal["document_url"]
    document_url: Url
    document_name: str | None = None


class OcrImageUrl(Asked):
    """An image's URL in an object."""

    url: Url


class ImageDocument(Asked):
    """An image inside the request, or an uploaded one by its URL."""

    type: Literal["image_url"]
    image_url: OcrImageUrl | Url


class FileDocument(Asked):
    """An uploaded document."""

    type: Literal["file"]
    file_id: FileId


class OcrRequest(Asked):
    """A document to be read while the client waits."""

    document: DocumentUrl | ImageDocument | FileDocument
    model: str | None = None
    """One of GET /v1/models. Names that begin with "mistral-ocr" and null stand for the default one."""
    pages: list[Count] | PageRanges | None = None
    """Page numbers from 0, as a list or like "0,2-4"; all without it."""
    include_image_base64: bool | None = None
    """Whether pictures are cut out of the pages too; without it they are only told of by their places."""
    image_limit: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """How many pictures of the document at most; the first ones are told of."""
    image_min_size: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Pixels that both sides of a picture have at least; smaller ones are not told of."""
    id: Any = None
    """Taken, without a use here, and named in the answer under "muniment"; so are those below."""
    table_format: Any = None
    extract_header: Any = None
    extract_footer: Any = None
    include_blocks: Any = None
    confidence_scores_granularity: Any = None


class OcrImage(Told):
    """A picture on a page, by its corners in pixels of "dimensions"."""

    id: Annotated[str, Field(pattern=r"^img-[0-9]+\.jpeg$")]
    """What the page's Markdown calls it, and no other picture of the document."""
    top_left_x: int
    top_left_y: int
    bottom_right_x: int
    bottom_right_y: int
    image_base64: str | None
    """A data URL; null unless it was asked for."""
    image_annotation: None


class OcrDimensions(Told):
    """A page's size in pixels."""

    dpi: Count
    width: Count
    height: Count


class OcrRemarks(Told):
    """What Muniment has to say beside."""

    status: Literal["read", "fallback", "failed"]
    flags: list[str]
    problem: str
    """Why the page failed; "" unless it did."""
    images_without_place: Count
    """Pictures that the model told of without saying where; they are in the Markdown, and not under "images"."""


class OcrPage(Told):
    """A page; failed ones keep their place."""

    index: Count
    markdown: str
    images: list[OcrImage]
    dimensions: OcrDimensions | None
    muniment: OcrRemarks


class OcrUsage(Told):
    """How much was read."""

    pages_processed: Count
    doc_size_bytes: Count


class OcrIgnored(Told):
    """What else Muniment has to say."""

    ignored: list[str]
    """Fields of the request that it had no use for."""
    images_without_data: Count
    """Pictures that were to be cut out and were not, as that failed or there were too many."""


class OcrAnswer(Told):
    """A document's pages, in order."""

    pages: list[OcrPage]
    model: str
    document_annotation: None
    usage_info: OcrUsage
    muniment: OcrIgnored


class FileForm(Asked):
    """A form with a document."""

    file: Annotated[str, Field(json_schema_extra={"format": "binary"})]
    purpose: Any = None
    """Taken, and without a meaning here: every file is for OCR."""


class UploadedFile(Told):
    """An uploaded file. It is erased when its lifetime is over."""

    id: FileId
    object: Literal["file"]
    bytes: Count
    created_at: int
    filename: str
    purpose: Literal["ocr"]
    sample_type: Literal["ocr_input"]
    source: Literal["upload"]
    deleted: Literal[False]


class FileList(Told):
    """The key's files, the newest first unless it was asked for otherwise."""

    object: Literal["list"]
    data: list[UploadedFile]
    total: Count
    """How many there are, in this list or not."""
    has_more: bool


class FileUrl(Told):
    """What stands for a file in /v1/ocr; a name, and no address."""

    url: str


class FileDeleted(Told):
    """A file that is gone."""

    id: FileId
    object: Literal["file"]
    deleted: Literal[True]

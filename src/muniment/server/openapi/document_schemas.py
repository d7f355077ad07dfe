"""Documents handed in as jobs, and Open WebUI's loader."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from muniment.server.openapi.schema_bases import Asked, Count, DocumentId, Told

PageNumber = Annotated[int, Field(ge=1)]


class DocumentForm(Asked):
    """A form with a document. Its other fields may stand in the query as well."""

    file: Annotated[str, Field(json_schema_extra={"format": "binary"})]
    name: str | None = None
    """What to call it, if not by the file's name."""
    model: str | None = None
    """One of GET /v1/models; the default one without it."""
    pages: str | None = None
    """Which pages, from 1, like 1-3,7 or 5-."""


class FailedPage(Told):
    """A page that could not be read."""

    page: PageNumber
    problem: str


class Progress(Told):
    """What became of the pages until now."""

    asked: Count
    done: Count
    """Read, by a fallback or not, or failed."""
    fallback: list[PageNumber]
    failed: list[FailedPage]


class Document(Told):
    """A document that was handed in."""

    id: DocumentId
    object: Literal["document"]
    name: str
    kind: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    model: str
    state: Literal["waiting", "reading", "done", "failed"]
    """Failed is what could not be read at all; single pages that failed are told under "pages"."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    """When all of it is erased."""
    page_count: Count
    pages: Progress
    problem: str
    """Why it failed or has to wait; "" otherwise."""


class DocumentList(Told):
    """The key's documents, the newest first."""

    object: Literal["list"]
    data: list[Document]
    has_more: bool


class LoadedMetadata(Told):
    """Where a page's text comes from, and how."""

    source: str
    page: PageNumber
    pages: Count
    status: Literal["read", "fallback", "failed"]
    flags: list[str]


class LoadedPage(Told):
    """A page, as Open WebUI takes it."""

    page_content: str
    metadata: LoadedMetadata

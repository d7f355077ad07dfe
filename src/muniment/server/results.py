"""A job's pages as a document in one of the output formats."""

from collections.abc import Iterator
from pathlib import Path

from muniment.documents import Source
from muniment.outputs import Format, writer_for
from muniment.reading import EMBEDDED, DocumentOpened, Event, Furniture, PageDone, PageReading, PageStatus
from muniment.reading.furniture import furnished
from muniment.server.answer import SHUT
from muniment.server.jobs import Job, JobStore

KINDS = {
    Format.MD: "text/markdown; charset=utf-8",
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.TXT: "text/plain; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8",
}
POLICY = f"{SHUT}; style-src 'unsafe-inline'"
"""The Content-Security-Policy of a result: one in HTML has a style of its own, and nothing that runs."""


def written(job: Job, store: JobStore, form: Format, furniture: Furniture) -> Iterator[str]:
    """A finished job's result, page by page."""
    writer = writer_for(form)
    yield writer.begin(job.info)
    for page in _pages(job, store, furniture):
        yield writer.page(page)
    yield writer.end()


def _pages(job: Job, store: JobStore, furniture: Furniture) -> Iterator[PageReading]:
    source = Source(Path(job.info.name), job.info.name)
    read = (PageDone(source, page) for page in _in_their_places(job, store))
    events: Iterator[Event] = furnished(
        _behind(DocumentOpened(source, job.info, job.numbers), read), furniture, recurring=job.model != EMBEDDED
    )
    return (event.page for event in events if isinstance(event, PageDone))


def _in_their_places(job: Job, store: JobStore) -> Iterator[PageReading]:
    """Every page that was asked for; one that a job which failed did not come to is failed too."""
    read = store.pages_of(job).in_order()
    page = next(read, None)
    for number in job.numbers:
        if page is not None and page.number == number:
            yield page
            page = next(read, None)
        else:
            yield PageReading(number=number, status=PageStatus.FAILED, problem=job.problem)


def _behind(first: Event, others: Iterator[PageDone]) -> Iterator[Event]:
    yield first
    yield from others

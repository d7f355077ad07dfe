"""Opening: bytes of any kind in, a document out, or an error that says what to do."""

import os
from typing import BinaryIO

from muniment.documents.document import Document, Limits
from muniment.documents.kinds import HEAD_SIZE, SUPPORTED, kind_of, resemblance
from muniment.errors import LimitExceeded, NotADocument


def open_document(file: BinaryIO, name: str, *, password: str | None = None, limits: Limits | None = None) -> Document:
    """Open a document. What it holds is untrusted: call this where there is no network, in a process that may die.

    Args:
        file: seekable and open for reading; it must stay open as long as the document, which never closes it.
        name: for messages only; the bytes alone decide what kind of file it is.
        password: for encrypted PDFs; ignored where none is needed.
        limits: what the document may ask of this machine; ``Limits()`` if None.

    Raises:
        NotADocument: empty, or of a kind that cannot be read.
        BrokenDocument: damaged beyond opening, or without pages.
        PasswordNeeded: encrypted, and ``password`` is missing or wrong.
        LimitExceeded: more pages or pixels than ``limits`` allow.
    """
    limits = limits or Limits()
    document = _open(file, name, password, limits)
    if document.page_count > limits.max_pages:
        page_count = document.page_count
        document.close()
        raise LimitExceeded(
            f"{name} has {page_count:,} pages; at most {limits.max_pages:,} are allowed",
            "Split it into smaller files.",
        )
    return document


def _open(file: BinaryIO, name: str, password: str | None, limits: Limits) -> Document:
    kind = _recognise(file, name)
    if kind == "pdf":
        from muniment.documents.pdf import open_pdf

        return open_pdf(file, name, password, limits)
    from muniment.documents.images import open_image

    return open_image(file, name, kind, limits)


def _recognise(file: BinaryIO, name: str) -> str:
    file.seek(0, os.SEEK_SET)
    head = file.read(HEAD_SIZE)
    if not head:
        raise NotADocument(f"{name} is empty", "Copy or scan it again.")
    kind = kind_of(head)
    if kind is None:
        seems = resemblance(head)
        what = f"{name} seems to be {seems}" if seems else f"{name} is no kind of document known here"
        raise NotADocument(what, f"{SUPPORTED} can be read; print or export it as PDF.")
    return kind

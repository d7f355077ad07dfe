"""Documents for LlamaIndex, a page each: ``pip install muniment[llamaindex]``.

::

    from muniment.integrations.llamaindex import MunimentReader

    documents = MunimentReader().load_data("scan.pdf")
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from muniment.outputs import Format, writer_for
from muniment.reading import PageReading, ReadOptions, stream

try:
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document
except ModuleNotFoundError as missing:
    message = "LlamaIndex is not installed: pip install 'muniment[llamaindex]'"
    raise ModuleNotFoundError(message, name=missing.name) from None


class MunimentReader(BaseReader):
    """Reads documents on this machine; a ``file_extractor`` of LlamaIndex's ``SimpleDirectoryReader`` as well.

    A page that cannot be read keeps its place, with no text and its status and problem in the metadata.

    Args:
        options: how to read; the embedded engine reads without them.
    """

    def __init__(self, options: ReadOptions | None = None) -> None:
        self._options = options or ReadOptions()

    def lazy_load_data(self, file: str | Path, extra_info: dict[str, Any] | None = None) -> Iterable[Document]:
        """A document for each page, as soon as it is read.

        The text is Markdown. The metadata tell ``source``, ``page`` (from 1), ``pages``, ``status``, ``flags``, and
        ``problem`` if the page failed; only the first two are shown to models.

        Args:
            file: a PDF or an image.
            extra_info: further metadata.

        Raises:
            DocumentError: the document cannot be opened.
        """
        with stream(file, self._options) as pages:
            for page in pages:
                yield _document(page, pages.info.name, pages.info.page_count, extra_info or {})

    def load_data(self, file: str | Path, extra_info: dict[str, Any] | None = None) -> list[Document]:
        """As :meth:`lazy_load_data`, all at once."""
        return list(self.lazy_load_data(file, extra_info))


def _document(page: PageReading, source: str, pages: int, extra: dict[str, Any]) -> Document:
    problem = {"problem": page.problem} if page.problem else {}
    metadata = {
        **extra,
        "source": source,
        "page": page.number,
        "pages": pages,
        "status": page.status.value,
        "flags": list(page.flags),
        **problem,
    }
    hidden = [name for name in metadata if name not in ("source", "page", *extra)]
    return Document(
        text=writer_for(Format.MD).page(page).strip(),
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
    )

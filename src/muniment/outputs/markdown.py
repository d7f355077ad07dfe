"""GitHub-flavoured Markdown, page by page."""

from collections.abc import Mapping

from muniment.outputs.markdown_blocks import NO_PICTURES, blocks_to_markdown, quoted
from muniment.outputs.markdown_text import comment, paragraph
from muniment.outputs.notes import failure_note
from muniment.reading import DocumentInfo, PageReading, PageStatus


class MarkdownWriter:
    """Each page of a longer document begins with a comment: ``<!-- page 3 -->``.

    Running heads, page numbers and watermarks become comments. A failed page leaves a visible note.
    """

    def __init__(self) -> None:
        self._separators = False
        self._started = False

    def begin(self, info: DocumentInfo) -> str:
        self._separators = info.page_count > 1
        return ""

    def page(self, page: PageReading, pictures: Mapping[int, str] = NO_PICTURES) -> str:
        """As of any writer; ``pictures`` as of :func:`muniment.outputs.markdown_blocks.blocks_to_markdown`."""
        parts = [comment(f"page {page.number}")] if self._separators else []
        if page.status is PageStatus.FAILED:
            parts.append(quoted(paragraph(f"[{failure_note(page)}]")))
        parts.append(blocks_to_markdown(page.blocks, pictures))
        text = "\n\n".join(filter(None, parts))
        gap = "\n" if self._started else ""
        self._started = True
        return f"{gap}{text}\n" if text else ""

    def end(self) -> str:
        return ""

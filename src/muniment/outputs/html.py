"""One self-contained HTML page."""

from html import escape

from muniment.outputs.characters import flat
from muniment.outputs.html_blocks import block_html
from muniment.outputs.html_style import STYLE
from muniment.outputs.notes import failure_note
from muniment.reading import DocumentInfo, PageReading, PageStatus

_STATUS_NOTES = {PageStatus.READ: "", PageStatus.FALLBACK: " · read by a fallback", PageStatus.FAILED: " · not read"}


class HtmlWriter:
    """Each page is a section with the id ``page-3``. Nothing is loaded from anywhere, and nothing runs."""

    def begin(self, info: DocumentInfo) -> str:
        return f"""<!DOCTYPE html>
<html lang="">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Muniment">
<title>{escape(flat(info.name))}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
"""

    def page(self, page: PageReading) -> str:
        parts = [f'<p class="place">Page {page.number}{_STATUS_NOTES[page.status]}</p>']
        if page.status is PageStatus.FAILED:
            parts.append(f'<p class="problem" role="note">{escape(failure_note(page))}</p>')
        parts += filter(None, map(block_html, page.blocks))
        body = "\n".join(parts)
        return f'<section id="page-{page.number}" data-status="{page.status.value}">\n{body}\n</section>\n'

    def end(self) -> str:
        return "</main>\n</body>\n</html>\n"

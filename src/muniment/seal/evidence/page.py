"""A report as one HTML page, for reading, printing and filing. It loads nothing, and nothing in it runs."""

import base64
import hashlib
from html import escape

from muniment.seal.claims import Verdict
from muniment.seal.evidence.contents import headline, opening, sections
from muniment.seal.evidence.layout import (
    MARKS,
    Block,
    Cell,
    Exact,
    Facts,
    Fold,
    Items,
    Table,
    Text,
    Verbatim,
    shown,
)
from muniment.seal.evidence.report import SignedReport
from muniment.seal.evidence.style import STYLE

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_WIDE = 24
"""Letters of a word from which on it may be broken anywhere; shorter ones set how narrow a column can be."""
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def as_html(report: SignedReport) -> str:
    """The page."""
    evidence = report.report.evidence
    body = "\n".join(
        f"<section>\n<h2>{_plain(section.title)}</h2>\n{_blocks(section.blocks)}\n</section>"
        for section in sections(report)
    )
    title = f"Evidence {report.report.number} of the deployment {evidence.deployment}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Muniment">
<title>{_plain(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{_plain(title)}</h1>
<p class="headline {evidence.verdict}">{_verdict(evidence.verdict)} {_plain(headline(evidence))}</p>
{_block(opening(report))}
</header>
{body}
</main>
</body>
</html>
"""


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{_plain(text)}</p>"
        case Items(items):
            return "<ul>\n" + "\n".join(f"<li>{_plain(item)}</li>" for item in items) + "\n</ul>"
        case Facts(rows):
            return (
                "<dl>\n"
                + "\n".join(f"<dt>{_plain(name)}</dt><dd>{_cell(value)}</dd>" for name, value in rows)
                + "\n</dl>"
            )
        case Verbatim(text):
            return "<pre>" + "\n".join(map(_plain, text.split("\n"))) + "</pre>"
        case Fold(verdict, title, inner):
            return (
                f"<details open>\n<summary>{_verdict(verdict)} {_plain(title)}</summary>\n{_blocks(inner)}\n</details>"
            )
        case Table(head, rows):
            return _table(head, rows)


def _table(head: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> str:
    heads = "".join(f'<th scope="col">{_plain(name)}</th>' for name in head)
    lines = ("".join(f"<td>{_cell(cell)}</td>" for cell in row) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cell(cell: Cell) -> str:
    match cell:
        case Verdict():
            return _verdict(cell)
        case Exact():
            wide = ' class="wide"' if max(map(len, cell.split()), default=0) > _WIDE else ""
            return f"<code{wide}>{_plain(cell)}</code>" if cell else ""
        case _:
            return _plain(cell)


def _verdict(verdict: Verdict) -> str:
    return f'<strong class="verdict {verdict}">{MARKS[verdict]} {verdict}</strong>'


def _plain(text: str) -> str:
    return escape(shown(text))

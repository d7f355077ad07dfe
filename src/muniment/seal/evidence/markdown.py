"""A report as Markdown (GitHub's, for its tables). What comes from elsewhere is shown as text, whatever is in it."""

import re

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

_MARKUP = re.compile(
    r"[\\`*_\[\]<>#|~&$@]"
    r"|:(?=//)|(?<=www)\."  # what GitHub makes links of
    r"|^[-+=]",  # what begins a list, or makes a heading of the line before
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.ASCII)
_BACKTICKS = re.compile("`+")


def as_markdown(report: SignedReport) -> str:
    """The text."""
    evidence = report.report.evidence
    parts = [
        f"# Evidence {report.report.number} of the deployment {_plain(evidence.deployment)}",
        f"{_verdict(evidence.verdict)} {_plain(headline(evidence))}",
        _block(opening(report)),
    ]
    for section in sections(report):
        parts += [f"## {_plain(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return _plain(text)
        case Items(items):
            return "\n".join(f"- {_plain(item)}" for item in items)
        case Facts(rows):
            return "\n".join(f"- **{_plain(name)}**: {_cell(value)}" for name, value in rows)
        case Verbatim(text):
            fence = _fence(text, 3)
            return "\n".join([fence, *map(shown, text.split("\n")), fence])
        case Fold(verdict, title, inner):
            return "\n\n".join([f"### {_verdict(verdict)} {_plain(title)}", *map(_block, inner)])
        case Table(head, rows):
            heads, rule = "".join(f"| {_plain(name)} " for name in head), "| --- " * len(head)
            lines = ("".join(f"| {_in_table(cell)} " for cell in row) for row in rows)
            return "\n".join(f"{line}|" for line in (heads, rule, *lines))


def _in_table(cell: Cell) -> str:
    """In code a bar would end the cell too; elsewhere it is escaped already."""
    return _cell(cell).replace("|", "\\|") if isinstance(cell, Exact) else _cell(cell)


def _cell(cell: Cell) -> str:
    match cell:
        case Verdict():
            return _verdict(cell)
        case Exact():
            return _code(cell)
        case _:
            return _plain(cell)


def _verdict(verdict: Verdict) -> str:
    return f"**{MARKS[verdict]} {verdict}**"


def _plain(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", shown(text).strip(" "))
    return _NUMBERED.sub(r"\1\\\2", escaped)


def _code(text: str) -> str:
    inside, ticks = shown(text), _fence(text, 1)
    if inside[:1] in ("`", " ") or inside[-1:] in ("`", " "):
        inside = f" {inside} "  # of spaces at both ends one is not shown
    return f"{ticks}{inside}{ticks}" if inside.strip(" ") else ""


def _fence(text: str, least: int) -> str:
    """More backticks than stand together anywhere in ``text``."""
    return "`" * max(least, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))

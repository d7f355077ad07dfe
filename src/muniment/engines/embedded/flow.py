"""One column's lines as headings, paragraphs, lists and check boxes.

Rows come top to bottom. A heading stands out by size, weight or the layout model's word; an item begins with its
marker; everything else is running text, and where it breaks is told by the space between rows, by indents, and by rows
that end before they had to.
"""

import re
from collections.abc import Callable, Sequence

from muniment.engines.embedded.checkboxes import split_tick
from muniment.engines.embedded.geometry import line_height
from muniment.engines.embedded.headings import looks_like_heading
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.passages import SAME_SIZE, Column, Passage, PassageKind, alike, step
from muniment.engines.embedded.rows import Row, breaks_on_purpose, row_of, row_pitch, rows_of
from muniment.engines.embedded.verse import with_verses
from muniment.text.lists import split_marker
from muniment.text.scripts import ends_sentence

_PARAGRAPH_GAP = 1.22
"""Steps from row to row so many times the usual one lie between paragraphs."""
_SENTENCE_GAP = 1.12
"""The same where a sentence ended."""
_HEADING_GAP = 1.7
_FAR_LARGER = 1.5
_INDENT = 0.6
_LEADER = re.compile(r"(?:[.·…]\s*){4,}\w{0,8}$")
"""Dots that lead to a page number: a line of a table of contents ends there."""
_MOST_HEADING_ROWS = 3
_FULL, _EARLY = 0.8, 0.6
"""Of a column's width: rows at least so wide fill it, and rows that end before this end on purpose."""
_LEAST_PROSE = 8.0
"""In line heights: rows that are shorter, about 18 letters, are an address or the like, though they fill a column."""


def passages_of(lines: Sequence[SeenLine], body: float, is_titled: Callable[[Row], bool]) -> list[Passage]:
    """``lines`` of one column as passages, top to bottom; every line is in exactly one.

    Args:
        body: the page's usual letter size in pixels.
        is_titled: whether the layout model takes a row for a title.
    """
    rows = [part for row in rows_of(lines) for part in _parts(row)]
    if not rows:
        return []
    left, right = min(row.rect.x0 for row in rows), max(row.rect.x1 for row in rows)
    column = Column(left, right, row_pitch(rows), _is_prose(rows, right - left), body, is_titled)
    return with_verses(_without_long_headings(_gathered(rows, column), column), column)


def _is_prose(rows: Sequence[Row], width: float) -> bool:
    least = max(_FULL * width, _LEAST_PROSE * line_height(row.rect for row in rows))
    full = [row for row in rows if row.rect.width >= least]
    return len(full) > 1 and sum(len(row.text) for row in full) * 2 >= sum(len(row.text) for row in rows)


def _parts(row: Row) -> list[Row]:
    """A row, its check boxes apart from what stands before them and from each other."""
    parts: list[list[SeenLine]] = []
    for piece in row.pieces:
        if not parts or split_tick(piece.text)[0] is not None:
            parts.append([])
        parts[-1].append(piece)
    return [row_of(part) for part in parts]


def _gathered(rows: Sequence[Row], column: Column) -> list[Passage]:
    passages: list[Passage] = []
    for place, row in enumerate(rows):
        following = rows[place + 1] if place + 1 < len(rows) else None
        kind = _kind(row, passages[-1].rows[-1] if passages else None, following, column)
        if passages and _goes_on(passages[-1], kind, row, following, column):
            passages[-1].rows.append(row)
        else:
            passages.append(Passage(kind, [row]))
    return passages


def _kind(row: Row, before: Row | None, following: Row | None, column: Column) -> PassageKind:
    ticked, rest = split_tick(row.text)
    if ticked is not None:
        return PassageKind.TICK if rest else PassageKind.TEXT
    if looks_like_heading(row, column.body, titled=column.is_titled(row)) and not _amid_text(row, before, column):
        return PassageKind.HEADING
    if _is_bold_lead(row, before, following, column):
        return PassageKind.HEADING
    marked = split_marker(row.text)
    is_item = marked is not None and (marked.text or marked.is_bullet)
    return PassageKind.ITEM if is_item else PassageKind.TEXT


def _is_bold_lead(row: Row, before: Row | None, following: Row | None, column: Column) -> bool:
    """A bold row of the text's own size, above text that is not bold."""
    if not row.bold or row.is_divided or following is None or following.bold:
        return False
    if row.text.rstrip().endswith((".", ",", ";")) or row.size < 0.9 * column.body:
        return False
    apart = before is None or step(before, row) > _PARAGRAPH_GAP * column.pitch
    return apart and breaks_on_purpose(row, following, column.right) and step(row, following) < 3 * column.pitch


def _amid_text(row: Row, before: Row | None, column: Column) -> bool:
    """Whether ``row`` is a line of the paragraph that the row before it belongs to, a little large as it measures."""
    if before is None or column.is_titled(row) or row.size > _FAR_LARGER * before.size:
        return False
    return (
        not breaks_on_purpose(before, row, column.right)
        and step(before, row) < _PARAGRAPH_GAP * column.pitch
        and not looks_like_heading(before, column.body, titled=False)
    )


def _goes_on(passage: Passage, kind: PassageKind, row: Row, following: Row | None, column: Column) -> bool:
    """Whether ``row`` belongs to ``passage``."""
    before = passage.rows[-1]
    if kind is PassageKind.TICK or (kind is PassageKind.ITEM and not _is_amid_sentence(passage, row, column)):
        return False
    if PassageKind.HEADING in (kind, passage.kind):
        return kind == passage.kind and _same_heading(before, row)
    if passage.kind == PassageKind.TICK:
        return row.rect.x0 > passage.rows[0].rect.x0 + 0.5 * before.rect.height and _is_close(before, row, column)
    if _LEADER.search(before.text) or _has_columns(row):
        return False
    if not alike(before, row) or not _is_close(before, row, column):
        return False
    if _has_columns(before):
        return _hangs_below(before, row) and not breaks_on_purpose(before, row, column.right)
    if passage.kind == PassageKind.ITEM:
        return _continues_item(passage, row, column)
    return not _starts_paragraph(passage, row, following, column)


def _is_amid_sentence(passage: Passage, row: Row, column: Column) -> bool:
    """Whether a row that begins like an item ("v. Jones", "(3) which") only goes on with a sentence of running text."""
    before = passage.rows[-1]
    return (
        passage.kind in (PassageKind.TEXT, PassageKind.ITEM)
        and column.is_prose
        and not ends_sentence(before.text)
        and not breaks_on_purpose(before, row, column.right)
        and abs(row.rect.x0 - before.rect.x0) < _INDENT * row.rect.height
        and not _begins_bullet(row)
    )


def _begins_bullet(row: Row) -> bool:
    marked = split_marker(row.text)
    return marked is not None and marked.is_bullet and marked.marker not in "-–—"


def _has_columns(row: Row) -> bool:
    """Whether wide gaps divide a row; the one between a marker and its text does not count."""
    marked = split_marker(row.pieces[0].text)
    has_marker_apart = marked is not None and not marked.text and len(row.pieces) > 1
    return (row_of(row.pieces[1:]) if has_marker_apart else row).is_divided


def _hangs_below(before: Row, row: Row) -> bool:
    """Whether ``row`` goes on with the last part of a divided row, as the explanation beside a term does."""
    return abs(row.rect.x0 - before.pieces[-1].x0) < _INDENT * row.rect.height


def _same_heading(before: Row, row: Row) -> bool:
    similar = max(before.size, row.size) <= SAME_SIZE * min(before.size, row.size) and before.bold == row.bold
    own = max(before.rect.height, row.rect.height)
    overlaps = min(before.rect.x1, row.rect.x1) > max(before.rect.x0, row.rect.x0)
    numbered = split_marker(row.text) is not None or row.text[:1].isdigit()
    return similar and overlaps and not numbered and step(before, row) < _HEADING_GAP * own


def _is_close(before: Row, row: Row, column: Column) -> bool:
    usual = max(column.pitch, 1.05 * min(before.rect.height, row.rect.height))
    return step(before, row) < _PARAGRAPH_GAP * usual


def _continues_item(passage: Passage, row: Row, column: Column) -> bool:
    """An item goes on as long as rows are full, and where a sentence goes on in a row that hangs below its text."""
    first, before = passage.rows[0], passage.rows[-1]
    if breaks_on_purpose(before, row, column.right):
        return _is_interrupted(before, row, column) and row.rect.x0 > first.rect.x0 + _INDENT * first.rect.height
    return True


def _starts_paragraph(passage: Passage, row: Row, following: Row | None, column: Column) -> bool:
    before = passage.rows[-1]
    interrupted = _is_interrupted(before, row, column)
    if not interrupted and (not column.is_prose or breaks_on_purpose(before, row, column.right)):
        return True
    if ends_sentence(before.text) and step(before, row) > _SENTENCE_GAP * column.pitch:
        return True
    indent = _INDENT * row.rect.height
    if row.rect.x0 > before.rect.x0 + indent:
        return not interrupted and following is not None and following.rect.x0 < row.rect.x0 - indent
    hanging = len(passage.rows) > 1 and passage.rows[0].rect.x0 < before.rect.x0 - indent
    return hanging and row.rect.x0 < before.rect.x0 - indent


def _is_interrupted(before: Row, row: Row, column: Column) -> bool:
    """Whether a sentence runs on from one row to the next. Rows that end far too early are no lines of a sentence."""
    early = column.is_prose and before.rect.x1 < column.left + _EARLY * (column.right - column.left)
    return row.text[:1].islower() and not early and not ends_sentence(before.text)


def _without_long_headings(passages: list[Passage], column: Column) -> list[Passage]:
    """Large text of many rows is text, however large; headings in a row one by one stay headings."""
    for passage in passages:
        if passage.kind == PassageKind.HEADING and len(passage.rows) > _MOST_HEADING_ROWS:
            titled = sum(column.is_titled(row) for row in passage.rows)
            if titled * 2 < len(passage.rows):
                passage.kind = PassageKind.TEXT
    return passages

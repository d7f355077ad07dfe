"""Short rows that keep their line breaks: addresses, receipts."""

from collections.abc import Sequence

from muniment.engines.embedded.passages import Column, Passage, PassageKind, alike, step
from muniment.text.scripts import ends_sentence

_VERSE_GAP = 1.45
"""Steps from row to row up to so many times the usual one lie within verse."""
_PROSE_LETTERS = 40
"""A sentence so long is a paragraph of its own."""


def with_verses(passages: Sequence[Passage], column: Column) -> list[Passage]:
    """Short rows of text close above each other as one passage, their breaks kept."""
    found: list[Passage] = []
    for passage in passages:
        if found and _is_verse(found[-1]) and _is_verse(passage) and _follows(found[-1], passage, column):
            found[-1] = Passage(PassageKind.VERSE, found[-1].rows + passage.rows)
        else:
            found.append(passage)
    return found


def _is_verse(passage: Passage) -> bool:
    if passage.kind is PassageKind.VERSE:
        return True
    if passage.kind is not PassageKind.TEXT or len(passage.rows) > 1:
        return False
    row = passage.rows[0]
    return row.is_divided or not (len(row.text) > _PROSE_LETTERS and ends_sentence(row.text))


def _follows(above: Passage, below: Passage, column: Column) -> bool:
    before, row = above.rows[-1], below.rows[0]
    return alike(before, row) and step(before, row) < _VERSE_GAP * column.pitch

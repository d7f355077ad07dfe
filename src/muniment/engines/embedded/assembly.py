"""The parts of a page put in reading order and made into blocks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from muniment.engines.embedded.blocks import BlockMaker
from muniment.engines.embedded.captions import with_captions
from muniment.engines.embedded.cells import FoundTable
from muniment.engines.embedded.flow import passages_of
from muniment.engines.embedded.geometry import rect_of, share_inside
from muniment.engines.embedded.headings import body_size
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.order import Unit, reading_order
from muniment.engines.embedded.parts import Drawing, PageParts
from muniment.engines.embedded.passages import Passage, PassageKind
from muniment.engines.embedded.rows import Row
from muniment.engines.embedded.sheet import Sheet
from muniment.text import Block, Box, Paragraph
from muniment.text.lists import split_marker
from muniment.text.paragraphs import join_two, words_of
from muniment.text.scripts import ends_sentence

_LEAST_TITLE_SCORE = 0.5
_TITLED = 0.6
_LEAST_TO_JOIN = 30

_Found = SeenLine | FoundTable | Drawing
_Item = Passage | FoundTable | Drawing


def blocks_of(parts: PageParts, regions: Sequence[Region], sheet: Sheet) -> tuple[Block, ...]:
    """All blocks of a page: running heads first, running feet last, the rest in reading order between."""
    body = body_size(parts.text)
    titles = [r.rect for r in regions if r.kind is RegionKind.TITLE and r.score >= _LEAST_TITLE_SCORE]
    captions = [sheet.box(r.rect) for r in regions if r.kind in (RegionKind.FIGURE_CAPTION, RegionKind.TABLE_CAPTION)]

    def is_titled(row: Row) -> bool:
        return any(share_inside(row.rect, title) >= _TITLED for title in titles)

    columns = [_passages(column, body, is_titled) for column in _columns(parts)]
    headings = [item.size for column in columns for item in column if isinstance(item, Passage) and item.is_heading]
    words = words_of(line.text for line in parts.text)
    maker = BlockMaker(sheet, words, body, headings)
    blocks: list[Block] = []
    for column in columns:
        found = _blocks_in(column, maker)
        if blocks and found:
            blocks[-1:], found[:1] = _joined(blocks[-1], found[0], words), []
        blocks += found
    return (
        *(maker.of_furniture(item) for item in parts.furniture if item.on_top),
        *with_captions(blocks, captions),
        *(maker.of_furniture(item) for item in parts.furniture if not item.on_top),
    )


def _columns(parts: PageParts) -> list[list[_Found]]:
    """What stands on the page, column by column in reading order."""
    found: list[_Found] = [*parts.text, *parts.tables, *parts.figures, *parts.equations]
    units = [Unit(rect_of(item), item.text or "-") if isinstance(item, SeenLine) else Unit(item.rect) for item in found]
    return [[found[place] for place in group] for group in reading_order(units)]


def _passages(column: Iterable[_Found], body: float, is_titled: Callable[[Row], bool]) -> list[_Item]:
    """A column with its lines gathered into passages."""
    items: list[_Item] = []
    lines: list[SeenLine] = []
    for item in column:
        if isinstance(item, SeenLine):
            lines.append(item)
            continue
        items += passages_of(lines, body, is_titled)
        items.append(item)
        lines = []
    return [*items, *passages_of(lines, body, is_titled)]


def _blocks_in(column: Iterable[_Item], maker: BlockMaker) -> list[Block]:
    blocks: list[Block] = []
    items: list[Passage] = []
    for item in column:
        is_item = isinstance(item, Passage) and item.kind is PassageKind.ITEM
        if items and not (is_item and _same_list(items[0], item)):
            blocks.append(maker.of_items(items))
            items = []
        if isinstance(item, Passage) and is_item:
            items.append(item)
        else:
            blocks.append(_block(item, maker))
    return [*blocks, maker.of_items(items)] if items else blocks


def _block(item: _Item, maker: BlockMaker) -> Block:
    match item:
        case Passage():
            return maker.of_passage(item)
        case FoundTable():
            return maker.of_table(item)
        case Drawing():
            return maker.of_drawing(item)


def _same_list(first: Passage, item: _Item) -> bool:
    """Whether ``item`` can stand in the list that ``first`` begins: bullets and numbers side by side are two lists."""
    if not isinstance(item, Passage):
        return False
    one, other = split_marker(first.rows[0].text), split_marker(item.rows[0].text)
    deeper = item.rows[0].rect.x0 > first.rows[0].rect.x0 + 0.8 * first.rows[0].rect.height
    return deeper or one is None or other is None or one.is_bullet == other.is_bullet


def _joined(before: Block, after: Block, words: frozenset[str]) -> list[Block]:
    """The end of one column and the beginning of the next: one block if a sentence goes on from one to the other."""
    if not isinstance(before, Paragraph) or not isinstance(after, Paragraph) or not _goes_on(before.text, after.text):
        return [before, after]
    text = join_two(before.text, after.text, words)
    boxes = [block.box for block in (before, after) if block.box is not None]
    return [replace(before, text=text, lines=before.lines + after.lines, box=Box.around(boxes))]


def _goes_on(text: str, following: str) -> bool:
    if min(len(text), len(following)) < _LEAST_TO_JOIN or "\n" in text + following:
        return False
    return following[0].islower() and not ends_sentence(text)

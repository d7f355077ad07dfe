"""What every writer says about pages and blocks, in the same words."""

from muniment.outputs.characters import flat
from muniment.reading import PageReading
from muniment.text import Block


def failure_note(page: PageReading) -> str:
    """Why a failed page has no text: one line that takes the page's place."""
    reason = flat(page.problem) or "no reason is known"
    return f"Page {page.number} could not be read: {reason}"


def furniture_name(block: Block) -> str:
    """What a piece of page furniture is called."""
    if block.kind in ("page_number", "watermark"):
        return block.kind.replace("_", " ")
    if block.box is None:
        return "page furniture"
    return "page header" if block.box.y0 + block.box.y1 < 1 else "page footer"

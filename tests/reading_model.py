"""The small model that really reads, and slips of paper for it that it has never seen.

Start it as any model: its folder is FOLDER; PROFILE sizes slips as it wants them, and PAGES whole pages.
"""

import io
from dataclasses import dataclass
from pathlib import Path

from examples.drawing import Fonts, Sheet, Type

FOLDER = Path(__file__).parents[1] / "readingmodel" / "checkpoint"
PROFILE = FOLDER / "reading-slips.toml"
PAGES = FOLDER / "reading-pages.toml"

SIZE = (322.56, 161.28)
"""Points: 896 by 448 pixels at 200 dots an inch, which are halved on the way to the model."""
_LEFT = 16.0


@dataclass(frozen=True, slots=True)
class Slip:
    """A document of one small page.

    Attributes:
        data: a PNG.
        text: what stands there, in the model's markup.
    """

    data: bytes
    text: str


def note(fonts: Fonts, heading: str, lines: tuple[str, ...], face: str = "LiberationSerif") -> Slip:
    """A heading and a paragraph in lines."""
    sheet = Sheet(fonts, SIZE)
    regular = Type(f"{face}-Regular", 11.5, 15)
    sheet.write(_LEFT, 30, heading, Type("LiberationSans-Bold", 15, 20))
    for row, line in enumerate(lines):
        sheet.write(_LEFT, 52 + row * regular.leading, line, regular)
    return _slip(sheet, [f"## {heading}", " ".join(lines)])


def boxes(fonts: Fonts, entries: tuple[tuple[bool, str], ...]) -> Slip:
    """Boxes, ticked or not, each before a few words."""
    sheet = Sheet(fonts, SIZE)
    style = Type("LiberationSans-Regular", 11.5, 19)
    blocks = []
    for row, (ticked, text) in enumerate(entries):
        y = 30 + row * style.leading
        sheet.area(_LEFT, y - 9.5, _LEFT + 10, y + 0.5, None, "#202020")
        if ticked:
            sheet.curve([(_LEFT + 2, y - 4.5), (_LEFT + 4.2, y - 1.6), (_LEFT + 9, y - 8.6)], 1.3, "#202020")
        sheet.write(_LEFT + 16, y, text, style)
        blocks.append(f"{'☑' if ticked else '☐'} {text}")
    return _slip(sheet, blocks)


def table(fonts: Fonts, rows: tuple[tuple[str, ...], ...], columns: tuple[float, ...]) -> Slip:
    """A ruled table whose first row is its header; ``columns`` says where each begins, and where the last ends."""
    sheet = Sheet(fonts, SIZE)
    regular, bold = (Type(f"LiberationSans-{weight}", 11.5, 22) for weight in ("Regular", "Bold"))
    top, bottom = 16.0, 16.0 + len(rows) * regular.leading
    for row in range(len(rows) + 1):
        sheet.rule(columns[0], top + row * regular.leading, columns[-1], top + row * regular.leading)
    for x in columns:
        sheet.rule(x, top, x, bottom)
    for row, cells in enumerate(rows):
        for x, cell in zip(columns, cells, strict=False):
            sheet.write(x + 5, top + row * regular.leading + 15, cell, bold if row == 0 else regular)
    markup = "".join(
        f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"
        for cells, tag in zip(rows, ["th", *["td"] * (len(rows) - 1)], strict=True)
    )
    return _slip(sheet, [f"<table>{markup}</table>"])


def _slip(sheet: Sheet, blocks: list[str]) -> Slip:
    file = io.BytesIO()
    sheet.image.save(file, "PNG", dpi=(sheet.dpi, sheet.dpi))
    return Slip(file.getvalue(), "\n\n".join(blocks))

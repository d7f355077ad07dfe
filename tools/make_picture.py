"""Draws the README's picture: an example page beside the Markdown that the embedded engine makes of it."""

import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

import muniment
from examples.drawing import Fonts
from examples.make_documents import FOLDER, FONTS

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "page-and-markdown.png"
EXAMPLE = "invoice.png"
HEIGHT, MARGIN, PAPER = 1000, 24, "#e9ecef"
LETTERS, LINE, COLUMNS = 15, 20, 88
INK, COLOURS = "#1f2328", 48


def main() -> None:
    page = Image.open(FOLDER / "documents" / EXAMPLE).convert("RGB")
    page = page.resize((round(page.width * HEIGHT / page.height), HEIGHT), Image.Resampling.LANCZOS)
    markdown = muniment.render(muniment.read(FOLDER / "documents" / EXAMPLE), muniment.Format.MD)
    font = Fonts(FONTS).at("DejaVuSansMono", LETTERS)
    sheet = Image.new("RGB", (round(font.getlength("m") * COLUMNS) + 2 * MARGIN, HEIGHT), "white")
    lines = [part for line in markdown.splitlines() for part in textwrap.wrap(line, COLUMNS) or [""]]
    ImageDraw.Draw(sheet).multiline_text(
        (MARGIN, MARGIN), "\n".join(lines), fill=INK, font=font, spacing=LINE - LETTERS
    )
    picture = Image.new("RGB", (page.width + sheet.width + 3 * MARGIN, HEIGHT + 2 * MARGIN), PAPER)
    picture.paste(page, (MARGIN, MARGIN))
    picture.paste(sheet, (page.width + 2 * MARGIN, MARGIN))
    PICTURE.parent.mkdir(exist_ok=True)
    picture.quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

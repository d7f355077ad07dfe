"""Fonts from Debian's packages, by family: what pages are set in, and what is kept for tests of other faces."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

PACKAGES = (
    *("fonts-dejavu-core", "fonts-dejavu-extra", "fonts-liberation", "fonts-freefont-ttf", "fonts-crosextra-carlito"),
    *("fonts-crosextra-caladea", "fonts-open-sans", "fonts-roboto-unhinted", "fonts-lato", "fonts-texgyre"),
    *("fonts-linuxlibertine", "fonts-ebgaramond", "fonts-hack", "fonts-sil-charis", "fonts-cantarell"),
)
"""What to install for training; the tests need only the second and the third."""


@dataclass(frozen=True, slots=True)
class Family:
    """File names, without their endings, of one family's faces, and how often it is chosen."""

    regular: str
    bold: str
    italic: str
    weight: float = 1.0


SEEN = (
    Family("LiberationSans-Regular", "LiberationSans-Bold", "LiberationSans-Italic", 8),
    Family("LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSerif-Italic", 8),
    Family("LiberationMono-Regular", "LiberationMono-Bold", "LiberationMono-Italic", 2),
    Family("LiberationSansNarrow-Regular", "LiberationSansNarrow-Bold", "LiberationSansNarrow-Italic", 1),
    Family("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", 4),
    Family("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", 4),
    Family("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", 2),
    Family("DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansCondensed-Oblique"),
    Family("DejaVuSerifCondensed", "DejaVuSerifCondensed-Bold", "DejaVuSerifCondensed-Italic"),
    Family("FreeSans", "FreeSansBold", "FreeSansOblique"),
    Family("FreeSerif", "FreeSerifBold", "FreeSerifItalic"),
    Family("Carlito-Regular", "Carlito-Bold", "Carlito-Italic"),
    Family("Caladea-Regular", "Caladea-Bold", "Caladea-Italic"),
    Family("OpenSans-Regular", "OpenSans-Bold", "OpenSans-Italic"),
    Family("Roboto-Regular", "Roboto-Bold", "Roboto-Italic"),
    Family("Lato-Regular", "Lato-Bold", "Lato-Italic"),
    Family("texgyrepagella-regular", "texgyrepagella-bold", "texgyrepagella-italic"),
    Family("texgyreschola-regular", "texgyreschola-bold", "texgyreschola-italic"),
    Family("texgyrebonum-regular", "texgyrebonum-bold", "texgyrebonum-italic"),
    Family("LinLibertine_R", "LinLibertine_RB", "LinLibertine_RI"),
    Family("EBGaramond12-Regular", "EBGaramond12-Bold", "EBGaramond12-Italic"),
    Family("Hack-Regular", "Hack-Bold", "Hack-Italic"),
)
FIRST = tuple(family for family in SEEN if family.weight > 1)
"""Those that the examples are set in, and their like."""
UNSEEN = (
    Family("CharisSIL-Regular", "CharisSIL-Bold", "CharisSIL-Italic"),
    Family("Cantarell-Regular", "Cantarell-Bold", "Cantarell-Regular"),
)
"""No page for training is set in these."""

MOST_OPENED = 4096


class Advances(dict[str, float]):
    """How far each character of a font moves on, in pixels; found when first asked for."""

    def __init__(self, font: ImageFont.FreeTypeFont) -> None:
        super().__init__()
        self._font = font

    def __missing__(self, character: str) -> float:
        self[character] = self._font.getlength(character)
        return self[character]

    def length(self, text: str) -> float:
        """How wide ``text`` is set, without what pairs of letters move closer."""
        return sum(map(self.__getitem__, text))


class Fonts:
    """Fonts by the names of their files, in a folder and its subfolders."""

    def __init__(self, folder: Path) -> None:
        found = sorted(path for ending in ("ttf", "otf") for path in folder.rglob(f"*.{ending}"))
        self._files = {path.stem: path for path in found}
        self._opened: dict[tuple[str, int], tuple[ImageFont.FreeTypeFont, Advances]] = {}

    def families(self, wanted: tuple[Family, ...]) -> tuple[Family, ...]:
        """Those of ``wanted`` whose faces are all here. Raises FileNotFoundError if there is none."""
        there = tuple(family for family in wanted if {family.regular, family.bold, family.italic} <= self._files.keys())
        if not there:
            raise FileNotFoundError(f"No font is installed: install {', '.join(PACKAGES)}")
        return there

    def at(self, face: str, size: int) -> tuple[ImageFont.FreeTypeFont, Advances]:
        """``face`` at ``size`` pixels."""
        key = (face, size)
        if key not in self._opened:
            if len(self._opened) >= MOST_OPENED:
                self._opened.clear()
            font = ImageFont.truetype(str(self._files[face]), size, layout_engine=ImageFont.Layout.BASIC)
            self._opened[key] = font, Advances(font)
        return self._opened[key]


def choose(families: tuple[Family, ...], rng: random.Random) -> Family:
    return rng.choices(families, [family.weight for family in families])[0]


@cache
def fonts_in(folder: Path) -> Fonts:
    """The fonts of ``folder``; each process opens them once."""
    return Fonts(folder)

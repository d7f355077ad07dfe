from pathlib import Path

import pytest

from readingmodel.fonts import FIRST, Family, Fonts
from tests.required import missing

FOLDER = Path("/usr/share/fonts/truetype")


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    """The fonts of this machine; some of those that pages are set in are among them."""
    fonts = Fonts(FOLDER)
    try:
        fonts.families(FIRST)
    except FileNotFoundError as problem:
        missing("fonts", str(problem))
    return fonts


@pytest.fixture(scope="session")
def families(fonts: Fonts) -> tuple[Family, ...]:
    return fonts.families(FIRST)

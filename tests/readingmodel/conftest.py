import os
from pathlib import Path

import pytest

from readingmodel.fonts import FIRST, Family, Fonts

FOLDER = Path("/usr/share/fonts/truetype")


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    """The fonts of this machine; some of those that pages are set in are among them."""
    fonts = Fonts(FOLDER)
    try:
        fonts.families(FIRST)
    except FileNotFoundError as problem:
        if "fonts" in os.environ.get("MUNIMENT_REQUIRE", "").split(","):
            pytest.fail(f"fonts are required here, but: {problem}")
        pytest.skip(str(problem))
    return fonts


@pytest.fixture(scope="session")
def families(fonts: Fonts) -> tuple[Family, ...]:
    return fonts.families(FIRST)

import os
from collections.abc import Sequence

import pytest

from examples.drawing import Fonts, MissingFont
from examples.example import Example
from examples.make_documents import FONTS, make_all


@pytest.fixture(scope="session")
def remade() -> Sequence[Example]:
    """All examples, made anew; needs the fonts they are set in."""
    try:
        return tuple(make_all(Fonts(FONTS)))
    except MissingFont as problem:
        if "fonts" in os.environ.get("MUNIMENT_REQUIRE", "").split(","):
            pytest.fail(f"fonts are required here, but: {problem}")
        pytest.skip(str(problem))

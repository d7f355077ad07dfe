from collections.abc import Sequence

import pytest

from examples.drawing import Fonts, MissingFont
from examples.example import Example
from examples.make_documents import FONTS, make_all
from tests.required import missing


@pytest.fixture(scope="session")
def remade() -> Sequence[Example]:
    """All examples, made anew; needs the fonts they are set in."""
    try:
        made = tuple(make_all(Fonts(FONTS)))
    except MissingFont as problem:
        missing("fonts", str(problem))
    return made

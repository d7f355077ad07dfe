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


NOT_YET = frozenset(
    {
        "test_headings_are_headings[article.png]",
        "test_headings_are_headings[equations.png]",
        "test_headings_are_headings[form.png]",
        "test_headings_are_headings[handbook.pdf]",
        "test_headings_are_headings[invoice.png]",
        "test_headings_are_headings[minutes-turned.tif]",
        "test_headings_are_headings[report-scanned.pdf]",
        "test_text_comes_in_reading_order[article.png]",
        "test_text_comes_in_reading_order[handbook.pdf]",
        "test_table_cells_are_in_their_places[invoice.png-0.95]",
        "test_table_cells_are_in_their_places[report-scanned.pdf-0.95]",
        "test_table_cells_are_in_their_places[handbook.pdf-1.0]",
        "test_boxes_are_ticked_exactly_where_somebody_ticked_them",
        "test_running_heads_and_page_numbers_are_furniture",
        "test_a_figure_is_found_with_its_caption",
        "test_displayed_formulas_are_equations",
        "test_list_items_keep_their_markers[handbook.pdf]",
        "test_list_items_keep_their_markers[minutes-turned.tif]",
        "test_words_split_at_line_ends_are_put_together",
    }
)
"""What needs page structure, which the embedded engine does not find yet. What begins to pass must leave here."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name == "test_reading_examples.py" and item.name in NOT_YET:
            item.add_marker(pytest.mark.xfail(reason="page structure is not found yet", strict=True))

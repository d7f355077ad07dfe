"""Text in cells, and which rows are headings."""

from muniment.engines.embedded.cells import FilledCell, FoundTable, cell_text, to_cells
from muniment.engines.embedded.geometry import Rect
from tests.engines.embedded.tabling import line

Text = str | tuple[str, int, int]


def table(*rows: list[Text], columns: int, bold: int = 0) -> FoundTable:
    """A table of texts, or of texts with the rows and columns they span; the first ``bold`` rows are bold."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for row, texts in enumerate(rows):
        column = 0
        for given in texts:
            text, tall, wide = (given, 1, 1) if isinstance(given, str) else given
            while (row, column) in taken:
                column += 1
            taken |= {(row + down, column + across) for down in range(tall) for across in range(wide)}
            pieces = (line(text, 100.0 * column, 50.0 * row, bold=row < bold),) if text else ()
            cells.append(FilledCell(row, column, tall, wide, pieces))
            column += wide
    return FoundTable(len(rows), columns, tuple(cells), (), Rect(0, 0, 1, 1))


def headings(found: FoundTable) -> list[str]:
    return [cell.text for cell in to_cells(found) if cell.header]


def test_a_row_of_words_over_numbers_is_a_heading() -> None:
    assert headings(table(["Item", "Price"], ["Box", "6.85"], ["Lid", "1.20"], columns=2)) == ["Item", "Price"]


def test_years_may_head_columns() -> None:
    assert headings(table(["Vessel", "2021", "2022"], ["Yachts", "17", "18"], columns=3)) == ["Vessel", "2021", "2022"]


def test_a_row_with_amounts_is_no_heading() -> None:
    assert headings(table(["Box", "6.85"], ["Lid", "1.20"], columns=2)) == []


def test_a_bold_row_over_plain_ones_is_a_heading() -> None:
    assert headings(table(["Who", "", "", ""], ["a", "b", "c", "d"], columns=4, bold=1)) == []
    assert headings(table(["Who", "Where", "", ""], ["a", "b", "c", "d"], columns=4, bold=1))[:2] == ["Who", "Where"]


def test_headings_are_as_deep_as_the_tallest_of_them() -> None:
    found = table([("Desk", 2, 1), ("Monday", 1, 2)], ["Morning", "Afternoon"], ["Maps", "Aske", "Brill"], columns=3)
    assert headings(found) == ["Desk", "Monday", "Morning", "Afternoon"]


def test_a_lone_title_over_many_columns_is_no_heading() -> None:
    assert headings(table(["Prices", "", "", ""], ["a", "b", "c", "4"], columns=4)) == []


def test_a_table_of_one_row_has_no_heading() -> None:
    assert headings(table(["Item", "Price"], columns=2)) == []


def test_spans_are_kept() -> None:
    cells = to_cells(table([("Desk", 2, 1), ("Monday", 1, 2)], ["Morning", "Afternoon"], columns=3))
    assert [(cell.text, cell.row_span, cell.column_span) for cell in cells][:2] == [("Desk", 2, 1), ("Monday", 1, 2)]


def test_wrapped_text_in_a_cell_is_joined() -> None:
    assert cell_text([line("Delivery to the reading", 0, 0), line("room", 0, 40)]) == "Delivery to the reading room"


def test_a_word_divided_at_the_end_of_a_cells_line_is_put_together() -> None:
    assert cell_text([line("temperature and humid-", 0, 0), line("ity", 0, 40)]) == "temperature and humidity"


def test_lines_that_break_early_stay_apart() -> None:
    assert cell_text([line("A. Reader", 0, 0), line("Tollgate Street, Penmoor", 0, 40)]).splitlines() == [
        "A. Reader",
        "Tollgate Street, Penmoor",
    ]


def test_a_cell_without_pieces_has_no_text() -> None:
    assert cell_text([]) == ""

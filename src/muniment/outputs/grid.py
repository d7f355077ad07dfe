"""Tables as rows, ready to write."""

from muniment.outputs.characters import flat
from muniment.text import Cell, Table


def filled_rows(table: Table) -> list[list[Cell]]:
    """For each row the cells that begin in it, by column, places without a cell filled with empty ones.

    Places that a span covers from the left or from above hold no cell.
    """
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    covered: set[tuple[int, int]] = set()
    for cell in table.cells:
        rows[cell.row].append(cell)
        covered.update(_places(cell))
    for row in range(table.rows):
        rows[row] += [Cell(row, column, "") for column in range(table.columns) if (row, column) not in covered]
        rows[row].sort(key=lambda cell: cell.column)
    return rows


def matrix(table: Table) -> list[list[str]]:
    """``rows`` lists of ``columns`` one-line texts; a spanning cell's text stands in its first place only."""
    texts = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        texts[cell.row][cell.column] = flat(cell.text)
    return texts


def has_spans(table: Table) -> bool:
    return any(cell.row_span > 1 or cell.column_span > 1 for cell in table.cells)


def _places(cell: Cell) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]

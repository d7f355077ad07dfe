"""A job's pages on disk, in the order in which they were read."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from muniment.errors import OutputError
from muniment.reading import PageReading
from muniment.reading.jsonlines import append, whole_lines
from muniment.server.contents import NotOpened

_NUMBER = re.compile(rb'\{"number":(\d{1,9}),')
"""How a page's line begins."""


@cache
def _page() -> TypeAdapter[PageReading]:
    return TypeAdapter(PageReading)


class PageFile:
    """One line a page; a line that was torn when the service was killed counts as not there.

    Whatever reads it raises NotOpened: it cannot be read now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, page: PageReading) -> None:
        """Remember a page. Raises OutputError."""
        append(self._path, _page().dump_json(page).decode())

    def in_order(self) -> Iterator[PageReading]:
        """By their numbers, one in memory at a time, and without those that are damaged."""
        places = self._places()
        for number in sorted(places):
            page = self._at(places[number])
            if page is not None:
                yield page

    def find(self, number: int) -> PageReading | None:
        """The page of this number, if it was read and is not damaged."""
        place = self._places().get(number)
        return None if place is None else self._at(place)

    def numbers(self) -> set[int]:
        """Which pages were read, those that are damaged included."""
        return set(self._places())

    def _places(self) -> dict[int, int]:
        """Where in the file each page begins."""
        places: dict[int, int] = {}
        offset = 0
        try:
            for line in whole_lines(self._path):
                number = _NUMBER.match(line)
                if number is not None:
                    places.setdefault(int(number[1]), offset)
                offset += len(line) + 1
        except OutputError as error:
            raise NotOpened(error.what) from None
        return places

    def _at(self, place: int) -> PageReading | None:
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                return _page().validate_json(file.readline())
        except OSError as error:
            raise NotOpened(f"{self._path} cannot be read: {error.strerror}") from None
        except ValidationError:
            return None

"""Slips of paper for the service, and whether what comes back is what stands on them, whichever engine read them."""

import io
from dataclasses import dataclass

from PIL import Image

from examples.drawing import Fonts
from muniment.outputs import Format, writer_for
from muniment.reading import PageReading, PageStatus
from muniment.text.markup import parse_markup
from readingmodel.scoring import character_error
from tests import builders, reading_model
from tests.reading_model import SIZE, Slip

MISREAD = 0.03
"""Share of characters that may be wrong: the model is small."""


@dataclass(frozen=True)
class Slips:
    """Three that look different, none of which the model has seen."""

    note: Slip
    boxes: Slip
    table: Slip

    @property
    def all(self) -> tuple[Slip, ...]:
        return self.note, self.boxes, self.table


def make_slips(fonts: Fonts) -> Slips:
    return Slips(
        reading_model.note(
            fonts, "Drying of paper", ("Keep the sheets apart, open a window", "and wait. It takes about seven weeks.")
        ),
        reading_model.boxes(
            fonts,
            (
                (True, "Renew my ticket for one year"),
                (False, "Close my account"),
                (True, "Maps and plans"),
                (False, "Parish registers"),
            ),
        ),
        reading_model.table(
            fonts,
            (("Desk", "Morning", "Afternoon"), ("Maps", "Corran", "Dunmore"), ("Registers", "Elphick", "Aske")),
            (16, 110, 200, 300),
        ),
    )


def picture(slip: Slip) -> Image.Image:
    with Image.open(io.BytesIO(slip.data)) as image:
        return image.convert("RGB")


def halved(slip: Slip) -> bytes:
    """A PNG of the size that the model wants; what a client sends in a chat goes on to it as it is."""
    return builders.image_bytes(picture(slip).reduce(2), "PNG")


def scan(*slips: Slip) -> bytes:
    """A PDF without a text layer, a slip a page."""
    return builders.scanned_pdf(*map(picture, slips), size=SIZE)


def misread(slip: Slip, text: str) -> float:
    """Share of the characters that stand there, with their marks, which ``text`` has wrong; it may be in any markup."""
    return character_error(_markdown(slip.text), _markdown(text))


def _markdown(text: str) -> str:
    page = PageReading(number=1, status=PageStatus.READ, blocks=parse_markup(text))
    return writer_for(Format.MD).page(page).strip()

"""Documents made on the spot, for tests of any room. The same arguments give the same bytes."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from fpdf import FPDF
from fpdf.enums import AccessPermission
from PIL import Image, ImageDraw

A4 = (595.28, 841.89)


def pdf_bytes(draw: Callable[[FPDF], None], *, password: str | None = None) -> bytes:
    """An A4 PDF, in points, that ``draw`` fills; it adds the pages itself. Helvetica 12 is set."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_creation_date(datetime(2025, 1, 1, tzinfo=UTC))
    pdf.set_auto_page_break(False)
    pdf.set_font("Helvetica", size=12)
    if password is not None:
        pdf.set_encryption(owner_password=password + "!", user_password=password, permissions=AccessPermission.all())
    draw(pdf)
    return bytes(pdf.output())


def text_pdf(*pages: str, password: str | None = None) -> bytes:
    """A born-digital PDF; each page holds its text's lines from (72, 72) down, 14 points apart."""

    def draw(pdf: FPDF) -> None:
        for text in pages:
            pdf.add_page()
            for index, line in enumerate(text.splitlines()):
                pdf.text(72, 72 + 14 * index, line)

    return pdf_bytes(draw, password=password)


def scanned_pdf(*images: Image.Image, size: tuple[float, float] = A4) -> bytes:
    """A PDF whose pages, of ``size`` points, are one full-page picture each."""
    pdf = FPDF(unit="pt", format=size)
    pdf.set_creation_date(datetime(2025, 1, 1, tzinfo=UTC))
    for image in images:
        pdf.add_page()
        pdf.image(image, 0, 0, *size)
    return bytes(pdf.output())


def raw_pdf(content: bytes, *, page: bytes = b"", resources: bytes = b"", objects: Sequence[bytes] = ()) -> bytes:
    """A one-page PDF written by hand.

    Args:
        content: of the page's stream; Helvetica is /F1.
        page: more entries of the page's dictionary, like ``b"/Rotate 90"``.
        resources: more entries of its resources.
        objects: bodies of more objects, numbered from 6.
    """
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>%s>>"
        % (resources, page),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        *objects,
    ]
    return assemble_pdf(bodies)


def assemble_pdf(bodies: Sequence[bytes]) -> bytes:
    """A PDF file of objects 1, 2, …, the first of which is the catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start))
    return out.getvalue()


def image_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    """``image`` as a file of Pillow's format ``kind``."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff_bytes(frames: Sequence[Image.Image], **options: object) -> bytes:
    """A TIFF of several frames."""
    return image_bytes(frames[0], "TIFF", save_all=True, append_images=list(frames[1:]), **options)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims any size, with next to nothing behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def page_picture(width: int = 400, height: int = 300) -> Image.Image:
    """A white RGB page with a red square at the top left and a blue one at the bottom right, each a quarter wide."""
    image = Image.new("RGB", (width, height), "white")
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, 0, width // 4 - 1, height // 4 - 1), fill="red")
    brush.rectangle((width - width // 4, height - height // 4, width - 1, height - 1), fill="blue")
    return image


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """RGB noise, which no format packs well."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))

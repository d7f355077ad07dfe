"""Documents that are odd but whole are read by the real engine; of broken ones, what is there."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests import builders

pytestmark = pytest.mark.acceptance

WORDS = "Received with thanks"


def sheet(words: str = WORDS, mode: str = "RGB", paper: Any = "white", ink: Any = "black") -> Image.Image:
    image = Image.new(mode, (900, 240), paper)
    ImageDraw.Draw(image).text((60, 80), words, ink, ImageFont.load_default(60))
    return image


def wide() -> Image.Image:
    image = Image.new("L", (30_000, 240), 255)
    image.paste(sheet().convert("L"), (29_000, 0))
    return image


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.asarray(sheet().convert("L")).astype(np.uint16) * 257)


def transparent() -> Image.Image:
    return sheet(mode="RGBA", paper=(0, 0, 0, 0), ink=(0, 0, 0, 255))


def film(kind: str) -> bytes:
    frames = [sheet(), sheet("Another picture")]
    return builders.image_bytes(frames[0], kind, save_all=True, append_images=frames[1:])


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(sheet()).save(out)
    return out.getvalue()


WHOLE: Mapping[str, Callable[[], bytes]] = {
    "cmyk.jpg": lambda: builders.image_bytes(sheet().convert("CMYK"), "JPEG"),
    "sixteen.png": lambda: builders.image_bytes(sixteen_bits(), "PNG"),
    "sixteen.tif": lambda: builders.image_bytes(sixteen_bits(), "TIFF"),
    "fax.tif": lambda: builders.image_bytes(sheet().convert("1"), "TIFF", compression="group4"),
    "palette.png": lambda: builders.image_bytes(sheet().quantize(8), "PNG"),
    "alpha.png": lambda: builders.image_bytes(transparent(), "PNG"),
    "alpha-palette.png": lambda: builders.image_bytes(transparent().quantize(8), "PNG"),
    "grey-alpha.png": lambda: builders.image_bytes(sheet().convert("LA"), "PNG"),
    "film.gif": lambda: film("GIF"),
    "film.webp": lambda: film("WEBP"),
    "picture.bmp": lambda: builders.image_bytes(sheet(), "BMP"),
    "picture.heic": heic,
    "wide.png": lambda: builders.image_bytes(wide(), "PNG"),
}


def garbage_over_words() -> bytes:
    """A scan with an invisible text layer of nonsense."""
    nonsense = b" ".join(b"(qxzj wvkq zzxq pqvw kjxz qqwv xzkj) Tj 0 -20 Td" for _ in range(6))
    picture = sheet().convert("L")
    image = b"<</Type/XObject/Subtype/Image/Width 900/Height 240/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>"
    stream = image % (900 * 240) + b"stream\n" + picture.tobytes() + b"\nendstream"
    content = b"q 600 0 0 160 0 640 cm /I Do Q BT 3 Tr /F1 12 Tf 50 600 Td %s ET" % nonsense
    return builders.raw_pdf(content, resources=b"/XObject<</I 6 0 R>>", objects=[stream])


def corrupt_frame() -> bytes:
    frames = [sheet(), sheet("Lost"), sheet()]
    whole = builders.tiff_bytes(frames, compression="tiff_lzw")
    with Image.open(io.BytesIO(whole)) as image:
        image.seek(1)
        start, length = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
    broken: bytes = whole[:start] + b"\xff" * length + whole[start + length :]
    return broken


def read(folder: Path) -> tuple[int, str, dict[str, list[dict[str, Any]]]]:
    """How the command ends, what it tells, and the pages of each document in ``folder``."""
    out = folder.parent / "out"
    command = [sys.executable, "-m", "muniment", "ocr", str(folder), "-o", str(out), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    results = (json.loads(path.read_text()) for path in out.glob("*.json"))
    return done.returncode, done.stderr, {result["document"]["name"]: result["pages"] for result in results}


def text(page: dict[str, Any]) -> str:
    return " ".join(line["text"] for block in page["blocks"] for line in block["lines"])


def written(folder: Path, documents: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in documents.items():
        (folder / name).write_bytes(content)
    return folder


def test_images_of_every_kind_and_colour_are_read(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", {name: make() for name, make in WHOLE.items()})
    code, told, documents = read(folder)
    assert code == 0, told
    assert {name: [text(page) for page in pages] for name, pages in documents.items()} == {
        name: [WORDS] for name in WHOLE
    }


def test_what_is_broken_costs_only_itself(tmp_path: Path) -> None:
    cut = builders.image_bytes(sheet(), "JPEG", quality=95)
    folder = written(
        tmp_path / "in",
        {
            "corrupt.tif": corrupt_frame(),
            "cut.jpg": cut[: len(cut) * 9 // 10],
            "garbage.pdf": garbage_over_words(),
            "one-pixel.png": builders.image_bytes(Image.new("L", (1, 1), 255), "PNG"),
        },
    )
    code, told, documents = read(folder)
    assert code == 1
    first, second, third = documents["corrupt.tif"]
    assert (text(first), second["status"], text(third)) == (WORDS, "failed", WORDS)
    assert "corrupt.tif: page 2 is damaged and cannot be decoded. Copy, convert or scan it again." in told
    (page,) = documents["cut.jpg"]
    assert (text(page), page["status"], page["flags"]) == (WORDS, "fallback", ["damaged", "fallback"])
    (page,) = documents["garbage.pdf"]
    assert (text(page), page["flags"]) == (WORDS, ["text_layer_refused"])
    (page,) = documents["one-pixel.png"]
    assert (page["status"], page["flags"], page["blocks"]) == ("read", ["blank"], [])
